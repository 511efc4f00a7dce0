"""A run that is killed or interrupted at every named step of the commit."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import pytest
from fault_checks import check_again, check_ending, check_nothing_half_done
from fault_runs import Undisturbed, run_to_step

from leadsieve.publish import STEPS
from leadsieve_connectors.campaigns import STATE_STEPS

_COMMITTED = STEPS.index("state-committed")
#: This file system exchanges two names; where one cannot, the tests of publishing kill at this step.
_EXCHANGED = {"old-set-aside"}
#: The steps that happen in each layout, in order.
HAPPENING = {
    "absent": [*STATE_STEPS[:2], *STEPS[:3], *STATE_STEPS[2:], *STEPS[3:]],
    "present": [*STEPS[:3], *STATE_STEPS[2:], *STEPS[3:]],
    "large": [*STEPS[:3], *STATE_STEPS[2:], *STEPS[3:]],
    "recovering": [*STEPS[_COMMITTED + 1 :]],
}
SAMPLE = {
    ("absent", signal.SIGTERM, "state-written"),
    ("present", signal.SIGTERM, "transaction-committed"),
}
CASES = [
    pytest.param(
        name, number, step, marks=() if (name, number, step) in SAMPLE else pytest.mark.long,
        id=f"{name}-{number.name}-{step}",
    )
    for name, steps in HAPPENING.items()
    for step in steps
    if step not in _EXCHANGED
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
]  # fmt: skip


@pytest.mark.parametrize(("name", "number", "step"), CASES)
def test_struck_at_a_step(
    name: str, number: signal.Signals, step: str, before: Callable[[str], Undisturbed],
    record_property: Callable[[str, Any], None],
) -> None:  # fmt: skip
    place = before(name).lay_out()
    ended = run_to_step(place, step, number, *before(name).options)
    came = check_nothing_half_done(place, before(name), ended)
    record_property("fault", (f"{number.name}, state {name}, at a named step", f"exit {ended.code}, {came}"))
    if number == signal.SIGKILL:
        assert ended.code == -signal.SIGKILL
    else:
        assert ended.code == 128 + number, ended
        assert check_ending(ended) == "interrupted"
    check_again(place, before(name))
