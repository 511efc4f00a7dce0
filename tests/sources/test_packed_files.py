"""Compressed files: read whole, proved, within limits, or refused in one line."""

from __future__ import annotations

import bz2
import errno
import gzip
import hashlib
import io
import json
import lzma
import os
import random
import zipfile
from collections import namedtuple
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fsspec.implementations.local import LocalFileSystem
from hypothesis import given, settings
from hypothesis import strategies as st

from leadsieve_connectors.exceptions import SourceChanged, SourceError
from leadsieve_connectors.sources import ReadOptions
from leadsieve_connectors.sources.json import JsonSource
from leadsieve_connectors.sources.packed import PackedFile, packing_of, unpacked
from leadsieve_connectors.sources.parquet import ParquetSource
from leadsieve_connectors.sources.storage import Location, StoredFile
from leadsieve_connectors.sources.text.source import CsvSource

if TYPE_CHECKING:
    from collections.abc import Callable

OPTIONS = ReadOptions()
RANDOM = random.Random(5)
ROWS = [(f"+9198{RANDOM.randrange(10**8):08}", f"name {RANDOM.randrange(500)}") for _ in range(4000)]
CSV = b"phone,name\n" + b"".join(f"{phone},{name}\n".encode() for phone, name in ROWS)

# Many steps of unpacking, the last of them full: the trailer comes after it.
LONG = (CSV * 12)[: 4 << 18]


def with_check(packed: bytes, content: bytes) -> bytes:
    """Give a zstd frame of pyarrow's, which has none, its checksum: the low half of XXH64."""
    return packed[:4] + bytes([packed[4] | 4]) + packed[5:] + (xxh64(content) & 0xFFFFFFFF).to_bytes(4, "little")


def xxh64(data: bytes) -> int:
    """Return the XXH64 of the bytes, seed 0."""
    one, two, three, four, five = (
        0x9E3779B185EBCA87,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0x85EBCA77C2B2AE63,
        0x27D4EB2F165667C5,
    )
    mask = (1 << 64) - 1

    def turn(value: int, by: int) -> int:
        return (value << by | value >> (64 - by)) & mask

    def step(lane: int, word: int) -> int:
        return turn((lane + word * two) & mask, 31) * one & mask

    at = 0
    if len(data) >= 32:
        lanes = [(one + two) & mask, two, 0, -one & mask]
        while at + 32 <= len(data):
            words = (int.from_bytes(data[at + 8 * i : at + 8 * i + 8], "little") for i in range(4))
            lanes = [step(lane, word) for lane, word in zip(lanes, words, strict=True)]
            at += 32
        total = sum(turn(lane, by) for lane, by in zip(lanes, (1, 7, 12, 18), strict=True)) & mask
        for lane in lanes:
            total = ((total ^ step(0, lane)) * one + four) & mask
    else:
        total = five
    total = (total + len(data)) & mask
    for size in (8, 4, 1):
        while at + size <= len(data):
            word = int.from_bytes(data[at : at + size], "little")
            at += size
            if size == 8:
                total = (turn(total ^ step(0, word), 27) * one + four) & mask
            elif size == 4:
                total = (turn(total ^ word * one & mask, 23) * two + three) & mask
            else:
                total = turn(total ^ word * five & mask, 11) * one & mask
    total = (total ^ total >> 33) * two & mask
    total = (total ^ total >> 29) * three & mask
    return total ^ total >> 32


def zst(content: bytes, *, check: bool = True) -> bytes:
    """Pack by zstd: a frame with a checksum, as the program `zstd` writes it, or without."""
    packed = bytes(pa.Codec("zstd").compress(content))
    return with_check(packed, content) if check else packed


def zipped(content: bytes, name: str = "leads.csv", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Pack one file by zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr(name, content)
    return out.getvalue()


PACK = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zst, "zip": zipped}
SKIPPABLE = b"\x53\x2a\x4d\x18\x05\0\0\0hello"


@pytest.fixture
def store(tmp_path):
    """Give a function that stores bytes and opens them as they are or unpacked."""

    def write(data: bytes, name: str) -> StoredFile:
        path = tmp_path / name
        path.write_bytes(data)
        return StoredFile(Location(LocalFileSystem(), str(path), name, local=True))

    return write


@pytest.fixture
def pack(store):
    def write(data: bytes, name: str, member: str | None = None, **options: Any) -> PackedFile:
        found = unpacked(store(data, name), replace(OPTIONS, **options), member)
        assert isinstance(found, PackedFile)
        return found

    return write


