"""Columns of cells as the kernels see them, and some of their rows."""

from __future__ import annotations

import sys

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from leadsieve_rules.cells.arrays import int64_array

_KERNEL = "leadsieve_rules.cells.kernel"
#: Fewer cells are not worth the import of the kernel.
KERNEL_ROWS = 20_000


def use_kernel(rows: int) -> bool:
    """Tell whether so many cells are worth the kernel: from `KERNEL_ROWS` on, or once it is there anyway."""
    return rows >= KERNEL_ROWS or _KERNEL in sys.modules


def buffers_of(text: pa.Array) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
    """Return the bytes of a string array's cells, and where each begins and the last ends."""
    _, starts, data = text.buffers()
    if not len(text) or starts is None:
        return np.zeros(0, np.uint8), np.zeros(1, np.int32)
    offsets = np.frombuffer(starts, np.int32, len(text) + 1, text.offset * 4)
    return np.zeros(0, np.uint8) if data is None or not data.size else np.frombuffer(data, np.uint8), offsets


def take(text: pa.Array, index: npt.NDArray[np.int64]) -> pa.Array:
    """Return some cells of a string array, as `text.take` does.

    Args:
        text: string array.
        index: int64 positions, in any order; see `Rows` for several columns.
    """
    return Rows(index).of(text)


class Rows:
    """Some rows, to be taken from several columns.

    Args:
        index: int64 positions, in any order. Neighbours are copied at once, so that most of the rows cost little more
            than all.
    """

    def __init__(self, index: npt.NDArray[np.int64]) -> None:
        self.index = index
        breaks = np.flatnonzero(index[1:] - index[:-1] != 1) + 1
        edges = np.concatenate([[0], breaks, [len(index)]]) if len(index) else np.zeros(1, np.int64)
        # The first row of each run of neighbours, and the row behind its last.
        self._begins = index[edges[:-1]].astype(np.int32)
        self._ends = (index[edges[1:] - 1] + 1).astype(np.int32)

    def of(self, text: pa.Array) -> pa.Array:
        """Return these rows of a string array, as `text.take` does."""
        if not use_kernel(len(self.index)):
            return text.take(int64_array(self.index))
        from leadsieve_rules.cells.kernel import copy_bits, copy_runs

        data, offsets = buffers_of(text)
        size = int((offsets[self._ends] - offsets[self._begins]).sum(dtype=np.int64))
        places, out = np.empty(len(self.index) + 1, np.int32), np.empty(size, np.uint8)
        copy_runs(data, offsets, self._begins, self._ends, places, out)
        valid, nulls = None, 0
        if text.null_count:
            bits = np.empty((len(self.index) + 7) // 8, np.uint8)
            nulls = copy_bits(np.frombuffer(text.buffers()[0], np.uint8), text.offset, self._begins, self._ends, bits)
            valid = pa.py_buffer(bits) if nulls else None
        return pa.StringArray.from_buffers(len(self.index), pa.py_buffer(places), pa.py_buffer(out), valid, nulls)


def read_digits(text: pa.Array, *, skip: int) -> npt.NDArray[np.uint64] | None:
    """Read the digits of cells as numbers, behind the first `skip` bytes.

    Args:
        text: string array without nulls.
        skip: How many bytes of each cell are no digits.

    Returns:
        One number a cell; None where a cell holds something else than 1 to 19 digits, or there are few cells.
    """
    if not use_kernel(len(text)) or not pa.types.is_string(text.type) or text.null_count:
        return None
    from leadsieve_rules.cells.kernel import parse_digits

    data, offsets = buffers_of(text)
    numbers = np.empty(len(text), np.uint64)
    return numbers if parse_digits(data, offsets, skip, numbers) == len(text) else None
