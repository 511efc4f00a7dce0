"""Typed sources: numbers as phones without inventing or losing a digit, custom columns in their own types."""

import datetime as dt
import decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import leadsieve as ls
from leadsieve.text import as_text

A = "+12025550123"


@pytest.mark.parametrize(
    "column",
    [
        pa.array([12025550123], pa.int64()),
        pa.array([12025550123], pa.uint64()),
        pa.array([12025550123.0], pa.float64()),
        pa.array([decimal.Decimal("12025550123.00")], pa.decimal128(20, 2)),
        pa.array([decimal.Decimal(12025550123)], pa.decimal128(20, 0)),
        pa.array(["12025550123"], pa.large_string()),
        pa.array(["12025550123"]).dictionary_encode(),
        pa.array([" 12025550123 "]),
    ],
    ids=str,
)
def test_a_phone_of_any_type_is_the_same_number(tmp_path: Path, column: pa.Array) -> None:
    pq.write_table(pa.table({"phone": column}), tmp_path / "a.parquet")
    with ls.clean(tmp_path / "a.parquet", region="US") as run:
        assert run.accepted.to_arrow()["phone_number"].to_pylist() == [A]


def test_custom_columns_keep_their_types_and_values(tmp_path: Path) -> None:
    custom = {
        "score": pa.array([7, None], pa.int16()),
        "rate": pa.array([0.1, float("nan")], pa.float32()),
        "seen": pa.array([dt.datetime(2026, 1, 2, 3, 4, 5, 6, dt.UTC), None], pa.timestamp("us", "UTC")),
        "tags": pa.array([["a", "b"], []], pa.list_(pa.string())),
        "kind": pa.array(["x", "y"]).dictionary_encode(),
        "nested": pa.array([{"a": 1}, None], pa.struct([("a", pa.int64())])),
    }
    pq.write_table(pa.table({"phone": [A, "12"], **custom}), tmp_path / "a.parquet")
    with ls.clean(tmp_path / "a.parquet", region="US") as run:
        accepted, rejected = run.accepted.to_arrow(), run.rejected.to_arrow()
        for name, column in custom.items():
            kind = pa.string() if name == "kind" else column.type
            assert accepted.schema.field(name).type == rejected.schema.field(name).type == kind
            assert str(accepted[name].to_pylist()) == str(column.slice(0, 1).to_pylist())
            assert str(rejected[name].to_pylist()) == str(column.slice(1, 1).to_pylist())


def test_columns_of_different_types_in_two_files_become_strings(tmp_path: Path) -> None:
    pq.write_table(pa.table({"phone": [A], "score": [7]}), tmp_path / "1.parquet")
    (tmp_path / "2.csv").write_text("score,city,phone\n007,Rome,+12025550124\n")
    with ls.clean([tmp_path / "1.parquet", tmp_path / "2.csv"]) as run:
        rows = run.accepted.to_arrow().select(["phone_number", "score", "city", "lead_row"]).to_pylist()
    assert rows == [
        {"phone_number": A, "score": "7", "city": None, "lead_row": 1},
        {"phone_number": "+12025550124", "score": "007", "city": "Rome", "lead_row": 1},
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (919876543210.0, "919876543210"),
        (-0.0, "0"),
        (0.5, "0.5"),
        (1e300, "1e+300"),
        (2.0**53, "9007199254740992.0"),
        (float("inf"), "inf"),
        (None, None),
    ],
)
def test_floats_as_text(value: float | None, text: str | None) -> None:
    assert as_text(pa.array([value], pa.float64())).to_pylist() == [text]


def test_other_values_as_text() -> None:
    assert as_text(pa.array([b"ab\xff", None])).to_pylist() == ["ab\\xff", None]
    assert as_text(pa.array([{"a": [1, None]}])).to_pylist() == ['{"a": [1, null]}']
    assert as_text(pa.array([dt.date(2026, 1, 2)])).to_pylist() == ["2026-01-02"]
    assert as_text(pa.array([True, None])).to_pylist() == ["true", None]
    assert as_text(pa.chunked_array([], pa.int64())).to_pylist() == []
