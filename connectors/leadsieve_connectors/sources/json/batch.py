"""What the readers of JSON give: some consecutive records, parsed, with their lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from leadsieve_connectors.chunk import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is read at a time, and of a record.

    Attributes:
        chunk_bytes: About so many bytes of text make a batch.
        max_records: No more records than this make a batch.
        max_record_bytes: A longer record is a bad one.
    """

    chunk_bytes: int
    max_records: int
    max_record_bytes: int


@dataclass(slots=True)
class Batch:
    """Some consecutive records of a source.

    Attributes:
        records: What `records.RecordReader` made of each; None where it is bad, empty where it is blank.
        lines: 1-based physical line of each.
        bad: The raw text and the fault of the bad ones, by position.
    """

    records: list[Any] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    bad: dict[int, tuple[str, Fault]] = field(default_factory=dict)

    def add(self, record: Any, line: int) -> None:
        """Append a record."""
        self.records.append(record)
        self.lines.append(line)

    def refuse(self, raw: str, fault: Fault, line: int) -> None:
        """Append a bad record."""
        self.bad[len(self.records)] = (raw, fault)
        self.add(None, line)
