"""The state of all campaigns: what was imported and marked, by which change, and which numbers must not be called."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import pyarrow as pa

from leadsieve_connectors.campaigns import forgetting, marks, suppressions, undoing
from leadsieve_connectors.campaigns.checking import find_problems
from leadsieve_connectors.campaigns.contacts import count_statuses, select_contacts
from leadsieve_connectors.campaigns.creation import create, remove_leftovers
from leadsieve_connectors.campaigns.database import (
    MEMORY_BYTES,
    log_path,
    reading,
    transaction,
    translate,
    translating,
    writing,
)
from leadsieve_connectors.campaigns.history import select_events
from leadsieve_connectors.campaigns.importing import Ahead, importing
from leadsieve_connectors.campaigns.mappings import find_mapping, select_mappings
from leadsieve_connectors.campaigns.migrations import SCHEMA_VERSION, stored_version
from leadsieve_connectors.campaigns.queries import (
    next_seq,
    select_campaigns,
    select_one,
    select_runs,
    storable,
)
from leadsieve_connectors.campaigns.records import digest_headers
from leadsieve_connectors.campaigns.steps import step
from leadsieve_connectors.exceptions import StateError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    import duckdb
    import numpy as np
    import numpy.typing as npt

    from leadsieve_connectors.campaigns.importing import AddRun
    from leadsieve_connectors.campaigns.records import (
        CampaignInfo,
        Event,
        Forgotten,
        KeptMapping,
        MarkResult,
        Problem,
        RunRecord,
        SuppressionFile,
        UndoneChange,
    )

_NO_MAPPINGS: Mapping[tuple[str, ...], Mapping[str, str]] = MappingProxyType({})
_NO_DEPENDENCIES: Mapping[int, int] = MappingProxyType({})


class State:
    """The campaigns in one DuckDB file; every call opens and closes it.

    Writing calls (`ensure`, `commit`, `mark_published`, `mark`, `undo`, `forget`, `suppress`, `unsuppress`,
    `forget_mapping`) are made under `state_lock`. A state of an older version is read as it stands, and brought
    forward by the first of them.

    Args:
        path: The file; `ensure` creates it. Symbolic links are followed.
        wait_seconds: How long a call waits for a foreign process that has the file open.
        memory_bytes: What a call may take before it spills to the disk, beside the state.

    Attributes:
        path: The real path of the file.

    Raises (every method):
        StateLocked: A foreign process has the file open, and did not close it in time.
        StateError: The file is missing, damaged, of another kind, of a newer version, or cannot be written.
    """

    def __init__(self, path: Path, *, wait_seconds: float = 10.0, memory_bytes: int = MEMORY_BYTES) -> None:
        self.path = Path(os.path.realpath(path))
        if "?" in str(self.path):
            raise StateError(
                f"state {self.path}: DuckDB cannot keep a file under a name with '?'; name another --state",
                "invalid_option",
            )
        self._wait_seconds, self._memory_bytes = wait_seconds, memory_bytes
        self._held: duckdb.DuckDBPyConnection | None = None
        self._ensured: tuple[int, int] | None = None
        self._ahead: Ahead | None = None

    def ensure(self) -> bool:
        """Make the state exist, whole and of this version.

        It is created where it is missing; what a killed run left in its log is finished; one of an older
        version is brought forward, in one transaction.

        Returns:
            Whether it was created.
        """
        with self.held_open() as created:
            return created

    def _make_whole(self, opened: ExitStack) -> bool:
        try:
            remove_leftovers(self.path)
        except OSError as exc:
            raise StateError(f"state {self.path}: cannot look into its folder: {exc}", "output_failed") from exc
        log = log_path(self.path)
        if not os.path.lexists(self.path):
            if log.exists():
                raise StateError(
                    f"state {self.path} is missing but its log {log} is there; restore it from a backup, "
                    "or remove the log to begin anew"
                )
            create(self.path)
            return True
        if not log.exists():
            connection = opened.enter_context(self._opened())
            with translating(self.path):
                if stored_version(connection) == SCHEMA_VERSION:
                    self._held = connection
                    return False
            opened.close()
        with self._writing() as connection:
            # Of a log that a kill tore DuckDB may take in nothing; with nothing to write it would leave it there.
            with transaction(connection):
                connection.execute("CREATE TABLE torn (n INTEGER)")
                connection.execute("DROP TABLE torn")
            connection.execute("CHECKPOINT")
        return False

    def campaign(self, name: str) -> CampaignInfo | None:
        """Return a campaign and its counts; None where no run of it holds."""
        with self._reading() as connection:
            infos = select_campaigns(connection, "WHERE c.name = ?", [storable(name, "campaign name")])
        return infos[0] if infos else None

    def campaigns(self) -> list[CampaignInfo]:
        """Return all campaigns, in the order of their first runs."""
        with self._reading() as connection:
            return select_campaigns(connection, "", [])

    def statuses(self, name: str, *, before_run: int | None = None) -> dict[str, int]:
        """Return how many contacts of a campaign have which status, as in `contacts`; one that none has is left out."""
        with self._reading() as connection:
            return count_statuses(connection, storable(name, "campaign name"), before_run)

    def contacts(self, name: str, *, before_run: int | None = None, run: int | None = None) -> Iterator[pa.RecordBatch]:
        """Read a campaign's contacts, in no particular order.

        The state stays open to read until the iterator ends or is closed: take it to its end before a commit.

        Args:
            name: The campaign; one that does not exist has no contacts.
            before_run: Only contacts that runs before this `seq` imported, as they were then: with the status that
                marks before it gave them, and with those that it or later runs deleted. None reads all as they are now.
            run: Only contacts that the run with this `seq` imported, with those that later runs deleted unless
                `before_run` says otherwise; None reads all.

        Yields:
            Record batches of the schema `CONTACTS`.
        """
        with self._scanning() as connection:
            yield from select_contacts(connection, storable(name, "campaign name"), before_run=before_run, run=run)

    def lookup(
        self, name: str, keys: npt.NDArray[np.uint64], *, before_run: int | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Read those of a campaign's contacts that have one of these keys, as `contacts` does.

        Args:
            name: The campaign; one that does not exist has no contacts.
            keys: The keys, in any order; a repeated one counts once.
            before_run: As in `contacts`.

        Yields:
            Record batches of the schema `CONTACTS`.
        """
        with self._scanning() as connection:
            yield from select_contacts(connection, storable(name, "campaign name"), before_run=before_run, keys=keys)

    def runs(self, name: str) -> list[RunRecord]:
        """Return a campaign's runs that were not undone, oldest first."""
        condition = "WHERE c.name = ? AND r.undone_at IS NULL ORDER BY r.seq"
        with self._reading() as connection:
            return select_runs(connection, condition, [storable(name, "campaign name")])

    def unpublished(self) -> list[RunRecord]:
        """Return the runs that are committed, not undone and not known to be published, oldest first."""
        with self._reading() as connection:
            return select_runs(connection, "WHERE NOT r.published AND r.undone_at IS NULL ORDER BY r.seq", [])

    def next_seq(self) -> int:
        """Return the `seq` that the next run or mark takes."""
        with self._reading() as connection:
            return next_seq(connection)

    def history(self, campaign: str | None = None, key: int | None = None) -> list[Event]:
        """Return what happened, oldest first: imports, what they deleted, marks, additions to suppression lists.

        Args:
            campaign: Only what concerns this campaign, with the suppression lists that hold for it; None takes all.
            key: Only what concerns this number. Of changes that were undone nothing is known of it any more.
        """
        name = None if campaign is None else storable(campaign, "campaign name")
        with self._reading() as connection:
            return select_events(connection, name, key)

    def check(self) -> list[Problem]:
        """Look through the whole state for what cannot be; a sound one has no problems."""
        with self._reading() as connection:
            return find_problems(connection)

    def mapping(self, headers: Sequence[str]) -> Mapping[str, str] | None:
        """Return how the user mapped these very headers the last time.

        Args:
            headers: A source's headers exactly as it has them, in order.

        Returns:
            Column to field, several columns of one field in order of preference; None where nothing is kept.
        """
        with self._reading() as connection:
            found = select_mappings(connection, "WHERE digest = ?", [digest_headers(headers)])
        return found[0].mapping if found else None

    def mappings(self) -> list[KeptMapping]:
        """Return the latest kept mapping of each list of headers, newest first."""
        with self._reading() as connection:
            return select_mappings(connection, "", [])

    def suppressions(self, campaign: str | None = None) -> list[SuppressionFile]:
        """Return the files of the suppression lists, oldest first.

        Args:
            campaign: Only those of this campaign's own lists; None takes all files of all lists.
        """
        values = [] if campaign is None else [storable(campaign, "campaign name")]
        with self._reading() as connection:
            return suppressions.select_files(connection, "WHERE campaign = ?" if values else "", values)

    def suppressions_for(self, campaign: str | None) -> list[SuppressionFile]:
        """Return the files whose numbers must not be called in a campaign, oldest first.

        Args:
            campaign: Its own lists and those for all count; None: only those for all.
        """
        with self._reading() as connection:
            return suppressions.files_for(connection, campaign)

    def suppressed(self, files: Sequence[int]) -> Iterator[pa.RecordBatch]:
        """Read the numbers of suppression files, in no particular order.

        The state stays open to read until the iterator ends or is closed, as with `contacts`.

        Args:
            files: Ids of `SuppressionFile`s.

        Yields:
            Record batches of the schema `SUPPRESSED`; in one file each number is there once.
        """
        with self._scanning() as connection:
            yield from suppressions.select_suppressed(connection, files)

    def commit(
        self,
        run: RunRecord,
        keys: Iterable[pa.RecordBatch],
        mappings: Mapping[tuple[str, ...], Mapping[str, str]] = _NO_MAPPINGS,
        *,
        depends_on: Mapping[int, int] = _NO_DEPENDENCIES,
        delete_first: Sequence[str] = (),
    ) -> None:
        """Add a run and its contacts, in one transaction; a campaign that does not exist is created in it.

        Args:
            run: The run; its `seq` and `run_id` are new.
            keys: Record batches with a uint64 column `key`: the accepted numbers. What reading
                them raises undoes everything and is raised on.
            mappings: What the run keeps for the next time: a source's headers to its columns' fields, as in
                `mapping`.
            depends_on: How many rows of the run were rejected as duplicates of contacts of which earlier run, by
                its `seq`; that one cannot be undone before this one.
            delete_first: The campaign's contacts in these statuses are deleted first; undoing the run puts them back.

        Raises:
            StateError: It cannot be written, or is another file than `ensure` looked at: what the run was judged
                against is not in that.
        """
        ahead, self._ahead = self._ahead, None
        block: AbstractContextManager[AddRun] | None = ahead if ahead is not None and ahead.begun else None
        with block or self._importing(
            keys, campaign=run.campaign, seq=run.seq, begun_at=run.committed_at, delete_first=delete_first
        ) as add:
            add(run, mappings, depends_on)

    @contextmanager
    def ahead(
        self, campaign: str, seq: int, *, begun_at: datetime, delete_first: Sequence[str] = ()
    ) -> Iterator[Ahead]:
        """Let an import begin before all is known that `commit` adds, for the length of a block.

        From its `begin` on the state is open to write. `commit` of this run, in this block, goes on from there, and
        looks at no keys of its own; a block that ends without it leaves the state as it was.

        Args:
            campaign: The run's campaign.
            seq: The run's `seq`.
            begun_at: Its `committed_at` (an aware time).
            delete_first: As for `commit`.

        Yields:
            What begins it.
        """
        begin = partial(self._importing, campaign=campaign, seq=seq, begun_at=begun_at, delete_first=delete_first)
        with closing(Ahead(begin)) as ahead:
            self._ahead = ahead
            try:
                yield ahead
            finally:
                self._ahead = None

    def mark_published(self, run_id: str) -> None:
        """Note that a run's outputs stand in their place."""
        query = "UPDATE runs SET published = true WHERE run_id = ? AND undone_at IS NULL"
        with self._writing() as connection:
            if select_one(connection, query, [run_id]) != 1:
                raise StateError(f"state {self.path} has no run {run_id}; check --state")
            connection.execute("CHECKPOINT")

    def mark(
        self,
        campaign: str,
        batches: Iterable[pa.RecordBatch],
        *,
        mark_id: str,
        marked_at: datetime,
        source: str,
        sha256: str,
    ) -> MarkResult:
        """Give contacts of a campaign the statuses that they have come to, all or none, in one transaction.

        Of several contacts with one number, the one that was imported last is meant.

        Args:
            campaign: The campaign; it must exist.
            batches: Record batches with a uint64 column `key`, each once, and a uint8 column `status`: positions in
                `STATUSES`. What reading them raises leaves the state as it was and is raised on.
            mark_id: The mark's own name, unique in the state.
            marked_at: When (an aware time).
            source: The file with the statuses, as it was given.
            sha256: Hex SHA-256 of its bytes.

        Raises:
            StateError: `invalid_option`: there is no such campaign, or a number comes twice or with no known status.
        """
        with self._changing() as connection:
            return marks.insert_mark(
                connection, campaign, batches, mark_id=mark_id, marked_at=marked_at, source=source, sha256=sha256
            )

    def undo(self, change_id: str, *, undone_at: datetime) -> UndoneChange:
        """Make the state as if an import or a mark had not been; history tells of it, and its `seq` stays taken.

        The outputs of an undone run stay where they are: its record says where.

        Args:
            change_id: Id of the run or the mark.
            undone_at: When (an aware time).

        Raises:
            StateError: `state_conflict`: later changes that hold depend on it, or it is undone already;
                `invalid_option`: there is no such change.
        """
        with self._changing() as connection:
            return undoing.undo(connection, storable(change_id, "id"), undone_at)

    def forget(self, key: int) -> Forgotten:
        """Delete a number from all campaigns and from history, so that its bytes are gone from the state's file.

        The file is written anew, under a temporary name, and takes the place of the old one. Suppression lists go on
        holding the number, so that nobody calls it. It is written anew even where no campaign holds the number: an
        undone run may have left its bytes.

        Args:
            key: All E.164 digits of the number.
        """
        with self._writing() as connection:
            connection.execute("CHECKPOINT")
            known = forgetting.find_traces(connection, key)
        forgetting.rewrite_without(self.path, key, memory_bytes=self._memory_bytes)
        if self._ensured is not None:
            self._ensured = self._file()
        return known

    def suppress(
        self,
        list_name: str,
        keys: Iterable[pa.RecordBatch],
        *,
        campaign: str | None,
        source: str,
        sha256: str,
        dated: datetime,
        added_at: datetime,
        unreadable: int,
        replace: bool,
    ) -> SuppressionFile:
        """Add a file to a suppression list, in one transaction; a list that does not exist is created by it.

        Args:
            list_name: Name of the list; any text.
            keys: Record batches with a uint64 column `key`; a repeated number counts once. What reading them raises
                leaves the state as it was and is raised on.
            campaign: The campaign that the list holds for, whether it exists yet or not; None: it holds for all.
            source: Where the file was read from, as it was given.
            sha256: Hex SHA-256 of its bytes. A file of the list with the same bytes is replaced.
            dated: Of when the file is (an aware time).
            added_at: When it is added (an aware time).
            unreadable: How many of its entries were no number.
            replace: Whether it replaces all files of the list.
        """
        with self._changing() as connection:
            return suppressions.insert_file(
                connection,
                list_name,
                keys,
                campaign=campaign,
                source=source,
                sha256=sha256,
                dated=dated,
                added_at=added_at,
                unreadable=unreadable,
                replace=replace,
            )

    def unsuppress(self, list_name: str, campaign: str | None = None) -> list[SuppressionFile]:
        """Remove a suppression list with all its files.

        Args:
            list_name: Name of the list.
            campaign: The campaign that it holds for; None: the list of this name that holds for all.

        Returns:
            The files that it was made of.

        Raises:
            StateError: `invalid_option`: there is no such list.
        """
        with self._changing() as connection:
            return suppressions.remove_list(connection, list_name, campaign)

    def forget_mapping(self, digest_prefix: str) -> KeptMapping:
        """Forget all that was ever kept of one list of headers.

        Args:
            digest_prefix: The beginning of its digest, enough to tell it from the others.

        Returns:
            The mapping that held.

        Raises:
            StateError: No kept mapping begins so, or several do.
        """
        with self._reading() as connection:
            meant = find_mapping(connection, digest_prefix)
        with self._writing() as connection:
            connection.execute("DELETE FROM mappings WHERE digest = ?", [meant.digest])
            connection.execute("CHECKPOINT")
        return meant

    @contextmanager
    def held_open(self) -> Iterator[bool]:
        """Do what `ensure` does, and keep the state open to read until the block ends, or `let_go` or a write.

        To open it costs some twenty milliseconds, and to ask it something mostly less.

        Yields:
            Whether it was created.
        """
        with ExitStack() as opened:
            try:
                created = self._make_whole(opened)
                self._ensured = self._file()
                if self._held is None:
                    self._held = opened.enter_context(self._opened())
                yield created
            finally:
                self._held = None

    def let_go(self) -> None:
        """Close what `held_open` keeps open, so that other processes may write; calls open the state again."""
        held, self._held = self._held, None
        if held is not None:
            held.close()

    def _opened(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        return reading(self.path, wait_seconds=self._wait_seconds, memory_bytes=self._memory_bytes)

    @contextmanager
    def _reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with ExitStack() as opened:
            if self._held is None:
                connection = opened.enter_context(self._opened())
            else:
                # One of its own: a new statement would end what still streams from the last.
                connection = opened.enter_context(closing(self._held.cursor()))
            with translating(self.path):
                yield connection

    @contextmanager
    def _scanning(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the state to stream from it: a scan that fails half way reaches Arrow first."""
        with self._reading() as connection:
            try:
                yield connection
            except (pa.ArrowException, OSError) as exc:
                raise translate(self.path, exc) from exc

    def _file(self) -> tuple[int, int]:
        """Tell the file from every other."""
        try:
            found = self.path.stat()
        except OSError as exc:
            raise StateError(f"state {self.path}: cannot be looked at: {exc.strerror or exc}; run again") from exc
        return found.st_dev, found.st_ino

    def _require_same(self) -> None:
        if self._ensured not in (None, self._file()):
            raise StateError(
                f"state {self.path}: another file was put in its place during the run, so nothing was added to it; "
                "see which is the right one, and run again"
            )

    def _importing(
        self,
        keys: Iterable[pa.RecordBatch],
        *,
        campaign: str,
        seq: int,
        begun_at: datetime,
        delete_first: Sequence[str],
    ) -> AbstractContextManager[AddRun]:
        self.let_go()
        return importing(
            self.path,
            keys,
            campaign=campaign,
            seq=seq,
            begun_at=begun_at,
            delete_first=delete_first,
            require_same=self._require_same,
            wait_seconds=self._wait_seconds,
            memory_bytes=self._memory_bytes,
        )

    def _writing(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        self.let_go()
        return writing(self.path, wait_seconds=self._wait_seconds, memory_bytes=self._memory_bytes)

    @contextmanager
    def _changing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the state for one transaction, which stands in the main file afterwards."""
        with self._writing() as connection:
            with transaction(connection):
                step("change-begun")
                yield connection
                step("change-applied")
            step("change-committed")
            connection.execute("CHECKPOINT")
            step("change-checkpointed")