def content(packed: PackedFile, size: int = 1 << 16, *, take_hash: bool = False) -> bytes:
    with packed.open(take_hash=take_hash) as stream:
        pieces = []
        while piece := stream.read(size):
            assert len(piece) <= size
            pieces.append(piece)
        stream.end()
        assert stream.taken == packed.size
    return b"".join(pieces)


WHOLE = {
    "gzip": ("leads.csv.gz", gzip.compress(CSV), True),
    "gzip in members": (
        "leads.csv.gz",
        b"".join(gzip.compress(CSV[at : at + 999]) for at in range(0, len(CSV), 999)),
        True,
    ),
    "gzip of which a member is empty": (
        "leads.csv.gz",
        gzip.compress(b"") + gzip.compress(CSV) + gzip.compress(b""),
        True,
    ),
    "gzip with NULs behind": ("leads.csv.gz", gzip.compress(CSV) + bytes(70_001), True),
    "gzip without its name": ("leads", gzip.compress(CSV), True),
    "bzip2": ("leads.csv.bz2", bz2.compress(CSV), True),
    "bzip2 in streams": ("leads.csv.bz2", bz2.compress(CSV[:5]) + bz2.compress(b"") + bz2.compress(CSV[5:]), True),
    "xz": ("leads.csv.xz", lzma.compress(CSV), True),
    "xz in padded streams": (
        "leads.csv.xz",
        lzma.compress(CSV[:5]) + bytes(8) + lzma.compress(CSV[5:]) + bytes(4),
        True,
    ),
    "xz with sha-256": ("leads.csv.xz", lzma.compress(CSV, check=lzma.CHECK_SHA256), True),
    "xz without checksum": ("leads.csv.xz", lzma.compress(CSV, check=lzma.CHECK_NONE), False),
    "zstd": ("leads.csv.zst", zst(CSV), True),
    "zstd in frames": (
        "leads.csv.zst",
        SKIPPABLE + zst(CSV[:5]) + SKIPPABLE + zst(b"") + zst(CSV[5:]) + SKIPPABLE,
        True,
    ),
    "zstd without checksum": ("leads.csv.zst", zst(CSV, check=False), False),
    "zip, stored": ("leads.zip", zipped(CSV, method=zipfile.ZIP_STORED), True),
    "zip, deflated": ("leads.zip", zipped(CSV), True),
    "zip, bzip2": ("leads.zip", zipped(CSV, method=zipfile.ZIP_BZIP2), True),
    "zip, lzma": ("leads.zip", zipped(CSV, method=zipfile.ZIP_LZMA), True),
}


@pytest.mark.parametrize(("name", "data", "proved"), WHOLE.values(), ids=WHOLE)
def test_the_whole_content_is_read(pack, name, data, proved):
    packed = pack(data, name)
    assert packed.name == (f"{name}!leads.csv" if name.endswith(".zip") else name)
    assert packed.inner_name in {"leads.csv", "leads"}
    assert packed.facts["checksums"] is proved
    for size in (7, 1000, 1 << 62):
        assert content(packed, size) == CSV
    assert content(packed, take_hash=True) == CSV
    assert (packed.size, packed.sha256()) == (len(data), hashlib.sha256(data).hexdigest())
    with packed.open_raw() as raw, packed.open_raw() as other:
        assert raw.read() == other.read() == CSV
        assert (raw.seek(-3, os.SEEK_END), raw.read(), other.seek(5), other.read(4)) == (
            len(CSV) - 3,
            CSV[-3:],
            5,
            CSV[5:9],
        )
    packed.close()


NAMED = {title: (name, data) for title, (name, data, _) in WHOLE.items() if "." in name}


