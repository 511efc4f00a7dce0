"""Small Arrow arrays built from buffers: `pyarrow.array` would import pandas where it is installed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def int64_array(values: npt.NDArray[np.int64]) -> pa.Array:
    """Return the numbers as an Arrow array that shares their memory."""
    values = np.ascontiguousarray(values)
    return pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(values)])


def string_array(values: Sequence[str | None]) -> pa.Array:
    """Return the strings as an Arrow array; None is null."""
    encoded = [b"" if value is None else value.encode() for value in values]
    offsets = np.zeros(len(encoded) + 1, np.int32)
    np.cumsum([len(value) for value in encoded], out=offsets[1:])
    valid = np.packbits([value is not None for value in values], bitorder="little") if None in values else None
    bits = None if valid is None else pa.py_buffer(valid)
    return pa.StringArray.from_buffers(len(encoded), pa.py_buffer(offsets), pa.py_buffer(b"".join(encoded)), bits)


def flags_of(array: pa.Array) -> npt.NDArray[np.bool_]:
    """Return the booleans of an Arrow array as numpy's; a null is false."""
    values = _bits(array.buffers()[1], array.offset, len(array))
    nulls = null_flags(array)
    return values & ~nulls if len(nulls) else values


def null_flags(array: pa.Array) -> npt.NDArray[np.bool_]:
    """Return which cells of an array are null; no flags at all where none is."""
    if not array.null_count:
        return np.zeros(0, np.bool_)
    valid = array.buffers()[0]
    return np.ones(len(array), np.bool_) if valid is None else ~_bits(valid, array.offset, len(array))


def _bits(buffer: pa.Buffer, offset: int, length: int) -> npt.NDArray[np.bool_]:
    bits = np.frombuffer(buffer, np.uint8)[offset // 8 : (offset + length + 7) // 8]
    return np.unpackbits(bits, count=offset % 8 + length, bitorder="little")[offset % 8 :].view(np.bool_)
