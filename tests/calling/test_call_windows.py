"""Windows of calling hours: the next one, inside the hours in every zone at every minute, whatever the clocks do."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, time, timedelta
from functools import cache
from importlib import resources
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leadsieve_rules.calling import ZONE_SETS, CallTimes, call_times, parse_hours
from leadsieve_rules.exceptions import RulesError
from leadsieve_rules.timezones import load_zone

_MINUTE = timedelta(minutes=1)
#: Sets of few zones, of which every minute is asked.
_SMALL = [place for place, names in enumerate(ZONE_SETS) if place > 0 and len(names) <= 4]
_PLACE = {names: place for place, names in enumerate(ZONE_SETS)}


@cache
def zone(name: str) -> zoneinfo.ZoneInfo:
    found = load_zone(name)
    assert found is not None
    return found


def is_open(names: tuple[str, ...], hours: str, instant: datetime) -> bool:
    """Ask the clocks on the walls."""
    begin, end = (time.fromisoformat(text) for text in hours.split("-"))
    for name in names:
        shown = instant.astimezone(zone(name)).time()
        if not (begin <= shown < end if begin < end else shown >= begin or shown < end):
            return False
    return True


def window(times: CallTimes, place: int) -> tuple[datetime, datetime] | None:
    if not times.open[place]:
        return None
    begin, end = times.begins[place], times.ends[place]
    return datetime.fromtimestamp(int(begin), UTC), datetime.fromtimestamp(int(end), UTC)


def minutes(begin: datetime, end: datetime) -> list[datetime]:
    return [begin + _MINUTE * count for count in range(int((end - begin) / _MINUTE))]


_clock = st.builds(lambda h, m: f"{h:02}:{m:02}", st.integers(0, 23), st.sampled_from([0, 0, 0, 15, 30, 30, 59, 7]))
_hours = st.tuples(_clock, _clock).filter(lambda pair: pair[0] != pair[1]).map("-".join)
_day = st.one_of(
    st.datetimes(datetime(2015, 1, 1), datetime(2036, 1, 1)),  # noqa: DTZ001
    # Near the days on which clocks change.
    st.tuples(
        st.sampled_from([(2026, 3, 8), (2026, 3, 29), (2026, 4, 5), (2026, 10, 4), (2026, 10, 25), (2026, 11, 1)]),
        st.integers(-3600, 86_400 * 2),
    ).map(lambda at: datetime(*at[0]) + timedelta(seconds=at[1])),  # noqa: DTZ001
)


@settings(max_examples=40)
@given(hours=_hours, day=_day, place=st.sampled_from(_SMALL))
@example(hours="02:15-02:45", day=datetime(2026, 3, 8, 1), place=_PLACE[("America/New_York",)])  # noqa: DTZ001
@example(hours="23:30-00:30", day=datetime(2018, 2, 18, 1), place=_PLACE[("America/Sao_Paulo",)])  # noqa: DTZ001
@example(hours="00:30-02:00", day=datetime(2026, 11, 1, 5, 59), place=_PLACE[("America/New_York",)])  # noqa: DTZ001
def test_the_window_is_the_next_and_open_throughout(hours: str, day: datetime, place: int) -> None:
    now = day.replace(tzinfo=UTC)
    minute_of_now = now.replace(second=0, microsecond=0)
    names = ZONE_SETS[place]
    found = window(call_times(parse_hours(hours), now), place)
    if found is None:
        assert not any(is_open(names, hours, minute) for minute in minutes(minute_of_now, now + timedelta(days=7)))
        return
    begin, end = found
    assert now < end
    assert (begin.second, end.second) == (0, 0)
    assert all(is_open(names, hours, minute) for minute in minutes(begin, end))
    assert not is_open(names, hours, begin - _MINUTE)
    assert not is_open(names, hours, end)
    assert not any(is_open(names, hours, minute) for minute in minutes(minute_of_now, begin))


@settings(max_examples=8)
@given(hours=_hours, day=_day)
def test_the_hours_that_are_counted_are_open_throughout(hours: str, day: datetime) -> None:
    now = day.replace(tzinfo=UTC)
    times = call_times(parse_hours(hours), now)
    first = now.replace(minute=0, second=0, microsecond=0)
    for place in _SMALL[:: len(_SMALL) // 6]:
        names = ZONE_SETS[place]
        wanted = [
            all(is_open(names, hours, first + timedelta(hours=hour, minutes=minute)) for minute in range(60))
            for hour in range(24)
        ]
        told = times.tell({place: 7, 0: 2})
        assert told["rows"] == [7 * went for went in wanted]
        assert told["first_hour"] == first.isoformat()
        assert told["unknown"] == 2
        assert told["no_common_window"] == (0 if times.open[place] else 7)


@pytest.mark.parametrize(
    ("name", "hours", "now", "wanted"),
    [
        ("Asia/Calcutta", "09:00-20:00", "2026-11-22T00:00", ("2026-11-22T03:30", "2026-11-22T14:30")),
        ("Asia/Calcutta", "09:00-20:00", "2026-11-22T14:29", ("2026-11-22T03:30", "2026-11-22T14:30")),
        ("Asia/Calcutta", "09:00-20:00", "2026-11-22T14:30", ("2026-11-23T03:30", "2026-11-23T14:30")),
        ("Asia/Katmandu", "09:00-20:00", "2026-11-22T00:00", ("2026-11-22T03:15", "2026-11-22T14:15")),
        ("Asia/Calcutta", "22:00-06:00", "2026-11-22T00:00", ("2026-11-21T16:30", "2026-11-22T00:30")),
        ("Asia/Calcutta", "18:00-24:00", "2026-11-22T00:00", ("2026-11-22T12:30", "2026-11-22T18:30")),
        ("Europe/London", "09:00-20:00", "2026-03-28T21:00", ("2026-03-29T08:00", "2026-03-29T19:00")),
        # Clocks go from 02:00 to 03:00 at 07:00Z.
        ("America/New_York", "01:30-03:30", "2026-03-08T00:00", ("2026-03-08T06:30", "2026-03-08T07:30")),
        ("America/New_York", "01:30-02:30", "2026-03-08T00:00", ("2026-03-08T06:30", "2026-03-08T07:00")),
        ("America/New_York", "02:30-03:30", "2026-03-08T06:00", ("2026-03-08T07:00", "2026-03-08T07:30")),
        ("America/New_York", "02:15-02:45", "2026-03-08T00:00", ("2026-03-09T06:15", "2026-03-09T06:45")),
        # Clocks go from 02:00 back to 01:00 at 06:00Z.
        ("America/New_York", "00:30-01:30", "2026-11-01T04:00", ("2026-11-01T04:30", "2026-11-01T05:30")),
        ("America/New_York", "00:30-01:30", "2026-11-01T05:30", ("2026-11-01T06:00", "2026-11-01T06:30")),
        ("America/New_York", "00:30-02:00", "2026-11-01T06:59", ("2026-11-01T04:30", "2026-11-01T07:00")),
    ],
)
def test_windows_of_one_zone(name: str, hours: str, now: str, wanted: tuple[str, str]) -> None:
    for second in ("00", "07", "59.999999"):
        times = call_times(parse_hours(hours), datetime.fromisoformat(f"{now}:{second}+00:00"))
        found = window(times, _PLACE[(name,)])
        assert found == tuple(datetime.fromisoformat(f"{moment}+00:00") for moment in wanted)


def _only(size: int, *, among: str) -> int:
    (place,) = [place for place, names in enumerate(ZONE_SETS) if len(names) == size and among in names]
    return place


@pytest.mark.parametrize(
    ("place", "hours", "wanted"),
    [
        (_only(42, among="Pacific/Guam"), "09:00-20:00", ("2026-11-22T23:00", "2026-11-22T23:30")),
        (_only(16, among="Europe/Moscow"), "09:00-20:00", ("2026-11-23T07:00", "2026-11-23T08:00")),
        (
            _PLACE["Asia/Jakarta", "Asia/Jayapura", "Asia/Makassar"],
            "09:00-20:00",
            ("2026-11-22T02:00", "2026-11-22T11:00"),
        ),
        # In all of them it is never day by these hours.
        (_only(42, among="Pacific/Guam"), "09:00-19:00", None),
        (_only(16, among="Europe/Moscow"), "10:00-18:00", None),
    ],
)
def test_windows_of_whole_countries(place: int, hours: str, wanted: tuple[str, str] | None) -> None:
    times = call_times(parse_hours(hours), datetime(2026, 11, 22, 10, 54, 28, tzinfo=UTC))
    found = window(times, place)
    assert (found and tuple(f"{moment:%Y-%m-%dT%H:%M}" for moment in found)) == wanted
    assert times.tell({place: 3})["no_common_window"] == (3 if wanted is None else 0)


def test_the_second_of_the_start_does_not_matter_within_a_window() -> None:
    hours, noon = parse_hours("09:00-20:00"), datetime(2026, 11, 22, 12, tzinfo=UTC)
    one, other = call_times(hours, noon), call_times(hours, noon + timedelta(minutes=17, seconds=3, microseconds=9))
    assert np.array_equal(one.begins, other.begins)
    assert np.array_equal(one.ends, other.ends)
    assert one.tell({5: 2}) == other.tell({5: 2})


def test_every_zone_of_upstream_is_known() -> None:
    times = call_times(parse_hours("09:00-20:00"), datetime(2026, 11, 22, tzinfo=UTC))
    assert np.flatnonzero(~times.known).tolist() == [0]
    assert load_zone("Etc/Nowhere") is None


def test_no_zone_changes_its_clocks_twice_within_a_day() -> None:
    from zoneinfo import _zoneinfo  # in Python, which shows the changes

    for name in {name for names in ZONE_SETS[1:] for name in names}:
        with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as stream:
            changes = [at for at in _zoneinfo.ZoneInfo.from_file(stream)._trans_utc if at > 0]
        assert all(after - before > 86_400 for before, after in pairwise(changes)), name


@pytest.mark.parametrize(
    "text",
    ["", "9-20", "9:00-20:00", "09:00", "09:00-09:00", "00:00-24:00", "24:00-08:00", "09:60-20:00", "09:00-24:01",
     "09:00\u201320:00", "\u0660\u0669:00-20:00", " 09:00-20:00", "09:00-20:00\n", "09:00-20:00;rm"],
)  # fmt: skip
def test_hours_that_no_day_has(text: str) -> None:
    with pytest.raises(RulesError, match="calling hours") as caught:
        parse_hours(text)
    assert caught.value.code == "invalid_option"
    assert "\n" not in caught.value.message
