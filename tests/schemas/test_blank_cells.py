"""Cells that are taken for null: those of nothing but white space, and those that something else is said of."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsieve_rules.cells.arrays import flags_of, int64_array, null_flags, string_array
from leadsieve_rules.schemas import nulls

SPACES = " \t\n\r\x0b\x0c\x1c\x1f\x85\xa0\u2003\u3000"
CELLS = st.lists(st.none() | st.text(SPACES + "a\u200bé", max_size=4), min_size=1, max_size=20)


def part(cells):
    """A column that is a part of another, as chunks are."""
    return pa.array([None, "before", *cells, "behind"], pa.string()).slice(2, len(cells))


@pytest.mark.parametrize("quick", [True, False])
@given(cells=CELLS)
def test_blank_cells_become_null_and_others_stay(quick, cells):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nulls, "use_kernel", lambda _: quick)
        found = nulls.blanks_as_nulls(part(cells))
    found.validate(full=True)
    assert found.to_pylist() == [None if cell is None or not cell.strip() else cell for cell in cells]


@given(st.lists(st.tuples(st.none() | st.text(max_size=3), st.booleans()), min_size=1, max_size=20))
def test_more_cells_are_null(rows):
    cells, more = [cell for cell, _ in rows], np.array([flag for _, flag in rows])
    found = nulls.with_nulls(part(cells), more)
    found.validate(full=True)
    assert found.to_pylist() == [None if flag else cell for cell, flag in rows]


def test_no_cell_is_copied(monkeypatch):
    monkeypatch.setattr(nulls, "use_kernel", lambda _: True)
    text = part(["a", "é", " b "])
    assert nulls.blanks_as_nulls(text) is text
    blank = part(["a", " ", "b"])
    assert nulls.blanks_as_nulls(blank).buffers()[2].address == blank.buffers()[2].address


@given(st.lists(st.none() | st.booleans(), max_size=20), st.integers(0, 20))
def test_small_arrays_from_buffers_and_back(flags, start):
    array = pa.array(flags, pa.bool_()).slice(start)
    assert flags_of(array).tolist() == [bool(flag) for flag in flags[start:]]
    assert null_flags(array).tolist() == ([flag is None for flag in flags[start:]] if None in flags[start:] else [])


@given(st.lists(st.none() | st.text(max_size=3)), st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_arrays_are_those_of_arrow(texts, numbers):
    assert string_array(texts).equals(pa.array(texts, pa.string()))
    assert int64_array(np.array(numbers, np.int64)).equals(pa.array(numbers, pa.int64()))
