"""Call times: read as Python's own `datetime` and `zoneinfo` read them, with a word for every one that is none."""

# ruff: noqa: DTZ001
from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadsieve_rules.fields.schedules import FAULTS, read_schedules, schedule_fault, schedule_findings
from leadsieve_rules.fields.zones import is_zone
from leadsieve_rules.profiles.model import FieldRule, Rule
from leadsieve_rules.timezones import load_zone

ZONES = ("Europe/Berlin", "America/Sao_Paulo", "America/St_Johns", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Casablanca",
         "Pacific/Apia", "Asia/Pyongyang", "America/Caracas", "Europe/Amsterdam", "Antarctica/Troll", "UTC")  # fmt: skip


def read(*cells: str | None, zone: str | None = None) -> tuple[list[datetime | None], list[str | None]]:
    schedules = read_schedules(pa.array(cells, pa.string()), zone)
    return schedules.instants.to_pylist(), [FAULTS[fault] for fault in schedules.faults]


@pytest.mark.parametrize(
    "cell",
    [
        "2026-03-01T10:30:00+01:00",
        "2026-03-01T09:30:00Z",
        "2026-03-01t09:30:00z",
        "2026-03-01 09:30Z",
        "2026-03-01T10:30+0100",
        "2026-03-01T10:30+01",
        "2026-03-01T09:30:00.000000000Z",
        "2026-03-01 10:30:00.000+0100",
        "2026-03-01T09:30:00,0Z",
        "20260301T093000Z",
        "20260301T0930Z",
        "2026-W09-7T09:30Z",
        "2026W097T093000Z",
        "2026-060T09:30Z",
        "2026060T0930Z",
        "2026-03-01T04:00:00-05:30",
        "2026-02-29T00:00Z".replace("2026-02-29T00:00", "2026-03-01T09:30"),
    ],
)
def test_one_instant_in_the_forms_that_people_and_programs_write(cell: str) -> None:
    assert read(cell) == ([datetime(2026, 3, 1, 9, 30, tzinfo=UTC)], [None])


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ("tomorrow", "not_a_time"),
        ("46082.4375", "not_a_time"),
        ("1772357400", "not_a_time"),
        ("01/03/2026 10:30", "not_a_time"),
        ("2026-3-1T10:30Z", "not_a_time"),
        ("2026-03-01T10:30 Z", "not_a_time"),
        ("2026-03-01T10:30Europe/Berlin", "not_a_time"),
        ("2026-03-01T10:30:00+01:00:00", "not_a_time"),
        ("٢٠٢٦-03-01T10:30Z", "not_a_time"),
        ("2026-03-01T10:30Z\n", "not_a_time"),
        ("2026-03-01T10:30Z\0", "not_a_time"),
        ("-2026-03-01T10:30Z", "not_a_time"),
        ("", "not_a_time"),
        ("2" * 5000, "not_a_time"),
        ("2026-03-01", "no_time"),
        ("20260301", "no_time"),
        ("2026-02-30", "impossible"),
        ("2026-02-29T10:30Z", "impossible"),
        ("2026-13-01T10:30Z", "impossible"),
        ("2026-00-01T10:30Z", "impossible"),
        ("2026-03-00T10:30Z", "impossible"),
        ("2025-W53-1T10:30Z", "impossible"),
        ("2026-W10-8T10:30Z", "impossible"),
        ("2026-366T10:30Z", "impossible"),
        ("0000-01-01T10:30Z", "impossible"),
        ("2026-03-01T24:00Z", "impossible"),
        ("2026-03-01T10:60Z", "impossible"),
        ("2026-03-01T10:30:60Z", "impossible"),
        ("2026-03-01T10:30+24:00", "impossible"),
        ("2026-03-01T10:30+01:60", "impossible"),
        ("0001-01-01T00:00+01:00", "impossible"),
        ("9999-12-31T23:59-01:00", "impossible"),
        ("2026-03-01T10:30", "no_offset"),
        ("2026-03-01 10:30:00.5", "no_offset"),
    ],
)
def test_every_other_cell_has_its_word(cell: str, fault: str) -> None:
    assert read(cell, None, "2026-03-01T10:30Z") == (
        [None, None, datetime(2026, 3, 1, 10, 30, tzinfo=UTC)],
        [fault, None, None],
    )
    assert schedule_fault(cell) == fault


