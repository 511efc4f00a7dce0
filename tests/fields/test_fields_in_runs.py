"""What a good value is, from a profile's file to the outputs of a run: every rule, every code, every message."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import leadsieve as ls
from leadsieve_rules.exceptions import InvalidProfile, InvalidSetting
from leadsieve_rules.profiles import read_profile, resolve_settings, settle
from leadsieve_rules.profiles.model import Destinations, FieldRule, Rule

_PROFILE = """
[profile]
name = "mine"
title = "Mine"
source = "a test"
[fields.phone_number]
required = true
{fields}
{more}
[answer.ok]
status = 200
body = {{ accepted = "{{accepted}}" }}
"""
_PHONE = "+1202555{:04}"


def _text(fields: str = "", more: str = "") -> str:
    return _PROFILE.format(fields=fields, more=more)


def _profile(folder: Path, fields: str = "", more: str = "") -> Path:
    (folder / "mine.toml").write_text(_text(fields, more), encoding="utf-8")
    return folder / "mine.toml"


def _csv(folder: Path, **columns: list[str]) -> Path:
    rows = [
        ",".join('"' + cell.replace('"', '""') + '"' for cell in cells) for cells in zip(*columns.values(), strict=True)
    ]
    lines = [",".join(["phone", *columns]), *(f"{_PHONE.format(100 + i)},{row}" for i, row in enumerate(rows))]
    (folder / "a.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "a.csv"


def _faults(run: ls.Run) -> list[tuple[Any, ...]]:
    rows = run.errors.to_arrow().select(["lead_row", "severity", "code", "detail", "column", "value"]).to_pylist()
    return [tuple(row.values()) for row in rows]


_AT = '[fields.at]\nrequired = true\nrule = {{ kind = "schedule"{zone} }}\n'


def test_call_times_reject_by_their_codes(tmp_path: Path) -> None:
    cells = ["2999-03-01T10:30:00+01:00", "", "soon", "2999-03-01 10:30", "2001-03-01T10:30Z", " 2999-03-01T10:30Z "]
    with ls.clean(_csv(tmp_path, at=cells), profile=_profile(tmp_path, _AT.format(zone=""))) as run:
        assert run.ledger["reasons"] == {"missing_schedule": 1, "invalid_schedule": 2, "past_schedule": 1}
        assert _faults(run) == [
            (2, "reject", "missing_schedule", None, "at", None),
            (3, "reject", "invalid_schedule", "not_a_time", "at", "soon"),
            (4, "reject", "invalid_schedule", "no_offset", "at", "2999-03-01 10:30"),
            (5, "reject", "past_schedule", None, "at", "2001-03-01T10:30Z"),
            (6, "warn", "trimmed_value", None, "at", " 2999-03-01T10:30Z "),
        ]
        assert run.accepted.to_arrow().column("at").to_pylist() == ["2999-03-01T10:30:00+01:00", "2999-03-01T10:30Z"]


def test_a_zone_reads_local_times_and_knows_when_clocks_change(tmp_path: Path) -> None:
    cells = ["2037-03-29T02:30", "2037-10-25T02:30", "2037-07-01T12:00", "2037-02-29T12:00"]
    fields = _AT.format(zone=', zone = "{home}"')
    profile = _profile(tmp_path, fields, '[settings.home]\ntype = "time_zone"\n')
    with ls.clean(_csv(tmp_path, at=cells), profile=profile, settings={"home": "Europe/Berlin"}) as run:
        assert _faults(run) == [
            (1, "reject", "invalid_schedule", "dst_gap", "at", cells[0]),
            (2, "warn", "invalid_schedule", "dst_overlap", "at", cells[1]),
            (4, "reject", "invalid_schedule", "impossible", "at", cells[3]),
        ]
        assert run.ledger["warnings"] == {"invalid_schedule": 1}
        assert run.accepted.to_arrow().column("at").to_pylist() == cells[1:3]
    with ls.clean(_csv(tmp_path, at=cells), profile=profile) as run:
        assert {fault[3] for fault in _faults(run)} == {"no_offset", "impossible"}


def test_a_required_call_time_without_a_column(tmp_path: Path) -> None:
    with ls.clean(_csv(tmp_path, city=["x", "y"]), profile=_profile(tmp_path, _AT.format(zone=""))) as run:
        assert run.ledger["reasons"] == {"missing_schedule": 2}


def test_typed_columns_hold_call_times_too(tmp_path: Path) -> None:
    moment = dt.datetime(2999, 7, 1, 12, 0, tzinfo=dt.UTC)
    table = pa.table(
        {
            "phone": [_PHONE.format(i) for i in range(100, 103)],
            "at": pa.array([moment, None, moment.replace(year=2001)], pa.timestamp("us", "Asia/Kolkata")),
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    with ls.clean(tmp_path / "a.parquet", profile=_profile(tmp_path, _AT.format(zone=""))) as run:
        assert run.ledger["reasons"] == {"missing_schedule": 1, "past_schedule": 1}
    naive = table.set_column(1, "at", table.column("at").cast(pa.timestamp("ms", "UTC")).cast(pa.timestamp("ms")))
    with ls.clean(naive, profile=_profile(tmp_path, _AT.format(zone=', zone = "Asia/Kolkata"'))) as run:
        assert run.ledger["reasons"] == {"missing_schedule": 1, "past_schedule": 1}
    with ls.clean(naive, profile=_profile(tmp_path, _AT.format(zone=""))) as run:
        assert run.ledger["reasons"] == {"missing_schedule": 1, "invalid_schedule": 2}


def test_what_a_setting_asks_for(tmp_path: Path) -> None:
    fields = '[fields.at]\nrequired = "{scheduled}"\nrule = { kind = "schedule" }\n'
    profile = _profile(tmp_path, fields, '[settings.scheduled]\ntype = "boolean"\n')
    source = _csv(tmp_path, at=["", "soon", "2999-01-01T00:00Z"])
    with ls.clean(source, profile=profile, settings={"scheduled": True}) as run:
        assert run.ledger["reasons"] == {"missing_schedule": 1, "invalid_schedule": 1}
    for settings in ({"scheduled": False}, {}):
        with ls.clean(source, profile=profile, settings=settings) as run:
            assert run.ledger["reasons"] == {}
            assert run.ledger["warnings"] == {"invalid_schedule": 1}


def test_a_run_published_again_is_judged_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call time that has passed since a run was committed does not reject its row when it is published again."""
    from leadsieve import flow

    class Clock(dt.datetime):
        moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

        @classmethod
        def now(cls, tz: dt.tzinfo | None = None) -> dt.datetime:  # noqa: ARG003
            return cls.moment

    monkeypatch.setattr(flow, "datetime", Clock)
    source = _csv(tmp_path, at=["2026-01-02T00:00Z", "2025-12-31T00:00Z", "2026-01-01T00:00Z"])
    profile, state = _profile(tmp_path, _AT.format(zone="")), tmp_path / "s.duckdb"
    kwargs: dict[str, Any] = {"profile": profile, "campaign": "c", "state": state}
    with ls.clean(source, out=tmp_path / "one", **kwargs) as run:
        first = run.ledger["reasons"]
    assert first == {"past_schedule": 1}
    Clock.moment = dt.datetime(2027, 1, 1, tzinfo=dt.UTC)
    with ls.clean(source, out=tmp_path / "two", **kwargs) as again:
        assert (again.repeated, again.ledger["reasons"]) == (True, first)
    assert (tmp_path / "one" / "accepted.parquet").read_bytes() == (tmp_path / "two" / "accepted.parquet").read_bytes()
    with ls.clean(source, profile=profile) as fresh:
        assert fresh.ledger["reasons"] == {"past_schedule": 3}


