"""Rejected files: made by real runs, edited as people and their programs edit them."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import openpyxl
import pytest

import leadsieve as ls

LEADS = (
    "phone,name,note\n"
    "+12025550123,Ann,first\n"
    '12,=Bob,"two\nlines"\n'
    ",Cid,\n"
    "1,2\n"
    ",,\n"
    '+1 20x,"\'+Dee",@home\n'
    "+12025550124,Eve,-\n"
    "13,'Fay,'\n"
)
OWN = ("lead_file", "lead_row", "lead_line", "lead_raw", "reject_reason", "reject_reasons")


def _rejected(folder: Path, text: str = LEADS, *, name: str = "leads.csv", kind: str = "csv", **options: Any) -> Path:
    """Clean a file, and return its rejected file."""
    (folder / name).write_text(text)
    with ls.clean(folder / name, out=folder / f"{name}-out", format=kind, **{"region": "US", **options}):
        return folder / f"{name}-out" / f"rejected.{kind}"


def _read(path: Path, delimiter: str = ",", encoding: str = "utf-8") -> list[dict[str, str]]:
    with path.open(newline="", encoding=encoding) as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def _write(
    path: Path, rows: Iterable[Mapping[str, Any]], *, delimiter: str = ",", encoding: str = "utf-8", end: str = "\n"
) -> Path:
    rows = list(rows)
    with path.open("w", newline="", encoding=encoding) as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=delimiter, lineterminator=end)
        writer.writeheader()
        writer.writerows(rows)
    return path


def _workbook(path: Path, rows: Iterable[Mapping[str, Any]], *, notes: bool = False) -> Path:
    rows, book = list(rows), openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "rejected"
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append([None if value == "" else value for value in row.values()])
    for line in sheet.iter_rows():
        for cell in line:
            if isinstance(cell.value, str):
                cell.data_type = "s"
    if notes:
        book.create_sheet("notes").append(["mine"])
    book.save(path)
    return path


def _values(part: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = part.to_arrow().to_pylist()
    return rows


@pytest.fixture(scope="session")
def again() -> SimpleNamespace:
    """The helpers of these tests by their names."""
    helpers: Mapping[str, Callable[..., Any]] = {
        "rejected": _rejected,
        "read": _read,
        "write": _write,
        "workbook": _workbook,
        "values": _values,
    }
    return SimpleNamespace(**helpers, LEADS=LEADS, OWN=OWN)
