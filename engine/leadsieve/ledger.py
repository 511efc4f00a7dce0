"""The ledger: the counts behind every answer; each row is counted once, under its first cause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from leadsieve.kernel import Verdicts, fault_reason, rejects
from leadsieve_rules.reasons import GROUPS, REASONS

_CODES = tuple(REASONS)


@dataclass(slots=True)
class FileCount:
    """What became of the rows of one source."""

    name: str
    rows: int = 0
    accepted: int = 0
    rejected: int = 0
    blank_records: int = 0


@dataclass(slots=True)
class Ledger:
    """Counts of one run: `rows = accepted + rejected`, and `rejected` is the sum of the first causes.

    Attributes:
        files: Counts by source, in order.
        reasons: Rejected rows by first cause, in the order of the reasons table.
        warnings: Warnings on accepted rows, by code.
        faults: All findings that reject, by code and detail, not only first causes.
        listed: Lines that the errors hold: every fault and warning, of accepted and rejected rows.
    """

    files: list[FileCount]
    reasons: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    faults: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    listed: int = 0

    @classmethod
    def of(cls, names: Iterable[str]) -> Ledger:
        """Open a ledger for sources by name."""
        return cls([FileCount(name) for name in names])

    @classmethod
    def of_dict(cls, values: Mapping[str, Any], listed: int) -> Ledger:
        """Read the counts that the proof needs back from what `to_dict` gave, and the lines that the errors hold."""
        files = [
            FileCount(f["lead_file"], f["rows"], f["accepted"], f["rejected"], f["blank_records"])
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
    def blank_records(self) -> int:
        """Records of empty cells only, which are not rows."""
        return sum(f.blank_records for f in self.files)

    @property
    def groups(self) -> dict[str, int]:
        """Rejected rows by ledger group; all eight are present."""
        counts = dict.fromkeys(GROUPS, 0)
        for code, count in self.reasons.items():
            group = REASONS[code].group
            if group is None:  # only warnings have none, and they reject nothing unless a rule says so
                group = "invalid_field"
            counts[group] += count
        return counts

    def add(self, verdicts: Verdicts) -> None:
        """Count a chunk's verdicts."""
        count = self.files[verdicts.chunk.file]
        causes = np.concatenate([verdicts.causes, verdicts.bad_causes])
        accepted = int(np.count_nonzero(causes == 0))
        count.rows += len(causes)
        count.accepted += accepted
        count.rejected += len(causes) - accepted
        count.blank_records += verdicts.chunk.blank_records
        masks, sizes = np.unique(causes, return_counts=True)
        for mask, size in zip(masks.tolist(), sizes.tolist(), strict=True):
            if mask:
                self.reasons[_first_cause(mask)] += size
        self.listed += verdicts.chunk.bad.num_rows + sum(len(finding.index) for finding in verdicts.findings)
        for finding in verdicts.findings:
            if rejects(finding):
                self.faults[finding.code, finding.detail] += len(finding.index)
            else:
                self.warnings[finding.code] += int(np.count_nonzero(verdicts.causes[finding.index] == 0))
        for fault in verdicts.chunk.bad.column("fault").to_pylist():
            self.faults[fault_reason(fault)] += 1

    def to_dict(self) -> dict[str, Any]:
        """Return the ledger as plain JSON values."""
        order = {code: i for i, code in enumerate(_CODES)}
        return {
            "rows": self.rows,
            "accepted": self.accepted,
            "rejected": self.rejected,
            "blank_records": self.blank_records,
            "groups": self.groups,
            "reasons": {code: self.reasons[code] for code in sorted(self.reasons, key=order.__getitem__)},
            "faults": [
                {"code": code, "detail": detail, "rows": self.faults[code, detail]}
                for code, detail in sorted(self.faults, key=lambda k: (order[k[0]], k[1] or ""))
            ],
            "warnings": {code: self.warnings[code] for code in sorted(+self.warnings, key=order.__getitem__)},
            "files": [
                {
                    "lead_file": f.name,
                    "rows": f.rows,
                    "accepted": f.accepted,
                    "rejected": f.rejected,
                    "blank_records": f.blank_records,
                }
                for f in self.files
            ],
        }


def _first_cause(mask: int) -> str:
    return next(code for code in _CODES if mask & int(REASONS[code].bit))


def share_rejected(ledger: Mapping[str, Any]) -> float:
    """Return the share of rows rejected other than as duplicates or suppressed, between 0 and 1.

    Args:
        ledger: As `Ledger.to_dict` gives it.
    """
    spared = ("duplicate_in_file", "duplicate_in_campaign", "suppressed")
    counted = sum(count for group, count in ledger["groups"].items() if group not in spared)
    return float(counted / ledger["rows"]) if ledger["rows"] else 0.0
