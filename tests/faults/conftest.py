"""Makes the helper modules of these tests importable, and prints what they met."""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# At the end of the path: these modules shadow nothing.
sys.path.append(str(Path(__file__).parent))

pytest.register_assert_rewrite("fault_checks")

import fault_runs  # noqa: E402


@pytest.fixture(scope="session")
def before(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], fault_runs.Undisturbed]]:
    """What stands before each layout's run, and what an undisturbed run makes of it."""
    made: dict[str, fault_runs.Undisturbed] = {}
    with tempfile.TemporaryDirectory(prefix="faults-") as base:

        def layout(name: str) -> fault_runs.Undisturbed:
            if name not in made:
                made[name] = fault_runs.undisturbed(name, Path(base).resolve() / name)
            return made[name]

        yield layout


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print a table of the faults that were met: of what kind, what came of them, how many, how many against the rules."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.stats.get(kind, [])]
    met: Counter[tuple[str, str]] = Counter()
    failed: Counter[tuple[str, str]] = Counter()
    for report in reports:
        faults = [(what, ending) for name, each in report.user_properties if name == "fault" for what, ending in [each]]
        met.update(faults)
        failed.update(faults if report.failed else [])
    for fault, count in sorted(met.items()):
        wrong = f", {failed[fault]} in failing tests" if failed[fault] else ""
        terminalreporter.write_line(f"{fault[0]:<56} {fault[1]:<36} {count:>5}{wrong}")
    if met:
        terminalreporter.write_line(f"{'all faults':<93} {met.total():>5}")
