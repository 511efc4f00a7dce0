"""Parquet sources: columns with the types of the file, read in batches of rows."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.base import MAX_ROWS
from leadsieve_connectors.sources.bounded import BoundedFile
from leadsieve_connectors.sources.storage import describe
from leadsieve_connectors.sources.stored import Stored, StoredSource
from leadsieve_connectors.sources.typed import DAMAGE, Columns, Records, plain_type, require_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from leadsieve_connectors.chunk import Chunk
    from leadsieve_connectors.sources.base import ReadOptions

# So much of a column is read at a time: a column of a row group may be of any size.
_READ_BYTES = 1 << 20
# A page's header: three numbers, and a fourth where the page has a checksum.
_CHECKED_PAGE = re.compile(rb"(?:\x15[\x80-\xff]{0,4}[\x00-\x7f]){4}")
_HEADER_BYTES = 32
_UNITS = {"s": 0, "ms": 0, "us": 1, "ns": 2}
_FAMILIES = (
    pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_timestamp, pa.types.is_date,
    pa.types.is_time, pa.types.is_duration, pa.types.is_struct, pa.types.is_map, pa.types.is_nested,
)  # fmt: skip


class ParquetSource(StoredSource):
    """A Parquet file; see `base.Source` for what its attributes and methods give.

    Args:
        file: Ordinal of the source in the run.
        stored: Where its bytes are.
        options: How to read it.

    Raises:
        SourceError: It is damaged, has no row, or cannot be read.
    """

    def __init__(self, file: int, stored: Stored, options: ReadOptions) -> None:
        self._stored, self._options = stored, options
        try:
            with stored.open_raw() as opened:
                raw = BoundedFile(opened, self.name)
                reader = self._open(raw)
                metadata = reader.metadata
                groups = [metadata.row_group(group) for group in range(metadata.num_row_groups)]
                _check_schema(reader)
                first = next((group for group, found in enumerate(groups) if found.num_rows), None)
                checked = first is not None and metadata.num_columns > 0 and _check_group(reader, raw, first)
                columns = Columns.of(reader.schema_arrow, self.name)
        except DAMAGE as error:
            raise self._malformed(error) from error
        self._total = int(metadata.num_rows)
        if sum(group.num_rows for group in groups) != self._total:
            raise self._malformed(ValueError("its row groups have not as many rows as it says"))
        self.headers: tuple[str, ...] = columns.headers
        self.schema = columns.schema
        self.dialect: Mapping[str, Any] = {
            "format": "parquet",
            **stored.facts,
            "row_groups": len(groups),
            "checksums": checked,
        }
        self._records = Records(file=file, name=self.name, columns=columns, chunk_bytes=options.chunk_bytes)
        self._row_bytes = sum(group.total_byte_size for group in groups) // max(1, self._total)
        require_rows(self._measured(), self.name)

    @property
    def expected_rows(self) -> int | None:
        """How many rows the file says that it has."""
        return self._total

    def chunks(self, *, max_rows: int | None = None) -> Iterator[Chunk]:
        """Read the records in order, from the start; see `base.Source.chunks`."""
        limits = [limit for limit in (max_rows, self._options.max_rows) if limit is not None]
        return self._read(min(limits, default=None))

    def _measured(self) -> Iterator[Chunk]:
        """Read some rows, and take note of their size: behind a dictionary they may be larger than the file says."""
        for chunk in self._read(1):
            self._row_bytes = max(self._row_bytes, chunk.table.nbytes // max(1, chunk.num_rows))
            yield chunk

    def _open(self, raw: BoundedFile) -> pq.ParquetFile:
        raw.seek(0)
        return pq.ParquetFile(raw, page_checksum_verification=True, buffer_size=_READ_BYTES, pre_buffer=False)

    def _malformed(self, error: Exception) -> SourceError:
        self._stored.check()
        message = f"{self.name}: the Parquet file is damaged: {describe(error)}; export it again"
        return SourceError(message, "malformed_file")

    def _read(self, limit: int | None) -> Iterator[Chunk]:
        if limit is not None and limit <= 0:
            return
        records, size = 0, self.size or 0

        def batches(reader: pq.ParquetFile) -> Iterator[pa.RecordBatch]:
            nonlocal records
            rows = min(MAX_ROWS, max(1, self._options.chunk_bytes // max(1, self._row_bytes)))
            rows = rows if limit is None else min(rows, max(limit, 1024))
            # One thread: decoding costs a tenth of what is done with the rows, and on threads half as much again.
            for batch in reader.iter_batches(batch_size=rows, use_threads=False):
                batch.validate(full=True)
                records += batch.num_rows
                yield batch
            if records != self._total:
                raise ValueError(f"it says that it has {self._total} rows, and has {records}")

        self._stored.check()
        try:
            with self._stored.open_raw() as raw:
                reader = self._open(BoundedFile(raw, self.name))
                yield from self._records.chunks(batches(reader), limit, lambda: size * records // self._total)
        except DAMAGE as error:
            raise self._malformed(error) from error
        self._stored.check()


def _check_group(reader: pq.ParquetFile, raw: BoundedFile, group: int) -> bool:
    """Look into a row group that has rows, and tell whether its pages have checksums, by the first one.

    Raises:
        ValueError: Its columns have other names than the file's.
    """
    # To read a row comes first: on metadata that are broken pyarrow then fails, where to ask for a column would abort
    # the process.
    if next(reader.iter_batches(batch_size=1, row_groups=[group], use_threads=False), None) is None:
        raise ValueError("a row group has not the rows that it says")
    metadata = reader.metadata
    columns = [metadata.row_group(group).column(at) for at in range(metadata.num_columns)]
    for at, column in enumerate(columns):
        named = metadata.schema.column(at).path
        if named != column.path_in_schema:
            raise ValueError(f"it calls one column both {named!r} and {column.path_in_schema!r}")
    starts = (columns[0].dictionary_page_offset, columns[0].data_page_offset)
    raw.seek(min(start for start in starts if start is not None))
    return _CHECKED_PAGE.match(raw.read(_HEADER_BYTES)) is not None


def _check_schema(reader: pq.ParquetFile) -> None:
    """Make sure that what the file says twice of its columns agrees: it stands where no checksum is.

    Raises:
        ValueError: It does not.
    """
    declared = (reader.metadata.metadata or {}).get(b"ARROW:schema")
    if declared is None:
        return
    schema = pa.ipc.read_schema(pa.BufferReader(base64.b64decode(declared)))
    for field, other in zip(reader.schema_arrow, schema, strict=True):
        if field.name != other.name or not _agree(field.type, other.type):
            raise ValueError(f"it says both {other} and {field} of one column")


def _agree(stored: pa.DataType, declared: pa.DataType) -> bool:
    """Tell whether a file can have been written from a column of the declared type."""
    if _family(stored) != _family(declared):
        return False
    if pa.types.is_timestamp(stored):
        # Writers may store coarser units than they were given, but no finer ones than there are.
        return _UNITS[stored.unit] <= _UNITS[declared.unit]
    return True


def _family(kind: pa.DataType) -> Any:
    """Return what two descriptions of one column must have in common."""
    kind = plain_type(kind)
    if pa.types.is_decimal(kind):
        return kind.precision, kind.scale
    if pa.types.is_list(kind):
        return "list", _family(kind.value_type)
    return next((test.__name__ for test in _FAMILIES if test(kind)), str(kind))
