"""Schemas that cannot judge rows one by one, or do not fit a source: one error each, before the first row."""

from __future__ import annotations

import re

import pandera.polars as pandera
import polars as pl
import pyarrow as pa
import pytest
from pandera.api.hypotheses import Hypothesis

from leadsieve_rules.exceptions import InvalidSchema
from leadsieve_rules.schemas import load_schema
from leadsieve_rules.schemas.structure import require_checks, require_columns

Check, Column = pandera.Check, pandera.Column


def schema(column=None, **options):
    return pandera.DataFrameSchema({"x": column or Column(str)}, **options)


def judged(expr):
    return Check(lambda data: data.lazyframe.select(expr), name="mine")


STATIC = [
    (schema(unique=["x"]), "unique=['x'] compares rows"),
    (schema(Column(str, unique=True)), "column 'x': unique compares rows"),
    (schema(add_missing_columns=True), "add_missing_columns adds values"),
    (schema(drop_invalid_rows=True), "drop_invalid_rows drops rows"),
    (schema(Column(str, drop_invalid_rows=True)), "column 'x': drop_invalid_rows drops rows"),
    (schema(strict="filter"), "strict='filter' drops columns"),
    (schema(Column(str, default="a")), "column 'x': default= fills values in"),
    (schema(Column(str, Check(lambda _: True, groupby="x"))), "groups rows (groupby)"),
    (schema(Column(str, Check.unique_values_eq({"a"}))), "check 'unique_values_eq' of column 'x' gives one verdict"),
    (
        schema(Column(float, Hypothesis(lambda a: a, samples="a", relationship=lambda a: a, name="t"))),
        "check 't' of column 'x' is a hypothesis test",
    ),
    (schema(Column(pl.List(pl.Int64))), "column 'x': no cell can be parsed as List(Int64)"),
    (schema(Column(pl.Struct({"a": pl.Int8}))), "no cell can be parsed as Struct"),
    (schema(Column(pl.Object)), "no cell can be parsed as Object"),
    (schema(Column(pl.Duration)), "no cell can be parsed as Duration"),
    (schema(Column(pl.Binary)), "no cell can be parsed as Binary"),
    (schema(dtype=pl.List(pl.Int8)), "the schema: no cell can be parsed as List(Int8)"),
    (schema(Column(str, metadata={"severity": "wran"})), "metadata severity='wran' is unknown (did you mean 'warn'?)"),
    (schema(metadata={"severity": 1}), "the schema: metadata severity=1 is unknown"),
    (schema(Column(str, Check.str_matches("a(?=b)"))), "the pattern 'a(?=b)' does not run in linear time"),
    (schema(Column(str, Check.str_contains(r"(a)\1"))), r"the pattern '(a)\\1' does not run in linear time"),
    (schema(Column(str, Check.str_contains(r"(?<!a)b"))), "look-around"),
    (schema(Column(str, Check.str_matches(re.compile("a", re.IGNORECASE)))), "the flags of 'a' would be lost"),
    (pandera.DataFrameSchema({"*": Column(str)}), "column '*' cannot be told from all columns"),
]


@pytest.mark.parametrize(("given", "told"), STATIC, ids=[told[:40] for _, told in STATIC])
def test_what_no_schema_may_ask_for(given, told):
    with pytest.raises(InvalidSchema) as caught:
        load_schema(given)
    assert told in caught.value.message
    assert "\n" not in caught.value.message


X = pl.col("x")
SAMPLE = pa.table({"x": ["3", "1", "2", None, "1"], "y": ["a", "b", "c", "d", "e"]})
PROBED = [
    (judged(X.max() > 1), "check 'mine' of column 'x' gives one verdict for a whole column"),
    (judged(pl.lit(True)), "gives one verdict for a whole column"),
    (Check(lambda _: True, name="mine"), "gives one verdict for a whole column"),
    (judged(X.mean() < X), "judges a row by other rows: it uses mean"),
    (judged(X.is_unique()), "judges a row by other rows: it uses is_unique"),
    (judged(X.is_duplicated().not_()), "it uses is_duplicated"),
    (judged(X.cum_sum() > 2), "it uses cum_sum"),
    (judged(X.shift().is_null()), "it uses shift"),
    (judged(X.sum().over("y") > 0), "it uses sum"),
    (judged(X.rank() > 1), "it uses rank"),
    (judged(X.map_batches(lambda s: s.is_unique(), return_dtype=pl.Boolean)), "judges a row by other rows (tried on"),
    (
        Check(lambda d: d.lazyframe.with_columns(b=X.is_unique()).select("b"), name="mine"),
        "judges a row by other rows (tried on the first rows of a.csv)",
    ),
    (Check(lambda d: d.lazyframe.filter(X > 1).select(X > 1), name="mine"), "gives one verdict for a whole column"),
    (judged(X + 1), "gives Int64 values; it must give true or false"),
    (Check(lambda _: 1 / 0, name="mine"), "raises ZeroDivisionError: division by zero (test_refused_schemas.py, line"),
    (Check(lambda v: {}[v], name="mine", element_wise=True), "raises KeyError"),
    (judged(pl.col("nope") > 1), "check 'mine' of column 'x' raises ColumnNotFoundError"),
    (judged(X.str.contains("a")), "check 'mine' of column 'x' raises"),
    (judged(pl.col("y").str.contains("(?=a)")), "look-around"),
    (Check.gt("a"), "check 'greater_than' of column 'x' raises"),
    (Check.str_length(1), "check 'str_length' of column 'x' raises"),
]


