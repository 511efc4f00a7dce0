"""Cuts decoded text at record boundaries, exact about quotes, whatever the sizes in which the text comes.

The rules are those of Python's `csv` module: a quote opens only at the start of a field, a doubled quote
inside quotes is one quote, text after a closing quote is literal, and CR, LF and CRLF outside quotes each
end a record. Beside them:

- a physical line longer than `max_record_bytes` (its line end not counted) is RECORD_TOO_LARGE and is one
  record;
- a record of several lines that does not end within `max_record_bytes` of its start, or at all, has an
  UNCLOSED_QUOTE: it costs its first physical line, and reading resumes with the next line as if nothing
  stood before it.

Each decision depends on the record alone. A line's effect on quotes is one of four functions of one bit (is
the line begun inside quotes?), so that nothing is scanned twice, not even in a file where every line opens a
quote.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from leadsieve_connectors.chunk import Fault
from leadsieve_connectors.sources.records import MAX_RAW_CHARS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from leadsieve_connectors.sources.arrays import Bools, Ints

Bytes = npt.NDArray[np.uint8]
_LF, _CR, _QUOTE = 10, 13, 34


@dataclass(frozen=True, slots=True)
class Block:
    """Some consecutive whole records of a text.

    Attributes:
        data: The records with their line ends. A record that is too large may stand cut.
        line: The physical line of the first record.
        records: How many records there are.
        starts: Where each record starts in `data`; None where every physical line is a record.
        lines: The physical line on which each record starts; None where every physical line is a record.
        faults: Records, by position among the block's, that cannot be split into cells.
    """

    data: bytes
    line: int
    records: int
    starts: Ints | None = None
    lines: Ints | None = None
    faults: dict[int, Fault] = field(default_factory=dict)

    def bounds(self) -> Ints:
        """Return the start of each record in `data`, and at last the end of `data`."""
        if self.starts is None:
            ends = Lines.of(np.frombuffer(self.data, dtype=np.uint8), last=True).ends
            return np.concatenate([np.zeros(1, dtype=np.int64), ends])
        return np.append(self.starts, len(self.data))

    def after(self, count: int) -> Block:
        """Return the block without its first `count` records."""
        if not count:
            return self
        begin = int(self.bounds()[count])
        numbers = self.line_numbers()[count:]
        data, line = self.data[begin:], int(numbers[0]) if len(numbers) else self.line
        if self.starts is None:
            return Block(data, line, self.records - count)
        faults = {place - count: fault for place, fault in self.faults.items() if place >= count}
        return Block(data, line, self.records - count, self.starts[count:] - begin, numbers, faults)

    def line_numbers(self) -> Ints:
        """Return the physical line on which each record starts."""
        if self.lines is None:
            return np.arange(self.line, self.line + self.records, dtype=np.int64)
        return self.lines


@dataclass(frozen=True, slots=True)
class Lines:
    """Physical lines: where each starts, where its line end starts, and where the next line starts."""

    starts: Ints
    stops: Ints
    ends: Ints

    @classmethod
    def of(cls, text: Bytes, *, last: bool) -> Lines:
        """Find the lines of `text`; with `last`, text after the last line end is a line too."""
        stops = np.flatnonzero(text == _LF)
        widths = np.ones(len(stops), dtype=np.int64)
        returns = np.flatnonzero(text == _CR)
        if len(returns):
            paired = (returns + 1 < len(text)) & (text[np.minimum(returns + 1, len(text) - 1)] == _LF)
            alone = text[np.maximum(stops - 1, 0)] != _CR
            stops = np.concatenate([stops[alone], returns])
            widths = np.concatenate([widths[alone], 1 + paired.astype(np.int64)])
            order = np.argsort(stops, kind="stable")
            stops, widths = stops[order], widths[order]
        ends = stops + widths
        if last and len(text) > (ends[-1] if len(ends) else 0):
            stops, ends = np.append(stops, len(text)), np.append(ends, len(text))
        starts = np.concatenate([np.zeros(1, dtype=np.int64), ends[:-1]])[: len(ends)]
        return cls(starts, stops, ends)


class Quotes:
    """What the quotes of each physical line do, begun outside or inside quotes."""

    def __init__(self, text: Bytes, lines: Lines, delimiter: int) -> None:
        places = np.flatnonzero(text == _QUOTE)
        before = text[np.maximum(places - 1, 0)]
        at_start = (before == delimiter) | (before == _LF) | (before == _CR) | (places == 0)
        self._places, self._at_start = places, at_start
        ends = lines.ends[-1:] if len(lines.ends) else np.zeros(1, dtype=np.int64)
        self._first = np.searchsorted(places, np.concatenate([lines.starts, ends]))
        counts = np.diff(self._first)
        #: Lines with any quote.
        self.quoted = np.flatnonzero(counts)
        #: Flags the lines that, begun outside quotes, end inside.
        self.opens: Bools = (counts & 1).astype(np.bool_)
        # Regular: quotes open and close in turn, each opening one at a field's start or doubling the one
        # before it.
        literal = ~(at_start | (before == _QUOTE))[: self._first[-1]]
        parity = np.repeat(self._first[:-1] & 1, counts) == (np.arange(len(literal)) & 1)
        irregular = np.flatnonzero(literal & parity)
        for line in np.unique(np.searchsorted(self._first, irregular, "right") - 1).tolist():
            self.opens[line] = self._ends_inside(line, inside=False)

    def closes(self, line: int) -> bool:
        """Tell whether the line, begun inside quotes, ends outside."""
        return not self._ends_inside(line, inside=True)

    def _ends_inside(self, line: int, *, inside: bool) -> bool:
        span = slice(self._first[line], self._first[line + 1])
        closed = -2
        for place, at_start in zip(self._places[span].tolist(), self._at_start[span].tolist(), strict=True):
            if inside:
                inside, closed = False, place
            else:
                inside = at_start or place == closed + 1
        return inside


class Framer:
    """Reads a text as blocks of whole records.

    Args:
        read: Gives the next piece of UTF-8 text, about as many bytes as asked for; empty at the end.
        delimiter: The character between cells, ASCII.
        chunk_bytes: About how many bytes make a block.
        max_record_bytes: No record is longer, its line end not counted.
        start_line: The physical line on which the text starts.
    """

    def __init__(
        self,
        read: Callable[[int], bytes],
        *,
        delimiter: str,
        chunk_bytes: int,
        max_record_bytes: int,
        start_line: int = 1,
    ) -> None:
        self._read = read
        self._delimiter = ord(delimiter)
        self._chunk_bytes = max(1, chunk_bytes)
        self._limit = max_record_bytes
        self._line = start_line
        self._skipping = False

    def __iter__(self) -> Iterator[Block]:
        rest, last = b"", False
        while not last:
            # A long record is read in ever larger pieces, so that looking again for its end stays linear.
            fresh = self._read(max(self._chunk_bytes, len(rest)))
            last = not fresh
            text = rest + fresh
            # A CR at the end may be half of a CRLF: it waits for what follows.
            size = len(text) - (not last and text.endswith(b"\r"))
            begin = self._skip(text, size, last=last) if self._skipping else 0
            block, used = self._plain(text, begin, size, last=last) or self._quoted(text, begin, size, last=last)
            rest = text[used:]
            if block.records:
                yield block

    def _skip(self, text: bytes, size: int, *, last: bool) -> int:
        """Return where the line after the too large one starts, or `size` where it is not here yet."""
        ends = Lines.of(np.frombuffer(text, dtype=np.uint8, count=size), last=last).ends
        if len(ends):
            self._skipping = False
            self._line += 1
            return int(ends[0])
        return size

    def _plain(self, text: bytes, begin: int, size: int, *, last: bool) -> tuple[Block, int] | None:
        """Cut text at its last line end; None where a quote or a long line wants a closer look."""
        if text.find(b'"', begin, size) >= 0:
            return None
        returns = text.find(b"\r", begin, size) >= 0
        cut = size if last else _last_end(text, begin, size, returns=returns)
        if size - cut > self._limit:
            return None
        at = begin
        while cut - at > self._limit:
            # All records up to the last line end within the limit are short enough themselves.
            end = _last_end(text, at, min(cut, at + self._limit + 1), returns=returns)
            if end == at:
                return None
            at = end
        data = text[begin:cut]
        count = _count_lines(data, returns=returns)
        block = Block(data, self._line, count)
        self._line += count
        return block, cut

    def _quoted(self, text: bytes, begin: int, size: int, *, last: bool) -> tuple[Block, int]:
        """Cut any text; see the module's first words for the rules."""
        view = np.frombuffer(text, dtype=np.uint8, count=size)[begin:]
        lines = Lines.of(view, last=last)
        is_start, faults, taken = self._judge(view, lines, last=last)
        cut = int(lines.ends[taken - 1]) if taken else 0
        starts = np.flatnonzero(is_start[:taken])
        marks = {int(np.searchsorted(starts, line)): fault for line, fault in faults.items()}
        places, numbers, data, used = (
            lines.starts[starts],
            starts + self._line,
            text[begin : begin + cut],
            cut,
        )
        self._line += taken
        if taken == len(lines.ends) and len(view) - cut > self._limit:
            # The line that is not finished is too large already: its beginning is its raw text, the rest is
            # skipped.
            marks[len(starts)] = Fault.RECORD_TOO_LARGE
            places, numbers = np.append(places, cut), np.append(numbers, self._line)
            data += text[begin + cut : begin + cut + self._limit][: 4 * MAX_RAW_CHARS]
            used = len(view)
            self._skipping = True
        if len(places) == taken and not marks:
            return Block(data, int(numbers[0]) if taken else self._line, taken), begin + used
        first = int(numbers[0]) if len(numbers) else self._line
        return Block(data, first, len(places), places, numbers, marks), begin + used

    def _judge(self, view: Bytes, lines: Lines, *, last: bool) -> tuple[Bools, dict[int, Fault], int]:
        """Flag the lines on which a record starts.

        Returns:
            The flags; the faults by line; and how many lines can be decided from what is here.
        """
        count = len(lines.ends)
        is_start = np.ones(count, dtype=np.bool_)
        faults: dict[int, Fault] = {}
        quotes = Quotes(view, lines, self._delimiter)
        too_long = lines.stops - lines.starts > self._limit
        following = 0  # the next line that a record may start on
        closers = _Closers(quotes)
        for line in np.flatnonzero(quotes.opens | too_long).tolist():
            if line < following:
                continue
            following = line + 1
            if too_long[line]:
                faults[line] = Fault.RECORD_TOO_LARGE
                continue
            start = int(lines.starts[line])
            closer = closers.after(line)
            if closer is not None and lines.stops[closer] - start <= self._limit:
                is_start[line + 1 : closer + 1] = False
                following = closer + 1
            elif closer is None and not last and len(view) - start <= self._limit:
                return is_start, faults, line
            else:
                faults[line] = Fault.UNCLOSED_QUOTE
        return is_start, faults, count


