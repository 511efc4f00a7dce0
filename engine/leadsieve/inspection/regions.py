"""Which country numbers without a country code are likely from: a guess from a sample, to be confirmed, never taken.

That numbers are valid in a country says little where most numbers are: in Germany nearly any is. So each country is
weighed by how much more often they are valid there than numbers of the same lengths, with as many zeros before them,
whose other digits are drawn by lot.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import log

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from leadsieve.text import as_text, is_text
from leadsieve_rules.cells.trimming import trim
from leadsieve_rules.damage import read_phones
from leadsieve_rules.phone.regions import REGIONS

#: Numbers that are tried in every region, then in those where one of them is valid; the best are tried with all.
_FEW, _SOME = 8, 32
_BEST = 3
#: Regions where fewer of the first ones are valid are not looked at again.
_HOPEFUL = 0.25
#: So large a share of the numbers is valid in the region that they are from; and by chance, at the least.
_TRUE, _CHANCE = 0.98, 0.2
#: A region is likely where at least so large a share is valid, and the evidence against the next best is so many nats,
#: counting one number of each two digits that they begin with: those of one town say no more than one of them.
_LEAST, _EVIDENCE = 0.5, 5.0
#: Leads have such numbers; one of another type (premium rate, toll-free, pagers) says less for a region.
_USUAL = ("MOBILE", "FIXED_LINE", "FIXED_LINE_OR_MOBILE")
_UNUSUAL = 0.25
#: A column holds region codes where it is filled so often, and so many of its cells are codes.
_FILLED, _CODES = 0.5, 0.9
#: Every region of a calling code, by region: numbers of one are read alike in all of them.
_CODE = {region: code for code, regions in COUNTRY_CODE_TO_REGION_CODE.items() for region in regions}
#: The place of each region among those of its calling code; the first is the main one.
_PLACE = {region: place for regions in COUNTRY_CODE_TO_REGION_CODE.values() for place, region in enumerate(regions)}


@dataclass(frozen=True, slots=True)
class LikelyRegion:
    """Where numbers without a country code are likely from.

    Attributes:
        region: Its code; where `column` is given, None.
        column: The column with each row's region, where that explains the numbers as well or better.
        share: Share of the numbers that are valid there, between 0 and 1.
        chance: The same of numbers drawn by lot.
        numbers: The different numbers that were tried.
        next_region: The best region with another calling code; None where no number is valid in any.
        next_share: Share of the numbers that are valid there.
        next_chance: The same of numbers drawn by lot.
        sure: Whether the evidence is clear enough to propose it.
    """

    region: str | None
    column: str | None
    share: float
    chance: float
    numbers: int
    next_region: str | None
    next_share: float
    next_chance: float
    sure: bool


@dataclass(frozen=True, slots=True)
class _Score:
    """How well a region explains numbers: the share that is valid, the same weighed by type, and those it owns."""

    region: str
    valid: float
    weighed: float
    own: float
    chance: float = 0.0

    @property
    def weight(self) -> float:
        """What a number says for the region on average: the logarithm of how likely it is there against by chance."""
        chance = max(self.chance, _CHANCE)
        return self.weighed * log(_TRUE / chance) + (1 - self.weighed) * log((1 - _TRUE) / (1 - chance))


def likely_region(cells: pa.Array, table: pa.Table) -> LikelyRegion | None:
    """Judge numbers under every region.

    Args:
        cells: string array: cells with numbers that have no country code.
        table: The rows that they stand in: other columns may hold region codes.

    Returns:
        The region that explains them best, or the column; None where there are no numbers, or no region explains any.
    """
    text = trim(cells).text
    distinct = pc.unique(pc.drop_null(text))
    best = _best_regions(distinct)
    if not best:
        return None
    first, *rest = best
    following = rest[0] if rest else None
    column, share = _best_column(text, table)
    if column is not None and share >= max(first.own, _LEAST):
        return LikelyRegion(None, column, share, 0.0, len(distinct), None, 0.0, 0.0, sure=True)
    lead = first.weight - (0.0 if following is None else following.weight)
    evidence = lead * _beginnings(distinct, first.region)
    return LikelyRegion(
        region=first.region,
        column=None,
        share=first.valid,
        chance=first.chance,
        numbers=len(distinct),
        next_region=None if following is None else following.region,
        next_share=0.0 if following is None else following.valid,
        next_chance=0.0 if following is None else following.chance,
        sure=first.valid >= _LEAST and evidence >= _EVIDENCE,
    )


def _best_regions(numbers: pa.Array) -> list[_Score]:
    """Return the best region of each of the best calling codes, with what all numbers say of it."""
    if not len(numbers):
        return []
    scores = [score for score in _scores(_spread(numbers, _FEW), sorted(REGIONS)) if score.valid >= _HOPEFUL]
    names = [score.region for score in _one_of_each_code(scores)]
    some = _spread(numbers, _SOME)
    lots = {score.region: min(score.weighed, 0.99) for score in _scores(_by_lot(some), names)}
    scores = _ranked([replace(score, chance=lots[score.region]) for score in _scores(some, names)])[:_BEST]
    names = [score.region for score in scores]
    return _ranked([replace(score, chance=lots[score.region]) for score in _scores(numbers, names)])


def _by_lot(numbers: pa.Array) -> pa.Array:
    """Replace the digits of numbers, but for the zeros before them, by others; the same ones each time."""
    draw = random.Random(0)  # noqa: S311 - nothing is secret
    drawn = []
    for number in numbers.to_pylist():
        bare = number.lstrip("0 ")
        rest = "".join(str(draw.randrange(10)) if letter.isdigit() else letter for letter in bare)
        drawn.append(number[: len(number) - len(bare)] + rest)
    return pa.array(drawn, pa.string())


def _beginnings(numbers: pa.Array, region: str) -> int:
    """Count the different first two digits that valid numbers have in a region, behind its own code."""
    phones = read_phones(numbers, region).phones
    national = phones.national_number.filter(pa.array(phones.valid))
    return int(pc.count_distinct(pc.utf8_slice_codeunits(national, 0, 2)).as_py())


def _scores(numbers: pa.Array, regions: Sequence[str]) -> list[_Score]:
    """Read every number in every region."""
    if not regions:
        return []
    phones = read_phones(
        pa.concat_arrays([numbers] * len(regions)), pa.array(np.repeat(np.array(regions, object), len(numbers)))
    ).phones
    usual = pc.is_in(phones.number_type.cast(pa.string()), pa.array(_USUAL)).to_numpy(zero_copy_only=False)
    owners = np.array(phones.region.to_pylist(), object).reshape(len(regions), -1)
    valid = phones.valid.reshape(len(regions), -1)
    weights = np.where(usual.reshape(valid.shape), 1.0, _UNUSUAL)
    return [
        _Score(region, float(good.mean()), float((good * weight).mean()), float((good & (owner == region)).mean()))
        for region, good, weight, owner in zip(regions, valid, weights, owners, strict=True)
    ]


def _ranked(scores: Sequence[_Score]) -> list[_Score]:
    return sorted(scores, key=lambda score: (-score.weight, -score.weighed, score.region))


def _one_of_each_code(scores: Sequence[_Score]) -> list[_Score]:
    """Keep of each calling code the region that owns the most of the numbers, else its main one."""
    by_code = sorted(scores, key=lambda score: (_CODE[score.region], -score.own, _PLACE[score.region]))
    return [next(group) for _, group in groupby(by_code, key=lambda score: _CODE[score.region])]


def _spread(numbers: pa.Array, count: int) -> pa.Array:
    """Take so many of the numbers, from all over them."""
    if len(numbers) <= count:
        return numbers
    return numbers.take(pa.array(np.linspace(0, len(numbers) - 1, count).astype(np.int64)))


def _best_column(text: pa.Array, table: pa.Table) -> tuple[str | None, float]:
    """Return the column whose region codes explain the most numbers, and the share that its own regions own."""
    best, most = None, 0.0
    for name, column in zip(table.column_names, table.columns, strict=True):
        codes = _codes(as_text(column)) if is_text(column.type) else None
        if codes is None:
            continue
        phones = read_phones(text, codes).phones
        own: npt.NDArray[np.bool_] = np.array(phones.region.to_pylist(), object) == np.array(codes.to_pylist(), object)
        share = float((phones.valid & own).mean())
        if share > most:
            best, most = str(name), share
    return best, most


def _codes(cells: pa.Array) -> pa.Array | None:
    """Read a column's cells as region codes; None where they are none."""
    codes = pc.utf8_upper(trim(cells).text)
    filled = len(codes) - codes.null_count
    known = pc.is_in(codes, pa.array(sorted(REGIONS)))
    found = pc.sum(known).as_py() or 0
    if not filled or filled < _FILLED * len(codes) or found < _CODES * filled:
        return None
    return pc.if_else(known, codes, pa.scalar(None, pa.string()))
