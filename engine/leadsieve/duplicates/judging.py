"""The duplicates of a run's chunks as findings, in order."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt

from leadsieve.duplicates.finder import Finder, Ordinals
from leadsieve.duplicates.held import Contacts
from leadsieve.kernel import Verdicts
from leadsieve.keyset import Keys
from leadsieve_rules.findings import Finding


class Duplicates:
    """Judges the duplicates of a run's chunks, which must come in order.

    Args:
        finder: Finds what rows collide with; None where no row can.
        ordinals: Numbers the rows through all sources.
        contacts: What campaigns hold; None where no campaign counts.

    Attributes:
        collided: For each campaign run that rows collided with, by its `seq`, how many rows.
    """

    def __init__(self, finder: Finder | None, ordinals: Ordinals, contacts: Contacts | None) -> None:
        self._finder, self._ordinals, self._contacts = finder, ordinals, contacts
        self.collided: Counter[int] = Counter()

    def judge(self, verdicts: Verdicts) -> tuple[Verdicts, Keys]:
        """Add the duplicates of the next chunk to its verdicts.

        Returns:
            The verdicts, and the keys of the rows that are accepted, in row order.
        """
        good, keys = candidates(verdicts)
        if self._finder is None:
            return verdicts, keys
        judged = verdicts.adding(self._findings(verdicts, good, keys, self._finder))
        return judged, keys[judged.causes[good] == 0]

    def _findings(self, verdicts: Verdicts, good: npt.NDArray[np.int64], keys: Keys, finder: Finder) -> list[Finding]:
        file = verdicts.chunk.file
        ordinals = self._ordinals.of(file, row_numbers(verdicts, good))
        found = finder.find(file, keys, ordinals)
        again = np.flatnonzero(found.owners != ordinals)
        owners = found.owners[again]
        same_file = self._ordinals.files(owners) == file
        findings: list[Finding] = []
        for code, where in (("duplicate_in_file", same_file), ("duplicate_in_run", ~same_file)):
            if where.any():
                named = self._ordinals.describe(owners[where])
                findings += verdicts.phone_findings(code, good[again[where]], named)
        hit = np.flatnonzero(found.tags >= 0)
        if self._contacts is not None and len(hit):
            tags = found.tags[hit]
            self.collided += self._contacts.count(tags)
            findings += verdicts.phone_findings("duplicate_in_campaign", good[hit], self._contacts.describe(tags))
        return findings


def candidates(verdicts: Verdicts) -> tuple[npt.NDArray[np.int64], Keys]:
    """Return the rows of a chunk that no reason rejects so far, and their numbers."""
    good = np.flatnonzero(verdicts.causes == 0)
    return good, verdicts.phones.keys[good]


def row_numbers(verdicts: Verdicts, good: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return the row numbers of some rows of a chunk; `to_numpy` would import pandas."""
    rows = verdicts.chunk.rows
    if not len(rows):
        return np.zeros(0, np.int64)
    return np.frombuffer(rows.buffers()[1], np.int64, len(rows), rows.offset * 8)[good]
