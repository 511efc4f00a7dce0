"""Calling hours end to end: columns of accepted, counts of run.json, the same whatever the chunks, and only on request."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import jsonschema
import phonenumbers
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from phonenumbers.timezone import time_zones_for_number

import leadsieve as ls
from leadsieve import flow
from leadsieve_rules.calling import SCHEMA

_COLUMNS = SCHEMA.names
_NUMBERS = ["+919812345678", "+12125551234", "+18002345678", "+80012345678", "+5511987654321", "+441212345678", "12"]
_NOW = datetime(2026, 11, 22, 10, 54, 28, tzinfo=UTC)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Set the clock by which runs begin."""

    def set_clock(now: datetime) -> None:
        class Clock(datetime):
            @classmethod
            def now(cls, _zone: object = None) -> datetime:
                return now

        monkeypatch.setattr(flow, "datetime", Clock)

    set_clock(_NOW)
    return set_clock


@pytest.fixture
def leads(tmp_path: Path) -> Path:
    path = tmp_path / "leads.csv"
    path.write_text("phone,name\n" + "".join(f"{number},n{row}\n" for row, number in enumerate(_NUMBERS)))
    return path


def _told(run: ls.Run) -> list[tuple[object, ...]]:
    rows = run.accepted.to_arrow().select(["phone_number", *_COLUMNS]).to_pylist()
    return [
        tuple(None if v is None else v if isinstance(v, str) else f"{v:%dT%H:%M}" for v in r.values()) for r in rows
    ]


@pytest.mark.parametrize("format_", ["parquet", "csv"])
def test_accepted_says_when_each_number_may_be_called(leads: Path, tmp_path: Path, format_, at) -> None:
    out = tmp_path / "out"
    run = ls.clean(leads, calling_hours="09:00-20:00", format=format_, out=out)
    zones = [time_zones_for_number(phonenumbers.parse(number)) for number in _NUMBERS[:6]]
    windows = [
        ("22T03:30", "22T14:30"),  # open now: the window's own begin
        ("22T14:00", "23T01:00"),
        ("22T23:00", "22T23:30"),
        (None, None),
        ("22T12:00", "22T23:00"),
        ("22T09:00", "22T20:00"),
    ]
    names = [None if one == ("Etc/Unknown",) else ";".join(one) for one in zones]
    wanted = [(number, name, *window) for number, name, window in zip(_NUMBERS, names, windows, strict=False)]
    assert _told(run) == wanted
    assert run.accepted.schema.names[-3:] == _COLUMNS
    assert run.accepted.schema.field("lead_call_from").type == pa.timestamp("s", "UTC")
    # By hour from 10:00Z: India to 14:30Z, London to 20:00Z, New York from 14:00Z, Sao Paulo from 12:00Z.
    by_hour = [2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 2]
    assert run.info["callable"] == {
        "first_hour": "2026-11-22T10:00:00+00:00",
        "rows": by_hour,
        "unknown": 1,
        "no_common_window": 0,
    }
    written = json.loads((out / "run.json").read_text())
    jsonschema.Draft202012Validator(json.loads(files("leadsieve").joinpath("run.schema.json").read_text())).validate(
        written
    )
    assert written["options"]["calling_hours"] == "09:00-20:00"
    assert written["versions"]["tzdata"]
    assert not len(ls.verify(out))
    if format_ == "csv":
        first = (out / "accepted.csv").read_text().splitlines()[1]
        assert first.endswith(",Asia/Calcutta,2026-11-22T03:30:00Z,2026-11-22T14:30:00Z")
    else:
        # Parquet knows no whole seconds.
        assert pq.read_schema(out / "accepted.parquet").field("lead_call_from").type == pa.timestamp("ms", "UTC")


def test_nothing_is_said_without_the_option(leads: Path) -> None:
    with ls.clean(leads) as run:
        assert not set(_COLUMNS) & set(run.accepted.schema.names)
        assert run.info["callable"] is None


