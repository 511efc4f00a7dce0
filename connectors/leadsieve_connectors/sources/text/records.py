"""Finds the records of a text and their cells, exactly and in plain Python: the rules of splitting.

The rules are those of Python's `csv` module: a quote opens only at the start of a field, a doubled quote inside quotes
is one, and CR, LF and CRLF outside quotes each end a record. They are strict where a mistake would join cells or
swallow records in silence:

- Text after a closing quote (white space apart), a space before an opening one, and a quote that opens inside one plain
  field and closes another, are a STRAY_QUOTE. Any other quote inside a plain field is text.
- A physical line longer than the limit is one record, RECORD_TOO_LARGE.
- A record goes on past its first physical line only where every quoted field of it is closed by a quote that a
  delimiter, a line end or the end of the text follows. Otherwise its first line alone is the record, with an
  UNCLOSED_QUOTE, and reading resumes with the next line as if nothing stood before it. Nor has such a record more than
  twice the cells of any other.
- Nor does it go on where the shorter reading explains the text better: where it does not fit the columns, and what it
  would swallow fits them without a stray quote; or where it is long, and each line that it would swallow fits them.

Each decision depends on the record alone, never on where a window of text ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from leadsieve_connectors.chunk import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadsieve_connectors.sources.text.dialect import Dialect

#: A record of several lines ends within so many times the limit of its start: so much text may have to be held.
LOOK_AHEAD = 32
#: A record of more physical lines is looked at twice before it is believed.
FEW_LINES = 8
#: So many of its lines are looked at.
LOOKED_AT = 100

#: A record of several lines has at most twice as many cells as there are columns, and so many.
_SPARE_CELLS = 16
_MOST_CELLS = 10_000

_LINE_END = re.compile(rb"\r\n|\n|\r")
_LINE = re.compile(rb"[^\r\n]*+")
# A delimiter, a quote and both bytes of a CRLF are never cut in two by so much.
_MARGIN = 16
_LF, _CR = 10, 13


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a text.

    Attributes:
        start: Where it starts.
        stop: Where its line end starts.
        end: Where the next record starts.
        lines: The physical lines that it takes.
        cells: Its cells, in bytes of the text; None where it has a fault.
        fault: Why it cannot be split.
        cut: Its line goes on after the text: what follows up to the next line end is still this record.
    """

    start: int
    stop: int
    end: int
    lines: int
    cells: list[bytes] | None
    fault: Fault | None = None
    cut: bool = False


