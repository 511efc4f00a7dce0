"""The commit itself, and what the next start makes of one that was cut short."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from leadsieve.exceptions import InternalError, OutputError
from leadsieve.publish.files import RUN_FILE, cannot_write, published, read_run, sync, write_json
from leadsieve.publish.staging import Staging, stale
from leadsieve.publish.steps import step
from leadsieve.publish.swap import swap, undo_half_swap
from leadsieve.publish.target import find_obstacle, locate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pyarrow as pa

    from leadsieve_connectors.campaigns.records import RunRecord


class RunStore(Protocol):
    """What publishing needs of the campaigns' state, whose lock the caller holds."""

    @property
    def path(self) -> Path:
        """Where the state is."""
        ...

    def commit(
        self,
        run: RunRecord,
        keys: Iterable[pa.RecordBatch],
        mappings: Mapping[tuple[str, ...], Mapping[str, str]],
    ) -> None:
        """Add a run, its contacts and what it keeps of the user's mappings, all or nothing."""
        ...

    def mark_published(self, run_id: str) -> None:
        """Note that a run's outputs stand in their place."""
        ...

    def unpublished(self) -> list[RunRecord]:
        """Return the runs that are committed and not known to be published, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """What a run adds to the campaigns' state.

    Attributes:
        store: The state.
        record: The run; `out`, `staging`, `overwrite` and `published` are filled in by `commit`.
        keys: Record batches with a uint64 column `key`: the accepted numbers, each once.
        mappings: How the user mapped the columns of which headers, to be kept for the next time.
    """

    store: RunStore
    record: RunRecord
    keys: Iterable[pa.RecordBatch]
    mappings: Mapping[tuple[str, ...], Mapping[str, str]] = field(default_factory=dict)


def commit(staging: Staging, *, overwrite: bool, entry: Entry | None = None, exchange: bool = True) -> None:
    """Make a sealed run durable: in the state, where it is a campaign's, and then at its place.

    Args:
        staging: The run's hidden folder; its outputs are sealed and `run.json` is written.
        overwrite: Whether an earlier publication may be replaced. The run's own may be in any case.
        entry: What the run adds to the state. None: it adds nothing, and the rename is the commit.
        exchange: Whether to try the exchange of two names in one step; without, a kill between two renames is
            made good at the next start.

    Raises:
        OutputError: `output_exists` where something has come to stand in the way, with nothing committed;
            `output_failed` where the system refuses. A run in the state is finished by the next start.
        StateError: From the store, with nothing committed unless the store says so later.
        InternalError: The outputs are not what `run.json` says.
    """
    _require_sealed(staging, entry)
    obstacle = find_obstacle(staging.target, overwrite=overwrite, run_id=staging.run_id)
    if obstacle is not None:
        raise OutputError(f"{staging.target} {obstacle}", "output_exists")
    if entry is not None:
        _commit_to_state(staging, entry, overwrite=overwrite)
    try:
        swap(staging, exchange=exchange)
    except OSError as exc:
        if entry is not None:
            raise _unfinished(entry.record, staging, str(exc)) from exc
        staging.kept = staging.aside.exists()
        raise cannot_write(staging.target, exc) from exc
    if entry is not None:
        _mark_published(entry.record, entry.store)
    _remove(staging)


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
    unpublished = store.unpublished() if store is not None else []
    for record in unpublished:
        assert store is not None  # noqa: S101 - it gave the record
        _roll_forward(record, store)
    for staging in stale(locate(out)):
        if _is_foreign(staging, store):
            continue
        try:
            undo_half_swap(staging)
        except OSError as exc:
            raise OutputError(
                f"{staging.target}: a killed run set aside what stood there and it cannot be put back from "
                f"{staging.aside}: {exc.strerror}; move one of the two away and run again"
            ) from exc
        staging.remove()
    return frozenset(record.run_id for record in unpublished)


def _require_sealed(staging: Staging, entry: Entry | None) -> None:
    """Make sure that the outputs are what `run.json` and the entry say."""
    run = read_run(staging.folder)
    try:
        there = {path.name for path in staging.folder.iterdir()}
        sync(staging.folder)
    except OSError as exc:
        raise cannot_write(staging.folder, exc) from exc
    names = {RUN_FILE, *(file["name"] for file in run["files"])} if run is not None else set()
    if run is None or run["run_id"] != staging.run_id or there != names:
        raise InternalError(f"run.json does not account for the outputs {sorted(there)}; please report this")
    if entry is not None and (entry.record.run_id, entry.record.manifest) != (run["run_id"], run["files"]):
        raise InternalError(f"the record of run {entry.record.run_id} is not that of run.json; please report this")


def _commit_to_state(staging: Staging, entry: Entry, *, overwrite: bool) -> None:
    replaced = read_run(staging.target)
    mark = {"state": str(entry.store.path), "replaces": replaced["run_id"] if replaced is not None else None}
    write_json(staging.mark, mark)
    try:
        sync(staging.path)
    except OSError as exc:
        raise cannot_write(staging.path, exc) from exc
    step("staging-marked")
    record = replace(
        entry.record,
        out=str(staging.target),
        staging=str(staging.path),
        overwrite=overwrite,
        published=False,
    )
    staging.kept = True
    try:
        entry.store.commit(record, entry.keys, entry.mappings)
    except BaseException:
        staging.kept = _may_be_committed(entry.store, record.run_id)
        raise
    step("state-committed")


def _may_be_committed(store: RunStore, run_id: str) -> bool:
    """Find out what a failed commit came to; one that cannot say counts as yes: the next start asks again."""
    try:
        return any(record.run_id == run_id for record in store.unpublished())
    except Exception:
        return True


def _mark_published(record: RunRecord, store: RunStore) -> None:
    store.mark_published(record.run_id)
    step("run-marked")


def _remove(staging: Staging) -> None:
    """Remove the hidden folder, with what the outputs replaced."""
    staging.remove()
    step("staging-removed")


def _roll_forward(record: RunRecord, store: RunStore) -> None:
    """Put a committed run's outputs in their place, or see that they stand there already."""
    staging = Staging(Path(record.out), record.run_id)
    locked = staging.try_lock()
    try:
        if not _is_outputs(staging.target, record):
            if not locked:
                raise _unfinished(record, staging, f"{staging.path} is gone or held by another process")
            _put_in_place(record, staging)
        _mark_published(record, store)
        if locked:
            _remove(staging)
    finally:
        staging.release()


