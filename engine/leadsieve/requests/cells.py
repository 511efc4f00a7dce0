"""Typed cells as the text that a request holds. An empty text, NaN and infinity are no value."""

from __future__ import annotations

import decimal
import json
import math
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from leadsieve.text import as_text


def cell_texts(column: pa.Array) -> pa.Array:
    """Write cells as text, as they stand in lists and files.

    Args:
        column: Any Arrow array.

    Returns:
        A large_string array of the same length; null where a cell has no value.

    Example:
        >>> cell_texts(pa.array([1.5, float("nan"), None])).to_pylist()
        ['1.5', None, None]
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        return cell_texts(column.dictionary).take(column.indices)
    if pa.types.is_floating(kind):
        return _floats(column)
    if pa.types.is_nested(kind):
        return _nested(column)
    texts = as_text(column).cast(pa.large_string())
    return pc.if_else(pc.equal(pc.binary_length(texts), 0), pa.scalar(None, pa.large_string()), texts)


def _floats(column: pa.Array) -> pa.Array:
    """Write floats in their shortest form."""
    if pa.types.is_float16(column.type):
        column = column.cast(pa.float32())
    finite = pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type))
    return finite.cast(pa.string()).cast(pa.large_string())


def _nested(column: pa.Array) -> pa.Array:
    # Rare, and of any shape: only typed sources have nested values, so these go value by value.
    return pa.array((None if value is None else _json(value) for value in column.to_pylist()), pa.large_string())


def _json(value: Any) -> str:
    """Write one value as JSON; what JSON has no form for is null or text."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{_string(str(key))}:{_json(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_json, value)) + "]"
    if value is None or isinstance(value, bool | int | float):
        return json.dumps(None if isinstance(value, float) and not math.isfinite(value) else value)
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return _string(value.decode("utf-8", "backslashreplace"))
    return _string(value.isoformat() if hasattr(value, "isoformat") else str(value))


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
