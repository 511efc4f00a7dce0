"""Cells as text: how a typed value is written where a field, a rule or an error needs it as a string."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import math
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve.exceptions import UsageError

#: Below it every whole number has a float of its own, by the bits of a float.
_EXACT = {16: 2.0**11, 32: 2.0**24, 64: 2.0**53}
#: Significant digits that a float of so many bits is sure to hold.
_DIGITS = {16: 3, 32: 6}
_PER_SECOND = {"s": 0, "ms": 3, "us": 6, "ns": 9}


def as_text(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Write a column's values as strings, without inventing or losing a digit.

    Integers and decimals are written plainly, whole floats as whole numbers (919876543210.0 is 919876543210) as far as
    floats tell them apart, other floats in their shortest form, dates, times and durations in ISO 8601, nested values
    as JSON. Nulls stay null.

    Args:
        column: Any Arrow column.

    Returns:
        A string array of the same length.
    """
    array = _whole(column)
    kind = array.type
    if kind == pa.string():
        return array
    if isinstance(array, pa.ExtensionArray) and not isinstance(kind, pa.UuidType):
        return as_text(array.storage)
    if pa.types.is_dictionary(kind):
        return as_text(array.dictionary).take(array.indices)
    if pa.types.is_null(kind):
        return pa.nulls(len(array), pa.string())
    if pa.types.is_floating(kind):
        return _floats(array)
    if pa.types.is_decimal(kind):
        return _decimals(array)
    if pa.types.is_timestamp(kind):
        return pc.replace_substring(array.cast(pa.string()), " ", "T", max_replacements=1)
    if pa.types.is_duration(kind):
        counts, places = array.cast(pa.int64()).to_pylist(), _PER_SECOND[kind.unit]
        return pa.array([None if count is None else _seconds(count, places) for count in counts], pa.string())
    if any(test(kind) for test in (pa.types.is_integer, pa.types.is_boolean, pa.types.is_date, pa.types.is_time)):
        return array.cast(pa.string())
    if _is_string(kind):
        return array.cast(pa.string())
    return pa.array([None if v is None else _plain(v) for v in array.to_pylist()], pa.string())


def phone_text(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Write a column's values as strings to be read as phone numbers.

    As `as_text`, but a number that is no phone number (negative, with a fraction, or of more digits than its type is
    sure to hold) is written so that it can be read as nothing but that: in text a point or a dash may stand between
    the digits of a phone number, in a number it never does.

    Args:
        column: Any Arrow column.

    Returns:
        A string array of the same length.

    Example:
        >>> phone_text(pa.array([4930123456.5, 919876543210.0])).to_pylist()
        ['4.9301234565e+9', '919876543210']
    """
    array = _whole(column)
    kind = array.type
    if pa.types.is_dictionary(kind):
        return phone_text(array.dictionary).take(array.indices)
    text = as_text(array)
    if pa.types.is_integer(kind):
        return text if pa.types.is_unsigned_integer(kind) else _marked(text, pc.starts_with(text, "-"), "{}.0")
    if not pa.types.is_floating(kind) and not pa.types.is_decimal(kind):
        return text
    broken = pc.match_substring(text, ".")
    text = _marked(text, broken, "{:e}")
    negative = pc.and_(pc.starts_with(text, "-"), pc.invert(pc.match_substring_regex(text, "[^-0-9]")))
    return _marked(text, negative, "{}.0")


def is_numbers(kind: pa.DataType) -> bool:
    """Tell whether values of a type can be phone numbers: text, numbers, or nothing at all."""
    if pa.types.is_dictionary(kind):
        return is_numbers(kind.value_type)
    tests = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_null)
    return _is_string(kind) or any(test(kind) for test in tests)


def is_text(kind: pa.DataType) -> bool:
    """Tell whether values of a type are text, and not written as text only where it is asked for."""
    return is_text(kind.value_type) if pa.types.is_dictionary(kind) else _is_string(kind)


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return a column as one array."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    if column.num_chunks == 1:
        return column.chunk(0)
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.nulls(0, column.type)


def _is_string(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _floats(array: pa.Array) -> pa.Array:
    bits = array.type.bit_width
    wide = array.cast(pa.float64())
    exact = pc.less(pc.abs(wide), _EXACT[bits])
    whole = pc.fill_null(pc.and_kleene(exact, pc.equal(pc.floor(wide), wide)), False)
    integers = pc.if_else(whole, wide, pa.scalar(0.0)).cast(pa.int64()).cast(pa.string())
    integers = pc.if_else(pc.is_valid(array), integers, pa.scalar(None, pa.string()))
    others = pc.and_(pc.invert(whole), pc.is_valid(array))
    texts = [_float(value, bits) for value in wide.filter(others).to_pylist()]
    return pc.replace_with_mask(integers, others, pa.array(texts, pa.string()))


def _float(value: float, bits: int) -> str:
    """Write one float in its shortest form."""
    if bits in _DIGITS and math.isfinite(value) and abs(value) >= _EXACT[bits]:
        return f"{value:.{_DIGITS[bits] - 1}e}"
    # NumPy writes each width in its own shortest form: a 32-bit 0.1 is 0.1, not the 64-bit value next to it.
    return str({16: np.float16, 32: np.float32}.get(bits, np.float64)(value))


def _decimals(array: pa.Array) -> pa.Array:
    if array.type.scale == 0:
        return array.cast(pa.string())
    texts = (None if value is None else _plain(value) for value in array.to_pylist())
    return pa.array(texts, pa.string())


def _seconds(count: int, places: int) -> str:
    text = _plain(decimal.Decimal(abs(count)).scaleb(-places))
    return f"{'-' if count < 0 else ''}PT{text}S"


def _marked(text: pa.Array, rows: pa.Array, form: str) -> pa.Array:
    """Write some of the numbers in another form."""
    rows = pc.fill_null(rows, False)
    values = [form.format(decimal.Decimal(value)) for value in text.filter(rows).to_pylist()]
    return pc.replace_with_mask(text, rows, pa.array(values, pa.string())) if values else text


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=_plain)
    if isinstance(value, decimal.Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


def strings(values: Any) -> pa.Array:
    """Take strings from an Arrow array, a pandas or polars series, or a list.

    Raises:
        UsageError: The values are not strings, or are one string and not several.
    """
    if isinstance(values, str | bytes) or not hasattr(values, "__iter__"):
        raise UsageError(f"a {type(values).__name__} is not an array of strings; for one number give a list with it")
    try:
        if hasattr(values, "__arrow_c_stream__"):
            values = pa.chunked_array(values)
        elif hasattr(values, "__arrow_c_array__"):
            values = pa.array(values)
        elif not isinstance(values, pa.Array | pa.ChunkedArray):
            values = pa.array(values, from_pandas=True)
    except (pa.ArrowException, ValueError) as exc:
        raise UsageError("these values are not all strings; cast them first") from exc
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    if pa.types.is_null(kind):
        return pa.nulls(len(values), pa.string())
    if not _is_string(kind):
        raise UsageError(f"phone numbers and regions are strings, not {values.type}; cast the column first")
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
