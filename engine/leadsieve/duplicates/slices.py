"""Duplicates where the numbers do not fit into memory: compared slice by slice of the key space, on the disk.

The rows of a run are read twice. The first time their numbers are put aside, those of one slice together; then each
slice is compared by itself, with the contacts of the same slice; and the second time each row finds what it collides
with. Every number is in one slice only, so the result is that of comparing all at once.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import numpy as np
import numpy.typing as npt

from leadsieve.config import Scope
from leadsieve.duplicates.finder import Found, Ordinals, find_tags
from leadsieve.duplicates.held import CONTACT_BYTES, Contacts
from leadsieve.duplicates.spill import PARTITIONS, Spill
from leadsieve.exceptions import SourceError
from leadsieve.keyset import Keys, Part, mix

#: A contact's tag is told from a row's ordinal by this bit.
_CONTACT = np.uint64(1 << 63)
_MOST_BITS = PARTITIONS.bit_length() - 1


class Slices:
    """Finds with a slice of the numbers in memory at a time; a context manager.

    Every row is given to `add`, then `settle` is called, and then every row is asked for by `find`.

    Args:
        scope: What a number must not repeat; not "none".
        contacts: What campaigns hold; None where no campaign counts.
        folder: A private folder on a disk with room for 16 to 32 bytes a row.
        memory: About the bytes that a slice may take.
    """

    def __init__(self, scope: Scope, contacts: Contacts | None, folder: Path, memory: int) -> None:
        self._scope, self._contacts, self._memory = scope, contacts, memory
        with ExitStack() as spills:
            self._rows = spills.enter_context(Spill(folder, memory // 4))
            self._answers = spills.enter_context(Spill(folder, memory // 4))
            self._spills = spills.pop_all()
        self._last = self._asked = self._told = 0
        self._bucket, self._loaded = -1, (np.zeros(0, np.uint64), np.zeros(0, np.uint64))

    def __enter__(self) -> Slices:
        return self

    def __exit__(self, *_: object) -> None:
        self._spills.close()

    def add(self, keys: Keys, ordinals: Keys) -> None:
        """Put the next rows aside."""
        self._rows.add((mix(keys) % np.uint64(PARTITIONS)).astype(np.uint8), keys, ordinals)
        if len(ordinals):
            self._last = int(ordinals[-1])

    def settle(self, ordinals: Ordinals) -> None:
        """Compare all rows that were put aside."""
        held = 0 if self._contacts is None else self._contacts.total() * CONTACT_BYTES
        bits = min(_MOST_BITS, (held // max(1, self._memory)).bit_length())
        for value in range(1 << bits):
            contacts = None if self._contacts is None else self._contacts.load(Part(bits, value))
            for part in range(value, PARTITIONS, 1 << bits):
                keys, own = self._rows.read(part)
                groups = ordinals.files(own) if self._scope == "file" else np.zeros(len(own), np.int64)
                owners = _first(keys, groups, own)
                tags = find_tags(contacts, keys, owners == own)
                answers = np.where(tags < 0, owners, tags.view(np.uint64) | _CONTACT)
                told = np.flatnonzero(answers != own)
                self._answers.add(self._bucket_of(own[told]), own[told], answers[told])

    def find(self, file: int, keys: Keys, ordinals: Keys) -> Found:  # noqa: ARG002 - as every finder is asked
        """Find what the next rows collide with; see `Finder.find`.

        Raises:
            SourceError: They are not the rows that were put aside.
        """
        owners, tags = ordinals.copy(), np.full(len(ordinals), -1, np.int64)
        self._asked += len(ordinals)
        if len(ordinals):
            first, last = self._bucket_of(ordinals[[0, -1]]).tolist()
            for bucket in range(first, last + 1):
                rows, answers = self._load(bucket)
                here = slice(*np.searchsorted(rows, ordinals[[0, -1]] + np.array([0, 1], np.uint64)).tolist())
                at = np.minimum(np.searchsorted(ordinals, rows[here]), len(ordinals) - 1)
                self._told += int((ordinals[at] == rows[here]).sum())
                contact = answers[here] >= _CONTACT
                owners[at[~contact]] = answers[here][~contact]
                tags[at[contact]] = (answers[here][contact] ^ _CONTACT).view(np.int64)
        return Found(owners, tags)

    def finish(self) -> None:
        """Make sure that every row was asked for that was put aside.

        Raises:
            SourceError: It was not.
        """
        if self._asked != self._rows.count or self._told != self._answers.count:
            raise SourceError(
                "the sources gave other rows when they were read the second time; do not change them during a run, "
                "and run again",
                "source_changed",
            )

    def _load(self, bucket: int) -> tuple[Keys, Keys]:
        """Return the answers of a bucket of rows, in row order."""
        if bucket != self._bucket:
            rows, answers = self._answers.read(bucket)
            order = np.argsort(rows)
            self._bucket, self._loaded = bucket, (rows[order], answers[order])
        return self._loaded

    def _bucket_of(self, ordinals: Keys) -> npt.NDArray[np.uint8]:
        share = (ordinals - np.uint64(1)) * np.uint64(PARTITIONS) // np.uint64(max(1, self._last))
        buckets: npt.NDArray[np.uint8] = np.minimum(share, PARTITIONS - 1).astype(np.uint8)
        return buckets


def _first(keys: Keys, groups: npt.NDArray[np.int64], ordinals: Keys) -> Keys:
    """Return for each row the ordinal of the first with the same key in the same group."""
    if not len(keys):
        return ordinals
    order = np.lexsort((keys, groups))  # stable, so that equal ones stay in row order
    new = np.ones(len(keys), np.bool_)
    new[1:] = (np.diff(keys[order]) != 0) | (np.diff(groups[order]) != 0)
    starts = np.flatnonzero(new)
    owners = np.empty_like(ordinals)
    owners[order] = np.repeat(ordinals[order][starts], np.diff(np.append(starts, len(keys))))
    return owners
