"""An import: what a run adds to the state, and what it takes out first, in one transaction that can begin early."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from leadsieve_connectors.campaigns.contacts import insert_contacts
from leadsieve_connectors.campaigns.database import opened_to_write, private_files, transaction
from leadsieve_connectors.campaigns.displacing import displace
from leadsieve_connectors.campaigns.mappings import insert_mappings
from leadsieve_connectors.campaigns.queries import ensure_campaign, insert_run
from leadsieve_connectors.campaigns.steps import step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Future
    from contextlib import AbstractContextManager
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType
    from typing import TypeAlias

    import pyarrow as pa

    from leadsieve_connectors.campaigns.records import RunRecord

    #: Adds the run itself, with what it keeps and what it depends on, to the transaction that has its contacts.
    AddRun: TypeAlias = Callable[[RunRecord, Mapping[tuple[str, ...], Mapping[str, str]], Mapping[int, int]], None]


@contextmanager
def importing(
    path: Path,
    keys: Iterable[pa.RecordBatch],
    *,
    campaign: str,
    seq: int,
    begun_at: datetime,
    delete_first: Sequence[str],
    require_same: Callable[[], None],
    wait_seconds: float,
    memory_bytes: int,
) -> Iterator[AddRun]:
    """Insert a run's contacts, as `State.commit` says, in a transaction that the end of the block commits.

    What the block itself creates has its ordinary modes; what DuckDB creates is private.

    Args:
        path: Real path of the state.
        keys: Record batches with a uint64 column `key`.
        campaign: The run's campaign.
        seq: The run's place in the order of changes.
        begun_at: When the campaign begins, if it is new.
        delete_first: The statuses whose contacts the campaign loses.
        require_same: Raises unless the file is the one that the run was judged against.
        wait_seconds: How long to wait for a foreign process that has it open.
        memory_bytes: What DuckDB may take before it spills to the disk.

    Yields:
        What adds the run; to be called once.
    """
    with opened_to_write(path, wait_seconds=wait_seconds, memory_bytes=memory_bytes) as connection:
        with transaction(connection):
            with private_files():
                require_same()
                step("transaction-begun")
                campaign_id = ensure_campaign(connection, campaign, begun_at)
                deleted = displace(connection, campaign_id, seq, delete_first)
                step("contacts-displaced")
                insert_contacts(connection, keys, campaign_id, seq)
                step("contacts-inserted")

            def add(
                run: RunRecord, mappings: Mapping[tuple[str, ...], Mapping[str, str]], depends_on: Mapping[int, int]
            ) -> None:
                if (run.campaign, run.seq) != (campaign, seq):
                    raise ValueError(f"the contacts are those of run {seq} of {campaign!r}")
                insert_run(connection, campaign_id, replace(run, deleted=deleted), depends_on)
                insert_mappings(connection, run, mappings)
                step("run-inserted")

            yield add
            require_same()
        step("transaction-committed")
        with private_files():
            connection.execute("CHECKPOINT")
        step("checkpointed")


class _Dropped(Exception):
    """Nobody commits what was begun."""


class Ahead:
    """An import that begins in a thread of its own, while the run still writes and proves what it goes with.

    Once begun it is a block, like `importing`; `close` undoes what nobody has entered.

    Args:
        begin: Given keys, returns the block, as `importing` does.
    """

    def __init__(self, begin: Callable[[Iterable[pa.RecordBatch]], AbstractContextManager[AddRun]]) -> None:
        self._begin = begin
        self._stopped = threading.Event()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="leadsieve-import")
        self._block: AbstractContextManager[AddRun] | None = None
        self._entered: Future[AddRun] | None = None

    @property
    def begun(self) -> bool:
        """Whether there is a block to enter."""
        return self._entered is not None

    def begin(self, keys: Iterable[pa.RecordBatch]) -> None:
        """Begin to insert contacts; returns at once.

        Args:
            keys: Record batches with a uint64 column `key`, read in the other thread.
        """
        self._block = self._begin(self._until_stopped(keys))
        self._entered = self._pool.submit(self._block.__enter__)

    def wait(self) -> None:
        """Wait until the contacts are inserted; does nothing where none were begun with.

        Raises:
            StateError: They cannot be.
        """
        if self._entered is not None:
            self._entered.result()

    def __enter__(self) -> AddRun:
        assert self._entered is not None, "entered before it was begun"  # noqa: S101
        add, self._entered = self._entered.result(), None
        return add

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        assert self._block is not None, "left before it was begun"  # noqa: S101
        return self._block.__exit__(kind, exc, trace)

    def close(self) -> None:
        """Undo what was begun, unless it was entered as a block, and end the thread."""
        self._stopped.set()
        if self._entered is not None:
            self._pool.submit(self._undo)  # there, so that an interrupt here does not keep the state open
        self._pool.shutdown()

    def _undo(self) -> None:
        with suppress(Exception), self:  # of what nobody wants any more
            raise _Dropped

    def _until_stopped(self, keys: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in keys:
            if self._stopped.is_set():
                raise _Dropped
            yield batch
