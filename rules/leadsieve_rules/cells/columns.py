"""Columns of cells as the kernels see them, and some of their rows."""

from __future__ import annotations

import sys

import numpy as np
import numpy.typing as npt
import pyarrow as pa

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
        index: Their positions. Neighbours are copied at once, so that most of the rows cost little more than all.
    """
    if not use_kernel(len(index)):
        return text.take(pa.array(index))
    from leadsieve_rules.cells.kernel import copy_cells

    data, offsets = buffers_of(text)
    begins, ends = offsets[index], offsets[index + 1]
    valid = None
    if text.null_count:
        stays = text.is_valid().to_numpy(zero_copy_only=False)[index]
        if not stays.all():
            valid = pa.py_buffer(np.packbits(stays, bitorder="little"))
    places, out = np.empty(len(index) + 1, np.int32), np.empty(int((ends - begins).sum(dtype=np.int64)), np.uint8)
    copy_cells(data, begins, ends, places, out)
    return pa.StringArray.from_buffers(len(index), pa.py_buffer(places), pa.py_buffer(out), valid)


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
