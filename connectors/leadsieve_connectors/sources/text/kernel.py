"""The compiled splitter: what the plain one gives, for large files of the usual dialects."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from leadsieve_connectors.chunk import Fault
from leadsieve_connectors.sources.records import MAX_RAW_CHARS
from leadsieve_connectors.sources.text import frame
from leadsieve_connectors.sources.text.gather import OVERRUN, gather
from leadsieve_connectors.sources.text.records import FEW_LINES, Record, RecordReader
from leadsieve_connectors.sources.text.scan import FULL
from leadsieve_connectors.sources.text.split import Piece, PlainSplitter, is_blank

if TYPE_CHECKING:
    from leadsieve_connectors.sources.arrays import Ints
    from leadsieve_connectors.sources.text.dialect import Dialect
    from leadsieve_connectors.sources.text.split import Shape

Bytes = npt.NDArray[np.uint8]
Cells = npt.NDArray[np.int32]

#: Places in a text are 32 bits.
_MAX_BYTES = 1 << 30
#: A byte that no text has.
_NO_QUOTE = 0xFF
_NEVER = 1 << 40
_FAULTS = {
    frame.TOO_FEW: Fault.TOO_FEW_FIELDS,
    frame.TOO_MANY: Fault.TOO_MANY_FIELDS,
    frame.UNDECODABLE: Fault.UNDECODABLE_BYTES,
}
_RAGGED = {frame.TOO_FEW, frame.TOO_MANY}
# How many bytes of text a cell and a record have at least, in most files; where they have fewer, the arrays grow.
_BYTES_A_CELL, _BYTES_A_RECORD = 6, 24


class _Scratch(threading.local):
    """Arrays that the kernel fills, kept from window to window; each thread has its own."""

    def __init__(self) -> None:
        self._make(0, 0)

    def _make(self, cells: int, records: int) -> None:
        self.cells = np.empty(cells, dtype=np.int32)
        self.starts = np.empty(records, dtype=np.int32)
        self.places = np.empty(records, dtype=np.int64)
        self.lines = np.empty(records, dtype=np.int64)
        self.blanks = np.empty(records, dtype=np.bool_)
        self.marks = np.empty(records * frame.MARK, dtype=np.int64)

    def fit(self, size: int, width: int) -> None:
        """Make room for a window of a text."""
        cells, records = size // _BYTES_A_CELL + width, size // _BYTES_A_RECORD
        if len(self.cells) < cells + 2 * frame.MARGIN or len(self.lines) < records + 2 * frame.MARGIN:
            self._make(cells + 2 * frame.MARGIN, records + 2 * frame.MARGIN)

    def grow(self) -> None:
        """Double the room and keep what stands there."""
        for name in ("cells", "starts", "places", "lines", "blanks", "marks"):
            before = getattr(self, name)
            after = np.empty(2 * len(before), dtype=before.dtype)
            after[: len(before)] = before
            setattr(self, name, after)


class CompiledSplitter:
    """Splits like `PlainSplitter`, many times faster.

    Args:
        shape: What the records should look like; `covers` must be true of it.
    """

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._plain = PlainSplitter(shape)
        self._reader = RecordReader(shape.dialect, limit=shape.limit, width=shape.width)
        self._quote = _NO_QUOTE if shape.dialect.quote is None else ord(shape.dialect.quote)
        self._told = _state(shape, self._quote)
        self._scratch = _Scratch()

    def split(self, text: bytes, size: int, *, last: bool) -> Piece:
        """Split the records of a window that can be decided; see `Splitter`."""
        if size > _MAX_BYTES:
            return self._plain.split(text, size, last=last)
        scratch = self._scratch
        scratch.fit(size, self._shape.width)
        window = _Window(text, size, last, np.frombuffer(text, dtype=np.uint8), self._told.copy())
        # A CR at the end may be half of a CRLF: it waits for what follows.
        window.state[frame.STOP] = size - (not last and text[size - 1 : size] == b"\r")
        bad: dict[int, tuple[str, Fault]] = {}
        cut = self._find(window, scratch, bad)
        dropped = self._look(window, scratch, bad)
        used, physical, records, rows = window.state[[frame.AT, frame.LINES, frame.RECORDS, frame.ROWS]].tolist()
        cells, starts, places = scratch.cells[: rows * self._shape.width], scratch.starts[:rows], scratch.places[:rows]
        if dropped:
            cells = np.delete(cells.reshape(rows, -1), dropped, axis=0).reshape(-1)
            starts, places = np.delete(starts, dropped), np.delete(places, dropped)
        return Piece(
            used=used,
            physical=physical,
            lines=scratch.lines[:records].copy(),
            columns=self._columns(window.data, used, cells, starts),
            places=places.copy(),
            bad=bad,
            blank=scratch.blanks[:records].copy(),
            cut=cut,
        )

    def _find(self, window: _Window, scratch: _Scratch, bad: dict[int, tuple[str, Fault]]) -> bool:
        """Find all records, those that the kernel leaves by the plain reader; return whether the last one is cut."""
        state, cut = window.state, False
        while True:
            said = frame.find_records(
                window.data,
                state,
                scratch.cells,
                scratch.starts,
                scratch.places,
                scratch.lines,
                scratch.blanks,
                scratch.marks,
            )
            if said == FULL:
                scratch.grow()
                continue
            at = int(state[frame.AT])
            record = self._reader.record(window.text, at, window.size, last=window.last) if at < window.size else None
            if record is None:
                return cut
            cut = record.cut
            fault = self._plain.fault(window.text, record)
            if fault is None and not is_blank(record.cells or []):
                state[frame.FORCED], state[frame.NEXT], state[frame.TAKEN] = record.stop, record.end, record.lines
                continue
            number = int(state[frame.RECORDS])
            scratch.lines[number], scratch.blanks[number] = state[frame.LINES], fault is None
            if fault is not None:
                bad[number] = self._plain.raw(window.text, record), fault
            state[frame.AT] = record.end
            state[frame.LINES] += record.lines
            state[frame.RECORDS] += 1

    def _look(self, window: _Window, scratch: _Scratch, bad: dict[int, tuple[str, Fault]]) -> list[int]:
        """Look at the records that the kernel marked; return the rows that are none."""
        dropped = []
        count = int(window.state[frame.MARKED])
        for number, row, what, start, stop in scratch.marks[: count * frame.MARK].reshape(count, frame.MARK).tolist():
            if what in _RAGGED and stop - start <= MAX_RAW_CHARS:
                bad[number] = window.text[start:stop].decode(), _FAULTS[what]
                continue
            fault = _FAULTS.get(what)
            record = Record(start, stop, stop, 1, None, fault)
            if fault is None:
                found = self._reader.record(window.text, start, window.size, last=window.last)
                assert found is not None, "its line end is in the window"  # noqa: S101
                record, fault = found, self._plain.fault(window.text, found)
                if fault is None and not is_blank(found.cells or []):
                    continue
                scratch.blanks[number] = fault is None
                if row >= 0:
                    dropped.append(row)
            if fault is not None:
                bad[number] = self._plain.raw(window.text, record), fault
        return dropped

    def _columns(self, data: Bytes, used: int, cells: Cells, starts: Cells) -> list[pa.Array]:
        width, rows = self._shape.width, len(starts)
        step = rows + 1 + -(rows + 1) % 16
        offsets, out = np.empty(width * step, dtype=np.int32), np.empty(used + OVERRUN, dtype=np.uint8)
        bounds, empty = np.empty(width + 1, dtype=np.int64), np.empty(width, dtype=np.int64)
        gather(data, self._quote, rows, width, cells, starts, offsets, step, bounds, empty, out)
        columns = []
        for column, (begin, end, none) in enumerate(
            zip(bounds[:-1].tolist(), bounds[1:].tolist(), empty.tolist(), strict=True)
        ):
            own = offsets[column * step : column * step + rows + 1]
            valid = pa.py_buffer(np.packbits(own[1:] != own[:-1], bitorder="little")) if none else None
            buffers = [pa.py_buffer(own), pa.py_buffer(out[begin:end]), valid]
            columns.append(pa.StringArray.from_buffers(rows, *buffers, null_count=none))
        return columns


@dataclass(frozen=True, slots=True)
class _Window:
    """A window of text as the kernel sees it."""

    text: bytes
    size: int
    last: bool
    data: Bytes
    state: Ints


def _state(shape: Shape, quote: int) -> Ints:
    """Return what the kernel is told of a text."""
    state = np.zeros(frame.STATE, dtype=np.int64)
    state[frame.DELIMITER], state[frame.QUOTE], state[frame.QUOTED] = (
        ord(shape.dialect.delimiter),
        quote,
        quote != _NO_QUOTE,
    )
    state[frame.WIDTH], state[frame.LIMIT], state[frame.FORCED], state[frame.KEY_SIZE] = (
        shape.width,
        shape.limit,
        -1,
        _NEVER,
    )
    state[frame.FEW_LINES] = FEW_LINES
    header = [cell.encode() for cell in shape.header or ()]
    # A record that is blank could repeat a header that is.
    state[frame.SURE] = shape.header is None or not is_blank(header)
    # The longest cell of the header is the one that fewest rows share.
    key = max(header, key=len, default=b"")
    if key and len(header) == shape.width:
        inner = key.count(quote)
        state[frame.KEY_CELL], state[frame.KEY_SIZE], state[frame.KEY_SPAN] = header.index(key), len(key), 2 + inner
        size = 0 if inner else min(len(key), 8)
        words = key[:size].ljust(8, b"\0") + (b"\xff" * size).ljust(8, b"\0")
        state[frame.KEY_WORD : frame.KEY_MASK + 1] = np.frombuffer(words, dtype="<i8")
    return state


def covers(dialect: Dialect) -> bool:
    """Tell whether the compiled splitter knows the dialect: ASCII, and quotes only doubled."""
    quote = dialect.quote is None or dialect.quote.isascii()
    return quote and dialect.delimiter.isascii() and dialect.escape is None
