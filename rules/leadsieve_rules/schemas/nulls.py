"""Columns of text with more nulls; no cell is copied."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve_rules.cells.arrays import flags_of, int64_array, null_flags
from leadsieve_rules.cells.columns import buffers_of, use_kernel


def with_nulls(text: pa.Array, nulls: npt.NDArray[np.bool_]) -> pa.Array:
    """Return a string array in which more cells are null.

    Args:
        text: string array.
        nulls: bool, as many as cells: those that are to be null too.
    """
    if not nulls.any():
        return text
    before = null_flags(text)
    bits = np.packbits(~(nulls | before) if len(before) else ~nulls, bitorder="little")
    _, offsets, data = text.buffers()
    return pa.StringArray.from_buffers(len(text), offsets.slice(text.offset * 4), data, pa.py_buffer(bits))


def blanks_as_nulls(text: pa.Array) -> pa.Array:
    """Return a string array in which cells of nothing, or of nothing but white space, are null.

    Example:
        >>> blanks_as_nulls(pa.array([" a ", "", "  ", None])).to_pylist()
        [' a ', None, None, None]
    """
    blank = _find_blanks(text) if use_kernel(len(text)) else _blank(text)
    return text if blank is None else with_nulls(text, blank)


def _blank(text: pa.Array) -> npt.NDArray[np.bool_]:
    return flags_of(pc.or_(pc.equal(pc.binary_length(text), 0), pc.utf8_is_space(text)))


def _find_blanks(text: pa.Array) -> npt.NDArray[np.bool_] | None:
    """Return which cells are blank; None where none is."""
    from leadsieve_rules.schemas.kernel import BLANK, WIDE, find_blanks

    found = np.empty(len(text), np.uint8)
    every = find_blanks(*buffers_of(text), found)
    if not every:
        return None
    blank: npt.NDArray[np.bool_] = found == BLANK
    if every & WIDE:
        rows = np.flatnonzero(found == WIDE)
        blank[rows] = _blank(text.take(int64_array(rows)))
    return blank
