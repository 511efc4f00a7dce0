"""The clock of stages: every moment counts once, for the innermost stage."""

from __future__ import annotations

import pytest

from benchmarks import stages


@pytest.fixture
def clock(monkeypatch):
    """A clock, and a function that lets time pass."""
    now = [0.0]
    monkeypatch.setattr(stages.time, "process_time", lambda: now[0])

    def work(seconds):
        now[0] += seconds
        return seconds

    return stages.Clock(), work


def test_inner_stages_are_taken_out_of_outer_ones(clock):
    clock, work = clock
    inner = clock.calls("inner", work)

    def outer():
        work(1)
        inner(10)
        work(2)

    clock.calls("outer", outer)()
    work(100)
    assert clock.stop() == {stages.REST: 100, "inner": 10, "outer": 3}


def test_waiting_for_items_is_a_stage_and_their_use_is_not(clock):
    clock, work = clock
    items = clock.pulls("reading", (work(5) for _ in range(3)))
    for _ in items:
        work(1)
    assert clock.stop() == {stages.REST: 3, "reading": 15}


def test_a_stage_that_fails_is_left(clock):
    clock, work = clock

    def fail():
        work(4)
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        clock.calls("failing", fail)()
    work(1)
    assert clock.stop() == {stages.REST: 1, "failing": 4}
