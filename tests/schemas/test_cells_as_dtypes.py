"""A dtype in a schema is a parse of each cell: what is read, and what is none."""

from __future__ import annotations

import datetime as dt
import decimal

import pandera.polars as pandera
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadsieve_rules.schemas import CompiledSchema

UTC = dt.UTC


def at(*parts):
    """Return a date and time without a zone, as most cells are."""
    return dt.datetime(*parts)  # noqa: DTZ001


READ = [
    (
        pl.Int64,
        {"7": 7, "+7": 7, "-07": -7, " 7 ": 7, "7.0": None, "1e3": None, "٣": None, "1_0": None, "9" * 20: None},
    ),
    (pl.UInt8, {"255": 255, "256": None, "-1": None}),
    (
        pl.Float64,
        {"1.5": 1.5, "1e3": 1000.0, "\t2": 2.0, "nan": None, "inf": None, "1,5": None, "1e999": None, "": None},
    ),
    (pl.Boolean, {"true": True, "FALSE": False, " True": True, "1": None, "yes": None, "truee": None}),
    (
        pl.Date,
        {"2024-02-29": dt.date(2024, 2, 29), "2023-02-29": None, "2024-2-9": None, "29.02.2024": None, "x": None},
    ),
    (
        pl.Datetime("us"),
        {
            "2024-01-02T03:04:05": at(2024, 1, 2, 3, 4, 5),
            "2024-01-02 03:04": at(2024, 1, 2, 3, 4),
            "2024-01-02": at(2024, 1, 2),
            "2024-01-02t03:04:05.250": at(2024, 1, 2, 3, 4, 5, 250000),
            "2024-01-02T03:04:05Z": None,
            "2024-01-02T24:00": None,
            "2024-01-02T03:04:60": None,
        },
    ),
    (
        pl.Datetime("ms", "UTC"),
        {
            "2024-01-02T03:04:05Z": dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
            "2024-01-02 03:04+05:30": dt.datetime(2024, 1, 1, 21, 34, tzinfo=UTC),
            "2024-01-02T03:04:05.5-0030": dt.datetime(2024, 1, 2, 3, 34, 5, 500000, tzinfo=UTC),
            "2024-01-02T03:04:05": None,
        },
    ),
    (pl.Time, {"03:04": dt.time(3, 4), "23:59:59.5": dt.time(23, 59, 59, 500000), "24:00": None}),
    (
        pl.Decimal(6, 2),
        {"1.5": decimal.Decimal("1.50"), "+1.230": decimal.Decimal("1.23"), "1.239": None, "99999": None, "1e2": None},
    ),
    (pl.Categorical, {"any": "any"}),
    (pl.Enum(["a", "b"]), {"a": "a", "c": None}),
    (pl.String, {" as it is ": " as it is "}),
]


def parsed(dtype, table, *, nullable=True):
    compiled = CompiledSchema(pandera.DataFrameSchema({"x": pandera.Column(dtype, nullable=nullable)}))
    assert compiled.takes_values("x", table["x"].type) or table["x"].type == pa.string()
    values = compiled.parsed(table, table.schema)["x"].to_list()
    return values, {int(i) for f in compiled.findings(table) if f.code == "invalid_value" for i in f.index}


@pytest.mark.parametrize(("dtype", "cells"), READ, ids=lambda value: str(value)[:30])
def test_text_is_read_as_one_value_or_none(dtype, cells):
    values, invalid = parsed(dtype, pa.table({"x": [*cells, None]}))
    assert values == [*cells.values(), None]
    assert invalid == {i for i, value in enumerate(cells.values()) if value is None}


@settings(max_examples=150, deadline=None)
@given(st.text("0123456789+-.eE _ٱ", max_size=8))
def test_numbers_are_those_of_python_without_its_underscores(cell):
    for dtype, read in ((pl.Int64, int), (pl.Float64, float)):
        try:
            expected = None if "_" in cell else read(cell)
        except ValueError:
            expected = None
        if expected in (float("inf"), float("-inf")):
            expected = None
        assert parsed(dtype, pa.table({"x": pa.array([cell], pa.string())}))[0] == [expected], dtype


@settings(max_examples=150, deadline=None)
@given(st.datetimes(at(1, 1, 1)), st.sampled_from("T "), st.sampled_from(["auto", "seconds", "milliseconds"]))
def test_every_date_and_time_of_iso_8601_is_read(moment, between, places):
    text = moment.isoformat(sep=between, timespec=places)
    assert parsed(pl.Datetime("us"), pa.table({"x": [text]}))[0] == [dt.datetime.fromisoformat(text)]
    assert parsed(pl.Date, pa.table({"x": [str(moment.date())]}))[0] == [moment.date()]


TYPED = [
    (pa.array([1, None], pa.int32()), pl.Int64, [1, None]),
    (pa.array([300, 1], pa.int64()), pl.UInt8, [None, 1]),
    (pa.array([1, 2], pa.int8()), pl.Float64, [1.0, 2.0]),
    (pa.array([float("nan"), 1.5]), pl.Float64, [None, 1.5]),
    (pa.array([True, None]), pl.Boolean, [True, None]),
    (pa.array([dt.date(2024, 1, 1)]), pl.Date, [dt.date(2024, 1, 1)]),
    (pa.array([at(2024, 1, 1)], pa.timestamp("ns")), pl.Datetime("us"), [at(2024, 1, 1)]),
    (pa.array([decimal.Decimal("1.5")], pa.decimal128(5, 1)), pl.Decimal(9, 2), [decimal.Decimal("1.50")]),
    (pa.nulls(2), pl.Int64, [None, None]),
]


@pytest.mark.parametrize(("array", "dtype", "values"), TYPED, ids=lambda value: str(value)[:30])
def test_typed_cells_are_their_values(array, dtype, values):
    assert parsed(dtype, pa.table({"x": array}))[0] == values


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [
        (pa.float64(), pl.Int64),
        (pa.int64(), pl.String),
        (pa.timestamp("us"), pl.Datetime("us", "UTC")),
        (pa.decimal128(5, 2), pl.Decimal(5, 1)),
        (pa.date32(), pl.Datetime("us")),
        (pa.dictionary(pa.int32(), pa.string()), pl.Enum(["b"])),
        (pa.list_(pa.int8()), pl.String),
        (pa.month_day_nano_interval(), None),
    ],
)
def test_cells_of_another_kind_are_read_as_text(kind, dtype):
    schema = pandera.DataFrameSchema({"x": pandera.Column(dtype)})
    assert not CompiledSchema(schema).takes_values("x", kind)


def test_nan_is_no_value():
    compiled = CompiledSchema(pandera.DataFrameSchema({"x": pandera.Column(float, pandera.Check.lt(9))}))
    rows = [(f.code, f.index.tolist()) for f in compiled.findings(pa.table({"x": [float("nan"), 10.0, None]}))]
    assert rows == [("missing_value", [0, 2]), ("check_failed", [1])]
