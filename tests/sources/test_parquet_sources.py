"""Parquet sources: types kept, rows numbered, damage refused."""

from __future__ import annotations

import hashlib
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources import ReadOptions, open_sources

TABLE = pa.table(
    {
        "phone": pa.array([919811112222, None, None, 3, 4], pa.int64()),
        "name": pa.array(["Ann", " ", "x", None, ""]),
        "city": pa.array(["Köln", None, None, "a", "a"]).dictionary_encode(),
        "when": pa.array([date(2026, 1, 2), None, None, None, None]),
        "sum": pa.array([Decimal("1.50"), None, None, None, None], pa.decimal128(9, 2)),
        "more": pa.array([{"a": [1, 2]}, None, None, None, None]),
    }
)


@pytest.fixture
def parquet(tmp_path):
    def write(table: pa.Table, **options: object) -> str:
        path = tmp_path / "leads.parquet"
        pq.write_table(table, path, **options)
        return str(path)

    return write


def read(path: str, **options: object) -> tuple[pa.Table, list, int, object]:
    with open_sources([path], ReadOptions(**options)) as sources:
        (source,) = sources
        chunks = list(source.chunks())
        table = pa.concat_tables([chunk.table for chunk in chunks], promote_options="none")
        rows = [row for chunk in chunks for row in chunk.rows.to_pylist()]
        assert all(chunk.lines.null_count == len(chunk.rows) == chunk.num_rows for chunk in chunks)
        assert table.schema == source.schema
        return table, rows, sum(chunk.blank_records for chunk in chunks), source


@pytest.mark.parametrize("chunk_bytes", [1, 200, 4 << 20])
@pytest.mark.parametrize("row_group_size", [1, 2, 100])
def test_types_are_kept_and_blank_records_are_no_rows(parquet, chunk_bytes, row_group_size):
    path = parquet(TABLE, row_group_size=row_group_size)
    table, rows, blank, source = read(path, chunk_bytes=chunk_bytes)
    assert table.to_pylist() == [TABLE.to_pylist()[row] for row in (0, 2, 3, 4)]
    assert table.schema.types == TABLE.schema.types
    assert (rows, blank) == ([1, 2, 3, 4], 1)
    assert source.dialect["format"] == "parquet"
    assert source.sha256() == hashlib.sha256(Path(path).read_bytes()).hexdigest()


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()])
def test_blank_strings_of_every_kind(parquet, kind):
    values = ["", "x", "\u3000 ", None, "y", "  "]
    table = pa.table({"a": pa.array(values, pa.string()).cast(kind), "b": pa.array(["x", None, *[None] * 4])})
    _, rows, blank, _ = read(parquet(table))
    assert (len(rows), blank) == (3, 3)


@pytest.mark.parametrize(("max_rows", "blank"), [(1, 0), (2, 1), (3, 1), (9, 1)])
@pytest.mark.parametrize("chunk_bytes", [1, 4 << 20])
def test_max_rows_is_exact(parquet, max_rows, blank, chunk_bytes):
    _, rows, counted, _ = read(parquet(TABLE), max_rows=max_rows, chunk_bytes=chunk_bytes)
    assert (rows, counted) == (list(range(1, min(max_rows, 4) + 1)), blank)


def test_repeated_names_are_made_unique(parquet):
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array([3])], names=["a", "a", ""])
    got, _, _, source = read(parquet(table))
    assert got.to_pylist() == [{"a": 1, "a_2": 2, "column_3": 3}]
    assert source.headers == ("a", "a", "")


def test_bytes_add_up_to_the_size(parquet):
    path = parquet(pa.table({"a": list(range(5000))}), row_group_size=700)
    with open_sources([path], ReadOptions(chunk_bytes=1000)) as sources:
        chunks = list(sources[0].chunks())
        assert len(chunks) > 10
        assert sum(chunk.nbytes for chunk in chunks) == sources[0].size


@pytest.mark.parametrize("table", [TABLE.slice(0, 0), TABLE.slice(1, 1), pa.table({})])
def test_a_file_without_rows_is_empty(parquet, table):
    with pytest.raises(SourceError, match="no row") as caught:
        open_sources([parquet(table)], ReadOptions())
    assert caught.value.code == "empty_file"


@pytest.mark.parametrize("keep", [4, 50, -1, -5])
def test_a_cut_file_is_malformed(parquet, tmp_path, keep):
    path = tmp_path / "cut.parquet"
    path.write_bytes(Path(parquet(TABLE)).read_bytes()[:keep])
    with pytest.raises(SourceError, match=r"cut\.parquet") as caught:
        open_sources([str(path)], ReadOptions())
    assert caught.value.code == "malformed_file"
    assert "\n" not in caught.value.message


def test_a_damaged_page_is_malformed(parquet, tmp_path):
    path = tmp_path / "damaged.parquet"
    table = pa.table({"a": [f"{i:09d}" for i in range(9000)]})
    data = bytearray(Path(parquet(table, compression="zstd", write_page_checksum=True)).read_bytes())
    data[100:400] = bytes(300)
    path.write_bytes(data)
    with pytest.raises(SourceError) as caught, open_sources([str(path)], ReadOptions()) as sources:
        list(sources[0].chunks())
    assert caught.value.code == "malformed_file"
