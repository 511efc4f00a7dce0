"""The call times of a run: for every set of zones its next window, worked out once, then taken row by row."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from leadsieve_rules.calling.hours import DAY, CallingHours
from leadsieve_rules.calling.prefixes import ZONE_SETS, zone_sets
from leadsieve_rules.calling.windows import Stretches, common_of_all, open_times
from leadsieve_rules.timezones import load_zone

_INSTANT = pa.timestamp("s", "UTC")
#: The columns that say when a row's number may be called.
SCHEMA = pa.schema([("lead_time_zones", pa.string()), ("lead_call_from", _INSTANT), ("lead_call_until", _INSTANT)])

_HOUR = 3600
_HOURS = 24
#: A window that begins later than so many days from now is none.
_DAYS = 7
#: A window is shorter than a day, but where clocks change between two they can become one.
_MARGIN = 3 * DAY

_Ints = npt.NDArray[np.int64]
_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class CallTimes:
    """When numbers of each set of zones may be called; made by `call_times`.

    Attributes:
        first_hour: Seconds since 1970 UTC of the full hour in which the run began.
        begins: int64, as long as `ZONE_SETS`: where the next window begins, in seconds since 1970 UTC.
        ends: int64, likewise: where it ends.
        known: bool, likewise: whether the zones are known.
        open: bool, likewise: whether there is a window; none where the zones are not known, or too far apart.
        through: int64 by set of zones and hour: 1 for those of the 24 hours from `first_hour` that lie within a window
            from end to end.
    """

    first_hour: int
    begins: _Ints
    ends: _Ints
    known: _Mask
    open: _Mask
    through: _Ints

    def columns(
        self, facts: npt.NDArray[np.void], keys: npt.NDArray[np.uint64]
    ) -> tuple[dict[str, pa.Array], dict[int, int]]:
        """Return when numbers may be called.

        Args:
            facts: The numbers' facts, as `Phones` has them.
            keys: uint64: all digits of their E.164 forms.

        Returns:
            The columns of `SCHEMA`, as long as `facts`, the first one dictionary-encoded: the possible time zones, in
            `phonenumbers`' order with `;` between (null where unknown), and the begin and end of the next window, both
            null where there is none. And how many numbers have which set of zones, by its place in `ZONE_SETS`.
        """
        places = zone_sets(facts, keys)
        closed = ~self.open[places]
        zones = pa.DictionaryArray.from_arrays(pa.array(places, mask=places == 0), _names(), safe=False)
        begins = pa.array(self.begins[places], mask=closed).cast(_INSTANT)
        ends = pa.array(self.ends[places], mask=closed).cast(_INSTANT)
        counts = np.bincount(places)
        held = {place: int(counts[place]) for place in np.flatnonzero(counts).tolist()}
        return dict(zip(SCHEMA.names, (zones, begins, ends), strict=True)), held

    def tell(self, held: Mapping[int, int]) -> dict[str, Any]:
        """Say how many rows may be called when, as JSON values.

        Args:
            held: How many rows have which set of zones, by its place in `ZONE_SETS`.
        """
        counts = np.zeros(len(ZONE_SETS), np.int64)
        counts[list(held)] = list(held.values())
        return {
            "first_hour": datetime.fromtimestamp(self.first_hour, UTC).isoformat(),
            "rows": (counts @ self.through).tolist(),
            "unknown": int(counts[~self.known].sum()),
            "no_common_window": int(counts[self.known & ~self.open].sum()),
        }


def call_times(hours: CallingHours, now: datetime) -> CallTimes:
    """Work out the next window of every set of zones: the first that ends after now.

    A window is a stretch in which the clocks of every zone of the set show a time within the hours. Its begin is its
    own, even where that has passed, so that runs within one window agree. A set has none where no window begins
    within a week from now.

    Args:
        hours: Local calling hours.
        now: When the run began, with its zone.
    """
    at = math.floor(now.timestamp())
    first_hour = at - at % _HOUR
    windows = _windows(hours, at)
    nexts = [next((w for w in found or () if w[1] > at and w[0] < at + _DAYS * DAY), None) for found in windows]
    through = np.zeros((len(ZONE_SETS), _HOURS), np.int64)
    for place, found in enumerate(windows):
        for begin, end in found or ():
            first, last = -((first_hour - begin) // _HOUR), (end - first_hour) // _HOUR
            through[place, max(first, 0) : max(last, 0)] = 1
    return CallTimes(
        first_hour,
        np.array([0 if one is None else one[0] for one in nexts], np.int64),
        np.array([0 if one is None else one[1] for one in nexts], np.int64),
        np.array([found is not None for found in windows]),
        np.array([one is not None for one in nexts]),
        through,
    )


def _windows(hours: CallingHours, at: int) -> list[Stretches | None]:
    """Find the windows around an instant of each of `ZONE_SETS`; None where one of its zones is not known."""
    begin, end = at - _MARGIN, at + _DAYS * DAY + _MARGIN
    zones = {name: load_zone(name) for names in ZONE_SETS for name in names}
    opens = {name: open_times(zone, hours, begin, end) for name, zone in zones.items() if zone is not None}
    return [common_of_all([opens[name] for name in names]) if opens.keys() >= {*names} else None for names in ZONE_SETS]


@cache
def _names() -> pa.Array:
    # None of them null, not even the unknown one: sinks decode and encode anew what has null in its dictionary.
    return pa.array([";".join(names) for names in ZONE_SETS], pa.string())
