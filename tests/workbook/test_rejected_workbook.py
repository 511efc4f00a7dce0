"""`--format xlsx`: the rejected rows as a workbook to edit, beside files that hold all rows."""

import csv
import json
import os
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import leadsieve as ls
from leadsieve import holdings, workbook
from leadsieve.results import tell_run

LEADS = Path(__file__).parents[1] / "data" / "leads.csv"
SCHEMA = json.loads(files("leadsieve").joinpath("run.schema.json").read_text())
A, B = "+12025550123", "+12025550124"
OURS = ("lead_file", "lead_row", "lead_line", "lead_raw", "reject_reason", "reject_reasons")


def cells(path: Path) -> list[tuple[str, ...]]:
    """Read a workbook's cells, the header first."""
    return [tuple(value or "" for value in row) for row in openpyxl.load_workbook(path).active.values]


def comments(path: Path) -> dict[tuple[str, str], str]:
    """Read a workbook's comments, by `lead_row` and the column's name."""
    header, *rows = openpyxl.load_workbook(path).active.iter_rows()
    at = {cell.column: cell.value for cell in header}
    found = {("", at[cell.column]): cell.comment.text for cell in header if cell.comment}
    for row in rows:
        (number,) = (cell.value for cell in row if at[cell.column] == "lead_row")
        found |= {(number, at[cell.column]): cell.comment.text for cell in row if cell.comment}
    return found


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "a.csv").write_text(f"phone,name\n{A},x\n12,=1+1\n{B},z\n+1 2,w \n{A}\n")
    return tmp_path / "a.csv"


def test_the_workbook_is_a_copy_of_the_rejected_rows(tmp_path: Path) -> None:
    run = ls.clean(LEADS, region="IN", format="xlsx", out=tmp_path / "out")
    names = ["accepted.csv", "rejected.csv", "errors.csv", "summary.json", "rejected.xlsx"]
    assert [entry["name"] for entry in run.info["files"]] == names
    assert {one.name for one in (tmp_path / "out").iterdir()} == {*names, "run.json"}
    assert run.workbook == tmp_path / "out" / "rejected.xlsx"
    assert run.rejected.path.name == "rejected.csv"
    with run.rejected.path.open(newline="", encoding="utf-8") as file:
        assert cells(run.workbook) == list(map(tuple, csv.reader(file)))
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads((tmp_path / "out" / "run.json").read_text()))
    assert run.info["workbook"] == {
        "file": "rejected.xlsx",
        "rows": 32,
        "rejected": 32,
        "row_limit": 100_000,
        "left_out": 0,
        "note": None,
    }
    plain = ls.clean(LEADS, region="IN", format="csv", out=tmp_path / "plain")
    for name in names[:3]:
        assert (tmp_path / "plain" / name).read_bytes() == (tmp_path / "out" / name).read_bytes()
    assert (plain.workbook, plain.info["workbook"]) == (None, None)


def test_comments_say_what_the_errors_say(tmp_path: Path) -> None:
    run = ls.clean(LEADS, region="IN", format="xlsx", out=tmp_path / "out")
    rejected = set(run.rejected.to_arrow()["lead_row"].to_pylist())
    told: dict[tuple[str, str], list[str]] = {}
    for line in run.errors.to_arrow().to_pylist():
        if line["lead_row"] in rejected:
            place = (str(line["lead_row"]), line["column"] or "reject_reason")
            collides = f" ({line['collides_with']})" if line["collides_with"] else ""
            said = {"reject": "rejected", "warn": "warning"}[line["severity"]]
            told.setdefault(place, []).append(f"{said}: {line['message']}{collides}")
    assert comments(run.workbook) == {place: "\n".join(said) for place, said in told.items()}
    assert {column for _, column in told} == {"Mobile No", "Full Name", "Email Address", "reject_reason"}


def test_colours_are_of_the_worst_that_is_said_of_a_cell(tmp_path: Path, source: Path) -> None:
    with ls.clean(source, region="US", format="xlsx") as run:
        sheet = openpyxl.load_workbook(run.workbook).active
        fills = {cell.coordinate: cell.fill.fgColor.rgb for row in sheet for cell in row if cell.fill.fill_type}
        (rejected,) = {fills["A2"], fills["A3"], fills["G4"]}
        assert fills.keys() == {"A2", "A3", "B3", "G4"}
        assert fills["B3"] != rejected


