"""The compiled encoder of text: what `first_sight` makes of many rows, in one pass over each piece's own buffers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from leadsieve_connectors.sinks import kernel

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]

#: Room for so many values, and for so many of their bytes, at first; it grows as need be.
_VALUES, _VALUE_BYTES = 1024, 1 << 14
#: How many slots are looked at in vain, a row, before it is held that the values share their hashes.
_PATIENCE = 8
_MAX_BYTES = (1 << 31) - 1
_NO_BITS: tuple[Bytes, int] = (np.zeros(0, np.uint8), 0)
#: What is told of the rows where each has a cell of its own.
_EACH = (np.zeros(0, np.int32), *_NO_BITS, np.zeros(0, np.int32))


class Encoder:
    """Numbers the values of a row group's pieces in the order in which they first come.

    Args:
        rows: Rows of the group.
    """

    def __init__(self, rows: int) -> None:
        self._codes = np.empty(rows, np.int32)
        self._at = 0
        self._state = np.zeros(kernel.STATE, np.int64)
        self._state[kernel.PATIENCE] = _PATIENCE * rows
        self._last: tuple[pa.Array, np.int32] | None = None
        self._values = np.empty(_VALUE_BYTES, np.uint8)
        self._make(_VALUES)

    def add(self, piece: pa.Array) -> bool:
        """Take the next rows.

        Args:
            piece: string, large_string, or a dictionary of these.

        Returns:
            Whether that went well; False where there are more bytes than offsets count, or the values share hashes.
        """
        cells, rows = piece, _EACH
        codes = self._codes[self._at : self._at + len(piece)]
        self._at += len(piece)
        if piece.null_count == len(piece):
            codes[:] = kernel.NULL
            return True
        if pa.types.is_dictionary(piece.type):
            cells, indices = piece.dictionary, piece.indices
            if len(cells) == 1 and not cells.null_count and not indices.null_count:
                return self._fill(cells, codes)
            rows = (_places(indices), *_bits(indices), np.full(len(cells), kernel.UNSEEN, np.int32))
        found = _cells(cells)
        return found is not None and self._find((*found, *_bits(cells), *rows), codes)

    def finish(self, value_type: pa.DataType) -> pa.DictionaryArray:
        """Return all rows; their codes are int32.

        Args:
            value_type: string or large_string.
        """
        codes, valid = self._codes, None
        if codes.min(initial=0) < 0:
            valid = pa.py_buffer(np.packbits(codes >= 0, bitorder="little"))
            np.maximum(codes, 0, out=codes)
        ends, values = self._known()
        text = pa.StringArray.from_buffers(len(ends) - 1, pa.py_buffer(ends), pa.py_buffer(values))
        indices = pa.Array.from_buffers(pa.int32(), len(codes), [valid, pa.py_buffer(codes)])
        return pa.DictionaryArray.from_arrays(indices, text.cast(value_type), safe=False)

    def _fill(self, cell: pa.Array, codes: Ints) -> bool:
        """Give all rows the code of one value, which is found only if it is not that of the last such piece."""
        if self._last is None or not cell.equals(self._last[0]):
            found = _cells(cell)
            if found is None or not self._find((*found, *_NO_BITS, *_EACH), codes[:1]):
                return False
            self._last = cell, codes[0]
        codes[:] = self._last[1]
        return True

    def _find(self, piece: Sequence[Any], codes: Ints) -> bool:
        """Have the codes of a piece's rows found, with as much room as that takes."""
        self._state[kernel.ROW] = 0
        while True:
            room = self._state, self._table, self._words, self._ends, self._values
            said = kernel.find_codes(*piece, *room, codes)
            if said == kernel.FULL:
                self._spread()
            elif said == kernel.LONG and len(self._values) <= _MAX_BYTES // 2:
                self._values = np.concatenate([self._values, np.empty_like(self._values)])
            else:
                return bool(said == 0)

    def _make(self, room: int) -> None:
        self._table, self._words = np.zeros(4 * room, np.int32), np.empty(2 * room, np.uint64)
        self._ends = np.zeros(room + 1, np.int32)

    def _spread(self) -> None:
        """Make four times the room for values, and enter those that are known, which get the same numbers again."""
        row, (ends, values) = self._state[kernel.ROW], self._known()
        self._state[kernel.COUNT] = 0
        self._make(4 * (len(self._ends) - 1))
        self._find((values, ends, *_NO_BITS, *_EACH), np.empty(len(ends) - 1, np.int32))
        self._state[kernel.ROW] = row

    def _known(self) -> tuple[Ints, Bytes]:
        """Copy where the values begin, and the last ends, and their bytes."""
        ends = self._ends[: int(self._state[kernel.COUNT]) + 1].copy()
        return ends, self._values[: ends[-1]].copy()


def encode(pieces: Sequence[pa.Array], value_type: pa.DataType) -> pa.DictionaryArray | None:
    """Join pieces into one dictionary-encoded array, as `first_sight` does.

    Returns:
        The array; None where the compiled loop cannot make it.
    """
    encoder = Encoder(sum(map(len, pieces)))
    return encoder.finish(value_type) if all(map(encoder.add, pieces)) else None


def _cells(array: pa.Array) -> tuple[Bytes, Ints] | None:
    """Return the bytes of a text array's cells, and where each begins and the last ends; None where these are many."""
    item = np.dtype(np.int64 if pa.types.is_large_string(array.type) else np.int32)
    _, starts, data = array.buffers()
    if not len(array) or starts is None:
        return np.zeros(0, np.uint8), np.zeros(1, np.int32)
    offsets = np.frombuffer(starts, item, len(array) + 1, array.offset * item.itemsize)
    content = np.zeros(0, np.uint8) if data is None or not data.size else np.frombuffer(data, np.uint8)
    if item.itemsize == 4:
        return content, offsets.view(np.int32)
    first, last = int(offsets[0]), int(offsets[-1])
    return None if last - first > _MAX_BYTES else (content[first:last], (offsets - first).astype(np.int32))


def _bits(array: pa.Array) -> tuple[Bytes, int]:
    """Return the validity bits of an array, none where all are valid, and where they begin."""
    valid = array.buffers()[0]
    return _NO_BITS if valid is None or not array.null_count else (np.frombuffer(valid, np.uint8), array.offset)


def _places(indices: pa.Array) -> Ints:
    """Return the indices of a dictionary-encoded array as int32; those of nulls are anything."""
    item = np.dtype(str(indices.type))
    numbers = np.frombuffer(indices.buffers()[1], item, len(indices), indices.offset * item.itemsize)
    return numbers.astype(np.int32, copy=False)
