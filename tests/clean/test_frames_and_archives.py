"""Frames, workbooks, archives and files of several formats go through the same door as a CSV file."""

from __future__ import annotations

import gzip
import json
import zipfile

import duckdb
import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

import leadsieve as ls

ROWS = {"phone": ["+14155550100", "12", "+14155550101"], "name": ["Ann", "Bob", "Eve"]}
TEXT = "phone,name\n+14155550100,Ann\n12,Bob\n+14155550101,Eve\n"
TABLE = pa.table(ROWS)


def _batches():
    yield from TABLE.to_batches(max_chunksize=2)


FRAMES = {
    "pandas": lambda: pd.DataFrame(ROWS),
    "polars": lambda: pl.DataFrame(ROWS),
    "lazy": lambda: pl.DataFrame(ROWS).lazy(),
    "table": lambda: TABLE,
    "batch": lambda: TABLE.to_batches()[0],
    "batches": lambda: TABLE.to_batches(max_chunksize=1),
    "generator": _batches,
    "reader": lambda: pa.RecordBatchReader.from_batches(TABLE.schema, TABLE.to_batches()),
    "relation": lambda: duckdb.from_arrow(TABLE),
}


def workbook(path):
    book = openpyxl.Workbook()
    book.active.title = "Leads"
    for row in [["phone", "name"], [14155550100, "Ann"], [12, "Bob"], ["+14155550101", "Eve"]]:
        book.active.append(row)
    book.save(path)


WRITERS = {
    "a.csv.gz": lambda path: path.write_bytes(gzip.compress(TEXT.encode())),
    "a.csv.zst": lambda path: path.write_bytes(pa.compress(TEXT.encode(), "zstd", asbytes=True)),
    "a.json": lambda path: path.write_text(json.dumps(TABLE.to_pylist())),
    "a.parquet": lambda path: pq.write_table(TABLE, path),
    "a.feather": lambda path: feather.write_feather(TABLE, path),
    "a.xlsx": workbook,
}


def check(run: ls.Run) -> None:
    assert run.accepted.to_arrow().column("phone_number").to_pylist() == ["+14155550100", "+14155550101"]
    assert run.accepted.to_arrow().column("lead_row").to_pylist() == [1, 3]
    (bad,) = run.rejected.to_arrow().to_pylist()
    assert (bad["lead_row"], bad["name"], bad["reject_reason"]) == (2, "Bob", "invalid_phone")


@pytest.mark.parametrize("kind", FRAMES)
def test_a_frame_is_a_source(kind):
    run = ls.clean(FRAMES[kind](), region="US")
    check(run)
    assert run.info["sources"][0]["lead_file"] == "frame"


def test_a_frame_can_be_published_and_is_recognised(tmp_path):
    first = ls.clean(pl.DataFrame(ROWS), region="US", out=tmp_path / "out", campaign="c", state=tmp_path / "s.duckdb")
    check(first)
    again = ls.clean(pl.DataFrame(ROWS), region="US", out=tmp_path / "out", campaign="c", state=tmp_path / "s.duckdb")
    assert again.repeated


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_rows(tmp_path, name):
    WRITERS[name](tmp_path / name)
    check(ls.clean(tmp_path / name, region="US"))


def test_an_archive_with_several_files_asks_which(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("one.csv", TEXT)
        archive.writestr("two.csv", "phone\n+14155550109\n")
    with pytest.raises(ls.SourceError, match=r"one\.csv.*two\.csv") as caught:
        ls.clean(tmp_path / "a.zip")
    assert caught.value.code == "ambiguous_archive"
    run = ls.clean(f"{tmp_path / 'a.zip'}!one.csv", region="US")
    check(run)
    assert run.info["sources"][0]["lead_file"] == f"{tmp_path / 'a.zip'}!one.csv"


def test_a_workbook_with_several_sheets_asks_which(tmp_path):
    workbook(tmp_path / "a.xlsx")
    book = openpyxl.load_workbook(tmp_path / "a.xlsx")
    book.create_sheet("More").append(["phone"])
    book["More"].append(["+14155550109"])
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(ls.SourceError, match="--sheet") as caught:
        ls.clean(tmp_path / "a.xlsx", region="US")
    assert caught.value.code == "ambiguous_sheet"
    run = ls.clean(tmp_path / "a.xlsx", region="US", sheet="Leads")
    check(run)
    assert run.info["sources"][0]["lead_file"] == f"{tmp_path / 'a.xlsx'}#Leads"
    with pytest.raises(ls.SourceError) as caught:
        ls.clean(tmp_path / "a.xlsx", region="US", sheet="Nope")
    assert caught.value.code == "missing_sheet"


def test_formats_and_frames_are_one_run(tmp_path):
    for number, name in enumerate(["a.csv.gz", "a.json", "a.parquet"]):
        WRITERS[name](tmp_path / f"{number}-{name}")
    run = ls.clean([tmp_path, pl.DataFrame(ROWS)], region="US")
    assert [source["dialect"]["format"] for source in run.info["sources"]] == ["csv", "json", "parquet", "frame"]
    assert run.ledger["accepted"] == 2
    assert run.ledger["reasons"] == {"invalid_phone": 4, "duplicate_in_run": 6}


@pytest.mark.parametrize("given", [7, {"phone": ["1"]}, [7], None])
def test_what_is_no_source_is_named(given):
    with pytest.raises(ls.LeadsieveError) as caught:
        ls.clean(given)
    assert caught.value.code == "invalid_option"


def test_an_option_that_a_format_has_no_use_for_is_told(tmp_path, caplog):
    WRITERS["a.parquet"](tmp_path / "a.parquet")
    check(ls.clean(tmp_path / "a.parquet", region="US", encoding="cp1252", columns=["a", "b"]))
    told = [record.getMessage() for record in caplog.records if "means nothing" in record.getMessage()]
    assert [message.partition(": ")[2] for message in told] == [
        "--encoding means nothing for parquet",
        "--columns means nothing for parquet",
    ]
