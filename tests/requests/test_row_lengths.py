"""The characters of a row: what is counted is what is sent."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from request_plans import LIST, OBJECT, make_plan, make_rows

from leadsieve.requests.lengths import row_lengths
from leadsieve.requests.members import sent_columns

TEXT = st.none() | st.text("aé😀\n ", max_size=5)


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=10))
def test_headers_and_values_are_counted_by_the_character(rows):
    columns = dict(zip(["Zoë", "b"], (pa.array(cells, pa.string()) for cells in zip(*rows, strict=True)), strict=True))
    assert row_lengths(columns).tolist() == [4 + len(a or "") + len(b or "") for a, b in rows]


@pytest.mark.parametrize(
    ("column", "lengths"),
    [
        (pa.array([1.0, float("nan"), None]), [1, 0, 0]),
        (pa.array([True, False, None]), [4, 5, 0]),
        (pa.array([[1, 2], [], None]), [5, 2, 0]),
        (pa.array(["ab", None, "ab"]).dictionary_encode(), [2, 0, 2]),
        (pa.nulls(3), [0, 0, 0]),
    ],
)
def test_typed_values_are_counted_as_they_are_sent(column, lengths):
    assert row_lengths({"": column}).tolist() == lengths
    assert row_lengths({"": column}).dtype == np.int64


def test_no_columns_are_no_rows():
    assert row_lengths({}).tolist() == []


def test_numbers_and_headers_are_counted_as_the_request_holds_them(write):
    plan = make_plan('[phone]\nformat = "national"\n' + LIST, custom=["city"], present=["phone_number", "name"])
    rows = make_rows(name=["Zoë", None], city=["Pune", "Ulm"])
    sent = sent_columns({name: rows.column(name) for name in rows.schema.names}, plan)
    bulk = write(plan, rows).body()["bulk"]
    assert list(sent) == bulk["map"]
    assert [list(map(str, row)) for row in bulk["data"]] == [
        [cell or "" for cell in row] for row in zip(*(column.to_pylist() for column in sent.values()), strict=True)
    ]
    headers = sum(map(len, bulk["map"]))
    assert row_lengths(sent).tolist() == [headers + sum(map(len, row)) for row in bulk["data"]]


def test_the_members_of_a_table_are_counted_too():
    rows = make_rows(name=["Zoë"], city=["Pune"])
    sent = sent_columns({name: rows.column(name) for name in rows.schema.names}, make_plan(OBJECT, custom=["city"]))
    assert list(sent) == ["phone", "name", "priority", "extra.city"]
