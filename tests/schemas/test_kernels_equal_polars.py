"""Columns judged by kernels and once a distinct value: what polars says of every cell, over generated schemas."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandera.polars as pandera
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadsieve_rules.cells.columns import buffers_of
from leadsieve_rules.exceptions import InvalidSchema
from leadsieve_rules.schemas import CompiledSchema, compiling, distinct
from leadsieve_rules.schemas.automaton import automaton
from leadsieve_rules.schemas.sure import Sure, sure

CHECK = pandera.Check
TEXT = st.text("ab@.c-1 xé\n\t\x1c\x85٣]", max_size=9)
ATOMS = st.sampled_from(
    [
        "a",
        "b",
        ".",
        r"\.",
        r"\d",
        r"\D",
        r"\s",
        r"\S",
        r"\w",
        r"\W",
        "[ab]",
        "[^a@]",
        r"[\w.-]",
        "[]a]",
        "é",
        "[a-é]",
        "@",
    ]
)
ENDS = st.sampled_from(["", "", "^", "$", "^$"])


def _repeated(inner):
    marks = st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "{0,}", "*?", "+?"])
    return st.one_of(
        st.tuples(inner, marks).map(lambda both: f"(?:{both[0]}){both[1]}"),
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda some: f"({'|'.join(some)})"),
    )


PATTERNS = st.builds(
    lambda body, ends: ("^" if "^" in ends else "") + body + ("$" if "$" in ends else ""),
    st.recursive(ATOMS, _repeated, max_leaves=5),
    ENDS,
)


def doubts(asked, cells):
    return asked.doubts(*buffers_of(pa.array(cells, pa.string())))


@settings(max_examples=250, deadline=None)
@given(PATTERNS, st.lists(TEXT, min_size=1, max_size=12))
def test_an_automaton_finds_what_polars_finds_in_ascii_text(pattern, cells):
    made = automaton(pattern)
    if made is None:
        return
    doubted, found = doubts(Sure(patterns=(made,)), cells), pl.Series(cells).str.contains(pattern).to_numpy()
    assert not (~doubted & ~found).any()
    plain = np.array([cell.isascii() for cell in cells])
    assert (doubted == ~found)[plain].all()


COMPILED = [
    r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$",
    "",
    "$",
    "^$",
    "a|b",
    "(a|aa)+$",
    "(?P<name>a)b?",
    r"\[a\]",
    "[]a]+c",
    "[^]a]",
    r"a\$b",
    "(.*a){20}$",
]
LEFT = [
    "^a|b",
    "(^a|b)",
    "(?i)a",
    "(?i:a)",
    r"\ba",
    "a++",
    "[a[b]]",
    "[a&&b]",
    "a{,2}",
    r"\<a",
    r"\pL",
    "[[:alpha:]]",
    "(?:[a-z]{1,60}x){40}",
    "(a|b)*a(a|b){9}$",
]


@pytest.mark.parametrize(("pattern", "is_compiled"), [*((p, True) for p in COMPILED), *((p, False) for p in LEFT)])
def test_patterns_that_python_and_polars_may_read_apart_are_left_to_polars(pattern, is_compiled):
    assert (automaton(pattern) is not None) == is_compiled


CELLS = {
    "text": st.none() | st.sampled_from(["a", "ab", "b1", "é", "gold", "7", "a.b", " a", "ab" * 9]) | TEXT,
    "whole": st.none()
    | st.integers(-300, 300).map(str)
    | st.sampled_from(["+5", "-0", "007", "", "+", "x", "1.0", " 4", "9" * 18, "9" * 19, "-" + "9" * 18, "٣", "4\n"]),
    "real": st.none()
    | st.floats(-4, 4).map(lambda value: f"{value:.3f}")
    | st.sampled_from(
        ["1", "-2.0", "1.5", "1.", ".5", "1e1", "nan", "inf", "1.50000000000000001", "0.1", "-0", "1.5.0"]
    ),
    "day": st.none()
    | st.dates(dt.date(2023, 12, 29), dt.date(2024, 3, 3)).map(str)
    | st.sampled_from(["0000-01-01", "0001-01-01", "2024-02-30", "1900-02-29", "2000-02-29", "2024-2-09", "2024-13-01"])
    | st.text("0123456789-", min_size=9, max_size=11),
}
DTYPES = {
    "text": [pl.String, None],
    "whole": [pl.Int64, pl.Int8, pl.UInt16, pl.UInt64],
    "real": [pl.Float64, pl.Float32],
    "day": [pl.Date],
}


def _bounded(*values):
    value = st.sampled_from(values)
    single = st.sampled_from(["gt", "ge", "lt", "le", "eq", "ne"])
    return st.one_of(
        st.builds(lambda name, at, **o: getattr(CHECK, name)(at, **o), single, value, ignore_na=st.booleans()),
        st.builds(lambda c, d: CHECK.in_range(min(values), max(values), c, d), st.booleans(), st.booleans()),
        st.builds(lambda name, at: getattr(CHECK, name)([at]), st.sampled_from(["isin", "notin"]), value),
    )  # fmt: skip


CHECKS = {
    "text": st.one_of(
        st.builds(
            lambda low, more, na, warn: CHECK.str_length(low, low + more, ignore_na=na, raise_warning=warn),
            *(st.integers(0, 3), st.integers(0, 4), st.booleans(), st.booleans()),
        ),
        st.sampled_from([{"max_value": 2}, {"min_value": 2}, {"exact_value": 2}]).map(lambda o: CHECK.str_length(**o)),
        PATTERNS.map(CHECK.str_contains),
        st.builds(
            CHECK.str_matches, st.sampled_from(["a|b", "^a", r"[a-z]+$", r"\s", "(?i)A"]), ignore_na=st.booleans()
        ),
        st.sampled_from(["a", ".", "é", "b1"]).map(CHECK.str_startswith),
        st.sampled_from(["a", ".", "é", "b1"]).map(CHECK.str_endswith),
        st.just(CHECK(lambda value: len(value) < 3, element_wise=True, name="short")),
        st.just(CHECK(lambda d: d.lazyframe.select(pl.col(d.key).str.len_bytes() < 3), name="small")),
        st.just(CHECK(lambda d: d.lazyframe.select(pl.col(d.key) > pl.col("other")), name="beside")),
        st.just(CHECK(lambda d: d.lazyframe.with_columns(on=pl.col(d.key) > "a").select("on"), name="longer")),
        _bounded("a", "gold"),
    ),
    "whole": _bounded(-2, 1, 100, 1 << 40),
    "real": st.one_of(_bounded(-2.0, 0.1, 1.5, 3), _bounded(1, 2)),
    "day": _bounded(dt.date(2023, 12, 31), dt.date(2024, 2, 29)),
}


ROWS = [
    CHECK(lambda d: d.lazyframe.select(pl.col("other") != "b"), name="rows"),
    CHECK(lambda d: d.lazyframe.with_columns(is_c=pl.col("other") == "c").select("is_c"), name="plan"),
    CHECK(lambda value: value != "b", element_wise=True, name="each"),
]


@st.composite
def judged(draw):
    """Draw a column, its table, and a check of rows that perhaps makes it no column to be judged by itself."""
    kind = draw(st.sampled_from(list(CELLS)))
    metadata = draw(st.sampled_from([None, {"severity": "warn"}, {"missing": "warn"}]))
    column = pandera.Column(
        draw(st.sampled_from(DTYPES[kind])),
        draw(st.lists(CHECKS[kind], max_size=3)),
        nullable=draw(st.booleans()),
        regex=(regex := draw(st.booleans())),
        metadata=metadata,
    )
    name = draw(st.sampled_from(["phone_number", "x"]))
    rows = draw(st.lists(st.sampled_from(ROWS), max_size=1))
    schema = pandera.DataFrameSchema({f"^{name}$" if regex else name: column}, rows)
    cells = draw(st.lists(CELLS[kind], min_size=1, max_size=12))
    table = pa.table({name: pa.array(cells, pa.string()), "other": ["b" if len(c or "") % 2 else "c" for c in cells]})
    return schema, table.slice(draw(st.integers(0, len(cells) - 1)))


def found(schema, table, *, quick, few=0):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiling, "use_kernel", lambda _: quick)
        patch.setattr(distinct, "_FEW", few)
        compiled = CompiledSchema(schema)
        # The second time, the verdicts of the first are remembered.
        return [told(compiled, table), told(compiled, table)]


def told(compiled, table):
    try:
        return [
            (f.code, f.detail, f.column, f.index.tolist(), f.severity, f.note, f.values and f.values.to_pylist())
            for f in compiled.findings(table)
        ]
    except InvalidSchema as error:  # such as whole numbers that a column of others is to be among
        return str(error)


@settings(max_examples=220, deadline=None)
@given(judged(), st.sampled_from([0, 100]))
def test_kernels_and_distinct_cells_change_no_verdict(given, few):
    schema, table = given
    assert found(schema, table, quick=True, few=few) == found(schema, table, quick=False)


SURE = [
    ([CHECK.str_length(1, 3), CHECK.str_matches("a+")], pl.String, True),
    ([CHECK.str_endswith("."), CHECK.str_startswith("(")], None, True),
    ([CHECK.ge(1), CHECK.le(9), CHECK.in_range(2, 8), CHECK.eq(3)], pl.UInt8, True),
    ([], pl.Float64, True),
    ([CHECK.in_range(0.5, 2)], pl.Float64, True),
    ([CHECK.gt(dt.date(2024, 1, 1))], pl.Date, True),
    ([], pl.String, True),
    ([], None, True),
    ([CHECK.isin(["a"])], pl.String, False),
    ([CHECK.gt("a")], pl.String, False),
    ([CHECK.str_startswith("é")], pl.String, False),
    ([CHECK(len, element_wise=True)], pl.String, False),
    ([CHECK.ge(1.5)], pl.Int64, False),
    ([CHECK.ge(1 << 63)], pl.UInt64, False),
    ([CHECK.ne(1)], pl.Int64, False),
    ([CHECK.eq(None)], pl.Int64, False),
    ([CHECK.gt(True)], pl.Int64, False),
    ([CHECK.gt(1), CHECK.isin([2])], pl.Int64, False),
    ([CHECK.ge(1)], pl.Float32, False),
    ([CHECK.ge(float("nan"))], pl.Float64, False),
    ([CHECK.ge(dt.datetime(2024, 1, 1))], pl.Date, False),  # noqa: DTZ001 - as most schemas have it
    ([CHECK.eq("a")], pl.Enum(["a"]), False),
    ([], pl.Boolean, False),
]


@pytest.mark.parametrize(("checks", "dtype", "is_sure"), SURE)
def test_kernels_follow_the_checks_that_they_know(checks, dtype, is_sure):
    assert (sure(checks, dtype) is not None) == is_sure


SURELY = [
    (Sure(lengths=((2, 3),)), {"ab": 0, "éé": 0, "a": 1, "": 1, "abcd": 1, "ééé": 0, "\U0001f600" * 3: 0, "é" * 4: 1}),
    (Sure(form="whole", wholes=(-5, 5)), {"5": 0, "-5": 0, "+05": 0, "6": 1, "": 1, "-": 1, "1.0": 1, "1" * 19: 1}),
    (Sure(form="real", reals=(0.1, 2)), {"0.1": 0, "2": 0, "2.0": 0, "0.09": 1, "2.0000001": 1, "1.": 1, ".5": 1, "1e0": 1}),
    (Sure(form="day", wholes=(0, 20240229)), {"2024-02-29": 0, "2024-03-01": 1, "2023-02-29": 1, "2000-02-29": 0,
                                              "1900-02-29": 1, "2023-1-01": 1, "2023/01/01": 1, "0000-01-01": 1}),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "cells"), SURELY)
def test_plain_cells_are_sure_and_others_are_doubted(asked, cells):
    assert doubts(asked, list(cells)).tolist() == [bool(doubt) for doubt in cells.values()]


ALIKE = st.sampled_from(["", "a", "a\0", "abcdefgh", "abcdefgh\0", "abcdefgh-x-abcdefgh", "abcdefgh-y-abcdefgh"])


@settings(max_examples=200, deadline=None)
@given(st.lists(st.none() | ALIKE | st.text(max_size=20), min_size=1, max_size=40), st.integers(0, 5))
def test_distinct_cells_stand_for_all(cells, start):
    text = pa.array([*"xxxxx", *cells], pa.string()).slice(start)
    made = distinct.distinct(text)
    assert made.cells.to_pylist() == list(dict.fromkeys(text.to_pylist()))
    assert made.cells.take(pa.array(made.codes)).to_pylist() == text.to_pylist()


@pytest.mark.parametrize("form", ["{}", "abcdefgh{:06}abcdefgh"], ids=["too many", "too alike"])
def test_cells_that_differ_or_are_too_alike_are_not_told_apart(form):
    cells = [form.format(i % 1100) for i in range(20_000)]
    assert distinct.distinct(pa.array(cells)) is None
    schema = pandera.DataFrameSchema({"x": pandera.Column(str, CHECK.isin(cells[:1000]))})
    table = pa.table({"x": cells})
    ((one, *none), _) = found(schema, table, quick=True)
    assert one[:3] == ("check_failed", "isin", "x")
    assert one[3] == [row for row in range(20_000) if row % 1100 >= 1000]
    assert none == []


def test_what_is_remembered_of_a_column_is_bounded(monkeypatch):
    monkeypatch.setattr(compiling, "use_kernel", lambda _: True)
    monkeypatch.setattr(distinct, "_REMEMBERED", 100)
    compiled = CompiledSchema(pandera.DataFrameSchema({"x": pandera.Column(str, CHECK.isin(["1"]), nullable=True)}))
    for start in range(0, 1000, 50):
        table = pa.table({"x": [str(start + i % 70) for i in range(200)]})
        (only,) = compiled.findings(table)
        assert len(only.index) == 200 - (3 if start == 0 else 0)
    (alone,) = compiled.program(table.schema).alone
    assert 0 < len(alone.said) <= 100