@pytest.mark.parametrize(("name", "data"), NAMED.values(), ids=NAMED)
def test_a_cut_or_lengthened_file_is_refused(pack, name, data):
    sound = data.rstrip(b"\0").removesuffix(SKIPPABLE) if name != "leads.zip" else data
    sound += bytes(-len(sound) % 4) if name.endswith(".xz") else b""
    kept = [1, 11, 40, len(sound) // 2, len(sound) - 9, len(sound) - 5, len(sound) - 1]
    foreign = [b"x", b"phone,name\n", b"\0x", *([bytes(3)] if not name.endswith(".gz") else [])]
    for damaged in [sound[:size] for size in kept] + [sound + tail for tail in foreign]:
        with pytest.raises(SourceError) as failed:
            content(pack(damaged, name))
        assert failed.value.code == "malformed_file"
        assert failed.value.message.startswith("leads")
        assert "\n" not in failed.value.message


@pytest.mark.parametrize(("packing", "place"), {"gz": -8, "bz2": -2, "xz": -14, "zst": -1}.items())
def test_a_wrong_checksum_surfaces(pack, packing, place):
    damaged = bytearray(PACK[packing](LONG))
    damaged[place] ^= 1
    with pytest.raises(SourceError, match="is damaged") as failed:
        content(pack(bytes(damaged), f"leads.{packing}"))
    assert failed.value.code == "malformed_file"


def test_a_wrong_checksum_surfaces_though_every_byte_was_given(pack):
    damaged = bytearray(zipped(LONG))
    for place in (14, damaged.rfind(b"PK\x01\x02") + 16):
        damaged[place] ^= 1
    with pack(bytes(damaged), "leads.zip").open() as stream:
        assert stream.read_fully(len(LONG)) == LONG
        for ask in (stream.end, stream.end, lambda: stream.read(1)):
            with pytest.raises(SourceError, match=r"checksum of leads\.csv") as failed:
                ask()
            assert failed.value.code == "malformed_file"


SMALL = b"phone,name\n" + CSV[len("phone,name\n") : 20_000].rpartition(b"\n")[0] + b"\n"


def parquet(rows: int) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"phone": [phone for phone, _ in ROWS[:rows]]}), out)
    return out.getvalue()


FLIPPED = {
    **{f"leads.csv.{packing}": PACK[packing](SMALL) for packing in ("gz", "bz2", "xz", "zst")},
    "csv.zip": zipped(SMALL),
    "stored.zip": zipped(SMALL, method=zipfile.ZIP_STORED),
    "parquet.zip": zipped(parquet(500), "leads.parquet"),
}


def rows_of(packed: Any) -> list[Any]:
    """Read all rows through the source that the inner name tells."""
    source = (ParquetSource if packed.inner_name.endswith(".parquet") else CsvSource)(0, packed, OPTIONS)
    chunks = list(source.chunks())
    return [
        source.schema.names,
        *((chunk.table.to_pydict(), chunk.bad.to_pylist(), chunk.blank_records) for chunk in chunks),
    ]


@pytest.mark.parametrize("name", FLIPPED)
@pytest.mark.parametrize("seed", range(4))
def test_flipped_bytes_give_the_right_rows_or_an_error(pack, name, seed):
    data, rnd = FLIPPED[name], random.Random(seed)
    expected = rows_of(pack(data, name))
    for _ in range(30):
        damaged = bytearray(data)
        place = rnd.choice([rnd.randrange(len(data)), rnd.randrange(80), len(data) - 1 - rnd.randrange(120)])
        damaged[place] ^= rnd.randrange(1, 256)
        rows, message = try_rows(lambda damaged=bytes(damaged): pack(damaged, name))
        assert rows == expected or message.startswith(name)
        assert "\n" not in message


def try_rows(opened: Callable[[], PackedFile]) -> tuple[list[Any], str]:
    """Return the rows, or none and why they cannot be read."""
    try:
        return rows_of(opened()), ""
    except SourceError as error:
        return [], error.message


@settings(max_examples=60, deadline=None)
@given(
    packing=st.sampled_from(sorted(PACK)),
    text=st.lists(st.binary(max_size=300), min_size=1, max_size=4),
    sizes=st.lists(st.integers(1, 400), min_size=1, max_size=9),
)
def test_parts_of_any_size_come_back_as_they_were(tmp_path_factory, packing, text, sizes):
    whole = b"leads\n" + b"".join(text)
    data = zipped(whole) if packing == "zip" else PACK[packing](b"leads\n") + b"".join(map(PACK[packing], text))
    path = tmp_path_factory.getbasetemp() / f"any.{packing}"
    path.write_bytes(data)
    packed = unpacked(StoredFile(Location(LocalFileSystem(), str(path), path.name, local=True)), OPTIONS)
    with packed.open(take_hash=True) as stream:
        read = [stream.read(sizes[turn % len(sizes)]) for turn in range(len(whole) + 1)]
        stream.end()
    assert b"".join(read) == whole
    assert packed.sha256() == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("packing", PACK)
