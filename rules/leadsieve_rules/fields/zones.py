"""Local clocks: what a time on the wall of a time zone is in UTC, and which times there are none or two of."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from leadsieve_rules.timezones import load_zone, zone_names

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a clock on a wall knows no zone
_MICROSECOND = timedelta(microseconds=1)
_DAY = 86_400_000_000
_LAST = (datetime(9999, 12, 31, 23, 59, 59, 999_999) - _EPOCH) // _MICROSECOND  # noqa: DTZ001


def is_zone(name: str) -> bool:
    """Tell whether a name is one of the IANA time zones, such as `Asia/Kolkata`."""
    return name in zone_names()


def offsets_at(local: Ints, zone: str) -> tuple[Ints, Bools, Bools]:
    """Return how far a zone's clocks are ahead of UTC when they show given times.

    Args:
        local: int64 microseconds from 1970-01-01T00:00 as the clock on the wall counts them, within the years 1 to
            9999.
        zone: IANA name.

    Returns:
        The offsets in microseconds, which times no clock ever shows (clocks are put forward over them), and which
        ones it shows twice (clocks are put back over them); of those, the offset is that of the first.
    """
    offsets = np.zeros(len(local), np.int64)
    gap, twice = np.zeros((2, len(local)), np.bool_)
    days, day_of = np.unique(local // _DAY, return_inverse=True)
    steady = [_steady_offset(zone, int(day)) for day in days]
    offsets[:] = np.array([0 if offset is None else offset for offset in steady], np.int64)[day_of]
    changing = np.flatnonzero(np.array([offset is None for offset in steady])[day_of])
    if len(changing):
        times, time_of = np.unique(local[changing], return_inverse=True)
        found = np.array([_both_offsets(zone, int(time)) for time in times], np.int64)[time_of]
        first, second = found[:, 0], found[:, 1]
        offsets[changing], gap[changing], twice[changing] = first, first < second, first > second
    return offsets, gap, twice


@lru_cache(maxsize=1 << 14)
def _steady_offset(zone: str, day: int) -> int | None:
    """Return the offset of a whole local day; None where clocks change in it or at one of its ends."""
    ends = (_both_offsets(zone, day * _DAY), _both_offsets(zone, min((day + 1) * _DAY, _LAST)))
    offsets = {offset for end in ends for offset in end}
    return offsets.pop() if len(offsets) == 1 else None


def _both_offsets(zone: str, local: int) -> tuple[int, int]:
    """Return the offset before and after a change of clocks that a local time may fall into, by PEP 495."""
    time = (_EPOCH + timedelta(microseconds=local)).replace(tzinfo=load_zone(zone))
    first, second = time.utcoffset(), time.replace(fold=1).utcoffset()
    assert first is not None  # noqa: S101 - a `ZoneInfo` knows the offset of every time
    assert second is not None  # noqa: S101
    return first // _MICROSECOND, second // _MICROSECOND
