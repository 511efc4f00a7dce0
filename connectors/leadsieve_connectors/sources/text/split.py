"""Splits windows of text into Arrow columns, record by record in plain Python; see `records` for the rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pyarrow as pa

from leadsieve_connectors.chunk import Fault
from leadsieve_connectors.sources.arrays import cells_array
from leadsieve_connectors.sources.records import raw_text
from leadsieve_connectors.sources.text.records import RecordReader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadsieve_connectors.sources.arrays import Bools, Ints
    from leadsieve_connectors.sources.text.dialect import Dialect
    from leadsieve_connectors.sources.text.records import Record

#: So many bytes follow the text of a window, whatever they are: a splitter may look at them, never use them.
SLACK = 64


@dataclass(frozen=True, slots=True)
class Piece:
    """Some consecutive whole records of a window of text, split.

    Attributes:
        used: Bytes of the window that the records take.
        physical: Physical lines that they take.
        lines: int64, one a record: the physical lines of the window before it.
        columns: String arrays of the records that parsed, one a column; an empty cell is null.
        places: int64, as long as the columns: which of the records each row is.
        bad: The records that could not be parsed: raw text and fault, by which record each is.
        blank: Flags the records that are not rows.
        cut: The last record's line goes on after the window: what follows up to the next line end is still this record.
    """

    used: int
    physical: int
    lines: Ints
    columns: list[pa.Array]
    places: Ints
    bad: dict[int, tuple[str, Fault]]
    blank: Bools
    cut: bool = False


class Splitter(Protocol):
    """What splits windows of one text."""

    def split(self, text: bytes, size: int, *, last: bool) -> Piece:
        """Split the records of a window that can be decided.

        Args:
            text: The window, which a record starts, and `SLACK` bytes.
            size: The window's own bytes.
            last: Nothing follows the window.
        """
        ...


@dataclass(frozen=True, slots=True)
class Shape:
    """What the records of one text should look like, and how they are shown.

    Attributes:
        dialect: How cells are told apart.
        width: How many cells a record has.
        header: The header's cells, which a record that repeats them has; None where the text has no header.
        limit: The longest record, in bytes.
        marked: Bytes that were not text stand as lone surrogates (see `sources.records.raw_text`).
    """

    dialect: Dialect
    width: int
    header: tuple[str, ...] | None
    limit: int
    marked: bool


class PlainSplitter:
    """The splitter in plain Python: for small files, odd dialects, and single records that want a closer look.

    Args:
        shape: What the records should look like.
    """

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._reader = RecordReader(shape.dialect, limit=shape.limit, width=shape.width)
        self._header = None if shape.header is None else [cell.encode() for cell in shape.header]

    def split(self, text: bytes, size: int, *, last: bool) -> Piece:
        """Split the records of a window that can be decided; see `Splitter`."""
        lines, rows, places, blank = [], [], [], []
        bad: dict[int, tuple[str, Fault]] = {}
        used = physical = 0
        cut = False
        for place, record in enumerate(self._reader.records(text, 0, size, last=last)):
            lines.append(physical)
            fault = self.fault(text, record)
            blank.append(fault is None and is_blank(record.cells or []))
            if fault is None and not blank[-1]:
                rows.append(record.cells or [])
                places.append(place)
            elif not blank[-1] and fault is not None:
                bad[place] = self.raw(text, record), fault
            used, physical, cut = record.end, physical + record.lines, record.cut
        return Piece(
            used=used,
            physical=physical,
            lines=np.array(lines, dtype=np.int64),
            columns=self._columns(rows),
            places=np.array(places, dtype=np.int64),
            bad=bad,
            blank=np.array(blank, dtype=np.bool_),
            cut=cut,
        )

    def fault(self, text: bytes, record: Record) -> Fault | None:
        """Return the fault of a record; None where it is sound or blank."""
        if record.cells is None:
            return record.fault
        if not _is_utf8(text[record.start : record.stop]):
            return Fault.UNDECODABLE_BYTES
        count = len(record.cells)
        if count != self._shape.width:
            if is_blank(record.cells):
                return None
            return Fault.TOO_FEW_FIELDS if count < self._shape.width else Fault.TOO_MANY_FIELDS
        return Fault.REPEATED_HEADER if record.cells == self._header else None

    def raw(self, text: bytes, record: Record) -> str:
        """Return the text of a record as it can be shown."""
        if record.fault is Fault.RECORD_TOO_LARGE:
            shown = text[record.start : min(record.stop, record.start + self._shape.limit)]
            return raw_text(shown, marked=self._shape.marked, cut=True)
        return raw_text(text[record.start : record.stop], marked=self._shape.marked)

    def _columns(self, rows: Sequence[Sequence[bytes]]) -> list[pa.Array]:
        if not rows:
            return [cells_array([]) for _ in range(self._shape.width)]
        return [cells_array(cells) for cells in zip(*rows, strict=True)]


def is_blank(cells: Sequence[bytes]) -> bool:
    """Tell whether all cells are empty or white space, as `str.isspace` has it."""
    return not any(cell and cell.decode().strip() for cell in cells)


def _is_utf8(record: bytes) -> bool:
    if record.isascii():
        return True
    try:
        record.decode()
    except UnicodeDecodeError:
        return False
    return True
