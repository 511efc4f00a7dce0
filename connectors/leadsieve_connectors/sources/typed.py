"""Typed tables as columns of records: what becomes of each type, and batches of rows as chunks of a bounded size."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve_connectors.chunk import Chunk
from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.arrays import NO_BAD_RECORDS, int64_array
from leadsieve_connectors.sources.base import MAX_ROWS
from leadsieve_connectors.sources.blanks import blank_rows, drop_rows
from leadsieve_connectors.sources.names import unique_names
from leadsieve_connectors.wording import without_cells

# So many rows tell how many bytes a row has.
_FIRST_ROWS = 1024
#: What Arrow raises on data that cannot be what they claim to be; text that is no UTF-8 is a ValueError.
DAMAGE = (pa.ArrowException, OSError, ValueError, OverflowError)


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of a typed table.

    Every member of a struct is a column of its own, `a.b`, null where the struct is. Text of every kind, and bytes,
    are `string`; dictionaries, run-end encodings and extension types give way to their values; all lists are `list`.
    What no output could hold (intervals, unions, UUIDs) is text. All other types are kept.

    Attributes:
        headers: The names as the table has them, members of structs behind the names of their structs.
        schema: The columns under their unique names, as `table` gives them.
    """

    headers: tuple[str, ...]
    schema: pa.Schema

    @classmethod
    def of(cls, schema: pa.Schema, name: str) -> Columns:
        """Find the columns of a table.

        Args:
            schema: As the table has it.
            name: The source, for errors.

        Raises:
            SourceError: `unsupported_type`: a column has a time zone that is unknown here.
        """
        leaves = [leaf for field in schema for leaf in _leaves(field.name, field.type)]
        headers = tuple(header for header, _ in leaves)
        fields = [pa.field(n, plain_type(kind)) for n, (_, kind) in zip(unique_names(headers), leaves, strict=True)]
        for field in fields:
            _check_zone(field, name)
        return cls(headers, pa.schema(fields))

    def table(self, batch: pa.RecordBatch, name: str, row: int) -> pa.Table:
        """Return the batch's rows under `schema`.

        Args:
            batch: Rows of the table, in the schema that `of` was given.
            name: The source, for errors.
            row: How many records of the source stand before it.

        Raises:
            SourceError: `unsupported_type`: bytes that are not text.
        """
        arrays = [leaf for column in batch.columns for leaf in _members(column)]
        plain = []
        for field, array in zip(self.schema, arrays, strict=True):
            try:
                plain.append(_plain(array, field.type))
            except (pa.ArrowException, UnicodeDecodeError) as error:
                raise _not_text(field, array, name, row, error) from error
        return pa.Table.from_arrays(plain, schema=self.schema)


def plain_type(kind: pa.DataType) -> pa.DataType:
    """Return the type that values have in chunks."""
    if isinstance(kind, pa.BaseExtensionType):
        return pa.string() if isinstance(kind, pa.UuidType) else plain_type(kind.storage_type)
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return plain_type(kind.value_type)
    if _is_textual(kind):
        return pa.string()
    if pa.types.is_decimal32(kind) or pa.types.is_decimal64(kind):
        return pa.decimal128(kind.precision, kind.scale)
    if not pa.types.is_nested(kind):
        return pa.string() if kind == pa.month_day_nano_interval() else kind
    if not _is_kept(kind):
        return pa.string()
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, plain_type(field.type)) for field in kind])
    if pa.types.is_map(kind):
        return pa.map_(plain_type(kind.key_type), plain_type(kind.item_type))
    if pa.types.is_fixed_size_list(kind):
        return pa.list_(plain_type(kind.value_type), kind.list_size)
    return pa.list_(plain_type(kind.value_type))


def _is_kept(kind: pa.DataType) -> bool:
    """Tell whether a cast makes a type, with all that is nested in it, one that an output can hold."""
    if pa.types.is_union(kind) or (pa.types.is_struct(kind) and not kind.num_fields):
        return False
    if isinstance(kind, pa.BaseExtensionType) or pa.types.is_run_end_encoded(kind):
        return False
    if pa.types.is_dictionary(kind):
        return _is_textual(kind.value_type)
    return all(_is_kept(kind.field(at).type) for at in range(kind.num_fields)) and kind != pa.month_day_nano_interval()


def _is_textual(kind: pa.DataType) -> bool:
    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(test(kind) for test in kinds) or _is_bytes(kind)


def _is_bytes(kind: pa.DataType) -> bool:
    tests = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view, pa.types.is_fixed_size_binary)
    return any(test(kind) for test in tests)


def _struct(kind: pa.DataType) -> pa.DataType | None:
    """Return the struct that the type is, if it is one whose members are columns."""
    while isinstance(kind, pa.BaseExtensionType):
        kind = kind.storage_type
    return kind if pa.types.is_struct(kind) else None


def _leaves(header: str, kind: pa.DataType) -> Iterator[tuple[str, pa.DataType]]:
    struct = _struct(kind)
    if struct is None:
        yield header, kind
        return
    for member in struct:
        yield from _leaves(f"{header}.{member.name}", member.type)


def _members(array: pa.Array) -> Iterator[pa.Array]:
    """Yield the arrays of an array's leaves, in the order of `_leaves`."""
    if _struct(array.type) is None:
        yield array
        return
    while isinstance(array.type, pa.BaseExtensionType):
        array = array.storage
    for member in array.flatten():
        yield from _members(member)


