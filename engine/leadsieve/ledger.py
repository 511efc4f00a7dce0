"""The ledger: the counts behind every answer; each row is counted once, under its first cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from leadsieve.kernel import Verdicts, fault_reason, rejects
from leadsieve_rules.findings import Finding
from leadsieve_rules.reasons import GROUPS, REASONS

#: Rows that are named of each reason and detail.
FIRST = 3
_CODES = tuple(REASONS)
_ORDER = {code: order for order, code in enumerate(_CODES)}
_Key = tuple[str, str | None]


def group_of(code: str) -> str:
    """Return the group under which rows are counted that a reason rejects."""
    # Only warnings have none, and they reject nothing unless a rule says so.
    return REASONS[code].group or "invalid_field"


@dataclass(slots=True)
class FileCount:
    """What became of the rows of one source; `rejected_file` names the rejected file that they stood in, if any."""

    name: str
    rows: int = 0
    accepted: int = 0
    rejected: int = 0
    blank_records: int = 0
    rejected_file: str | None = None


@dataclass(slots=True)
class Tally:
    """How many rows there are of one kind, and which are the first.

    Attributes:
        rows: The count.
        first: Ordinal of the file and row number of the first ones, in order.
    """

    rows: int = 0
    first: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class Ledger:
    """Counts of one run: `rows = accepted + rejected`, and `rejected` is the sum of the first causes.

    Attributes:
        files: Counts by source, in order.
        reasons: Rejected rows by first cause, in the order of the reasons table.
        warnings: Accepted rows by warning; a row may have several, but each once.
        faults: All findings that reject, by code and detail, not only first causes.
        causes: Rejected rows by first cause and its detail: each row once.
        warned: Accepted rows by warning and its detail: of each warning a row counts once, under its first detail.
        listed: Lines that the errors hold: every fault and warning, of accepted and rejected rows.
    """

    files: list[FileCount]
    reasons: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    faults: Counter[_Key] = field(default_factory=Counter)
    causes: dict[_Key, Tally] = field(default_factory=dict)
    warned: dict[_Key, Tally] = field(default_factory=dict)
    listed: int = 0

    @classmethod
    def of(cls, names: Sequence[str], rejected_files: Sequence[str | None] = ()) -> Ledger:
        """Open a ledger for sources by name, and by the rejected files in which their rows stand."""
        places = rejected_files or [None] * len(names)
        return cls([FileCount(name, rejected_file=place) for name, place in zip(names, places, strict=True)])

    @classmethod
    def of_dict(cls, values: Mapping[str, Any], listed: int) -> Ledger:
        """Read the counts that the proof needs back from what `to_dict` gave, and the lines that the errors hold."""
        files = [
            FileCount(
                f["lead_file"], f["rows"], f["accepted"], f["rejected"], f["blank_records"], f.get("rejected_file")
            )
            for f in values["files"]
        ]
        return cls(files, reasons=Counter(values["reasons"]), listed=listed)

    @property
    def rows(self) -> int:
        """Rows read."""
        return sum(f.rows for f in self.files)

    @property
    def accepted(self) -> int:
        """Rows accepted."""
        return sum(f.accepted for f in self.files)

    @property
    def rejected(self) -> int:
        """Rows rejected."""
        return sum(f.rejected for f in self.files)

    @property
    def judged_again(self) -> int:
        """Rows read from rejected files."""
        return sum(f.rows for f in self.files if f.rejected_file is not None)

    @property
    def corrected(self) -> int:
        """Rows of rejected files that are accepted now."""
        return sum(f.accepted for f in self.files if f.rejected_file is not None)

    @property
    def blank_records(self) -> int:
        """Records of empty cells only, which are not rows."""
        return sum(f.blank_records for f in self.files)

    @property
    def groups(self) -> dict[str, int]:
        """Rejected rows by ledger group; all eight are present."""
        counts = dict.fromkeys(GROUPS, 0)
        for code, count in self.reasons.items():
            counts[group_of(code)] += count
        return counts

    def add(self, verdicts: Verdicts) -> None:
        """Count a chunk's verdicts; the chunks come in order."""
        count = self.files[verdicts.chunk.file]
        rows = len(verdicts.causes) + len(verdicts.bad_causes)
        accepted = int(np.count_nonzero(verdicts.causes == 0))
        count.rows += rows
        count.accepted += accepted
        count.rejected += rows - accepted
        count.blank_records += verdicts.chunk.blank_records
        self.listed += verdicts.chunk.bad.num_rows + sum(len(finding.index) for finding in verdicts.findings)
        chunk = _Chunk(verdicts)
        self._add_faults(verdicts, chunk)
        self._add_warnings(verdicts, chunk)
        for found, tallies in ((chunk.causes, self.causes), (chunk.warned, self.warned)):
            for key, tally in found.items():
                _join(tallies.setdefault(key, Tally()), tally)

    def _add_faults(self, verdicts: Verdicts, chunk: _Chunk) -> None:
        # The lowest bit of each row's causes; it is taken off when the row is counted.
        first = verdicts.causes & (~verdicts.causes + np.uint64(1))
        for finding in verdicts.findings:
            if rejects(finding):
                self.faults[finding.code, finding.detail] += len(finding.index)
                index = finding.index[first[finding.index] == REASONS[finding.code].bit]
                first[index] = 0
                self.reasons[finding.code] += len(index)
                chunk.add(chunk.causes, finding, index)
        for fault, rows in _by_fault(verdicts.chunk.bad).items():
            key = fault_reason(fault)
            self.faults[key] += len(rows)
            self.reasons[key[0]] += len(rows)
            chunk.add_bad(key, rows)

    def _add_warnings(self, verdicts: Verdicts, chunk: _Chunk) -> None:
        accepted = verdicts.causes == 0
        counted: dict[str, npt.NDArray[np.bool_]] = {}
        for finding in verdicts.findings:
            if not rejects(finding):
                left = counted.setdefault(finding.code, accepted.copy())
                index = finding.index[left[finding.index]]
                left[index] = False
                self.warnings[finding.code] += len(index)
                chunk.add(chunk.warned, finding, index)

    def to_dict(self) -> dict[str, Any]:
        """Return the ledger as plain JSON values."""
        return {
            "rows": self.rows,
            "accepted": self.accepted,
            "rejected": self.rejected,
            "judged_again": self.judged_again,
            "corrected": self.corrected,
            "blank_records": self.blank_records,
            "groups": self.groups,
            "reasons": {code: self.reasons[code] for code in sorted(+self.reasons, key=_ORDER.__getitem__)},
            "causes": self._told(self.causes),
            "faults": [
                {"code": code, "detail": detail, "rows": self.faults[code, detail]}
                for code, detail in sorted(self.faults, key=_place)
            ],
            "warnings": {code: self.warnings[code] for code in sorted(+self.warnings, key=_ORDER.__getitem__)},
            "warned": self._told(self.warned),
            "files": [
                {
                    "lead_file": f.name,
                    "rows": f.rows,
                    "accepted": f.accepted,
                    "rejected": f.rejected,
                    "blank_records": f.blank_records,
                    "rejected_file": f.rejected_file,
                }
                for f in self.files
            ],
        }

    def _told(self, tallies: Mapping[_Key, Tally]) -> list[dict[str, Any]]:
        return [
            {
                "code": key[0],
                "detail": key[1],
                "rows": tallies[key].rows,
                "first": [{"lead_file": self.files[file].name, "lead_row": row} for file, row in tallies[key].first],
            }
            for key in sorted(tallies, key=_place)
        ]


