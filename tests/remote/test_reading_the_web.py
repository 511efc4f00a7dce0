"""Files over HTTP from a server that breaks, stalls, lies, changes, refuses ranges and packs."""

from __future__ import annotations

import functools
import hashlib
import io
import random
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from leadsieve_connectors.exceptions import SourceChanged, SourceError
from leadsieve_connectors.sources import ReadOptions, open_sources
from leadsieve_connectors.sources.remote import patience
from leadsieve_connectors.sources.storage import Stream

OPTIONS = ReadOptions(chunk_bytes=1 << 20)


def read(url: str) -> tuple[list[str], str]:
    """Return all names and the hash that was taken on the way."""
    with open_sources([url], OPTIONS) as sources:
        (source,) = sources
        names = [name for chunk in source.chunks() for name in chunk.table.column("name").to_pylist()]
        return names, source.sha256()


@functools.cache
def expected(data: bytes) -> tuple[list[str], str]:
    names = [line.partition(b",")[2].decode() for line in data.splitlines()[1:]]
    return names, hashlib.sha256(data).hexdigest()


def failure(url: str) -> SourceError:
    with pytest.raises(SourceError) as caught:
        read(url)
    assert "\n" not in caught.value.message
    assert caught.value.message.startswith(url.partition("?")[0])
    return caught.value


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"etag": None, "modified": "Wed, 21 Oct 2026 07:28:00 GMT"},
        {"etag": None},
        {"ranges": False},
        {"closing": True},
        {"closing": True, "ranges": False},
        {"framing": "chunked"},
        {"framing": "chunked", "ranges": False},
        {"encoding": "gzip"},
        {"encoding": "gzip", "framing": "chunked", "ranges": False},
        {"encoding": "gzip", "framing": "none", "ranges": False},
    ],
    ids=str,
)
def test_every_way_of_serving_gives_the_file(web, leads, options):
    assert read(web.add(data=leads, **options)) == expected(leads)
    assert {request.method for request in web.seen} == {"GET"}


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("options", [{"breaks": [0, 1, 2_000_000]}, {"stalls": [0, 1_500_000]}], ids=str)
def test_reading_goes_on_where_it_broke(web, leads, waits, hasty, options, ranges):
    (name, places) = next(iter(options.items()))
    url = web.add(data=leads, ranges=ranges, **{name: list(places)})
    assert read(url) == expected(leads)
    assert getattr(web.sites["/leads.csv"], name) == []
    assert waits


def test_a_break_asks_for_the_missing_bytes_only(web, leads):
    url = web.add(data=leads)
    with open_sources([url], OPTIONS) as sources:
        web.sites["/leads.csv"].breaks = [3_000_000]
        web.seen.clear()
        assert sources[0].sha256() == hashlib.sha256(leads).hexdigest()
    (first, second) = [int(request.headers["range"][6:-1]) for request in web.bodies()]
    assert first == 0
    assert 0 < second <= 3_000_000
    # The version is looked at before reading goes on.
    at = web.seen.index(web.bodies()[1])
    assert web.seen[at - 1].headers["range"] == "bytes=0-0"


def test_random_breaks_never_double_or_lose_a_byte(web, leads):
    chance = random.Random(7)
    url = web.add(data=leads)
    for ranges in (True, False):
        web.sites["/leads.csv"].ranges = ranges
        breaks = [chance.randrange(300_000, 900_000) for _ in range(6 if ranges else 4)]
        web.sites["/leads.csv"].breaks = breaks
        with open_sources([url], OPTIONS) as sources:
            assert sources[0].sha256() == hashlib.sha256(leads).hexdigest()


def test_ranges_that_are_refused_midway_are_skipped_to(web, leads):
    url = web.add(data=leads)
    with open_sources([url], OPTIONS) as sources:
        site = web.sites["/leads.csv"]
        site.breaks = [3_000_000]
        web.seen.clear()

        def refuse(request: object) -> None:
            site.ranges = bool(site.breaks)

        answer = web.answer
        web.answer = lambda handler: (refuse(handler), answer(handler))[1]
        stream = sources[0]._stored.open(take_hash=True)
        with stream:
            data = stream.read_fully(len(leads))
        assert data == leads
        assert stream.taken == len(leads)
    assert len(web.bodies()) == 2


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
def test_what_passes_is_tried_again(web, leads, waits, status):
    url = web.add(data=leads, statuses=[status] * 3)
    assert read(url) == expected(leads)
    assert len(waits) == 3
    assert 0.25 <= waits[0] < waits[2] <= 2.0


