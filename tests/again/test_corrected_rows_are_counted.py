"""What a run says of rows that it judged again: its lines, its ledger, `run.json`, the state, and the warnings."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import pytest

import leadsieve as ls
from leadsieve.results import tell_ledger

SCHEMA = json.loads(files("leadsieve").joinpath("run.schema.json").read_text())


@pytest.fixture
def edited(tmp_path: Path, again: SimpleNamespace) -> Path:
    rows = again.read(again.rejected(tmp_path))
    rows[0]["phone"], rows[1]["phone"] = "'+12025550125", "'+12025550126"
    path: Path = again.write(tmp_path / "edited.csv", rows)
    return path


def test_the_run_says_it(tmp_path: Path, edited: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with ls.clean(edited, region="US", out=tmp_path / "two") as run:
        assert (run.ledger["judged_again"], run.ledger["corrected"]) == (5, 2)
        assert repr(run).splitlines()[:2] == [
            "5 rows: 2 accepted, 3 rejected",
            "  5 rejected rows judged again: 2 corrected, 3 still rejected",
        ]
    leads = str(tmp_path / "leads.csv")
    assert f"{leads}: rows of the rejected file {edited}, csv, utf-8, delimiter ','" in caplog.messages
    info = json.loads((tmp_path / "two" / "run.json").read_text())
    jsonschema.Draft202012Validator(SCHEMA).validate(info)
    (source,) = info["sources"]
    assert (source["lead_file"], source["dialect"]["rejected_file"]) == (leads, str(edited))
    assert source["bytes"] == edited.stat().st_size
    assert info["ledger"]["files"][0]["rejected_file"] == str(edited)
    assert source["columns"] == ["phone", "name", "note"]


def test_a_run_without_rejected_files_says_nothing_of_it(tmp_path: Path, again: SimpleNamespace) -> None:
    (tmp_path / "a.csv").write_text(again.LEADS)
    with ls.clean(tmp_path / "a.csv", region="US") as run:
        assert (run.ledger["judged_again"], run.ledger["corrected"]) == (0, 0)
        assert run.ledger["files"][0]["rejected_file"] is None
        assert "judged again" not in repr(run)
        assert "rejected_file" not in run.info["sources"][0]["dialect"]


def test_several_files_are_told_one_by_one() -> None:
    def file(name: str, rows: int, accepted: int) -> dict[str, object]:
        counts = {"rows": rows, "accepted": accepted, "rejected": rows - accepted, "blank_records": 0}
        return {"lead_file": name, **counts, "rejected_file": "rejected.csv"}

    ledger = {"rows": 24, "accepted": 18, "rejected": 6, "causes": [], "warned": [], "blank_records": 0}
    told = tell_ledger({**ledger, "files": [file("a.csv", 4, 3), file("\x1b[2J" + "x" * 40, 20, 15)]})
    assert told == [
        "24 rows: 18 accepted, 6 rejected",
        "  24 rejected rows judged again: 18 corrected, 6 still rejected",
        "    a.csv: 3 of 4 corrected",
        f"    ...{'x' * 17}: 15 of 20 corrected",
    ]
    told = tell_ledger({**ledger, "files": [file(f"{at}.csv", 2, 1) for at in range(12)]})
    assert told[-2:] == ["    9.csv: 1 of 2 corrected", "    and 2 more files"]


def test_a_campaign_gains_the_corrected_rows_and_the_run_is_recognised(tmp_path: Path, again: SimpleNamespace) -> None:
    state = {"campaign": "summer", "state": tmp_path / "s.duckdb", "region": "US", "format": "csv"}
    (tmp_path / "leads.csv").write_text(again.LEADS + "+12025550123,Gus,\n")
    ls.clean(tmp_path / "leads.csv", out=tmp_path / "one", **state)
    rows = again.read(tmp_path / "one" / "rejected.csv")
    rows[0]["phone"] = "'+12025550125"
    edited = again.write(tmp_path / "edited.csv", rows)
    run = ls.clean(edited, out=tmp_path / "two", **state)
    assert [row["lead_row"] for row in again.values(run.accepted)] == [2]
    # The duplicate is one still, of what the campaign got from the first run.
    assert run.ledger["reasons"]["duplicate_in_campaign"] == 1
    assert run.info["contacts"]["added"] == 1
    assert ls.clean(edited, out=tmp_path / "two", **state).repeated
    assert ls.verify(tmp_path / "two", state=tmp_path / "s.duckdb").num_rows == 0
    assert ls.Campaigns(tmp_path / "s.duckdb").check().num_rows == 0


def test_a_run_over_the_same_folder(tmp_path: Path, again: SimpleNamespace) -> None:
    path = again.rejected(tmp_path)
    rows = again.read(path)
    rows[0]["phone"] = "'+12025550125"
    again.write(path, rows)
    with ls.clean(path, region="US", format="csv", out=path.parent, overwrite=True) as run:
        assert run.ledger["corrected"] == 1
    assert [row["lead_row"] for row in again.read(path)] == ["3", "4", "5", "7"]


@pytest.mark.parametrize("campaign", [None, "summer"])
def test_rows_that_were_duplicates_are_warned_of(tmp_path: Path, again, caplog, campaign: str | None) -> None:
    path = again.rejected(tmp_path, "phone\n+12025550123\n+12025550123\n12\n")
    caplog.clear()
    with ls.clean(path, campaign=campaign, state=tmp_path / "s.duckdb", dry_run=True, region="US"):
        said = (
            "1 row was rejected as a duplicate of rows that are not in this run, and may be accepted now" in caplog.text
        )
        assert said == (campaign is None)


def test_verify_finds_a_row_that_is_there_twice(tmp_path: Path, edited: Path, again: SimpleNamespace) -> None:
    from leadsieve.publish import sha256

    ls.clean(edited, region="US", out=tmp_path / "two", format="csv")
    path = tmp_path / "two" / "rejected.csv"
    rows = again.read(path)
    rows[1]["lead_row"] = "2"
    again.write(path, rows)
    run = json.loads((tmp_path / "two" / "run.json").read_text())
    for entry in run["files"]:
        if entry["name"] == "rejected.csv":
            entry |= {"bytes": path.stat().st_size, "sha256": sha256(path)}
    (tmp_path / "two" / "run.json").write_text(json.dumps(run))
    assert ls.verify(tmp_path / "two").num_rows == 1


def test_the_command_prints_it(tmp_path: Path, edited: Path) -> None:
    from click.testing import CliRunner

    from leadsieve.cli import cli

    done = CliRunner().invoke(cli, ["clean", str(edited), "--region", "US", "--out", str(tmp_path / "two")])
    assert done.exit_code == 0
    assert "5 rejected rows judged again: 2 corrected, 3 still rejected" in done.output
    looked = CliRunner().invoke(cli, ["inspect", str(edited), "--region", "US"])
    assert (looked.exit_code, str(tmp_path / "leads.csv") in looked.output) == (0, True)


def test_a_suppression_list_is_any_file(tmp_path: Path, edited: Path, again: SimpleNamespace) -> None:
    again.write(edited, again.read(edited)[:2])
    (tmp_path / "b.csv").write_text("phone\n+12025550125\n+12025550199\n")
    with ls.clean(tmp_path / "b.csv", suppress=[edited]) as run:
        assert run.ledger["reasons"] == {"suppressed": 1}
        assert run.info["suppression"][0]["list"] == str(edited)
