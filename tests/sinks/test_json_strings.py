"""Texts as JSON strings: read back they are the same, and nothing is escaped that need not be."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsieve_connectors.sinks import json_strings

NASTY = [chr(code) for code in range(0x21)] + ['"', "\\", "/", "\x7f", "\u2028", "\u2029", "é", "😀", "{{", "u0000"]
TEXT = st.none() | st.lists(st.sampled_from(NASTY) | st.characters(exclude_categories=["Cs"]), max_size=8).map("".join)


@given(st.lists(TEXT, max_size=20), st.integers(0, 5))
def test_each_text_is_what_json_itself_writes(texts, start):
    array = pa.array(texts, pa.string()).slice(start)
    expected = [None if text is None else json.dumps(text, ensure_ascii=False) for text in texts[start:]]
    assert json_strings(array).to_pylist() == expected


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.null()])
def test_a_column_without_values_stays_one(kind):
    assert json_strings(pa.nulls(3, kind)).to_pylist() == [None] * 3
    assert json_strings(pa.nulls(0, kind)).to_pylist() == []


def test_a_null_that_hides_bytes_stays_null():
    hidden = pa.Array.from_buffers(
        pa.string(), 2, [pa.py_buffer(b"\x02"), *pa.array(['a"b', "c\\"]).buffers()[1:]], null_count=1
    )
    assert json_strings(hidden).to_pylist() == [None, '"c\\\\"']
