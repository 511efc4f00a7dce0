"""A row of a finished output, found by the file and row number that it names; what cannot hold it is not read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from leadsieve_connectors.exceptions import SinkError
from leadsieve_connectors.sinks import stored_schema
from leadsieve_connectors.sinks.csv import guarded_columns, read_csv


@dataclass(frozen=True, slots=True)
class Found:
    """Rows of an output.

    Attributes:
        position: The place of the first among all rows of the output, from 0; None where there is none.
        rows: The rows as an Arrow table; CSV knows its cells as strings only.
    """

    position: int | None
    rows: pa.Table


def find_rows(path: Path, *, text: tuple[str, str], number: tuple[str, int]) -> Found:
    """Find the rows of an output in which two columns have these values.

    Args:
        path: A Parquet or CSV file that a sink finished.
        text: A column of text, and its value.
        number: A column of whole numbers, and its value. Row groups of Parquet whose numbers cannot hold it are not
            read.

    Raises:
        SinkError: The file cannot be read, or lacks a column.
    """
    missing = [name for name in (text[0], number[0]) if name not in stored_schema(path).names]
    if missing:
        raise SinkError(f"{path}: cannot be read back: it has no column {missing[0]}")
    pieces = _csv_pieces(path, number[0]) if path.suffix == ".csv" else _parquet_pieces(path, number)
    before, position, found = 0, None, []
    for rows, piece in pieces:
        if piece is not None:
            same = pc.and_(pc.equal(piece[text[0]].cast(pa.string()), text[1]), pc.equal(piece[number[0]], number[1]))
            places = pc.indices_nonzero(pc.fill_null(same, False))
            if len(places):
                position = before + places[0].as_py() if position is None else position
                found.append(piece.take(places))
            elif found:
                break  # rows of one number stand together
        before += rows
    return Found(position, pa.concat_tables(found) if found else pa.table({}))


_Pieces = Iterator[tuple[int, "pa.Table | None"]]


def _parquet_pieces(path: Path, number: tuple[str, int]) -> _Pieces:
    """Yield the row groups: how many rows each has, and the rows, None where the number cannot be among them."""
    try:
        with pq.ParquetFile(path) as file:
            names = [file.metadata.schema.column(at).path for at in range(file.metadata.num_columns)]
            for group in range(file.num_row_groups):
                stored = file.metadata.row_group(group)
                bounds = stored.column(names.index(number[0])).statistics
                outside = bounds is not None and bounds.has_min_max and not bounds.min <= number[1] <= bounds.max
                yield stored.num_rows, None if outside else file.read_row_group(group)
    except (OSError, pa.ArrowException, ValueError) as error:
        raise SinkError(f"{path}: cannot be read back: {error}") from error


def _csv_pieces(path: Path, number: str) -> _Pieces:
    schema = stored_schema(path)
    guarded = guarded_columns(schema)
    typed = schema.set(schema.get_field_index(number), pa.field(number, pa.int64()))
    for batch in read_csv(path, typed, typed.names, guarded=guarded):
        yield batch.num_rows, pa.Table.from_batches([batch])