def _plain(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """Convert values to their plain type."""
    if array.type == kind:
        return array
    if isinstance(array.type, pa.BaseExtensionType) and not isinstance(array.type, pa.UuidType):
        return _plain(array.storage, kind)
    if pa.types.is_dictionary(array.type):
        return _plain(array.dictionary, kind).take(array.indices)
    if pa.types.is_run_end_encoded(array.type):
        return _plain(pc.run_end_decode(array), kind)
    if _has_views(array.type):
        # Arrow's own cast of list views with nulls gives lists that are broken.
        return pa.array(array.to_pylist(), kind)
    if kind == pa.string() and not _is_textual(array.type):
        texts = [None if value is None else _text(value) for value in array.to_pylist()]
        return pa.array(texts, pa.string())
    if pa.types.is_fixed_size_binary(array.type):
        array = array.cast(pa.binary())
    return array.cast(kind)


def _has_views(kind: pa.DataType) -> bool:
    if pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind):
        return True
    return pa.types.is_nested(kind) and any(_has_views(kind.field(at).type) for at in range(kind.num_fields))


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else str(value)


def _check_zone(field: pa.Field, name: str) -> None:
    if pa.types.is_timestamp(field.type) and field.type.tz is not None:
        try:
            int64_array(np.zeros(1, dtype=np.int64)).cast(field.type).cast(pa.string())
        except pa.ArrowException as error:
            message = f"{name}: column {field.name!r} has the unknown time zone {field.type.tz!r}; convert it to UTC"
            raise SourceError(message, "unsupported_type") from error


def _not_text(field: pa.Field, array: pa.Array, name: str, row: int, error: Exception) -> SourceError:
    what = f"{name}: column {field.name!r} holds {array.type} values that are not text"
    advice = "leave the column out, or write it as text"
    if not _is_bytes(array.type):
        return SourceError(f"{what}: {without_cells(error)}; {advice}", "unsupported_type")
    values = enumerate(array.cast(pa.large_binary()).to_pylist() if len(array) else [], row + 1)
    number, byte = next((number, byte) for number, value in values if (byte := _not_utf8(value or b"")) is not None)
    return SourceError(f"{what} (record {number}: byte {byte:02x}); {advice}", "unsupported_type")


def _not_utf8(value: bytes) -> int | None:
    """Return the first byte that is not text; None where all are."""
    try:
        value.decode()
    except UnicodeDecodeError as error:
        return value[error.start]
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """A typed table as records of a source.

    Attributes:
        file: Ordinal of the source in the run.
        name: The source's name.
        columns: Its columns.
        chunk_bytes: About how large a chunk is.
    """

    file: int
    name: str
    columns: Columns
    chunk_bytes: int

    def tables(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
        """Yield the rows of all batches as plain tables of about `chunk_bytes`, without ever holding many more.

        Batches are cut by the bytes of the rows before, which also tells how large a dictionary's values are.
        """
        waiting: list[pa.Table] = []
        size, row, rows = 0, 0, _FIRST_ROWS
        for batch in batches:
            start = 0
            while start < batch.num_rows:
                table = self.columns.table(batch.slice(start, rows), self.name, row)
                start, row = start + table.num_rows, row + table.num_rows
                waiting.append(table)
                size += table.nbytes
                rows = min(MAX_ROWS, max(1, self.chunk_bytes * table.num_rows // max(1, table.nbytes)))
                if size >= self.chunk_bytes or sum(part.num_rows for part in waiting) >= MAX_ROWS:
                    yield pa.concat_tables(waiting)
                    waiting, size = [], 0
        if waiting:
            yield pa.concat_tables(waiting)

    def chunks(self, batches: Iterable[pa.RecordBatch], limit: int | None, read: Callable[[], int]) -> Iterator[Chunk]:
        """Read batches as chunks.

        Args:
            batches: The table's rows from the start.
            limit: Stop after so many rows; None reads all.
            read: Tells how many bytes of the source have been read.

        Yields:
            The chunks, in order.
        """
        row, taken = 1, 0
        for table in self.tables(batches):
            now = read()
            chunk = self._chunk(table, row, None if limit is None else limit - row + 1, now - taken)
            yield chunk
            row, taken = row + chunk.num_rows, now
            if limit is not None and row > limit:
                return

    def _chunk(self, table: pa.Table, row: int, left: int | None, nbytes: int) -> Chunk:
        blank = blank_rows(table)
        rows = table.num_rows - len(blank)
        if left is not None and rows >= left:
            sound = np.delete(np.arange(table.num_rows), blank)
            stop = int(sound[left - 1]) + 1
            table, blank, rows = table.slice(0, stop), blank[blank < stop], left
        return Chunk(
            file=self.file,
            name=self.name,
            table=drop_rows(table, blank),
            rows=int64_array(np.arange(row, row + rows)),
            lines=pa.nulls(rows, pa.int64()),
            bad=NO_BAD_RECORDS,
            blank_records=len(blank),
            nbytes=nbytes,
        )


def require_rows(chunks: Iterator[Chunk], name: str) -> None:
    """Refuse a table without a row.

    Raises:
        SourceError: `empty_file`.
    """
    if not any(chunk.num_rows for chunk in chunks):
        raise SourceError(f"{name}: only columns are there, no row; give one with leads", "empty_file")
