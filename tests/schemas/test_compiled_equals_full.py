"""Compiled masks and pandera's own full validation: the same failures, over generated schemas and data."""

from __future__ import annotations

import datetime as dt
import pickle

import pandera.errors
import pandera.polars as pandera
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandera.backends.polars.checks import PolarsCheckBackend
from pandera.backends.polars.container import DataFrameSchemaBackend

from leadsieve_rules.schemas import CompiledSchema, compiling, distinct, load_schema

WORDS = ["", "a", "ab", "abc", "b1", "é", "A", "gold", "7", "a.b", " a"]
CELLS = {
    "text": st.none() | st.sampled_from([w for w in WORDS if w]) | st.text(min_size=1, max_size=4),
    "whole": st.none() | st.integers(-3, 12).map(str) | st.sampled_from(["x", "1.0", " 4", "+5", "9" * 20]),
    "real": st.none() | st.sampled_from(["0", "1.5", "-2", "nan", "inf", "1e1", "x", "3 "]),
    "day": st.none()
    | st.dates(dt.date(2023, 12, 29), dt.date(2024, 1, 3)).map(str)
    | st.sampled_from(["x", "2024-02-30"]),
    "flag": st.none() | st.sampled_from(["true", "FALSE", "True", "1", "no"]),
    "tier": st.none() | st.sampled_from(["gold", "lead", "Gold", "tin"]),
}
DTYPES = {
    "text": pl.String,
    "whole": pl.Int64,
    "real": pl.Float64,
    "day": pl.Date,
    "flag": pl.Boolean,
    "tier": pl.Enum(["gold", "lead", "tin"]),
}


def _vector(expr):
    return lambda data: data.lazyframe.select(expr(pl.col(data.key)))


def _kept(expr):
    """The same check by a path that the compiler cannot write as an expression."""
    return lambda data: data.lazyframe.with_columns(expr(pl.col(data.key)).alias("is")).select("is")


def _ordered(low, high):
    names = [
        "greater_than",
        "greater_than_or_equal_to",
        "less_than",
        "less_than_or_equal_to",
        "equal_to",
        "not_equal_to",
    ]
    ranges = st.builds(
        lambda c, d, **o: pandera.Check.in_range(low, high, c, d, **o),
        st.booleans(),
        st.booleans(),
        ignore_na=st.booleans(),
    )
    single = st.builds(
        lambda name, value, **o: getattr(pandera.Check, name)(value, **o),
        st.sampled_from(names),
        st.sampled_from([low, high]),
        ignore_na=st.booleans(),
    )
    sets = st.builds(
        lambda name, **o: getattr(pandera.Check, name)([low, high], **o),
        st.sampled_from(["isin", "notin"]),
        ignore_na=st.booleans(),
    )
    return st.one_of(ranges, single, sets)


def _own(expr, value):
    """Checks of the author's own: one expression, a longer plan, and one for each value."""
    return st.builds(
        lambda form, na, warn: pandera.Check(
            value if form == "each" else {"one": _vector, "plan": _kept}[form](expr),
            name=f"own-{form}",
            element_wise=form == "each",
            ignore_na=na,
            raise_warning=warn,
        ),
        st.sampled_from(["one", "plan", "each"]),
        st.booleans(),
        st.booleans(),
    )


