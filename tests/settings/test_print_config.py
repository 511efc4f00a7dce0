"""`--print-config` says every value in force and where it came from, and runs nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from leadsieve.cli.settings import known_options
from leadsieve.config import Tuning

PROFILE = """
[profile]
name = "mine"
title = "t"
source = "s"
[phone]
check = "normalise"
default_region = "IN"
[fields.phone_number]
required = true
[duplicates]
scope = "campaign"
statuses = ["completed", "busy"]
age_days = 30
[settings.team]
type = "string"
default = "north"
[settings.list]
type = "string"
campaign = true
[settings.token]
type = "string"
secret = true
[answer.ok]
status = 200
body = {}
"""


@pytest.fixture
def values(leadsieve: Callable[..., Any]) -> Callable[..., dict[str, list[tuple[str | None, str]]]]:
    """Print the configuration as JSON, and give value and origin by name."""

    def run(*words: str) -> dict[str, list[tuple[str | None, str]]]:
        shown = leadsieve("clean", "--print-config", "--json", *words)
        assert shown.code == 0, shown.err
        found: dict[str, list[tuple[str | None, str]]] = {}
        for row in json.loads(shown.out)["values"]:
            found.setdefault(row["name"], []).append((row["value"], row["origin"]))
        return found

    return run


def test_defaults(values: Callable[..., Any]) -> None:
    found = values()
    assert {origin for rows in found.values() for _, origin in rows} == {"default", "profile plain"}
    assert found["region"] == [(None, "default")]
    assert found["profile"] == [("plain", "default")]
    assert found["duplicates"] == [("run", "default")]
    assert found["format"] == [("parquet", "default")]
    assert found["header"] == [("found", "default")]
    assert found["chunk_bytes"] == [("8MB", "default")]


def test_all_options_and_tunings_are_there_in_the_order_of_the_help(
    values: Callable[..., Any], leadsieve: Callable[..., Any]
) -> None:
    found = values()
    assert {*known_options(), *(f.name for f in fields(Tuning))} <= {*found, "set"}
    text = leadsieve("clean", "--help").out
    places = [
        text.index(f"\n  --{name.replace('_', '-')} ") for name in found if f"\n  --{name.replace('_', '-')} " in text
    ]
    assert len(places) > 25
    assert places == sorted(places)


def test_each_layer_is_named(values: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "mine.toml").write_text(PROFILE)
    (folder / "leadsieve.toml").write_text(
        'profile = "mine.toml"\nskip_rows = 2\nout = "s3://key:secret@bucket/out"\n[tuning]\nthreads = 2\n'
        '[map]\nA = "phone_number"\nB = "phone_number"\n'
    )
    monkeypatch.setenv("LEADSIEVE_ENCODING", "latin-1")
    file = str(folder / "leadsieve.toml")
    found = values("--campaign", "summer", "--no-header")
    assert found["profile"] == [("mine.toml", file)]
    assert found["phone_check"] == [("normalise", "profile mine")]
    assert found["region"] == [("IN", "profile mine")]
    assert found["duplicates"] == [("campaign", "profile mine")]
    assert found["duplicate_statuses"] == [("completed,busy", "profile mine")]
    assert found["duplicate_age"] == [("30", "profile mine")]
    assert found["set"] == [("team=north", "profile mine"), ("list=summer", "campaign")]
    assert found["campaign"] == [("summer", "option --campaign")]
    assert found["header"] == [("no", "option --no-header")]
    assert found["encoding"] == [("latin-1", "environment LEADSIEVE_ENCODING")]
    assert found["map"] == [("A=phone_number", file), ("B=phone_number", file)]
    assert found["threads"] == [("2", file)]
    assert found["out"][0][1] == file
    assert "secret" not in str(found)


def test_people_get_it_in_80_columns_without_a_source(leadsieve: Callable[..., Any], folder: Path) -> None:
    (folder / "leadsieve.toml").write_text('region = "IN"\ncolumns = "Mobile No,Name of the customer,City,Street"\n')
    shown = leadsieve("clean", "--print-config")
    assert shown.code == 0
    lines = shown.out.splitlines()
    assert lines[0] == f"settings file: {folder}/leadsieve.toml"
    assert all(len(line) <= 80 or str(folder) in line for line in lines)
    assert any(line.split() == ["duplicates", "run", "default"] for line in lines)
    assert "\x1b" not in shown.out
    assert sorted(path.name for path in folder.iterdir()) == ["leadsieve.toml"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--set", "team=a"), "has no setting 'team'"),
        (("--region", "XX"), "unknown region 'XX'"),
        (("--duplicates", "campaign"), "--duplicates campaign needs a campaign"),
        (("--profile", "voicegenie", "--set", "api_key=hush"), "setting api_key of profile voicegenie is a secret"),
        (("--fail-over", "bogus=1%"), "there is no reason 'bogus'"),
    ],
)
def test_what_a_run_would_refuse_is_refused(words: tuple[str, ...], says: str, leadsieve: Callable[..., Any]) -> None:
    shown = leadsieve("clean", "--print-config", *words)
    assert (shown.code, shown.out) == (2, "")
    assert says in shown.err
    assert "hush" not in shown.err
