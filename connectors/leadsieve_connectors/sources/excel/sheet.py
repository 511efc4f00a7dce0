"""The rows of a sheet, as a stream: by a pattern where its XML is plainly written, else by a parser."""

from __future__ import annotations

import re
from itertools import compress, pairwise
from typing import TYPE_CHECKING

import numpy as np

from leadsieve_connectors.sources.excel.cells import CellTexts
from leadsieve_connectors.sources.excel.markup import PLAIN, XML_HEAD, DamagedMarkup, Parser, resolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from leadsieve_connectors.sources.arrays import Ints

Row = tuple[int, list[bytes]]
# A row with its cells, each with its column.
_Cells = tuple[int, list[tuple[int, bytes]]]

MAX_COLUMNS, MAX_ROWS = 16_384, 1_048_576
# A row that is not complete after so many bytes is left to the parser.
_MOST_PENDING = 8 << 20
# Rows with fewer cells than this in all are laid out as one block, however far apart the cells stand.
_FEW_CELLS = 1 << 16
_ROW_END = b"</row>"
_HEAD = re.compile(XML_HEAD + rb"<worksheet\b(?:[^<]++|<(?!!|sheetData\b))*+<sheetData>\s*")
_ATTRIBUTES = rb'(?: [A-Za-z0-9:]+="[^"<&>]*")*+ ?'
_TEXT = rb'(?: xml:space="preserve")?>(' + PLAIN + rb"*+)</"
# Letters, row, attributes, formula, value and text of a cell that is plainly written.
_CELL = re.compile(
    rb'<c r="([A-Z]{1,3})([1-9][0-9]{0,6})"((?: [a-z]+="[^"<&>]*")*+) ?(?:/>|>'
    rb"(<f" + _ATTRIBUTES + rb"(?:/>|>" + PLAIN + rb"*+</f>))?"
    rb"(?:<v" + _TEXT + rb"v>|<v ?/>)?(?:<is><t" + _TEXT + rb"t></is>)?</c>)"
)
_GROUPS = _CELL.groups + 1
#: What is left of plainly written rows without their cells.
_ROWS = re.compile(rb"(?:<row" + _ATTRIBUTES + rb"(?:/>|>\s*+</row>)\s*+)*+")
_REFERENCE = re.compile("([A-Z]{1,3})([1-9][0-9]{0,6})")


class _Columns(dict[bytes, int]):
    """Positions of columns, from 0, by their letters."""

    def __missing__(self, letters: bytes) -> int:
        position = 0
        for letter in letters:
            position = position * 26 + letter - 64
        if position > MAX_COLUMNS:
            raise DamagedMarkup(f"there is no column {letters.decode()}")
        self[letters] = position - 1
        return position - 1


_COLUMNS = _Columns()


class SheetReader:
    """Reads the rows of one sheet once.

    Args:
        texts: The texts of cells.
        limit: More bytes than this of a cell's text are not kept; such a row is too large anyway.

    Attributes:
        uncalculated: So many formulas had no value so far: no program has worked them out.
        taken: Bytes of the sheet that were read so far.
    """

    def __init__(self, texts: CellTexts, limit: int) -> None:
        self.uncalculated, self.taken = 0, 0
        self._texts = texts
        self._last = 0
        self._markup = _MarkupRows(self, texts, limit)

    def rows(self, pieces: Iterable[bytes]) -> Iterator[Row]:
        """Read the rows that are not empty.

        Args:
            pieces: The XML of the sheet.

        Yields:
            The 1-based row and its cells, at least up to the last one that is not empty.

        Raises:
            DamagedMarkup: The XML is broken, or rows or cells stand in no order.
            UnsafeMarkup: It declares a document type.
        """
        rest, plain, begun = b"", True, False
        for piece in pieces:
            self.taken += len(piece)
            data = rest + piece
            if not begun:
                begun = True
                head = _HEAD.match(data)
                plain = head is not None
                if head is not None:
                    self._markup.feed(head[0])
                    data = data[head.end() :]
            if plain:
                stop = data.rfind(_ROW_END) + len(_ROW_END) if _ROW_END in data else 0
                block, rest = data[:stop], data[stop:]
                parts = _CELL.split(block)
                plain = bool(_ROWS.fullmatch(b"".join(parts[::_GROUPS]))) and len(rest) < _MOST_PENDING
                if plain:
                    block.decode()
                    yield from self._plain_rows(parts, entities=b"&" in block, escapes=b"_x" in block)
                    continue
                del parts
            rest = b""
            yield from self._ordered(self._markup.feed(data))
        yield from self._ordered(self._markup.feed(rest, last=True))

    def _ordered(self, rows: list[_Cells]) -> Iterator[Row]:
        for number, cells in rows:
            self._follows(number)
            if cells:
                yield number, _laid_out(cells)

    def _follows(self, number: int) -> None:
        if not self._last < number <= MAX_ROWS:
            raise DamagedMarkup(f"row {number} stands behind row {self._last}")
        self._last = number

    def _plain_rows(self, parts: list[bytes], *, entities: bool, escapes: bool) -> Iterator[Row]:
        """Put rows together from what `_CELL.split` gives; a group that did not match is None."""
        letters, numbers, attributes, formulas, values, inlines = (parts[group::_GROUPS] for group in range(1, _GROUPS))
        contents = [inline or value for value, inline in zip(values, inlines, strict=True)]
        texts = self._texts
        if not all(contents):
            cells = zip(attributes, formulas, contents, strict=True)
            self.uncalculated += sum(
                bool(formula) and not content and not texts[kind].empty for kind, formula, content in cells
            )
            filled = list(map(bool, contents))
            letters, numbers, attributes, contents = (
                list(compress(group, filled)) for group in (letters, numbers, attributes, contents)
            )
        if entities:
            contents = list(map(resolve, contents))
        # Text without escapes is what it is.
        asis = set() if escapes or entities else {kind for kind in set(attributes) if texts[kind].empty}
        found = [
            content if kind in asis else texts[kind][content]
            for kind, content in zip(attributes, contents, strict=True)
        ]
        if found:
            columns = np.fromiter(map(_COLUMNS.__getitem__, letters), dtype=np.int64, count=len(letters))
            yield from self._placed(np.array(numbers, dtype="S7").astype(np.int64), columns, found)

    def _placed(self, numbers: Ints, columns: Ints, texts: list[bytes]) -> Iterator[Row]:
        """Put texts in their rows and columns."""
        starts = np.flatnonzero(np.diff(numbers, prepend=0))
        for number in numbers[starts].tolist():
            self._follows(number)
        width, bounds = int(columns.max()) + 1, [*starts.tolist(), len(texts)]
        if len(starts) * width > 4 * len(texts) + _FEW_CELLS:
            # Row by row: cells that stand far apart make long rows, of which only few fit in memory.
            cells = list(zip(columns.tolist(), texts, strict=True))
            for start, stop in pairwise(bounds):
                yield int(numbers[start]), _laid_out(cells[start:stop])
        else:
            places = np.repeat(np.arange(len(starts)) * width, np.diff(bounds)) + columns
            if (np.diff(places) <= 0).any() and len(np.unique(places)) < len(places):
                raise DamagedMarkup("a cell stands twice in a row")
            grid = np.full(len(starts) * width, b"", dtype=object)
            grid[places] = texts
            yield from zip(numbers[starts].tolist(), grid.reshape(-1, width).tolist(), strict=True)


