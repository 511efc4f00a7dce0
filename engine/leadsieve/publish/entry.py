"""What a run adds to the campaigns' state: its transaction, and what is noted of it before and after."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from leadsieve.exceptions import InternalError, OutputError
from leadsieve.publish.files import (
    RUN_FILE,
    cannot_write,
    read_run,
    require_just,
    sync,
    sync_folders,
    write_json,
)
from leadsieve.publish.steps import step

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from leadsieve.publish.staging import Staging
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
        *,
        depends_on: Mapping[int, int],
        delete_first: Sequence[str] = (),
    ) -> None:
        """Add a run, all or nothing: its contacts, in place of those of its campaign in the statuses `delete_first`.

        What it keeps of the user's mappings, and what it depends on, is added with it.
        """
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
        keys: Record batches with a uint64 column `key`: the accepted numbers.
        mappings: How the user mapped the columns of which headers, to be kept for the next time.
        depends_on: Of how many rows contacts of which earlier run, by its `seq`, made duplicates.
        delete_first: The statuses whose contacts the campaign loses before it gains the run's.
    """

    store: RunStore
    record: RunRecord
    keys: Iterable[pa.RecordBatch]
    mappings: Mapping[tuple[str, ...], Mapping[str, str]] = field(default_factory=dict)
    depends_on: Mapping[int, int] = field(default_factory=dict)
    delete_first: Sequence[str] = ()


def require_sealed(staging: Staging, entry: Entry | None) -> dict[str, Any]:
    """Make sure that the outputs are what `run.json` and the entry say.

    Returns:
        The content of `run.json`.

    Raises:
        InternalError: They are not.
        OutputError: They cannot be read or synced.
    """
    run = read_run(staging.folder)
    if run is None or run["run_id"] != staging.run_id:
        raise InternalError(f"{staging.folder} has no run.json of run {staging.run_id}; please report this")
    names = {RUN_FILE, *(file["name"] for file in run["files"])}
    try:
        require_just(staging.folder, names)
        sync_folders(staging.folder, names)
    except OSError as exc:
        raise cannot_write(staging.folder, exc) from exc
    if entry is not None and (entry.record.run_id, entry.record.manifest) != (run["run_id"], run["files"]):
        raise InternalError(f"the record of run {entry.record.run_id} is not that of run.json; please report this")
    return run


def note_commit(staging: Staging, mark: Mapping[str, Any]) -> None:
    """Note in the hidden folder, for good, what is about to be committed.

    Raises:
        OutputError: The system refuses.
    """
    write_json(staging.mark, mark)
    try:
        sync(staging.path)
    except OSError as exc:
        raise cannot_write(staging.path, exc) from exc
    step("staging-marked")


def commit_to_state(staging: Staging, entry: Entry, *, out: str, overwrite: bool) -> None:
    """Commit a run to the state; from here on the hidden folder stays until its outputs stand in their place.

    Args:
        staging: The hidden folder, marked.
        entry: What the run adds.
        out: Where its outputs are to stand, as the state keeps it.
        overwrite: Whether what stands there may be replaced.

    Raises:
        StateError: From the store, with nothing committed unless the store says so later.
    """
    record = replace(entry.record, out=out, staging=str(staging.path), overwrite=overwrite, published=False)
    staging.kept = True
    try:
        entry.store.commit(
            record, entry.keys, entry.mappings, depends_on=entry.depends_on, delete_first=entry.delete_first
        )
    except BaseException:
        staging.kept = _may_be_committed(entry.store, record.run_id)
        raise
    step("state-committed")


def mark_published(record: RunRecord, store: RunStore) -> None:
    """Note in the state that a run's outputs stand in their place."""
    store.mark_published(record.run_id)
    step("run-marked")


def unfinished(record: RunRecord, place: Path | str, why: str) -> OutputError:
    """Return the error for a committed run whose outputs cannot be put in their place."""
    return OutputError(
        f"run {record.run_id} of campaign {record.campaign!r} is committed, but its outputs cannot be put "
        f"at {place}: {why}; clear that and run again, or take the run back with "
        f"'leadsieve campaign undo {record.run_id}'"
    )


def read_mark(staging: Staging) -> dict[str, Any]:
    """Read what `note_commit` wrote; a mark that was cut short is not of a committed run."""
    return read_note(staging.mark)


def read_note(path: Path) -> dict[str, Any]:
    """Read a JSON object of a hidden folder; empty where it is missing or was cut short."""
    try:
        note = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def is_foreign(staging: Staging, store: RunStore | None) -> bool:
    """Say whether a state that is not at hand may need the folder.

    Of the state at hand no run does: its unpublished ones were rolled forward before.
    """
    state = read_mark(staging).get("state")
    return state is not None and (store is None or state != str(store.path))


def is_record_of(run: Mapping[str, Any], files: Sequence[Mapping[str, Any]], record: RunRecord) -> bool:
    """Tell whether a `run.json` is of what a run wrote: an earlier run may have had the same name.

    Args:
        run: Its content.
        files: Its files, by their plain names.
        record: The run.
    """
    return bool(run["run_id"] == record.run_id and files == record.manifest)


def _may_be_committed(store: RunStore, run_id: str) -> bool:
    """Find out what a failed commit came to; one that cannot say counts as yes: the next start asks again."""
    try:
        return any(record.run_id == run_id for record in store.unpublished())
    except Exception:
        return True
