"""Cells without the white space around them; where there is none, nothing is copied."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve_rules.cells.arrays import null_flags
from leadsieve_rules.cells.columns import buffers_of, use_kernel

_NONE = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True)
class Trimmed:
    """Cells without the white space around them.

    Attributes:
        text: string array; null where nothing is left.
        changed: int64 positions of the cells that lost white space and are not empty, strictly increasing.
    """

    text: pa.Array
    changed: npt.NDArray[np.int64]


def trim(text: pa.Array) -> Trimmed:
    """Take Unicode white space off the cells of a string array, as `pyarrow.compute.utf8_trim_whitespace` does.

    Example:
        >>> trim(pa.array([" a ", "b", "  ", None])).text.to_pylist()
        ['a', 'b', None, None]
    """
    return _quickly(text) if use_kernel(len(text)) else _plainly(text)


def _plainly(text: pa.Array) -> Trimmed:
    clean = pc.utf8_trim_whitespace(text)
    lengths = pc.fill_null(pc.binary_length(clean), 0)
    shorter = pc.less(lengths, pc.fill_null(pc.binary_length(text), 0))
    left = pc.greater(lengths, 0)
    changed = np.flatnonzero(pc.and_(shorter, left).to_numpy(zero_copy_only=False))
    return Trimmed(pc.if_else(left, clean, pa.scalar(None, pa.string())), changed)


def _quickly(text: pa.Array) -> Trimmed:
    from leadsieve_rules.cells.kernel import EMPTY, MOVED, WIDE, copy_cells, find_edges

    data, offsets = buffers_of(text)
    begins, ends = np.empty(len(text), np.int32), np.empty(len(text), np.int32)
    said = np.empty(len(text), np.uint8)
    every = find_edges(data, offsets, begins, ends, said)
    if every & WIDE:
        every |= _look_wider(text, offsets, begins, ends, said)
    if not every & (EMPTY | MOVED):
        return Trimmed(text, _NONE)
    empty = (said & np.uint8(EMPTY)).view(np.bool_)
    nulls = null_flags(text)
    if len(nulls):
        empty |= nulls
    nothing = int(np.count_nonzero(empty))
    if not every & MOVED and nothing == text.null_count:
        return Trimmed(text, _NONE)
    valid = pa.py_buffer(np.packbits(~empty, bitorder="little")) if nothing else None
    if not every & MOVED:
        return Trimmed(pa.StringArray.from_buffers(len(text), pa.py_buffer(offsets), text.buffers()[2], valid), _NONE)
    # What is null has no bytes; nothing may stand between the pieces but what is left out.
    ends[empty] = begins[empty]
    places, out = np.empty(len(text) + 1, np.int32), np.empty(int(offsets[-1] - offsets[0]), np.uint8)
    used = copy_cells(data, begins, ends, places, out)
    trimmed = pa.StringArray.from_buffers(len(text), pa.py_buffer(places), pa.py_buffer(out[:used]), valid)
    return Trimmed(trimmed, np.flatnonzero((said & np.uint8(MOVED) != 0) & ~empty))


def _look_wider(
    text: pa.Array,
    offsets: npt.NDArray[np.int32],
    begins: npt.NDArray[np.int32],
    ends: npt.NDArray[np.int32],
    said: npt.NDArray[np.uint8],
) -> int:
    """Take white space past ASCII off the cells that may have some; returns what is said of them, together."""
    from leadsieve_rules.cells.kernel import EMPTY, MOVED, WIDE

    rows = np.flatnonzero(said & WIDE)
    cells = text.take(pa.array(rows))
    kept = pc.binary_length(pc.utf8_trim_whitespace(cells)).fill_null(0).to_numpy()
    behind = pc.binary_length(pc.utf8_ltrim_whitespace(cells)).fill_null(0).to_numpy()
    whole = offsets[rows + 1] - offsets[rows]
    begins[rows] = offsets[rows + 1] - behind
    ends[rows] = begins[rows] + kept
    found = np.where(kept == 0, EMPTY, np.where(kept < whole, MOVED, 0)).astype(np.uint8)
    said[rows] = found
    return int(np.bitwise_or.reduce(found)) if len(found) else 0
