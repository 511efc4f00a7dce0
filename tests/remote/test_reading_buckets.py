"""Files in S3, from moto's server on loopback: single objects, folders, patterns, changes and refusals."""

from __future__ import annotations

import hashlib
import os

import fsspec
import pytest

pytest.importorskip("s3fs")
from leadsieve_connectors.exceptions import SourceChanged, SourceError
from leadsieve_connectors.sources import ReadOptions, open_sources

OPTIONS = ReadOptions(chunk_bytes=1 << 20)
HEAD = b"phone,name\n+14155550100,Ann\n"


@pytest.fixture(scope="module")
def endpoint():
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def filled(endpoint, leads):
    """The settings that lead to a bucket with files, which is filled once."""
    with pytest.MonkeyPatch.context() as environment:
        for name in list(os.environ):
            if name.startswith("AWS_"):
                environment.delenv(name)
        environment.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "s3cretAWSkey")
        environment.setenv("AWS_ENDPOINT_URL", endpoint)
        environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
        fsspec.filesystem("s3").clear_instance_cache()
        fs = fsspec.filesystem("s3")
        fs.mkdir("sales")
        fs.pipe({"sales/in/b.csv": HEAD, "sales/in/a.csv": HEAD, "sales/in/deep/c.csv": HEAD, "sales/big.csv": leads})
        fs.touch("sales/in/", truncate=True)
        fs.pipe("sales/in/_SUCCESS", b"")
        yield


@pytest.fixture
def bucket(filled):
    """A connection to it that remembers nothing of the one before."""
    fsspec.filesystem("s3").clear_instance_cache()
    fs = fsspec.filesystem("s3")
    yield fs
    fs.clear_instance_cache()


def names(path: str) -> list[str]:
    with open_sources([path], OPTIONS) as sources:
        return [source.name for source in sources]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("s3://sales/in/a.csv", ["s3://sales/in/a.csv"]),
        ("s3://sales/in", ["s3://sales/in/a.csv", "s3://sales/in/b.csv"]),
        ("s3://sales/in/", ["s3://sales/in/a.csv", "s3://sales/in/b.csv"]),
        ("s3://sales/in/?.csv", ["s3://sales/in/a.csv", "s3://sales/in/b.csv"]),
        ("s3://sales/**/*.csv", [f"s3://sales/{n}.csv" for n in ("big", "in/a", "in/b", "in/deep/c")]),
    ],
)
def test_objects_folders_and_patterns(bucket, path, expected):
    assert names(path) == expected


def test_a_large_object_is_read_in_blocks(bucket, leads):
    with open_sources(["s3://sales/big.csv"], OPTIONS) as sources:
        (source,) = sources
        assert source.size == len(leads)
        found = [name for chunk in source.chunks() for name in chunk.table.column("name").to_pylist()]
        assert found == [line.partition(b",")[2].decode() for line in leads.splitlines()[1:]]
        assert source.sha256() == hashlib.sha256(leads).hexdigest()


@pytest.mark.parametrize("fails", [[503], [500, 503], [ConnectionResetError(104, "reset")], [TimeoutError()]], ids=str)
def test_reading_goes_on_after_failures(bucket, leads, monkeypatch, waits, fails):
    from s3fs.core import S3File

    fetch, left = S3File._fetch_range, list(fails)

    def failing(self: object, start: int, end: int) -> bytes:
        if start and left:
            error = left.pop()
            if isinstance(error, int):
                cause = RuntimeError("An error occurred")
                cause.response = {"ResponseMetadata": {"HTTPStatusCode": error}}
                raise OSError(5, "An error occurred") from cause
            raise error
        return fetch(self, start, end)

    monkeypatch.setattr(S3File, "_fetch_range", failing)
    with open_sources(["s3://sales/big.csv"], OPTIONS) as sources:
        assert sources[0].sha256() == hashlib.sha256(leads).hexdigest()
    assert left == []
    assert len(waits) == len(fails)


@pytest.mark.parametrize("rewrite", [True, False])
def test_an_object_that_changes_or_goes(bucket, leads, rewrite):
    bucket.mkdir("passing")
    bucket.pipe("passing/big.csv", leads)
    with open_sources(["s3://passing/big.csv"], OPTIONS) as sources:
        chunks = sources[0].chunks()
        next(chunks)
        if rewrite:
            bucket.pipe("passing/big.csv", leads.replace(b"many", b"some"))
        else:
            bucket.rm("passing/big.csv")
        with pytest.raises(SourceChanged):
            list(chunks)
    bucket.rm("passing", recursive=True)


@pytest.mark.parametrize(
    ("path", "code", "words"),
    [
        ("s3://sales/none.csv", "unreadable", "no such file"),
        ("s3://nothing/none.csv", "unreadable", "no such file"),
        ("s3://sales/none*.csv", "unreadable", "no file matches"),
    ],
)
def test_what_is_not_there(bucket, waits, path, code, words):
    with pytest.raises(SourceError, match=words) as caught:
        names(path)
    assert caught.value.code == code
    assert waits == []


def test_no_credentials_is_a_plain_line(bucket, monkeypatch, waits):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    fsspec.filesystem("s3").clear_instance_cache()
    with pytest.raises(SourceError, match="the server refuses access") as caught:
        names("s3://sales/in/a.csv")
    assert caught.value.code == "unreadable"
    assert waits == []