def tried(compiled):
    for table in (SAMPLE.schema.empty_table(), SAMPLE):
        require_checks(compiled, "a.csv", table, table.schema)


@pytest.mark.parametrize(("check", "told"), PROBED, ids=[f"{i}-{told[:40]}" for i, (_, told) in enumerate(PROBED)])
def test_checks_are_tried_before_the_first_row(check, told):
    compiled = load_schema(schema(Column(int, check, nullable=True))).compiled
    with pytest.raises(InvalidSchema) as caught:
        tried(compiled)
    assert told in caught.value.message
    assert "\n" not in caught.value.message


FINE = [
    judged(X > 1),
    judged(pl.col("y").str.len_chars() > X),
    judged(pl.col("y").str.head(1) != "mean()"),
    judged(pl.col("y").str.split(",").list.len() < 9),
    judged(pl.max_horizontal(X, pl.lit(3)) < 9),
    judged(X.map_batches(lambda s: s > 2, return_dtype=pl.Boolean, is_elementwise=True)),
    judged(pl.when(X > 1).then(pl.col("y") != ".sum()").otherwise(True)),
    Check(lambda v: v in {1, 2, 3}, element_wise=True),
    Check(lambda d: d.lazyframe.with_columns(b=X > 1).select("b")),
]


@pytest.mark.parametrize("check", FINE)
def test_checks_that_look_at_one_row_are_taken(check):
    compiled = load_schema(schema(Column(int, check, nullable=True))).compiled
    tried(compiled)


def test_one_verdict_shows_even_in_a_table_of_one_row():
    compiled = load_schema(schema(Column(int, judged(X.max() < 5)))).compiled
    with pytest.raises(InvalidSchema, match="gives one verdict for a whole column"):
        compiled.findings(pa.table({"x": ["1"]}))


KNOWN = ["Phone", "Name", "tier"]
SEEN = ["phone_number", "name", "tier"]
FITTING = [
    (
        {"columns": {"teir": Column(str)}},
        r"no column 'teir' in a.csv (did you mean 'tier'?); it has 'Phone', 'Name', 'tier'",
    ),
    ({"columns": {"x_.*": Column(str, regex=True)}}, "no column of a.csv has a name like 'x_.*'"),
    ({"columns": {"x_.*": Column(str, regex=True), "t.*": Column(str, regex=True)}}, "has a name like 'x_.*'"),
    ({"columns": {"(?=t)": Column(str, regex=True)}}, "is no regular expression that runs in linear time"),
    ({"columns": {"name": Column(str)}, "strict": True}, "columns that it does not name: 'phone_number', 'tier'"),
    (
        {"columns": {"tier": Column(str), "name": Column(str)}, "ordered": True},
        "come as 'name', 'tier' and not as 'tier', 'name'",
    ),
]


@pytest.mark.parametrize(("given", "told"), FITTING, ids=[told[:30] for _, told in FITTING])
def test_columns_are_compared_with_the_source(given, told):
    compiled = load_schema(pandera.DataFrameSchema(**given)).compiled
    with pytest.raises(InvalidSchema) as caught:
        require_columns(compiled, "a.csv", SEEN, KNOWN, ["Phone", "Name"])
    assert told in caught.value.message


@pytest.mark.parametrize(
    "given",
    [
        {"columns": {"none": Column(str, required=False), "x_.*": Column(str, regex=True, required=False)}},
        {"columns": {name: Column(str) for name in SEEN}, "strict": True, "ordered": True},
        {"columns": {"^.*$": Column(str, regex=True)}, "strict": True},
        {"columns": {"Name": Column(str)}},
        {"dtype": str, "strict": True},
    ],
)
def test_columns_that_fit(given):
    require_columns(load_schema(pandera.DataFrameSchema(**given)).compiled, "a.csv", SEEN, KNOWN, ["Phone", "Name"])
