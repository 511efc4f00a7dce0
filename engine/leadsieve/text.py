"""Cells as text: how a typed value is written where a field, a rule or an error needs it as a string."""

from __future__ import annotations

import datetime as dt
import decimal
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve.exceptions import UsageError


def as_text(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Write a column's values as strings, without inventing or losing a digit.

    Integers and decimals are written plainly, whole floats as whole numbers (919876543210.0 is 919876543210), other
    floats in their shortest form, times in ISO 8601, nested values as JSON. Nulls stay null.

    Args:
        column: Any Arrow column.

    Returns:
        A string array of the same length.
    """
    array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.nulls(0, array.type)
    kind = array.type
    if kind == pa.string():
        return array
    if pa.types.is_dictionary(kind):
        return as_text(array.cast(kind.value_type))
    if pa.types.is_null(kind):
        return pa.nulls(len(array), pa.string())
    if pa.types.is_floating(kind):
        return _floats(array)
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or _is_string(kind):
        return array.cast(pa.string())
    if pa.types.is_timestamp(kind):
        return pc.replace_substring(array.cast(pa.string()), " ", "T", max_replacements=1)
    return pa.array([None if v is None else _plain(v) for v in array.to_pylist()], pa.string())


def _is_string(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _floats(array: pa.Array) -> pa.Array:
    wide = array.cast(pa.float64())
    exact = pc.less(pc.abs(wide), 2.0**53)
    whole = pc.fill_null(pc.and_kleene(exact, pc.equal(pc.floor(wide), wide)), False)
    integers = pc.if_else(whole, wide, pa.scalar(0.0)).cast(pa.int64()).cast(pa.string())
    # NumPy writes each width in its own shortest form: a 32-bit 0.1 is 0.1, not the 64-bit value next to it.
    width = {16: np.float16, 32: np.float32}.get(array.type.bit_width, np.float64)
    shortest = pa.array([None if v is None else str(width(v)) for v in array.to_pylist()], pa.string())
    return pc.if_else(whole, integers, shortest)


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=_plain)
    if isinstance(value, decimal.Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


def trim(text: pa.Array) -> pa.Array:
    """Take outer white space off strings; what is empty then is null."""
    clean = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.equal(pc.binary_length(clean), 0), pa.scalar(None, pa.string()), clean)


def strings(values: Any) -> pa.Array:
    """Take strings from an Arrow array, a pandas or polars series, or a list.

    Raises:
        UsageError: The values are not strings, or are one string and not several.
    """
    if isinstance(values, str | bytes) or not hasattr(values, "__iter__"):
        raise UsageError(f"{values!r} is not an array of strings; for one number give a list with it")
    if hasattr(values, "__arrow_c_stream__"):
        values = pa.chunked_array(values)
    elif hasattr(values, "__arrow_c_array__"):
        values = pa.array(values)
    elif not isinstance(values, pa.Array | pa.ChunkedArray):
        try:
            values = pa.array(values, from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError, ValueError) as exc:
            raise UsageError(f"these values are not strings: {exc}") from exc
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    if pa.types.is_null(kind):
        return pa.nulls(len(values), pa.string())
    if not _is_string(kind):
        raise UsageError(f"phone numbers and regions are strings, not {values.type}; cast the column first")
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
