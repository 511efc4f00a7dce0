"""The first row of every number of a run: a table that grows without ever being copied as a whole."""

from __future__ import annotations

import math
import mmap
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


class Outgrown(Exception):
    """The numbers do not fit into the memory that they may take."""


@dataclass(slots=True)
class _Table:
    """A table of partitions, in memory that is taken page by page as it is touched.

    All partitions of a table whose size is known stand close together, in large pages: every key touches another
    page. One that needs more slots after all is moved to where it can grow in place.

    Attributes:
        most: Lines (see `keykernel.LINE_KEYS`) that a partition may come to have.
        expected: Numbers that are expected; more and fewer may come.
    """

    most: int
    expected: int
    packed: int = field(init=False)
    words: Keys = field(init=False)
    halves: npt.NDArray[np.uint32] = field(init=False)
    bases: npt.NDArray[np.int64] = field(init=False)
    capacities: npt.NDArray[np.int64] = field(init=False)
    counts: npt.NDArray[np.int64] = field(init=False)
    scratch: Keys = field(init=False)
    block: Keys = field(init=False)

    def __post_init__(self) -> None:
        from leadsieve.keykernel import BLOCK, LINE_BYTES, LINE_KEYS, PARTITIONS

        expected = math.ceil(self.expected / PARTITIONS * _PLACES_A_NUMBER / LINE_KEYS)
        first = min(self.most, max(_FIRST_LINES, expected))
        # Where there is room to move them all; what they leave behind counts as taken.
        self.packed = first if first * 5 <= self.most * 2 else 0
        memory = _pages(PARTITIONS * self.most * LINE_BYTES, PARTITIONS * self.packed * LINE_BYTES)
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


def _pages(size: int, packed: int) -> mmap.mmap:
    """Return memory of which the first bytes may come in large pages; elsewhere these would take what is not needed."""
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        memory.madvise(mmap.MADV_NOHUGEPAGE)
        if packed:
            memory.madvise(mmap.MADV_HUGEPAGE, 0, packed)
    return memory


class FirstRows:
    """The first row of every number seen so far, exact and first-wins, in 14 to 22 bytes a number.

    Args:
        memory: Bytes that it may take.
        expected: About how many numbers will come; it spares growing step by step.
    """

    def __init__(self, memory: int, expected: int = 0) -> None:
        self._memory, self._expected = memory, expected
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
        from leadsieve.keykernel import LINE_BYTES, PARTITIONS

        # One partition more: the room in which a partition is moved while it grows.
        most = self._memory // ((PARTITIONS + 1) * LINE_BYTES)
        if not most:
            raise Outgrown
        table = _Table(most, self._expected)
        table.claim(np.array(list(self._few), np.uint64), np.array(list(self._few.values()), np.uint64))
        self._few = {}
        return table
