"""What campaigns hold already: which contacts count, loaded whole, in part, or only those that a run asks for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from leadsieve.keyset import WHOLE, Keys, KeySet, Part, Positions
from leadsieve_connectors.campaigns import STATUSES
from leadsieve_connectors.sources.arrays import int64_array, string_array

_Number = TypeVar("_Number", bound=np.generic)

#: About what a loaded contact takes, in bytes.
CONTACT_BYTES = 10
#: The tag of a contact that does not count.
_UNCOUNTED = -1


@dataclass(frozen=True, slots=True)
class Held:
    """A campaign whose contacts count.

    Attributes:
        campaign: Its name.
        runs: The id of each of its runs by `seq`; contacts of other runs do not count.
        uncounted: Nor do its contacts in these statuses: the run deletes them before it imports.
    """

    campaign: str
    runs: Mapping[int, str]
    uncounted: Collection[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contacts:
    """The contacts of campaigns, not loaded yet; once loaded, each is told by its tag: its run and its status.

    Attributes:
        held: The campaigns; of several contacts with one number, the first of the first campaign is the one to name.
        total: Counts how many contacts there are, at most.
        read: Reads all of them from the start, each time that it is called: record batches in any order with `key`
            uint64, `run_seq` int32 and `status`, a dictionary of strings; and, where `after` is given, `since`, a
            timestamp in UTC.
        lookup: Reads those with certain keys, likewise.
        statuses: Contacts in another status do not count, whatever their campaign.
        after: Nor do contacts that got their status at this time or before it; None: however long ago.
    """

    held: Sequence[Held]
    total: Callable[[], int]
    read: Callable[[], Iterable[pa.RecordBatch]]
    lookup: Callable[[Keys], Iterable[pa.RecordBatch]]
    statuses: Collection[str]
    after: datetime | None = None

    def load(self, part: Part = WHOLE) -> KeySet:
        """Load all contacts that count, or those of a part of the key space."""
        return self._load(self.read, self.total(), part)

    def only(self, keys: Keys) -> KeySet:
        """Load the contacts that count and have one of these keys."""
        batches = list(self.lookup(np.unique(keys)))
        return self._load(lambda: batches, sum(batch.num_rows for batch in batches), WHOLE)

    def describe(self, tags: Positions) -> pa.Array:
        """Say for each contact in which campaign, run and status it stands."""
        distinct, rows = np.unique(tags, return_inverse=True)
        origins, told = self._origins(), []
        for tag in distinct.tolist():
            place, seq = origins[tag // len(STATUSES)]
            told.append(f"campaign {self.held[place].campaign}, run {self.held[place].runs[seq]}, {_status(tag)}")
        return string_array(told).take(int64_array(rows.reshape(-1).astype(np.int64)))

    def count(self, tags: Positions) -> Counter[int]:
        """Count the contacts by the `seq` of their runs."""
        runs, counts = np.unique(tags // len(STATUSES), return_counts=True)
        origins = self._origins()
        return Counter({origins[run][1]: count for run, count in zip(runs.tolist(), counts.tolist(), strict=True)})

    def _origins(self) -> list[tuple[int, int]]:
        """Return the place of the campaign and the `seq` of each run, in the order in which they are to be named."""
        return [(place, seq) for place, one in enumerate(self.held) for seq in sorted(one.runs)]

    def _load(self, read: Callable[[], Iterable[pa.RecordBatch]], most: int, part: Part) -> KeySet:
        origins = self._origins()
        # A row of tags, by status, for each `seq`; the last for every run that does not count.
        table = np.full((max((seq for _, seq in origins), default=0) + 2, len(STATUSES)), _UNCOUNTED, np.int64)
        for rank, (place, seq) in enumerate(origins):
            for code, status in enumerate(STATUSES):
                if status in self.statuses and status not in self.held[place].uncounted:
                    table[seq, code] = rank * len(STATUSES) + code
        tags = len(origins) * len(STATUSES) or 1
        return KeySet.read(lambda: (self._tagged(batch, table) for batch in read()), most=most, tags=tags, part=part)

    def _tagged(self, batch: pa.RecordBatch, table: npt.NDArray[np.int64]) -> tuple[Keys, Keys]:
        """Take the contacts of a batch that count, each with its tag."""
        status = batch.column("status")
        codes = np.array([STATUSES.index(name) for name in status.dictionary.to_pylist()], np.int64)
        keys = _values(batch.column("key"), np.uint64)
        runs = np.minimum(_alike(_values(batch.column("run_seq"), np.int32)), len(table) - 1)
        tags = table[runs, codes[_alike(_values(status.indices, np.int8))]]
        counts = np.broadcast_to(tags >= 0, len(keys))
        if self.after is not None:
            since = batch.column("since").cast(pa.timestamp("us")).cast(pa.int64())
            counts = counts & (_values(since, np.int64) > _microseconds(self.after))
        given = np.broadcast_to(tags.view(np.uint64), len(keys))
        return (keys, given) if counts.all() else (keys[counts], given[counts])


def _alike(values: npt.NDArray[_Number]) -> npt.NDArray[_Number]:
    """Return one value alone where it is the same for all.

    Contacts stand as they were imported, so most batches are of one run and one status.
    """
    first = values[:1]
    return first if (values == first).all() else values


def _status(tag: int) -> str:
    return STATUSES[tag % len(STATUSES)]


def _values(array: pa.Array, kind: type[_Number]) -> npt.NDArray[_Number]:
    """Return the values of an array without nulls; `to_numpy` would import pandas."""
    if not len(array):
        return np.zeros(0, kind)
    return np.frombuffer(array.buffers()[1], kind, len(array), array.offset * np.dtype(kind).itemsize)


def _microseconds(when: datetime) -> int:
    return (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