def test_what_unpacks_to_too_much_is_refused_early(pack, packing, monkeypatch):
    data = b"phone,name\n" + bytes(3 << 20)
    monkeypatch.setattr("leadsieve_connectors.sources.packed.file._FREE_BYTES", 1 << 20)
    with pytest.raises(SourceError, match=r"more than 20 times its size.*LEADSIEVE_MAX_UNPACKED_RATIO") as failed:
        content(pack(PACK[packing](data), f"leads.{packing}", max_unpacked_ratio=20))
    assert failed.value.code == "resource_limit"
    with pytest.raises(SourceError, match=r"more than 2000000 bytes.*LEADSIEVE_MAX_UNPACKED_BYTES"):
        content(pack(PACK[packing](data), f"leads.{packing}", max_unpacked_bytes=2_000_000, max_unpacked_ratio=10**9))
    assert content(pack(PACK[packing](data), f"leads.{packing}", max_unpacked_ratio=10**9)) == data


@pytest.mark.parametrize("packing", ["gz", "zst"])
def test_a_limit_does_not_depend_on_what_sizes_are_asked_for(pack, packing, monkeypatch):
    monkeypatch.setattr("leadsieve_connectors.sources.packed.file._FREE_BYTES", 1 << 18)
    data = PACK[packing](CSV * 3 + bytes(6 << 20))
    counts = set()
    for size in (100, 1 << 16, 1 << 30):
        with pack(data, f"leads.{packing}", max_unpacked_ratio=10).open() as stream:
            given = [0]
            with pytest.raises(SourceError, match="more than 10 times"):
                given.extend(map(len, iter(partial(stream.read, size), b"")))
            counts.add(sum(given))
    assert len(counts) == 1
    assert min(counts) > 0


def test_memory_that_unpacking_would_take_is_limited(pack):
    frame = bytearray(zst(CSV))
    assert frame[4] & 0x20, "one segment: the window is the content's size"
    window = zst(CSV)[:4] + bytes([0x04, 0x98]) + bytes(20)  # 2^29 bytes
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 29}]
    for name, data in {"a.zst": window, "a.xz": lzma.compress(CSV, filters=filters)}.items():
        with pytest.raises(SourceError, match="MB of memory to unpack") as failed:
            pack(data, name)
        assert failed.value.code == "resource_limit"


@pytest.mark.parametrize(
    ("data", "message", "code"),
    [
        (b"\x28\xb5\x2f\xfd\x25\x07\x05" + bytes(20), "dictionary", "unsupported_format"),
        (zst(CSV) + zst(CSV, check=False), "only some", "malformed_file"),
        (b"\x28\xb5\x2f\xfd", "too early", "malformed_file"),
    ],
)
def test_frames_of_zstd_that_are_not_read(pack, data, message, code):
    with pytest.raises(SourceError, match=message) as failed:
        content(pack(data, "leads.csv.zst"))
    assert failed.value.code == code


def tar() -> bytes:
    return b"leads.csv".ljust(257, b"\0") + b"ustar\0" + bytes(2000)


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        (gzip.compress(CSV), "packed twice, by gzip"),
        (zipped(CSV), "packed twice, by zip"),
        (zst(CSV), "packed twice, by zstd"),
        (bz2.compress(CSV), "packed twice, by bzip2"),
        (tar(), "holds a tar archive"),
        (b"7z\xbc\xaf\x27\x1c" + bytes(40), "holds a 7z archive"),
        (b"Rar!\x1a\x07\x01\0" + bytes(40), "holds a RAR archive"),
    ],
)
@pytest.mark.parametrize("packing", ["gz", "zip"])
def test_what_is_packed_twice_is_refused(pack, inside, message, packing):
    with pytest.raises(SourceError, match=message) as failed:
        pack(PACK[packing](inside), f"leads.{packing}")
    assert failed.value.code == "unsupported_format"


def workbook(first: str = "[Content_Types].xml") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in dict.fromkeys((first, "[Content_Types].xml", "xl/workbook.xml")):
            archive.writestr(name, "<xml/>")
    return out.getvalue()


def test_workbooks_are_left_to_others(store, pack):
    document = io.BytesIO()
    with zipfile.ZipFile(document, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "")
    for book in (workbook(), workbook("docProps/app.xml"), workbook()[:60], document.getvalue()):
        assert packing_of(book[:512], store(book, "leads.xlsx")) is None
    packed = pack(gzip.compress(workbook()), "leads.xlsx.gz")
    assert content(packed) == workbook()
    packed.close()


