"""What is told where the source is gone, changed, of another format, or one of several; and what is never shown."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
from click.testing import CliRunner
from explain_runs import number_of, require_agreement, said_of_rows, told

import leadsieve as ls
from leadsieve.cli import cli

ROWS = [
    {"phone": "8123456701", "name": "Zebulon Quagmire"},
    {"phone": "12", "name": "Zebulon Quagmire"},
    {"phone": "'8123456702", "name": " Zebulon "},
    {"phone": "+91 81234 56701", "name": "Zebulon"},
]


def _csv(path: Path) -> None:
    path.write_text("phone,name\n" + "".join(f"{row['phone']},{row['name']}\n" for row in ROWS))


def _xlsx(path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "May leads"
    book.active.append(list(ROWS[0]))
    for row in ROWS:
        book.active.append(list(row.values()))
    book.create_sheet("Notes").append(["nothing"])
    book.save(path)


_WRITERS = {
    "leads.csv": _csv,
    "leads.jsonl": lambda path: path.write_text("".join(json.dumps(row) + "\n" for row in ROWS)),
    "leads.json": lambda path: path.write_text(json.dumps({"data": {"leads": ROWS}})),
    "leads.xlsx": _xlsx,
    "leads.parquet": lambda path: pl.DataFrame(ROWS).write_parquet(path),
}


@pytest.mark.parametrize("name", _WRITERS)
@pytest.mark.parametrize("format_", ["parquet", "csv"])
def test_sources_of_every_format_are_read_again(tmp_path: Path, name: str, format_: Any) -> None:
    _WRITERS[name](tmp_path / name)
    more = {"sheet": "May leads"} if name.endswith("xlsx") else {}
    run = ls.clean(tmp_path / name, region="IN", out=tmp_path / "out", format=format_, **more)
    codes = require_agreement(run, tmp_path / "out")
    assert codes == {"invalid_phone", "repaired_phone", "trimmed_value", "duplicate_in_file"}
    if name.endswith("xlsx"):
        assert told(ls.explain(tmp_path / "out", 2), "row of the sheet") == ["3"]


@pytest.fixture
def published(tmp_path: Path) -> Path:
    _csv(tmp_path / "leads.csv")
    ls.clean(tmp_path / "leads.csv", region="IN", out=tmp_path / "out")
    return tmp_path


def _remove(source: Path) -> None:
    source.unlink()


def _change(source: Path) -> None:
    source.write_text(source.read_text().replace("8123456701", "8123456709"))


@pytest.mark.parametrize(("spoil", "said"), [(_remove, "no such file"), (_change, "the source has changed")])
def test_without_its_source_what_the_outputs_hold_is_told(published: Path, spoil: Any, said: str) -> None:
    spoil(published / "leads.csv")
    accepted, rejected = ls.explain(published / "out", 1), ls.explain(published / "out", 4)
    for found in (accepted, rejected):
        assert not found.judged_again
        assert len(found.notes) == 1
        assert said in found.notes[0]
    values = {step.label: step.value for step in accepted.steps}
    assert (values["phone_number"], values["name"]) == ("+918123456701", "Zebulon Quagmire")
    assert (rejected.reasons, rejected.lead_line) == (("duplicate_in_file",), 5)
    assert {step.label: step.value for step in rejected.steps}["phone"] == "+91 81234 56701"
    assert told(rejected, "duplicate") == [f"yes: it collides with {published}/leads.csv, row 1, which came first"]


def test_a_frame_cannot_be_read_again(tmp_path: Path) -> None:
    ls.clean(pl.DataFrame(ROWS), region="IN", out=tmp_path / "out")
    found = ls.explain(tmp_path / "out", 2)
    assert (found.reasons, found.judged_again) == (("invalid_phone",), False)
    assert "frame in memory" in found.notes[0]


def test_other_versions_and_other_verdicts_are_said(published: Path) -> None:
    path = published / "out" / "run.json"
    info = json.loads(path.read_text())
    info["versions"]["phonenumbers"] = "8.0.0"
    info["region"] = "DE"
    path.write_text(json.dumps(info))
    found = ls.explain(published / "out", 1)
    assert found.accepted
    assert found.notes[0].startswith("the run was made with phonenumbers 8.0.0, and this is ")
    assert found.notes[1].endswith("the outputs are what counts")


def test_a_file_of_several_is_named_by_its_end(tmp_path: Path) -> None:
    for folder in ("north", "south"):
        (tmp_path / folder).mkdir()
        _csv(tmp_path / folder / "leads.csv")
    sources = [tmp_path / folder / "leads.csv" for folder in ("north", "south")]
    ls.clean(sources, region="IN", out=tmp_path / "out")
    assert ls.explain(tmp_path / "out", 1, "south/leads.csv").reasons == ("duplicate_in_run",)
    assert ls.explain(tmp_path / "out", 1, str(sources[0])).accepted
    for file, said in ((None, "--file"), ("leads.csv", "give more of the name"), ("east.csv", "is no file")):
        with pytest.raises(ls.UsageError, match=said) as caught:
            ls.explain(tmp_path / "out", 1, file)
        assert "north/leads.csv" in caught.value.message
        assert "south/leads.csv" in caught.value.message


@pytest.mark.parametrize("row", [0, -1, 5, True, "1", 1.0])
def test_a_row_that_is_none_is_refused_with_the_range(published: Path, row: Any) -> None:
    with pytest.raises(ls.UsageError, match="its rows are 1 to 4"):
        ls.explain(published / "out", row)


def test_a_run_that_was_not_published_is_explained_from_what_was_kept(tmp_path: Path) -> None:
    _csv(tmp_path / "leads.csv")
    with pytest.raises(ls.TooManyRejected):
        ls.clean(tmp_path / "leads.csv", region="IN", out=tmp_path / "out", fail_over=0)
    with pytest.raises(ls.UsageError, match=re.escape(f"{tmp_path}/out.failed ROW")):
        ls.explain(tmp_path / "out", 1)
    assert ls.explain(tmp_path / "out.failed", 2).reasons == ("invalid_phone",)
    found = ls.explain(tmp_path / "out.failed", 1)
    assert (found.accepted, found.notes, number_of(found)) == (True, (), "+918123456701")
    assert told(found, "verdict")[0] == "accepted, but its run was not published"


def test_rows_of_a_rejected_file_keep_their_numbers(tmp_path: Path) -> None:
    _csv(tmp_path / "leads.csv")
    first = ls.clean(tmp_path / "leads.csv", region="IN", out=tmp_path / "out", format="csv")
    mended = (tmp_path / "out" / "rejected.csv").read_text().replace("\n12,", "\n8123456712,")
    (tmp_path / "mended.csv").write_text(mended)
    ls.clean(tmp_path / "mended.csv", region="IN", out=tmp_path / "again")
    found = ls.explain(tmp_path / "again", 2)
    assert (found.accepted, found.notes, number_of(found)) == (True, (), "+918123456712")
    assert found.lead_file == str(tmp_path / "leads.csv")
    assert "mended.csv" in told(found, "restored from")[0]
    assert first.ledger["rejected"] == 2
    assert told(found, "line of the file") == ["3"]
    with pytest.raises(ls.UsageError, match="is not among the 2 rows"):
        ls.explain(tmp_path / "again", 1)


def test_a_row_of_a_workbook_of_rejected_rows_has_the_line_of_its_first_file(tmp_path: Path) -> None:
    _csv(tmp_path / "leads.csv")
    ls.clean(tmp_path / "leads.csv", region="IN", out=tmp_path / "out", format="xlsx")
    ls.clean(tmp_path / "out" / "rejected.xlsx", region="IN", out=tmp_path / "again")
    found = ls.explain(tmp_path / "again", 2)
    assert (told(found, "line of the file"), told(found, "row of the sheet")) == (["3"], [])


def test_the_request_and_the_window_of_a_row_are_told(tmp_path: Path) -> None:
    rows = "".join(f"{8123456700 + at},n\n" for at in range(1100))
    (tmp_path / "leads.csv").write_text("phone,name\n12,n\n" + rows)
    given = {"settings": {"userName": "me", "campaignName": "c"}, "batches": True, "calling_hours": "09:00-20:00"}
    run = ls.clean(tmp_path / "leads.csv", profile="ozonetel", region="IN", out=tmp_path / "out", **given)
    assert len(run.info["requests"]["items"]) == 3
    found = ls.explain(tmp_path / "out", 502)
    assert told(found, "request") == [f"{run.info['requests']['items'][1]['file']}, number 2 of 3: contact 1 in it"]
    assert told(found, "time zones") == ["Asia/Calcutta"]
    assert told(found, "length")[0].startswith("within it; the target system takes 2,000 characters")
    assert told(ls.explain(tmp_path / "out", 1), "request") == []


@pytest.mark.parametrize("format_", ["parquet", "csv"])
def test_a_row_is_found_in_any_row_group_and_at_a_url(tmp_path: Path, format_: Any) -> None:
    numbers = {"a.csv": range(10, 50), "b.csv": range(30, 70)}
    for name, of_file in numbers.items():
        (tmp_path / name).write_text("phone\n" + "".join(f"81234567{at}\n12\n" for at in of_file))
    url = f"memory://explained-{format_}/out"
    sources = [tmp_path / name for name in numbers]
    run = ls.clean(sources, region="IN", out=url, format=format_, tuning={"row_group_rows": 7})
    assert require_agreement(run, url, every=13) == {"invalid_phone", "duplicate_in_run"}
    assert told(ls.explain(url, 1, "b.csv"), "duplicate") == [
        f"yes: it collides with {tmp_path}/a.csv, row 41, which came first"
    ]


def test_a_user_s_files_must_be_those_of_the_run(tmp_path: Path, messy: tuple[ls.Run, Path]) -> None:
    out, mine = messy[1] / "out", messy[1] / "mine.toml"
    (tmp_path / "others.py").write_text((messy[1] / "rules.py").read_text() + "\n")
    plain = ls.explain(out, 24, "messy.csv", profile=mine)
    assert (plain.reasons, plain.judged_again) == (("check_failed",), True)
    assert [note for note in plain.notes if "--schema FILE" in note] == list(plain.notes)
    with pytest.raises(ls.UsageError, match="had another one"):
        ls.explain(out, 1, "messy.csv", schema=tmp_path / "others.py")
    for profile in (None, "plain"):
        found = ls.explain(out, 24, "messy.csv", profile=profile)
        assert (found.reasons, found.judged_again) == (("check_failed",), False)
        assert "--profile FILE" in found.notes[0]


def _leaks(shown: str) -> bool:
    letters, digits = re.sub("[^a-z]", "", shown.casefold()), re.sub(r"[ .()+'-]", "", shown)
    return any(mark in letters for mark in ("zebulon", "quagmire")) or "81234567" in digits


def test_no_row_is_shown_unmasked_unless_that_is_asked_for(messy: tuple[ls.Run, Path]) -> None:
    run, folder = messy
    out, mine, leaks = folder / "out", folder / "mine.toml", 0
    for file, row in said_of_rows(run):
        explanation = ls.explain(out, row, file, profile=mine)
        leaks += _leaks(json.dumps(explanation.to_dict()))
        hidden = json.dumps(explanation.masked().to_dict(), ensure_ascii=False)
        assert not _leaks(hidden + repr(explanation) + explanation._repr_html_()), (file, row)
    assert leaks > 25
    for row in (1, 11, 29):
        words = ["explain", str(out), str(row), "--file", "messy.csv", "--profile", str(mine)]
        for more in ([], ["--json"]):
            found = CliRunner().invoke(cli, [*words, *more])
            assert found.exit_code == 0, found.stderr
            assert not _leaks(found.stdout + found.stderr), row
            assert _leaks(CliRunner().invoke(cli, [*words, *more, "--show-values"]).stdout)
    shown = CliRunner().invoke(cli, [*words, "--show-values", "--json"])
    assert json.loads(shown.stdout) == ls.explain(out, 29, "messy.csv", profile=mine).to_dict()


def test_what_a_cell_holds_commands_neither_terminal_nor_notebook(tmp_path: Path) -> None:
    nasty = "\x1b[2J\u202e<script>alert(1)</script>"
    (tmp_path / "leads.csv").write_text(f'phone,{nasty}\n8123456701,"{nasty}\n  phone: fine"\n')
    ls.clean(tmp_path / "leads.csv", region="IN", out=tmp_path / "out")
    words = ["explain", str(tmp_path / "out"), "1", "--show-values"]
    shown = CliRunner().invoke(cli, words).stdout
    assert all(line.isprintable() for line in shown.split("\n"))
    assert "\n  phone: fine" not in shown
    html = ls.explain(tmp_path / "out", 1)._repr_html_()
    assert "<script" not in html
    assert "\x1b" not in html


def test_failures_of_the_command_are_one_line(tmp_path: Path, published: Path) -> None:
    out = str(published / "out")
    for words, said in (
        ([str(tmp_path / "none"), "1"], "holds no run"),
        ([out, "9"], "its rows are 1 to 4"),
        ([out, "one"], "'one' is not a valid integer"),
    ):
        found = CliRunner().invoke(cli, ["explain", *words])
        assert found.exit_code == 2
        assert said in found.stderr
    errors = published / "out" / "errors.parquet"
    for spoil in (
        lambda: pl.DataFrame({"lead_file": ["a"]}).write_parquet(errors),
        lambda: errors.write_bytes(b"PAR1"),
    ):
        spoil()
        found = CliRunner().invoke(cli, ["explain", out, "1"])
        assert (found.exit_code, found.stderr.count("\n")) == (5, 1)
