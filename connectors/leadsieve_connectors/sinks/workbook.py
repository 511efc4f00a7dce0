"""Rows as an Excel workbook for people to edit: every cell text, the marked ones coloured and commented, a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from itertools import chain, islice
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any
from xml.sax.saxutils import escape as xml_escape
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.comments.comment_sheet import CommentSheet
from openpyxl.packaging.relationship import Relationship, RelationshipList
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._writer import WorksheetWriter
from openpyxl.writer.excel import ExcelWriter
from openpyxl.xml.functions import Element

from leadsieve_connectors.sinks._excel_text import MOST_CHARACTERS, escape, holds
from leadsieve_connectors.sinks._file import OutputFile
from leadsieve_connectors.sinks._notes import SHAPES, Notes
from leadsieve_connectors.sinks.workbook_texts import COMMENTS, SHEET

__all__ = ["MOST_CHARACTERS", "MOST_COLUMNS", "MOST_ROWS", "Mark", "MarkedRow", "Written", "fits", "write_workbook"]

#: What Excel holds: rows below a header, and columns.
MOST_ROWS, MOST_COLUMNS = 1_048_575, 16_384
#: A part of a zip file that is larger than about this needs a form of it that Excel repairs with a warning.
_MOST_BYTES = 2_000_000_000
_TEXT_FORMAT = "@"
_NO_ROWS = b"<sheetData></sheetData>"
_FILLS = {True: "FFFFC7CE", False: "FFFFEB9C"}
#: Rows that say how wide the columns are to be shown, in characters.
_SAMPLE_ROWS = 200
_NARROWEST, _WIDEST, _FILTER_BUTTON = 9, 48, 4
# Nobody needs to know when a workbook was written, and the same rows give the same bytes.
_WRITTEN = datetime(1980, 1, 1)  # noqa: DTZ001 - the format has no time zones


@dataclass(frozen=True, slots=True)
class Mark:
    """What is wrong with a cell.

    Attributes:
        severe: Whether it rejects the row; else it is a warning.
        text: What the comment on the cell says.
    """

    severe: bool
    text: str


@dataclass(frozen=True, slots=True)
class MarkedRow:
    """A row of the workbook.

    Attributes:
        cells: The text of each cell, written as it is; None is empty, as "" is.
        marks: What is wrong with cells, by their positions.
    """

    cells: Sequence[str | None]
    marks: Mapping[int, Mark] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """What came of the rows.

    Attributes:
        rows: Rows in the workbook.
        too_large: Rows left out, since Excel could not hold a cell of theirs.
        full: Whether writing ended since the file can hold no more.
    """

    rows: int
    too_large: int
    full: bool


def write_workbook(
    path: Path, columns: Sequence[str], rows: Iterable[MarkedRow], *, note: Callable[[Written], str | None]
) -> Written:
    """Write rows as a workbook of one sheet, named as the file: header bold and frozen, filter on, all cells text.

    Text stays what it is whatever it looks like: Excel takes nothing in it for a number, a date or a formula.
    A row is never cut: one that Excel cannot hold is left out. The same rows give the same bytes. No more than a
    few hundred rows are in memory; comments are put aside in unnamed files beside the workbook.

    Args:
        path: Where to write; nothing may stand there yet.
        columns: The header; no more than `MOST_COLUMNS`, none longer than `MOST_CHARACTERS`.
        rows: The rows, no more than `MOST_ROWS`, each as long as the header.
        note: Asked at the end for a comment on the header's first cell, such as what was left out.

    Returns:
        What was written.

    Raises:
        SinkError: The file cannot be written; it is removed.
    """
    file = OutputFile(path)
    with file.writing():
        file.stream.close()
        with (
            path.open("r+b") as raw,
            Notes(path.parent) as notes,
            _Archive(raw, "w", ZIP_DEFLATED) as archive,
        ):
            pending = iter(rows)
            first = list(islice(pending, _SAMPLE_ROWS))
            sheet = _Sheet(path.stem, columns, first, notes)
            with archive.open(SHEET, "w") as part:
                written = sheet.write(part, chain(first, pending), note)
            _BookWriter(sheet.book, archive, notes).write_data()
        file.finish()
    return written


def fits(texts: Iterable[str | None]) -> bool:
    """Tell whether Excel holds each of these texts in a cell."""
    return all(text is None or holds(escape(text)) for text in texts)


class _Sheet:
    """The one sheet of the workbook.

    openpyxl writes what is around the rows. It would make several objects a cell: the rows are written here.

    Args:
        name: The sheet's name.
        columns: The header.
        first: The first rows, which say how wide the columns are to be shown.
        notes: Where comments are put.
    """

    def __init__(self, name: str, columns: Sequence[str], first: Sequence[MarkedRow], notes: Notes) -> None:
        self.book = Workbook(write_only=True)
        self.book.properties.creator = "leadsieve"
        self.book.properties.created = self.book.properties.modified = _WRITTEN
        self._sheet = self.book.create_sheet(name)
        self._columns, self._notes = columns, notes
        self._letters = [get_column_letter(column + 1) for column in range(len(columns))]
        self._plain = self._style()
        self._marked = {severe: self._style(fill=PatternFill("solid", fgColor=fill)) for severe, fill in _FILLS.items()}
        self._bold = self._style(font=Font(bold=True), alignment=Alignment(vertical="top", wrap_text=True))
        self._show(first)

    def write(self, part: IO[bytes], rows: Iterable[MarkedRow], note: Callable[[Written], str | None]) -> Written:
        """Write the sheet's XML, and put its comments aside; see `write_workbook`."""
        part.write(self._around()[0])
        header = [escape(name) for name in self._columns]
        nbytes = part.write(self._row(1, header, dict.fromkeys(range(len(header)), self._bold)))
        number, too_large, full = 1, 0, False
        for row in rows:
            texts = [escape(text or "") for text in row.cells]
            if not all(map(holds, texts)):
                too_large += 1
                continue
            data = self._row(number + 1, texts, {c: self._marked[mark.severe] for c, mark in row.marks.items()})
            full = max(nbytes + len(data), self._notes.nbytes) > _MOST_BYTES
            if full:
                break
            number += 1
            nbytes += part.write(data)
            for column, mark in row.marks.items():
                self._notes.add(number, self._letters[column], column, mark.text)
        written = Written(number - 1, too_large, full)
        if (told := note(written)) is not None:
            self._notes.add(1, self._letters[0], 0, told)
        self._sheet.auto_filter.ref = f"A1:{self._letters[-1]}{number}"
        if self._notes.count:
            self._sheet.legacy_drawing = SHAPES
        part.write(self._around()[1])
        return written

    def _row(self, number: int, texts: Sequence[str], styles: Mapping[int, int]) -> bytes:
        cells = []
        for column, (letters, text) in enumerate(zip(self._letters, texts, strict=True)):
            style = styles.get(column, self._plain)
            # An empty cell is there too: what is typed into it is text.
            content = f't="inlineStr"><is><t xml:space="preserve">{xml_escape(text)}</t></is></c>' if text else "/>"
            cells.append(f'<c r="{letters}{number}" s="{style}" {content}')
        return f'<row r="{number}">{"".join(cells)}</row>'.encode()

    def _style(self, **looks: Any) -> int:
        """Return the number of a style of the workbook, for text."""
        cell = WriteOnlyCell(self._sheet)
        cell.number_format = _TEXT_FORMAT
        for name, value in looks.items():
            setattr(cell, name, value)
        return int(cell.style_id)

    def _show(self, first: Sequence[MarkedRow]) -> None:
        """Freeze the header, and make each column as wide as its first rows ask for."""
        self._sheet.freeze_panes = "A2"
        for column, (letters, name) in enumerate(zip(self._letters, self._columns, strict=True)):
            shown = max((len(row.cells[column] or "") for row in first), default=0)
            width = max(_NARROWEST, shown + 2, len(name) + _FILTER_BUTTON)
            dimension = self._sheet.column_dimensions[letters]
            dimension.width = min(_WIDEST, width)
            dimension.number_format = _TEXT_FORMAT  # of what is typed below the rows, too

    def _around(self) -> tuple[bytes, bytes]:
        """Return what the sheet's XML is before the rows and behind them."""
        xml = BytesIO()
        _Frame(self._sheet, xml).write()
        before, _, after = xml.getvalue().partition(_NO_ROWS)
        return before + b"<sheetData>", b"</sheetData>" + after