TEXTS = st.one_of(
    st.builds(
        lambda name, value, **o: getattr(pandera.Check, name)(value, **o),
        st.sampled_from(["str_startswith", "str_endswith", "str_contains", "str_matches"]),
        st.sampled_from(["a", "b1", "."]),
        ignore_na=st.booleans(),
    ),
    st.builds(
        lambda low, more, **o: pandera.Check.str_length(low, low + more, **o),
        st.integers(0, 2),
        st.integers(0, 3),
        ignore_na=st.booleans(),
    ),
    st.just(pandera.Check.str_length(exact_value=2)),
    st.sampled_from(["a|b", "(a|aa)+$", r"^\w+$"]).map(pandera.Check.str_matches),
    _ordered("a", "gold"),
    _own(lambda c: c.str.len_chars() < 3, lambda v: len(v) < 3),
)
CHECKS = {
    "text": TEXTS,
    "whole": st.one_of(_ordered(1, 7), _own(lambda c: c % 2 == 0, lambda v: v % 2 == 0)),
    "real": st.one_of(_ordered(-2.0, 1.5), _own(lambda c: c.abs() < 2, lambda v: abs(v) < 2)),
    "day": _ordered(dt.date(2023, 12, 31), dt.date(2024, 1, 2)),
    "flag": st.builds(pandera.Check.equal_to, st.booleans()),
    "tier": st.builds(pandera.Check.isin, st.just(["gold", "tin"])),
}
COLUMNS = st.fixed_dictionaries(
    {},
    optional={
        name: st.builds(
            pandera.Column,
            st.just(dtype),
            st.lists(CHECKS[name], max_size=3),
            nullable=st.booleans(),
            coerce=st.booleans(),
        )
        for name, dtype in DTYPES.items()
    },
)
ROWS = st.lists(
    st.sampled_from(
        [
            pandera.Check(lambda d: d.lazyframe.select(pl.col("text") != pl.col("tier")), name="differ"),
            pandera.Check(lambda d: d.lazyframe.select(pl.all().is_not_null()), name="full", ignore_na=False),
            pandera.Check(
                lambda d: d.lazyframe.select(
                    pl.col("text").is_null() | pl.col("whole").is_null(), pl.col("flag").is_null()
                ),
                name="two answers",
            ),
        ]
    ),
    max_size=2,
)
SCHEMAS = st.builds(pandera.DataFrameSchema, COLUMNS, ROWS)
TABLES = st.lists(st.tuples(*CELLS.values()), min_size=1, max_size=8).map(
    lambda rows: pa.table({n: pa.array(c, pa.string()) for n, c in zip(CELLS, zip(*rows, strict=True), strict=True)})
)


def found(compiled, table):
    return [
        (f.code, f.detail, f.column, f.index.tolist(), f.severity, f.values and f.values.to_pylist())
        for f in compiled.findings(table)
    ]


def failures(schema, parsed):
    """Return (column, check, row) of pandera's own failure cases."""
    for check in [*schema.checks, *(check for column in schema.columns.values() for check in column.checks)]:
        check.raise_warning = False
    try:
        schema.validate(parsed, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases.to_dicts()
        assert all(case["index"] is not None for case in cases), cases
        numbered = {
            (case["column"] or "*", _name(schema, case), case["index"])
            for case in cases
            if case["check"] != "not_nullable"
        }
        return numbered | {(c["column"], "missing_value", c["index"]) for c in cases if c["check"] == "not_nullable"}
    return set()


def _name(schema, case):
    owner = schema if case["schema_context"] == "DataFrameSchema" else schema.columns[case["column"]]
    return owner.checks[case["check_number"]].name


@settings(max_examples=70, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SCHEMAS, TABLES, st.booleans())
def test_masks_equal_full_validation_of_the_parsed_cells(schema, table, quick):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiling, "use_kernel", lambda _: quick)
        patch.setattr(distinct, "_FEW", 0)
        mine = CompiledSchema(schema).findings(table)
    invalid = {(f.column, int(i)) for f in mine if f.code == "invalid_value" for i in f.index}
    masks = {(f.column, f.detail or f.code, int(i)) for f in mine if f.code != "invalid_value" for i in f.index}
    parsed = CompiledSchema(schema, full=True).parsed(table, table.schema)
    expected = {(c, n, i) for c, n, i in failures(schema, parsed) if (c, i) not in invalid}
    assert masks == expected


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SCHEMAS, TABLES, st.integers(0, 8))
def test_the_way_of_judging_and_the_cut_change_nothing(schema, table, cut):
    compiled = CompiledSchema(schema)
    whole = found(compiled, table)
    assert found(CompiledSchema(schema, full=True), table) == whole
    told = {(code, detail, column, row) for code, detail, column, rows, *_ in whole for row in rows}
    pieces = set()
    for start, piece in ((0, table.slice(0, cut)), (cut, table.slice(cut))):
        pieces |= {(f.code, f.detail, f.column, start + int(i)) for f in compiled.findings(piece) for i in f.index}
    assert pieces == told


class Odd(pandera.Check):
    """A check of a class of its own, which the compiler knows nothing of."""


Odd.register_backend(pl.LazyFrame, PolarsCheckBackend)


class Leads(pandera.DataFrameSchema):
    """A schema of a class of its own."""


Leads.register_backend(pl.DataFrame, DataFrameSchemaBackend)


