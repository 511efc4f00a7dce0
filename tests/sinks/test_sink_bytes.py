"""The bytes of an output file depend on its rows and schema, never on how the rows came in."""

from __future__ import annotations

import datetime as dt
import itertools
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadsieve_connectors.sinks import open_sink

SCHEMA = pa.schema(
    [
        pa.field("phone_number", pa.string()),
        pa.field("city", pa.string()),
        pa.field("tier", pa.dictionary(pa.int8(), pa.string())),
        pa.field("seen", pa.timestamp("us", "Asia/Kolkata")),
        pa.field("tags", pa.list_(pa.int32())),
        pa.field("lead_row", pa.int64(), nullable=False),
    ]
)
TEXT = st.none() | st.text(st.sampled_from("+=-@'\"\t\r\n,;a0é१ "), max_size=6)
ROWS = st.lists(
    st.tuples(
        TEXT,
        st.none() | st.sampled_from(["Pune", "Zürich", "", "=1"]),
        st.none() | st.sampled_from(["gold", "silver"]),
        st.none() | st.integers(0, 4_000_000_000).map(lambda time: dt.datetime.fromtimestamp(time, dt.UTC)),
        st.none() | st.lists(st.none() | st.integers(-9, 9), max_size=2),
        st.integers(1, 2**40),
    ),
    max_size=40,
)


def table_of(rows: list[tuple]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(SCHEMA)
    return pa.Table.from_arrays(
        [pa.array(values, field.type) for values, field in zip(columns, SCHEMA, strict=True)], schema=SCHEMA
    )


def file_bytes(tables: list[pa.Table], kind: str, **options: object) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        sink = open_sink(Path(folder) / "out", SCHEMA, format=kind, **options)
        for table in tables:
            sink.write(table)
        sink.close()
        assert sink.rows == sum(table.num_rows for table in tables)
        return sink.path.read_bytes()


def cut(table: pa.Table, cuts: list[int], encodings: list[bool]) -> list[pa.Table]:
    """Cut a table in pieces, some with a text column encoded by a dictionary of the whole."""
    bounds = sorted({0, table.num_rows, *(position % (table.num_rows + 1) for position in cuts)})
    pieces = []
    for number, (start, stop) in enumerate(itertools.pairwise(bounds)):
        piece = table.slice(start, stop - start)
        if encodings[number % len(encodings)]:
            whole = table.column("city").combine_chunks().dictionary_encode()
            piece = piece.set_column(1, "city", whole.slice(start, stop - start))
        pieces.append(piece)
    return pieces


@pytest.mark.parametrize("kind", ["parquet", "csv"])
@settings(deadline=None, max_examples=60)
@given(
    rows=ROWS,
    cuts=st.lists(st.integers(0, 40), max_size=6),
    encodings=st.lists(st.booleans(), min_size=1, max_size=3),
    group=st.integers(1, 12),
)
def test_cutting_and_encoding_leave_no_trace(kind, rows, cuts, encodings, group):
    table = table_of(rows)
    whole = file_bytes([table], kind, row_group_rows=group)
    assert file_bytes(cut(table, cuts, encodings), kind, row_group_rows=group) == whole


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_many_rows_cut_at_odd_places_leave_no_trace(kind):
    rows = [(f"+1201555{i:04d}", f"c{i % 7 if i < 9000 else i}", None, None, None, i + 1) for i in range(20_000)]
    table = table_of(rows)
    pieces = [table.slice(start, 997) for start in range(0, 20_000, 997)]
    encoded = [piece.set_column(1, "city", piece.column("city").dictionary_encode()) for piece in pieces]
    whole = file_bytes([table], kind, row_group_rows=8_000)
    assert file_bytes(pieces, kind, row_group_rows=8_000) == whole
    assert file_bytes(encoded, kind, row_group_rows=8_000) == whole


def test_a_dictionary_with_nulls_and_repeats_leaves_no_trace():
    plain = pa.array(["x", None, "x", "y", None])
    odd = pa.DictionaryArray.from_arrays(pa.array([0, 1, 2, 3, None]), pa.array(["x", None, "x", "y", "unused"]))
    schema = pa.schema([("city", pa.string())])
    contents = []
    for column in (plain, odd):
        with tempfile.TemporaryDirectory() as folder:
            sink = open_sink(Path(folder) / "out", schema, format="parquet")
            sink.write(pa.table({"city": pa.chunked_array([column] * 20)}))
            sink.close()
            contents.append(sink.path.read_bytes())
    assert contents[0] == contents[1]


@pytest.mark.parametrize(("rows", "groups"), [(0, []), (4, [4]), (10, [10]), (25, [10, 10, 5])])
def test_row_groups_have_exactly_the_size_asked_for(tmp_path, rows, groups):
    table = table_of([("+1", "Pune", None, None, None, i) for i in range(rows)])
    sink = open_sink(tmp_path / "out", SCHEMA, format="parquet", row_group_rows=10)
    for start in range(0, rows, 3):
        sink.write(table.slice(start, 3))
    sink.close()
    metadata = pq.read_metadata(sink.path)
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == groups


def test_a_parquet_file_declares_the_sinks_schema_and_nothing_of_the_source(tmp_path):
    source = pa.schema(
        [SCHEMA.field(i).with_metadata({"PARQUET:field_id": "7"}) for i in range(len(SCHEMA))],
        metadata={"pandas": "{}", "origin": "somebody's machine"},
    )
    sink = open_sink(tmp_path / "out", source, format="parquet")
    sink.write(table_of([("+1", "Pune", "gold", None, [1], 1)] * 50).replace_schema_metadata(source.metadata))
    sink.close()
    schema = pq.read_schema(sink.path)
    assert schema.equals(SCHEMA)
    assert schema.metadata is None
    assert b"somebody" not in sink.path.read_bytes()


def test_row_numbers_are_deltas_with_statistics_and_repeating_text_has_a_dictionary(tmp_path):
    sink = open_sink(tmp_path / "out", SCHEMA, format="parquet")
    sink.write(table_of([(f"+1{i}", "Pune", None, None, None, i + 1) for i in range(1000)]))
    sink.close()
    group = pq.read_metadata(sink.path).row_group(0)
    columns = {group.column(i).path_in_schema: group.column(i) for i in range(group.num_columns)}
    assert "DELTA_BINARY_PACKED" in columns["lead_row"].encodings
    assert (columns["lead_row"].statistics.min, columns["lead_row"].statistics.max) == (1, 1000)
    assert columns["city"].has_dictionary_page
    assert not columns["phone_number"].has_dictionary_page
    assert {column.compression for column in columns.values()} == {"ZSTD"}