def test_numbers_that_are_only_possible_have_no_known_zone(tmp_path: Path, at) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(ls.profile_template("plain").replace('check = "valid"', 'check = "normalise"'))
    assert 'check = "normalise"' in mine.read_text()
    source = tmp_path / "a.csv"
    source.write_text("phone\n+19992345678\n+919812345678\n")
    with ls.clean(source, profile=mine, calling_hours="09:00-20:00") as run:
        assert [row[1] for row in _told(run)] == [None, "Asia/Calcutta"]
        assert run.info["callable"]["unknown"] == 1


def test_zones_too_far_apart_are_counted(leads: Path, at) -> None:
    with ls.clean(leads, calling_hours="10:00-18:00") as run:
        (row,) = [row for row in _told(run) if row[0] == "+18002345678"]
        assert row[1].startswith("America/Adak;")
        assert row[2:] == (None, None)
        assert run.info["callable"]["no_common_window"] == 1


def test_a_column_of_the_source_keeps_its_values_under_another_name(tmp_path: Path, at) -> None:
    source = tmp_path / "a.csv"
    source.write_text("phone,lead_call_from,lead_time_zones\n+919812345678,never,mine\n")
    with ls.clean(source, calling_hours="09:00-20:00") as run:
        (row,) = run.accepted.to_arrow().to_pylist()
    assert (row["lead_call_from_source"], row["lead_time_zones_source"]) == ("never", "mine")
    assert row["lead_time_zones"] == "Asia/Calcutta"


@pytest.mark.parametrize("format_", ["parquet", "csv"])
def test_chunks_and_threads_change_nothing(tmp_path: Path, format_, at) -> None:
    source = tmp_path / "leads.csv"
    source.write_text("phone,name\n" + "".join(f"{number},n{row}\n" for row in range(120) for number in _NUMBERS))
    found = []
    for number, tuning in enumerate(
        [{"threads": 1}, {"threads": 3, "chunk_bytes": 300}, {"threads": 2, "chunk_bytes": 3000}]
    ):
        out = tmp_path / str(number)
        run = ls.clean(
            source, calling_hours="21:30-07:15", duplicates="none", format=format_, out=out,
            tuning={**tuning, "row_group_rows": 256},
        )  # fmt: skip
        found.append((hashlib.sha256((out / f"accepted.{format_}").read_bytes()).hexdigest(), run.info["callable"]))
    assert found[0] == found[1] == found[2]
    assert found[0][1]["unknown"] == 120


def test_a_run_that_is_published_again_keeps_its_windows(leads: Path, tmp_path: Path, at) -> None:
    options = {"campaign": "c", "state": tmp_path / "s.duckdb", "calling_hours": "09:00-20:00"}
    first = ls.clean(leads, out=tmp_path / "a", **options)
    at(_NOW + timedelta(days=3))
    again = ls.clean(leads, out=tmp_path / "b", **options)
    assert again.repeated
    assert again.info["callable"] == first.info["callable"]
    assert (tmp_path / "a/accepted.parquet").read_bytes() == (tmp_path / "b/accepted.parquet").read_bytes()


def test_other_hours_are_another_run(leads: Path, tmp_path: Path, at) -> None:
    one = ls.clean(leads, out=tmp_path / "out", calling_hours="09:00-20:00")
    same = ls.clean(leads, out=tmp_path / "out", calling_hours="09:00-20:00")
    other = ls.clean(leads, out=tmp_path / "out", calling_hours="09:00-21:00", overwrite=True)
    assert same.repeated
    assert not other.repeated
    assert one.info["fingerprint"] != other.info["fingerprint"]


def test_hours_are_refused_before_anything_is_opened() -> None:
    with pytest.raises(ls.LeadsieveError, match="09:00-20:00") as caught:
        ls.clean("nowhere.csv", calling_hours="9 to 5")
    assert caught.value.code == "invalid_option"
    with pytest.raises(ls.LeadsieveError, match="calling_hours"):
        ls.clean("nowhere.csv", calling_hours=(9, 20))  # type: ignore[arg-type]


def test_the_command_has_the_option(leads: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-m",
        "leadsieve",
        "clean",
        str(leads),
        "--calling-hours",
        "09:00-20:00",
        "--out",
        str(out),
    ]
    subprocess.run(command, check=True, capture_output=True)
    assert set(_COLUMNS) <= set(pq.read_schema(out / "accepted.parquet").names)
