"""The commit itself, and what the next start makes of one that was cut short."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadsieve.exceptions import OutputError
from leadsieve.publish.entry import (
    commit_to_state,
    is_foreign,
    is_record_of,
    mark_published,
    note_commit,
    read_mark,
    require_sealed,
    unfinished,
)
from leadsieve.publish.files import cannot_write, published, read_run
from leadsieve.publish.staging import Staging, stale
from leadsieve.publish.steps import step
from leadsieve.publish.swap import swap, undo_half_swap
from leadsieve.publish.target import find_obstacle, locate

if TYPE_CHECKING:
    from leadsieve.publish.entry import Entry, RunStore
    from leadsieve_connectors.campaigns.records import RunRecord


def commit(
    staging: Staging, *, overwrite: bool, entry: Entry | None = None, exchange: bool = True
) -> list[dict[str, Any]]:
    """Make a sealed run durable: in the state, where it is a campaign's, and then at its place.

    Args:
        staging: The run's hidden folder; its outputs are sealed and `run.json` is written.
        overwrite: Whether an earlier publication may be replaced. The run's own may be in any case.
        entry: What the run adds to the state. None: it adds nothing, and the rename is the commit.
        exchange: Whether to try the exchange of two names in one step; without, a kill between two renames is
            made good at the next start.

    Returns:
        The published files, as `run.json` names them.

    Raises:
        OutputError: `output_exists` where something has come to stand in the way, with nothing committed;
            `output_failed` where the system refuses. A run in the state is finished by the next start.
        StateError: From the store, with nothing committed unless the store says so later.
        InternalError: The outputs are not what `run.json` says.
    """
    run = require_sealed(staging, entry)
    obstacle = find_obstacle(staging.target, overwrite=overwrite, run_id=staging.run_id)
    if obstacle is not None:
        raise OutputError(f"{staging.target} {obstacle}", "output_exists")
    if entry is not None:
        replaced = read_run(staging.target)
        note_commit(
            staging, {"state": str(entry.store.path), "replaces": None if replaced is None else replaced["run_id"]}
        )
        commit_to_state(staging, entry, out=str(staging.target), overwrite=overwrite)
    try:
        swap(staging, exchange=exchange)
    except OSError as exc:
        if entry is not None:
            raise unfinished(entry.record, staging.target, str(exc)) from exc
        staging.kept = staging.aside.exists()
        raise cannot_write(staging.target, exc) from exc
    if entry is not None:
        mark_published(entry.record, entry.store)
    _remove(staging)
    files: list[dict[str, Any]] = run["files"]
    return files


def recover(out: Path, store: RunStore | None) -> frozenset[str]:
    """Finish what killed runs had committed, and remove what they had not.

    Called first of all, under the state's lock where there is a state. May itself be killed at any point.

    Args:
        out: Where the coming run is to publish; the hidden folders beside it are cleaned up.
        store: The state, all of whose unpublished runs are rolled forward, wherever their outputs belong;
            None for a run without a campaign, which leaves alone what a state may need.

    Returns:
        The ids of the runs that were rolled forward.

    Raises:
        OutputError: A committed run cannot be put in its place, or what was set aside cannot be put back.
        StateError: From the store.
    """
    finished = roll_forward(store, None)
    clean_up(out, store)
    return finished


def roll_forward(store: RunStore | None, coming: Any) -> frozenset[str]:
    """Put the outputs of all committed runs in their places; see `recover`.

    Args:
        store: The state; None where there is none.
        coming: The `RemotePlace` where the coming run is to publish, whose connection serves those that belong there
            too; None where it is none.
    """
    unpublished = store.unpublished() if store is not None else []
    for record in unpublished:
        assert store is not None  # noqa: S101 - it gave the record
        if "://" in record.out:
            from leadsieve.publish.remote import finish

            finish(record, store, coming)
        else:
            _finish(record, store)
    return frozenset(record.run_id for record in unpublished)


def clean_up(out: Path, store: RunStore | None) -> None:
    """Remove what killed runs left beside a folder; see `recover`."""
    for staging in stale(locate(out)):
        if not is_foreign(staging, store):
            _clear(staging)


def discard(out: str, staging: str, run_id: str) -> None:
    """Remove what was to be published of a run that the state has no more; where it stands already, it stays.

    Args:
        out: Where it was to be published, as the state had it.
        staging: Its hidden folder, as the state had it.
        run_id: The run.

    Raises:
        OutputError: What was set aside cannot be put back.
    """
    if "://" in out:
        from leadsieve.publish.remote import discard_upload

        discard_upload(out, Path(staging), run_id)
        return
    left = Staging(Path(out), run_id)
    if left.try_lock():
        _clear(left)


def _clear(staging: Staging) -> None:
    """Remove a dead run's folder, and put back what it had set aside when it came no further."""
    try:
        undo_half_swap(staging)
    except OSError as exc:
        raise OutputError(
            f"{staging.target}: a killed run set aside what stood there and it cannot be put back from "
            f"{staging.aside}: {exc.strerror}; move one of the two away and run again"
        ) from exc
    staging.remove()


def _remove(staging: Staging) -> None:
    """Remove the hidden folder, with what the outputs replaced."""
    staging.remove()
    step("staging-removed")


def _finish(record: RunRecord, store: RunStore) -> None:
    """Put a committed run's outputs in their place, or see that they stand there already."""
    staging = Staging(Path(record.out), record.run_id)
    locked = staging.try_lock()
    try:
        if not _is_outputs(staging.target, record):
            if not locked:
                why = f"{staging.path} is gone or held by another process"
                raise unfinished(record, staging.target, why)
            _put_in_place(record, staging)
        mark_published(record, store)
        if locked:
            _remove(staging)
    finally:
        staging.release()


def _is_outputs(folder: Path, record: RunRecord) -> bool:
    """Tell whether a folder holds what this run wrote: an earlier run may have had the same name."""
    run = read_run(folder)
    return run is not None and is_record_of(run, run["files"], record)


def _put_in_place(record: RunRecord, staging: Staging) -> None:
    if not _is_outputs(staging.folder, record) or published(staging.folder) is None:
        raise unfinished(record, staging.target, f"the outputs in {staging.folder} are damaged")
    obstacle = find_obstacle(staging.target, overwrite=False, run_id=read_mark(staging).get("replaces"))
    if obstacle is not None:
        raise unfinished(record, staging.target, f"that folder {obstacle.partition(';')[0]}")
    try:
        staging.target.parent.mkdir(parents=True, exist_ok=True)
        swap(staging)
    except OSError as exc:
        raise unfinished(record, staging.target, str(exc)) from exc
