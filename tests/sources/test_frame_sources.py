"""Frames in memory: every kind gives the same rows, can be read again, and has a hash of its content."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources import ReadOptions
from leadsieve_connectors.sources.digest import TableDigest
from leadsieve_connectors.sources.frames import FrameSource, is_frame

TABLE = pa.table(
    {
        "phone": pa.array([919811112222, None, 3], pa.int64()),
        "name": pa.array(["Ann", " ", None]),
        "more": pa.array([{"a": 1, "b": ["x"]}, None, {"a": None, "b": []}]),
    }
)
ROWS = [
    {"phone": 919811112222, "name": "Ann", "more.a": 1, "more.b": ["x"]},
    {"phone": 3, "name": None, "more.a": None, "more.b": []},
]


class Other:
    """A frame of which nothing is known but its stream."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


KINDS = {
    "table": (lambda: TABLE, "pyarrow"),
    "cut table": (lambda: pa.concat_tables([TABLE.slice(0, 1), TABLE.slice(1)]), "pyarrow"),
    "batch": (lambda: TABLE.to_batches()[0], "pyarrow"),
    "reader": (TABLE.to_reader, "pyarrow"),
    "batches": (lambda: TABLE.to_batches(max_chunksize=1), "record batches"),
    "iterator": (lambda: iter(TABLE.to_batches(max_chunksize=2)), "record batches"),
    "generator": (lambda: (TABLE.slice(row, 1) for row in range(3)), "record batches"),
    "polars": (lambda: pl.from_arrow(TABLE), "polars"),
    "lazy": (lambda: pl.from_arrow(TABLE).lazy(), "polars"),
    "duckdb": (lambda: duckdb.from_arrow(TABLE), "duckdb"),
    "pandas": (lambda: TABLE.to_pandas(types_mapper=pd.ArrowDtype), "pandas"),
    "other": (lambda: Other(TABLE), __name__.split(".")[0]),
}


def source(frame: object, **options: object) -> FrameSource:
    assert is_frame(frame)
    return FrameSource(4, frame, ReadOptions(**options), "frame")


def values(frame: FrameSource, **options: object) -> list[dict]:
    chunks = list(frame.chunks(**options))
    assert all(chunk.table.schema == frame.schema and chunk.file == 4 for chunk in chunks)
    assert all(chunk.lines.null_count == chunk.num_rows for chunk in chunks)
    return [row for chunk in chunks for row in chunk.table.to_pylist()]


