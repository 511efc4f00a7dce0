"""ISO 8601 read by column: cells of one shape are read together, digit by digit, without a Python object a row.

A cell's shape is the cell with `0` for every digit. A grammar reads each shape once and says where its year, month,
and so on stand; then all cells of the shape are read at those places.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Cells = npt.NDArray[np.uint8]

SECOND = 1_000_000
DAY = 86_400 * SECOND
#: Longer cells are no date and time; the longest that is, with nanoseconds and an offset, has 35 characters.
_WIDTH = 40

_GRAMMAR = re.compile(
    r"(?P<year>0000)(?:-(?P<month>00)-(?P<day>00)|(?P<month2>00)(?P<day2>00)"
    r"|-W(?P<week>00)-(?P<weekday>0)|W(?P<week2>00)(?P<weekday2>0)|-?(?P<ordinal>000))"
    r"(?:[T ](?P<hour>00)(?::(?P<minute>00)(?::(?P<second>00)(?:\.(?P<fraction>0+))?)?"
    r"|(?P<minute2>00)(?:(?P<second2>00)(?:\.(?P<fraction2>0+))?)?)?"
    r"(?P<offset>Z|(?P<sign>[+-])(?P<offset_hour>00)(?::?(?P<offset_minute>00))?)?)?"
)


def _classes() -> Cells:
    table = np.full(256, ord("x"), np.uint8)
    for kind, members in {"0": "0123456789", "T": "Tt", "Z": "Zz", "W": "Ww", ".": ".,"}.items():
        table[np.frombuffer(members.encode(), np.uint8)] = ord(kind)
    for alone in b" :+-":
        table[alone] = alone
    return table


_CLASSES = _classes()
_Layout = Mapping[str, tuple[int, int]]
_Number = Callable[[str], Ints]


@dataclass(frozen=True, slots=True)
class Times:
    """Cells that have the form of a date or of a date and time.

    Attributes:
        at: int64: their positions in the array that was read.
        real: Whether the date and the time exist.
        timed: Whether there is a time of day.
        local: int64: microseconds from 1970-01-01T00:00 as the clock on the wall counts them.
        offset: int64: microseconds that the cell's clock is ahead of UTC; None where the cells name no offset.
    """

    at: Ints
    real: Bools
    timed: bool
    local: Ints
    offset: Ints | None


def read_times(text: pa.Array) -> Iterator[Times]:
    """Find the cells that have the form of ISO 8601, a batch a shape.

    Calendar, week and ordinal dates; hours, minutes and seconds as far as they are given, with a fraction of which
    microseconds count; extended and basic form; `T` or a space between date and time; `Z` or `+hh`, `+hhmm`, `+hh:mm`.

    Args:
        text: string array.

    Yields:
        Cells of one shape, in no order. A cell in none of them is null, or has another form.
    """
    at, cells, shapes = _shapes(text)
    if not len(at):
        return
    blocks = pa.FixedSizeBinaryArray.from_buffers(pa.binary(_WIDTH), len(at), [None, pa.py_buffer(shapes)])
    coded = blocks.dictionary_encode()
    codes = coded.indices.to_numpy()
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(coded.dictionary)))
    for number, shape in enumerate(coded.dictionary.to_pylist()):
        layout = _layout(shape.rstrip(b"\0"))
        if layout is not None:
            rows = order[ends[number - 1] if number else 0 : ends[number]]
            yield _read(at[rows], cells[rows], layout)


def _shapes(text: pa.Array) -> tuple[Ints, Cells, Cells]:
    """Lay the cells out as rows of bytes, and their shapes beside them."""
    _, starts, data = text.buffers()
    if starts is None or data is None:
        return np.empty(0, np.int64), np.empty((0, _WIDTH), np.uint8), np.empty((0, _WIDTH), np.uint8)
    bounds = np.frombuffer(starts, np.int32)[text.offset : text.offset + len(text) + 1].astype(np.int64)
    lengths = np.diff(bounds)
    valid = text.is_valid().to_numpy(zero_copy_only=False)
    at = np.flatnonzero(valid & (lengths > 0) & (lengths <= _WIDTH))
    content = np.frombuffer(data, np.uint8)
    column = np.arange(_WIDTH)
    places = np.minimum(bounds[at][:, None] + column, len(content) - 1)
    cells = content[places]
    shapes = _CLASSES[cells]
    shapes[column >= lengths[at][:, None]] = 0
    return at, cells, shapes


@lru_cache(maxsize=1024)
def _layout(shape: bytes) -> _Layout | None:
    """Say where the parts of a date and time stand in cells of a shape; None where the shape is none of ISO 8601."""
    match = _GRAMMAR.fullmatch(shape.decode("ascii"))
    if match is None:
        return None
    return {name.rstrip("2"): match.span(name) for name, part in match.groupdict().items() if part is not None}


def _read(at: Ints, cells: Cells, layout: _Layout) -> Times:
    def number(name: str) -> Ints:
        start, end = layout.get(name, (0, 0))
        value = np.zeros(len(cells), np.int64)
        for place in range(start, end):
            value = value * 10 + (cells[:, place] - ord("0"))
        return value

    days, real = _days(number, layout)
    hour, minute, second = number("hour"), number("minute"), number("second")
    real &= (hour < 24) & (minute < 60) & (second < 60)
    local = days * DAY + ((hour * 60 + minute) * 60 + second) * SECOND + _microseconds(cells, layout)
    offset = None
    if "offset" in layout:
        offset_minute = number("offset_minute")
        real &= (number("offset_hour") < 24) & (offset_minute < 60)
        offset = (number("offset_hour") * 60 + offset_minute) * 60 * SECOND
        if "sign" in layout:
            offset = np.where(cells[:, layout["sign"][0]] == ord("-"), -offset, offset)
    return Times(at, real, "hour" in layout, local, offset)


def _microseconds(cells: Cells, layout: _Layout) -> Ints:
    start, end = layout.get("fraction", (0, 0))
    value = np.zeros(len(cells), np.int64)
    for place in range(start, start + 6):
        value = value * 10 + ((cells[:, place] - ord("0")) if place < end else 0)
    return value


def _days(number: _Number, layout: _Layout) -> tuple[Ints, Bools]:
    """Count days from 1970-01-01, and tell which of the dates exist."""
    year = number("year")
    real = year >= 1
    if "month" in layout:
        month, day = number("month"), number("day")
        months = (year - 1970) * 12 + month - 1
        first, following = _first_of_month(months), _first_of_month(months + 1)
        return first + day - 1, real & (month >= 1) & (month <= 12) & (day >= 1) & (first + day <= following)
    if "week" in layout:
        week, weekday = number("week"), number("weekday")
        first, following = _first_monday(year), _first_monday(year + 1)
        monday = first + 7 * (week - 1)
        return monday + weekday - 1, real & (week >= 1) & (monday < following) & (weekday >= 1) & (weekday <= 7)
    ordinal, first, following = number("ordinal"), _first_of_year(year), _first_of_year(year + 1)
    return first + ordinal - 1, real & (ordinal >= 1) & (first + ordinal <= following)


def _first_of_month(months: Ints) -> Ints:
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def _first_of_year(years: Ints) -> Ints:
    return _first_of_month((years - 1970) * 12)


def _first_monday(years: Ints) -> Ints:
    """Return the Monday of the week with the year's fourth of January."""
    fourth = _first_of_year(years) + 3
    return fourth - (fourth + 3) % 7
