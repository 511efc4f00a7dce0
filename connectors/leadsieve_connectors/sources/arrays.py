"""Small Arrow arrays built from buffers, which never imports pandas, and back to numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from leadsieve_connectors.chunk import BAD_RECORDS, Fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


#: Every record parsed. (`Schema.empty_table` would import pandas.)
NO_BAD_RECORDS = pa.Table.from_arrays([pa.nulls(0, field.type) for field in BAD_RECORDS], schema=BAD_RECORDS)


def int64_array(values: Ints) -> pa.Array:
    """Return the numbers as an Arrow int64 array that shares their memory."""
    values = np.ascontiguousarray(values, dtype=np.int64)
    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(values)])


def bool_array(values: Bools) -> pa.Array:
    """Return the flags as an Arrow boolean array."""
    packed = np.packbits(values, bitorder="little")
    return pa.Array.from_buffers(pa.bool_(), len(values), [None, pa.py_buffer(packed)])


def string_array(values: Sequence[str]) -> pa.Array:
    """Return the strings as an Arrow string array without nulls."""
    encoded = [value.encode() for value in values]
    offsets = np.zeros(len(encoded) + 1, dtype=np.int32)
    np.cumsum([len(value) for value in encoded], out=offsets[1:])
    return pa.StringArray.from_buffers(len(encoded), pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded)))


def cells_array(cells: Sequence[bytes]) -> pa.Array:
    """Return the cells, which are UTF-8, as an Arrow string array in which an empty one is null."""
    offsets = np.zeros(len(cells) + 1, dtype=np.int32)
    lengths = np.fromiter(map(len, cells), dtype=np.int32, count=len(cells))
    np.cumsum(lengths, out=offsets[1:])
    filled = lengths > 0
    valid = None if filled.all() else pa.py_buffer(np.packbits(filled, bitorder="little"))
    return pa.StringArray.from_buffers(len(cells), pa.py_buffer(offsets), pa.py_buffer(b"".join(cells)), valid)


def bits(buffer: pa.Buffer, offset: int, length: int) -> Bools:
    """Return `length` bits of an Arrow bitmap, from bit `offset`, as numpy flags."""
    packed = np.frombuffer(buffer, dtype=np.uint8)
    flags = np.unpackbits(packed[: (offset + length + 7) // 8], count=offset + length, bitorder="little")
    return flags[offset:].astype(np.bool_)


def bools(array: pa.Array) -> Bools:
    """Return a boolean array without nulls as numpy flags."""
    return bits(array.buffers()[1], array.offset, len(array))


def whole(column: pa.ChunkedArray) -> pa.Array:
    """Return the column as one array, without a copy where it is one already."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def bad_records(records: Iterable[tuple[int, int, str, Fault]]) -> pa.Table:
    """Return (row, line, raw, fault) records as a table in the schema `BAD_RECORDS`."""
    listed = list(records)
    if not listed:
        return NO_BAD_RECORDS
    rows, lines, raws, faults = zip(*listed, strict=True)
    arrays = [
        int64_array(np.array(rows)),
        int64_array(np.array(lines)),
        string_array(raws),
        string_array(faults),
    ]
    return pa.Table.from_arrays(arrays, schema=BAD_RECORDS)