@pytest.mark.parametrize(("make", "kind"), KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("chunk_bytes", [1, 4 << 20])
def test_every_kind_gives_the_same_rows_again_and_again(make, kind, chunk_bytes):
    frame = source(make(), chunk_bytes=chunk_bytes)
    assert values(frame) == values(frame) == ROWS
    assert values(frame, max_rows=1) == ROWS[:1]
    assert sum(chunk.blank_records for chunk in frame.chunks()) == 1
    assert frame.dialect == {"format": "frame", "kind": kind}
    assert (frame.name, frame.size, frame.settings) == ("frame", None, {})
    assert frame.sha256() == source(TABLE).sha256()
    frame.close()


def test_a_hash_differs_with_names_types_order_and_values():
    tables = [
        TABLE,
        TABLE.rename_columns(["phone", "Name", "more"]),
        TABLE.set_column(0, "phone", TABLE.column(0).cast(pa.float64())),
        TABLE.take(pa.array([2, 1, 0])),
        TABLE.slice(0, 1),
        TABLE.set_column(1, "name", [["Ann", "", None]]),
        TABLE.set_column(1, "name", [["Ann", None, ""]]),
    ]
    assert len({source(table).sha256() for table in tables}) == len(tables)


_CELLS = {
    pa.string(): st.text(max_size=3),
    pa.int16(): st.integers(-9, 9),
    pa.bool_(): st.booleans(),
    pa.decimal128(9, 2): st.integers(-999, 999).map(lambda n: Decimal(n) / 4),
    pa.timestamp("us", "UTC"): st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    pa.list_(pa.string()): st.lists(st.none() | st.text(max_size=2), max_size=3),
    pa.list_(pa.int8(), 2): st.lists(st.integers(0, 9), min_size=2, max_size=2),
    pa.map_(pa.string(), pa.int8()): st.dictionaries(st.text(max_size=2), st.integers(0, 9)).map(
        lambda d: list(d.items())
    ),
    pa.list_(pa.struct([("a", pa.int8()), ("b", pa.string())])): st.lists(
        st.none() | st.fixed_dictionaries({"a": st.none() | st.integers(0, 9), "b": st.none() | st.text(max_size=2)}),
        max_size=2,
    ),
}


@given(st.data())
def test_a_hash_does_not_depend_on_how_the_rows_are_cut(data):
    kind = data.draw(st.sampled_from(sorted(_CELLS, key=str)))
    cells = data.draw(st.lists(st.none() | _CELLS[kind], min_size=1, max_size=12))
    table = pa.table({"a": pa.array(cells, kind)})
    cuts = sorted(data.draw(st.lists(st.integers(0, len(cells)), max_size=3)))

    def digest(pieces: list[pa.Table]) -> str:
        taken = TableDigest(table.schema)
        for piece in pieces:
            taken.add(piece)
        return taken.hexdigest()

    pieces = [table.slice(start, end - start) for start, end in zip([0, *cuts], [*cuts, len(cells)], strict=True)]
    again = pa.table({"a": pa.array([None, *cells], kind).slice(1)})
    assert digest([table]) == digest(pieces) == digest([again])
    changed = pa.table({"a": pa.array([*cells[:-1], None], kind)})
    assert (digest([changed]) == digest([table])) == (cells[-1] is None)


@pytest.mark.parametrize(
    ("column", "cells"),
    [
        (pd.Series([919876543210, 9.1e11, " x ", None, float("nan")], dtype=object), ["919876543210", "910000000000", " x ", None, None]),
        (pd.Series([1, 2.5, np.int64(3), np.float32(0.5), Decimal("1.50"), True, "x"], dtype=object), ["1", "2.5", "3", "0.5", "1.50", "true", "x"]),
        (pd.Series([1, None, 3], dtype="Int64"), [1, None, 3]),
        (pd.Series([919876543210, None]), [919876543210.0, None]),
        (pd.Series(["a", None, float("nan"), ""], dtype=object), ["a", None, None, ""]),
        (pd.Series(["a", None, "b"], dtype="str"), ["a", None, "b"]),
        (pd.Series(["a", None, "b"], dtype="string"), ["a", None, "b"]),
        (pd.Series(pd.Categorical(["a", "b", None, "a"])), ["a", "b", None, "a"]),
        (pd.Series(pd.Categorical([1, None])), [1, None]),
        (pd.Series([True, None], dtype="boolean"), [True, None]),
        (pd.Series(pd.to_datetime(["2026-01-02", None], utc=True)), [datetime(2026, 1, 2, tzinfo=UTC), None]),
        (pd.Series(pd.period_range("2026-01", periods=2, freq="M")), ["2026-01", "2026-02"]),
        (pd.Series([1 + 2j]), ["(1+2j)"]),
        (pd.Series([{"a": 1}, ["x", b"y"], "z", b"\xff", datetime(2026, 1, 2)], dtype=object), ['{"a": 1}', '["x", "y"]', "z", "\\xff", "2026-01-02T00:00:00"]),  # noqa: DTZ001
        (pd.Series(["\ud800", 1], dtype=object), ["\\ud800", "1"]),
        (pd.Series(pd.arrays.SparseArray([0, 1])), ["0", "1"]),
        (pd.Series([None, pd.NA, pd.NaT], dtype=object), [None, None, None]),
    ],
    ids=range(17),
)  # fmt: skip
def test_columns_of_pandas(column, cells):
    frame = pd.DataFrame({"key": range(len(column)), "a": column})
    assert [row["a"] for row in values(source(frame))] == cells


def test_types_of_pandas_objects_do_not_depend_on_a_piece():
    frame = pd.DataFrame({"a": pd.Series([1] * 70_000 + ["x"], dtype=object)})
    read = source(frame)
    assert read.schema.field("a").type == pa.string()
    assert [row["a"] for row in values(read)][-2:] == ["1", "x"]


def test_names_and_index_of_pandas():
    frame = pd.DataFrame([[1, 2]], columns=["a", "a"], index=pd.Index(["k"], name="key"))
    assert values(source(frame)) == [{"key": "k", "a": 1, "a_2": 2}]
    frame = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("x", "y"), ("z", "")]), index=[7])
    assert values(source(frame)) == [{"x.y": 1, "z": 2}]
    assert values(source(pd.DataFrame({5: [1]}))) == [{"5": 1}]
    two = pd.MultiIndex.from_tuples([(1, "p"), (1, "q")], names=["n", None])
    assert values(source(pd.DataFrame({"a": [3, 4]}, index=two))) == [{"n": 1, "a": 3}, {"n": 1, "a": 4}]


