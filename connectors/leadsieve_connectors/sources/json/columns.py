"""The columns of JSON records: the union of their keys, and the Arrow tables under it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from leadsieve_connectors.exceptions import SourceError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: A member's key, or the keys of a flattened member and of its own member.
Key = str | tuple[str, str]
#: More columns than this are no leads.
MAX_COLUMNS = 10_000
_MAX_SHAPES = 4096
_WORDS = {None: "", True: "true", False: "false"}


class Columns:
    """The keys of all records in order of first sight, each with its position.

    Args:
        name: The source's name, for errors.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._places: dict[Key, int] = {}
        self._shapes: dict[tuple[Key, ...], list[int] | None] = {}

    def __len__(self) -> int:
        return len(self._places)

    def headers(self) -> tuple[str, ...]:
        """Return the raw keys in order."""
        return tuple(key if isinstance(key, str) else key[1] for key in self._places)

    def add(self, record: dict[Key, Any]) -> None:
        """Take in the keys of a record.

        Raises:
            SourceError: `resource_limit`: there are more than `MAX_COLUMNS`.
        """
        shape = tuple(record)
        if shape in self._shapes:
            return
        self._remember(shape, None)
        for key in shape:
            self._places.setdefault(key, len(self._places))
        if len(self._places) > MAX_COLUMNS:
            message = f"{self._name}: the records have more than {MAX_COLUMNS:,} different keys; are they leads?"
            raise SourceError(message, "resource_limit")

    def settle(self) -> None:
        """Say that all records have been seen: from now on rows are made."""
        self._shapes.clear()

    def row(self, record: dict[Key, Any]) -> Sequence[Any]:
        """Return the cells of a record, one for each column."""
        shape = tuple(record)
        if shape in self._shapes:
            places = self._shapes[shape]
        else:
            found = [self._places[key] for key in shape]
            places = None if found == list(range(len(self._places))) else found
            self._remember(shape, places)
        if places is None:
            return tuple(record.values())
        cells: list[Any] = [None] * len(self._places)
        for place, value in zip(places, record.values(), strict=True):
            cells[place] = value
        return cells

    def _remember(self, shape: tuple[Key, ...], places: list[int] | None) -> None:
        if len(self._shapes) >= _MAX_SHAPES:
            self._shapes.clear()
        self._shapes[shape] = places


def text_table(rows: Sequence[Sequence[Any]], schema: pa.Schema) -> pa.Table:
    """Return the rows as a table of strings.

    Args:
        rows: As many cells a row as `schema` has fields: strings, booleans and None.
        schema: Fields of type string.
    """
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    return pa.Table.from_arrays([_text_array(cells) for cells in columns], schema=schema)


def _text_array(cells: tuple[Any, ...]) -> pa.Array:
    """Return the cells as strings, the empty ones null."""
    try:
        joined = "".join(cells)
    except TypeError:
        cells = tuple([cell if type(cell) is str else _WORDS[cell] for cell in cells])
        joined = "".join(cells)
    if joined.isascii():
        data, lengths = joined.encode(), np.fromiter(map(len, cells), dtype=np.int32, count=len(cells))
    else:
        encoded = [cell.encode() for cell in cells]
        data, lengths = b"".join(encoded), np.fromiter(map(len, encoded), dtype=np.int32, count=len(cells))
    offsets = np.zeros(len(cells) + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    valid = None if lengths.all() else pa.py_buffer(np.packbits(lengths > 0, bitorder="little"))
    return pa.StringArray.from_buffers(len(cells), pa.py_buffer(offsets), pa.py_buffer(data), valid)