def test_every_rule_kind_from_a_file(tmp_path: Path) -> None:
    fields = """
[fields.name]
rule = { kind = "text", min = 2, max = 10 }
severity = "reject"
[fields.company]
rule = { kind = "text", max = 5 }
[fields.email]
rule = { kind = "email" }
severity = "reject"
[fields.Priority]
rule = { kind = "integer", min = 1, max = 99 }
severity = "reject"
[fields.ExpiryDate]
rule = { kind = "date" }
severity = "reject"
[fields.stage]
rule = { kind = "choice", values = ["Hot", "Cold"] }
severity = "reject"
[fields.skill]
rule = { kind = "choice", values = ["Sales", "Straße"], ignore_case = true }
"""
    good = {"name": "Ann", "company": "Acme", "email": '"a b"@c.de', "Priority": "99", "ExpiryDate": "2028-02-29"}
    good |= {"stage": "Hot", "skill": "SALES"}
    bad = {"name": "A", "company": "Acme Ltd", "email": "a@b", "Priority": "100", "ExpiryDate": "2027-02-29"}
    bad |= {"stage": "hot", "skill": "sale"}
    rows = [good, *({**good, name: value} for name, value in bad.items()), dict.fromkeys(good, "")]
    source = _csv(tmp_path, **{name: [row[name] for row in rows] for name in good})
    with ls.clean(source, profile=_profile(tmp_path, fields)) as run:
        assert _faults(run) == [
            (2, "reject", "check_failed", "str_length", "name", "A"),
            (3, "warn", "check_failed", "str_length", "company", "Acme Ltd"),
            (4, "reject", "check_failed", "email", "email", "a@b"),
            (5, "reject", "check_failed", "in_range", "Priority", "100"),
            (6, "reject", "check_failed", "date", "ExpiryDate", "2027-02-29"),
            (7, "reject", "check_failed", "choice", "stage", "hot"),
            (8, "warn", "check_failed", "choice", "skill", "sale"),
        ]
        messages = run.errors.to_arrow().column("message").to_pylist()
        assert messages[2] == "The value is not an email address"
        assert messages[4:6] == [
            "The value is not a date written like 2026-03-01",
            "The value is not one of those that the field takes",
        ]