def test_the_server_says_how_long_to_wait(web, leads, waits):
    assert read(web.add(data=leads, statuses=[503, 503], retry_after="7")) == expected(leads)
    assert waits == [7.0, 7.0]


def test_trying_again_ends(web, leads, waits):
    error = failure(web.add(data=leads, statuses=[503] * 100))
    assert error.code == "unreadable"
    assert "status 503" in error.message
    assert len(waits) == patience.PATIENCE.tries - 1


def test_time_ends_trying_again(web, leads, waits, monkeypatch):
    clock = iter(range(0, 100_000, 100))
    monkeypatch.setattr(patience, "PATIENCE", replace(patience.PATIENCE, clock=lambda: next(clock)))
    failure(web.add(data=leads, statuses=[503] * 100))
    assert len(waits) == 1


@pytest.mark.parametrize("place", [0, 100_000])
def test_a_server_that_breaks_for_ever_is_given_up(web, leads, monkeypatch, place):
    monkeypatch.setattr(patience, "PATIENCE", replace(patience.PATIENCE, breaks=8))
    error = failure(web.add(data=leads, breaks=[place] * 100))
    assert error.code == "unreadable"
    assert "broke" in error.message
    assert len(web.sites["/leads.csv"].breaks) > 80


def test_a_stalled_server_is_given_up(web, leads, hasty, monkeypatch):
    monkeypatch.setattr(patience, "PATIENCE", replace(patience.PATIENCE, tries=2))
    error = failure(web.add(data=leads, stalls=[0] * 100))
    assert "no byte came for 0.4 seconds" in error.message


def test_a_closed_port_is_given_up(web, waits):
    web.server.server_close()
    error = failure(web.url("/leads.csv"))
    assert "no connection to 127.0.0.1" in error.message
    assert len(waits) == patience.PATIENCE.tries - 1


@pytest.mark.parametrize(
    ("path", "options", "words"),
    [
        ("/none.csv", {}, "no such file; check the URL"),
        ("/lea*.csv", {}, "the web lists no files for a pattern; name each"),
        ("/leads.csv", {"needs": ("x-key", "k")}, r"the server refuses access \(status 401\)"),
        ("/leads.csv", {"encoding": "br"}, "packed as br"),
        ("/leads.csv", {"framing": "none", "ranges": False}, "does not say where it ends"),
        ("/leads.csv", {"redirect": "/leads.csv"}, "redirects more than 10 times"),
        ("/leads.csv", {"redirect": "file:///etc/passwd"}, "no web address"),
    ],
)
def test_what_is_final_is_told_at_once(web, leads, waits, path, options, words):
    web.add(data=leads, **options)
    with pytest.raises(SourceError, match=words) as caught:
        read(web.url(path))
    assert caught.value.code == "unreadable"
    assert waits == []


@pytest.mark.parametrize(
    "options",
    [
        {"claim": 5},
        {"claim": 5, "ranges": False},
        {"claim": -5, "etag": None},
        {"cut": 5, "ranges": False},
        {"cut": 5, "framing": "chunked", "ranges": False},
        {"cut": 5, "framing": "chunked"},
        {"cut": 5, "encoding": "gzip", "framing": "none", "ranges": False},
        {"surplus": b"x" * 9, "framing": "chunked"},
        {"surplus": b"+14155550199,More\n"},
        {"surplus": b"+14155550199,More\n", "ranges": False},
        {"surplus": b"+14155550199,More\n", "closing": True},
        {"surplus": b"+14155550199,More\n", "closing": True, "ranges": False},
    ],
    ids=str,
)
def test_a_length_that_lies_never_gives_another_file(web, leads, options):
    assert failure(web.add(data=leads, **options)).code in ("unreadable", "source_changed")


def other(data: bytes) -> bytes:
    return data.replace(b"many", b"some")


@pytest.mark.parametrize("ranges", [True, False])
def test_a_change_while_reading_is_found(web, leads, ranges):
    url = web.add(data=leads)
    with open_sources([url], OPTIONS) as sources:
        (source,) = sources
        chunks = source.chunks()
        next(chunks)
        web.sites["/leads.csv"].data, web.sites["/leads.csv"].etag = other(leads), '"v2"'
        web.sites["/leads.csv"].ranges = ranges
        with pytest.raises(SourceChanged, match="changed while it was read"):
            list(chunks)


