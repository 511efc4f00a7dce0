"""Makes the helper modules of these tests (`phone_*.py`) importable, and prints what they counted."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

# At the end of the path: these modules shadow nothing.
sys.path.append(str(Path(__file__).parent))


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
