"""The ledger: the counts behind every answer, and the proof that each input row is once in accepted or rejected."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from leadsieve.exceptions import InternalError
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
    """

    files: list[FileCount]
    reasons: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    faults: Counter[tuple[str, str | None]] = field(default_factory=Counter)

    @classmethod
    def of(cls, names: Iterable[str]) -> Ledger:
        """Open a ledger for sources by name."""
        return cls([FileCount(name) for name in names])

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

    @property
    def share_rejected(self) -> float:
        """Share of rows rejected other than as duplicates or suppressed, between 0 and 1."""
        spared = ("duplicate_in_file", "duplicate_in_campaign", "suppressed")
        counted = sum(count for group, count in self.groups.items() if group not in spared)
        return counted / self.rows if self.rows else 0.0

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


class Proof:
    """The proof that every row of every source is written once: rows read on one side, files read back on the other.

    Args:
        names: The sources' names by ordinal.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = list(names)
        self._read = [0] * len(self._names)
        self._seen: list[npt.NDArray[np.uint8]] = [np.zeros(0, np.uint8) for _ in self._names]

    def read(self, file: int, rows: int) -> None:
        """Note that so many more rows of a source were read; its rows are numbered on from 1."""
        self._read[file] += rows

    def written(self, batches: Iterable[pa.RecordBatch]) -> int:
        """Note the rows of a finished output.

        Args:
            batches: Its `lead_file` and `lead_row` columns, as read back from the disk.

        Returns:
            How many rows there were.

        Raises:
            InternalError: A row number stands twice, or belongs to no row that was read.
        """
        total = 0
        for file, rows in self._by_file(batches):
            total += len(rows)
            if len(self._seen[file]) != self._read[file] + 1:
                self._seen[file] = np.zeros(self._read[file] + 1, np.uint8)
            if rows.min(initial=1) < 1 or rows.max(initial=0) > self._read[file]:
                raise _broken(f"{self._names[file]}: a row was written that was not read")
            if np.any(np.diff(rows) <= 0) or np.any(self._seen[file][rows]):
                raise _broken(f"{self._names[file]}: a row was written twice or out of order")
            self._seen[file][rows] = 1
        return total

    def _by_file(self, batches: Iterable[pa.RecordBatch]) -> Iterable[tuple[int, npt.NDArray[np.int64]]]:
        ordinals = {name: i for i, name in enumerate(self._names)}
        for batch in batches:
            files = batch.column("lead_file").dictionary_encode()
            codes = files.indices.to_numpy()
            rows = batch.column("lead_row").to_numpy()
            for code, name in enumerate(files.dictionary.to_pylist()):
                yield ordinals[name], rows[codes == code]

    def conclude(self, ledger: Ledger, accepted: int, rejected: int) -> None:
        """Check that nothing is missing and that the ledger says what the files hold.

        Args:
            ledger: The run's counts.
            accepted: Rows read back from the accepted file.
            rejected: Rows read back from the rejected file.

        Raises:
            InternalError: A row is missing, or a count differs.
        """
        for name, read, seen, count in zip(self._names, self._read, self._seen, ledger.files, strict=True):
            if (
                (read and int(seen.sum()) != read)
                or count.rows != read
                or count.rows != count.accepted + count.rejected
            ):
                raise _broken(f"{name}: {read} rows were read and {int(seen.sum())} were written")
        if (ledger.accepted, ledger.rejected) != (accepted, rejected):
            raise _broken(
                f"the ledger counts {ledger.accepted} + {ledger.rejected}, the files hold {accepted} + {rejected}"
            )
        if sum(ledger.reasons.values()) != ledger.rejected:
            raise _broken("the reasons do not add up to the rejected rows")


def _broken(what: str) -> InternalError:
    return InternalError(f"the run's own proof failed, nothing was published: {what}; please report this")