def test_a_change_behind_a_break_is_found_before_reading_on(web, leads):
    url = web.add(data=leads)
    with open_sources([url], OPTIONS) as sources:
        web.sites["/leads.csv"].breaks = [1_000_000]
        web.seen.clear()
        web.sites["/leads.csv"].changes = {2: other(leads)}
        with pytest.raises(SourceChanged, match=r"\(etag\)"):
            sources[0].sha256()
    assert len(web.bodies()) == 1


def test_a_file_that_goes_away(web, leads):
    url = web.add(data=leads)
    with open_sources([url], OPTIONS) as sources:
        web.sites.clear()
        with pytest.raises(SourceChanged, match="went away"):
            list(sources[0].chunks())


def test_a_changing_answer_without_ranges_is_read_once(web, leads):
    url = web.add(data=leads, ranges=False, etag=None)
    with open_sources([url], OPTIONS) as sources:
        web.sites["/leads.csv"].data = other(leads)
        names = [name for chunk in sources[0].chunks() for name in chunk.table.column("name").to_pylist()]
        assert (names, sources[0].sha256()) == expected(leads)
    assert len(web.bodies()) == 1


def parquet(rows: int) -> bytes:
    table = pa.table(
        {"phone": [f"+1415{2_000_000 + row}" for row in range(rows)], "name": [str(n) for n in range(rows)]}
    )
    sink = io.BytesIO()
    pq.write_table(table, sink, row_group_size=rows // 10, compression="none", use_dictionary=False)
    return sink.getvalue()


@pytest.mark.parametrize("ranges", [True, False])
def test_parquet_is_read_in_parts_and_breaks_are_mended(web, ranges):
    data = parquet(50_000)
    url = web.add("/leads.parquet", data=data, ranges=ranges, breaks=[5, 1000, 100, 20_000])
    assert read(url) == ([str(n) for n in range(50_000)], hashlib.sha256(data).hexdigest())


def test_a_lost_connection_is_no_damaged_parquet(web):
    url = web.add("/leads.parquet", data=parquet(50_000))
    with open_sources([url], OPTIONS) as sources:
        web.sites["/leads.parquet"].breaks = [10] * 1000
        with pytest.raises(SourceError, match="the connection broke") as caught:
            list(sources[0].chunks())
        assert caught.value.code == "unreadable"


@pytest.mark.parametrize(
    "path", ["/a%20b.csv", "/a%2Fb.csv?x=%2F%2B+&y=1%202", "/%C3%A9.csv?sig=a%2Bb%3D%3D", "/a;b=1,(2)'!.csv"]
)
def test_a_url_goes_out_as_it_was_given(web, leads, path):
    web.add(path.partition("?")[0], data=leads[:1000])
    with open_sources([web.url(path)], OPTIONS):
        pass
    assert {request.target for request in web.seen} == {path}


def test_a_url_of_other_letters_is_encoded(web, leads):
    web.add("/%C3%A9%20b.csv", data=leads[:1000])
    with open_sources([web.url("/é b.csv")], OPTIONS) as sources:
        assert sources[0].name == web.url("/é b.csv")


def test_a_signed_url_may_be_long(web, leads):
    url = web.add(data=leads[:1000]) + "?signature=" + "s3cret" * 200
    with open_sources([url], OPTIONS) as sources:
        assert sources[0].name == web.url("/leads.csv")


def test_a_full_disk_is_told_and_not_tried_again(web, leads, waits, monkeypatch):
    class Full(io.BytesIO):
        name = "full"

        def write(self, _: object) -> int:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.NamedTemporaryFile", lambda **_: Full())
    error = failure(web.add(data=leads, ranges=False))
    assert error.code == "resource_limit"
    assert "No space left on device; make room there" in error.message
    assert waits == []


def test_a_chain_of_file_systems_is_read(web, leads, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    names, digest = read(f"simplecache::{web.add(data=leads)}")
    assert (names, digest) == expected(leads)


def test_an_empty_file_is_said_to_be_one(web):
    for ranges in (True, False):
        assert failure(web.add(data=b"", ranges=ranges)).code == "empty_file"


def test_a_stream_counts_what_it_read(web, leads):
    with open_sources([web.add(data=leads)], OPTIONS) as sources:
        stream: Stream = sources[0]._stored.open()
        with stream:
            assert stream.taken == 0
            assert stream.read_fully(10) == leads[:10]
            assert stream.taken == 10