@pytest.mark.parametrize(
    ("frame", "says"),
    [
        ({"phone": ["1"]}, "it is a dict; give a table of pyarrow"),
        (pd.Series(["1"]), "is no table"),
        (pl.Series(["1"]), "is no table"),
        (iter(["leads.csv"]), "gives a str, which is no record batch"),
        ((batch for batch in [TABLE.to_batches()[0], pa.record_batch({"z": [1]})]), "is no table"),
    ],
    ids=["dict", "pandas series", "polars series", "paths", "other columns"],
)
def test_what_is_no_frame_is_told_what_works(frame, says):
    with pytest.raises(SourceError, match=says) as caught:
        source(frame)
    assert caught.value.code == "invalid_option"
    assert "give a table of pyarrow" in caught.value.message


@pytest.mark.parametrize("frame", [TABLE.slice(0, 0), pd.DataFrame({"a": []}), pl.DataFrame(), iter([])], ids=range(4))
def test_a_frame_without_rows(frame):
    with pytest.raises(SourceError) as caught:
        source(frame)
    assert caught.value.code == "empty_file"


def test_a_generator_that_fails_is_an_error_of_one_line():
    def batches():
        yield TABLE.to_batches()[0]
        raise RuntimeError("the database\nwent away")

    with pytest.raises(SourceError, match="the database went away") as caught:
        source(batches())
    assert caught.value.code == "unreadable"


@pytest.mark.parametrize("value", ["leads.csv", ["a.csv", "b.csv"], [], None, 3])
def test_paths_are_no_frames(value):
    assert not is_frame(value)


def test_nothing_imports_pandas_or_polars():
    code = (
        "import sys, pyarrow as pa\n"
        "from leadsieve_connectors.sources import ReadOptions\n"
        "from leadsieve_connectors.sources.frames import FrameSource\n"
        "fields = [pa.field('s', pa.struct([('a', pa.string())])), pa.field('t', pa.timestamp('ns', 'UTC'))]\n"
        "text = pa.StringArray.from_buffers(1, pa.py_buffer(bytes(4) + (1).to_bytes(4, 'little')), pa.py_buffer(b'x'))\n"
        "time = pa.Array.from_buffers(pa.int64(), 1, [None, pa.py_buffer(bytes(8))]).cast(fields[1].type)\n"
        "struct = pa.StructArray.from_arrays([text], fields=list(fields[0].type))\n"
        "source = FrameSource(0, pa.Table.from_arrays([struct, time], schema=pa.schema(fields)), ReadOptions(), 'f')\n"
        "assert sum(chunk.num_rows for chunk in source.chunks()) == 1 and source.sha256()\n"
        "assert not {'pandas', 'polars'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("column", "kind", "cells"),
    [
        (pa.array([[1], None, [2, 3]], pa.list_view(pa.int64())), pa.list_(pa.int64()), [[1], None, [2, 3]]),
        (pa.array([(1, 2, 3), None], pa.month_day_nano_interval()), pa.string(), ["MonthDayNano(months=1, days=2, nanoseconds=3)", None]),
        (pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array(["a", None])), pa.string(), ["a", "a", None]),
        (pa.UnionArray.from_sparse(pa.array([0, 1], pa.int8()), [pa.array([1, 2]), pa.array(["x", "y"])]), pa.string(), ["1", "y"]),
        (pa.array([[{}], None], pa.list_(pa.struct([]))), pa.string(), ["[{}]", None]),
        (pa.array([1, None], pa.decimal32(5, 0)), pa.decimal128(5, 0), [Decimal(1), None]),
        (pa.array([b"k", None], pa.binary_view()), pa.string(), ["k", None]),
    ],
    ids=range(7),
)  # fmt: skip
def test_types_that_no_file_of_parquet_has(column, kind, cells):
    frame = source(pa.table({"row": range(len(cells)), "a": column}))
    assert (frame.schema.field("a").type, [row["a"] for row in values(frame)]) == (kind, cells)
    assert frame.sha256() == frame.sha256()
