"""Windows of calling hours: stretches of time in which the clocks of every zone of a set show a time within the hours.

What counts is what a clock on the wall shows at an instant. So a window is cut short where clocks are put forward over
its end, begins later where they are put forward over its beginning, and opens a second time where they are put back
into the hours.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from leadsieve_rules.calling.hours import DAY, CallingHours

#: Stretches of time: begin and end in seconds since 1970 UTC, in order, none touching the next.
Stretches = list[tuple[int, int]]


def open_times(zone: ZoneInfo, hours: CallingHours, begin: int, end: int) -> Stretches:
    """Return when the clocks of a zone show a time within the hours.

    Args:
        zone: The time zone.
        hours: The hours.
        begin: Where to look from, in seconds since 1970 UTC.
        end: Where to look to.

    Returns:
        The stretches between `begin` and `end`.
    """
    found: Stretches = []
    for first, last, offset in _steady(zone, begin, end):
        # The day before reaches into this one where the hours cross midnight.
        for day in range((first + offset) // DAY - 1, (last + offset) // DAY + 1):
            opens = day * DAY + hours.begin - offset
            start, stop = max(opens, first), min(opens + hours.length, last)
            if start >= stop:
                continue
            if found and found[-1][1] == start:
                start = found.pop()[0]
            found.append((start, stop))
    return found


def common(one: Stretches, other: Stretches) -> Stretches:
    """Return the stretches that lie within both."""
    found: Stretches = []
    at = to = 0
    while at < len(one) and to < len(other):
        start, stop = max(one[at][0], other[to][0]), min(one[at][1], other[to][1])
        if start < stop:
            found.append((start, stop))
        if one[at][1] < other[to][1]:
            at += 1
        else:
            to += 1
    return found


def common_of_all(sets: Sequence[Stretches]) -> Stretches:
    """Return the stretches that lie within all; there must be at least one."""
    found = sets[0]
    for other in sets[1:]:
        found = common(found, other)
    return found


def _steady(zone: ZoneInfo, begin: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Cut a time into stretches in which a zone keeps its offset: begin, end, seconds ahead of UTC."""
    first, offset = begin, _offset(zone, begin)
    # No zone changes its clocks twice within a day.
    for day in range(begin, end, DAY):
        last = min(day + DAY, end)
        after = _offset(zone, last)
        if after == offset:
            continue
        low, high = day, last
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset(zone, middle) == offset else (low, middle)
        yield first, high, offset
        first, offset = high, after
    if first < end:
        yield first, end, offset


def _offset(zone: ZoneInfo, instant: int) -> int:
    offset = datetime.fromtimestamp(instant, UTC).astimezone(zone).utcoffset()
    assert offset is not None  # noqa: S101 - a `ZoneInfo` knows the offset of every time
    return offset.days * DAY + offset.seconds
