"""A run that was done before: recognised by its sources and options, and by what stands in OUT or in the state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from leadsieve.exceptions import StateError
from leadsieve.process import Outcome, Task
from leadsieve.publish import Place
from leadsieve_connectors.campaigns import RunRecord, State

#: What the state keeps of a run's `run.json`, to recognise it by.
KEPT = ("options_fingerprint", "sources", "ledger")
#: The counts of a ledger that say how rows were judged; what else stands in it says it in more detail.
_JUDGED = ("rows", "accepted", "rejected", "blank_records", "groups", "reasons", "faults", "warnings")


def standing_run(task: Task, place: Place) -> Mapping[str, Any] | None:
    """Return the `run.json` of this very run where it stands in OUT, whole and as it is wanted now; else None."""
    standing = place.published()
    if standing is None or not is_same_run(task, standing):
        return None
    return standing if stands(task, standing) else None


def stands(task: Task, standing: Mapping[str, Any]) -> bool:
    """Tell whether a publication of this run is as it is wanted now: in this format, of sources by these names.

    Requests, or a workbook, that were not asked for again are left where they are.
    """
    names = [source["lead_file"] for source in standing["sources"]]
    of_format = any(entry["name"].endswith(f"accepted.{task.options.data_format}") for entry in standing["files"])
    has_requests = not task.options.batches or standing.get("requests") is not None
    has_all = of_format and has_requests and _has_workbook(task, standing)
    return has_all and names == [source.name for source in task.sources]


def _has_workbook(task: Task, standing: Mapping[str, Any]) -> bool:
    """Tell whether a publication has as many rejected rows in a workbook as are wanted there."""
    if task.options.format != "xlsx":
        return True
    workbook = standing.get("workbook")
    if workbook is None:
        return False
    rejected, then = int(workbook["rejected"]), int(workbook["row_limit"])
    return min(rejected, then) == min(rejected, task.options.tuning.xlsx_rows)


def earlier_run(task: Task, records: Sequence[RunRecord], place: Place) -> RunRecord | None:
    """Find the committed run that this one is again.

    Args:
        task: The run.
        records: Runs of the campaign, oldest first.
        place: Where it is to be published: of several such runs, the one that stands there is meant, else the first.

    Returns:
        Its record, or None.
    """
    same = [r for r in records if is_same_run(task, {**r.info, "fingerprint": r.fingerprint})]
    standing = place.published() if same else None
    there = [r for r in same if standing is not None and standing["run_id"] == r.run_id]
    return next(iter([*there, *same]), None)


def is_same_run(task: Task, earlier: Mapping[str, Any]) -> bool:
    """Tell whether an earlier run had the same options and sources; sizes are compared before anything is hashed.

    Args:
        task: The run.
        earlier: `options_fingerprint`, `fingerprint` and `sources` of the earlier one.
    """
    if earlier.get("options_fingerprint") != task.target.options_fingerprint:
        return False
    if [source["bytes"] for source in earlier["sources"]] != [source.size for source in task.sources]:
        return False
    identity = [{"bytes": source.size, "sha256": source.sha256()} for source in task.sources]
    return bool(earlier["fingerprint"] == task.target.fingerprint(identity))


def require_same_result(record: RunRecord, outcome: Outcome, state: State) -> None:
    """Make sure that a run that is published again is judged as it was when it was committed.

    Raises:
        StateError: It is not: the rules have changed since, or the state was altered.
    """
    gained = [b.column("key").to_numpy() for b in state.contacts(record.campaign, run=record.seq)]
    then = np.sort(np.concatenate([np.zeros(0, np.uint64), *gained]))
    now = np.sort(np.concatenate([np.zeros(0, np.uint64), *outcome.keys]))
    if _counts(outcome.ledger.to_dict()) != _counts(record.info["ledger"]) or not np.array_equal(then, now):
        raise StateError(
            f"run {record.run_id} of campaign {record.campaign!r} was committed before, and these rows are judged "
            "differently today (leadsieve or phonenumbers was updated, or the state altered): nothing was published; "
            "use --again to import it as a new run",
            "state_conflict",
        )


def _counts(ledger: Mapping[str, Any]) -> dict[str, Any]:
    """Return a ledger's counts without the sources' names: the same bytes may come under another name."""
    named = ("lead_file", "rejected_file")
    files = [{key: value for key, value in file.items() if key not in named} for file in ledger["files"]]
    return {**{key: ledger[key] for key in _JUDGED}, "files": files}
