"""Zip archives: one file is read, several are listed, and what lies is refused."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass

import pyarrow as pa
import pytest
from fsspec.implementations.local import LocalFileSystem

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources import ReadOptions
from leadsieve_connectors.sources.packed import PackedFile, split_member
from leadsieve_connectors.sources.storage import Location, StoredFile

CSV = b"phone,name\n+919811112222,Ann\n" * 50


@dataclass
class Entry:
    """A file of an archive, with whatever it is to claim."""

    name: bytes = b"leads.csv"
    content: bytes = CSV
    method: int = 8
    packed: bytes | None = None
    flags: int = 0
    local_name: bytes | None = None
    local_method: int | None = None
    local_flags: int | None = None
    local_size: int | None = None
    crc: int | None = None
    size: int | None = None
    packed_size: int | None = None
    descriptor: bytes = b""
    zip64: bool = False
    place: int | None = None
    disk: int = 0


def archive(
    *entries: Entry, comment: bytes = b"", count: int | None = None, shift: int = 0, zip64: bool = False
) -> bytes:
    """Write an archive byte by byte."""
    body, directory = b"", b""
    for entry in entries:
        packed = entry.packed
        if packed is None:
            packed = zlib.compress(entry.content, wbits=-15) if entry.method == 8 else entry.content
        crc = zlib.crc32(entry.content) if entry.crc is None else entry.crc
        size = len(entry.content) if entry.size is None else entry.size
        packed_size = len(packed) if entry.packed_size is None else entry.packed_size
        place = len(body) if entry.place is None else entry.place
        flags = entry.flags if entry.local_flags is None else entry.local_flags
        method = entry.method if entry.local_method is None else entry.local_method
        name = entry.name if entry.local_name is None else entry.local_name
        local = (0, 0, 0) if flags & 8 else (crc, packed_size, size if entry.local_size is None else entry.local_size)
        extra = b""
        if entry.zip64:
            extra = struct.pack("<2H2Q", 1, 16, size, packed_size)
            local = (local[0], 0xFFFFFFFF, 0xFFFFFFFF)
        body += struct.pack("<4s5H3L2H", b"PK\3\4", 45, flags, method, 0, 0, *local, len(name), len(extra))
        body += name + extra + packed + entry.descriptor
        shown = (crc, 0xFFFFFFFF, 0xFFFFFFFF) if entry.zip64 else (crc, packed_size, size)
        directory += struct.pack("<4s6H", b"PK\1\2", 45, 45, entry.flags, entry.method, 0, 0)
        directory += struct.pack("<3L5H2L", *shown, len(entry.name), len(extra), 0, entry.disk, 0, 0, place)
        directory += entry.name + extra
    number = len(entries) if count is None else count
    start, size = len(body) + shift, len(directory)
    end64 = b""
    if zip64:
        end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, number, number, size, start)
        end64 += struct.pack("<4sLQL", b"PK\6\7", 0, len(body) + size, 1)
        number, start, size = 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, number, number, size, start, len(comment))
    return body + directory + end64 + end + comment


@pytest.fixture
def read(tmp_path):
    """Give a function that reads the one file of an archive to its end."""

    def write_and_read(data: bytes, member: str | None = None, name: str = "a.zip") -> tuple[str, bytes]:
        path = tmp_path / name
        path.write_bytes(data)
        stored = StoredFile(Location(LocalFileSystem(), str(path), name, local=True))
        packed = PackedFile(stored, "zip", ReadOptions(), member)
        with packed.open(take_hash=True) as stream:
            content = stream.read_fully(1 << 30)
            stream.end()
        return packed.name, content

    return write_and_read


TRUTH = (zlib.crc32(CSV), len(zlib.compress(CSV, wbits=-15)), len(CSV))
SYSTEM = (
    Entry(b"folder/", b"", 0),
    Entry(b"__MACOSX/._leads.csv", b"x"),
    Entry(b"folder/.DS_Store", b"x"),
    Entry(b"Thumbs.db", b"x"),
)


@pytest.mark.parametrize(
    "data",
    [
        archive(Entry()),
        archive(Entry(method=0)),
        archive(Entry(method=93, packed=bytes(pa.Codec("zstd").compress(CSV)))),
        archive(*SYSTEM[:2], Entry(), *SYSTEM[2:]),
        archive(Entry(), comment=b"leads of May"),
        archive(Entry(zip64=True)),
        archive(Entry(), zip64=True),
        archive(Entry(zip64=True), zip64=True),
        archive(Entry(flags=8, descriptor=b"PK\7\x08" + struct.pack("<3L", *TRUTH))),
        archive(Entry(flags=8, descriptor=struct.pack("<3L", *TRUTH))),
        archive(Entry(flags=8, zip64=True, descriptor=b"PK\7\x08" + struct.pack("<L2Q", *TRUTH))),
    ],
)
def test_the_only_file_is_read(read, data):
    assert read(data) == ("a.zip!leads.csv", CSV)


def test_names_are_text(read):
    assert read(archive(Entry("Köln/привет!.csv".encode(), flags=1 << 11)))[0] == "a.zip!Köln/привет!.csv"
    assert read(archive(Entry(b"K\x94ln.csv")))[0] == "a.zip!Köln.csv"


def test_a_file_among_several_is_named(read):
    data = archive(Entry(b"a.csv", b"one"), Entry(b"b/c.csv", b"two"), *SYSTEM)
    with pytest.raises(SourceError) as failed:
        read(data)
    assert failed.value.code == "ambiguous_archive"
    assert failed.value.message == "a.zip: holds 2 files (a.csv, b/c.csv); name one, as in 'a.zip!a.csv'"
    assert read(data, "b/c.csv") == ("a.zip!b/c.csv", b"two")
    assert read(data, "Thumbs.db")[1] == b"x"
    with pytest.raises(SourceError, match=r"holds no file d\.csv; it holds a\.csv, b/c\.csv") as failed:
        read(data, "d.csv")
    assert failed.value.code == "unreadable"
    with pytest.raises(SourceError, match=r"holds 30 files .*9.csv and 20 more"):
        read(archive(*(Entry(b"%d.csv" % number) for number in range(30))))


LONGER = Entry(b"b.csv", CSV)
REFUSED = {
    "nothing": (archive(), "holds no file", "empty_file"),
    "only the system's files": (archive(*SYSTEM), "holds no file", "empty_file"),
    "a way up": (archive(Entry(b"../leads.csv")), "unsafe name", "unsafe_archive"),
    "a way up inside": (archive(Entry(b"a/../../leads.csv")), "unsafe name", "unsafe_archive"),
    "a root": (archive(Entry(b"/etc/passwd")), "unsafe name", "unsafe_archive"),
    "a drive": (archive(Entry(b"C:leads.csv")), "unsafe name", "unsafe_archive"),
    "backslashes": (archive(Entry(b"..\\leads.csv")), "unsafe name", "unsafe_archive"),
    "a NUL": (archive(Entry(b"leads.csv\0.txt")), "unsafe name", "unsafe_archive"),
    "a line end": (archive(Entry(b"leads\n.csv")), "unsafe name", "unsafe_archive"),
    "a way up beside the file": (archive(Entry(), Entry(b"__MACOSX/../../x")), "unsafe name", "unsafe_archive"),
    "no name": (archive(Entry(b"")), "no name", "malformed_file"),
    "a name that is no text": (archive(Entry(b"\xff\xfe", flags=1 << 11)), "not text", "malformed_file"),
    "a password": (archive(Entry(flags=1)), "needs a password", "password_protected"),
    "a hidden directory": (archive(Entry(flags=1 << 13)), "needs a password", "password_protected"),
    "Deflate64": (archive(Entry(method=9)), "packed by Deflate64", "unsupported_format"),
    "an unknown method": (archive(Entry(method=77)), "packed by method 77", "unsupported_format"),
    "a folder with data": (archive(Entry(), Entry(b"folder/")), "folder in it holds data", "malformed_file"),
    "another name": (archive(Entry(local_name=b"other.csv")), "listed otherwise", "malformed_file"),
    "another method": (archive(Entry(local_method=0)), "listed otherwise", "malformed_file"),
    "another flag": (archive(Entry(local_flags=1)), "listed otherwise", "malformed_file"),
    "another size": (archive(Entry(local_size=5)), "other sizes", "malformed_file"),
    "no descriptor": (archive(Entry(flags=8)), "other sizes", "malformed_file"),
    "another descriptor": (archive(Entry(flags=8, descriptor=bytes(12))), "other sizes", "malformed_file"),
    "a smaller size": (archive(Entry(size=100)), "unpacks to more", "malformed_file"),
    "a larger size": (archive(Entry(size=len(CSV) + 1)), "too early", "malformed_file"),
    "a stored size": (archive(Entry(method=0, size=len(CSV) + 1)), "too early", "malformed_file"),
    "another checksum": (archive(Entry(crc=1)), "checksum of leads.csv in it is wrong", "malformed_file"),
    "more behind the data": (
        archive(Entry(packed=zlib.compress(CSV, wbits=-15) + b"more")),
        "something foreign",
        "malformed_file",
    ),
    "too little data": (archive(Entry(packed=zlib.compress(CSV, wbits=-15)[:-3])), "too early", "malformed_file"),
    "the same bytes twice": (archive(Entry(b"__MACOSX/a"), Entry(place=0)), "overlap", "unsafe_archive"),
    "bytes within others": (archive(Entry(method=0), Entry(b"__MACOSX/a", place=20)), "overlap", "unsafe_archive"),
    "data in the directory": (archive(Entry(packed_size=TRUTH[1] + 20)), "overlap", "unsafe_archive"),
    "another count": (archive(Entry(), count=2), "1 entries and says 2", "malformed_file"),
    "something before it": (b"PK\3\4" + archive(Entry()), "not where it says", "malformed_file"),
    "a shifted directory": (archive(Entry(), shift=1), "not where it says", "malformed_file"),
    "something behind it": (archive(Entry()) + b"x", "no directory at its end", "malformed_file"),
    "two directories": (archive(Entry(), comment=archive()), "two directories", "malformed_file"),
    "another volume": (archive(Entry(disk=3)), "one volume", "unsupported_format"),
    "a bomb by its own word": (archive(Entry(size=1 << 31)), "200 times its size", "resource_limit"),
}


@pytest.mark.parametrize(("data", "message", "code"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(read, data, message, code):
    with pytest.raises(SourceError, match=message) as failed:
        read(data)
    assert failed.value.code == code
    assert failed.value.message.startswith("a.zip")
    assert "\n" not in failed.value.message


def test_two_files_of_one_name_are_refused(read):
    with pytest.raises(SourceError, match=r"two files in it are called leads\.csv") as failed:
        read(archive(Entry(), Entry()), "leads.csv")
    assert failed.value.code == "malformed_file"


def test_a_directory_has_a_limit(read, monkeypatch):
    monkeypatch.setattr("leadsieve_connectors.sources.packed.directory._MOST_BYTES", 40)
    with pytest.raises(SourceError, match="lists more than") as failed:
        read(archive(Entry()))
    assert failed.value.code == "resource_limit"


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_archives_written_as_a_stream_are_read(read, method):
    class Sink(io.RawIOBase):
        written = b""

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.written += bytes(data)
            return len(data)

    sink = Sink()
    with zipfile.ZipFile(sink, "w", method) as made, made.open("leads.csv", "w", force_zip64=True) as member:
        member.write(CSV)
    assert read(sink.written) == ("a.zip!leads.csv", CSV)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.zip!leads.csv", ("a.zip", "leads.csv")),
        ("a.zip!x!y.csv", ("a.zip", "x!y.csv")),
        ("b!c.zip!leads.csv", ("b!c.zip", "leads.csv")),
        ("a.zip!", None),
        ("!leads.csv", None),
        ("other.zip!leads.csv", None),
        ("a.zip", None),
    ],
)
def test_paths_of_members(path, expected):
    assert split_member(path, {"a.zip", "b!c.zip", "b"}.__contains__) == expected
