"""A run does the same whoever said its options, tells where they came from, and the library takes tuning only."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import leadsieve as ls

LEADS = "Handy,name\n(202) 555-0123,Ann\n202 555 0144,Bob\n2025550123,Cid\n12,Dee\n"
DATA = ("accepted.parquet", "rejected.parquet", "errors.parquet", "summary.json")


@pytest.fixture
def source(folder: Path) -> Path:
    (folder / "a.csv").write_text(LEADS)
    return folder


def _out(folder: Path, name: str) -> tuple[list[bytes], Any]:
    info = json.loads((folder / name / "run.json").read_text())
    return [(folder / name / file).read_bytes() for file in DATA], (
        info["options"],
        info["region"],
        info["fingerprint"],
    )


def test_same_bytes_from_option_environment_and_file(
    source: Path, leadsieve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert leadsieve("clean", "a.csv", "--region", "US", "--map", "Handy=phone_number", "--out", "one").code == 0
    monkeypatch.setenv("LEADSIEVE_REGION", "US")
    monkeypatch.setenv("LEADSIEVE_MAP", "Handy=phone_number")
    by_environment = leadsieve("clean", "a.csv", "--out", "two")
    assert by_environment.err.startswith("settings from the environment: LEADSIEVE_REGION, LEADSIEVE_MAP\n")
    monkeypatch.delenv("LEADSIEVE_REGION")
    monkeypatch.delenv("LEADSIEVE_MAP")
    (source / "leadsieve.toml").write_text(
        'region = "US"\nout = "three"\n[map]\nHandy = "phone_number"\n[tuning]\nthreads = 1\n'
    )
    by_file = leadsieve("clean", "a.csv")
    assert by_file.err.startswith(f"settings from {source}/leadsieve.toml: region, out, map, threads\n")
    assert _out(source, "one") == _out(source, "two") == _out(source, "three")


def test_a_command_is_recognised_whoever_said_its_options(source: Path, leadsieve: Callable[..., Any]) -> None:
    words = ("clean", "a.csv", "--out", "out", "--campaign", "summer")
    first = leadsieve(*words, "--region", "US", "--map", "Handy=phone_number")
    assert first.code == 0, first.err
    (source / "leadsieve.toml").write_text('region = "us"\ncampaign = "summer"\n[map]\nHandy = "phone_number"\n')
    again = leadsieve(*words[:-2])
    assert again.code == 0, again.err
    campaigns = leadsieve("campaign", "list", "--json")
    assert [(one["runs"], one["contacts"]) for one in json.loads(campaigns.out)] == [(1, 2)]


def test_other_commands_find_the_state_of_the_file(source: Path, leadsieve: Callable[..., Any]) -> None:
    (source / "leadsieve.toml").write_text('state = "kept.duckdb"\nregion = "US"\n[map]\nHandy = "phone_number"\n')
    assert leadsieve("clean", "a.csv", "--out", "out", "--campaign", "summer").code == 0
    assert (source / "kept.duckdb").exists()
    shown = leadsieve("campaign", "list")
    assert "summer" in shown.out
    assert shown.err == f"settings from {source}/leadsieve.toml: state\n"
    assert leadsieve("verify", "out").code == 0
    assert "summer" in leadsieve("campaign", "history", "--number", "2025550123").out


def test_quiet_tells_no_settings_and_warns_all_the_same(
    source: Path, leadsieve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    (source / "leadsieve.toml").write_text('region = "US"\n[map]\nHandy = "phone_number"\n')
    monkeypatch.setenv("LEADSIEVE_REGOIN", "x")
    shown = leadsieve("clean", "a.csv", "--quiet")
    assert shown.err.splitlines() == [
        "environment LEADSIEVE_REGOIN is no setting (did you mean 'LEADSIEVE_REGION'?), and was passed over"
    ]


def test_the_library_takes_tuning_and_nothing_else(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # 40 characters are the longest record: that a tuning decides is seen by it.
    (source / "leadsieve.toml").write_text(
        'region = "US"\nrows = 1\nout = "elsewhere"\nno_such = 1\n[tuning]\nmax_record_bytes = 40\n'
    )
    (source / "b.csv").write_text(f"phone\n+12025550123\n+12025550144{' ' * 60}\n2025550155\n")
    monkeypatch.setenv("LEADSIEVE_REGION", "US")
    with ls.clean("b.csv") as run:
        assert run.info["region"] is None
        assert run.ledger["rows"] == 3
        assert run.ledger["reasons"] == {"field_too_large": 1, "invalid_phone": 1}
    assert not (source / "elsewhere").exists()
    with ls.clean("b.csv", tuning={"max_record_bytes": 400}) as run:
        assert "field_too_large" not in run.ledger["reasons"]
    (source / "leadsieve.toml").write_text("[tuning]\nthread = 1\n")
    with pytest.raises(ls.UsageError, match=r"leadsieve\.toml: tuning 'thread' is unknown"):
        ls.clean("b.csv")
    assert ls.clean("b.csv", tuning=ls.Tuning()).ledger["rows"] == 3


def test_inspect_takes_its_options_and_tuning(source: Path, leadsieve: Callable[..., Any]) -> None:
    (source / "leadsieve.toml").write_text('region = "US"\n[map]\nHandy = "phone_number"\n[tuning]\nthreads = 1\n')
    shown = leadsieve("inspect", "a.csv", "--json")
    assert shown.code == 0
    (found,) = json.loads(shown.out)
    assert found["problem"] is None
    assert found["sample"]["accepted"] == 3
    (source / "leadsieve.toml").write_text("[tuning]\nthread = 1\n")
    with pytest.raises(ls.UsageError, match="tuning 'thread' is unknown"):
        ls.inspect("a.csv")


def test_an_option_is_before_the_file_in_a_run_too(source: Path, leadsieve: Callable[..., Any]) -> None:
    (source / "leadsieve.toml").write_text('format = "csv"\nregion = "US"\n[map]\nHandy = "phone_number"\n')
    assert leadsieve("clean", "a.csv", "--out", "out").code == 0
    assert (source / "out" / "accepted.csv").exists()
    assert leadsieve("clean", "a.csv", "--out", "out2", "--format", "parquet").code == 0
    assert pq.read_table(source / "out2" / "accepted.parquet").num_rows == 2
