"""The compiled encoder gives what Arrow gives, array for array and byte for byte, and is not loaded for few rows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadsieve_connectors.sinks import _dictionary, _encoder, open_sink
from leadsieve_connectors.sinks._dictionary import KERNEL_ROWS, by_arrow, first_sight, use_kernel
from leadsieve_connectors.sinks._encoder import encode

#: Lengths on both sides of the words that are read at once; alike but for a byte, which may be NUL, at either end.
TEXT = st.builds(
    lambda size, first, last: (first + "m" * size + last)[: size or None],
    st.sampled_from([0, 1, 7, 8, 9, 15, 16, 17, 23, 24, 25, 40]),
    st.sampled_from(["", "a", "\0", "é"]),
    st.sampled_from(["", "z", "\0", "é"]),
)
CELLS = st.lists(st.none() | TEXT, max_size=12)
INDEX_TYPES = st.sampled_from([pa.int8(), pa.uint8(), pa.int16(), pa.int32(), pa.int64()])


@st.composite
def pieces(draw: st.DrawFn, value_type: pa.DataType) -> pa.Array:
    """Draw a piece: plain or by a dictionary, which may hold nulls, repeats and what no row has; or a slice of one."""
    cells = draw(CELLS)
    array = pa.array(cells, value_type)
    if draw(st.booleans()):
        codes = draw(st.lists(st.none() | st.integers(0, max(0, len(cells) - 1)), max_size=30)) if cells else [None] * 3
        array = pa.DictionaryArray.from_arrays(pa.array(codes, draw(INDEX_TYPES)), array)
    start = draw(st.integers(0, len(array)))
    return array.slice(start, draw(st.integers(0, len(array))))


@settings(max_examples=300)
@given(st.sampled_from([pa.string(), pa.large_string()]).flatmap(lambda t: st.tuples(st.just(t), st.lists(pieces(t)))))
def test_both_encoders_give_the_same_array(drawn):
    value_type, chunks = drawn
    expected, given_ = by_arrow(chunks, value_type), encode(chunks, value_type)
    given_.validate(full=True)
    assert given_.type == expected.type
    assert given_.indices.equals(expected.indices)
    assert given_.dictionary.equals(expected.dictionary)
    assert given_.to_pylist() == [value for chunk in chunks for value in chunk.to_pylist()]


@pytest.mark.parametrize("value_type", [pa.string(), pa.large_string()])
@pytest.mark.parametrize("width", [1, 30])
def test_many_and_long_values_need_more_room_and_get_it(value_type, width):
    plain = pa.array([f"{i * 7919 % 9_000:0{width}}" for i in range(30_000)], value_type)
    encoded = plain.slice(5_000).dictionary_encode()
    chunks = [plain.slice(0, 11_000), encoded, plain.slice(2, 1), encoded.slice(7, 9), pa.nulls(5, value_type)]
    given_ = encode(chunks, value_type)
    assert len(given_.dictionary) == 9_000
    assert given_.equals(by_arrow(chunks, value_type))


def test_pieces_of_one_value_follow_each_other():
    ones = [pa.DictionaryArray.from_arrays(pa.array([0] * 3, pa.int8()), [text]) for text in "aabba"]
    absent = pa.DictionaryArray.from_arrays(pa.array([0, 0]), pa.array([None], pa.string()))
    some = pa.DictionaryArray.from_arrays(pa.array([0, None]), ["c"])
    chunks = [ones[0], absent, *ones, some]
    assert encode(chunks, pa.string()).equals(by_arrow(chunks, pa.string()))


def test_values_that_share_hashes_are_left_to_arrow(monkeypatch):
    # Patience for none: of so many values some must meet.
    monkeypatch.setattr(_encoder, "_PATIENCE", 0)
    chunks = [pa.array([str(i % 3_000) for i in range(KERNEL_ROWS)])]
    assert encode(chunks, pa.string()) is None
    assert first_sight(chunks, pa.string()).equals(by_arrow(chunks, pa.string()))


@pytest.mark.parametrize("value_type", [pa.string(), pa.large_string()])
def test_more_bytes_than_offsets_count_are_left_to_arrow(value_type, monkeypatch):
    monkeypatch.setattr(_encoder, "_MAX_BYTES", 1 << 14)
    chunks = [pa.array([f"{i:020}" for i in range(KERNEL_ROWS)], value_type)]
    assert encode(chunks, value_type) is None
    assert first_sight(chunks, value_type).equals(by_arrow(chunks, value_type))


def test_both_encoders_write_the_same_file(tmp_path, monkeypatch):
    rows = KERNEL_ROWS + 5_000
    city = pa.array([f"city {i % 70}" if i % 9 else None for i in range(rows)])
    tier = pa.array([["gold", "silver", None][i % 3] for i in range(rows)])
    schema = pa.schema([("city", pa.string()), ("tier", pa.dictionary(pa.int8(), pa.string()))])
    table = pa.Table.from_arrays([city, tier.dictionary_encode().cast(schema.field("tier").type)], schema=schema)
    written = []
    for kernel in (False, True):
        monkeypatch.setattr(_dictionary, "use_kernel", lambda _, kernel=kernel: kernel)
        sink = open_sink(tmp_path / str(kernel), schema, format="parquet", row_group_rows=20_000)
        for start in range(0, rows, 3_001):
            sink.write(table.slice(start, 3_001))
        sink.close()
        written.append(sink.path.read_bytes())
    assert written[0] == written[1]


def test_the_kernel_is_for_many_rows_or_for_all_once_it_is_there(monkeypatch):
    monkeypatch.setitem(sys.modules, _dictionary._KERNEL, None)
    assert use_kernel(1)
    monkeypatch.delitem(sys.modules, _dictionary._KERNEL)
    assert use_kernel(KERNEL_ROWS)
    assert not use_kernel(KERNEL_ROWS - 1)


def test_a_file_of_few_rows_loads_no_kernel(tmp_path: Path):
    program = """
import sys
from pathlib import Path
import pyarrow as pa
from leadsieve_connectors.sinks import open_sink
table = pa.table({"city": ["Pune"] * 1_000, "tier": pa.array(["gold"] * 1_000).dictionary_encode()})
sink = open_sink(Path(sys.argv[1]), table.schema, format="parquet")
sink.write(table)
sink.close()
print({"llvmlite", "numba", "leadsieve_connectors.sinks.kernel"} & set(sys.modules))
"""
    command = [sys.executable, "-c", program, str(tmp_path / "out")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "set()\n"
