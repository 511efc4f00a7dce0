"""JSON sources: records of JSON Lines or of one document, every cell as the text that stands in the file."""

from __future__ import annotations

import io
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from leadsieve_connectors.chunk import Chunk
from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.arrays import bad_records, int64_array
from leadsieve_connectors.sources.base import MAX_ROWS
from leadsieve_connectors.sources.blanks import blank_rows, drop_rows
from leadsieve_connectors.sources.encodings import TextStream, detect_encoding
from leadsieve_connectors.sources.json.batch import Batch, Limits
from leadsieve_connectors.sources.json.columns import Columns, text_table
from leadsieve_connectors.sources.json.documents import read_document
from leadsieve_connectors.sources.json.forms import is_lines
from leadsieve_connectors.sources.json.lines import read_lines
from leadsieve_connectors.sources.json.records import ObjectReader, RecordReader, RowReader
from leadsieve_connectors.sources.json.survey import Survey, survey
from leadsieve_connectors.sources.json.window import Window
from leadsieve_connectors.sources.names import unique_names
from leadsieve_connectors.sources.stored import Stored, StoredSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from leadsieve_connectors.sources.base import ReadOptions


_SAMPLE_BYTES = 1 << 20
_LOOK_BYTES = 1 << 16
# A table of more cells is cut, however little text they take: records may share few of their keys.
_MAX_CELLS = 1 << 22