@pytest.mark.parametrize(
    "cell", ["2026-3-01", "+026-03-01", "2026-03-01T00:00", "20260301", "٢٠٢٦-03-01", "2026-00-10"]
)
def test_dates_are_written_in_one_way(tmp_path: Path, cell: str) -> None:
    profile = _profile(tmp_path, '[fields.day]\nrule = { kind = "date" }\nseverity = "reject"\n')
    with ls.clean(_csv(tmp_path, day=[cell, "2026-03-01"]), profile=profile) as run:
        assert run.ledger["reasons"] == {"check_failed": 1}


def test_wrongly_decoded_text_is_told_and_kept(tmp_path: Path) -> None:
    cells = {"name": ["MÃ¼ller", "Müller", "x"], "city": ["KÃ¶ln", "", "K\ufffdln"]}
    with ls.clean(_csv(tmp_path, **cells)) as run:
        assert _faults(run) == [
            (1, "warn", "suspect_text", "mojibake", "name", "MÃ¼ller"),
            (1, "warn", "suspect_text", "mojibake", "city", "KÃ¶ln"),
            (3, "warn", "suspect_text", "lost_character", "city", "K\ufffdln"),
        ]
        assert run.errors.to_arrow().column("message").to_pylist() == [
            "The text looks as if it had been decoded wrongly: perhaps Müller",
            "The text looks as if it had been decoded wrongly: perhaps Köln",
            "A character of the text was lost when it was decoded",
        ]
        accepted = run.accepted.to_arrow()
        assert accepted.column("name").to_pylist() == cells["name"]
        assert accepted.column("city").to_pylist()[0] == "KÃ¶ln"


