"""A rejected file is known by its header, in whatever format and however a program saved it, and is read as itself."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pyarrow as pa
import pytest
from pyarrow import feather

import leadsieve as ls
from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources import ReadOptions, RestoredSource, open_sources

PLAIN = ReadOptions()


def _rows(path: Path | str, options: ReadOptions = PLAIN) -> list[dict[str, object]]:
    with open_sources([str(path)], options) as sources:
        (source,) = sources
        assert isinstance(source, RestoredSource)
        table = pa.concat_tables([chunk.table for chunk in source.chunks()])
        rows = pa.concat_arrays([chunk.rows for chunk in source.chunks()])
        return [{"lead_row": row, **cells} for row, cells in zip(rows.to_pylist(), table.to_pylist(), strict=True)]


@pytest.fixture
def rejected(tmp_path: Path, again: SimpleNamespace) -> Path:
    path: Path = again.rejected(tmp_path)
    return path


EXPECTED = [
    {"lead_row": 2, "phone": "12", "name": "=Bob", "note": "two\nlines"},
    {"lead_row": 3, "phone": None, "name": "Cid", "note": None},
    {"lead_row": 5, "phone": "+1 20x", "name": "'+Dee", "note": "@home"},
    {"lead_row": 7, "phone": "13", "name": "'Fay,'", "note": None},
]
LEADS = (
    'phone,name,note\n+12025550123,Ann,first\n12,=Bob,"two\nlines"\n,Cid,\n1,2\n,,\n'
    "+1 20x,'+Dee,@home\n+12025550124,Eve,-\n13,\"'Fay,'\",\n"
)


@pytest.fixture
def known(tmp_path: Path, again: SimpleNamespace) -> Path:
    path: Path = again.rejected(tmp_path, LEADS, name="known.csv")
    return path


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize(("encoding", "end"), [("utf-8", "\n"), ("utf-8-sig", "\r\n"), ("utf-16", "\r\n")])
def test_as_a_program_saved_it(tmp_path: Path, again, known: Path, delimiter: str, encoding: str, end: str) -> None:
    saved = again.write(tmp_path / "saved.csv", again.read(known), delimiter=delimiter, encoding=encoding, end=end)
    assert _rows(saved) == EXPECTED


@pytest.mark.parametrize("told", [None, "cp1252"])
def test_in_the_encoding_of_the_machine(tmp_path: Path, again, known: Path, told: str | None) -> None:
    rows = again.read(known)
    for row in rows:
        row["name"] = "Zoë Müller"
    saved = again.write(tmp_path / "saved.csv", rows, encoding="cp1252")
    assert [row["name"] for row in _rows(saved, ReadOptions(encoding=told))] == ["Zoë Müller"] * 5


@pytest.mark.parametrize(
    "options",
    [
        ReadOptions(
            delimiter=";", encoding="cp1252", header=False, columns=("a", "b", "c"), skip_rows=2, sheet="Leads"
        ),
        ReadOptions(header=False),
        ReadOptions(skip_rows=1),
        ReadOptions(encoding="utf-16"),
    ],
)
@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_what_was_said_of_the_vendors_file_does_not_hold(tmp_path, again, known, options, format_: str) -> None:
    path = known if format_ == "csv" else again.workbook(tmp_path / "edited.xlsx", again.read(known))
    assert _rows(path, options) == EXPECTED


def test_what_does_not_hold_is_told(known: Path, caplog: pytest.LogCaptureFixture) -> None:
    with ls.clean(known, region="US", delimiter=";", skip_rows=3) as run:
        assert run.ledger["rows"] == 5
    assert "--delimiter means nothing for a rejected file" in caplog.text
    assert "--skip-rows means nothing for a rejected file" in caplog.text


def test_a_workbook_as_excel_keeps_numbers(tmp_path: Path, again, known: Path) -> None:
    rows = again.read(known)
    for row in rows:
        row |= {"lead_row": float(row["lead_row"]), "lead_line": int(row["lead_line"])}
    assert _rows(again.workbook(tmp_path / "edited.xlsx", rows, notes=True), ReadOptions(sheet="rejected")) == EXPECTED


@pytest.mark.parametrize("format_", ["parquet", "feather", "jsonl"])
def test_typed_files_have_no_guard(tmp_path: Path, again: SimpleNamespace, format_: str) -> None:
    parquet = again.rejected(tmp_path, LEADS, kind="parquet")
    path = parquet
    if format_ == "feather":
        path = tmp_path / "edited.feather"
        with open_sources([str(parquet)], PLAIN, restoring=False) as sources:
            feather.write_feather(pa.concat_tables([c.table for c in sources[0].chunks()]), path)
    if format_ == "jsonl":
        path = tmp_path / "edited.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in pl.read_parquet(parquet).to_dicts()))
    assert _rows(path) == EXPECTED


@pytest.mark.parametrize("kind", ["polars", "pandas", "arrow"])
def test_frames(tmp_path: Path, known: Path, kind: str) -> None:
    with ls.clean(tmp_path / "known.csv", region="US") as first:
        table = first.rejected.to_arrow()
        frame = {"polars": first.rejected.to_polars, "pandas": first.rejected.to_pandas, "arrow": lambda: table}[kind]()
        with ls.clean(frame, region="US") as run:
            assert run.rejected.to_arrow().equals(table)
            assert run.info["sources"][0]["dialect"]["rejected_file"] == "frame"


def test_a_packed_file_and_a_title_above_the_header(tmp_path: Path, known: Path) -> None:
    import gzip

    (tmp_path / "rejected.csv.gz").write_bytes(gzip.compress(known.read_bytes()))
    assert _rows(tmp_path / "rejected.csv.gz") == EXPECTED
    (tmp_path / "titled.csv").write_bytes(b"Our rejects,,,,,,,,\n" + known.read_bytes())
    assert _rows(tmp_path / "titled.csv", ReadOptions(skip_rows=1)) == EXPECTED


def test_headers_with_a_guard_and_with_white_space(tmp_path: Path, again: SimpleNamespace) -> None:
    path = again.rejected(tmp_path, "phone,=sum,'-x\n12,a,b\n")
    rows = again.read(path)
    assert list(rows[0])[:3] == ["phone", "'=sum", "''-x"]
    spaced = [{f" {name} ": value for name, value in row.items()} for row in rows]
    assert _rows(again.write(tmp_path / "spaced.csv", spaced)) == [
        {"lead_row": 1, "phone": "12", "=sum": "a", "'-x": "b"}
    ]


def test_one_column_less_is_any_file(tmp_path: Path, again, known: Path) -> None:
    rows = [{name: value for name, value in row.items() if name != "lead_raw"} for row in again.read(known)]
    with open_sources([str(again.write(tmp_path / "five.csv", rows))], PLAIN) as (source,):
        assert source.name == str(tmp_path / "five.csv")
        assert "reject_reasons" in source.schema.names
    with open_sources([str(known)], PLAIN, restoring=False) as (source,):
        assert source.name == str(known)


def test_columns_with_our_names_keep_the_name_that_they_got(tmp_path: Path, again: SimpleNamespace) -> None:
    path = again.rejected(tmp_path, "phone,lead_file,lead_row\n12,mine,7\n")
    with ls.clean(path, region="US", format="csv", out=tmp_path / "again"):
        assert (tmp_path / "again" / "rejected.csv").read_bytes() == path.read_bytes()
    assert _rows(path) == [{"lead_row": 1, "phone": "12", "lead_file_source": "mine", "lead_row_source": "7"}]


def test_a_long_record_that_is_longer_in_the_rejected_file(tmp_path: Path, again: SimpleNamespace) -> None:
    options = {"tuning": {"max_record_bytes": 1000}}
    path = again.rejected(tmp_path, f"phone,n\n12,{'q' * 2 + chr(34) * 900}\n", **options, name="long.csv")
    with ls.clean(path, region="US", **options) as run:
        assert [row["reject_reason"] for row in again.values(run.rejected)] == ["invalid_phone"]


def test_what_it_becomes_later_changes_nothing(known: Path) -> None:
    before = known.read_bytes()
    with open_sources([str(known)], PLAIN) as (source,):
        digest = source.sha256()
        known.write_bytes(before.replace(b"Cid", b"Dan"))
        assert [row["name"] for c in source.chunks() for row in c.table.to_pylist()] == [r["name"] for r in EXPECTED]
        assert source.sha256() == digest
    with open_sources([str(known)], PLAIN) as (source,):
        assert source.sha256() != digest


def test_a_file_that_changes_while_it_is_read(known: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from leadsieve_connectors.sources.rejected.cells import Marks

    read = Marks.read

    def touch(self, chunk):
        known.write_bytes(known.read_bytes() + b"\n")
        return read(self, chunk)

    monkeypatch.setattr(Marks, "read", touch)
    with pytest.raises(SourceError) as failure:
        open_sources([str(known)], PLAIN)
    assert failure.value.code == "source_changed"


@pytest.mark.parametrize("chunk_bytes", [64, 1 << 20])
def test_limits_count_the_rows_of_the_rejected_file(tmp_path: Path, again, known: Path, chunk_bytes: int) -> None:
    backwards = again.write(tmp_path / "down.csv", again.read(known)[::-1])
    for path, rows in ((known, [2, 3]), (backwards, [5, 7])):
        options = ReadOptions(max_rows=2, chunk_bytes=chunk_bytes)
        with open_sources([str(path)], options) as (source,):
            assert [row for chunk in source.chunks() for row in chunk.rows.to_pylist()] == rows
            assert source.row_numbers.tolist() == rows
            assert [row for chunk in source.chunks(max_rows=1) for row in chunk.rows.to_pylist()] == rows[:1]
            assert sum(chunk.nbytes for chunk in source.chunks()) == source.size
