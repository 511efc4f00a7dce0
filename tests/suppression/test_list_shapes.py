"""Suppression lists come in any format and any shape: where the numbers stand is found, or said to be unclear."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import json
import os
import zipfile
from datetime import UTC, datetime

import openpyxl
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from leadsieve.entries import Reading, read_entries
from leadsieve.exceptions import UsageError
from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.dates import find_modified
from leadsieve_rules.exceptions import ColumnError

A, B = 919876543210, 919123456789
_TEXT = "DNC\n9876543210\n9123456789\n"


def _read(given, **reading):
    (entries,) = read_entries(
        [given if not hasattr(given, "as_posix") else str(given)], Reading(region="IN", **reading)
    )
    return entries


def _workbook(path, rows):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)


def _zip(path, text):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("dnc.csv", text)


_WRITERS = {
    "dnc.csv": lambda path: path.write_text(_TEXT),
    "dnc.tsv": lambda path: path.write_text("phone\tsince\n9876543210\t2020\n9123456789\t2021\n"),
    "dnc.txt": lambda path: path.write_text("9876543210\n9123456789\n"),
    "utf16.csv": lambda path: path.write_bytes(_TEXT.encode("utf-16")),
    "dnc.csv.gz": lambda path: path.write_bytes(gzip.compress(_TEXT.encode())),
    "dnc.csv.bz2": lambda path: path.write_bytes(bz2.compress(_TEXT.encode())),
    "dnc.zip": lambda path: _zip(path, _TEXT),
    "dnc.json": lambda path: path.write_text(json.dumps([{"phone": "9876543210"}, {"phone": 9123456789}])),
    "dnc.jsonl": lambda path: path.write_text('{"mobile": "9876543210"}\n{"mobile": "09123456789"}\n'),
    "dnc.xlsx": lambda path: _workbook(path, [["DNC"], [9876543210], [9123456789.0]]),
    "bare.xlsx": lambda path: _workbook(path, [[9876543210], [9123456789]]),
    "dnc.parquet": lambda path: pq.write_table(pa.table({"x": pa.array([A, B], pa.int64())}), path),
    "floats.parquet": lambda path: pq.write_table(pa.table({"x": [float(A), float(B)]}), path),
}


@pytest.mark.parametrize("name", _WRITERS)
def test_every_format_gives_the_same_numbers(tmp_path, name):
    _WRITERS[name](tmp_path / name)
    entries = _read(tmp_path / name)
    assert (entries.keys.tolist(), entries.count, entries.unreadable) == ([B, A], 2, 0)
    assert entries.sha256 == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
    assert str(tmp_path / name) in entries.name


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"anything": [A, B]}),
        pl.DataFrame({"phone": [str(A), str(B)], "since": [1, 2]}),
        pa.table({"x": pa.array([str(A), str(B)]).dictionary_encode()}),
        pa.record_batch({"x": pa.array([A, B], pa.uint64())}),
    ],
    ids=["pandas", "polars", "dictionary", "batch"],
)
def test_frames_are_lists_without_a_date(frame):
    entries = _read(frame)
    assert (entries.keys.tolist(), entries.modified, len(entries.sha256)) == ([B, A], None, 64)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("9876543210\n", [A]),
        ("(987) 654-3210\n9123456789\n", [B, A]),
        ("x\n9876543210\n", [A]),
        ("Number\n9876543210\n", [A]),
        ("\n9876543210\n\n \n9123456789\n", [B, A]),
        ("Phone 1,Phone 2\n9876543210,9123456789\n", [B, A]),
        ("Phone,Phone\n9876543210,9123456789\n", [B, A]),
        ("Phone,WhatsApp,Fax\n9876543210,9123456789,9000000000\n", [B, A]),
        ("name,mobile no\nx,9876543210\n", [A]),
        ("phone,country code\n9876543210,91\n2025550123,1\n", [12025550123, A]),
    ],
)
def test_the_columns_with_numbers_are_found(tmp_path, text, keys):
    (tmp_path / "list.csv").write_text(text)
    assert _read(tmp_path / "list.csv").keys.tolist() == keys


def test_a_number_where_a_header_is_looked_for_is_not_lost(tmp_path):
    # A workbook or a table of text gives its first row as the header: in a list of numbers alone it is none.
    first = [["12345"], ["9876543210"], ["9123456789"]]
    for name, header in (("none.csv", None), ("taken.csv", True)):
        (tmp_path / name).write_text("".join(f"{row[0]}\n" for row in first))
        found = read_entries([str(tmp_path / name)], Reading(region="IN"))[0]
        assert 9112345 in found.keys.tolist()
        assert found.count == 3
        if header:
            from leadsieve_connectors.sources import ReadOptions

            told = read_entries([str(tmp_path / name)], Reading(region="IN", options=ReadOptions(header=True)))[0]
            assert (told.count, told.keys.tolist()) == (2, [B, A])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("foo,bar\n9876543210,a\n", "no phone column among 'foo', 'bar'; name it: --map 'COLUMN=phone_number'"),
        ("9876543210,a\n9123456789,b\n", "no header, and 2 columns.*--map 'column_1=phone_number'"),
    ],
)
def test_of_several_columns_none_is_guessed(tmp_path, text, told):
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(ColumnError, match=told) as caught:
        _read(tmp_path / "list.csv")
    assert caught.value.code == "missing_phone_column"
    assert str(caught.value).startswith(f"{tmp_path / 'list.csv'}: ")


def test_a_column_that_is_named_is_taken(tmp_path):
    (tmp_path / "list.csv").write_text("foo,phone\n9876543210,9123456789\n")
    assert _read(tmp_path / "list.csv", map={"foo": "phone_number"}).keys.tolist() == [A]
    (tmp_path / "bare.csv").write_text("9876543210,a\n9123456789,b\n")
    assert _read(tmp_path / "bare.csv", map={"column_1": "phone_number"}).keys.tolist() == [B, A]
    with pytest.raises(ColumnError, match="no column 'nowhere'"):
        _read(tmp_path / "list.csv", map={"nowhere": "phone_number"})


def test_columns_named_for_other_files_count_where_a_list_has_them(tmp_path):
    (tmp_path / "list.csv").write_text("ref,land,phone\n2025550123,US,9876543210\n")
    shared = {"map": {"ref": "phone_number", "mail": "email", "Handy": "phone_number"}, "region_column": "land"}
    assert _read(tmp_path / "list.csv", shared=True, **shared).keys.tolist() == [12025550123]
    (tmp_path / "plain.csv").write_text("9876543210\n")
    assert _read(tmp_path / "plain.csv", shared=True, **shared).keys.tolist() == [A]
    with pytest.raises(UsageError, match="--region-column 'land' is not a column of"):
        _read(tmp_path / "plain.csv", region_column="land")


def test_values_that_cannot_be_numbers_are_refused():
    with pytest.raises(Exception, match="holds bool values") as caught:
        _read(pa.table({"phone": [True, False]}))
    assert caught.value.code == "unsupported_type"


@pytest.mark.parametrize("text", ["", "phone\n", "\n \n"])
def test_an_empty_list_is_told_and_not_taken_for_one_that_holds_nobody(tmp_path, text):
    (tmp_path / "list.csv").write_text(text)
    with pytest.raises(SourceError) as caught:
        _read(tmp_path / "list.csv")
    assert caught.value.code == "empty_file"


@pytest.mark.parametrize(
    "name", ["a b;rm -rf.csv", "[x]*.csv", "'; DROP TABLE runs; --.csv", "=cmd.csv", "Ünï\u202e.csv"]
)
def test_names_are_data(tmp_path, name):
    (tmp_path / name).write_text("'; --,phone\nx,9876543210\n")
    assert _read(tmp_path / name).keys.tolist() == [A]


def test_several_files_are_several_entries(tmp_path):
    (tmp_path / "1.csv").write_text("9876543210\n")
    (tmp_path / "2.csv").write_text("9123456789\n")
    found = read_entries([str(tmp_path)], Reading(region="IN"))
    assert [entries.keys.tolist() for entries in found] == [[A], [B]]


@pytest.mark.parametrize("name", ["dnc.csv", "dnc.csv.gz", "dnc.zip", "dnc.xlsx", "dnc.parquet", "dnc.json"])
def test_a_file_is_of_the_day_when_it_was_last_changed(tmp_path, name):
    _WRITERS[name](tmp_path / name)
    when = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    os.utime(tmp_path / name, (when.timestamp(), when.timestamp() + 0.25))
    assert _read(tmp_path / name).modified == when


def test_a_pipe_has_no_date(tmp_path):
    reader, writer = os.pipe()
    os.write(writer, _TEXT.encode())
    os.close(writer)
    try:
        entries = _read(f"/dev/fd/{reader}")
    finally:
        os.close(reader)
    assert (entries.keys.tolist(), entries.modified) == ([B, A], None)


def test_a_file_in_a_store_is_of_the_day_that_the_store_says():
    import fsspec

    before = datetime.now(UTC).replace(microsecond=0)
    fsspec.filesystem("memory").pipe("/suppression/dnc.csv", _TEXT.encode())
    modified = _read("memory://suppression/dnc.csv").modified
    assert before <= modified <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("marks", "told"),
    [
        ({"last_modified": "Sun, 01 Nov 2026 09:30:00 GMT"}, "2026-11-01T09:30:00+00:00"),
        ({"last_modified": "2026-11-01 09:30:00.500000+02:00"}, "2026-11-01T07:30:00+00:00"),
        ({"updated": "2026-11-01T09:30:00.123Z", "created": "2020-01-01"}, "2026-11-01T09:30:00+00:00"),
        ({"mtime": "2026-11-01 09:30:00", "created": "2020-01-01"}, "2026-11-01T09:30:00+00:00"),
        ({"mtime": "nonsense", "created": "2020-01-01"}, "2020-01-01T00:00:00+00:00"),
        ({"etag": "1", "size": "3"}, None),
        ({"last_modified": "yesterday"}, None),
    ],
)
def test_dates_as_stores_write_them(marks, told):
    found = find_modified(marks)
    assert (None if found is None else found.isoformat()) == told
