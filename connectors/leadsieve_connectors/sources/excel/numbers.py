"""What the number in a cell says, as text: whole numbers, fractions, dates, times, durations, padded digits."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum

#: A double is sure to hold so many digits.
_EXACT = 10**15
_DAY_MS = 86_400_000
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - cells have no time zone
#: Days between the two date systems.
_SINCE_1904 = 1462
# The first serial after 31 December 9999, and the 29 February 1900 that was none.
_END, _NO_DAY = 2_958_466, 60
_DATES = frozenset((*range(14, 23), *range(27, 37), 45, 47, *range(50, 59)))
_ELAPSED = 46
# What stands in a format and is no part of its digits: escapes, fillers, quoted text, conditions, colours, locales.
_ASIDE = re.compile(r'\\.|_.|\*.|"[^"]*"|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE)
_LITERAL = r'(?:[-() /]|\\[-() /.]|"[-() /.]*")'
_PADDED = re.compile(rf'(?:\\\+|\+|"\+")?(?:{_LITERAL}*0)+{_LITERAL}*')


class Kind(Enum):
    """What a number format makes of a number."""

    NUMBER = "number"
    DATE = "date"
    DURATION = "duration"
    PADDED = "padded"


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """What is taken over of a number format.

    Attributes:
        kind: What it shows.
        digits: PADDED: so many digits at least are shown.
        plus: PADDED: a plus stands before them.
    """

    kind: Kind
    digits: int = 0
    plus: bool = False


NUMBER = NumberFormat(Kind.NUMBER)


def read_format(number: int, code: str | None) -> NumberFormat:
    """Return what a number format shows.

    Args:
        number: Its number in the workbook.
        code: Its code; None for one of those that are built in.
    """
    if code is None:
        if number == _ELAPSED:
            return NumberFormat(Kind.DURATION)
        return NumberFormat(Kind.DATE) if number in _DATES else NUMBER
    if _PADDED.fullmatch(code):
        return NumberFormat(Kind.PADDED, code.count("0"), "+" in code)
    first = _ASIDE.sub("", code).split(";")[0].lower()
    if re.search(r"\[[hms]", first):
        return NumberFormat(Kind.DURATION)
    # "General" and colours hold letters of dates, too.
    if re.search(r"[dmyhs]", first.replace("general", "")):
        return NumberFormat(Kind.DATE)
    return NUMBER


def number_text(value: float, shown: NumberFormat = NUMBER, *, since_1904: bool = False) -> str:
    """Return what the number says.

    Args:
        value: As the cell holds it.
        shown: The format of the cell.
        since_1904: The workbook counts days from 1904.

    Returns:
        A whole number of up to 15 digits without a point; a longer one, whose last digits may be lost, in
        scientific notation; a fraction in all its digits; a date or time in ISO 8601; hours of any number,
        minutes and seconds for a duration. What is no date is the number itself.

    Example:
        >>> number_text(919876543210.0), number_text(91987654321012345.0)
        ('919876543210', '9.198765432101234E+16')
        >>> number_text(46053.4375, NumberFormat(Kind.DATE))
        '2026-01-31T10:30:00'
    """
    if shown is NUMBER or not math.isfinite(value):
        return _plain(value)
    if shown.kind is Kind.PADDED and value >= 0 and value.is_integer() and value < _EXACT:
        return ("+" if shown.plus else "") + str(int(value)).zfill(shown.digits)
    if shown.kind is Kind.DATE:
        return _date_text(value, since_1904=since_1904) or _plain(value)
    if shown.kind is Kind.DURATION and abs(value) < _END:
        return _duration_text(round(value * _DAY_MS))
    return _plain(value)


def _plain(value: float) -> str:
    text = repr(value)
    if not value.is_integer():
        return format(Decimal(text), "f") if "e" in text else text
    if abs(value) < _EXACT:
        return str(int(value))
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    shown = "".join(map(str, digits))
    point = "." if len(shown) > 1 else ""
    return f"{'-' * sign}{shown[0]}{point}{shown[1:]}E+{int(exponent) + len(shown) - 1}"


def _date_text(serial: float, *, since_1904: bool) -> str | None:
    """Return the date and time, or the time alone in the first day; None where there is none."""
    if serial < 0:
        return None
    ms = round(serial * _DAY_MS)
    if ms < _DAY_MS:
        return clock_text((_EPOCH + timedelta(milliseconds=ms)).time())
    days, ms = divmod(ms, _DAY_MS)
    days += _SINCE_1904 if since_1904 else 0
    if days >= _END or days == _NO_DAY:
        return None
    return date_text(_EPOCH + timedelta(days=days + (days < _NO_DAY), milliseconds=ms))


def date_text(moment: datetime | date) -> str:
    """Return the moment in ISO 8601; one at midnight as the date alone."""
    if not isinstance(moment, datetime):
        return moment.isoformat()
    if moment.time() == time(0):
        return moment.date().isoformat()
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")


def clock_text(moment: time) -> str:
    """Return the time of day in ISO 8601."""
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")


def _duration_text(ms: int) -> str:
    seconds, rest = divmod(abs(ms), 1000)
    hours, seconds = divmod(seconds, 3600)
    part = f".{rest:03}" if rest else ""
    return f"{'-' if ms < 0 else ''}{hours:02}:{seconds // 60:02}:{seconds % 60:02}{part}"
