"""Makes the helper modules of these tests (`phone_*.py`) importable, and leaves the long tests to `-m long`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# At the end of the path: these modules shadow nothing.
sys.path.append(str(Path(__file__).parent))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run what is marked `long` only where `-m` asks for it."""
    if config.option.markexpr:
        return
    long = [item for item in items if item.get_closest_marker("long")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what the long tests counted."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    said = [each for report in reports for each in report.user_properties if each[0].startswith("phone ")]
    for name in ("phone rows", "phone differences"):
        numbers = [value for each, value in said if each == name]
        if numbers:
            terminalreporter.write_line(f"{name}: {sum(numbers):,}")
    for _, score in sorted(each for each in said if each[0] == "phone mutants"):
        terminalreporter.write_line(score)
