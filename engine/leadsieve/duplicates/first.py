"""The first row of every number of a run: a table that grows without ever being copied as a whole."""

from __future__ import annotations

import math
import mmap
import threading
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from leadsieve.keyset import Keys, use_kernel

#: About what a number takes in the table, in bytes.
ROW_BYTES = 20
#: About what a number takes in a plain dictionary, in bytes.
_ENTRY_BYTES = 200
#: So many places for each number that is expected leave one in five free.
_PLACES_A_NUMBER = 5 / 4
#: Lines that a partition of the table begins with.
_FIRST_LINES = 13
#: A table of fewer bytes is not worth a thread.
_LEAST_BYTES = 16 << 20
#: Of the numbers that are expected, so many in ten are sure enough to come.
_SURE = 9


class Outgrown(Exception):
    """The numbers do not fit into the memory that they may take."""


class Prefetched:
    """Memory for a table, which a thread of its own fetches from the system while the run is prepared.

    Memory that no process has touched yet is cleared, and on many machines found, when it is touched: for ten million
    numbers that takes up to a third of a second, in which no other chunk could be dealt with.

    Args:
        memory: Bytes that the table may take.
        expected: About how many numbers will come.
    """

    def __init__(self, memory: int, expected: int) -> None:
        self._memory: mmap.mmap | None = None
        if expected * ROW_BYTES < _LEAST_BYTES:
            return
        from leadsieve.keykernel import LINE_BYTES, PARTITIONS

        most = _most_lines(memory)
        packed = PARTITIONS * LINE_BYTES * _packed_lines(most, expected * _SURE // 10)
        if packed:
            self._memory = _pages(PARTITIONS * most * LINE_BYTES)
            _prefer_large(self._memory, packed)
            self._thread = threading.Thread(
                target=_touch, args=(self._memory, packed), name="leadsieve-memory", daemon=True
            )
            self._thread.start()

    def take(self) -> mmap.mmap | None:
        """Wait for the memory, and give it away; None where it was given away, or none was worth fetching."""
        memory, self._memory = self._memory, None
        if memory is not None:
            self._thread.join()
        return memory


@dataclass(slots=True)
class _Table:
    """A table of partitions, in memory that is taken page by page as it is touched.

    All partitions of a table whose size is known stand close together, in large pages: every key touches another
    page. One that needs more slots after all is moved to where it can grow in place.

    Attributes:
        most: Lines (see `keykernel.LINE_KEYS`) that a partition may come to have.
        expected: Numbers that are expected; more and fewer may come.
        memory: Memory that is there already, all zeros; None where there is none.
    """

    most: int
    expected: int
    memory: mmap.mmap | None = None
    packed: int = field(init=False)
    words: Keys = field(init=False)
    halves: npt.NDArray[np.uint32] = field(init=False)
    bases: npt.NDArray[np.int64] = field(init=False)
    capacities: npt.NDArray[np.int64] = field(init=False)
    counts: npt.NDArray[np.int64] = field(init=False)
    scratch: Keys = field(init=False)
    block: Keys = field(init=False)

    def __post_init__(self) -> None:
        from leadsieve.keykernel import BLOCK, LINE_BYTES, PARTITIONS

        first = _first_lines(self.most, self.expected)
        self.packed = _packed_lines(self.most, self.expected)
        memory, size = self.memory, PARTITIONS * self.most * LINE_BYTES
        if memory is None or not self.packed or len(memory) < size:
            memory = _pages(size)
        _prefer_large(memory, PARTITIONS * self.packed * LINE_BYTES)
        self.words, self.halves = np.frombuffer(memory, np.uint64), np.frombuffer(memory, np.uint32)
        self.most -= self.packed
        self.bases = np.arange(PARTITIONS, dtype=np.int64) * (self.packed or self.most)
        self.capacities = np.full(PARTITIONS, first, np.int64)
        self.counts = np.zeros(PARTITIONS, np.int64)
        self.scratch = np.empty(self.most * LINE_BYTES // 8, np.uint64)
        self.block = np.empty(BLOCK, np.uint64)

    @property
    def nbytes(self) -> int:
        """Memory of the lines so far, with what the largest partition needs to grow."""
        from leadsieve.keykernel import LINE_BYTES

        left = self.packed * int(np.count_nonzero(self.capacities > self.packed)) if self.packed else 0
        return (int(self.capacities.sum()) + int(self.capacities.max()) + left) * LINE_BYTES

    def claim(self, keys: Keys, ordinals: Keys) -> Keys:
        """Do what `FirstRows.claim` does."""
        from leadsieve.keykernel import claim_keys

        owners = np.empty(len(keys), np.uint64)
        done = claim_keys(
            np.ascontiguousarray(keys),
            np.ascontiguousarray(ordinals),
            self.words,
            self.halves,
            len(self.bases) * self.packed,
            self.most,
            self.bases,
            self.capacities,
            self.counts,
            self.scratch,
            self.block,
            owners,
        )
        if done < len(keys):
            raise Outgrown
        return owners


def _most_lines(memory: int) -> int:
    """Return how many lines each partition of a table in so many bytes may come to have."""
    from leadsieve.keykernel import LINE_BYTES, PARTITIONS

    # One partition more: the room in which a partition is moved while it grows.
    return memory // ((PARTITIONS + 1) * LINE_BYTES)


def _first_lines(most: int, expected: int) -> int:
    """Return how many lines each partition begins with."""
    from leadsieve.keykernel import LINE_KEYS, PARTITIONS

    return min(most, max(_FIRST_LINES, math.ceil(expected / PARTITIONS * _PLACES_A_NUMBER / LINE_KEYS)))


def _packed_lines(most: int, expected: int) -> int:
    """Return how many lines each partition has close to the others; 0 where there is no room to move them all.

    What they leave behind counts as taken.
    """
    first = _first_lines(most, expected)
    return first if first * 5 <= most * 2 else 0


def _pages(size: int) -> mmap.mmap:
    """Return memory that comes in small pages: in large ones a table would take much that it does not need."""
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        memory.madvise(mmap.MADV_NOHUGEPAGE)
    return memory


def _prefer_large(memory: mmap.mmap, packed: int) -> None:
    """Let the first bytes come in large pages, all of which are needed."""
    if packed and hasattr(mmap, "MADV_HUGEPAGE"):
        memory.madvise(mmap.MADV_HUGEPAGE, 0, packed)


def _touch(memory: mmap.mmap, size: int) -> None:
    np.frombuffer(memory, np.uint8, size)[:: mmap.PAGESIZE] = 0  # without the interpreter's lock


class FirstRows:
    """The first row of every number seen so far, exact and first-wins, in 14 to 22 bytes a number.

    Args:
        memory: Bytes that it may take.
        expected: About how many numbers will come; it spares growing step by step.
        prefetched: Memory for the table, where some was fetched.
    """

    def __init__(self, memory: int, expected: int = 0, prefetched: Prefetched | None = None) -> None:
        self._memory, self._expected, self._prefetched = memory, expected, prefetched
        self._few: dict[int, int] = {}
        self._table: _Table | None = None

    @property
    def nbytes(self) -> int:
        """About the memory that it takes."""
        return len(self._few) * _ENTRY_BYTES if self._table is None else self._table.nbytes

    def claim(self, keys: Keys, ordinals: Keys) -> Keys:
        """Record the numbers that are new, and tell for each row which row came first.

        Args:
            keys: The numbers of the rows, in row order.
            ordinals: For each row a number of its own, from 1 to 2**42 - 1.

        Returns:
            For each row the ordinal of the first row with its number: its own where it is the first.

        Raises:
            Outgrown: They do not fit. What was recorded is then undefined.
        """
        if self._table is None and use_kernel(len(self._few) + len(keys)):
            self._table = self._tabled()
        if self._table is not None:
            return self._table.claim(keys, ordinals)
        known = self._few
        owners = [known.setdefault(key, own) for key, own in zip(keys.tolist(), ordinals.tolist(), strict=True)]
        if self.nbytes > self._memory:
            raise Outgrown
        return np.array(owners, np.uint64)

    def _tabled(self) -> _Table:
        """Move what is known into a table."""
        most = _most_lines(self._memory)
        if not most:
            raise Outgrown
        table = _Table(most, self._expected, None if self._prefetched is None else self._prefetched.take())
        table.claim(np.array(list(self._few), np.uint64), np.array(list(self._few.values()), np.uint64))
        self._few = {}
        return table