class JsonSource(StoredSource):
    """JSON Lines or a JSON document; see `base.Source` for what its attributes and methods give.

    Args:
        file: Ordinal of the source in the run.
        stored: Where its bytes are.
        options: How to read it.

    Raises:
        SourceError: It holds no row, is damaged or cannot be read, or an option does not fit.
    """

    def __init__(self, file: int, stored: Stored, options: ReadOptions) -> None:
        self._file, self._stored, self._options = file, stored, options
        _check(options, self.name)
        head, whole = self._head()
        encoding = detect_encoding(head, options.encoding, more=partial(stored.pieces, len(head)), source=stored.name)
        self._encoding = encoding.name
        self._marked = self._encoding != "utf-8"
        sample = TextStream(io.BytesIO(head), self._encoding).read(len(head) or 1)
        if whole and not sample.strip():
            raise SourceError(f"{self.name}: the file is empty; give a file with leads", "empty_file")
        self._lines = is_lines(sample, whole=whole, name=self.name)
        found = self._survey()
        self._path, self._columns = found.path, found.columns
        self._reader: RecordReader = (
            ObjectReader(found.columns.row) if found.header is None else RowReader(len(found.header))
        )
        self.settings: Mapping[str, Any] = found.settings
        self.headers: tuple[str, ...] = self._named(found.columns.headers() if found.header is None else found.header)
        self.schema = pa.schema([(name, pa.string()) for name in unique_names(self.headers)])
        self.dialect: Mapping[str, Any] = {
            "format": "json",
            **stored.facts,
            "form": "lines" if self._lines else "array" if self._path == "" else "object",
            "encoding": self._encoding,
            "encoding_how": encoding.how,
            "encoding_may_be": list(encoding.alternatives) or None,
            "byte_order_mark": encoding.mark,
            "records_path": self._path or None,
        }
        self._columns.settle()
        self._max_records = max(1, min(MAX_ROWS, _MAX_CELLS // max(1, len(self.headers))))
        self._check_rows()

    def chunks(self, *, max_rows: int | None = None) -> Iterator[Chunk]:
        """Read the records in order, from the start; see `base.Source.chunks`."""
        limits = [limit for limit in (max_rows, self._options.max_rows) if limit is not None]
        return self._read(min(limits, default=None), self._options.chunk_bytes, take_hash=True)

    def _head(self) -> tuple[bytes, bool]:
        """Return the first bytes and whether they are all."""
        with self._stored.open() as stream:
            head = stream.read_fully(_SAMPLE_BYTES)
            return head, not stream.read(1)

    def _survey(self) -> Survey:
        """Read the source once, for its columns and settings."""
        options, found = self._options, Survey(None, Columns(self.name), None, {})
        if not self._lines:
            with self._stored.open() as stream:
                window = Window(TextStream(stream, self._encoding).read, options.chunk_bytes)
                limit = options.max_record_bytes
                found = survey(window, name=self.name, limit=limit, wanted=options.records_path)
        elif options.records_path is not None:
            message = f"{self.name}: is JSON Lines, in which a path to the records means nothing; leave it out"
            raise SourceError(message, "invalid_option")
        if found.path is None:
            with self._stored.open() as stream:
                text = TextStream(stream, self._encoding)
                for _ in self._batches(text, ObjectReader(found.columns.add), None, options.chunk_bytes, _MAX_CELLS):
                    pass
        return found

    def _named(self, headers: tuple[str, ...]) -> tuple[str, ...]:
        """Return the columns' names: the told ones in place of those that were found."""
        told = self._options.columns
        if told is None:
            return headers
        if len(told) != len(headers):
            message = (
                f"{self.name}: {len(told)} names were given for {len(headers)} columns ({', '.join(headers[:20])}); "
                "give one name for each"
            )
            raise SourceError(message, "invalid_option")
        return told

    def _check_rows(self) -> None:
        """Make sure that there is a row, and a record that has columns.

        Raises:
            SourceError: There is none.
        """
        first = next((chunk for chunk in self._read(1, _LOOK_BYTES, take_hash=False) if chunk.num_rows), None)
        if first is None:
            raise SourceError(f"{self.name}: no record is there; give a file with leads", "empty_file")
        if not self.headers:
            line, fault = first.bad["line"][0].as_py(), first.bad["fault"][0].as_py()
            message = f"{self.name}: no record is a JSON object with members (line {line}: {fault}); give one a lead"
            raise SourceError(message, "malformed_file")

    def _batches(
        self, text: TextStream, reader: RecordReader, path: str | None, chunk_bytes: int, max_records: int
    ) -> Iterator[Batch]:
        limits = Limits(
            chunk_bytes=chunk_bytes, max_records=max_records, max_record_bytes=self._options.max_record_bytes
        )
        if self._lines:
            return read_lines(text.read, reader, limits, marked=self._marked)
        window = Window(text.read, chunk_bytes)
        return read_document(window, reader, limits, name=self.name, path=path, marked=self._marked)

    def _read(self, limit: int | None, chunk_bytes: int, *, take_hash: bool) -> Iterator[Chunk]:
        if limit is not None and limit <= 0:
            return
        row, taken = 1, 0
        with self._stored.open(take_hash=take_hash) as stream:
            text = TextStream(stream, self._encoding)
            batches = self._batches(text, self._reader, self._path, chunk_bytes, self._max_records)
            for batch in self._unchanged(batches):
                left = None if limit is None else limit - row + 1
                chunk = self._chunk(batch, row=row, left=left, nbytes=stream.taken - taken)
                yield chunk
                row, taken = row + chunk.num_rows, stream.taken
                if limit is not None and row > limit:
                    return
            stream.end()

    def _unchanged(self, batches: Iterator[Batch]) -> Iterator[Batch]:
        """Pass the batches on; where they end in an error, a file that changed meanwhile is the reason to give."""
        try:
            yield from batches
        except SourceError:
            self._stored.check()
            raise

    def _chunk(self, batch: Batch, *, row: int, left: int | None, nbytes: int) -> Chunk:
        """Number the records of a batch.

        Args:
            batch: The batch.
            row: The number of its first row.
            left: How many rows may still be read; None for all.
            nbytes: Bytes of the source that the chunk took.
        """
        records, bad = batch.records, batch.bad
        filled = [place for place, record in enumerate(records) if record]
        table = text_table([records[place] for place in filled], self.schema)
        places, empty = np.array(filled, dtype=np.int64), blank_rows(table)
        table, places = drop_rows(table, empty), np.delete(places, empty)
        blank = np.ones(len(records), dtype=np.bool_)
        blank[places] = False
        blank[list(bad)] = False
        counted = np.cumsum(~blank)
        rows, lines = counted + (row - 1), np.array(batch.lines, dtype=np.int64)
        if left is not None and len(counted) and counted[-1] >= left:
            stop = int(np.searchsorted(counted, left)) + 1
            places = places[places < stop]
            table, blank = table.slice(0, len(places)), blank[:stop]
            bad = {place: value for place, value in bad.items() if place < stop}
        return Chunk(
            file=self._file,
            name=self.name,
            table=table,
            rows=int64_array(rows[places]),
            lines=int64_array(lines[places]),
            bad=bad_records((int(rows[place]), int(lines[place]), *value) for place, value in bad.items()),
            blank_records=int(np.count_nonzero(blank)),
            nbytes=nbytes,
        )


def _check(options: ReadOptions, name: str) -> None:
    """Refuse options that say nothing about JSON.

    Raises:
        SourceError: `invalid_option`.
    """
    if options.header is False:
        message = f"{name}: records of JSON carry their own names; leave --no-header out (--columns renames columns)"
        raise SourceError(message, "invalid_option")
    if options.skip_rows:
        message = f"{name}: JSON has no lines to skip; leave --skip-rows out (--records-path names the records)"
        raise SourceError(message, "invalid_option")
