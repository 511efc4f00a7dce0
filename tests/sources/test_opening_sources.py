"""From paths to sources: files, directories, globs, stdin, URLs, changes meanwhile, and what is refused."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import fsspec
import pytest

from leadsieve_connectors.exceptions import SourceChanged, SourceError
from leadsieve_connectors.sources import ReadOptions, open_sources
from leadsieve_connectors.sources.storage import describe, display_name

LEADS = b"phone,name\n+14155550100,Ann\n+14155550101,Bob\n"


def names(paths: list[str]) -> list[str]:
    with open_sources(paths, ReadOptions()) as sources:
        files = [chunk.file for source in sources for chunk in source.chunks()]
        assert files == list(range(len(sources)))
        return [source.name for source in sources]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("b.csv", "a.csv", "sub/c.csv", "x[1].csv", ".hidden.csv", "_SUCCESS"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_bytes(LEADS)
    return tmp_path


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["b.csv", "a.csv"], ["b.csv", "a.csv"]),
        (["[ab].csv"], ["a.csv", "b.csv"]),
        (["x[1].csv"], ["x[1].csv"]),
        (["**/*.csv"], ["a.csv", "b.csv", "sub/c.csv", "x[1].csv"]),
        (["sub", "./a.csv"], ["sub/c.csv", "./a.csv"]),
        (["."], ["a.csv", "b.csv", "x[1].csv"]),
    ],
)
def test_paths_mean_files(folder, paths, expected):
    assert names(paths) == expected


def test_an_absolute_path_is_named_as_given(folder):
    assert names([str(folder / "a.csv")]) == [str(folder / "a.csv")]


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        ("a.csvv", "unreadable", r"did you mean a\.csv or b\.csv\?"),
        ("qqq", "unreadable", "no such file; check the path"),
        ("no/where.csv", "unreadable", "there is no folder no"),
        ("*.nothing", "unreadable", "no file matches"),
        ("empty", "empty_file", "holds no file"),
        ("memory://none.csv", "unreadable", "no such file"),
        ("memory://none*.csv", "unreadable", "no file matches"),
        ("klingon://x.csv", "unreadable", "klingon"),
    ],
)
def test_paths_that_mean_no_file(folder, path, code, words):
    (folder / "empty").mkdir()
    with pytest.raises(SourceError, match=words) as caught:
        open_sources([path], ReadOptions())
    assert caught.value.code == code


def test_a_file_without_permission_is_unreadable(folder, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "a.csv")

    monkeypatch.setattr("fsspec.implementations.local.LocalFileSystem.open", refuse)
    with pytest.raises(SourceError, match=r"a\.csv: permission denied") as caught:
        open_sources(["a.csv"], ReadOptions())
    assert caught.value.code == "unreadable"


@pytest.mark.parametrize(
    ("head", "name", "code", "words"),
    [
        (b"PK\x03\x04", "leads.xlsx", "malformed_file", "it was cut"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "leads.csv", "unsupported_format", r"\.xls"),
        (b"\x1f\x8b\x08", "leads.csv.gz", "malformed_file", "compressed data is damaged"),
        (b"%PDF-1.7", "leads.csv", "unsupported_format", "PDF"),
        (b"PARE", "leads.parquet", "unsupported_format", "encrypted"),
        (b"<html><table>", "leads.xls", "unsupported_format", "HTML"),
        (b"phone,name\n1,2\n", "leads.json", "malformed_file", "not JSON"),
        (b"phone,name\n1,2\n", "leads.parquet", "malformed_file", "not a Parquet file"),
    ],
)
def test_what_is_not_read_is_named(folder, head, name, code, words):
    Path(name).write_bytes(head + b"\0" * 20 if head[0] > 127 or head.startswith((b"P", b"\x1f", b"BZh")) else head)
    with pytest.raises(SourceError, match=words) as caught:
        open_sources([name], ReadOptions())
    assert caught.value.code == code
    assert caught.value.message.startswith(f"{name}: ")


@pytest.mark.parametrize("text", [b"ORC,name\n1,2\n", b"PARE,b\n1,2\n", b"BZh\n1\n"])
def test_text_that_begins_like_a_signature_is_text(folder, text):
    Path("odd.csv").write_bytes(text)
    assert names(["odd.csv"]) == ["odd.csv"]


def test_stdin_is_read_twice_and_its_copy_goes(monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(LEADS)))
    with open_sources(["-"], ReadOptions()) as sources:
        (source,) = sources
        assert source.name == "-"
        copy = Path(source._stored.location.path)
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        first, second = ([chunk.table for chunk in source.chunks()] for _ in range(2))
        assert first == second
        assert source.sha256() == hashlib.sha256(LEADS).hexdigest()
    assert not copy.exists()


def test_stdin_is_named_once(monkeypatch):
    with pytest.raises(SourceError, match="once") as caught:
        open_sources(["-", "-"], ReadOptions())
    assert caught.value.code == "invalid_option"


def test_the_copy_goes_where_opening_fails(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"")))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(SourceError, match="-: the file is empty"):
        open_sources(["-"], ReadOptions())
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_is_copied(folder):
    os.mkfifo("pipe")
    writer = threading.Thread(target=lambda: Path("pipe").write_bytes(LEADS))
    writer.start()
    assert names(["pipe"]) == ["pipe"]
    writer.join()


@pytest.fixture
def memory():
    fs = fsspec.filesystem("memory")
    fs.pipe({"/leads/b.csv": LEADS, "/leads/a.csv": LEADS, "/leads/_SUCCESS": b"", "/leads/deep/c.csv": LEADS})
    yield fs
    fs.rm("/leads", recursive=True)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("memory://leads/a.csv", ["memory://leads/a.csv"]),
        ("memory://leads/*.csv", ["memory:///leads/a.csv", "memory:///leads/b.csv"]),
        ("memory://leads", ["memory:///leads/a.csv", "memory:///leads/b.csv"]),
    ],
)
def test_urls_mean_files(memory, url, expected):
    assert [name.replace(":///", "://") for name in names([url])] == [name.replace(":///", "://") for name in expected]


def test_the_hash_is_taken_while_reading(folder, monkeypatch):
    with open_sources(["a.csv"], ReadOptions(chunk_bytes=5)) as sources:
        (source,) = sources
        list(source.chunks())
        monkeypatch.setattr(source._stored, "open", lambda **_: pytest.fail("read again"))
        assert source.sha256() == hashlib.sha256(LEADS).hexdigest()


def test_a_partial_read_gives_no_hash_of_its_own(folder):
    with open_sources(["a.csv"], ReadOptions(chunk_bytes=5, max_rows=1)) as sources:
        (source,) = sources
        list(source.chunks())
        assert source.sha256() == hashlib.sha256(LEADS).hexdigest()


@pytest.mark.parametrize("change", [b"\n+14155550199,Eve\n", b""])
def test_a_file_that_changes_under_the_reader(folder, change):
    with open_sources(["a.csv"], ReadOptions(chunk_bytes=16)) as sources:
        (source,) = sources
        chunks = source.chunks()
        next(chunks)
        with Path("a.csv").open("ab") as file:
            file.write(change)
        os.utime("a.csv", ns=(0, 0))
        with pytest.raises(SourceChanged, match=r"a\.csv: changed while it was read") as caught:
            list(chunks)
        assert caught.value.code == "source_changed"
        with pytest.raises(SourceChanged):
            source.sha256()


def test_a_file_that_goes_away(folder):
    with open_sources(["a.csv"], ReadOptions(chunk_bytes=16)) as sources:
        chunks = sources[0].chunks()
        next(chunks)
        Path("a.csv").unlink()
        with pytest.raises(SourceChanged, match="went away"):
            list(chunks)


def test_a_url_that_changes_under_the_reader(memory):
    with open_sources(["memory://leads/a.csv"], ReadOptions()) as sources:
        memory.pipe("/leads/a.csv", LEADS + b"+14155550102,Eve\n")
        with pytest.raises(SourceChanged):
            list(sources[0].chunks())


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("leads?.csv", "leads?.csv"),
        ("https://host/a.csv?sig=s3cret&x=1", "https://host/a.csv"),
        ("https://me:s3cret@host:80/a.csv", "https://host:80/a.csv"),
        ("sftp://me:p@s3cret@host/a.csv", "sftp://host/a.csv"),
        ("zip://a.csv::https://me:s3cret@host/a.zip?s3cret", "zip://a.csv::https://host/a.zip"),
        ("s3://bucket/a@b.csv", "s3://bucket/a@b.csv"),
        ("abfs://leads@account/a.csv", "abfs://leads@account/a.csv"),
    ],
)
def test_names_hold_no_secrets(path, name):
    assert display_name(path) == name
    assert "s3cret" not in describe(ValueError(f"cannot open '{path}'\nat all"))
