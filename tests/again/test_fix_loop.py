"""A rejected file fed back: unedited nothing changes, edited all is accepted, and each row of the source ends once."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from importlib.resources import files
from pathlib import Path
from types import SimpleNamespace

import jsonschema
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import leadsieve as ls
from leadsieve_connectors.chunk import Fault
from leadsieve_connectors.sources.rejected.marks import FAULTS
from leadsieve_rules.reasons import reason_of_fault

SCHEMA = json.loads(files("leadsieve").joinpath("run.schema.json").read_text())
_MESSY = st.text(st.sampled_from("ab'\"=+-@,;\t\r\n\\ \u00e9\u200b1"), max_size=6)
_PHONES = st.one_of(st.sampled_from(["+12025550123", "+12025550124", "12", "", " ", "1/2", "9.19E+11"]), _MESSY)
#: A sound record, or one that cannot be split.
_RECORDS = st.one_of(
    st.tuples(_PHONES, _MESSY, _MESSY),
    st.tuples(_PHONES, _MESSY, _MESSY),
    st.sampled_from([("x",), ("1", "2", "3", "4")]),
)


def _text(records: list[tuple[str, ...]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([("phone", "name", "=note"), *records])
    return out.getvalue()


def _table(run: ls.Run) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = run.rejected.to_arrow().to_pylist()
    return rows


def _place(row: dict[str, object]) -> tuple[object, object]:
    return row["lead_file"], row["lead_row"]


@given(
    records=st.lists(_RECORDS, min_size=1, max_size=12),
    format_=st.sampled_from(["csv", "parquet"]),
    chunk=st.sampled_from([512, 1 << 20]),
    threads=st.sampled_from([1, 2]),
    order=st.randoms(use_true_random=False),
)
# Each example is three runs: to shrink one would take minutes.
@settings(max_examples=40, phases=[Phase.generate])
def test_each_row_ends_once_whatever_is_edited(records, format_, chunk, threads, order) -> None:
    text = _text([("+12025550199", "good", "good"), *records])
    tuning = {"chunk_bytes": chunk, "threads": threads}
    with tempfile.TemporaryDirectory() as folder:
        source, rejected = Path(folder) / "leads.csv", Path(folder) / "one" / f"rejected.{format_}"
        source.write_bytes(text.encode())
        options = {
            "duplicates": "none",
            "region": "US",
            "delimiter": ",",
            "header": True,
            "tuning": tuning,
            "format": format_,
        }
        first = ls.clean(source, out=Path(folder) / "one", **options)
        if not len(first.rejected):
            return
        # The same options as for the vendor's file.
        second = ls.clean(rejected, out=Path(folder) / "two", **options)
        assert _table(second) == _table(first)
        assert second.rejected.schema == first.rejected.schema
        assert second.accepted.schema == first.accepted.schema
        assert second.ledger["corrected"] == 0
        assert second.ledger["judged_again"] == second.ledger["rows"] == len(first.rejected)
        assert second.ledger["reasons"] == first.ledger["reasons"]
        errors = [row for row in first.errors.to_arrow().to_pylist() if row["severity"] == "reject"]
        errors = [row for row in errors if row["code"] != "malformed_row"]
        again = [row for row in second.errors.to_arrow().to_pylist() if row["severity"] == "reject"]
        assert [row for row in again if row["code"] != "malformed_row"] == errors
        jsonschema.Draft202012Validator(SCHEMA).validate(json.loads((Path(folder) / "two" / "run.json").read_text()))

        # Half of them corrected, sorted anyhow.
        table = first.rejected.to_arrow().to_pylist()
        good = [row["lead_row"] for row in table if order.random() < 0.5]
        for row in table:
            if row["lead_row"] in good:
                row["phone"] = "+1202555" + f"{2000 + row['lead_row']}"
        order.shuffle(table)
        edited = Path(folder) / "edited.parquet"
        pq.write_table(pa.Table.from_pylist(table, first.rejected.schema), edited)
        third = ls.clean(edited, **options)
        assert third.ledger["corrected"] == len(good) == len(third.accepted)
        assert [row["lead_row"] for row in third.accepted.to_arrow().to_pylist()] == sorted(good)
        ended = [*first.accepted.to_arrow().to_pylist(), *third.accepted.to_arrow().to_pylist(), *_table(third)]
        assert sorted(map(_place, ended)) == [(str(source), at + 1) for at in range(first.ledger["rows"])]


@pytest.mark.parametrize("format_", ["csv", "parquet", "xlsx"])
def test_the_five_failures_are_corrected(tmp_path: Path, again: SimpleNamespace, format_: str) -> None:
    first = again.rejected(tmp_path)
    rows = again.read(first)
    assert {row["reject_reason"] for row in rows} == {"invalid_phone", "missing_phone", "malformed_row"}
    for row in rows:
        row["phone"] = f"'+1 202-555-01{int(row['lead_row']) + 30}"
    if format_ == "parquet":
        plain = [{name: value.removeprefix("'") if value != "'" else value for name, value in r.items()} for r in rows]
        edited = tmp_path / "edited.parquet"
        pq.write_table(pa.Table.from_pylist(plain), edited)
    elif format_ == "xlsx":
        edited = again.workbook(tmp_path / "edited.xlsx", rows)
    else:
        edited = again.write(tmp_path / "edited.csv", rows)
    with ls.clean(edited, region="US", out=tmp_path / "second") as run:
        accepted = again.values(run.accepted)
        assert [row["lead_row"] for row in accepted] == [2, 3, 4, 5, 7]
        assert [row["phone_number"] for row in accepted] == [f"+120255501{row + 30}" for row in (2, 3, 4, 5, 7)]
        if format_ != "parquet":
            assert [row["name"] for row in accepted] == ["=Bob", "Cid", None, "'+Dee", "'Fay"]
            assert [row["note"] for row in accepted] == ["two\nlines", None, None, "@home", "'"]
        assert (run.ledger["corrected"], run.ledger["judged_again"], len(run.rejected)) == (5, 5, 0)
        assert ls.verify(tmp_path / "second").num_rows == 0


def test_rows_that_are_sorted_filtered_and_left_out(tmp_path: Path, again: SimpleNamespace) -> None:
    rows = [row for row in again.read(again.rejected(tmp_path)) if row["lead_row"] != "3"]
    rows[0]["phone"] = "'+12025550125"
    for name, some in {"down.csv": rows[::-1], "up.csv": rows}.items():
        with ls.clean(again.write(tmp_path / name, some), region="US", tuning={"chunk_bytes": 512}) as run:
            assert [row["lead_row"] for row in again.values(run.accepted)] == [2]
            assert [row["lead_row"] for row in again.values(run.rejected)] == [4, 5, 7]
            assert [row["lead_line"] for row in again.values(run.rejected)] == [6, 8, 10]


def test_a_record_that_was_filled_in_is_judged_by_its_cells(tmp_path: Path, again: SimpleNamespace) -> None:
    rows = [row for row in again.read(again.rejected(tmp_path)) if row["lead_raw"]]
    rows[0] |= {"name": "Gus"}
    with ls.clean(again.write(tmp_path / "edited.csv", rows), region="US") as run:
        (row,) = again.values(run.rejected)
        assert (row["name"], row["reject_reason"], row["lead_raw"]) == ("Gus", "missing_phone", None)


@pytest.mark.parametrize(
    ("text", "options", "code"),
    [
        ("phone,n\n12,x\n+12025550123,\xff\n", {"encoding": "utf-8"}, "bad_encoding"),
        ("phone,n\n12,x\nphone,n\n", {}, "repeated_header"),
        (f"phone,n\n12,x\n+12025550123,{'y' * 4000}\n", {"tuning": {"max_record_bytes": 2000}}, "field_too_large"),
        ("phone,n\n12,x\n1,2,3\n", {}, "malformed_row"),
    ],
)
def test_a_record_that_nobody_filled_in_keeps_its_reason(tmp_path: Path, text: str, options, code: str) -> None:
    (tmp_path / "leads.csv").write_bytes(text.encode("latin-1"))
    with ls.clean(tmp_path / "leads.csv", region="US", format="csv", out=tmp_path / "one", **options) as first:
        with ls.clean(tmp_path / "one" / "rejected.csv", region="US", **options) as second:
            assert _table(second) == _table(first)
        assert [row["reject_reason"] for row in _table(first)] == ["invalid_phone", code]


def test_a_row_whose_cells_were_all_emptied_is_still_a_row(tmp_path: Path, again: SimpleNamespace) -> None:
    (row, *_) = again.read(again.rejected(tmp_path))
    row |= {"phone": "", "name": "", "note": " "}
    with ls.clean(again.write(tmp_path / "edited.csv", [row]), region="US") as run:
        assert [(r["lead_row"], r["reject_reason"]) for r in again.values(run.rejected)] == [(2, "missing_phone")]


def test_a_rejected_file_of_a_rejected_file(tmp_path: Path, again: SimpleNamespace) -> None:
    path = again.rejected(tmp_path)
    for turn in range(3):
        with ls.clean(path, region="US", format="csv", out=tmp_path / str(turn)):
            assert (tmp_path / str(turn) / "rejected.csv").read_bytes() == path.read_bytes()
        path = tmp_path / str(turn) / "rejected.csv"


def test_every_parse_fault_keeps_its_reason_code() -> None:
    for fault in Fault:
        code = reason_of_fault(fault).code
        assert reason_of_fault(FAULTS.get(code, Fault.NOT_CORRECTED)).code == code