class RecordReader:
    """Finds the records of a text, one after the other.

    Args:
        dialect: How cells are told apart.
        limit: The longest record, in bytes.
        width: How many cells a record should have; None where that is not known.
        most_cells: A record of several lines has no more, where `width` is not known; else twice the width and some.
    """

    def __init__(
        self, dialect: Dialect, *, limit: int, width: int | None = None, most_cells: int = _MOST_CELLS
    ) -> None:
        self._limit, self._width = limit, width
        # Without a bound, a text whose every line closes one quote and opens the next would be read again from each.
        self._most_cells = most_cells if width is None else 2 * width + _SPARE_CELLS
        self._loose = None if width is None else RecordReader(dialect, limit=limit, most_cells=self._most_cells)
        self._delimiter = dialect.delimiter.encode()
        self._quote = None if dialect.quote is None else dialect.quote.encode()
        if self._quote is not None:
            self._patterns(self._quote, None if dialect.escape is None else dialect.escape.encode())

    def _patterns(self, quote: bytes, escape: bytes | None) -> None:
        q, d = re.escape(quote), re.escape(self._delimiter)
        if escape is None:
            inside = rb"(?:[^%b]++|%b%b)*+" % (q, q, q)
            self._pairs = re.compile(rb"%b(%b)" % (q, q))
        else:
            e = re.escape(escape)
            inside = rb"(?:[^%b%b]++|%b%b|%b[%b%b]|%b)*+" % (q, e, q, q, e, q, e, e)
            self._pairs = re.compile(rb"(?:%b|%b)(%b)|%b(%b)" % (q, e, q, e, e))
        self._inside = re.compile(inside)
        # A delimiter of several bytes may share its first with other characters, so it is looked for as a whole.
        one = len(self._delimiter) == 1
        self._plain = re.compile(rb"[^%b\r\n]*+" % d if one else rb"(?:(?!%b)[^\r\n])*+" % d)
        field = rb"(?:%b%b%b|(?:(?!%b)[^%b\r\n])*+)" % (q, inside, q, d, q)
        self._clean = re.compile(rb"%b(?:%b%b)*+" % (field, d, field))

    def records(self, text: bytes, begin: int, size: int, *, last: bool) -> Iterator[Record]:
        """Yield the records of `text[begin:size]` that can be decided.

        Args:
            text: The text, of which `begin` is the start of a record.
            begin: Where to start.
            size: Where the text ends.
            last: Nothing follows it.
        """
        while begin < size:
            record = self.record(text, begin, size, last=last)
            if record is None:
                return
            yield record
            begin = record.end

    def record(self, text: bytes, start: int, size: int, *, last: bool) -> Record | None:
        """Return the record that starts at `start`, or None where it cannot be decided without what follows."""
        line = find_line(text, start, size, last=last)
        if line is None:
            # A CR at the end may be half of a CRLF: it waits for what follows.
            if size - start > self._limit + _MARGIN and text[size - 1] != _CR:
                return Record(start, size, size, 1, None, Fault.RECORD_TOO_LARGE, cut=True)
            return None
        stop, end = line
        if stop - start > self._limit:
            return Record(start, stop, end, 1, None, Fault.RECORD_TOO_LARGE)
        if self._quote is None or text.find(self._quote, start, stop) < 0:
            return Record(start, stop, end, 1, text[start:stop].split(self._delimiter))
        found = self._one_line(text, start, stop)
        if found is None:
            return self._several_lines(text, (start, stop, end), size, last=last)
        cells, stray = found
        return Record(start, stop, end, 1, None, Fault.STRAY_QUOTE) if stray else Record(start, stop, end, 1, cells)

    def _one_line(self, text: bytes, start: int, stop: int) -> tuple[list[bytes], bool] | None:
        """Return the cells of a record on one line, as `csv` takes them, and whether a quote of it is stray.

        Returns:
            None where a quote is open at its end.
        """
        assert self._quote is not None  # noqa: S101
        cells, place, stray, opened = [], start, False, False
        while True:
            if text.startswith(self._quote, place, stop):
                close = self._closing(text, place, stop)
                if close == stop:
                    return None
                tail = self._plain_end(text, close + 1, stop)
                rest = text[close + 1 : tail]
                stray |= bool(rest.strip())
                cells.append(self._unquoted(text[place + 1 : close]) + rest)
                place = tail
            else:
                tail = self._plain_end(text, place, stop)
                cell = text[place:tail]
                cells.append(cell)
                # With a space before it, a quote that should open a cell does not.
                stray |= cell.lstrip()[:1] == self._quote
                if cell.count(self._quote) & 1:
                    stray |= opened and cell.rstrip().endswith(self._quote)
                    opened |= not cell[cell.rfind(self._quote) + 1 :][:1].isspace() and not cell.endswith(self._quote)
                place = tail
            if place == stop:
                return cells, stray
            place += len(self._delimiter)

    def _closing(self, text: bytes, place: int, stop: int) -> int:
        """Return where the quote is that closes the one at `place`; `stop` without one."""
        match = self._inside.match(text, place + 1, stop)
        assert match is not None, "an empty text matches"  # noqa: S101
        return match.end()

    def _plain_end(self, text: bytes, place: int, stop: int) -> int:
        match = self._plain.match(text, place, stop)
        assert match is not None, "an empty text matches"  # noqa: S101
        return match.end()

    def _unquoted(self, cell: bytes) -> bytes:
        return self._pairs.sub(lambda match: match[match.lastindex or 1], cell)

    def _several_lines(self, text: bytes, first: tuple[int, int, int], size: int, *, last: bool) -> Record | None:
        """Return a record whose quote is open at the end of its first line (start, stop and end of which are given)."""
        start, stop, end = first
        unclosed = Record(start, stop, end, 1, None, Fault.UNCLOSED_QUOTE)
        found = self._strictly(text, start, size, last=last)
        far = LOOK_AHEAD * self._limit
        if found is None:
            return unclosed if last or size - start > far + _MARGIN else None
        cells, last_stop = found
        if not cells or last_stop - start > far:
            return unclosed
        closing = find_line(text, last_stop, size, last=last)
        if closing is None:
            return None
        lines = 1 + len(_LINE_END.findall(text, start, last_stop))
        whole = Record(start, last_stop, closing[1], lines, cells)
        return self._believed(text, whole, end) or unclosed

    def _strictly(self, text: bytes, start: int, size: int, *, last: bool) -> tuple[list[bytes], int] | None:
        """Return the cells of a strictly quoted record, and where it stops.

        Returns:
            No cells where it is not strictly quoted; None where the text ends before that is known.
        """
        assert self._quote is not None  # noqa: S101
        cells, place, known = [], start, size if last else size - len(self._delimiter)
        while True:
            if text.startswith(self._quote, place, size):
                close = self._closing(text, place, size)
                if close == size or (close >= known and not last):
                    return None
                cells.append(self._unquoted(text[place + 1 : close]))
                place = close + 1
                if place < size and text[place] not in b"\r\n" and not text.startswith(self._delimiter, place, size):
                    return [], place
            else:
                tail = self._plain_end(text, place, size)
                if tail >= known and not last:
                    return None
                cells.append(text[place:tail])
                place = tail
            if place >= size or text[place] in b"\r\n":
                return cells, place
            place += len(self._delimiter)
            if len(cells) >= self._most_cells:
                return [], place
            if place >= known and not last:
                return None

    def _believed(self, text: bytes, whole: Record, second: int) -> Record | None:
        """Return the record, perhaps with a fault, or None where only its first line should be one.

        Args:
            text: The text.
            whole: A record of several lines.
            second: Where its second line starts.
        """
        width, too_large = self._width, whole.stop - whole.start > self._limit
        large = Record(whole.start, whole.stop, whole.end, whole.lines, None, Fault.RECORD_TOO_LARGE)
        if width is None:
            return large if too_large else whole
        if (too_large or whole.lines > FEW_LINES) and width > 1:
            looked = islice(_lines(text, second, whole.stop), LOOKED_AT)
            if all(line.count(self._delimiter) + 1 == width for line in looked):
                return None
        if too_large:
            return large
        assert whole.cells is not None  # noqa: S101
        if len(whole.cells) != width and self._fits(text[second : whole.stop]):
            return None
        return whole

    def _fits(self, text: bytes) -> bool:
        """Tell whether every record of the text, split by itself, has a cell for each column and no stray quote."""
        assert self._loose is not None  # noqa: S101
        return all(
            record.cells is not None
            and len(record.cells) == self._width
            and self._clean.fullmatch(text, record.start, record.stop) is not None
            for record in self._loose.records(text, 0, len(text), last=True)
        )


def find_line(text: bytes, start: int, size: int, *, last: bool) -> tuple[int, int] | None:
    """Return where the line from `start` on stops and where the next one starts; None where its end is not here."""
    match = _LINE.match(text, start, size)
    assert match is not None, "an empty text matches"  # noqa: S101
    stop = match.end()
    if stop == size:
        return (stop, stop) if last else None
    if text[stop] != _CR:
        return stop, stop + 1
    if stop + 1 < size:
        return stop, stop + 1 + (text[stop + 1] == _LF)
    # It may be half of a CRLF.
    return (stop, stop + 1) if last else None


def _lines(text: bytes, start: int, stop: int) -> Iterator[bytes]:
    """Yield the physical lines of `text[start:stop]`, without their ends."""
    while start < stop:
        line = find_line(text, start, stop, last=True)
        assert line is not None, "the text ends here"  # noqa: S101
        yield text[start : line[0]]
        start = line[1]
