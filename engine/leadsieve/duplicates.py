"""Duplicates: the first row of a number wins, within the run and then against the campaign.

Judged last, in order, and only among rows that no other reason rejects: a rejected row never shadows a later good
one. The first row of a number in the run is judged against the campaign; later ones collide with that first row,
whether it was accepted or not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve.config import Scope
from leadsieve.kernel import Verdicts
from leadsieve_connectors.campaigns import STATUSES
from leadsieve_rules.findings import Finding

_Keys = npt.NDArray[np.uint64]
_ROW_BITS = np.uint64(40)


class FirstRows:
    """The first row of every number seen so far, exact and first-wins.

    Keys are kept in sorted runs of doubling sizes, so that adding and finding cost a few binary searches a number and
    memory stays at 16 bytes a number.
    """

    def __init__(self) -> None:
        self._runs: list[tuple[_Keys, _Keys]] = []

    def claim(self, keys: _Keys, refs: _Keys) -> _Keys:
        """Record the numbers that are new, and tell for each row which row came first.

        Args:
            keys: The numbers of the rows, in row order.
            refs: A non-zero reference for each row.

        Returns:
            For each row the reference of the first row with its number: its own where it is the first.
        """
        unique, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
        owners = np.zeros(len(unique), np.uint64)
        for run_keys, run_refs in self._runs:
            at = np.minimum(np.searchsorted(run_keys, unique), len(run_keys) - 1)
            found = run_keys[at] == unique
            owners[found] = run_refs[at[found]]
        new = owners == 0
        owners[new] = refs[first[new]]
        self._add(unique[new], owners[new])
        return owners[inverse]

    def _add(self, keys: _Keys, refs: _Keys) -> None:
        if not len(keys):
            return
        while self._runs and len(self._runs[-1][0]) <= 2 * len(keys):
            older_keys, older_refs = self._runs.pop()
            keys, refs = np.concatenate([older_keys, keys]), np.concatenate([older_refs, refs])
            order = np.argsort(keys, kind="stable")
            keys, refs = keys[order], refs[order]
        self._runs.append((keys, refs))


@dataclass(frozen=True, slots=True)
class Held:
    """The contacts of one campaign, as its state gives them.

    Attributes:
        campaign: The campaign's name.
        batches: Record batches with `key` uint64, `run_seq` int32 and `status`, a dictionary of strings.
        runs: The id of each run by its `seq`; contacts of other runs do not count.
    """

    campaign: str
    batches: Iterable[pa.RecordBatch]
    runs: Mapping[int, str]


class CampaignKeys:
    """The numbers that campaigns hold, for looking up.

    Args:
        held: The contacts of each campaign that counts.
        statuses: Contacts in another status do not count.
    """

    def __init__(self, held: Sequence[Held], statuses: Collection[str]) -> None:
        self._held = list(held)
        pieces = [_columns(place, one, batch, statuses) for place, one in enumerate(held) for batch in one.batches]
        keys, places, runs, marks = (np.concatenate(column) for column in zip(_EMPTY, *pieces, strict=True))
        # Of several contacts with one number, the first of the first campaign is the one to name.
        order = np.lexsort((runs, places, keys))
        self._keys: _Keys = keys[order]
        self._places, self._runs, self._statuses = places[order], runs[order], marks[order]

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, keys: _Keys) -> npt.NDArray[np.int64]:
        """Return for each key the position of its contact, or -1."""
        if not len(self._keys):
            return np.full(len(keys), -1, np.int64)
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        return np.where(self._keys[at] == keys, at, -1)

    def describe(self, positions: npt.NDArray[np.int64]) -> pa.Array:
        """Say for each contact in which campaign, run and status it stands."""
        origins = np.column_stack([column[positions] for column in (self._places, self._runs, self._statuses)])
        distinct, rows = np.unique(origins.astype(np.int64), axis=0, return_inverse=True)
        told = []
        for place, run, status in distinct.tolist():
            held = self._held[place]
            told.append(f"campaign {held.campaign}, run {held.runs[run]}, {STATUSES[status]}")
        return pa.array(told, pa.string()).take(pa.array(rows.reshape(-1).astype(np.int64)))


_Columns = tuple[_Keys, npt.NDArray[np.int16], npt.NDArray[np.int32], npt.NDArray[np.int8]]
_EMPTY: _Columns = (np.zeros(0, np.uint64), np.zeros(0, np.int16), np.zeros(0, np.int32), np.zeros(0, np.int8))


def _columns(place: int, held: Held, batch: pa.RecordBatch, statuses: Collection[str]) -> _Columns:
    """Take the contacts of a batch that count, as plain arrays."""
    status = batch.column("status")
    names = status.dictionary.to_pylist()
    codes = np.array([STATUSES.index(name) for name in names], np.int8)[status.indices.to_numpy()]
    runs = batch.column("run_seq").to_numpy()
    counts = np.array([name in statuses for name in STATUSES])[codes] & np.isin(runs, list(held.runs))
    keys = batch.column("key").to_numpy()[counts]
    return keys, np.full(len(keys), place, np.int16), runs[counts], codes[counts]


class Duplicates:
    """Judges the duplicates of a run's chunks, which must come in order.

    Args:
        scope: What a number must not repeat: nothing, its file, the run, or the run and a campaign.
        names: The sources' names by ordinal.
        campaign: The numbers that campaigns hold; None where no campaign counts.
    """

    def __init__(self, scope: Scope, names: Sequence[str], campaign: CampaignKeys | None) -> None:
        self._scope, self._names, self._campaign = scope, names, campaign
        self._first, self._file = FirstRows(), 0

    def judge(self, verdicts: Verdicts) -> tuple[Verdicts, _Keys]:
        """Add the duplicates of the next chunk to its verdicts.

        Returns:
            The verdicts, and the keys of the rows that are accepted, in row order.
        """
        good = np.flatnonzero(verdicts.causes == 0)
        keys = verdicts.phones.keys[good]
        findings: list[Finding] = []
        if self._scope != "none":
            findings = self._judge(verdicts, good, keys)
        judged = verdicts.adding(findings)
        return judged, keys[judged.causes[good] == 0]

    def _judge(self, verdicts: Verdicts, good: npt.NDArray[np.int64], keys: _Keys) -> list[Finding]:
        file = verdicts.chunk.file
        if self._scope == "file" and file != self._file:
            self._first, self._file = FirstRows(), file
        rows = verdicts.chunk.rows.to_numpy()[good].astype(np.uint64)
        refs = (np.uint64(file + 1) << _ROW_BITS) | rows
        owners = self._first.claim(keys, refs)
        again = owners != refs
        same_file = (owners >> _ROW_BITS) == np.uint64(file + 1)
        findings: list[Finding] = []
        for code, where in (("duplicate_in_file", again & same_file), ("duplicate_in_run", again & ~same_file)):
            findings += verdicts.phone_findings(code, good[where], self._rows(owners[where]))
        if self._campaign is not None:
            at = self._campaign.find(keys[~again])
            hit = at >= 0
            collides = self._campaign.describe(at[hit])
            findings += verdicts.phone_findings("duplicate_in_campaign", good[~again][hit], collides)
        return findings

    def _rows(self, refs: _Keys) -> pa.Array:
        """Say for each reference in which file and row it stands."""
        files = (refs >> _ROW_BITS).astype(np.int64) - 1
        rows = pa.array((refs & np.uint64((1 << 40) - 1)).astype(np.int64)).cast(pa.string())
        names = pa.array(list(self._names), pa.string()).take(pa.array(files))
        return pc.binary_join_element_wise(names, rows, ", row ")
