"""The possible time zones of phone numbers, exactly as `phonenumbers.timezone` gives them, looked up by column.

Numbers that belong to a place have the zones of the longest prefix of their digits that the data knows; all others
those of their country code. The prefixes are laid out on one line: a prefix's first nine digits, filled up with zeros,
are where its stretch begins, and the zones change only at borders of stretches. A number shorter than a prefix stands
just before that prefix's stretch, since the lowest four bits count digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumberType
from phonenumbers.phonenumberutil import is_number_type_geographical
from phonenumbers.timezone import UNKNOWN_TIMEZONE
from phonenumbers.tzdata import TIMEZONE_DATA, TIMEZONE_LONGEST_PREFIX

from leadsieve_rules.phone.phones import TYPES

UNKNOWN: str = UNKNOWN_TIMEZONE
#: Every set of zones that a number can have, in `phonenumbers`' order within each; the first is the unknown zone.
ZONE_SETS: tuple[tuple[str, ...], ...] = ((UNKNOWN,), *sorted(set(TIMEZONE_DATA.values()) - {(UNKNOWN,)}))

_PLACE = {zones: place for place, zones in enumerate(ZONE_SETS)}
_WIDTH = int(TIMEZONE_LONGEST_PREFIX)
#: Room for the count of digits, which is `_WIDTH` at most.
_STEP = 16
#: So many first digits are looked up at once.
_BUCKET_DIGITS = 5
_BUCKET = np.int64(_STEP * 10 ** (_WIDTH - _BUCKET_DIGITS))
_CODES = 1000
_MOST_DIGITS = 20
_BY_PREFIX = -1

_Places = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class _Tables:
    """The prefixes as arrays.

    Attributes:
        general: int16 by number type (its place in `TYPES`) and country code: the place in `ZONE_SETS`; `_BY_PREFIX`
            where the number's prefix decides.
        buckets: int16 by the first digits: the place in `ZONE_SETS`; `_BY_PREFIX` where later digits decide.
        borders: int64, increasing: where on the line another stretch begins; the first is 0.
        places: int16: the place in `ZONE_SETS` of each stretch.
    """

    general: _Places
    buckets: _Places
    borders: npt.NDArray[np.int64]
    places: _Places


def zone_sets(facts: npt.NDArray[np.void], keys: npt.NDArray[np.uint64]) -> _Places:
    """Return the possible time zones of numbers, as `phonenumbers.timezone.time_zones_for_number` gives them.

    Args:
        facts: The numbers' facts, as `Phones` has them.
        keys: uint64: all digits of their E.164 forms.

    Returns:
        int16, as long as `facts`: the place in `ZONE_SETS`; 0, the unknown zone, where there is no valid number.
    """
    tables = _tables()
    found: _Places = tables.general[facts["type"].astype(np.int64) * _CODES + facts["country"]]
    rows = np.flatnonzero(found == _BY_PREFIX)
    if len(rows):
        every = len(rows) == len(found)
        line = _line(facts, keys) if every else _line(facts[rows], keys[rows])
        places = tables.buckets[line // _BUCKET]
        deep = np.flatnonzero(places == _BY_PREFIX)
        if len(deep):
            places[deep] = tables.places[np.searchsorted(tables.borders, line[deep], side="right") - 1]
        found[rows] = places
    return found


def _line(facts: npt.NDArray[np.void], keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Put numbers on the line: their first digits, and how many they are."""
    country = facts["country"]
    digits = facts["national"] + np.uint8(1) + (country >= 10) + (country >= 100)
    first = (keys // _DIVISORS[digits]).astype(np.int64) * _FACTORS[digits]
    return first + np.minimum(digits, _WIDTH)


_DIVISORS = np.array([10 ** max(0, digits - _WIDTH) for digits in range(_MOST_DIGITS + 1)], np.uint64)
_FACTORS = np.array([_STEP * 10 ** max(0, _WIDTH - digits) for digits in range(_MOST_DIGITS + 1)], np.int64)


@cache
def _tables() -> _Tables:
    borders, places = _stretches()
    edges = np.arange(10**_BUCKET_DIGITS, dtype=np.int64) * _BUCKET
    first = np.searchsorted(borders, edges, side="right") - 1
    last = np.searchsorted(borders, edges + _BUCKET - 1, side="right") - 1
    # The borders of equal stretches were left out, so a bucket of one stretch is one without a border.
    buckets = np.where(first == last, places[first], _BY_PREFIX).astype(np.int16)
    return _Tables(_general(), buckets, borders, places)


def _stretches() -> tuple[npt.NDArray[np.int64], _Places]:
    """Lay the prefixes out on the line, the longer ones over the shorter ones."""
    begins: dict[int, tuple[str, ...]] = {0: (UNKNOWN,)}
    for prefix, zones in TIMEZONE_DATA.items():
        digits = len(prefix)
        begins[int(prefix) * int(_FACTORS[digits]) + digits] = zones
        end = (int(prefix) + 1) * int(_FACTORS[digits])
        begins[end] = _around(f"{end // _STEP:0{_WIDTH}}")
    borders = np.array(sorted(begins), np.int64)
    places = np.array([_PLACE[begins[border]] for border in borders.tolist()], np.int16)
    kept = np.concatenate([[True], places[1:] != places[:-1]])
    return borders[kept], places[kept]


def _around(digits: str) -> tuple[str, ...]:
    """Give the zones of the longest prefix whose stretch began before these digits and goes on after them."""
    for length in range(_WIDTH - 1, 0, -1):
        if digits[:length] in TIMEZONE_DATA and digits[length:].strip("0"):
            return tuple(TIMEZONE_DATA[digits[:length]])
    return (UNKNOWN,)


def _general() -> _Places:
    """Give the zones of whole country codes, where the type of a number says that it belongs to no place."""
    general = np.zeros((len(TYPES), _CODES), np.int16)
    kinds = (PhoneNumberType.UNKNOWN, *(kind for kind in PhoneNumberType.values() if kind != PhoneNumberType.UNKNOWN))
    for code in COUNTRY_CODE_TO_REGION_CODE:
        zones = _PLACE[_zones_of_country_code(str(code))]
        for place, kind in enumerate(kinds):
            if kind != PhoneNumberType.UNKNOWN:
                general[place, code] = _BY_PREFIX if is_number_type_geographical(kind, code) else zones
    return general.ravel()


def _zones_of_country_code(code: str) -> tuple[str, ...]:
    # As upstream does it: with one digit more than it tries, so never by the first of several digits alone.
    for length in range(_WIDTH, 0, -1):
        if code[: 1 + length] in TIMEZONE_DATA:
            return tuple(TIMEZONE_DATA[code[: 1 + length]])
    return (UNKNOWN,)
