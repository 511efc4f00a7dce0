"""What a sink wrote reads back equal: through the sink, pyarrow and Python's own csv module."""

from __future__ import annotations

import csv
import decimal
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadsieve_connectors.exceptions import SinkError
from leadsieve_connectors.sinks import open_sink, read_back

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.text(
    st.sampled_from("'=+-@\t\r\n\",a "), max_size=6
)
TYPED = {
    "text": pa.array(["a", None, "", "NA"]),
    "long text": pa.array(["a", None, "", "null"], pa.large_string()),
    "viewed text": pa.array(["=a", None, "", "x,y"], pa.string_view()),
    "whole": pa.array([1, None, -5, 2**62]),
    "unsigned": pa.array([1, None, 2**64 - 1, 0], pa.uint64()),
    "double": pa.array([0.1, None, 1e300, -0.0]),
    "single": pa.array([0.1, None, 16777216.0, 3.0], pa.float32()),
    "half": pa.array([0.5, None, 0.1, 2.0], pa.float16()),
    "flag": pa.array([True, None, False, True]),
    "price": pa.array(
        [decimal.Decimal("1.10"), None, decimal.Decimal("-3.00"), decimal.Decimal(0)], pa.decimal128(9, 2)
    ),
    "day": pa.array([0, None, 19_000, -1], pa.date32()),
    "hour": pa.array([0, None, 86_399_999_999, 1], pa.time64("us")),
    "second": pa.array([0, None, 86_399, 1], pa.time32("s")),
    "moment": pa.array([0, None, 1_700_000_000_123, -1], pa.timestamp("ms")),
    "instant": pa.array([0, None, 1_700_000_000_123_456_789, -1], pa.timestamp("ns", "America/New_York")),
    "span": pa.array([0, None, 5, -5], pa.duration("s")),
    "bytes": pa.array([b"", None, b"\xfb\xef\xff", b"abc"]),
    "list": pa.array([[1, None], None, [], [3]], pa.list_(pa.int64())),
    "record": pa.array([{"a": "=x"}, None, {"a": 'é"'}, {"a": None}]),
    "coded": pa.array(["=x", None, "y", "=x"]).dictionary_encode(),
    "nothing": pa.nulls(4),
}


def write(folder: str | Path, table: pa.Table, kind: str, **options: object):
    sink = open_sink(Path(folder) / "out", table.schema, format=kind, **options)
    sink.write(table)
    sink.close()
    return sink


@pytest.mark.parametrize("kind", ["parquet", "csv"])
@pytest.mark.parametrize("name", TYPED)
def test_every_type_reads_back_in_its_own_type(tmp_path, kind, name):
    # Beside another column: in a file of one column an empty text cannot be told from a null.
    table = pa.table({name: TYPED[name], "row": [1, 2, 3, 4]})
    sink = write(tmp_path, table, kind)
    read = pa.Table.from_batches(sink.read_back([name]), pa.schema([table.schema.field(name)]))
    assert read.equals(table.select([name]))


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_columns_come_back_in_the_order_asked_for(tmp_path, kind):
    sink = write(tmp_path, pa.table({"a": [1], "b": ["x"], "a.b": [2]}), kind)
    assert [batch.to_pydict() for batch in sink.read_back(["b", "a"])] == [{"b": ["x"], "a": [1]}]


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_an_empty_file_reads_back_as_no_rows(tmp_path, kind):
    sink = write(tmp_path, pa.table({"a": pa.array([], pa.int64()), "b\n": pa.array([], pa.string())}), kind)
    assert sum(batch.num_rows for batch in sink.read_back(["a"])) == 0


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT), max_size=8), st.tuples(ANY_TEXT, ANY_TEXT))
def test_unguarded_text_reads_back_through_pythons_csv(rows, names):
    headers = [f"a{names[0]}", f"b{names[1]}"]
    table = pa.table([pa.array([row[i] for row in rows], pa.string()) for i in range(2)], names=headers)
    with tempfile.TemporaryDirectory() as folder:
        sink = write(folder, table, "csv", guard_formulas=False)
        with sink.path.open(encoding="utf-8", newline="") as lines:
            assert list(csv.reader(lines)) == [headers, *map(list, rows)]


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.none() | ANY_TEXT, st.none() | ANY_TEXT), min_size=1, max_size=8))
def test_text_and_nulls_read_back_through_the_sink_and_pyarrow(rows):
    table = pa.table(
        {
            "x": pa.array([row[0] for row in rows], pa.string()),
            "y": pa.array([row[1] for row in rows], pa.string()),
        }
    )
    with tempfile.TemporaryDirectory() as folder:
        guarded = write(folder, table, "csv")
        assert pa.Table.from_batches(guarded.read_back(["x", "y"])).equals(table)
    with tempfile.TemporaryDirectory() as folder:
        bare = write(folder, table, "csv", guard_formulas=False)
        read = pacsv.read_csv(
            bare.path,
            parse_options=pacsv.ParseOptions(newlines_in_values=True),
            convert_options=pacsv.ConvertOptions(
                column_types=table.schema,
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
        assert read.equals(table)
    with tempfile.TemporaryDirectory() as folder:
        assert pq.read_table(write(folder, table, "parquet").path).equals(table)


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("plain", "plain"),
        (" spaced ", " spaced "),
        ("a,b", '"a,b"'),
        ('say "hi"', '"say ""hi"""'),
        ("two\nlines", '"two\nlines"'),
        ("carriage\rreturn", '"carriage\rreturn"'),
        ("", '""'),
        (None, ""),
        ("=1+1", "'=1+1"),
        ("+91 98", "'+91 98"),
        ("-", "'-"),
        ("@x", "'@x"),
        ("\tx", "'\tx"),
        ("\rx", '"\'\rx"'),
        ("'=x", "''=x"),
        ("'tis", "'tis"),
        (" =x", " =x"),
        ("=a,b", '"\'=a,b"'),
        ("\n=x", '"\n=x"'),
    ],
)
def test_a_cell_is_written_as_the_format_says(tmp_path, cell, written):
    sink = write(tmp_path, pa.table({"a": pa.array([cell], pa.string()), "b": [-1]}), "csv")
    assert sink.path.read_bytes() == f"a,b\n{written},-1\n".encode()