class _Frame(WorksheetWriter):  # type: ignore[misc]
    """Writes the XML of a sheet, but for its rows."""

    def rows(self) -> list[Any]:
        """Give no row."""
        return []

    def write_drawings(self) -> None:
        """Keep Excel from offering, cell by cell, to make numbers of the texts that look like some."""
        ignored = Element("ignoredErrors")
        ignored.append(Element("ignoredError", {"sqref": self.ws.auto_filter.ref or "A1", "numberStoredAsText": "1"}))
        self.xf.send(ignored)


class _BookWriter(ExcelWriter):  # type: ignore[misc]
    """Writes all parts of a workbook but its one sheet, which stands in the archive already."""

    def __init__(self, book: Workbook, archive: ZipFile, notes: Notes) -> None:
        super().__init__(book, archive)
        self._notes = notes

    def write_worksheet(self, ws: Any) -> None:
        """Write the comments on the sheet's cells."""
        self.manifest.append(ws)
        relations = ws._rels = RelationshipList()  # noqa: SLF001 - as the method of the base does
        if self._notes.count:
            self._notes.write(self._archive)
            self.manifest.append(SimpleNamespace(path=f"/{COMMENTS}", mime_type=CommentSheet.mime_type))
            relations.append(Relationship(Id="comments", type="comments", Target=f"/{COMMENTS}"))


class _Archive(ZipFile):
    """A zip file in which no part says when it was written."""

    def writestr(
        self,
        zinfo_or_arcname: str | ZipInfo,
        data: Any,
        compress_type: int | None = ZIP_DEFLATED,
        compresslevel: int | None = None,
    ) -> None:
        """Write a part."""
        part = ZipInfo(zinfo_or_arcname) if isinstance(zinfo_or_arcname, str) else zinfo_or_arcname
        super().writestr(part, data, compress_type, compresslevel)
