"""Arrow IPC sources: files and streams, what cannot be told, what is damaged."""

from __future__ import annotations

import random
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import feather

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources import ReadOptions, bounded, open_sources

TABLE = pa.table(
    {
        "phone": pa.array([919811112222, None, None, 3], pa.int64()),
        "name": pa.array(["Ann", " ", "x", None]),
        "city": pa.array(["Köln", None, None, "a"]).dictionary_encode(),
    }
)
ROWS = [
    {"phone": 919811112222, "name": "Ann", "city": "Köln"},
    {"phone": None, "name": "x", "city": None},
    {"phone": 3, "name": None, "city": "a"},
]


def write(path: Path, layout: str, table: pa.Table = TABLE, rows: int = 2) -> Path:
    with (pa.ipc.new_file if layout == "file" else pa.ipc.new_stream)(
        path, table.unify_dictionaries().schema
    ) as writer:
        writer.write_table(table, max_chunksize=rows)
    return path


def read(path: Path, **options: object) -> tuple[list, list[int], int, object]:
    with open_sources([str(path)], ReadOptions(**options)) as sources:
        (source,) = sources
        chunks = list(source.chunks())
        assert all(chunk.table.schema == source.schema for chunk in chunks)
        assert sum(chunk.nbytes for chunk in chunks) == source.size
        rows = [row for chunk in chunks for row in chunk.rows.to_pylist()]
        return [row for chunk in chunks for row in chunk.table.to_pylist()], rows, len(chunks), source


@pytest.mark.parametrize("layout", ["file", "stream"])
@pytest.mark.parametrize("chunk_bytes", [1, 4 << 20])
@pytest.mark.parametrize("batch", [1, 2, 9])
def test_files_and_streams(tmp_path, layout, chunk_bytes, batch):
    path = write(tmp_path / "leads.arrow", layout, rows=batch)
    values, rows, _, source = read(path, chunk_bytes=chunk_bytes)
    assert (values, rows) == (ROWS, [1, 2, 3])
    assert source.dialect == {"format": "arrow", "layout": layout, "checksums": False}


@pytest.mark.parametrize("compression", ["uncompressed", "lz4", "zstd"])
def test_feather(tmp_path, compression):
    feather.write_feather(TABLE, str(tmp_path / "leads.feather"), compression=compression)
    assert read(tmp_path / "leads.feather")[0] == ROWS


@pytest.mark.parametrize("layout", ["file", "stream"])
def test_without_a_row(tmp_path, layout):
    path = write(tmp_path / "a.arrow", layout, TABLE.slice(0, 0))
    with pytest.raises(SourceError, match="no row") as caught:
        read(path)
    assert caught.value.code == "empty_file"


@pytest.mark.parametrize("layout", ["file", "stream"])
def test_a_cut_one_is_malformed(tmp_path, layout):
    data = write(tmp_path / "whole.arrow", layout, rows=1).read_bytes()
    path = tmp_path / "cut.arrow"
    for keep in range(8, len(data), 8):
        path.write_bytes(data[:keep])
        with pytest.raises(SourceError, match=r"cut\.arrow") as caught:
            read(path)
        assert caught.value.code == "malformed_file"
        assert "\n" not in caught.value.message


def test_a_stream_behind_another_is_not_left_out_in_silence(tmp_path):
    path = write(tmp_path / "a.arrows", "stream")
    path.write_bytes(path.read_bytes() * 2)
    with pytest.raises(SourceError, match="follows their end mark"):
        read(path)


@pytest.mark.parametrize("layout", ["file", "stream"])
def test_a_flipped_bit_is_never_a_traceback(tmp_path, layout):
    data = write(tmp_path / "leads.arrow", layout).read_bytes()
    path, chance = tmp_path / "flipped.arrow", random.Random(3)
    failed = 0
    for _ in range(200):
        flipped = bytearray(data)
        # The first bytes tell the format, and another one may be found.
        flipped[chance.randrange(8, len(data))] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        message = ""
        try:
            read(path)
        except SourceError as error:
            message = error.message
        assert "\n" not in message
        failed += bool(message)
    assert failed > 50


@pytest.mark.parametrize("layout", ["file", "stream"])
def test_a_record_batch_that_is_too_large_is_refused(tmp_path, monkeypatch, layout):
    monkeypatch.setattr(bounded, "MAX_READ_BYTES", 10_000)
    wide = pa.table({"phone": [str(n) for n in range(5000)]})
    path = write(tmp_path / "large.arrow", layout, wide, rows=5000)
    with pytest.raises(SourceError, match="smaller batches") as caught:
        read(path)
    assert caught.value.code == "resource_limit"
    assert len(read(write(path, layout, wide, rows=100))[0]) == 5000
