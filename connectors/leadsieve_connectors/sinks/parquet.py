"""The Parquet sink: row groups of a fixed size, whose bytes do not depend on how the rows came in."""

from __future__ import annotations

import base64
import inspect
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from leadsieve_connectors.exceptions import SinkError
from leadsieve_connectors.sinks._dictionary import decoded, first_sight
from leadsieve_connectors.sinks._file import OutputFile
from leadsieve_connectors.sinks._schema import check_schema, without_metadata

#: A text column gets a dictionary if, among so many first rows, ...
_SAMPLE_ROWS = 8192
#: ... no more than this share of the values are distinct.
_DISTINCT_SHARE = 0.25
#: pyarrow 18 knows no limit on the rows of a page; later ones have one, so low that each page costs more than it saves.
_PAGE_LIMITS = frozenset(inspect.signature(pq.write_table).parameters) & {"max_rows_per_page"}
_LEVELLED = frozenset({"zstd", "gzip", "brotli"})


class ParquetSink:
    """A Parquet file being written.

    Which text columns are stored with a dictionary is decided once, from the first rows of the file. The
    dictionaries hold each group's values in order of first sight, so that it does not matter how a table came
    encoded. Whole numbers, dates and times are stored as deltas and carry statistics (rows stand in order, so
    that a reader can skip groups by `lead_row`). Text carries none: in unsorted text they let no reader skip
    anything, and cost a quarter of the writing.

    Args:
        path: Where to write; nothing may stand there yet.
        schema: The columns. Metadata is not stored: it speaks of the source's file, not of this one.
        row_group_rows: Rows of a row group; every group but the last has exactly so many.
        compression: Codec of the pages.
        compression_level: Level of the codec, where it has levels.

    Raises:
        SinkError: The file cannot be created.
    """

    def __init__(
        self,
        path: Path,
        schema: pa.Schema,
        *,
        row_group_rows: int = 262_144,
        compression: str = "zstd",
        compression_level: int = 1,
    ) -> None:
        self._schema = without_metadata(schema)
        self._group_rows = row_group_rows
        self._codec: dict[str, Any] = {"compression": compression}
        if compression in _LEVELLED:
            self._codec["compression_level"] = compression_level
        self._limits = dict.fromkeys(_PAGE_LIMITS, row_group_rows)
        self._pending: deque[pa.Table] = deque()
        self._pending_rows = 0
        self._writer: pq.ParquetWriter | None = None
        self._encoded: frozenset[str] = frozenset()
        self._rows = 0
        self._file = OutputFile(path)

    @property
    def path(self) -> Path:
        """Where the file is written."""
        return self._file.path

    @property
    def rows(self) -> int:
        """Rows taken so far."""
        return self._rows

    def write(self, table: pa.Table) -> None:
        """Append the rows of `table`; full row groups go to the disk at once.

        Args:
            table: Rows in the sink's schema; any column may come dictionary-encoded.

        Raises:
            SinkError: The file cannot be written; it is removed.
        """
        with self._file.writing():
            check_schema(self.path, self._schema, table.schema)
            self._pending.append(table)
            self._pending_rows += table.num_rows
            while self._pending_rows >= self._group_rows:
                self._write_group(self._group_rows)
        self._rows += table.num_rows

    def close(self) -> None:
        """Write the last row group and the footer, and sync the file to the disk.

        Raises:
            SinkError: The file cannot be written; it is removed.
        """
        with self._file.writing():
            if self._pending_rows or self._writer is None:
                self._write_group(self._pending_rows)
            if self._writer is not None:
                self._writer.close()
            self._file.finish()

    def abandon(self) -> None:
        """Remove the unfinished file; does nothing where it is finished."""
        self._pending.clear()
        self._file.discard()

    def read_back(self, columns: Sequence[str], *, encoded: Sequence[str] = ()) -> Iterator[pa.RecordBatch]:
        """Read columns of the closed file from the disk.

        Args:
            columns: Names of columns to read.
            encoded: Those of them, of text, that come as dictionaries.

        Yields:
            Record batches in row order, in the types of the sink's schema.

        Raises:
            SinkError: The file is not closed, or cannot be read.
        """
        if not self._file.finished:
            raise SinkError(f"{self.path}: cannot be read back before it is closed.")
        yield from read_parquet(self.path, self._schema, columns, encoded=encoded)

    def _write_group(self, rows: int) -> None:
        chunks = self._take(rows)
        if self._writer is None:
            self._writer = self._open_writer(chunks)
        arrays = [
            _dictionary_array(field, parts) if field.name in self._encoded else _plain_array(field, parts)
            for field, parts in zip(self._schema, chunks, strict=True)
        ]
        if rows:
            self._require_values(arrays)
            table = pa.Table.from_arrays(arrays, schema=self._writer.schema)
            self._writer.write_table(table, row_group_size=rows)

    def _require_values(self, arrays: list[pa.Array]) -> None:
        for field, array in zip(self._schema, arrays, strict=True):
            if not field.nullable and array.null_count:
                raise SinkError(
                    f"{self.path}: column {field.name!r} has no value in some row, and must have one in each; please "
                    "report this"
                )

    def _take(self, rows: int) -> list[list[pa.Array]]:
        """Take `rows` rows off the pending tables: for each column its chunks."""
        chunks: list[list[pa.Array]] = [[] for _ in self._schema]
        self._pending_rows -= rows
        while rows:
            table = self._pending.popleft()
            if table.num_rows > rows:
                self._pending.appendleft(table.slice(rows))
                table = table.slice(0, rows)
            rows -= table.num_rows
            for parts, column in zip(chunks, table.columns, strict=True):
                parts.extend(column.chunks)
        return chunks

    def _open_writer(self, chunks: list[list[pa.Array]]) -> pq.ParquetWriter:
        self._encoded = frozenset(
            field.name
            for field, parts in zip(self._schema, chunks, strict=True)
            if pa.types.is_dictionary(field.type) or (_is_text(field.type) and _repeats(parts))
        )
        deltas = [field.name for field in self._schema if _is_counted(field.type)]
        writer = _Writer(
            self._file.stream,
            pa.schema([_stored(field, encoded=field.name in self._encoded) for field in self._schema]),
            use_dictionary=sorted(self._encoded),
            column_encoding=dict.fromkeys(deltas, "DELTA_BINARY_PACKED"),
            write_statistics=deltas,
            store_schema=False,
            **self._codec,
            **self._limits,
        )
        # How a column was handed over is not the reader's business: the file declares the sink's own types.
        declared = base64.b64encode(self._schema.serialize()).decode("ascii")
        writer.add_key_value_metadata({"ARROW:schema": declared})
        return writer