@pytest.mark.parametrize("head", [b"", b"phone,name\n", b"BZhang,phone\n1,2\n", b"PAR1", b"[{}]", b"P*M,phone\n"])
def test_what_is_not_packed_is_itself(store, head):
    stored = store(head, "leads.csv")
    assert packing_of(head, stored) is None
    assert unpacked(stored, OPTIONS) is stored


@pytest.mark.parametrize("name", ["leads.csv.gz", "leads.GZ", "leads.csv.bz2", "a.xz", "a.zst", "a.zip"])
def test_a_name_that_tells_a_packing_which_is_not_there_is_refused(store, name):
    with pytest.raises(SourceError, match="though its name says so") as failed:
        unpacked(store(CSV, name), OPTIONS)
    assert failed.value.code == "malformed_file"


def test_sources_of_every_format_read_it(pack):
    packed = pack(gzip.compress(CSV), "leads.csv.gz")
    source = CsvSource(0, packed, replace(OPTIONS, chunk_bytes=10_000))
    chunks = list(source.chunks())
    assert [row for chunk in chunks for row in zip(*chunk.table.to_pydict().values(), strict=True)] == ROWS
    assert (source.name, source.size, source.sha256()) == ("leads.csv.gz", packed.size, packed.sha256())
    lines = "".join(json.dumps({"phone": phone, "name": name}) + "\n" for phone, name in ROWS).encode()
    for data in (lines, b"[" + lines[:-1].replace(b"\n", b",") + b"]"):
        source = JsonSource(0, pack(zipped(data, "leads.json"), "leads.zip"), OPTIONS)
        assert source.name == "leads.zip!leads.json"
        table = pa.concat_tables([chunk.table for chunk in source.chunks()])
        assert list(zip(*table.to_pydict().values(), strict=True)) == ROWS
    packed = pack(lzma.compress(parquet(3000)), "leads.parquet.xz")
    table = pa.concat_tables([chunk.table for chunk in ParquetSource(0, packed, OPTIONS).chunks()])
    assert table["phone"].to_pylist() == [phone for phone, _ in ROWS[:3000]]
    packed.close()


def test_pieces_lie_behind_the_head(pack):
    packed = pack(gzip.compress(CSV), "leads.csv.gz")
    pieces = packed.pieces(5000)
    assert pieces
    assert all(piece in CSV[5000:] for piece in pieces)
    assert packed.pieces(len(CSV)) == []


def test_a_file_that_changes_is_the_reason_before_damage(pack, tmp_path):
    packed = pack(gzip.compress(CSV), "leads.csv.gz")
    with packed.open() as stream:
        stream.read(10)
        (tmp_path / "leads.csv.gz").write_bytes(gzip.compress(CSV[::-1]))
        with pytest.raises(SourceChanged):
            stream.end()
    with pytest.raises(SourceChanged):
        packed.check()


def test_nothing_is_used_before_all_is_proved_and_no_file_is_left(pack, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "spool"))
    (tmp_path / "spool").mkdir()
    damaged = bytearray(gzip.compress(LONG))
    damaged[-1] ^= 1
    packed = pack(bytes(damaged), "leads.csv.gz")
    with pytest.raises(SourceError, match="incorrect length check"):
        packed.open_raw()
    packed = pack(gzip.compress(CSV), "leads.csv.gz")
    with packed.open_raw() as raw:
        assert list((tmp_path / "spool").iterdir()) == []
        assert raw.read(5) == CSV[:5]
        with pytest.raises(ValueError, match="negative"):
            raw.seek(-1)
    packed.close()
    packed.close()


def test_a_full_disk_is_said(pack, monkeypatch):
    packed = pack(gzip.compress(CSV), "leads.csv.gz")
    monkeypatch.setattr("leadsieve_connectors.sources.packed.spool._LOOK_EVERY_BYTES", 1000)
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(10**9, 10**9, 10**6))
    with pytest.raises(SourceError, match=r"disk is nearly full.*TMPDIR") as failed:
        packed.open_raw()
    assert failed.value.code == "resource_limit"
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage(10**12, 0, 10**12))

    def full(*args: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", full)
    with pytest.raises(SourceError, match="No space left on device"):
        packed.open_raw()
