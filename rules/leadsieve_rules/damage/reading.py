"""The damage step over a whole column: repair the cells, read them, and weigh their other readings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve_rules import phone
from leadsieve_rules.cells.arrays import string_array
from leadsieve_rules.damage.cells import Parts, judge, split
from leadsieve_rules.damage.numbers import rewrite
from leadsieve_rules.damage.own_code import own_code
from leadsieve_rules.damage.suspects import suspects
from leadsieve_rules.phone import Phones

if TYPE_CHECKING:
    from leadsieve_rules.damage.countries import Countries

_Mask = npt.NDArray[np.bool_]
_Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Repair:
    """Cells that were repaired in the same way.

    Attributes:
        detail: The kind of repair.
        index: int64 positions of the rows, strictly increasing.
        before: string array as long as `index`: the cells.
        after: string array as long as `index`: what was read in their place.
    """

    detail: str
    index: _Rows
    before: pa.Array
    after: pa.Array


@dataclass(frozen=True, slots=True)
class Rejection:
    """Cells whose number could be wrong, by code and detail of the reasons table."""

    code: str
    detail: str | None
    index: _Rows


@dataclass(frozen=True, slots=True)
class Reading:
    """A column of phone numbers after the damage step.

    Attributes:
        phones: The numbers, as long as the column; a rejected row reads as an empty cell does.
        repairs: What was repaired, whether or not the number is then valid.
        rejections: What must not be accepted; a row may stand in several.
    """

    phones: Phones
    repairs: tuple[Repair, ...]
    rejections: tuple[Rejection, ...]


def read_phones(text: pa.Array, region: str | pa.Array | None, countries: Countries | None = None) -> Reading:
    """Read a column of phone numbers, repairing what can be repaired and rejecting what could be wrong.

    Args:
        text: string array: the cells, trimmed, null where empty.
        region: The default region: one for all, one a row (null is none), or None.
        countries: What a country-code column says; its regions then stand in place of `region`.

    Returns:
        The numbers, the repairs and the rejections. A row's outcome depends on nothing but the row.

    Raises:
        UnknownRegion: The one region given is unknown.

    Example:
        >>> reading = read_phones(pa.array(["919876543210.0", "9.19877E+11"]), "IN")
        >>> reading.phones.e164.to_pylist()
        ['+919876543210', None]
        >>> reading.rejections[0].code
        'lossy_phone'
    """
    cells = _mend(text)
    if countries is not None:
        region = countries.region
        cells = replace(cells, text=_with_prefix(cells.text, countries.prefix))
    phones = phone.read(cells.text, region)
    doubts = _weigh(text, cells, phones, region)
    rejections = [rejection for rejection in (*cells.losses, *doubts.rejections) if len(rejection.index)]
    phones = _settled(phones, doubts)
    repairs = _repairs(text, cells, doubts)
    if countries is not None:
        other = pc.fill_null(pc.not_equal(phones.country_code, countries.code), False)
        repairs.append(_repair("country_code", np.flatnonzero(other.to_numpy(zero_copy_only=False)), text, phones.e164))
    refused = [rejection.index for rejection in rejections]
    return Reading(phones, tuple(_without(repairs, refused)), tuple(rejections))


@dataclass(frozen=True, slots=True)
class _Cells:
    """The cells after the repairs that need no region, and the rows whose other readings must be weighed."""

    text: pa.Array
    kinds: tuple[tuple[str, _Rows], ...]
    losses: tuple[Rejection, ...]
    number_cells: _Rows
    prefixed: _Rows
    parts: Parts


@dataclass(frozen=True, slots=True)
class _Doubts:
    """What the other readings led to: rows that take one of them, and rows that must not be accepted."""

    others: Phones
    texts: pa.Array
    zero: _Rows
    plus: _Rows
    chosen: _Rows
    rejections: tuple[Rejection, ...]


def _mend(text: pa.Array) -> _Cells:
    """Repair the cells by their text alone."""
    rows, several = suspects(text)
    if not len(rows) and not len(several):
        return _Cells(text, (), (), rows, rows, Parts(rows, string_array([]), np.zeros(0, np.bool_)))
    found = rewrite(_take(text, rows))
    lossy = found.rounded | found.calculated
    read = pc.if_else(pa.array(lossy), pa.scalar(None, pa.string()), found.text)
    changed = lossy | found.scientific | found.decimals | found.apostrophe
    mended = _put(text, rows[changed], read.filter(pa.array(changed)))
    parts = split(_take(mended, several))
    number = found.scientific | found.decimals
    signed = found.scientific & pc.starts_with(found.text, "+").to_numpy(zero_copy_only=False)
    return _Cells(
        text=mended,
        kinds=(
            ("scientific", rows[found.scientific & ~lossy]),
            ("decimals", rows[found.decimals & ~lossy]),
            ("apostrophe", rows[found.apostrophe & ~number & ~lossy]),
        ),
        losses=(
            Rejection("lossy_phone", "rounded", rows[found.rounded]),
            Rejection("lossy_phone", "calculated", rows[found.calculated]),
        ),
        number_cells=rows[number & ~found.prefixed & ~signed & ~lossy],
        prefixed=rows[found.prefixed & ~lossy],
        parts=Parts(several[parts.cell], parts.text, parts.anchor),
    )


def _with_prefix(text: pa.Array, prefix: pa.Array) -> pa.Array:
    """Put the codes of no country before the numbers that have no plus."""
    if prefix.null_count == len(prefix):
        return text
    bare = pc.and_(prefix.is_valid(), pc.invert(pc.starts_with(text, "+")))
    joined = pc.binary_join_element_wise(prefix, text, "")
    return pc.if_else(pc.fill_null(bare, False), joined, text)


def _weigh(text: pa.Array, cells: _Cells, phones: Phones, region: str | pa.Array | None) -> _Doubts:
    """Read the cells in their other ways, all in one call, and compare."""
    zero, plus = cells.number_cells, own_code(cells.text, phones, region)
    if not any(len(rows) for rows in (zero, plus, cells.prefixed, cells.parts.cell)):
        return _Doubts(phones.take(zero), string_array([]), zero, plus, zero, ())
    padded = cells.prefixed[_mask(pc.starts_with(_take(cells.text, cells.prefixed), "0"))]
    written = len(zero) + len(plus) + len(cells.prefixed) + len(padded)
    rows = np.concatenate([zero, plus, cells.prefixed, padded, cells.parts.cell])
    zeros = pc.binary_join_element_wise("0", _take(cells.text, zero), "")
    pluses = pc.binary_join_element_wise("+", _take(cells.text, plus), "")
    bare = pc.utf8_ltrim(_take(cells.text, padded), characters="0")
    texts = pa.concat_arrays([zeros, pluses, _take(text, cells.prefixed), bare, cells.parts.text])
    others = phone.read(texts, _take(region, rows) if isinstance(region, pa.Array) else region)
    valid, numbers = _valid_numbers(others)
    stands, standing = _valid_numbers(phones.take(rows))
    differs = _mask(pc.fill_null(pc.not_equal(numbers, standing), False))
    differs[written:] = False
    # A reading stands in for a cell that has none of its own; the first of two, unless they differ.
    # A zero that the kernel takes off again is a trunk zero, whose loss does no harm: behind it stands another reading.
    own_zero = _mask(pc.fill_null(pc.starts_with(others.national_number, "0"), False))
    own_zero[len(zero) :] = True
    filling = np.flatnonzero((valid & ~stands & own_zero)[: len(zero) + len(plus)])
    _, first, place = np.unique(rows[filling], return_index=True, return_inverse=True)
    chosen = filling[first]
    rivals = _mask(pc.not_equal(_take(numbers, filling), _take(numbers, chosen[place])))
    ambiguous = np.unique(np.concatenate([rows[differs], rows[filling[rivals]]]))
    several, glued = judge(cells.parts, valid[written:], numbers[written:], standing[written:])
    rejections = (
        Rejection("lossy_phone", "ambiguous", ambiguous),
        Rejection("multiple_phones", None, several),
        Rejection("invalid_phone", "not_a_number", glued),
    )
    return _Doubts(others, texts, zero, plus, chosen, rejections)


def _settled(phones: Phones, doubts: _Doubts) -> Phones:
    """Put the chosen readings in their rows, and empty the rejected ones."""
    rejected = np.concatenate([np.zeros(0, np.int64), *(rejection.index for rejection in doubts.rejections)])
    if not len(rejected) and not len(doubts.chosen):
        return phones
    count = len(phones)
    choice = np.arange(count)
    choice[np.concatenate([doubts.zero, doubts.plus])[doubts.chosen]] = count + doubts.chosen
    choice[rejected] = count + len(doubts.others)
    empty = phone.read(pa.nulls(1, pa.string()), None)
    return phone.concat([phones, doubts.others, empty]).take(choice)


def _repairs(text: pa.Array, cells: _Cells, doubts: _Doubts) -> list[Repair]:
    """Name the repairs; a row whose zero or plus was put back stands under that name alone."""
    by_zero = doubts.chosen[doubts.chosen < len(doubts.zero)]
    by_plus = doubts.chosen[doubts.chosen >= len(doubts.zero)]
    rows = np.concatenate([doubts.zero, doubts.plus])
    put_back = [
        Repair(name, rows[chosen], _take(text, rows[chosen]), _take(doubts.texts, chosen))
        for name, chosen in (("leading_zero", by_zero), ("leading_plus", by_plus))
    ]
    named = [_repair(name, index, text, cells.text) for name, index in cells.kinds]
    return [*put_back, *_without(named, [repair.index for repair in put_back])]


def _repair(detail: str, index: _Rows, before: pa.Array, after: pa.Array | pa.ChunkedArray) -> Repair:
    read = _take(after, index)
    return Repair(
        detail,
        index,
        _take(before, index),
        read.combine_chunks() if isinstance(read, pa.ChunkedArray) else read,
    )


def _without(repairs: list[Repair], refused: list[_Rows]) -> list[Repair]:
    """Leave rows out of repairs; a repair without rows is none."""
    out = np.concatenate([*refused, np.zeros(0, np.int64)])
    kept = []
    for repair in repairs:
        stays = ~np.isin(repair.index, out)
        mask = pa.array(stays)
        if stays.any():
            kept.append(
                Repair(repair.detail, repair.index[stays], repair.before.filter(mask), repair.after.filter(mask))
            )
    return kept


def _valid_numbers(phones: Phones) -> tuple[_Mask, pa.Array]:
    """Return which numbers are valid, and their E.164, null where they are not."""
    valid = phones.valid
    return valid, pc.if_else(pa.array(valid), phones.e164, pa.scalar(None, pa.string()))


def _put(text: pa.Array, rows: _Rows, values: pa.Array) -> pa.Array:
    """Put values in their rows."""
    if not len(rows):
        return text
    mask = np.zeros(len(text), bool)
    mask[rows] = True
    return pc.replace_with_mask(text, pa.array(mask), values)


def _take(values: pa.Array | pa.ChunkedArray, index: _Rows) -> pa.Array | pa.ChunkedArray:
    return values.take(pa.array(index, pa.int64()))


def _mask(values: pa.Array) -> _Mask:
    mask: _Mask = np.array(values, dtype=np.bool_)
    return mask