def put(row: list[bytes], column: int, text: bytes) -> None:
    """Put a text in its column of a row.

    Raises:
        DamagedMarkup: Another one stands there.
    """
    if column < len(row):
        if row[column]:
            raise DamagedMarkup(f"column {column + 1} stands twice in a row")
        row[column] = text
    else:
        row += [b""] * (column - len(row))
        row.append(text)


def _laid_out(cells: list[tuple[int, bytes]]) -> list[bytes]:
    """Put the cells of a row, given with their columns, in their places."""
    row: list[bytes] = []
    for column, text in cells:
        put(row, column, text)
    return row


class _MarkupRows:
    """Takes the rows from the events of a parser."""

    def __init__(self, reader: SheetReader, texts: CellTexts, limit: int) -> None:
        self._reader, self._texts, self._limit = reader, texts, limit
        self._parser = Parser(self._start, self._close, self._text)
        self._rows: list[_Cells] = []
        self._inside, self._number, self._column, self._next_column = False, 0, 0, 0
        self._row: list[tuple[int, bytes]] = []
        self._attributes, self._formula, self._value, self._phonetic = b"", False, b"", 0
        self._collecting, self._inline, self._size = "", b"", 0
        self._pieces: list[str] = []

    def feed(self, data: bytes, *, last: bool = False) -> list[_Cells]:
        """Parse some more and return the rows that are complete."""
        self._parser.feed(data, last=last)
        rows, self._rows = self._rows, []
        return rows

    def _start(self, tag: str, attributes: Mapping[str, str]) -> None:
        if tag == "sheetData":
            self._inside = True
        elif not self._inside:
            return
        elif tag == "row":
            self._number = (
                _row_number(attributes["r"]) if "r" in attributes else max(self._number, self._reader_row()) + 1
            )
            self._row, self._next_column = [], 0
        elif tag == "c":
            self._start_cell(attributes)
        elif tag == "f":
            self._formula = True
        elif tag == "rPh":
            self._phonetic += 1
        elif tag in ("v", "t") and not self._phonetic:
            self._collecting = tag

    def _reader_row(self) -> int:
        return self._reader._last  # noqa: SLF001

    def _start_cell(self, attributes: Mapping[str, str]) -> None:
        self._column = self._next_column
        if "r" in attributes:
            match = _REFERENCE.fullmatch(attributes["r"])
            if match is None or int(match[2]) != self._number:
                raise DamagedMarkup(f"the cell {attributes['r'][:40]!r} stands in row {self._number}")
            self._column = _COLUMNS[match[1].encode()]
        if self._column >= MAX_COLUMNS:
            raise DamagedMarkup(f"row {self._number} has more than {MAX_COLUMNS} columns")
        self._next_column = self._column + 1
        named = "".join(f' {name}="{attributes[name]}"' for name in ("s", "t") if name in attributes)
        self._attributes, self._formula, self._value, self._inline = named.encode(), False, b"", b""
        self._size = 0

    def _text(self, text: str) -> None:
        if self._collecting and self._size <= self._limit:
            self._pieces.append(text[: self._limit + 1])
            self._size += len(text)

    def _close(self, tag: str) -> None:
        if not self._inside:
            return
        if tag == "sheetData":
            self._inside = False
        elif tag == "row":
            self._rows.append((self._number, self._row))
        elif tag == "c":
            self._close_cell()
        elif tag == "rPh":
            self._phonetic -= 1
        elif tag == self._collecting:
            text = "".join(self._pieces).encode()
            if tag == "v":
                self._value = text
            else:
                self._inline += text
            self._pieces.clear()
            self._collecting = ""

    def _close_cell(self) -> None:
        content = self._inline or self._value
        if content:
            if text := self._texts[self._attributes][content]:
                self._row.append((self._column, text))
        elif self._formula and not self._texts[self._attributes].empty:
            self._reader.uncalculated += 1


def _row_number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise DamagedMarkup(f"there is no row {text[:40]!r}")
    return int(text)
