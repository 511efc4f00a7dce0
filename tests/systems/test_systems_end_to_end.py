"""Each system's messy file end to end, through the library and the command line, against results worked out by hand."""

from __future__ import annotations

import csv
import io
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result
from system_runs import (
    CASES,
    Case,
    Done,
    form_of,
    plain,
    prepare,
    read_json,
    rejected_of,
    requests_of,
    require_balance,
    require_valid,
)

import leadsieve as ls
from leadsieve.cli import cli


def answers_of(info: dict[str, Any]) -> Any:
    return plain(info["answers"])


def ledger_of(info: dict[str, Any]) -> dict[str, Any]:
    ledger = info["ledger"]
    return {
        key: ledger[key] for key in ("rows", "accepted", "rejected", "blank_records", "groups", "reasons", "warnings")
    }


def command(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["clean", *arguments])


def test_every_row_ends_where_it_should(done: Done) -> None:
    expected = done.case.expected
    assert rejected_of(done.run) == expected["rejected"]
    assert ledger_of(done.info) == expected["ledger"]


def test_the_answers_are_those_of_the_system(done: Done) -> None:
    expected = done.case.expected["answers"]
    assert answers_of(done.info) == expected
    assert plain(read_json(done.out / "summary.json")) == expected["raw"]["body"]
    assert plain(done.run.summary) == expected["raw"]["body"]
    require_valid(done.case.profile, done.info["answers"])


def test_the_requests_hold_the_accepted_rows_as_the_system_takes_them(done: Done) -> None:
    info, expected = done.info, done.case.expected
    assert plain(requests_of(done.out, info)) == expected["requests"]
    assert form_of(done.out) == expected["form"]
    assert info["requests"]["rows"] == expected["ledger"]["accepted"]
    ok = {"code": None, "status": ls.answer_schemas(done.case.profile)["ok"]["status"]}
    require_valid(
        done.case.profile, {item["file"]: ok | {"body": item["answer"]} for item in info["requests"]["items"]}
    )


def test_every_count_of_every_answer_adds_up_to_the_ledger(done: Done) -> None:
    require_balance(done.case.profile, done.info)


def test_the_campaign_holds_what_the_run_says(done: Done) -> None:
    contacts = done.info["contacts"]
    assert contacts == done.case.expected["contacts"]
    if contacts is not None:
        campaigns = {row["campaign"]: row for row in ls.Campaigns(done.sources.state).list().to_pylist()}
        found = campaigns[done.case.options["campaign"]]
        held = {**contacts["kept"], "pending": contacts["kept"].get("pending", 0) + contacts["added"]}
        assert {key: found[key] for key in held} == held
        assert found["contacts"] == sum(held.values())


def test_what_was_published_agrees_with_itself_and_with_the_state(done: Done) -> None:
    assert ls.verify(done.out, state=done.sources.state).to_pylist() == []


def test_the_whole_run_is_as_its_schema_says(done: Done) -> None:
    schema = json.loads(files("leadsieve").joinpath("run.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(done.info)


def test_the_timetable_names_every_request(done: Done) -> None:
    text = (done.out / "requests" / "timetable.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    items = done.info["requests"]["items"]
    assert [(row["file"], int(row["rows"]), int(row["bytes"])) for row in rows] == [
        (item["file"].removeprefix("requests/"), item["rows"], item["bytes"]) for item in items
    ]
    accepted = done.run.accepted.to_arrow().select(["lead_file", "lead_row"]).to_pylist()
    origins = [f"{row['lead_file']}:{row['lead_row']}" for row in accepted]
    assert (rows[0]["first_row"], rows[-1]["last_row"]) == (origins[0], origins[-1])


def test_the_command_line_gives_the_same_and_a_dry_run_says_so_beforehand(case: Case, tmp_path: Path) -> None:
    expected, sources, out = case.expected, prepare(case, tmp_path), tmp_path / "out"
    before = sources.state.read_bytes() if case.held else None
    said = command(*sources.arguments, *case.arguments, "--dry-run")
    dry = command(*sources.arguments, *case.arguments, "--dry-run", "--json")
    assert (said.exit_code, dry.exit_code) == (0, 0), said.stderr + dry.stderr
    assert not out.exists()
    assert (sources.state.read_bytes() if case.held else None) == before
    told, counts = " ".join(said.stdout.split()), expected["ledger"]
    assert f"{counts['rows']} rows: {counts['accepted']} accepted, {counts['rejected']} rejected" in told
    assert (expected["told"] or "") in told
    assert plain(json.loads(dry.stdout)) == expected["answers"]["raw"]["body"]

    found = command(*sources.arguments, *case.arguments, "--out", str(out), "--json", "--batches")
    assert found.exit_code == 0, found.stderr
    assert json.loads(found.stdout) == read_json(out / "summary.json")
    info = read_json(out / "run.json")
    assert plain(json.loads(found.stdout)) == expected["answers"]["raw"]["body"]
    assert ledger_of(info) == expected["ledger"]
    assert answers_of(info) == expected["answers"]
    assert plain(requests_of(out, info)) == expected["requests"]


@pytest.mark.parametrize(
    "case", [one for one in CASES if one.name == "ozonetel-body"], ids=["ozonetel-body"], indirect=True
)
def test_no_secret_is_taken_from_a_request_body(done: Done) -> None:
    written = [path for path in done.out.rglob("*") if path.is_file()]
    assert len(written) > 6
    assert not [path.name for path in written if b"KK0123456789secret" in path.read_bytes()]
