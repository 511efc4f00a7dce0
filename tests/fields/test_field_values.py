"""The rules of fields: the verdicts of pandera's own full validation, in the words of the reasons table."""

from __future__ import annotations

import pandera.errors
import pandera.polars as pandera
import polars as pl
import pyarrow as pa
import pytest
from field_schema import field_schema
from hypothesis import given, settings
from hypothesis import strategies as st

from leadsieve_rules.fields.values import value_findings
from leadsieve_rules.profiles.model import FieldRule, Rule

FIELDS = {
    "phone_number": FieldRule("phone_number", required=True),
    "email": FieldRule("email", rule=Rule("email")),
    "owner": FieldRule("owner", required=True, rule=Rule("email"), severity="reject"),
    "name": FieldRule("name", rule=Rule("text", 2, 5)),
    "city": FieldRule("city", required=True, rule=Rule("text", high=3), severity="reject"),
    "priority": FieldRule("priority", rule=Rule("integer", 1, 99), severity="reject"),
    "heat": FieldRule("heat", rule=Rule("choice", values=("Hot", "cold"), ignore_case=True)),
    "due": FieldRule("due", required=True, rule=Rule("date"), severity="reject"),
    "seen": FieldRule("seen", rule=Rule("date")),
    "free": FieldRule("free"),
}
SCHEMA = field_schema(FIELDS)
Row = tuple[str, str | None, str, tuple[int, ...], str | None]


def found(**columns: list[str | None]) -> list[Row]:
    table = {name: pa.array(cells, pa.string()) for name, cells in columns.items()}
    return [(f.code, f.detail, f.column, tuple(f.index.tolist()), f.severity) for f in value_findings(table, FIELDS)]


@pytest.mark.parametrize(
    "address",
    [
        "a@b.co",
        "first.last+tag@sub.example.com",
        "o'neil@example.ie",
        "用户@例子.公司",
        "x@xn--p1ai.xn--p1ai",
        "a" * 64 + "@example.com",
        "jürgen@münchen.de",
    ],
)
def test_addresses_that_pass(address: str) -> None:
    assert found(email=[address]) == []


@pytest.mark.parametrize(
    "address",
    [
        "",
        "a",
        "a@b",
        "@b.co",
        "a@",
        "a b@c.de",
        "a@b..de",
        ".a@b.de",
        "a.@b.de",
        "a@-b.de",
        "a@b-.de",
        "a@b.d",
        "a@b.c0m@d.ef",
        "a@1.2.3.4",
        "a@b.co\n",
        "N/A",
        "a" * 250 + "@b.co",
        "a,b@c.de",
        "<a@b.co>",
    ],
)
def test_addresses_that_warn(address: str) -> None:
    assert found(email=[address]) == [("invalid_email", None, "email", (0,), None)]


def test_faults_in_the_words_of_the_table() -> None:
    assert found(
        owner=["a@b.co", "no", None],
        name=["x", "xy", None],
        city=[None, "abc", "abcd"],
        priority=["0", "x", "99"],
        free=["", None, "anything"],
    ) == [
        ("missing_value", None, "owner", (2,), None),
        ("check_failed", "email", "owner", (1,), None),
        ("check_failed", "str_length", "name", (0,), "warn"),
        ("missing_value", None, "city", (0,), None),
        ("check_failed", "str_length", "city", (2,), None),
        ("invalid_value", "integer", "priority", (1,), None),
        ("check_failed", "in_range", "priority", (0,), None),
    ]


def test_values_are_the_cells_as_they_came() -> None:
    table = {"priority": pa.array(["007", "+100", "1.0"])}
    assert [(f.detail, f.values.to_pylist()) for f in value_findings(table, FIELDS)] == [
        ("integer", ["1.0"]),
        ("in_range", ["+100"]),
    ]


def test_nothing_is_found_without_rows_or_known_columns() -> None:
    assert found(email=[]) == []
    assert found(unknown=["x"]) == []


def test_one_sided_bounds() -> None:
    for rule, cells, bad in [
        (Rule("integer", low=5), ["4", "5"], [0]),
        (Rule("integer", high=5), ["5", "6"], [1]),
        (Rule("text", low=1), ["", "a"], [0]),
        (Rule("integer"), ["a", "1"], [0]),
    ]:
        (finding,) = value_findings({"x": pa.array(cells)}, {"x": FieldRule("x", rule=rule)})
        assert finding.index.tolist() == bad
        assert finding.severity == "warn"


CELL = st.none() | st.text(max_size=7) | st.sampled_from(["a@b.co", "a@b", "é@ü.de", "", "7", "0", "100", "05", "-1"])
WHOLE = st.none() | st.integers(-5, 200).map(str)
WORD = st.none() | st.sampled_from(["hot", "HOT", "Cold", "warm", "", "hot "])
DAY = st.none() | st.sampled_from(["2026-02-28", "2026-02-29", "2026-2-8", "0000-00-00", "2026-13-01", "9999-12-31"])


@settings(deadline=None)
@given(st.lists(st.tuples(CELL, CELL, CELL, CELL, WHOLE, WORD, DAY, DAY), min_size=1, max_size=12))
def test_masks_equal_full_validation(rows: list[tuple[str | None, ...]]) -> None:
    names = ["email", "owner", "name", "city", "priority", "heat", "due", "seen"]
    cells = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    columns = {name: pa.array(column, pa.string()) for name, column in cells.items()}
    masks = {(f.column, f.detail or f.code, int(i)) for f in value_findings(columns, FIELDS) for i in f.index}
    try:
        SCHEMA.validate(pl.DataFrame(pl.from_arrow(pa.table(columns))), lazy=True)
        full = set()
    except pandera.errors.SchemaErrors as error:
        words = {"not_nullable": "missing_value"}
        full = {
            (case["column"], words.get(name := case["check"].split("(")[0], name), case["index"])
            for case in error.failure_cases.to_dicts()
        }
    assert masks == {(c, "invalid_email" if (c, d) == ("email", "email") else d, i) for c, d, i in full}