def test_headers_are_guarded_and_quoted_too(tmp_path):
    sink = write(tmp_path, pa.table({"=x": ["1"], "b,c": ["2"], "+": ["+3"]}), "csv", bare_columns=["+"])
    assert sink.path.read_bytes() == b"'=x,\"b,c\",'+\n1,2,+3\n"
    assert [batch.to_pydict() for batch in sink.read_back(["=x", "+"])] == [{"=x": ["1"], "+": ["+3"]}]


def test_a_null_in_a_file_of_one_column_is_still_a_record(tmp_path):
    sink = write(tmp_path, pa.table({"a": ["x", None, "y"]}), "csv")
    assert sink.path.read_bytes() == b'a\nx\n""\ny\n'
    assert [batch.to_pydict() for batch in sink.read_back(["a"])] == [{"a": ["x", None, "y"]}]


def test_a_cell_larger_than_a_reading_block_reads_back(tmp_path):
    cell = "x\n" * 3_000_000
    sink = write(tmp_path, pa.table({"a": [cell, "y"], "b": [1, 2]}), "csv")
    assert [value for batch in sink.read_back(["a"]) for value in batch.column("a").to_pylist()] == [
        cell,
        "y",
    ]


@pytest.mark.parametrize("kind", ["parquet", "csv"])
@pytest.mark.parametrize(
    ("given", "part"),
    [
        (pa.table({"b": [1]}), "takes the columns ['a'], not ['b']"),
        (pa.table({"a": ["x"]}), "'a' takes int64, not string"),
    ],
)
def test_a_table_of_another_schema_is_refused(tmp_path, kind, given, part):
    sink = open_sink(tmp_path / "out", pa.schema([("a", pa.int64())]), format=kind)
    with pytest.raises(SinkError) as caught:
        sink.write(given)
    assert part in caught.value.message
    assert not sink.path.exists()


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_finished_file_reads_back_by_its_path_alone(tmp_path, kind):
    table = pa.table({"phone_number": ["+911", None], "note": ["=x", "'+y"], "row": [1, 2]})
    sink = open_sink(tmp_path / f"out.{kind}", table.schema, format=kind, bare_columns=["phone_number"])
    sink.write(table)
    sink.close()
    assert pa.Table.from_batches(read_back(sink.path, table.schema, table.schema.names)).equals(table)


@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_a_file_that_is_gone_is_an_error_that_names_it(tmp_path, kind):
    with pytest.raises(SinkError, match=f"out.{kind}: cannot be read back"):
        list(read_back(tmp_path / f"out.{kind}", pa.schema([("a", pa.string())]), ["a"]))
