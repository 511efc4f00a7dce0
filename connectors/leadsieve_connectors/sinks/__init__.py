"""Sinks: files that take Arrow tables in order; they write bytes and know no target system."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

from leadsieve_connectors.exceptions import SinkError
from leadsieve_connectors.sinks.base import Sink
from leadsieve_connectors.sinks.csv import CsvSink, guard, guarded_columns, read_csv, read_csv_header, unguard
from leadsieve_connectors.sinks.parquet import ParquetSink, read_parquet
from leadsieve_connectors.sinks.texts import csv_cells, csv_records, json_strings, text_bytes

__all__ = [
    "CsvSink",
    "ParquetSink",
    "Sink",
    "csv_cells",
    "csv_records",
    "guard",
    "json_strings",
    "open_sink",
    "read_back",
    "stored_schema",
    "text_bytes",
    "unguard",
]


def open_sink(
    path: Path,
    schema: pa.Schema,
    *,
    format: Literal["parquet", "csv"],  # noqa: A002
    row_group_rows: int = 262_144,
    compression: str = "zstd",
    compression_level: int = 1,
    guard_formulas: bool = True,
    bare_columns: Collection[str] = (),
) -> Sink:
    """Create a new output file and open it for rows.

    The file gets mode 0644 less the umask: privacy is the staging folder's business, and what is published is
    an ordinary one. What a format has no use for it ignores.

    Args:
        path: Where to write; nothing may stand there yet.
        schema: The columns of every table to come. A column may also come dictionary-encoded.
        format: The file's format.
        row_group_rows: Rows of a Parquet row group; every group but the last has exactly so many.
        compression: Codec of Parquet pages: `zstd`, `snappy`, `gzip`, `brotli`, `lz4` or `none`.
        compression_level: Level of the codec, where it has levels.
        guard_formulas: Put `'` before text in CSV that a spreadsheet would run as a formula.
        bare_columns: Columns that are never guarded (`phone_number`, whose `+` is the point of it).

    Returns:
        The open sink.

    Raises:
        SinkError: The file cannot be created.
    """
    if format == "csv":
        return CsvSink(path, schema, guard_formulas=guard_formulas, bare_columns=bare_columns)
    return ParquetSink(
        path,
        schema,
        row_group_rows=row_group_rows,
        compression=compression,
        compression_level=compression_level,
    )


def read_back(path: Path, schema: pa.Schema, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Read columns of a file that a sink finished earlier, guarded as sinks do it by default.

    Args:
        path: The file; its suffix `.csv` or `.parquet` tells the format.
        schema: The sink's schema.
        columns: Names of columns to read.

    Returns:
        Record batches in row order, in the types of the schema.

    Raises:
        SinkError: The file cannot be read (raised while reading).
    """
    if path.suffix == ".csv":
        return read_csv(path, schema, columns, guarded=guarded_columns(schema))
    return read_parquet(path, schema, columns)


def stored_schema(path: Path) -> pa.Schema:
    """Return the columns of a file that a sink finished earlier; CSV knows them as strings only.

    Raises:
        SinkError: The file cannot be read, or is none of a sink's.
    """
    if path.suffix == ".csv":
        return pa.schema([(name, pa.string()) for name in read_csv_header(path)])
    try:
        return pq.read_schema(path)
    except (OSError, pa.ArrowException) as error:
        raise SinkError(f"{path}: cannot be read back: {error}") from error
