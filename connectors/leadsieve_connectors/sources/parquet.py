"""Parquet sources: columns with the types of the file, read in batches of rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from leadsieve_connectors.chunk import Chunk
from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.arrays import NO_BAD_RECORDS, int64_array
from leadsieve_connectors.sources.blanks import blank_rows, drop_rows
from leadsieve_connectors.sources.names import unique_names
from leadsieve_connectors.sources.storage import StoredFile, describe, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from leadsieve_connectors.sources.base import ReadOptions

_MAX_BATCH_ROWS = 1 << 17
# Few of pyarrow's functions take views; the values are the same.
_SAME_VALUES = {pa.string_view(): pa.string(), pa.binary_view(): pa.binary()}


class ParquetSource:
    """A Parquet file; see `base.Source` for what its attributes and methods give.

    Args:
        file: Ordinal of the source in the run.
        stored: Where its bytes are.
        options: How to read it.

    Raises:
        SourceError: It is damaged, has no row, or cannot be read.
    """

    def __init__(self, file: int, stored: StoredFile, options: ReadOptions) -> None:
        self._file, self._stored, self._options = file, stored, options
        with stored.open_raw() as raw:
            reader = self._open(raw)
            schema, metadata = reader.schema_arrow, reader.metadata
            self._rows = int(metadata.num_rows)
            stored_bytes = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
            row_groups = int(metadata.num_row_groups)
        self.headers: tuple[str, ...] = tuple(schema.names)
        names = unique_names(self.headers)
        fields = [field.with_name(name) for field, name in zip(schema, names, strict=True)]
        self.schema = pa.schema([field.with_type(_SAME_VALUES.get(field.type, field.type)) for field in fields])
        self.dialect: Mapping[str, Any] = {"format": "parquet", "row_groups": row_groups}
        row_bytes = max(1, stored_bytes // max(1, self._rows))
        self._batch_rows = min(_MAX_BATCH_ROWS, max(1, options.chunk_bytes // row_bytes))
        if not any(chunk.num_rows for chunk in self._read(1)):
            message = f"{self.name}: only columns are there, no row; give a file with leads"
            raise SourceError(message, "empty_file")

    @property
    def settings(self) -> Mapping[str, Any]:
        """None: nothing but records stands in such a file."""
        return {}

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
        return self._read(min(limits, default=None))

    def _open(self, raw: Any) -> pq.ParquetFile:
        try:
            return pq.ParquetFile(raw, page_checksum_verification=True)
        except (PermissionError, FileNotFoundError) as error:
            raise unreadable(self.name, error) from error
        except (pa.ArrowException, OSError, ValueError) as error:
            raise self._malformed(error) from error

    def _malformed(self, error: Exception) -> SourceError:
        message = f"{self.name}: the Parquet file is damaged: {describe(error)}; export it again"
        return SourceError(message, "malformed_file")

    def _batches(self, reader: pq.ParquetFile, size: int) -> Iterator[pa.Table]:
        batches = reader.iter_batches(batch_size=size, use_threads=False)
        while True:
            try:
                batch = next(batches, None)
                if batch is None:
                    return
                table = pa.table(batch).rename_columns(self.schema.names).cast(self.schema)
                table.validate(full=True)
            except (pa.ArrowException, OSError, ValueError) as error:
                raise self._malformed(error) from error
            yield table

    def _read(self, limit: int | None) -> Iterator[Chunk]:
        if limit is not None and limit <= 0:
            return
        row, records, taken = 1, 0, 0
        self._stored.check()
        with self._stored.open_raw() as raw:
            size = self._batch_rows if limit is None else min(self._batch_rows, max(limit, 1024))
            for table in self._batches(self._open(raw), size):
                records += table.num_rows
                nbytes = (self.size or 0) * records // self._rows - taken
                chunk = self._chunk(table, row, None if limit is None else limit - row + 1, nbytes)
                yield chunk
                row, taken = row + chunk.num_rows, taken + nbytes
                if limit is not None and row > limit:
                    return
        self._stored.check()

    def _chunk(self, table: pa.Table, row: int, left: int | None, nbytes: int) -> Chunk:
        blank = blank_rows(table)
        rows = table.num_rows - len(blank)
        if left is not None and rows >= left:
            sound = np.delete(np.arange(table.num_rows), blank)
            stop = int(sound[left - 1]) + 1
            table, blank, rows = table.slice(0, stop), blank[blank < stop], left
        return Chunk(
            file=self._file,
            name=self.name,
            table=drop_rows(table, blank),
            rows=int64_array(np.arange(row, row + rows)),
            lines=pa.nulls(rows, pa.int64()),
            bad=NO_BAD_RECORDS,
            blank_records=len(blank),
            nbytes=nbytes,
        )
