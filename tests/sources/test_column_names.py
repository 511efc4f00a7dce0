"""Unique names from raw headers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsieve_connectors.sources.names import unique_names


@pytest.mark.parametrize(
    ("headers", "names"),
    [
        (["phone", "name"], ["phone", "name"]),
        ([" phone ", "\tname\n"], ["phone", "name"]),
        (["", "x", "  "], ["column_1", "x", "column_3"]),
        (["a", "a", "a"], ["a", "a_2", "a_3"]),
        (["a", "a", "a_2"], ["a", "a_3", "a_2"]),
        (["a", "a_2", "a", "a_2"], ["a", "a_2", "a_3", "a_2_2"]),
        (["", "column_1"], ["column_1_2", "column_1"]),
        (["column_2", ""], ["column_2", "column_2_2"]),
        (["a", "A"], ["a", "A"]),
    ],
)
def test_names(headers, names):
    assert list(unique_names(headers)) == names


@given(st.lists(st.sampled_from(["", " ", "a", "a ", "a_2", "a_3", "column_1", "column_2", "column_1_2"]), max_size=12))
def test_names_are_unique_and_kept_where_they_can_be(headers):
    names = unique_names(headers)
    assert len(set(names)) == len(names) == len(headers)
    for place, header in enumerate(headers):
        trimmed = header.strip()
        if trimmed and trimmed not in [earlier.strip() for earlier in headers[:place]]:
            assert names[place] == trimmed
