"""What must hold after a fault, and after the same command again."""

from __future__ import annotations

import json
import re
from typing import Any

from fault_runs import NEW, Ended, Place, Undisturbed, left, names, opened_copy, run

from leadsieve.publish import published

#: The command line's exit codes, by the codes of their errors.
DOCUMENTED = {
    3: {"resource_limit", "unreadable"},
    4: {"state_corrupt", "state_locked", "state_conflict"},
    5: {"output_failed", "output_exists"},
    130: {"interrupted"},
    143: {"interrupted"},
}
_ERROR = re.compile(r"leadsieve: ([a-z_]+): [^\n]+\n")


def check_ending(ended: Ended) -> str:
    """Make sure that a run that was not killed ended in a documented code and one line; return the code's name."""
    said = ended.said.replace(NEW, "")
    if ended.code == 0:
        assert said == "", said
        return "published"
    match = _ERROR.fullmatch(said)
    assert match is not None, f"exit {ended.code}, stderr {said!r}"
    assert match[1] in DOCUMENTED.get(ended.code, set()), f"exit {ended.code}, stderr {said!r}"
    return match[1]


def check_nothing_half_done(place: Place, before: Undisturbed, ended: Ended, *, own: bool = True) -> str:
    """Make sure that OUT is whole or as it was, and that the state gained what was accepted or nothing.

    Args:
        place: Where the run was.
        before: What stood there before it.
        ended: How it ended.
        own: Whether its source is that of the undisturbed run; else it may have any id.

    Returns:
        How far the run had come: `nothing`, `committed` or `published`.
    """
    out = place.real(place.out)
    runs = _runs(place)
    for run_id, (accepted, held) in runs.items():
        assert accepted == held, f"run {run_id} accepted {accepted}, the state holds {held}"
    earlier = _ids(before.before)
    expected = before.after["run.json"]["run_id"] if own else next(iter(set(runs) - earlier), "none")
    assert earlier <= set(runs) <= earlier | {expected}
    standing = published(out) if out.exists() else None
    assert standing is not None or not out.exists(), f"{out} is a part of a publication"
    done = standing is not None and standing["run_id"] == expected
    committed = expected in runs
    if not done and "run.json" in before.before:
        assert standing is not None, "the earlier publication is gone"
        now = left(place)
        assert all(now[name] == value for name, value in before.before.items() if name not in {"names", "state"})
    assert committed or not done, "published, but not in the state"
    if ended.code == 0:
        assert done
    if ended.code > 0 and not committed:
        hidden = {name for name in names(place) if ".leadsieve-" in name}
        assert not hidden, f"left behind: {sorted(hidden)}"
    if ended.code > 0:
        assert list(place.real(place.temporary).iterdir()) == []
    return "published" if done else "committed" if committed else "nothing"


def check_again(place: Place, before: Undisturbed, *more: str) -> None:
    """Run the same command again, and make sure that all is as an undisturbed run leaves it."""
    ended = run(place, *before.options, *more)
    assert (ended.code, ended.said.replace(NEW, "")) == (0, ""), ended
    after = left(place)
    assert after.keys() == before.after.keys()
    for name, value in before.after.items():
        assert after[name] == value, name


def _ids(found: dict[str, Any]) -> set[str]:
    return {row[1] for row in found.get("state", {}).get("runs", ())}


def _runs(place: Place) -> dict[str, tuple[int, int]]:
    """Count, for each run of a copy of the state, what it accepted and what the state holds of it."""
    state = place.real(place.state)
    if not state.exists():
        return {}
    with opened_copy(state) as connection:
        rows = connection.sql(
            "SELECT run_id, info, (SELECT count(*) FROM all_contacts WHERE run_seq = seq) FROM runs"
        ).fetchall()
    return {run_id: (json.loads(info)["ledger"]["accepted"], held) for run_id, info, held in rows}
