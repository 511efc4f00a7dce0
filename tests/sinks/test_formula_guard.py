"""The formula guard and its exact inverse."""

from __future__ import annotations

import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsieve_connectors.sinks import guard, unguard

RISKY = re.compile(r"^'*[=+\-@\t\r]")
TEXTS = st.lists(st.none() | st.text(st.sampled_from("'=+-@\t\r\n ax\x00é१"), max_size=5) | st.text(max_size=5))


@pytest.mark.parametrize("type_", [pa.string(), pa.large_string()])
@given(texts=TEXTS, start=st.integers(0, 3))
def test_guard_is_the_pattern_of_the_design_and_unguard_its_inverse(type_, texts, start):
    array = pa.array(texts, type_).slice(start)
    kept = texts[start:]
    guarded = guard(array)
    assert guarded.type == type_
    assert guarded.to_pylist() == [f"'{text}" if text and RISKY.match(text) else text for text in kept]
    assert unguard(guarded).to_pylist() == kept
    assert unguard(guarded).type == type_


@given(texts=TEXTS)
def test_no_guarded_text_starts_a_formula(texts):
    assert not [text for text in guard(pa.array(texts, pa.string())).to_pylist() if text and text[0] in "=+-@\t\r"]


def test_unguard_takes_chunked_columns():
    column = pa.chunked_array([["'=a", "'b"], ["''+c", None]])
    assert unguard(column).to_pylist() == ["=a", "'b", "'+c", None]
