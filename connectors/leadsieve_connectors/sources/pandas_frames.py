"""Frames of pandas in pieces: types settled for the whole frame, values converted a piece at a time."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import sys
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Iterator

_PIECE_ROWS = 1 << 16
# Beyond it a float may stand for several whole numbers.
_EXACT = 2.0**53


def is_pandas(frame: Any) -> bool:
    """Tell whether something is a frame of pandas, without importing pandas."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(frame, pandas.DataFrame)


class PandasTable:
    """A frame of pandas as columns of Arrow.

    A column has the type that Arrow gives it. Where Arrow gives none, because values of several types stand in it or
    none that Arrow knows, each value is text. What pandas takes for missing is null. The index is left out, but for
    levels with a name, which are the first columns.

    Args:
        frame: The frame; it is read as it is at that moment.

    Attributes:
        schema: The columns, with their names as text.
    """

    def __init__(self, frame: Any) -> None:
        index = frame.index
        levels = [level for level, name in enumerate(index.names) if name is not None]
        self._columns = [index.get_level_values(level).to_series() for level in levels]
        self._columns += [frame.iloc[:, at] for at in range(frame.shape[1])]
        names = [index.names[level] for level in levels] + list(frame.columns)
        self._rows = len(frame)
        kinds = [self._kind(column) for column in self._columns]
        self._as_text = [kind is None for kind in kinds]
        types = [pa.string() if kind is None else kind for kind in kinds]
        self.schema = pa.schema([(_name(name), kind) for name, kind in zip(names, types, strict=True)])

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows from the start."""
        for start in range(0, self._rows, _PIECE_ROWS):
            arrays = []
            for column, kind, as_text in zip(self._columns, self.schema.types, self._as_text, strict=True):
                piece = column.iloc[start : start + _PIECE_ROWS]
                arrays.append(_texts(piece) if as_text else _convert(piece, kind))
            yield pa.RecordBatch.from_arrays(arrays, schema=self.schema)

    def _kind(self, column: Any) -> pa.DataType | None:
        """Return the type of a column; None where its values are text one by one."""
        kinds = set()
        # An object column has the types of its values; of any other the first piece tells.
        rows = self._rows if column.dtype == object else min(1, self._rows)
        for start in range(0, rows, _PIECE_ROWS):
            try:
                kind = _convert(column.iloc[start : start + _PIECE_ROWS], None).type
            except (pa.ArrowException, TypeError, ValueError, OverflowError):
                return None
            if isinstance(kind, pa.BaseExtensionType):
                return None
            if not pa.types.is_null(kind):
                kinds.add(kind)
        if len(kinds) > 1:
            return None
        return next(iter(kinds), pa.null())


def _name(name: Any) -> str:
    """Return the name of a column, the parts of one of several levels joined by dots."""
    return ".".join(str(part) for part in name if part != "") if isinstance(name, tuple) else str(name)


def _convert(piece: Any, kind: pa.DataType | None) -> pa.Array:
    array = pa.array(piece, type=kind, from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _texts(piece: Any) -> pa.Array:
    missing = piece.isna()
    return pa.array([None if gone else _text(value) for value, gone in zip(piece, missing, strict=True)], pa.string())


def _text(value: Any) -> str:
    """Write one value as text: numbers without an exponent or a `.0` that nobody wrote, times in ISO 8601."""
    value = value.item() if type(value).__module__ == "numpy" and hasattr(value, "item") else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=_text)
    return str(value).encode("utf-8", "backslashreplace").decode()
