"""Who was first: the question that every way of finding duplicates answers for the rows of a run, chunk by chunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve.config import Scope
from leadsieve.duplicates.first import FirstRows, Outgrown, Prefetched
from leadsieve.keyset import Keys, KeySet, Positions
from leadsieve_connectors.sources.arrays import int64_array, string_array


@dataclass(frozen=True, slots=True)
class Found:
    """What the rows of a chunk collide with.

    Attributes:
        owners: uint64, one a row: the ordinal of the first row with its number; its own where it is the first.
        tags: int64, one a row: the tag of the contact with its number, or -1; always -1 where it is not the first.
    """

    owners: Keys
    tags: Positions


class Finder(Protocol):
    """Finds what the rows of a run collide with; asked in their order."""

    def find(self, file: int, keys: Keys, ordinals: Keys) -> Found:
        """Find what the next rows collide with.

        Args:
            file: Ordinal of their source.
            keys: Their numbers.
            ordinals: For each row a number of its own, from 1, increasing.
        """
        ...


class InMemory:
    """Finds with all numbers in memory.

    Args:
        scope: What a number must not repeat; not "none".
        contacts: The numbers that campaigns hold; None where no campaign counts.
        memory: Bytes that all of it may take.
        expected: About how many rows will come.
        prefetched: Memory for the first rows, where some was fetched.
    """

    def __init__(
        self,
        scope: Scope,
        contacts: KeySet | None,
        memory: int,
        expected: int,
        prefetched: Prefetched | None = None,
    ) -> None:
        self._scope, self._contacts = scope, contacts
        self._memory = memory - (0 if contacts is None else contacts.nbytes)
        # Files may be many and of any size, so what is expected of all is not expected of each.
        self._first, self._file = FirstRows(self._memory, 0 if scope == "file" else expected, prefetched), 0

    def find(self, file: int, keys: Keys, ordinals: Keys) -> Found:
        """Find what the next rows collide with; see `Finder.find`.

        Raises:
            Outgrown: The numbers do not fit.
        """
        if self._memory < 0:
            raise Outgrown
        if self._scope == "file" and file != self._file:
            self._first, self._file = FirstRows(self._memory), file
        owners = self._first.claim(keys, ordinals)
        return Found(owners, find_tags(self._contacts, keys, owners == ordinals))


def find_tags(contacts: KeySet | None, keys: Keys, first: npt.NDArray[np.bool_]) -> Positions:
    """Return the tag of each first row's contact, and -1 for the other rows."""
    tags = np.full(len(keys), -1, np.int64)
    if contacts is not None:
        tags[first] = contacts.find_tags(keys[first])
    return tags


class Ordinals:
    """Numbers the rows of a run through all its sources, in order.

    Args:
        names: The sources' names by ordinal.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names, self._bases, self._last = names, [0], 0

    def of(self, file: int, rows: Positions) -> Keys:
        """Return the ordinals of rows, which must come in order: file by file, and within a file upwards."""
        while len(self._bases) <= file:
            self._bases.append(self._last)
        if len(rows):
            self._last = self._bases[file] + int(rows[-1])
        return (rows + self._bases[file]).view(np.uint64)

    def files(self, ordinals: Keys) -> Positions:
        """Return the file of each row."""
        return np.searchsorted(np.array(self._bases), ordinals.view(np.int64), side="left") - 1

    def describe(self, ordinals: Keys) -> pa.Array:
        """Say for each row in which file and row it stands."""
        files = self.files(ordinals)
        rows = int64_array(ordinals.view(np.int64) - np.array(self._bases)[files]).cast(pa.string())
        names = string_array(self._names).take(int64_array(files))
        return pc.binary_join_element_wise(names, rows, ", row ")
