"""The state of all campaigns: what was imported, by which run, and whether its outputs were published."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from leadsieve_connectors.campaigns.creation import create, remove_leftovers
from leadsieve_connectors.campaigns.database import log_path, reading, transaction, translate, writing
from leadsieve_connectors.campaigns.migrations import SCHEMA_VERSION, migrate, stored_version
from leadsieve_connectors.campaigns.queries import (
    INSERT_RUN,
    ensure_campaign,
    gathered,
    insert_contacts,
    insert_mappings,
    run_values,
    select_campaigns,
    select_mappings,
    select_one,
    select_runs,
    storable,
)
from leadsieve_connectors.campaigns.records import (
    CONTACTS,
    STATUSES,
    CampaignInfo,
    KeptMapping,
    RunRecord,
    digest_headers,
)
from leadsieve_connectors.campaigns.steps import step
from leadsieve_connectors.exceptions import StateError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import duckdb

_BATCH_ROWS = 1 << 17
#: Past the `seq` of every run.
_SEQ_END = (1 << 31) - 1
#: How much of a digest messages show, and the most of the kept mappings that they list.
_DIGEST_SHOWN, _MAPPINGS_SHOWN = 12, 6
_NO_MAPPINGS: Mapping[tuple[str, ...], Mapping[str, str]] = MappingProxyType({})


class State:
    """The campaigns in one DuckDB file; every call opens and closes it.

    Writing calls (`ensure`, `commit`, `mark_published`, `forget_mapping`) are made under `state_lock`.

    Args:
        path: The file; `ensure` creates it. Symbolic links are followed.
        wait_seconds: How long a call waits for a foreign process that has the file open.

    Attributes:
        path: The real path of the file.

    Raises (every method):
        StateLocked: A foreign process has the file open, and did not close it in time.
        StateError: The file is missing, damaged, of another kind, of a newer version, or cannot be written.
    """

    def __init__(self, path: Path, *, wait_seconds: float = 10.0) -> None:
        self.path = Path(os.path.realpath(path))
        if "?" in str(self.path):
            raise StateError(
                f"state {self.path}: DuckDB cannot keep a file under a name with '?'; name another --state",
                "invalid_option",
            )
        self._wait_seconds = wait_seconds

    def ensure(self) -> bool:
        """Make the state exist, whole and of this version.

        It is created where it is missing; what a killed run left in its log is finished; one of an older
        version is brought forward, in one transaction.

        Returns:
            Whether it was created.
        """
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
            with self._reading() as connection:
                if stored_version(connection) == SCHEMA_VERSION:
                    return False
        with self._writing() as connection:
            if stored_version(connection) < SCHEMA_VERSION:
                _bring_forward(connection)
            connection.execute("CHECKPOINT")
        return False

    def campaign(self, name: str) -> CampaignInfo | None:
        """Return a campaign by its name, or None where there is none."""
        with self._reading() as connection:
            infos = select_campaigns(connection, "WHERE c.name = ?", [storable(name, "campaign name")])
        return infos[0] if infos else None

    def campaigns(self) -> list[CampaignInfo]:
        """Return all campaigns, in the order of their first runs."""
        with self._reading() as connection:
            return select_campaigns(connection, "", [])

    def contacts(self, name: str, *, before_run: int | None = None, run: int | None = None) -> Iterator[pa.RecordBatch]:
        """Read a campaign's contacts, in no particular order.

        The state stays open to read until the iterator ends or is closed: take it to its end before a commit.

        Args:
            name: The campaign; one that does not exist has no contacts.
            before_run: Only contacts that runs before this `seq` imported; None reads all.
            run: Only contacts that the run with this `seq` imported; None reads all.

        Yields:
            Record batches of the schema `CONTACTS`.
        """
        query = (
            "SELECT key, run_seq, status FROM contacts "
            "WHERE campaign_id = (SELECT id FROM campaigns WHERE name = ?) AND run_seq >= ? AND run_seq < ?"
        )
        low, high = (0, _SEQ_END if before_run is None else before_run) if run is None else (run, run + 1)
        statuses = pa.array(STATUSES, pa.string())
        with self._reading() as connection:
            relation = connection.sql(query, params=[storable(name, "campaign name"), low, high])
            reader = relation.to_arrow_reader(_BATCH_ROWS)
            try:
                for batch in reader:
                    codes = batch.column("status").cast(pa.int8())
                    status = pa.DictionaryArray.from_arrays(codes, statuses)
                    yield pa.RecordBatch.from_arrays(
                        [batch.column("key"), batch.column("run_seq"), status], schema=CONTACTS
                    )
            except (pa.ArrowException, OSError) as exc:  # how a failing scan reaches Arrow
                raise translate(self.path, exc) from exc

    def runs(self, name: str) -> list[RunRecord]:
        """Return a campaign's runs, oldest first."""
        return self._runs("WHERE c.name = ? ORDER BY r.seq", [storable(name, "campaign name")])

    def unpublished(self) -> list[RunRecord]:
        """Return the runs that are committed and not known to be published, oldest first."""
        return self._runs("WHERE NOT r.published ORDER BY r.seq", [])

    def next_seq(self) -> int:
        """Return the `seq` that the next run takes."""
        with self._reading() as connection:
            return int(select_one(connection, "SELECT coalesce(max(seq), 0) + 1 FROM runs", []))

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

    def forget_mapping(self, digest_prefix: str) -> KeptMapping:
        """Forget all that was ever kept of one list of headers.

        Args:
            digest_prefix: The beginning of its digest, enough to tell it from the others.

        Returns:
            The mapping that held.

        Raises:
            StateError: No kept mapping begins so, or several do.
        """
        kept = self.mappings()
        meant = [mapping for mapping in kept if digest_prefix and mapping.digest.startswith(digest_prefix.lower())]
        if len(meant) != 1:
            what = f"{len(meant)} mappings" if meant else "no mapping"
            do = "give more of it" if meant else "give the beginning of one"
            raise StateError(
                f"state {self.path} keeps {what} under {digest_prefix!r}; {do}: {_digests(meant or kept)}",
                "invalid_option",
            )
        with self._writing() as connection:
            connection.execute("DELETE FROM mappings WHERE digest = ?", [meant[0].digest])
            connection.execute("CHECKPOINT")
        return meant[0]

    def commit(
        self,
        run: RunRecord,
        keys: Iterable[pa.RecordBatch],
        mappings: Mapping[tuple[str, ...], Mapping[str, str]] = _NO_MAPPINGS,
    ) -> None:
        """Add a run and its contacts, in one transaction; a campaign that does not exist is created in it.

        Args:
            run: The run; its `seq` and `run_id` are new.
            keys: Record batches with a uint64 column `key`: the accepted numbers, each once. What reading
                them raises undoes everything and is raised on.
            mappings: What the run keeps for the next time: a source's headers to its columns' fields, as in
                `mapping`.
        """
        values = run_values(run)
        with self._writing() as connection:
            with transaction(connection):
                step("transaction-begun")
                campaign_id = ensure_campaign(connection, run)
                connection.execute(INSERT_RUN, [campaign_id, *values])
                insert_mappings(connection, run, mappings)
                step("run-inserted")
                for table in gathered(keys):
                    insert_contacts(connection, table, campaign_id, run.seq)
                step("contacts-inserted")
            step("transaction-committed")
            connection.execute("CHECKPOINT")
            step("checkpointed")

    def mark_published(self, run_id: str) -> None:
        """Note that a run's outputs stand in their place."""
        with self._writing() as connection:
            changed = select_one(connection, "UPDATE runs SET published = true WHERE run_id = ?", [run_id])
            if changed != 1:
                raise StateError(f"state {self.path} has no run {run_id}; check --state")
            connection.execute("CHECKPOINT")

    def _runs(self, condition: str, values: list[Any]) -> list[RunRecord]:
        with self._reading() as connection:
            return select_runs(connection, condition, values)

    def _reading(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        return reading(self.path, wait_seconds=self._wait_seconds)

    def _writing(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        return writing(self.path, wait_seconds=self._wait_seconds)


def _bring_forward(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring an older state to this version, whole or not at all."""
    with transaction(connection):
        step("migration-begun")
        migrate(connection)
        step("migration-applied")
    step("migration-committed")


def _digests(kept: Sequence[KeptMapping]) -> str:
    """List the digests of kept mappings, so far as one types them."""
    shown = ", ".join(mapping.digest[:_DIGEST_SHOWN] for mapping in kept[:_MAPPINGS_SHOWN]) or "nothing is kept"
    more = len(kept) - _MAPPINGS_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