def test_leap_days_and_long_years() -> None:
    cells = ("2028-02-29T00:00Z", "2028-366T00:00Z", "2026-W53-7T00:00Z", "2000-02-29T00:00Z", "1900-02-29T00:00Z")
    assert read(*cells)[1] == [None, None, None, None, "impossible"]


@pytest.mark.parametrize(
    ("cell", "utc", "fault"),
    [
        ("2026-03-29T01:59:59", (3, 29, 0, 59, 59), None),
        ("2026-03-29T02:00:00", None, "dst_gap"),
        ("2026-03-29T02:59:59", None, "dst_gap"),
        ("2026-03-29T03:00:00", (3, 29, 1, 0, 0), None),
        ("2026-10-25T01:59:59", (10, 24, 23, 59, 59), None),
        ("2026-10-25T02:30:00", (10, 25, 0, 30, 0), "dst_overlap"),
        ("2026-10-25T03:00:00", (10, 25, 2, 0, 0), None),
        ("2026-10-25T02:30:00+01:00", (10, 25, 1, 30, 0), None),
        ("2026-07-01T12:00", (7, 1, 10, 0, 0), None),
    ],
)
def test_a_local_time_goes_by_its_zone(cell: str, utc: tuple[int, ...] | None, fault: str | None) -> None:
    instant = None if utc is None else datetime(2026, *utc, tzinfo=UTC)
    assert read(cell, zone="Europe/Berlin") == ([instant], [fault])


def test_a_day_that_a_zone_left_out() -> None:
    assert read("2011-12-29T12:00", "2011-12-30T12:00", "2011-12-31T12:00", zone="Pacific/Apia")[1] == [
        None,
        "dst_gap",
        None,
    ]


def _oracle(local: datetime, zone: str) -> tuple[datetime | None, str | None]:
    """Decide by round trip: a time in a gap does not come back from UTC, a time that comes twice has two offsets."""
    first = local.replace(tzinfo=load_zone(zone))
    instant = (local - first.utcoffset()).replace(tzinfo=UTC)
    if instant.astimezone(load_zone(zone)).replace(tzinfo=None) != local:
        return None, "dst_gap"
    second = first.replace(fold=1).utcoffset()
    return instant, "dst_overlap" if second != first.utcoffset() else None


def _near_changes() -> st.SearchStrategy[datetime]:
    """Draw local times of which many are within an hour of a change of clocks."""
    spots = [datetime(2026, 3, 29, 2), datetime(2026, 10, 25, 2), datetime(2018, 11, 4), datetime(2026, 11, 1, 2),
             datetime(2026, 4, 5, 2), datetime(2015, 8, 15), datetime(1937, 7, 1), datetime(2011, 12, 30), datetime(2018, 5, 5)]  # fmt: skip
    near = st.builds(
        lambda spot, shift: spot + shift,
        st.sampled_from(spots),
        st.timedeltas(timedelta(hours=-30), timedelta(hours=30)),
    )
    return near | st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1))


@given(st.lists(_near_changes(), min_size=1, max_size=30), st.sampled_from(ZONES))
@settings(max_examples=200)
def test_local_times_are_those_of_zoneinfo(times: list[datetime], zone: str) -> None:
    instants, faults = read(*(time.isoformat() for time in times), zone=zone)
    assert list(zip(instants, faults, strict=True)) == [_oracle(time, zone) for time in times]


_FORMS = st.sampled_from(
    ["%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d %H:%M:%S", "%Y%m%dT%H%M%S", "%G-W%V-%uT%H:%M", "%GW%V%uT%H", "%Y-%m-%d %H%M"]
)
_OFFSETS = st.sampled_from(["Z", "+00", "+0530", "-03:00", "+14:00", "-12:00", "-0930", "+23:59", "-00:00"])


