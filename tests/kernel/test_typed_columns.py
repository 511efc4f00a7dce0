"""Typed sources: numbers as phones without inventing or losing a digit, custom columns in their own types."""

import datetime as dt
import decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

import leadsieve as ls
from leadsieve.text import as_text, is_numbers, phone_text
from leadsieve_rules.damage import read_phones

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
        "pairs": pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())),
    }
    pq.write_table(pa.table({"phone": [A, "12"], **custom}), tmp_path / "a.parquet")
    with ls.clean(tmp_path / "a.parquet", region="US") as run:
        accepted, rejected = run.accepted.to_arrow(), run.rejected.to_arrow()
        for name, column in custom.items():
            kind = pa.string() if name == "kind" else column.type
            assert accepted.schema.field(name).type == rejected.schema.field(name).type == kind
            assert str(accepted[name].to_pylist()) == str(column.slice(0, 1).to_pylist())
            assert str(rejected[name].to_pylist()) == str(column.slice(1, 1).to_pylist())


def test_members_of_structs_are_columns_and_fields(tmp_path: Path) -> None:
    contacts = pa.array([{"phone": 12025550123, "who": {"name": "Ann", "vip": True}}, None])
    pq.write_table(pa.table({"contact": contacts, "score": [7, 8]}), tmp_path / "a.parquet")
    with ls.clean(tmp_path / "a.parquet", region="US") as run:
        accepted, rejected = run.accepted.to_arrow(), run.rejected.to_arrow()
    assert accepted.select(["phone_number", "contact.who.name", "contact.who.vip", "score"]).to_pylist() == [
        {"phone_number": A, "contact.who.name": "Ann", "contact.who.vip": True, "score": 7}
    ]
    assert rejected.select(["contact.phone", "contact.who.vip", "reject_reason"]).to_pylist() == [
        {"contact.phone": None, "contact.who.vip": None, "reject_reason": "missing_phone"}
    ]


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


@pytest.mark.parametrize(
    ("value", "text"),
    [(16777215.0, "16777215"), (16777218.0, "1.67772e+07"), (919876543210.0, "9.19877e+11"), (0.1, "0.1")],
)
def test_narrow_floats_show_no_digit_that_they_do_not_hold(value: float, text: str) -> None:
    assert as_text(pa.array([value], pa.float32())).to_pylist() == [text]


@pytest.mark.parametrize(
    ("column", "number"),
    [
        (pa.array([919876543210]), "+919876543210"),
        (pa.array([9876543210], pa.uint64()), "+919876543210"),
        (pa.array([919876543210.0]), "+919876543210"),
        (pa.array([decimal.Decimal("919876543210.00")]), "+919876543210"),
        (pa.array([decimal.Decimal(919876543210)], pa.decimal256(60, 0)), "+919876543210"),
        (pa.array([9876543210.0]).dictionary_encode(), "+919876543210"),
        (pa.array(["98765.43210"]), "+919876543210"),
    ],
    ids=str,
)
def test_numbers_that_are_phone_numbers(column: pa.Array, number: str) -> None:
    reading = read_phones(phone_text(column), "IN")
    assert (reading.phones.e164.to_pylist(), reading.rejections) == ([number], ())


@pytest.mark.parametrize(
    "column",
    [
        pa.array([-919876543210]),
        pa.array([-919876543210.0]),
        pa.array([98765.4321]),
        pa.array([9876543210.5]).dictionary_encode(),
        pa.array([2.0**53 + 2]),
        pa.array([9.2e18]),
        pa.array([919876543210.0], pa.float32()),
        pa.array([98765432.0], pa.float32()),
        pa.array([np.float16(2050)]),
        pa.array([decimal.Decimal("98765.43210")]),
        pa.array([decimal.Decimal(-919876543210)]),
        pa.array([decimal.Decimal("-9876543210.0")]),
    ],
    ids=str,
)
def test_numbers_that_are_no_phone_numbers_are_never_read_as_one(column: pa.Array) -> None:
    reading = read_phones(phone_text(column), "IN")
    assert [rejection.code for rejection in reading.rejections] == ["lossy_phone"]
    assert reading.phones.e164.to_pylist() == [None]


@given(st.floats() | st.integers(-(10**17), 10**17) | st.decimals(-(10**13), 10**13, places=2))
def test_a_number_is_read_as_its_own_digits_or_not_at_all(value: float | int | decimal.Decimal) -> None:
    (e164,) = read_phones(phone_text(pa.array([value])), "DE").phones.e164.to_pylist()
    if e164 is not None:
        digits = str(int(value))
        assert value == int(value) >= 0
        assert digits.endswith(e164.removeprefix("+49")) or digits == e164[1:] or e164[1:] in digits


@pytest.mark.parametrize(
    ("kind", "holds"),
    [
        (pa.string(), True),
        (pa.int64(), True),
        (pa.dictionary(pa.int32(), pa.float64()), True),
        (pa.decimal128(12, 0), True),
        (pa.null(), True),
        (pa.bool_(), False),
        (pa.date32(), False),
        (pa.list_(pa.string()), False),
        (pa.duration("s"), False),
    ],
    ids=str,
)
def test_types_that_can_hold_numbers(kind: pa.DataType, holds: bool) -> None:
    assert is_numbers(kind) == holds


def test_other_values_as_text() -> None:
    assert as_text(pa.array([b"ab\xff", None])).to_pylist() == ["ab\\xff", None]
    assert as_text(pa.array([{"a": [1, None]}])).to_pylist() == ['{"a": [1, null]}']
    assert as_text(pa.array([dt.date(2026, 1, 2)])).to_pylist() == ["2026-01-02"]
    assert as_text(pa.array([True, None])).to_pylist() == ["true", None]
    assert as_text(pa.array([dt.timedelta(days=-1), None])).to_pylist() == ["-PT86400S", None]
    assert as_text(pa.array([dt.time(3, 4, 5)])).to_pylist() == ["03:04:05.000000"]
    assert as_text(pa.array([1, None, 1]).dictionary_encode()).to_pylist() == ["1", None, "1"]
    assert as_text(pa.array([decimal.Decimal("1E+3")], pa.decimal128(4, -3))).to_pylist() == ["1000"]
    assert as_text(pa.chunked_array([], pa.int64())).to_pylist() == []