def test_classes_of_the_author_fall_back_to_full_validation():
    table = pa.table({"x": ["1", "5", None, "z", "9"]})
    checks = [Odd(lambda d: d.lazyframe.select(pl.col(d.key) < 6), name="small", n_failure_cases=1, raise_warning=True)]
    expected = [
        ("missing_value", None, "x", [2], None, [None]),
        ("invalid_value", "Int64", "x", [3], None, ["z"]),
        ("check_failed", "small", "x", [4], "warn", ["9"]),
    ]
    for schema in (
        pandera.DataFrameSchema({"x": pandera.Column(int, checks)}),
        Leads({"^x$": pandera.Column(int, checks, regex=True)}, strict=True, coerce=True),
    ):
        compiled = CompiledSchema(schema)
        assert found(compiled, table) == expected
        assert compiled.full
    plain = CompiledSchema(pandera.DataFrameSchema({"x": pandera.Column(int, pandera.Check.lt(6))}))
    assert [row[:4] for row in found(plain, table)][2] == ("check_failed", "less_than", "x", [4])
    assert not plain.full


def test_what_pandera_is_told_by_the_environment_turns_nothing_off(monkeypatch):
    from pandera.config import CONFIG, ValidationDepth

    monkeypatch.setattr(CONFIG, "validation_enabled", False)
    monkeypatch.setattr(CONFIG, "validation_depth", ValidationDepth.SCHEMA_ONLY)
    schema = pandera.DataFrameSchema({"x": pandera.Column(int, pandera.Check.lt(6))})
    for full in (False, True):
        assert [row[3] for row in found(CompiledSchema(schema, full=full), pa.table({"x": ["1", "7"]}))] == [[1]]


class Shared(pandera.DataFrameModel):
    name: str = pandera.Field(str_length={"min_value": 2})

    @pandera.check("name", error="no digits, please")
    def plain(cls, data):  # noqa: N805
        return data.lazyframe.select(~pl.col(data.key).str.contains(r"\d"))


class Model(Shared):
    score: int = pandera.Field(ge=1, alias="Lead Score", nullable=True, metadata={"severity": "warn"})
    extra: str = pandera.Field(alias="extra_.*", regex=True, isin=["a"], nullable=True, description="only a")

    @pandera.dataframe_check
    def not_both(cls, data):  # noqa: N805
        return data.lazyframe.select((pl.col("name") != "Bo") | (pl.col("Lead Score") > 3))


MODEL_TABLE = pa.table(
    {
        "name": ["Bo", "A1", None],
        "Lead Score": ["2", "0", "x"],
        "extra_1": ["a", "b", None],
        "extra_2": ["c", "a", "a"],
    }
)
MODEL_FOUND = [
    ("missing_value", None, "name", [2], None, None),
    ("check_failed", "plain", "name", [1], None, "no digits, please"),
    ("invalid_value", "Int64", "Lead Score", [2], "warn", None),
    ("check_failed", "greater_than_or_equal_to", "Lead Score", [1], "warn", None),
    ("check_failed", "isin", "extra_1", [1], None, "only a"),
    ("check_failed", "isin", "extra_2", [0], None, "only a"),
    ("check_failed", "not_both", "*", [0], None, None),
]


def test_models_inherit_and_pickled_schemas_judge_alike():
    schema = load_schema(Model)
    for compiled in (
        schema.compiled,
        pickle.loads(pickle.dumps(schema)).compiled,
        pickle.loads(pickle.dumps(schema.compiled)),
    ):
        rows = [
            (f.code, f.detail, f.column, f.index.tolist(), f.severity, f.note) for f in compiled.findings(MODEL_TABLE)
        ]
        assert rows == MODEL_FOUND


@pytest.mark.parametrize("quick", [True, False])
def test_full_validation_judges_however_many_rows_there_are(monkeypatch, quick):

    monkeypatch.setattr(compiling, "use_kernel", lambda _: quick)
    schema = pandera.DataFrameSchema({"x": pandera.Column(str, pandera.Check.str_length(2), nullable=False)})
    table = pa.table({"x": ["ab", "a", None]})
    told = [("missing_value", [2]), ("check_failed", [1])]
    for full in (False, True):
        assert [(row[0], row[3]) for row in found(CompiledSchema(schema, full=full), table)] == told
