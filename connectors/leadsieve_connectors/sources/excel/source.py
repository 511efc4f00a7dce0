"""Excel sources: one sheet of a workbook, every cell as text."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.excel.books import open_book
from leadsieve_connectors.sources.excel.chunks import Rows
from leadsieve_connectors.sources.excel.layout import choose_sheet, filled_rows, find_layout
from leadsieve_connectors.sources.names import unique_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from leadsieve_connectors.chunk import Chunk
    from leadsieve_connectors.sources.base import ReadOptions
    from leadsieve_connectors.sources.excel.books import Book
    from leadsieve_connectors.sources.stored import Stored

# A chunk of more cells is cut, however little text they hold.
_MAX_CELLS = 1 << 20


class ExcelSource:
    """One sheet of a workbook; see `base.Source` for what its attributes and methods give.

    Args:
        file: Ordinal of the source in the run.
        stored: Where its bytes are.
        options: How to read it.

    Raises:
        SourceError: It is damaged, encrypted or too large, the sheet is not there, not told or has no row, or an
            option does not fit.
    """

    def __init__(self, file: int, stored: Stored, options: ReadOptions) -> None:
        self._file, self._stored, self._options = file, stored, options
        try:
            with closing(open_book(stored, options)) as book:
                self._sheet = choose_sheet(book, stored.name, options)
                self._layout = layout = find_layout(book, self._sheet, self.name, options)
                uncalculated = _count_uncalculated(book, self._sheet)
        except SourceError:
            stored.check()
            raise
        self.headers: tuple[str, ...] = layout.header
        self.schema = pa.schema([(name, pa.string()) for name in unique_names(self.headers)])
        self.dialect: Mapping[str, Any] = {
            "format": book.format,
            **stored.facts,
            "reader": book.reader,
            "sheet": self._sheet,
            "sheets": list(book.sheets),
            "header": layout.header_row is not None,
            "header_why": layout.why or None,
            "skip_rows": options.skip_rows or None,
            "proposed_skip_rows": layout.preamble or None,
            "formulas_without_value": uncalculated or None,
        }
        if not layout.rows:
            message = f"{self.name}: only a header is there, no row follows it; give a sheet with leads"
            raise SourceError(message, "empty_file")

    @property
    def settings(self) -> Mapping[str, Any]:
        """None: nothing but records is taken from a sheet."""
        return {}

    @property
    def name(self) -> str:
        """The path and the sheet as outputs show them."""
        return f"{self._stored.name}#{self._sheet}"

    @property
    def size(self) -> int | None:
        """Bytes of the workbook as stored."""
        return self._stored.size

    @property
    def modified(self) -> datetime | None:
        """When the workbook was last changed, in UTC; None where unknown."""
        return self._stored.modified

    @property
    def expected_rows(self) -> int | None:
        """None: what a workbook says of its size may be wrong by far."""
        return None

    def sha256(self) -> str:
        """Return the hex SHA-256 of the workbook's stored bytes."""
        return self._stored.sha256()

    def chunks(self, *, max_rows: int | None = None) -> Iterator[Chunk]:
        """Read the records in order, from the start; see `base.Source.chunks`."""
        limits = [limit for limit in (max_rows, self._options.max_rows) if limit is not None]
        return self._read(min(limits, default=None))

    def _read(self, limit: int | None) -> Iterator[Chunk]:
        if limit is not None and limit <= 0:
            return
        self._stored.check()
        options, layout = self._options, self._layout
        rows = Rows(file=self._file, name=self.name, schema=self.schema, limit=options.max_record_bytes)
        most, size = max(1, _MAX_CELLS // len(self.schema)), self.size or 0
        with closing(open_book(self._stored, options)) as book:
            before, taken = options.skip_rows, 0
            for number, cells in self._unchanged(book):
                rows.blank += number - before - 1
                before = number
                if number == layout.header_row:
                    continue
                rows.add(number, cells)
                if rows.number == limit:
                    break
                if rows.nbytes >= options.chunk_bytes or rows.pending >= most:
                    read = int(size * book.share)
                    yield rows.chunk(read - taken)
                    taken = read
            if rows.pending:
                yield rows.chunk(size - taken)
        self._stored.check()

    def _unchanged(self, book: Book) -> Iterator[tuple[int, list[bytes]]]:
        """Pass the rows on; where they end in an error, a file that changed meanwhile is the reason to give."""
        try:
            yield from filled_rows(book, self._sheet, self._options.skip_rows)
        except SourceError:
            self._stored.check()
            raise


def _count_uncalculated(book: Book, sheet: str) -> int:
    """Count the formulas that no program has worked out; their cells are empty."""
    if book.may_be_uncalculated(sheet):
        for _ in book.rows(sheet):
            pass
    return book.uncalculated
