"""The state of all campaigns: what was imported, by which run, and whether its outputs were published."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from leadsieve_connectors.campaigns.creation import create, remove_leftovers
from leadsieve_connectors.campaigns.database import log_path, reading, translate, writing
from leadsieve_connectors.campaigns.queries import (
    INSERT_RUN,
    ensure_campaign,
    gathered,
    insert_contacts,
    run_values,
    select_campaigns,
    select_one,
    select_runs,
    storable,
)
from leadsieve_connectors.campaigns.records import CONTACTS, STATUSES, CampaignInfo, RunRecord
from leadsieve_connectors.campaigns.steps import step
from leadsieve_connectors.exceptions import StateError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import duckdb

_BATCH_ROWS = 1 << 17


class State:
    """The campaigns in one DuckDB file; every call opens and closes it.

    Writing calls (`ensure`, `commit`, `mark_published`) are made under `state_lock`.

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
        """Make the state exist, whole: create it, or finish what a killed run left in its log.

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
        if log.exists():
            with self._writing() as connection:
                connection.execute("CHECKPOINT")
        else:
            with self._reading():
                pass
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
        low, high = (0, (1 << 31) - 1 if before_run is None else before_run) if run is None else (run, run + 1)
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

    def commit(self, run: RunRecord, keys: Iterable[pa.RecordBatch]) -> None:
        """Add a run and its contacts, in one transaction; a campaign that does not exist is created in it.

        Args:
            run: The run; its `seq` and `run_id` are new.
            keys: Record batches with a uint64 column `key`: the accepted numbers, each once. What reading
                them raises undoes everything and is raised on.
        """
        values = run_values(run)
        with self._writing() as connection:
            connection.begin()
            step("transaction-begun")
            try:
                campaign_id = ensure_campaign(connection, run)
                connection.execute(INSERT_RUN, [campaign_id, *values])
                step("run-inserted")
                for table in gathered(keys):
                    insert_contacts(connection, table, campaign_id, run.seq)
                step("contacts-inserted")
                connection.commit()
            except BaseException:
                self._roll_back(connection)
                raise
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

    @staticmethod
    def _roll_back(connection: duckdb.DuckDBPyConnection) -> None:
        import duckdb

        with suppress(duckdb.Error):  # a failed commit has ended the transaction already
            connection.rollback()
