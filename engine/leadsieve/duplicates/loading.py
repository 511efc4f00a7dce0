"""The contacts of campaigns, loaded by a thread of their own while the run is prepared and its first rows are read."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial

import pyarrow as pa

from leadsieve.duplicates.held import CONTACT_BYTES, Contacts
from leadsieve.keyset import KeySet

#: Sources of fewer bytes may have so few rows that the state is only asked for their numbers.
_LEAST_BYTES = 64 << 20
#: To load a contact costs as much as to clean about a byte: a load must be a small part of the run.
_BYTES_A_CONTACT = 8
#: Of the memory for numbers, contacts may take one part in so many before it is known how many rows there are.
_MEMORY_SHARE = 4


class _Stopped(Exception):
    """Nobody waits for the contacts any more."""


class Loading:
    """A load of all contacts that count, which has begun; used as a block, after which nothing is read any more.

    Args:
        contacts: What campaigns hold; its `read` is called in a thread of its own.
    """

    def __init__(self, contacts: Contacts) -> None:
        self._stopped = threading.Event()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="leadsieve-contacts")
        stoppable = replace(contacts, read=partial(self._read, contacts.read))
        self._found: Future[KeySet] | None = self._pool.submit(stoppable.load)

    def __enter__(self) -> Loading:
        return self

    def __exit__(self, *raised: object) -> None:
        self._stopped.set()
        self._found = None
        self._pool.shutdown()

    def ended(self) -> bool:
        """Tell whether `take` would not have to wait."""
        return self._found is None or self._found.done()

    def take(self) -> KeySet | None:
        """Wait for the contacts, and give them away; None where they were given away, or the block has ended.

        Raises:
            StateError: They cannot be read.
        """
        found, self._found = self._found, None
        return None if found is None else found.result()

    def _read(self, read: Callable[[], Iterable[pa.RecordBatch]]) -> Iterator[pa.RecordBatch]:
        for batch in read():
            if self._stopped.is_set():
                raise _Stopped
            yield batch


def pays_ahead(contacts: Contacts, nbytes: int, memory: int) -> bool:
    """Tell whether contacts are worth loading before it is known how many rows there are.

    Args:
        contacts: What campaigns hold.
        nbytes: Bytes of the sources.
        memory: Bytes that numbers may take.
    """
    if nbytes < _LEAST_BYTES:
        return False
    total = contacts.total()
    return total * _BYTES_A_CONTACT <= nbytes and total * CONTACT_BYTES * _MEMORY_SHARE <= memory
