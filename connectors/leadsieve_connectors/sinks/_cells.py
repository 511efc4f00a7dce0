"""Arrow values as the text of cells, and back: one exact rendering for every type."""

from __future__ import annotations

import base64
import datetime as dt
import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def is_text(type_: pa.DataType) -> bool:
    """Tell whether cells of the type can hold any text, and so may need quotes or a guard."""
    return bool(
        pa.types.is_string(type_)
        or pa.types.is_large_string(type_)
        or pa.types.is_string_view(type_)
        or _is_binary(type_)
        or pa.types.is_nested(type_)
    )


def render(array: pa.Array) -> pa.Array:
    """Render values as text; null stays null.

    Numbers take their shortest form that reads back equal, dates and times ISO 8601 (an instant in UTC, with
    `Z`), durations their count of units, bytes base64, nested values JSON.

    Args:
        array: Values of any type but dictionary.

    Returns:
        A large_string array of the same length.
    """
    type_ = array.type
    if pa.types.is_timestamp(type_):
        zone = None if type_.tz is None else "UTC"
        text = array.cast(pa.timestamp(type_.unit, zone)).cast(pa.large_string())
        return pc.replace_substring(text, " ", "T")
    if pa.types.is_duration(type_):
        return array.cast(pa.int64()).cast(pa.large_string())
    if pa.types.is_float16(type_):
        return array.cast(pa.float32()).cast(pa.large_string())
    if _is_binary(type_):
        # Rare: only typed sources have bytes or nested values, so these two go value by value.
        return pa.array((_base64(value) for value in array.to_pylist()), pa.large_string())
    if pa.types.is_nested(type_):
        return pa.array((_json(value) for value in array.to_pylist()), pa.large_string())
    return array.cast(pa.large_string())


def parse(array: pa.Array, type_: pa.DataType) -> pa.Array:
    """Read cells that `render` wrote.

    Args:
        array: Text; null stays null.
        type_: The type that was rendered. Nested types come back where JSON can tell their values.

    Returns:
        An array of `type_`.
    """
    if pa.types.is_dictionary(type_):
        return parse(array, type_.value_type).dictionary_encode().cast(type_)
    if pa.types.is_timestamp(type_):
        zone = None if type_.tz is None else "UTC"
        return array.cast(pa.timestamp(type_.unit, zone)).cast(type_)
    if pa.types.is_time(type_):
        moments = pc.binary_join_element_wise("1970-01-01T", array.cast(pa.string()), "")
        return moments.cast(pa.timestamp(type_.unit)).cast(type_)
    if pa.types.is_duration(type_):
        return array.cast(pa.int64()).cast(type_)
    if pa.types.is_float16(type_):
        return array.cast(pa.float32()).cast(type_)
    if _is_binary(type_):
        values = (None if cell is None else base64.b64decode(cell) for cell in array.to_pylist())
        return pa.array(values, type_)
    if pa.types.is_nested(type_):
        return pa.array([None if cell is None else json.loads(cell) for cell in array.to_pylist()], type_)
    if pa.types.is_null(type_):
        return pa.nulls(len(array))
    return array.cast(type_)


def _is_binary(type_: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(type_)
        or pa.types.is_large_binary(type_)
        or pa.types.is_fixed_size_binary(type_)
        or pa.types.is_binary_view(type_)
    )


def _base64(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode("ascii")


def _json(value: Any) -> str | None:
    if value is None:
        return None
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return _base64(value)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    return str(value)
