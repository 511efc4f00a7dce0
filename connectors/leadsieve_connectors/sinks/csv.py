"""The CSV sink (RFC 4180, UTF-8, LF) and the guard that keeps spreadsheets from running cells as formulas."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from leadsieve_connectors.exceptions import SinkError
from leadsieve_connectors.sinks._cells import is_text, parse, render
from leadsieve_connectors.sinks._file import OutputFile
from leadsieve_connectors.sinks._schema import check_schema, value_type, without_metadata
from leadsieve_connectors.sinks.texts import csv_cells, csv_records, replace_rows, text_buffers, text_bytes
from leadsieve_connectors.wording import without_cells

_SLICE_ROWS = 65_536
_BLOCK_BYTES = 4 << 20
#: For a file of which nothing is known but that sources hold no text record longer than this by default.
_LONE_BLOCK_BYTES = 32 << 20
_RISKY = r"^'*[=+\-@\t\r]"
_GUARDED = r"^'+[=+\-@\t\r]"
_RISKY_BYTES = np.zeros(256, bool)
_RISKY_BYTES[list(b"'=+-@\t\r")] = True


def guard(array: pa.Array) -> pa.Array:
    r"""Put `'` before each text that a spreadsheet would run as a formula (`^'*[=+\-@\t\r]`).

    Args:
        array: string or large_string.

    Returns:
        An array of the same type and length; `unguard` gives the argument back.
    """
    rows = _risky_rows(array)
    if not len(rows):
        return array
    some = array.take(rows)
    marked = pc.binary_join_element_wise(pa.scalar("'", array.type), some, pa.scalar("", array.type))
    risky = pc.match_substring_regex(some, _RISKY)
    return replace_rows(array, rows.filter(risky), marked.filter(risky))


def unguard(array: pa.Array) -> pa.Array:
    r"""Take off the `'` that `guard` put before texts, when leadsieve reads a file of its own.

    Args:
        array: string or large_string, an array or a chunked array.

    Returns:
        The same with one `'` less where the text matches `^'+[=+\-@\t\r]`.
    """
    if not pc.any(pc.starts_with(array, "'")).as_py():
        return array
    guarded = pc.match_substring_regex(array, _GUARDED)
    return pc.if_else(guarded, pc.utf8_slice_codeunits(array, 1), array)


def guarded_columns(schema: pa.Schema, bare_columns: Collection[str] = ()) -> frozenset[str]:
    """Return the names of the columns whose cells are guarded: those of text, but for the bare ones."""
    return frozenset(
        field.name for field in schema if is_text(value_type(field.type)) and field.name not in bare_columns
    )


class CsvSink:
    """A CSV file being written: a header, then one record a row, ended by LF.

    A cell is quoted only where it must be: where it holds a quote, a comma, CR or LF, or is text of length 0,
    which tells it from a null (an empty cell). In a file of one column a null is quoted too, since an empty
    line would not be a record; there the two read back as null.

    Args:
        path: Where to write; nothing may stand there yet.
        schema: The columns.
        guard_formulas: Whether text cells and headers are guarded.
        bare_columns: Columns whose cells are never guarded.

    Raises:
        SinkError: The file cannot be created or written.
    """

    def __init__(
        self,
        path: Path,
        schema: pa.Schema,
        *,
        guard_formulas: bool = True,
        bare_columns: Collection[str] = (),
    ) -> None:
        self._schema = without_metadata(schema)
        self._guarded = guarded_columns(schema, bare_columns) if guard_formulas else frozenset()
        self._rows = 0
        self._widest = 0
        self._file = OutputFile(path)
        with self._file.writing():
            names = pa.array(schema.names, pa.large_string())
            header = csv_cells(guard(names) if guard_formulas else names)
            self._write_records([header.slice(i, 1) for i in range(len(names))])

    @property
    def path(self) -> Path:
        """Where the file is written."""
        return self._file.path

    @property
    def rows(self) -> int:
        """Rows taken so far."""
        return self._rows

    def write(self, table: pa.Table) -> None:
        """Append the rows of `table`.

        Args:
            table: Rows in the sink's schema; any column may come dictionary-encoded.

        Raises:
            SinkError: The file cannot be written; it is removed.
        """
        with self._file.writing():
            check_schema(self.path, self._schema, table.schema)
            for batch in table.to_batches(max_chunksize=_SLICE_ROWS):
                self._write_records(
                    [
                        self._cells(column, guarded=name in self._guarded)
                        for name, column in zip(self._schema.names, batch.columns, strict=True)
                    ]
                )
        self._rows += table.num_rows

    def close(self) -> None:
        """Sync the file to the disk.

        Raises:
            SinkError: The file cannot be written; it is removed.
        """
        with self._file.writing():
            self._file.finish()

    def abandon(self) -> None:
        """Remove the unfinished file; does nothing where it is finished."""
        self._file.discard()

    def read_back(
        self,
        columns: Sequence[str],
        *,
        encoded: Sequence[str] = (),  # noqa: ARG002 - nothing is encoded in CSV
    ) -> Iterator[pa.RecordBatch]:
        """Read columns of the closed file from the disk.

        Args:
            columns: Names of columns to read.
            encoded: Means nothing here.

        Yields:
            Record batches in row order, in the types of the sink's schema.

        Raises:
            SinkError: The file is not closed, or cannot be read.
        """
        if not self._file.finished:
            raise SinkError(f"{self.path}: cannot be read back before it is closed.")
        block_bytes = max(_BLOCK_BYTES, 2 * self._widest)
        yield from read_csv(self.path, self._schema, columns, guarded=self._guarded, block_bytes=block_bytes)

    def _cells(self, column: pa.Array, *, guarded: bool) -> pa.Array:
        """Render a column as cells; of an encoded column each distinct value once."""
        if pa.types.is_dictionary(column.type):
            return self._cells(column.dictionary, guarded=guarded).take(column.indices)
        text = render(column)
        if not is_text(column.type):
            return text
        return csv_cells(guard(text) if guarded else text)

    def _write_records(self, cells: Sequence[pa.Array]) -> None:
        records = csv_records(cells)
        if len(records):
            self._widest = max(self._widest, pc.max(pc.binary_length(records)).as_py())
            self._file.stream.write(text_bytes(records))


def read_csv(
    path: Path,
    schema: pa.Schema,
    columns: Sequence[str],
    *,
    guarded: Collection[str],
    block_bytes: int = _LONE_BLOCK_BYTES,
) -> Iterator[pa.RecordBatch]:
    """Read columns of a file that a `CsvSink` wrote.

    Args:
        path: The file.
        schema: The sink's schema.
        columns: Names of columns to read.
        guarded: Columns from whose cells the guard is taken off.
        block_bytes: More than the longest record has.

    Yields:
        Record batches in row order, in the types of the schema.

    Raises:
        SinkError: The file cannot be read.
    """
    wanted = pa.schema([schema.field(name).remove_metadata() for name in columns])
    try:
        with _open_cells(path, schema, wanted.names, block_bytes) as reader:
            for batch in reader:
                yield pa.record_batch(
                    [
                        parse(unguard(cells) if field.name in guarded else cells, field.type)
                        for field, cells in zip(wanted, batch.columns, strict=True)
                    ],
                    schema=wanted,
                )
    except (OSError, pa.ArrowException) as error:
        raise SinkError(f"{path}: cannot be read back: {without_cells(error)}") from error


def read_csv_header(path: Path) -> list[str]:
    """Return the names of the columns of a file that a `CsvSink` wrote, with the guard taken off.

    Raises:
        SinkError: The file cannot be read, or does not begin like one.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            names = next(csv.reader(file, strict=True), [])
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SinkError(f"{path}: cannot be read back: {without_cells(error)}") from error
    plain: list[str] = unguard(pa.array(names, pa.string())).to_pylist()
    return plain


def _open_cells(path: Path, schema: pa.Schema, columns: list[str], block_bytes: int) -> pacsv.CSVStreamingReader:
    return pacsv.open_csv(
        path,
        pacsv.ReadOptions(
            column_names=schema.names, skip_rows_after_names=1, block_size=block_bytes, use_threads=False
        ),
        pacsv.ParseOptions(newlines_in_values=True),
        pacsv.ConvertOptions(
            include_columns=columns,
            column_types=dict.fromkeys(columns, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=len(schema) == 1,
        ),
    )


def _risky_rows(array: pa.Array) -> pa.Array:
    """Find the rows whose first byte may start a formula: int64 positions."""
    offsets, data = text_buffers(array.cast(pa.large_string()))
    starts = offsets[:-1][offsets[1:] > offsets[:-1]]
    if not _RISKY_BYTES[data[starts]].any():
        return pa.array([], pa.int64())
    risky = np.zeros(len(array), bool)
    risky[offsets[1:] > offsets[:-1]] = _RISKY_BYTES[data[starts]]
    return pa.array(np.flatnonzero(risky & array.is_valid().to_numpy(zero_copy_only=False)))