class _Writer(pq.ParquetWriter):  # type: ignore[misc]  # pyarrow is untyped
    """Closed by its sink alone: forgotten after an interrupt, pyarrow's would still write, to a file that is gone."""

    def __del__(self) -> None:
        """Do nothing."""


def read_parquet(
    path: Path, schema: pa.Schema, columns: Sequence[str], *, encoded: Sequence[str] = ()
) -> Iterator[pa.RecordBatch]:
    """Read columns of a file that a `ParquetSink` wrote.

    Args:
        path: The file.
        schema: The sink's schema.
        columns: Names of columns to read.
        encoded: Those of them, of text, that come as dictionaries.

    Yields:
        Record batches in row order, in the types of the schema.

    Raises:
        SinkError: The file cannot be read.
    """
    fields = [schema.field(name).remove_metadata() for name in columns]
    wanted = pa.schema([_stored(field, encoded=field.name in encoded) for field in fields])
    try:
        with pq.ParquetFile(path, read_dictionary=[name for name in columns if name in encoded]) as file:
            for batch in file.iter_batches(columns=wanted.names):
                # Parquet knows no whole seconds: they come back as milliseconds.
                yield batch.select(wanted.names).cast(wanted)
    except (OSError, pa.ArrowException) as error:
        raise SinkError(f"{path}: cannot be read back: {error}") from error


def _stored(field: pa.Field, *, encoded: bool) -> pa.Field:
    if encoded and not pa.types.is_dictionary(field.type):
        return field.with_type(pa.dictionary(pa.int32(), field.type))
    return field


def _dictionary_array(field: pa.Field, chunks: Sequence[pa.Array]) -> pa.Array:
    if not pa.types.is_dictionary(field.type):
        return first_sight(chunks, field.type)
    array = first_sight(chunks, field.type.value_type)
    return pa.DictionaryArray.from_arrays(
        array.indices.cast(field.type.index_type), array.dictionary, ordered=field.type.ordered
    )


def _plain_array(field: pa.Field, chunks: Sequence[pa.Array]) -> pa.Array | pa.ChunkedArray:
    chunks = [decoded(chunk).cast(field.type) for chunk in chunks]
    table = pa.Table.from_arrays([pa.chunked_array(chunks, field.type)], names=[field.name])
    return table.combine_chunks().column(0)


def _repeats(chunks: Sequence[pa.Array]) -> bool:
    """Tell whether a dictionary pays, from the first rows: a function of the rows, not of the chunks."""
    wanted, sample = _SAMPLE_ROWS, []
    for chunk in chunks:
        sample.append(decoded(chunk.slice(0, wanted)))
        wanted -= len(sample[-1])
        if not wanted:
            break
    values = pa.chunked_array(sample) if sample else pa.chunked_array([], pa.string())
    return bool(len(values)) and pc.count_distinct(values).as_py() <= _DISTINCT_SHARE * len(values)


def _is_text(type_: pa.DataType) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_))


def _is_counted(type_: pa.DataType) -> bool:
    """Tell whether values are stored as 32 or 64 bit integers."""
    return bool(pa.types.is_integer(type_) or (pa.types.is_temporal(type_) and not pa.types.is_interval(type_)))
