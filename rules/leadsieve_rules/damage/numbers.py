"""Cells that a program held as numbers: apostrophes, scientific notation and `.0`, by their text alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_APOSTROPHES = "'\u2018\u2019\u201b\uff07"
_SCIENTIFIC = (
    r"^(?P<sign>[+-]?)\s*(?:(?P<whole>[0-9]+)(?:[.,](?P<part>[0-9]*))?|[.,](?P<bare>[0-9]+))"
    r"\s*[eE]\s*(?P<down>-?)\+?\s*(?P<exponent>[0-9]+)$"
)
_DECIMALS = r"^(?P<sign>[+-]?)(?P<zeros>0*)(?P<digits>[0-9]*)\.0+$"
_DOTTED = r"^[+-]?[0-9]{0,4}\.0{3,}$|^[+-]?\."
_LONG = r"^[1-9][0-9]{14}0+$"
#: Significant digits that a double is sure to hold.
_EXACT = 15

_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rewritten:
    """Cells after the repairs that need no region; all arrays are as long as the cells.

    Attributes:
        text: string array: the cells with the repairs made.
        apostrophe: Cells that lost their apostrophe.
        scientific: Cells that were written out of scientific notation.
        decimals: Cells that lost their point and zeros.
        prefixed: Those of `decimals` with a plus or zero before their digits.
        rounded: Cells whose last digits are lost.
        calculated: Number cells that are negative or not whole.
    """

    text: pa.Array
    apostrophe: _Mask
    scientific: _Mask
    decimals: _Mask
    prefixed: _Mask
    rounded: _Mask
    calculated: _Mask


def rewrite(cells: pa.Array) -> Rewritten:
    """Make the repairs, and find the losses, that show in the text of a cell.

    Args:
        cells: string array without nulls.

    Returns:
        The cells as they should be read; a lossy cell keeps its text.
    """
    text = pc.utf8_ltrim(cells, characters=_APOSTROPHES + " ")
    text = pc.if_else(pc.equal(pc.binary_length(text), 0), cells, text)
    apostrophe = _mask(pc.not_equal(text, cells))
    text, scientific, rounded, calculated = _scientific(text)
    text, decimals, prefixed, rounded_too, calculated_too = _decimals(text)
    long = _mask(pc.match_substring_regex(text, _LONG)) & ~scientific
    return Rewritten(
        text=text,
        apostrophe=apostrophe,
        scientific=scientific,
        decimals=decimals,
        prefixed=prefixed,
        rounded=rounded | rounded_too | long,
        calculated=calculated | calculated_too,
    )


def _scientific(text: pa.Array) -> tuple[pa.Array, _Mask, _Mask, _Mask]:
    """Write scientific notation out; say which cells were, which are rounded, and which calculated."""
    parts = pc.extract_regex(text, _SCIENTIFIC)
    rows = np.flatnonzero(_mask(parts.is_valid()))
    masks = [np.zeros(len(text), bool) for _ in range(3)]
    if not len(rows):
        return text, masks[0], masks[1], masks[2]
    parts = parts.take(pa.array(rows))
    fraction = pc.binary_join_element_wise(_part(parts, "part"), _part(parts, "bare"), "")
    kept = pc.utf8_rtrim(fraction, characters="0")
    exponent = _capped(_part(parts, "exponent"))
    written, meant = _lengths(fraction), _lengths(kept)
    mantissa = pc.utf8_ltrim(pc.binary_join_element_wise(_part(parts, "whole"), kept, ""), characters="0")
    digits = _lengths(mantissa) + exponent - meant
    negative = _mask(pc.equal(_part(parts, "sign"), "-"))
    down = _mask(pc.equal(_part(parts, "down"), "-"))
    rounded = ~negative & ((written < exponent) | (digits > _EXACT)) & ~down
    calculated = negative | (~rounded & (down | (meant > exponent) | (_lengths(mantissa) == 0)))
    exact = ~rounded & ~calculated
    values = pc.if_else(pa.array(exact), mantissa, "0").cast(pa.int64()).to_numpy()
    values = values * 10 ** np.where(exact, exponent - meant, 0)
    plain = pc.binary_join_element_wise(_part(parts, "sign"), pa.array(values).cast(pa.string()), "")
    for mask, found in zip(masks, (exact, rounded, calculated), strict=True):
        mask[rows[found]] = True
    text = pc.replace_with_mask(text, pa.array(masks[0]), plain.filter(pa.array(exact)))
    return text, masks[0], masks[1], masks[2]


def _decimals(text: pa.Array) -> tuple[pa.Array, _Mask, _Mask, _Mask, _Mask]:
    """Drop `.0`; say which cells lost it, which of them are prefixed, which are rounded, and which calculated."""
    parts = pc.extract_regex(text, _DECIMALS)
    found = _mask(parts.is_valid())
    if found.any():
        found &= ~_mask(pc.match_substring_regex(text, _DOTTED))
    sign, zeros, digits = (pc.fill_null(parts.field(name), "") for name in ("sign", "zeros", "digits"))
    negative = found & _mask(pc.equal(sign, "-"))
    rounded = found & ~negative & (_lengths(digits) > _EXACT)
    dropped = found & ~negative & ~rounded
    prefixed = dropped & (_mask(pc.equal(sign, "+")) | (_lengths(zeros) > 0))
    if dropped.any():
        text = pc.if_else(pa.array(dropped), pc.binary_join_element_wise(sign, zeros, digits, ""), text)
    return text, dropped, prefixed, rounded, negative


def _part(parts: pa.StructArray, name: str) -> pa.Array:
    return pc.fill_null(parts.field(name), "")


def _capped(exponent: pa.Array) -> npt.NDArray[np.int64]:
    """Read exponents; those of many digits count as 999."""
    small = pc.utf8_ltrim(exponent, characters="0")
    small = pc.if_else(pc.greater(pc.binary_length(small), 3), "999", small)
    values: npt.NDArray[np.int64] = pc.if_else(pc.equal(small, ""), "0", small).cast(pa.int64()).to_numpy()
    return values


def _lengths(text: pa.Array) -> npt.NDArray[np.int64]:
    lengths: npt.NDArray[np.int64] = pc.binary_length(text).to_numpy().astype(np.int64)
    return lengths


def _mask(values: pa.Array) -> _Mask:
    mask: _Mask = values.to_numpy(zero_copy_only=False)
    return mask