def _is_outputs(folder: Path, record: RunRecord) -> bool:
    """Tell whether a folder holds what this run wrote: an earlier run may have had the same name."""
    run = read_run(folder)
    return run is not None and run["run_id"] == record.run_id and run["files"] == record.manifest


def _put_in_place(record: RunRecord, staging: Staging) -> None:
    if not _is_outputs(staging.folder, record) or published(staging.folder) is None:
        raise _unfinished(record, staging, f"the outputs in {staging.folder} are damaged")
    replaces = _read_mark(staging).get("replaces")
    obstacle = find_obstacle(staging.target, overwrite=False, run_id=replaces)
    if obstacle is not None:
        raise _unfinished(record, staging, f"that folder {obstacle.partition(';')[0]}")
    try:
        staging.target.parent.mkdir(parents=True, exist_ok=True)
        swap(staging)
    except OSError as exc:
        raise _unfinished(record, staging, str(exc)) from exc


def _unfinished(record: RunRecord, staging: Staging, why: str) -> OutputError:
    return OutputError(
        f"run {record.run_id} of campaign {record.campaign!r} is committed, but its outputs cannot be put "
        f"at {staging.target}: {why}; clear that and run again, or take the run back with "
        f"'leadsieve campaign undo {record.run_id}'"
    )


def _is_foreign(staging: Staging, store: RunStore | None) -> bool:
    """Say whether a state that is not at hand may need the folder.

    Of the state at hand no run does: its unpublished ones were rolled forward before.
    """
    state = _read_mark(staging).get("state")
    return state is not None and (store is None or state != str(store.path))


def _read_mark(staging: Staging) -> dict[str, Any]:
    """Read which state the folder belongs to; a mark that was cut short is not of a committed run."""
    try:
        mark = json.loads(staging.mark.read_bytes())
    except (OSError, ValueError):
        return {}
    return mark if isinstance(mark, dict) else {}
