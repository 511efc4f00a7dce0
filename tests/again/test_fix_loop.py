"""The fix loop as a person goes through it: a file that fails in five ways, corrected in Excel, and nothing is left."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pyarrow.csv
import pytest
from click.testing import CliRunner, Result

from leadsieve.cli import cli

VENDOR = """Mobile No,Full Name,E-mail
9876543210,Asha Rao,asha@example.com
9.19E+11,Vikram Shah,vikram@example.com
98765 4321,Meera Nair,meera@example.com
,Rohan Das,rohan@example.com
9812345679 / 9812345670,Latha,latha@example.com
9812345672,Nila,nila@example.com
9812345673,Om,om@example.com,surplus
"""
#: The vendor's row to what is wrong with it, and what the person types into which columns of the workbook.
FAILURES = {
    2: ("lossy_phone", {"Mobile No": "919812345671"}),
    3: ("invalid_phone", {"Mobile No": "98765 43211"}),
    4: ("missing_phone", {"Mobile No": "+91 98765 43212"}),
    5: ("multiple_phones", {"Mobile No": "9812345679"}),
    7: ("malformed_row", {"Mobile No": "9812345673", "Full Name": "Om", "E-mail": "om@example.com"}),
}


def _clean(*arguments: str) -> Result:
    found = CliRunner().invoke(
        cli, ["clean", *arguments, "--region", "IN", "--campaign", "expo", "--state", "s.duckdb"]
    )
    assert found.exit_code == 0, found.output
    return found


def _rows(path: str) -> dict[int, dict[str, str]]:
    rows = pyarrow.csv.read_csv(path).to_pylist()
    return {row["lead_row"]: row for row in rows}


def test_all_five_failures_are_corrected_in_the_workbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("vendor.csv").write_text(VENDOR)
    said = _clean("vendor.csv", "--format", "xlsx", "--out", "first")
    assert "7 rows: 2 accepted, 5 rejected" in said.stdout
    assert {row: what["reject_reason"] for row, what in _rows("first/rejected.csv").items()} == {
        row: reason for row, (reason, _) in FAILURES.items()
    }

    book = openpyxl.load_workbook("first/rejected.xlsx")
    sheet = book.active
    names = {cell.value: cell.column for cell in sheet[1]}
    for row in range(2, sheet.max_row + 1):
        number = int(sheet.cell(row, names["lead_row"]).value)
        marked = [cell for cell in sheet[row] if cell.comment is not None]
        assert marked, f"no cell of row {number} says what is wrong"
        for name, text in FAILURES[number][1].items():
            sheet.cell(row, names[name]).value = text
    book.save("corrected.xlsx")

    said = _clean("corrected.xlsx", "--format", "csv", "--out", "second")
    assert "5 rows: 5 accepted, 0 rejected" in said.stdout
    assert "5 rejected rows judged again: 5 corrected, 0 still rejected" in said.stdout
    first, second = _rows("first/accepted.csv"), _rows("second/accepted.csv")
    assert (sorted(first), sorted(second)) == ([1, 6], sorted(FAILURES))
    assert {row["lead_file"] for row in second.values()} == {"vendor.csv"}
    assert second[7]["name"] == "Om"
    ledger = json.loads(Path("second/run.json").read_text())["ledger"]
    assert (ledger["judged_again"], ledger["corrected"]) == (5, 5)
    listed = CliRunner().invoke(cli, ["campaign", "list", "--state", "s.duckdb", "--json"])
    assert [campaign["contacts"] for campaign in json.loads(listed.stdout)] == [7]
