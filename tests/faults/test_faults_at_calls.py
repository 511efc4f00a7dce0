"""A run that is killed, or refused by the disk, at system calls spread over all of it after its first write."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fault_calls
import pytest
from fault_checks import check_again, check_ending, check_nothing_half_done
from fault_runs import Ended, Place, Undisturbed, run_traced

pytestmark = pytest.mark.skipif(fault_calls.why_not() is not None, reason=str(fault_calls.why_not()))

ALL = ["absent", "present", "large", "recovering"]


def cases(layouts: list[str], points: int, sample: dict[str, tuple[int, ...]]) -> list[Any]:
    """Name every point of every layout; those that are not in the sample are long."""
    return [
        pytest.param(name, at, points, marks=() if at in sample.get(name, ()) else pytest.mark.long, id=f"{name}-{at}")
        for name in layouts
        for at in range(points)
    ]


def struck(before: Undisturbed, at: int, points: int, what: str, log: Path) -> tuple[Place, fault_calls.Call, Ended]:
    """Lay out and run with the fault at a point; return where, the call that was struck, and how the run ended.

    DuckDB's threads share its work, so now and then the main thread makes fewer calls: then the one before is struck.
    """
    call = fault_calls.spread(before.calls, points)[at]
    for number in range(call.number, 0, -1):
        place = before.lay_out()
        _, ended = run_traced(place, log, f"{call.name}:{what}:when={number}", *before.options)
        if fault_calls.was_struck(log):
            return place, call, ended
    raise AssertionError(f"{call} never happened")


@pytest.mark.parametrize(("name", "at", "points"), cases(ALL, 64, {"absent": (48,), "present": (53,)}))
def test_killed_at_a_call(
    name: str, at: int, points: int, before: Callable[[str], Undisturbed], tmp_path: Path,
    record_property: Callable[[str, Any], None],
) -> None:  # fmt: skip
    place, call, ended = struck(before(name), at, points, "signal=KILL", tmp_path / "calls")
    assert ended.code == -signal.SIGKILL, (call, ended)
    came = check_nothing_half_done(place, before(name), ended)
    record_property("fault", (f"SIGKILL, state {name}, at {call.kind}", f"{came}; whole again"))
    check_again(place, before(name))


@pytest.mark.parametrize(("name", "at", "points"), cases(ALL, 24, {"present": (16,)}))
@pytest.mark.parametrize("error", ["EIO", pytest.param("ENOSPC", marks=pytest.mark.long)])
def test_refused_at_a_call(
    error: str, name: str, at: int, points: int, before: Callable[[str], Undisturbed], tmp_path: Path,
    record_property: Callable[[str, Any], None],
) -> None:  # fmt: skip
    place, call, ended = struck(before(name), at, points, f"error={error}", tmp_path / "calls")
    record_property("fault", (f"{error}, state {name}, at {call.kind}", f"exit {ended.code}"))
    came = check_nothing_half_done(place, before(name), ended)
    code = check_ending(ended)
    assert code == "published" or ended.code in {4, 5}
    assert came == "published" or code != "published"
    check_again(place, before(name))


@pytest.mark.parametrize(("name", "at", "points"), cases(ALL, 8, {"present": (5,)}))
@pytest.mark.parametrize("number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.long)])
def test_interrupted_at_a_call(
    number: signal.Signals, name: str, at: int, points: int, before: Callable[[str], Undisturbed],
    tmp_path: Path, record_property: Callable[[str, Any], None],
) -> None:  # fmt: skip
    place, call, ended = struck(before(name), at, points, f"signal={number.name[3:]}", tmp_path / "calls")
    record_property("fault", (f"{number.name}, state {name}, at {call.kind}", f"exit {ended.code}"))
    check_nothing_half_done(place, before(name), ended)
    assert ended.code == 128 + number, ended
    assert check_ending(ended) == "interrupted"
    check_again(place, before(name))
