"""A system that nobody built is added by a data file alone: read, answered, split and sent like the others."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from system_runs import HERE, hold, plain, read_expected, read_json, rejected_of, requests_of, require_valid

import leadsieve as ls
from leadsieve.cli import cli

PROFILE = HERE / "sixth.toml"
EXPECTED = read_expected("sixth")
HELD = {"9876543230": "pending", "9876543231": "completed", "9876543232": "busy", "9876543233": "failed"}


@pytest.fixture
def leads(tmp_path: Path) -> Path:
    """The file in its folder, beside the state with the campaign's contacts."""
    hold(tmp_path / "state.duckdb", "herbst-26", HELD, region="IN", folder=tmp_path)
    return Path(shutil.copyfile(HERE / "inputs" / "sixth.csv", tmp_path / "sixth.csv"))


def test_a_data_file_alone_makes_a_system(tmp_path: Path, leads: Path) -> None:
    out, state = tmp_path / "out", tmp_path / "state.duckdb"
    run = ls.clean(leads, profile=PROFILE, campaign="herbst-26", state=state, out=out, batches=True)
    info = read_json(out / "run.json")
    assert rejected_of(run) == EXPECTED["rejected"]
    assert {key: info["ledger"][key] for key in EXPECTED["ledger"]} == EXPECTED["ledger"]
    assert plain(info["answers"]) == EXPECTED["answers"]
    assert plain(requests_of(out, info)) == EXPECTED["requests"]
    assert info["contacts"] == EXPECTED["contacts"]
    assert (info["profile"], info["region"], info["settings"]["listName"]) == ("callbox", "IN", "herbst-26")
    require_valid(PROFILE, info["answers"])
    assert ls.verify(out, state=state).to_pylist() == []


def test_the_command_line_takes_the_file(tmp_path: Path, leads: Path) -> None:
    out = tmp_path / "out"
    command = [
        "clean",
        str(leads),
        "--profile",
        str(PROFILE),
        "--campaign",
        "herbst-26",
        "--state",
        str(tmp_path / "state.duckdb"),
    ]
    dry = CliRunner().invoke(cli, [*command, "--dry-run"])
    assert dry.exit_code == 0, dry.stderr
    assert EXPECTED["told"] in " ".join(dry.stdout.split())
    found = CliRunner().invoke(cli, [*command, "--out", str(out), "--batches", "--json"])
    assert found.exit_code == 0, found.stderr
    assert plain(json.loads(found.stdout)) == EXPECTED["answers"]["raw"]["body"]
    assert plain(requests_of(out, read_json(out / "run.json"))) == EXPECTED["requests"]
    shown = CliRunner().invoke(cli, ["profiles", str(PROFILE)])
    assert "three leads a push" in shown.output


@pytest.mark.parametrize(
    ("arguments", "text", "code", "answer"),
    [
        (["--set=listName=Herbst 26"], None, "invalid_option", {"fault": "list name", "allowed": "a-z 0-9 -"}),
        (["--set=listName="], None, "invalid_option", {"fault": "list name", "allowed": "a-z 0-9 -"}),
        ([], "Kunde;Ort\nAsha;Pune\nVikram;Delhi\n", "missing_phone_column", {"fault": "nothing to take"}),
        ([], "Anschluss,Kunde,a,b,c\n9876543210,Asha,1,2,3\n", "too_many_columns", None),
        (["--batches"], None, "invalid_option", None),
    ],
)
def test_its_refusals_are_its_own(
    tmp_path: Path, arguments: list[str], text: str | None, code: str, answer: dict[str, str] | None
) -> None:
    source = HERE / "inputs" / "sixth.csv"
    if text is not None:
        source = tmp_path / "leads.csv"
        source.write_text(text)
    found = CliRunner().invoke(cli, ["clean", str(source), "--profile", str(PROFILE), "--json", *arguments])
    told = json.loads(found.stdout)
    assert (told["code"], told["answer"]) == (code, answer)
    if "--batches" in arguments:
        assert "listName" in told["message"]
        assert "token" not in told["message"]


def test_a_copy_of_a_system_is_edited_into_another(tmp_path: Path) -> None:
    text = ls.profile_template("voicegenie")
    edited = text.replace('name = "voicegenie"', 'name = "mine"').replace("rows = 1_000 ", "rows = 2 ")
    assert edited != text
    (tmp_path / "mine.toml").write_text(edited, encoding="utf-8")
    (tmp_path / "leads.csv").write_text("phone\n9876543210\n9876543211\n9876543212\n")
    run = ls.clean(
        tmp_path / "leads.csv",
        profile=tmp_path / "mine.toml",
        region="IN",
        settings={"campaign_name": "Spring"},
        out=tmp_path / "out",
        batches=True,
    )
    assert run.info["profile"] == "mine"
    assert [item["rows"] for item in run.info["requests"]["items"]] == [2, 1]


def test_what_an_import_deletes_first_is_data_too_and_split_imports_are_refused(tmp_path: Path, leads: Path) -> None:
    text = PROFILE.read_text(encoding="utf-8")
    profile = tmp_path / "deleting.toml"
    profile.write_text(
        text.replace("[duplicates]\n", '[duplicates]\ndelete_first = ["failed", "busy"]\n'), encoding="utf-8"
    )
    options = {"profile": profile, "campaign": "herbst-26", "state": tmp_path / "state.duckdb", "out": tmp_path / "out"}
    with pytest.raises(ls.UsageError, match="failed and busy") as caught:
        ls.clean(leads, batches=True, **options)
    assert caught.value.code == "invalid_option"
    assert not (tmp_path / "out").exists()
    run = ls.clean(leads, **options)
    assert run.info["contacts"] == {
        "deleted": {"failed": 1, "busy": 1},
        "kept": {"pending": 1, "completed": 1},
        "added": 5,
    }
    assert run.summary["list"]["size"] == 7
    assert run.summary["list"]["dropped"] == 2
    (counted,) = ls.Campaigns(options["state"]).list().to_pylist()
    assert (counted["pending"], counted["completed"], counted["contacts"]) == (6, 1, 7)