class _Closers:
    """Finds the line that closes an open quote; asked in rising order, it looks at each line once."""

    def __init__(self, quotes: Quotes) -> None:
        self._quotes = quotes
        self._quoted = quotes.quoted.tolist() if quotes.opens.any() else []
        self._next = 0
        self._found: int | None = None

    def after(self, line: int) -> int | None:
        """Return the first line after `line` that, begun inside quotes, ends outside; None without one."""
        if self._found is not None and self._found > line:
            return self._found
        self._found = None
        while self._next < len(self._quoted) and self._found is None:
            candidate = self._quoted[self._next]
            if candidate > line and self._quotes.closes(candidate):
                self._found = candidate
            self._next += 1
        return self._found


def _last_end(text: bytes, begin: int, end: int, *, returns: bool) -> int:
    """Return the position after the last line end in `text[begin:end]`; `begin` where there is none."""
    place = text.rfind(b"\n", begin, end)
    if returns:
        place = max(place, text.rfind(b"\r", begin, end))
    return place + 1 if place >= 0 else begin


def _count_lines(data: bytes, *, returns: bool) -> int:
    text = np.frombuffer(data, dtype=np.uint8)
    feeds = text == _LF
    ends = int(np.count_nonzero(feeds))
    if returns:
        alone = text == _CR
        alone[:-1] &= ~feeds[1:]
        ends += int(np.count_nonzero(alone))
    return ends + (bool(data) and not data.endswith((b"\n", b"\r")))