@given(
    st.lists(
        st.tuples(st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30)), _FORMS, _OFFSETS), min_size=1, max_size=20
    )
)
@settings(max_examples=200)
def test_what_is_written_is_what_datetime_reads(drawn: list[tuple[datetime, str, str]]) -> None:
    cells = [time.strftime(form) + offset for time, form, offset in drawn]
    assert read(*cells) == ([datetime.fromisoformat(cell).astimezone(UTC) for cell in cells], [None] * len(cells))


@given(st.lists(st.text("0123456789-:TZW+. ,", max_size=26) | st.from_regex(r"[0-9]{4}-?[0-3][0-9]-?[0-3][0-9][T ][0-2][0-9](:?[0-6][0-9]){0,2}(\.[0-9]+)?(Z|[+-][0-2][0-9](:?[0-6][0-9])?)?", fullmatch=True), max_size=20))  # fmt: skip
@settings(max_examples=200)
def test_no_text_is_read_otherwise_than_datetime_reads_it(cells: list[str]) -> None:
    for cell, instant, fault in zip(cells, *read(*cells), strict=True):
        try:
            expected = datetime.fromisoformat(cell)
        except ValueError:
            # Only ordinal dates are ours alone.
            assert instant is None or re.match(r"\d{4}-?\d{3}[T ]", cell)
            continue
        if instant is not None:
            assert (expected.astimezone(UTC), expected.tzinfo is not None) == (instant, True)
        elif fault == "not_a_time":
            # Python takes any separator, weeks without a day, seconds in an offset, and midnight as 24:00.
            assert not re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?", cell)
        elif fault == "no_offset":
            assert expected.tzinfo is None


def test_slices_nulls_and_many_shapes_are_read_in_place() -> None:
    cells = [
        "x",
        None,
        "2026-03-01T10:30Z",
        "",
        "2026-03-01T10:30:00.123456789Z",
        None,
        "-" * 39,
        "2026-03-01 10Z",
    ] * 50
    text = pa.array(cells, pa.string()).slice(3, 390)
    whole = read_schedules(pa.array(cells[3:393], pa.string()))
    part = read_schedules(text)
    assert part.instants.equals(whole.instants)
    assert part.faults.tolist() == whole.faults.tolist()
    assert read_schedules(pa.array([], pa.string())).instants.to_pylist() == []
    assert read_schedules(pa.nulls(3, pa.string())).faults.tolist() == [0, 0, 0]


def test_findings_by_severity_and_the_present() -> None:
    now = datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
    cells = {
        "at": pa.array(["2026-03-01T10:30Z", "2026-03-01T10:29:59.999999Z", None, "2026-03-01T10:31", "x"], pa.string())
    }
    rule = FieldRule("at", required=True, rule=Rule("schedule"), severity="reject")
    found = [(f.code, f.detail, f.index.tolist(), f.severity) for f in schedule_findings(cells, {"at": rule}, now)]
    assert found == [
        ("missing_schedule", None, [2], None),
        ("invalid_schedule", "not_a_time", [4], None),
        ("invalid_schedule", "no_offset", [3], None),
        ("past_schedule", None, [1], None),
    ]
    mild = FieldRule("at", rule=Rule("schedule", zone="Europe/Berlin"))
    found = [(f.code, f.detail, f.index.tolist(), f.severity) for f in schedule_findings(cells, {"at": mild}, now)]
    assert found == [("invalid_schedule", "not_a_time", [4], "warn"), ("past_schedule", None, [1, 3], "warn")]
    assert [f.code for f in schedule_findings(cells, {"at": mild}, None)] == ["invalid_schedule"]


def test_zones_are_iana_names() -> None:
    assert is_zone("Asia/Kolkata")
    assert not any(map(is_zone, ("IST+5:30", "asia/kolkata", "Mars/Base", "../etc/passwd", "", "+01:00")))


def test_the_last_day_has_no_next() -> None:
    assert read("9999-12-31T12:00", zone="Asia/Kolkata") == ([datetime(9999, 12, 31, 6, 30, tzinfo=UTC)], [None])
    assert read(f"{date.max}T23:59:59.999999Z")[1] == [None]
