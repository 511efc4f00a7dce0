"""Parquet sources: types kept, rows numbered, damage refused."""

from __future__ import annotations

import hashlib
import random
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

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
        "more": pa.array([[1, 2], None, None, None, None]),
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
    plain = [
        pa.string() if name == "city" else kind
        for name, kind in zip(TABLE.column_names, TABLE.schema.types, strict=True)
    ]
    assert table.schema.types == plain
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


@pytest.mark.parametrize("checked", [True, False])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("options", [{}, {"use_dictionary": False}, {"compression": "none"}])
def test_the_dialect_says_whether_pages_have_checksums(parquet, checked, version, options):
    path = parquet(TABLE, write_page_checksum=checked, data_page_version=version, **options)
    assert read(path)[3].dialect == {"format": "parquet", "row_groups": 1, "checksums": checked}


def _leads(rows: int) -> pa.Table:
    return pa.table(
        {
            "phone": pa.array(range(919800000000, 919800000000 + rows), pa.int64()),
            "name": [f"n{row * 7919 % 1000}" for row in range(rows)],
            "sum": pa.array([Decimal(row) / 4 for row in range(rows)], pa.decimal128(9, 2)),
            "when": pa.array(range(0, rows * 10**6, 10**6), pa.timestamp("us", "UTC")),
            "tags": [["x"] * (row % 3) for row in range(rows)],
        }
    )


def _flip(path: Path, data: bytes, place: int, bit: int) -> list | str:
    """Read the file with one bit flipped: its values, or the code of the error."""
    flipped = bytearray(data)
    flipped[place] ^= 1 << bit
    path.write_bytes(flipped)
    try:
        table, _, _, _ = read(str(path))
    except SourceError as error:
        return error.code
    return [table.schema, *table.columns]


def test_a_flipped_bit_never_gives_other_rows_where_pages_have_checksums(parquet, tmp_path):
    path = tmp_path / "flipped.parquet"
    leads = _leads(600)
    data = Path(parquet(leads, write_page_checksum=True, row_group_size=250, compression="zstd")).read_bytes()
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    chance = random.Random(7)
    # Pages prove themselves; names, types and places stand in the footer, which has no checksum.
    places = [(chance.randrange(4), chance.randrange(8)) for _ in range(8)]
    places += [(chance.randrange(len(data)), chance.randrange(8)) for _ in range(200)]
    places += [(place, chance.randrange(8)) for place in range(footer, footer + 200)]
    results = [_flip(path, data, *place) for place in places]
    sound = [leads.schema, *leads.columns]
    failed = [result for result in results if isinstance(result, str)]
    assert all(result == sound for result in results if not isinstance(result, str))
    assert len(failed) > 250


def test_a_flipped_bit_without_checksums_is_never_a_traceback(parquet, tmp_path):
    path = tmp_path / "flipped.parquet"
    data = Path(parquet(_leads(600), compression="none")).read_bytes()
    chance = random.Random(8)
    for _ in range(200):
        _flip(path, data, chance.randrange(len(data)), chance.randrange(8))


def test_metadata_that_would_abort_pyarrow_are_an_error(parquet, tmp_path):
    path = Path(parquet(TABLE))
    data = path.read_bytes()
    # The column's mark that it may hold nulls, which its histograms of levels then belie.
    place = data.rindex(b"\x25\x02\x18\x05phone") + 1
    assert _flip(tmp_path / "flipped.parquet", data, place, 1) == "malformed_file"


def test_values_longer_than_the_file_says_come_in_small_chunks(parquet):
    path = parquet(pa.table({"phone": [str(n) for n in range(4000)], "note": ["x" * 10_000, "y" * 10_000] * 2000}))
    with open_sources([path], ReadOptions(chunk_bytes=1 << 20)) as sources:
        sizes = [chunk.table.nbytes for chunk in sources[0].chunks()]
    assert len(sizes) > 10
    assert max(sizes) < 4 << 20


def test_many_columns(parquet):
    table = pa.table({f"c{n}": [n, None] for n in range(5000)})
    got, rows, _, _ = read(parquet(table))
    assert (got.num_columns, rows) == (5000, [1])
    assert got.column(4999).to_pylist() == [4999]


def test_empty_row_groups_and_row_groups_of_other_sizes(tmp_path):
    path = tmp_path / "leads.parquet"
    with pq.ParquetWriter(path, TABLE.schema) as writer:
        for start, length in ((0, 0), (0, 2), (2, 0), (2, 3), (5, 0)):
            writer.write_table(TABLE.slice(start, length))
    table, rows, blank, source = read(str(path))
    assert (rows, blank, source.dialect["row_groups"]) == ([1, 2, 3, 4], 1, 5)
    assert table.column("phone").to_pylist() == [919811112222, None, 3, 4]


def test_a_damaged_page_is_malformed(parquet, tmp_path):
    path = tmp_path / "damaged.parquet"
    table = pa.table({"a": [f"{i:09d}" for i in range(9000)]})
    data = bytearray(Path(parquet(table, compression="zstd", write_page_checksum=True)).read_bytes())
    data[100:400] = bytes(300)
    path.write_bytes(data)
    with pytest.raises(SourceError) as caught, open_sources([str(path)], ReadOptions()) as sources:
        list(sources[0].chunks())
    assert caught.value.code == "malformed_file"


@pytest.mark.parametrize(
    ("column", "kind", "cells"),
    [
        (pa.array([b"k\xc3\xb6", None]), pa.string(), ["kö", None]),
        (pa.array([b"ab", None], pa.binary(2)), pa.string(), ["ab", None]),
        (pa.array(["a", None], pa.large_string()), pa.string(), ["a", None]),
        (pa.array([1, None]).dictionary_encode(), pa.int64(), [1, None]),
        (pa.array([["a"], None], pa.large_list(pa.string())), pa.list_(pa.string()), [["a"], None]),
        (pa.array([[{"a": 1}], None]), pa.list_(pa.struct([("a", pa.int64())])), [[{"a": 1}], None]),
        (pa.array([1.5, None], pa.float16()), pa.float16(), [1.5, None]),
        (pa.array([1, None], pa.duration("s")), pa.duration("s"), [timedelta(seconds=1), None]),
        (pa.array([Decimal(10**50), None], pa.decimal256(60, 0)), pa.decimal256(60, 0), [Decimal(10**50), None]),
        (pa.nulls(2), pa.null(), [None, None]),
        (pa.ExtensionArray.from_storage(pa.uuid(), pa.array([bytes(16), None], pa.binary(16))), pa.string(), [f"{UUID(int=0)}", None]),
    ],
    ids=str,
)  # fmt: skip
def test_what_each_type_becomes(parquet, column, kind, cells):
    table, _, _, _ = read(parquet(pa.table({"row": [1, 2], "a": column})))
    assert (table.schema.field("a").type, table.column("a").to_pylist()) == (kind, cells)


def test_bytes_that_are_not_text_are_an_unsupported_type(parquet):
    with pytest.raises(
        SourceError, match=r"column 'photo' holds binary values that are not text \(record 2: byte ff\)"
    ) as caught:
        read(parquet(pa.table({"phone": ["1", "2"], "photo": [b"", b"\xff"]})))
    assert caught.value.code == "unsupported_type"


def test_an_unknown_time_zone_is_an_unsupported_type(parquet):
    with pytest.raises(SourceError, match="time zone 'Mars/Base'") as caught:
        read(parquet(pa.table({"when": pa.array([1], pa.timestamp("us", "Mars/Base"))})))
    assert caught.value.code == "unsupported_type"