def test_text_in_every_kind_of_column(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "phone": [_PHONE.format(100), _PHONE.format(101)],
            "kind": pl.Series(["MÃ¼ller", "x"], dtype=pl.Categorical),
            "count": [1, 2],
            "tags": [["MÃ¼ller"], []],
        }
    )
    with ls.clean(frame) as run:
        assert [fault[2:5] for fault in _faults(run)] == [("suspect_text", "mojibake", "kind")]


_ENABLED = """
[settings.enabled_countries]
type = "countries"
[settings.enabled_prefixes]
type = "prefixes"
[settings.enabled_types]
type = "number_types"
[destination]
countries = "{enabled_countries}"
prefixes = "{enabled_prefixes}"
number_types = "{enabled_types}"
"""


@pytest.mark.parametrize(
    ("settings", "reasons", "kept"),
    [
        ({}, {}, {"enabled_countries": None, "enabled_prefixes": None, "enabled_types": None}),
        ({"enabled_countries": "us, in"}, {"country_not_allowed": 1}, {"enabled_countries": "US,IN"}),
        ({"enabled_countries": ["US", "IN", "US"]}, {"country_not_allowed": 1}, {"enabled_countries": "US,IN"}),
        ({"enabled_prefixes": "+1202,9198"}, {"prefix_not_allowed": 1}, {"enabled_prefixes": "1202,9198"}),
        ({"enabled_types": "mobile"}, {"number_type_not_allowed": 1}, {"enabled_types": "MOBILE"}),
    ],
)
def test_settings_enable_destinations(
    tmp_path: Path, settings: dict[str, Any], reasons: dict[str, int], kept: dict[str, Any]
) -> None:
    (tmp_path / "a.csv").write_text("phone\n+12025550123\n+919876543210\n+447400123456\n")
    profile = _profile(tmp_path, more=_ENABLED)
    with ls.clean(tmp_path / "a.csv", profile=profile, settings=settings, out=tmp_path / "out") as run:
        assert run.ledger["reasons"] == reasons
    written = json.loads((tmp_path / "out" / "run.json").read_text())["settings"]
    assert {name: written[name] for name in kept} == kept


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"enabled_countries": "IN,UK"}, "unknown region 'UK': did you mean GB"),
        ({"enabled_countries": ""}, "takes region codes with commas between"),
        ({"enabled_countries": "IN,,US"}, "takes region codes"),
        ({"enabled_countries": [1]}, "takes region codes"),
        ({"enabled_prefixes": "12a"}, "takes leading digits"),
        ({"enabled_types": "CELL"}, "takes types of numbers with commas between, of .*MOBILE"),
        ({"home": "Berlin"}, "takes an IANA time zone, such as Europe/Berlin, not 'Berlin'"),
        ({"at": "2026-03-29T02:30", "home": "Europe/Berlin"}, "clocks are put forward over it"),
        ({"at": "2026-03-29T12:30"}, "without its offset from UTC"),
    ],
)
def test_settings_are_refused_by_name(settings: dict[str, Any], said: str) -> None:
    more = _ENABLED + '[settings.home]\ntype = "time_zone"\n[settings.at]\ntype = "datetime"\nzone = "{home}"\n'
    with pytest.raises(InvalidSetting, match=said):
        resolve_settings(read_profile(_text(more=more), "p.toml"), settings)


def test_a_setting_of_a_time_goes_by_its_zone() -> None:
    more = '[settings.home]\ntype = "time_zone"\n[settings.at]\ntype = "datetime"\nzone = "{home}"\n'
    more += '[settings.then]\ntype = "datetime"\nzone = "Asia/Kolkata"\n'
    profile = read_profile(_text(more=more), "p.toml")
    given = {"at": "2026-10-25 02:30", "home": "Europe/Berlin", "then": "2026-03-01T10:30"}
    assert resolve_settings(profile, given).values == given | {"home": "Europe/Berlin"}


