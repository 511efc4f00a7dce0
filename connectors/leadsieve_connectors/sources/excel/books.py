"""A workbook of either kind, opened: its sheets by name, and their rows."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Protocol

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.excel.cells import CellTexts
from leadsieve_connectors.sources.excel.numbers import NUMBER, NumberFormat, number_text, read_format
from leadsieve_connectors.sources.excel.package import Package
from leadsieve_connectors.sources.excel.sheet import Row, SheetReader, put
from leadsieve_connectors.sources.excel.strings import Strings, read_strings
from leadsieve_connectors.sources.excel.styles import read_styles
from leadsieve_connectors.sources.excel.workbook import read_workbook
from leadsieve_connectors.sources.storage import describe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadsieve_connectors.sources.base import ReadOptions
    from leadsieve_connectors.sources.stored import Stored

#: An old workbook is held in memory; Excel makes none that is larger than a fraction of this.
MAX_XLS_BYTES = 256 << 20
_BUILT_IN = 164


class Book(Protocol):
    """An open workbook.

    Attributes:
        format: `xlsx` or `xls`.
        reader: What reads its cells.
        sheets: The names of the sheets that hold cells, in order.
        share: How much of the sheet that is being read has been read, from 0 to 1.
        uncalculated: So many formulas of it had no value.
    """

    format: str
    reader: str
    sheets: tuple[str, ...]
    share: float
    uncalculated: int

    def rows(self, sheet: str) -> Iterator[Row]:
        """Read the rows of a sheet that are not empty, each with its 1-based number; see `Book`."""
        ...

    def may_be_uncalculated(self, sheet: str) -> bool:
        """Tell whether formulas stand in the sheet that may have no value; afterwards its bytes are proved."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


def open_book(stored: Stored, options: ReadOptions) -> Book:
    """Open a workbook.

    Raises:
        SourceError: It is damaged, encrypted or too large.
    """
    raw = stored.open_raw()
    head = raw.read(4)
    raw.seek(0)
    if head == b"\xd0\xcf\x11\xe0":
        with raw:
            return XlsBook(raw, stored, options)
    return XlsxBook(Package(raw, stored.name, stored.size, options), options)


class XlsxBook:
    """A workbook of XML parts; see `Book`."""

    format, reader = "xlsx", "xml"

    def __init__(self, package: Package, options: ReadOptions) -> None:
        self._package, self._options = package, options
        self.share, self.uncalculated = 0.0, 0
        self._strings: Strings | None = None
        try:
            self._workbook = read_workbook(package)
            self._styles = read_styles(package, self._workbook.styles)
        except SourceError:
            self.close()
            raise
        self.sheets = tuple(self._workbook.sheets)

    def close(self) -> None:
        """Close the file."""
        self._package.close()

    def rows(self, sheet: str) -> Iterator[Row]:
        """Read the rows of a sheet; see `Book.rows`."""
        package, workbook = self._package, self._workbook
        if self._strings is None:
            self._strings = read_strings(package, workbook.strings)
        part = workbook.sheets[sheet]
        size = max(1, package.size(part))
        texts = CellTexts(self._strings, self._styles, since_1904=workbook.since_1904)
        reader = SheetReader(texts, self._options.max_record_bytes)
        try:
            for row in reader.rows(package.stream(part)):
                self.share = min(1.0, reader.taken / size)
                yield row
        except ValueError as error:
            raise package.failure(error, part) from error
        self.uncalculated = reader.uncalculated

    def may_be_uncalculated(self, sheet: str) -> bool:
        """Look for formulas, or for XML in which they cannot be looked for; see `Book`."""
        found, before = False, b""
        for piece in self._package.stream(self._workbook.sheets[sheet]):
            found = found or piece.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in piece[:2]
            found = found or b"<f" in piece or b":f" in piece or (before in (b"<", b":") and piece[:1] == b"f")
            before = piece[-1:]
        return found


class XlsBook:
    """A workbook of binary records, read by xlrd; see `Book`."""

    format, reader = "xls", "xlrd"

    def __init__(self, raw: Any, stored: Stored, options: ReadOptions) -> None:
        import xlrd

        self._name, self._stored = stored.name, stored
        self.share, self.uncalculated = 0.0, 0
        if (stored.size or 0) > min(MAX_XLS_BYTES, options.max_unpacked_bytes):
            message = f"{stored.name}: an .xls workbook of {stored.size:,} bytes; the limit is {MAX_XLS_BYTES:,}"
            raise SourceError(f"{message}; save it as .xlsx or CSV", "resource_limit")
        data = raw.read()
        try:
            self._book = xlrd.open_workbook(
                file_contents=data, formatting_info=True, on_demand=True, ragged_rows=True, logfile=io.StringIO()
            )
        except Exception as error:
            raise self._failure(error) from error
        self._formats: dict[int, NumberFormat] = {}
        self.sheets = tuple(self._book.sheet_names())

    def close(self) -> None:
        """Let go of the workbook."""
        self._book.release_resources()

    def rows(self, sheet: str) -> Iterator[Row]:
        """Read the rows of a sheet; see `Book.rows`."""
        try:
            cells = self._book.sheet_by_name(sheet)
            for index in range(cells.nrows):
                row: list[bytes] = []
                for column, cell in enumerate(cells.row(index)):
                    if text := self._text(cell):
                        put(row, column, text)
                if row:
                    self.share = (index + 1) / cells.nrows
                    yield index + 1, row
            self._book.unload_sheet(sheet)
        except Exception as error:
            raise self._failure(error) from error

    def may_be_uncalculated(self, sheet: str) -> bool:
        """Nothing but values is told of such a workbook."""
        del sheet
        return False

    def _text(self, cell: Any) -> bytes:
        import xlrd

        kind, value = cell.ctype, cell.value
        if kind == xlrd.XL_CELL_TEXT:
            return str(value).encode()
        if kind in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
            shown = self._shown(cell.xf_index)
            return number_text(value, shown, since_1904=bool(self._book.datemode)).encode()
        if kind == xlrd.XL_CELL_BOOLEAN:
            return b"TRUE" if value else b"FALSE"
        if kind == xlrd.XL_CELL_ERROR:
            return str(xlrd.error_text_from_code.get(value, "#ERROR!")).encode()
        return b""

    def _shown(self, style: int) -> NumberFormat:
        if style not in self._formats:
            key = self._book.xf_list[style].format_key
            known = self._book.format_map.get(key)
            code = None if key < _BUILT_IN or known is None else known.format_str
            self._formats[style] = NUMBER if known is None else read_format(key, code)
        return self._formats[style]

    def _failure(self, error: Exception) -> SourceError:
        """Return what an error of xlrd, which has many, means."""
        if isinstance(error, SourceError):
            return error
        if "encrypted" in str(error).lower():
            message = f"{self._name}: is protected by a password; save it without one"
            return SourceError(message, "password_protected")
        message = f"{self._name}: the workbook is damaged: {describe(error)}; save it again, or get it again"
        return SourceError(message, "malformed_file")
