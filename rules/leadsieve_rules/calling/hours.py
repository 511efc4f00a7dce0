"""Calling hours: a stretch of every local day, such as 09:00-20:00, that may cross midnight."""

from __future__ import annotations

import re
from dataclasses import dataclass

from leadsieve_rules.exceptions import RulesError
from leadsieve_rules.wording import quoted

DAY = 86_400
_FORM = re.compile(r"([0-9]{2}):([0-9]{2})-([0-9]{2}):([0-9]{2})")


@dataclass(frozen=True, slots=True)
class CallingHours:
    """When, by the clock on the wall, a call may be made.

    Attributes:
        begin: Seconds after midnight; calls are in order from then on.
        length: Seconds, fewer than a day; where they reach past midnight, the hours cross it.
    """

    begin: int
    length: int


def parse_hours(text: str) -> CallingHours:
    """Read hours such as `09:00-20:00`; the end is no longer within them. `24:00` is midnight as an end.

    Args:
        text: The hours; where the end is before the beginning, they cross midnight.

    Raises:
        RulesError: They are of another form, or leave no time of the day in or out.

    Example:
        >>> parse_hours("22:00-06:30")
        CallingHours(begin=79200, length=30600)
    """
    match = _FORM.fullmatch(text)
    if match is None:
        raise RulesError(f"calling hours {quoted(text)} are not of the form HH:MM-HH:MM; write them like 09:00-20:00")
    hour, minute, end_hour, end_minute = map(int, match.groups())
    ends_at_midnight = (end_hour, end_minute) == (24, 0)
    if hour > 23 or max(minute, end_minute) > 59 or (end_hour > 23 and not ends_at_midnight):
        raise RulesError(f"calling hours {quoted(text)} name a time that no clock shows; write them like 09:00-20:00")
    begin, end = hour * 3600 + minute * 60, end_hour * 3600 + end_minute * 60
    length = (end - begin) % DAY
    if not length:
        raise RulesError(
            f"calling hours {quoted(text)} leave out no time of the day, or all of it; give two times that differ, or "
            "leave the option away"
        )
    return CallingHours(begin, length)