def test_a_profile_without_references_is_settled_as_it_is() -> None:
    profile = read_profile(_text('[fields.at]\nrule = { kind = "schedule", zone = "Asia/Kolkata" }\n'), "p.toml")
    assert settle(profile, {}) is profile
    assert profile.fields["at"] == FieldRule("at", rule=Rule("schedule", zone="Asia/Kolkata"))


def test_references_are_settled_in_place() -> None:
    fields = '[fields.at]\nrequired = "{on}"\nrule = { kind = "schedule", zone = "{home}" }\n'
    more = '[settings.on]\ntype = "boolean"\n[settings.home]\ntype = "time_zone"\n' + _ENABLED
    profile = read_profile(_text(fields, more), "p.toml")
    values = dict.fromkeys(profile.settings) | {"on": True, "home": "Asia/Kolkata", "enabled_countries": "IN,US"}
    settled = settle(profile, values)
    rule = Rule("schedule", zone="Asia/Kolkata")
    assert settled.fields["at"] == FieldRule("at", required=True, rule=rule, severity="reject")
    assert settled.destination == Destinations(countries=("IN", "US"))
    bare = settle(profile, dict.fromkeys(profile.settings))
    assert bare.fields["at"] == FieldRule("at", rule=Rule("schedule"))
    assert bare.destination == Destinations()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ('rule = { kind = "choice" }', r"\[fields.x.rule\] values: is missing or empty"),
        ('rule = { kind = "choice", values = [] }', "values: is missing or empty"),
        ('rule = { kind = "choice", values = ["a", "a"] }', "values: names something twice"),
        ('rule = { kind = "choice", values = ["a", "A"], ignore_case = true }', "twice, apart from capitals"),
        ('rule = { kind = "choice", values = ["a "] }', "' is empty or has white space around it"),
        ('rule = { kind = "choice", values = ["a"], min = 1 }', "min: is no key of the profile format"),
        ('rule = { kind = "date", max = 1 }', "max: is no key"),
        ('rule = { kind = "url" }', "kind: 'url' is unknown.*it takes text"),
        ('rule = { kind = "schedule", zone = "Berlin" }', "zone: 'Berlin' is no time zone; give an IANA name"),
        ('rule = { kind = "schedule", zone = 1 }', "zone: must be a string, not 1"),
        ('rule = { kind = "schedule", zone = "{home}" }', "zone: '{home}' names no setting of type time_zone; add"),
        ('required = "{flag}"', "'{flag}' names no setting of type boolean .*did you mean 'flog'"),
        ('required = "{key}"', "names no setting of type boolean; there are flog"),
        ('required = "yes"', "required: must be true or false, not 'yes'"),
    ],
)
def test_what_a_profile_says_wrongly_is_named(fields: str, said: str) -> None:
    more = '[settings.flog]\ntype = "boolean"\n[settings.key]\ntype = "boolean"\nsecret = true\n'
    with pytest.raises(InvalidProfile, match=said):
        read_profile(_text(f"[fields.x]\n{fields}", more), "p.toml")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('[settings.at]\ntype = "datetime"\nzone = "Berlin"', r"\[settings.at\] zone: 'Berlin' is no time zone"),
        ('[settings.at]\ntype = "string"\nzone = "UTC"', r"\[settings.at\] zone: is for a datetime"),
        ('[settings.at]\ntype = "datetime"\ndefault = "2026-03-01T10:30Z"', "has no default"),
        ('[destination]\ncountries = "{on}"', "names no setting of type countries; add .settings.on."),
        ('[destination]\ncountries = "IN"', "countries: must be a list"),
    ],
)
def test_what_settings_and_destinations_say_wrongly_is_named(more: str, said: str) -> None:
    with pytest.raises(InvalidProfile, match=said):
        read_profile(_text(more=more), "p.toml")