class _Chunk:
    """The rows of one chunk by cause and by warning; findings do not come in the order of the rows."""

    def __init__(self, verdicts: Verdicts) -> None:
        self._chunk = verdicts.chunk
        self.causes: dict[_Key, Tally] = {}
        self.warned: dict[_Key, Tally] = {}

    def add(self, tallies: dict[_Key, Tally], finding: Finding, index: npt.NDArray[np.int64]) -> None:
        """Count rows of a finding, given in order."""
        if len(index):
            rows = [(self._chunk.file, self._chunk.rows[at].as_py()) for at in index[:FIRST].tolist()]
            _merge(tallies.setdefault((finding.code, finding.detail), Tally()), len(index), rows)

    def add_bad(self, key: _Key, rows: list[int]) -> None:
        """Count records that could not be parsed."""
        first = [(self._chunk.file, row) for row in rows[:FIRST]]
        _merge(self.causes.setdefault(key, Tally()), len(rows), first)


def _by_fault(bad: pa.Table) -> dict[str, list[int]]:
    """Return the row numbers of the records that could not be parsed, by their fault."""
    rows: dict[str, list[int]] = {}
    for row, fault in zip(bad.column("row").to_pylist(), bad.column("fault").to_pylist(), strict=True):
        rows.setdefault(fault, []).append(row)
    return rows


def _merge(tally: Tally, rows: int, first: list[tuple[int, int]]) -> None:
    """Count more rows of the same chunk."""
    tally.rows += rows
    tally.first = sorted([*tally.first, *first])[:FIRST]


def _join(tally: Tally, later: Tally) -> None:
    """Count the rows of a later chunk."""
    tally.rows += later.rows
    tally.first += later.first[: FIRST - len(tally.first)]


def _place(key: _Key) -> tuple[int, str]:
    return _ORDER[key[0]], key[1] or ""
