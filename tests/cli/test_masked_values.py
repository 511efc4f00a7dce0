"""No name, address or number of a lead stands on a terminal or in a log, whatever the command and however it ends."""

import json
import re

import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from click.testing import CliRunner

import leadsieve as ls
from leadsieve.cli import cli, main

NAME, MAIL, NUMBER = "Zebulon Quagmire", "zq@quagmire.example", "98765 01234"
GOOD = f'phone,name,email\n{NUMBER},"{NAME}",{MAIL}\n'
# Beside a good lead: damage of every kind in cells that hold the markers.
LEADS = (
    GOOD
    + f'{NUMBER},"{NAME}",{MAIL}\n'
    + f'{NUMBER} {NAME},"{NAME}",{NAME}\n'
    + f"{NUMBER}12345, {NAME} ,{MAIL} {NAME}\n"
    + f'{NUMBER},"{NAME}",{MAIL},{NAME}\n'
    + f'{NUMBER} / 9876501235,"{NAME}","{NAME}\n'
)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LEADSIEVE_STATE", raising=False)
    texts = {
        "a.csv": LEADS,
        "bare.csv": f"{NUMBER},{NAME},{MAIL}\n" * 3,
        "no_phone.csv": f"town,name\nRome,{NAME}\n",
        "words.csv": f"phone\n{NAME}\n{NUMBER} {NAME}\n",
        "broken.json": f'[{{"phone": "{NUMBER}", "name": "{NAME}" "{MAIL}"}}]',
        "lines.jsonl": f'{{"phone": "{NUMBER}", "name": "{NAME}"}}\n{{"phone": "{NUMBER}", "name": {NAME}}}\n',
        "list.csv": "phone,status\n" + "".join(f"98765{at:05},done\n" for at in range(200)) + f"{NAME} {MAIL},done\n",
        "results.csv": f"phone,name,status\n{NUMBER},{NAME},completed\n",
        "p.txt": "{{name}} {{email}}",
        "rules.toml": f'[profile]\nname = "{NAME}',
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    book = openpyxl.Workbook()
    for row in (["phone", "name"], [NUMBER, NAME], [9876501234, NAME], ["=1/0", NAME]):
        book.active.append(row)
    book.save(tmp_path / "book.xlsx")
    return tmp_path


COMMANDS = [
    "clean a.csv --region IN --out out --format csv --campaign c --prompt p.txt",
    "clean a.csv book.xlsx lines.jsonl --region IN --dry-run",
    "clean a.csv --region IN --dry-run --fail-over 0 --fail-over invalid_phone=0",
    "clean a.csv --dry-run",
    "clean words.csv --dry-run",
    "clean bare.csv --region IN --dry-run",
    "clean no_phone.csv --dry-run",
    "clean broken.json --region IN --dry-run",
    "clean a.csv --region IN --dry-run --map email=phone_number",
    "clean a.csv --region IN --dry-run --region-column name",
    "clean a.csv --region IN --dry-run --suppress list.csv",
    "clean a.csv --region IN --dry-run --suppress words.csv",
    "inspect a.csv book.xlsx lines.jsonl --region IN",
    "inspect a.csv bare.csv no_phone.csv words.csv",
    "inspect a.csv bare.csv --json",
    "mappings",
    "mappings --forget 0",
    "profiles",
    "profiles voicegenie",
    "campaign list",
    "campaign show c",
    "campaign mark c results.csv --region IN",
    "campaign mark c list.csv --region IN",
    "campaign mark c list.csv --region IN --word done=failed",
    "campaign history c",
    "campaign history --number 9876501234 --region IN",
    "campaign history --number 9876501234x99999999999",
    "campaign export c --to contacts.csv",
    "campaign check",
    "suppress add dnc list.csv --region IN",
    "suppress add dnc words.csv --region IN",
    "suppress list",
    "explain out 1",
    "explain out 2 --json",
    "explain out 99",
    "verify out",
    "campaign forget 9876501234 --region IN --suppress",
    "verify out",
    "campaign undo 000000000000",
    "suppress remove dnc",
]


def _leaks(shown):
    letters = re.sub(r"[^a-z]", "", shown.casefold())
    digits = re.sub(r"[ .()+-]", "", shown)
    return [mark for mark in ("zebulon", "quagmire") if mark in letters] + [d for d in ("9876501234",) if d in digits]


def test_no_command_shows_personal_data(folder):
    codes = {}
    for command in COMMANDS:
        found = CliRunner().invoke(cli, command.split())
        assert found.stdout or found.stderr, command
        assert not _leaks(found.stdout + found.stderr), (command, found.stdout, found.stderr)
        codes.setdefault(found.exit_code, []).append(command)
    # The commands came as far as they should: successes and refusals of several kinds.
    assert {code: len(commands) for code, commands in codes.items()} == {0: 27, 1: 1, 2: 5, 3: 6, 4: 1}, codes


def test_damaged_outputs_are_told_without_their_cells(folder):
    CliRunner().invoke(cli, ["clean", "a.csv", "--region", "IN", "--out", "out", "--format", "csv"])
    accepted = folder / "out" / "accepted.csv"
    accepted.write_text(accepted.read_text().replace("lead_row\n", 'lead_row\n"', 1) + f"{NAME},{MAIL},1\n")
    found = CliRunner().invoke(cli, ["verify", "out"])
    assert found.exit_code == 4
    assert not _leaks(found.stdout + found.stderr)


def test_data_files_hold_the_cells_as_they_came(folder):
    CliRunner().invoke(cli, ["clean", "a.csv", "--region", "IN", "--out", "out", "--format", "csv"])
    for name in ("accepted.csv", "rejected.csv", "errors.csv"):
        assert NAME in (folder / "out" / name).read_text()


def test_inspect_shows_examples_in_full_where_it_is_told_to(folder):
    masked = CliRunner().invoke(cli, ["inspect", "a.csv", "--region", "IN"]).stdout
    assert "******* ********" in masked
    shown = CliRunner().invoke(cli, ["inspect", "a.csv", "--region", "IN", "--show-values"]).stdout
    assert NAME in shown
    assert NUMBER in shown
    told = json.loads(CliRunner().invoke(cli, ["inspect", "a.csv", "--region", "IN", "--show-values", "--json"]).stdout)
    (inspection,) = ls.inspect("a.csv", region="IN")
    assert told == [json.loads(json.dumps(inspection.to_dict()))]
    assert NAME in inspection.columns[1].examples


def _failing():
    yield pa.record_batch({"phone": [NUMBER]})
    raise ValueError(f"what is '{NAME}'? or {NUMBER.replace(' ', '')}?")


@pytest.mark.parametrize(
    "frame",
    [
        pl.LazyFrame({"phone": [NUMBER], "more": [NAME]}).with_columns(pl.col("more").cast(pl.Int64)),
        pl.DataFrame({"phone": [NUMBER], "more": [NAME.encode() + b"\xff"]}),
        _failing(),
    ],
)
def test_a_frame_that_cannot_be_read_is_refused_without_its_cells(frame):
    with pytest.raises(ls.LeadsieveError) as caught:
        ls.clean(frame, region="IN")
    assert not _leaks(caught.value.message)


@pytest.mark.parametrize("given_", [NUMBER, [NUMBER, 1, NAME], pd.Series([1, NAME])])
def test_what_is_no_array_of_strings_is_refused_without_its_cells(given_):
    with pytest.raises(ls.UsageError) as caught:
        ls.normalize_phones(given_, "IN")
    assert not _leaks(caught.value.message)


def test_a_defect_of_ours_is_told_by_its_place_and_not_by_what_it_says(monkeypatch, capsys):
    def broken(*_args, **_options):
        raise RuntimeError(f"cannot take {NAME}")

    monkeypatch.setattr(ls, "clean", broken)
    monkeypatch.setattr("sys.argv", ["leadsieve", "clean", "a.csv"])
    monkeypatch.delenv("LEADSIEVE_DEBUG", raising=False)
    with pytest.raises(SystemExit) as caught:
        main()
    shown = capsys.readouterr().err
    assert (caught.value.code, _leaks(shown)) == (70, [])
    assert shown.startswith("leadsieve: internal_error: RuntimeError in test_masked_values.py, line ")
