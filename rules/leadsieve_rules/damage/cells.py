"""Several numbers in one cell: where they are split, and when the whole must not be taken for one number."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

#: "or" and "and" between characters that are no letters; the full-width forms are what Asian keyboards write.
_WORDS = r"(?i)(^|[^\pL])(?:or|and)([^\pL]|$)"
_SEPARATORS = r"[/,;|&\n\r\x{ff0f}\x{ff0c}\x{ff1b}\x{ff5c}\x{ff06}]"
#: A part without a letter or digit is none; no country has a number of fewer than four.
_FILLED = r"[\pL\p{Nd}]"
_LONG = r"(?:[\pL\p{Nd}][^\pL\p{Nd}]*){4}"
#: A part that names its country or begins with a trunk zero is a number of its own, wherever it stands.
_COMPLETE = r"^[^\pL\p{Nd}]*[+\x{ff0b}0]"

_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of the cells that have two or more.

    Attributes:
        cell: int64: for each part, the position of its cell; ascending.
        text: string array: the parts, trimmed, each with a letter or digit in it.
        anchor: Parts that would be numbers of their own: the first of a cell, and complete ones.
    """

    cell: npt.NDArray[np.int64]
    text: pa.Array
    anchor: _Mask


def split(cells: pa.Array) -> Parts:
    """Split cells that could hold several numbers.

    Args:
        cells: string array; nulls have no parts.

    Returns:
        The parts of the cells that may have to be rejected; `Parts.cell` counts from the first of `cells`.
    """
    lists = pc.split_pattern_regex(pc.replace_substring_regex(cells, _WORDS, r"\1/\2"), _SEPARATORS)
    cell = pc.list_parent_indices(lists).to_numpy().astype(np.int64)
    text = pc.utf8_trim_whitespace(pc.list_flatten(lists))
    filled = pc.match_substring_regex(text, _FILLED)
    cell, text = cell[_mask(filled)], text.filter(filled)
    short = ~_mask(pc.match_substring_regex(text, _LONG))
    first = np.diff(cell, prepend=-1) != 0
    anchor = first | _mask(pc.match_substring_regex(text, _COMPLETE))
    # A cell that can be neither several numbers nor a glued one need not be read in parts: 030/1234567.
    count, shorts, anchors = (
        np.bincount(cell[which], minlength=len(cells)) for which in (slice(None), short, anchor & ~short)
    )
    kept = ((count > 1) & ((shorts == 0) | (anchors > 0)))[cell]
    return Parts(cell[kept], text.filter(pa.array(kept)), anchor[kept])


def judge(parts: Parts, valid: _Mask, numbers: pa.Array, whole: pa.Array) -> tuple[npt.NDArray[np.int64], ...]:
    """Find the cells that hold several numbers, and those that would be read as one that is not in them.

    Args:
        parts: What `split` gave.
        valid: Whether each part is valid alone.
        numbers: string array: each part's E.164.
        whole: string array as long as the parts: the E.164 of each part's cell read as one number; null where
            that is not valid.

    Returns:
        Two arrays of positions of cells, ascending: several numbers; one number glued from several parts.
    """
    cells, begins = np.unique(parts.cell, return_index=True)
    if not len(cells):
        return cells, cells
    several = np.logical_and.reduceat(valid, begins)
    anchored = np.logical_or.reduceat(valid & parts.anchor, begins)
    same = _mask(pc.fill_null(pc.equal(numbers, whole), False)) & valid
    glued = anchored & ~np.logical_or.reduceat(same, begins) & _mask(whole.is_valid())[begins]
    return cells[several], cells[glued & ~several]


def _mask(values: pa.Array) -> _Mask:
    mask: _Mask = values.to_numpy(zero_copy_only=False)
    return mask
