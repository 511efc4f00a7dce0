"""Text sources: opened by what a sample shows, read in windows, numbered."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from leadsieve_connectors.chunk import Chunk, Fault
from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.arrays import bad_records, int64_array
from leadsieve_connectors.sources.base import MAX_ROWS
from leadsieve_connectors.sources.encodings import TextStream, detect_encoding
from leadsieve_connectors.sources.names import unique_names
from leadsieve_connectors.sources.stored import Stored, StoredSource
from leadsieve_connectors.sources.text.dialect import check_delimiter
from leadsieve_connectors.sources.text.records import RecordReader
from leadsieve_connectors.sources.text.sniffer import sniff
from leadsieve_connectors.sources.text.split import PlainSplitter, Shape
from leadsieve_connectors.sources.text.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from leadsieve_connectors.sources.base import ReadOptions
    from leadsieve_connectors.sources.text.records import Record
    from leadsieve_connectors.sources.text.sniffer import Sniffed
    from leadsieve_connectors.sources.text.split import Piece, Splitter

_SAMPLE_BYTES = 1 << 20
_SAMPLE_ROWS = 500
#: One row with a cell too many is a bad row; from so many on, it is how the file is written.
_FEW_ROWS = 3
_LOOK_BYTES = 1 << 16
_MOST_BYTES = 1 << 30
# So much text tells how many bytes a record has.
_FIRST_BYTES = 1 << 20
#: From so many bytes on, splitting by machine code pays for loading it.
_COMPILED_BYTES = 1_500_000
_COMPILED_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class _Start:
    """Where the rows of a text begin.

    Attributes:
        offset: Bytes of the text, as UTF-8, before the first row.
        line: The physical line of the first row.
        blank: Blank records before it.
        header: The header's cells; None where there is no header.
    """

    offset: int
    line: int
    blank: int
    header: tuple[str, ...] | None


class CsvSource(StoredSource):
    """A text source; see `base.Source` for what its attributes and methods give.

    Args:
        file: Ordinal of the source in the run.
        stored: Where its bytes are.
        options: How to read it.

    Raises:
        SourceError: It has no header, no row, or cannot be read.
    """

    def __init__(self, file: int, stored: Stored, options: ReadOptions) -> None:
        self._file, self._stored, self._options = file, stored, options
        head, whole = self._head()
        self._small = whole
        found_encoding = detect_encoding(
            head, options.encoding, more=partial(stored.pieces, len(head)), source=stored.name
        )
        self._encoding = found_encoding.name
        sample = TextStream(io.BytesIO(head), self._encoding).read(len(head) or 1)
        found = self._sniff(sample, whole=whole)
        self._reader = RecordReader(found.dialect, limit=options.max_record_bytes)
        self._start = self._find_start(found)
        records = list(self._first_records(sample, whole=whole))
        self._record_bytes = _record_bytes(records, self._start.offset) * len(head) / max(1, len(sample))
        self.headers = self._headers(records)
        self.schema = pa.schema([(name, pa.string()) for name in unique_names(self.headers)])
        self._shape = Shape(
            dialect=found.dialect,
            width=len(self.headers),
            header=self._start.header,
            limit=options.max_record_bytes,
            marked=self._encoding != "utf-8",
        )
        self.dialect: Mapping[str, Any] = {
            "format": "csv",
            **stored.facts,
            "encoding": self._encoding,
            "encoding_how": found_encoding.how,
            "encoding_may_be": list(found_encoding.alternatives) or None,
            "byte_order_mark": found_encoding.mark,
            "delimiter": found.dialect.delimiter,
            "quote": found.dialect.quote,
            "escape": found.dialect.escape,
            "header": self._start.header is not None,
            "header_why": found.header_why or None,
            "skip_rows": options.skip_rows or None,
            "spare_cells": len(self.headers) > len(self._start.header or self.headers) or None,
            "sep_line": found.directive or None,
            "proposed_skip_rows": found.preamble or None,
            "also_possible": [one.delimiter for one in found.ambiguous] or None,
        }
        if not any(chunk.num_rows for chunk in self._read(1, take_hash=False)):
            what = "only a header is there, no row follows it" if self._start.header else "the file is empty"
            raise SourceError(f"{self.name}: {what}; give a file with leads", "empty_file")

    @property
    def expected_rows(self) -> int | None:
        """About how many rows there are, by the size of the first records; None where the text's size is not known."""
        size = self._stored.content_size
        return None if size is None or not self._record_bytes else int(size / self._record_bytes)

    def chunks(self, *, max_rows: int | None = None) -> Iterator[Chunk]:
        """Read the records in order, from the start; see `base.Source.chunks`."""
        limits = [limit for limit in (max_rows, self._options.max_rows) if limit is not None]
        return self._read(min(limits, default=None), take_hash=True)

    def _head(self) -> tuple[bytes, bool]:
        """Return the first bytes and whether they are all."""
        with self._stored.open() as stream:
            head = stream.read_fully(_SAMPLE_BYTES)
            return head, not stream.read(1)

    def _sniff(self, sample: bytes, *, whole: bool) -> Sniffed:
        options = self._options
        delimiter = None if options.delimiter is None else check_delimiter(options.delimiter)
        return sniff(
            sample,
            whole=whole,
            delimiter=delimiter,
            header=options.header,
            skip_rows=options.skip_rows,
            limit=options.max_record_bytes,
        )

    def _find_start(self, found: Sniffed) -> _Start:
        """Find the header, where there is one, and the first row."""
        line, blank = 1 + found.skipped_lines, 0
        with self._stored.open() as stream:
            window = Window(TextStream(stream, self._encoding), _LOOK_BYTES)
            for _ in range(found.skipped_lines):
                if not (window.size or window.more()):
                    break  # fewer lines are there than were to be skipped
                window.skip_line()
            while window.more():
                used = 0
                for record in self._reader.records(window.text, 0, window.size, last=window.last):
                    cells = _texts(record)
                    if cells is None or any(cell.strip() for cell in cells):
                        at = window.offset
                        if not found.header:
                            return _Start(at + record.start, line, blank, None)
                        cells = self._sound_header(window.text, record, cells)
                        return _Start(at + record.end, line + record.lines, blank, tuple(cells))
                    line, blank, used = line + record.lines, blank + 1, record.end
                window.drop(used)
        raise SourceError(f"{self.name}: the file is empty; give a file with a header and leads", "empty_file")

    def _sound_header(self, text: bytes, record: Record, cells: list[str] | None) -> list[str]:
        """Return the cells of the header, which must be text and in one piece."""
        if record.fault is not None:
            why = {
                Fault.UNCLOSED_QUOTE: "opens a quote that is never closed",
                Fault.STRAY_QUOTE: "holds a quote that neither opens nor closes a cell",
                Fault.RECORD_TOO_LARGE: f"is longer than {self._options.max_record_bytes} bytes",
            }[record.fault]
            message = f"{self.name}: the header {why}; correct it, or pass over lines before it with --skip-rows"
            raise SourceError(message, "malformed_file")
        advice = "name the right one with --encoding"
        if cells is None:
            message = f"{self.name}: the header is not {self._encoding}; {advice}"
            raise SourceError(message, "encoding_error")
        if b"\0" in text[record.start : record.stop]:
            message = f"{self.name}: the header holds NUL bytes, so it is not {self._encoding} text"
            raise SourceError(f"{message}; if it is UTF-16, {advice} (utf-16-le or utf-16-be)", "encoding_error")
        return cells

    def _headers(self, records: Sequence[Record]) -> tuple[str, ...]:
        """Return the columns' names as the file or the user has them; "" for one without a name."""
        shapes = _shapes(records)
        given, header = self._options.columns, self._start.header
        if header is not None:
            # Each record ends in a delimiter, and the header does not: the last column has no name.
            if len(shapes) >= _FEW_ROWS and all(shape == (len(header) + 1, True) for shape in shapes):
                header = (*header, "")
        else:
            header = ("",) * (Counter(width for width, _ in shapes).most_common(1)[0][0] if shapes else 1)
        if given is None:
            return header
        if len(given) != len(header):
            message = f"{self.name}: --columns names {len(given)}, but the records have {len(header)} cells"
            raise SourceError(f"{message}; name each, in order", "invalid_option")
        return given

    def _first_records(self, sample: bytes, *, whole: bool) -> Iterator[Record]:
        return islice(self._reader.records(sample, self._start.offset, len(sample), last=whole), _SAMPLE_ROWS)

    def _splitter(self, limit: int | None) -> Splitter:
        """Choose who splits: machine code for large files, where loading it pays."""
        size = self._stored.content_size
        large = not self._small and (size is None or size >= _COMPILED_BYTES)
        if large and (limit is None or limit >= _COMPILED_ROWS):
            from leadsieve_connectors.sources.text.kernel import CompiledSplitter, covers

            if covers(self._shape.dialect):
                return CompiledSplitter(self._shape)
        return PlainSplitter(self._shape)

    def _read(self, limit: int | None, *, take_hash: bool) -> Iterator[Chunk]:
        if limit is not None and limit <= 0:
            return
        start, splitter, row, taken = self._start, self._splitter(limit), 1, 0
        line, blank = start.line, start.blank
        few = limit is not None and limit < _COMPILED_ROWS
        most = min(self._options.chunk_bytes, _LOOK_BYTES if few else _MOST_BYTES)
        used = records = 0
        with self._stored.open(take_hash=take_hash) as stream:
            text = TextStream(stream, self._encoding)
            window = Window(text, min(most, _FIRST_BYTES))
            window.skip(start.offset)
            while window.more():
                piece = splitter.split(window.text, window.size, last=window.last)
                window.drop(piece.used)
                if not len(piece.lines):
                    continue
                used, records = used + piece.used, records + len(piece.lines)
                window.step = min(most, 1 + MAX_ROWS * used // records)
                left = None if limit is None else limit - row + 1
                chunk = self._chunk(
                    piece, row=row, line=line, left=left, blank_before=blank, nbytes=stream.taken - taken
                )
                yield chunk
                row, line = row + chunk.num_rows, line + piece.physical
                taken, blank = stream.taken, 0
                if limit is not None and row > limit:
                    return
                if piece.cut:
                    window.skip_line()
            stream.end()

    def _chunk(self, piece: Piece, *, row: int, line: int, left: int | None, blank_before: int, nbytes: int) -> Chunk:
        """Number the records of a piece.

        Args:
            piece: Split records.
            row: The number of its first row.
            line: The number of its first line.
            left: How many rows may still be read; None for all.
            blank_before: Blank records before the piece that no chunk has counted.
            nbytes: Bytes of the source that the chunk took.
        """
        counted = np.cumsum(~piece.blank)
        rows, lines = counted + (row - 1), piece.lines + line
        places, bad, blank = piece.places, piece.bad, piece.blank
        table = pa.Table.from_arrays(piece.columns, schema=self.schema)
        if left is not None and counted[-1] >= left:
            stop = int(np.searchsorted(counted, left)) + 1
            places = places[places < stop]
            table = table.slice(0, len(places))
            bad = {place: value for place, value in bad.items() if place < stop}
            blank = blank[:stop]
        return Chunk(
            file=self._file,
            name=self.name,
            table=table,
            rows=int64_array(rows[places]),
            lines=int64_array(lines[places]),
            bad=bad_records((int(rows[place]), int(lines[place]), *bad[place]) for place in sorted(bad)),
            blank_records=int(np.count_nonzero(blank)) + blank_before,
            nbytes=nbytes,
        )


def _shapes(records: Iterable[Record]) -> list[tuple[int, bool]]:
    """Return, for the sound rows, how many cells each has and whether its last is empty."""
    rows = (record.cells for record in records if record.cells is not None)
    return [(len(row), not row[-1].strip()) for row in rows if any(cell.strip() for cell in row)]


def _record_bytes(records: Sequence[Record], start: int) -> float:
    """Return the bytes of an average record of a text; 0 where there is none."""
    return (records[-1].end - start) / len(records) if records else 0.0


def _texts(record: Record) -> list[str] | None:
    """Return the cells as text; None where they are none."""
    try:
        return None if record.cells is None else [cell.decode() for cell in record.cells]
    except UnicodeDecodeError:
        return None