def test_columns_renamed_in_the_outputs_and_missing_fields_have_their_comments(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("lead_row,score\n12,1\n")
    with ls.clean(tmp_path / "a.csv", map={"lead_row": "phone_number"}, region="US", format="xlsx") as run:
        assert cells(run.workbook)[0] == ("lead_row_source", "score", *OURS)
        assert comments(run.workbook) == {
            ("1", "lead_row_source"): "rejected: The phone number is too short for its country"
        }


def test_formulas_and_numbers_stay_text(tmp_path: Path) -> None:
    table = pa.table({"phone": ["12", "+1 3"], "n": [-5, 6], "=f": ["@x", None], "when": pa.array([0, 1], pa.date32())})
    pq.write_table(table, tmp_path / "a.parquet")
    with ls.clean(tmp_path / "a.parquet", region="US", format="xlsx") as run:
        assert [row[:4] for row in cells(run.workbook)] == [
            ("phone", "n", "'=f", "when"),
            ("12", "-5", "'@x", "1970-01-01"),
            ("'+1 3", "6", "", "1970-01-02"),
        ]
        sheet = openpyxl.load_workbook(run.workbook).active
        assert {cell.data_type for row in sheet for cell in row if cell.value} == {"s"}


@pytest.mark.parametrize("tuning", [{"chunk_bytes": 2000}, {"threads": 1}, {"threads": 4, "chunk_bytes": 4000}])
def test_the_bytes_depend_on_nothing_but_the_rows(tmp_path: Path, tuning: dict[str, Any]) -> None:
    shutil.copy(LEADS, tmp_path / "a.csv")
    one, other = (
        ls.clean([LEADS, tmp_path / "a.csv"], region="IN", format="xlsx", out=tmp_path / name, tuning=how)
        for name, how in (("one", {}), ("other", tuning))
    )
    assert one.workbook.read_bytes() == other.workbook.read_bytes()


def test_the_cap_is_named(tmp_path: Path) -> None:
    run = ls.clean(LEADS, region="IN", format="xlsx", out=tmp_path / "out", tuning={"xlsx_rows": 5})
    note = "rejected.xlsx has the first 5 of 32 rejected rows (xlsx_rows); rejected.csv has all"
    assert note in " ".join(tell_run(run.info)[-2:]).replace("    ", "")
    assert len(cells(run.workbook)) == 6
    assert comments(run.workbook)["", "Full Name"] == note
    told = {"rows": 5, "rejected": 32, "row_limit": 5, "left_out": 27, "note": note}
    assert run.info["workbook"] == {"file": "rejected.xlsx", **told}
    assert len(run.rejected) == 32
    # More rows are wanted: what stands is not enough.
    with pytest.raises(ls.OutputError):
        ls.clean(LEADS, region="IN", format="xlsx", out=tmp_path / "out")
    again = ls.clean(LEADS, region="IN", format="xlsx", out=tmp_path / "out", overwrite=True)
    assert (again.info["workbook"]["rows"], again.info["workbook"]["note"]) == (32, None)
    assert ls.clean(LEADS, region="IN", format="xlsx", out=tmp_path / "out", tuning={"xlsx_rows": 32}).repeated


@pytest.mark.parametrize("value", [0, 1_048_576, "many"])
def test_a_cap_that_excel_does_not_hold_is_refused(value: Any) -> None:
    with pytest.raises(ls.UsageError, match="xlsx_rows"):
        ls.Tuning(xlsx_rows=value)


def test_rows_that_excel_cannot_hold_are_left_out_and_told(tmp_path: Path) -> None:
    rows = ["12,x", f"13,{'y' * 40_000}", "14,z"]
    (tmp_path / "a.csv").write_text("\n".join(["phone,note", *rows, ""]))
    with ls.clean(tmp_path / "a.csv", region="US", format="xlsx") as run:
        assert [row[0] for row in cells(run.workbook)] == ["phone", "12", "14"]
        assert run.info["workbook"]["left_out"] == 1
        note = "rejected.xlsx has 3 rejected rows, but not 1 with a cell of more than Excel's 32,767 characters"
        assert run.info["workbook"]["note"] == f"{note}; rejected.csv has all"
        assert len(run.rejected) == 3
    with ls.clean(tmp_path / "a.csv", region="US", format="xlsx", tuning={"xlsx_rows": 2}) as run:
        assert [row[0] for row in cells(run.workbook)] == ["phone", "12"]
        assert "the first 2 of 3 rejected rows (xlsx_rows), but not 1 with" in run.info["workbook"]["note"]


def test_more_columns_than_excel_has(source: Path, monkeypatch) -> None:
    monkeypatch.setattr(workbook, "MOST_COLUMNS", 7)
    with ls.clean(source, region="US", format="xlsx") as run:
        assert cells(run.workbook) == [OURS]
        note = "rejected.xlsx has none of 3 rejected rows: 8 columns are more than Excel's 7; rejected.csv has all"
        assert run.info["workbook"]["note"] == note
        assert comments(run.workbook) == {("", "lead_file"): note}


def test_a_run_that_rejects_nothing_has_a_workbook_without_rows(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"phone\n{A}\n")
    with ls.clean(tmp_path / "a.csv", format="xlsx") as run:
        assert cells(run.workbook) == [("phone", *OURS)]
        assert not any("xlsx" in line for line in tell_run(run.info))


def test_verify_looks_at_the_workbook(tmp_path: Path, source: Path) -> None:
    run = ls.clean(source, region="US", format="xlsx", out=tmp_path / "out")
    assert ls.verify(tmp_path / "out").num_rows == 0
    run.workbook.write_bytes(run.workbook.read_bytes() + b"x")
    (found,) = ls.verify(tmp_path / "out").to_pylist()
    assert found["where"].endswith("rejected.xlsx")
    assert "bytes" in found["problem"]


def test_a_standing_run_has_what_is_wanted_of_it(tmp_path: Path, source: Path) -> None:
    options = {"out": tmp_path / "out", "region": "US"}
    ls.clean(source, format="csv", **options)
    with pytest.raises(ls.OutputError):
        ls.clean(source, format="xlsx", **options)
    first = ls.clean(source, format="xlsx", overwrite=True, **options)
    again = ls.clean(source, format="xlsx", **options)
    assert again.repeated
    assert again.workbook == first.workbook
    # A workbook that was not asked for again is left where it is.
    assert ls.clean(source, format="csv", **options).repeated


def test_a_campaigns_run_is_published_anew_with_the_same_workbook(tmp_path: Path, source: Path) -> None:
    options = {"campaign": "c", "state": tmp_path / "s.duckdb", "region": "US", "format": "xlsx"}
    first = ls.clean(source, out=tmp_path / "one", **options)
    second = ls.clean(source, out=tmp_path / "two", **options)
    assert second.repeated
    assert second.workbook.read_bytes() == first.workbook.read_bytes()
    assert ls.verify(tmp_path / "two", state=tmp_path / "s.duckdb").num_rows == 0


def test_what_failed_keeps_its_workbook(tmp_path: Path, source: Path) -> None:
    with pytest.raises(ls.TooManyRejected, match="the rejected rows are in"):
        ls.clean(source, out=tmp_path / "out", region="US", format="xlsx", fail_over=0.0)
    failed = tmp_path / "out.failed"
    names = {one.name for one in failed.iterdir()}
    assert names == {"rejected.csv", "rejected.xlsx", "errors.csv", "summary.json", "run.json"}
    assert len(cells(failed / "rejected.xlsx")) == 4
    assert ls.verify(failed).num_rows == 0


def test_a_run_that_publishes_nothing_has_it_in_its_own_folder(source: Path) -> None:
    run = ls.clean(source, region="US", format="xlsx", dry_run=True)
    path = run.workbook
    assert path.parent == run.rejected.path.parent
    assert len(cells(path)) == 4
    run.close()
    assert not path.exists()


@pytest.mark.parametrize("digits", ["81234", "8123400101", "19999"])
def test_a_forgotten_number_is_found_in_it(tmp_path: Path, digits: str) -> None:
    (tmp_path / "a.csv").write_text("phone,name\n8123400101 / 8123400102,\n81,81\u066234\n19999,x\n")
    run = ls.clean(tmp_path / "a.csv", region="IN", format="xlsx", out=tmp_path / "out")
    found = holdings.find_holdings([(run.info["run_id"], str(tmp_path / "out"))], digits).to_pylist()
    told = {Path(row["path"]).name: (row["rows"], row["first_rows"]) for row in found}
    assert not any(row["note"] for row in found)
    rows = {"81234": [2, 3], "8123400101": [2], "19999": [4]}[digits]
    assert told["rejected.xlsx"] == (len(rows), ", ".join(f"row {row}" for row in rows))
    assert told["rejected.csv"][0] == len(rows)


def test_the_command_writes_it_and_says_so(tmp_path: Path, source: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "leadsieve", "clean", "a.csv", "--region", "US", "--format", "xlsx", "--out", "out"],
        cwd=tmp_path,
        env={**os.environ, "LEADSIEVE_XLSX_ROWS": "2"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = "rejected.xlsx has the first 2 of 3 rejected rows (xlsx_rows); rejected.csv has\n    all\n"
    assert said in done.stdout
    assert max(map(len, done.stdout.splitlines()[:-1])) <= 80
    assert (tmp_path / "out" / "rejected.xlsx").exists()


def test_it_is_uploaded(source: Path) -> None:
    with ls.clean(source, region="US", format="xlsx", out="memory://workbooks/out") as run:
        assert len(cells(run.workbook)) == 4
        assert [entry["name"].rpartition("/")[2] for entry in run.info["files"]][-1] == "rejected.xlsx"
        with ls.clean(source, region="US", format="xlsx", out="memory://workbooks/out") as again:
            assert again.repeated
            assert again.workbook.read_bytes() == run.workbook.read_bytes()
    assert ls.verify("memory://workbooks/out").num_rows == 0
