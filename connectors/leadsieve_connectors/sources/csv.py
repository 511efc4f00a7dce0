"""Text sources: records of cells between delimiters, quoted as in CSV."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from leadsieve_connectors.chunk import Chunk, Fault
from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.arrays import bad_records, int64_array
from leadsieve_connectors.sources.dialect import check_delimiter, find_delimiter
from leadsieve_connectors.sources.encodings import TextStream, find_encoding
from leadsieve_connectors.sources.framer import Block, Framer
from leadsieve_connectors.sources.names import unique_names
from leadsieve_connectors.sources.parse import Parsed, Parser
from leadsieve_connectors.sources.records import is_blank, split_record, strip_line_end

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from leadsieve_connectors.sources.base import ReadOptions
    from leadsieve_connectors.sources.storage import StoredFile

_SAMPLE_BYTES = 1 << 20
_LOOK_BYTES = 1 << 16


class CsvSource:
    """A text source; see `base.Source` for what its attributes and methods give.

    Args:
        file: Ordinal of the source in the run.
        stored: Where its bytes are.
        options: How to read it.

    Raises:
        SourceError: It has no header, no row, or cannot be read.
    """

    def __init__(self, file: int, stored: StoredFile, options: ReadOptions) -> None:
        self._file, self._stored, self._options = file, stored, options
        head, whole = self._head()
        self._encoding, bom = find_encoding(head, options.encoding)
        delimiter = None if options.delimiter is None else check_delimiter(options.delimiter)
        sample = TextStream(io.BytesIO(head), self._encoding).read(len(head) or 1)
        limit = options.max_record_bytes
        self._delimiter = delimiter or find_delimiter(sample, whole=whole, max_record_bytes=limit)
        self.headers, self._blank_before = self._header()
        self.schema = pa.schema([(name, pa.string()) for name in unique_names(self.headers)])
        self.dialect: Mapping[str, Any] = {
            "format": "csv",
            "encoding": self._encoding,
            "byte_order_mark": bom,
            "delimiter": self._delimiter,
            "quote": '"',
        }
        self._parser = Parser(
            name=self.name,
            headers=self.headers,
            names=self.schema.names,
            delimiter=self._delimiter,
            max_record_bytes=limit,
            marked=self._encoding != "utf-8",
        )
        if not any(chunk.num_rows for chunk in self._read(1, _LOOK_BYTES, take_hash=False)):
            message = f"{self.name}: only a header is there, no row follows it; give a file with leads"
            raise SourceError(message, "empty_file")

    @property
    def name(self) -> str:
        """The path as outputs show it."""
        return self._stored.name

    @property
    def size(self) -> int | None:
        """Bytes of the file as stored."""
        return self._stored.size

    def sha256(self) -> str:
        """Return the hex SHA-256 of the stored bytes."""
        return self._stored.sha256()

    def chunks(self, *, max_rows: int | None = None) -> Iterator[Chunk]:
        """Read the records in order, from the start; see `base.Source.chunks`."""
        limits = [limit for limit in (max_rows, self._options.max_rows) if limit is not None]
        return self._read(min(limits, default=None), self._options.chunk_bytes, take_hash=True)

    def _head(self) -> tuple[bytes, bool]:
        """Return the first bytes and whether they are all."""
        with self._stored.open() as stream:
            head = stream.read_fully(_SAMPLE_BYTES)
            return head, not stream.read(1)

    def _blocks(self, text: TextStream, chunk_bytes: int) -> Iterator[Block]:
        limit = self._options.max_record_bytes
        return iter(Framer(text.read, delimiter=self._delimiter, chunk_bytes=chunk_bytes, max_record_bytes=limit))

    def _header(self) -> tuple[tuple[str, ...], int]:
        """Return the header's cells and how many blank records stand before it."""
        blank = 0
        with self._stored.open() as stream:
            for block in self._blocks(TextStream(stream, self._encoding), _LOOK_BYTES):
                bounds = block.bounds().tolist()
                for index in range(block.records):
                    record = strip_line_end(block.data[bounds[index] : bounds[index + 1]])
                    text = self._header_text(record, block.faults.get(index))
                    if not is_blank(text, self._delimiter):
                        return tuple(split_record(text, self._delimiter)), blank
                    blank += 1
        raise SourceError(f"{self.name}: the file is empty; give a file with a header and leads", "empty_file")

    def _header_text(self, record: bytes, fault: Fault | None) -> str:
        """Return the text of the first record, which must be sound."""
        if fault is not None:
            why = {
                Fault.UNCLOSED_QUOTE: "opens a quote that is never closed",
                Fault.RECORD_TOO_LARGE: f"is longer than {self._options.max_record_bytes} bytes",
            }[fault]
            message = f"{self.name}: the header {why}; correct the file's first line"
            raise SourceError(message, "malformed_file")
        advice = "name the right one with --encoding"
        try:
            text = record.decode()
        except UnicodeDecodeError as error:
            message = f"{self.name}: the header is not {self._encoding} (byte {error.start + 1}); {advice}"
            raise SourceError(message, "encoding_error") from error
        if "\0" in text:
            message = f"{self.name}: the header holds NUL bytes, so it is not {self._encoding} text"
            raise SourceError(f"{message}; if it is UTF-16, {advice} (utf-16-le or utf-16-be)", "encoding_error")
        return text

    def _read(self, limit: int | None, chunk_bytes: int, *, take_hash: bool) -> Iterator[Chunk]:
        if limit is not None and limit <= 0:
            return
        row, taken, skip, blank = 1, 0, self._blank_before + 1, self._blank_before
        with self._stored.open(take_hash=take_hash) as stream:
            text = TextStream(stream, self._encoding)
            for whole in self._blocks(text, chunk_bytes):
                skipped = min(skip, whole.records)
                skip -= skipped
                block = whole.after(skipped)
                if not block.records:
                    continue
                parsed = self._parser.parse(block)
                left = None if limit is None else limit - row + 1
                chunk = self._chunk(parsed, block, row=row, left=left, blank_before=blank, nbytes=text.taken - taken)
                yield chunk
                row, taken, blank = row + chunk.num_rows, text.taken, 0
                if limit is not None and row > limit:
                    return
            stream.end()

    def _chunk(
        self, parsed: Parsed, block: Block, *, row: int, left: int | None, blank_before: int, nbytes: int
    ) -> Chunk:
        """Number the records of a block.

        Args:
            parsed: What the block holds.
            block: The block.
            row: The number of its first row.
            left: How many rows may still be read; None for all.
            blank_before: Blank records before the block that no chunk has counted.
            nbytes: Bytes of the source that the chunk took.
        """
        counted = np.cumsum(~parsed.blank)
        rows, lines = counted + (row - 1), block.line_numbers()
        table, places, bad, blank = parsed.table, parsed.places, parsed.bad, parsed.blank
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
