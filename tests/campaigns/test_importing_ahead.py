"""An import that begins before the run is known: the same when it is committed, and nothing when it is not."""

from __future__ import annotations

import os
import shutil
import threading
from datetime import UTC, datetime

import duckdb
import pyarrow as pa
import pytest

from leadsieve_connectors.campaigns import RunRecord, State
from leadsieve_connectors.exceptions import StateError

BEGUN = datetime(2026, 3, 2, 12, tzinfo=UTC)


def key_batches(keys):
    return [pa.record_batch({"key": pa.array(keys, pa.uint64())})]


def record(seq, campaign="summer"):
    return RunRecord(
        seq=seq, run_id=f"run{seq}", campaign=campaign, fingerprint="f", committed_at=BEGUN, manifest=[], info={},
        out="/data/out", staging="/data/.out",
    )  # fmt: skip


def contents(book):
    tables = ("campaigns", "runs", "all_contacts", "displaced", "dependencies", "mappings")
    return [sorted(map(str, rows)) for rows in book.sql(*(f"SELECT * FROM {table}" for table in tables))]


@pytest.fixture
def twins(open_book, tmp_path):
    """Two states with the same past."""
    first = open_book(tmp_path / "first.duckdb")
    first.commit(1, 2, 3)
    first.mark({2: "completed"})
    shutil.copy(first.state.path, tmp_path / "second.duckdb")
    return first, open_book(tmp_path / "second.duckdb")


@pytest.mark.parametrize("campaign", ["summer", "new"])
@pytest.mark.parametrize("delete_first", [(), ("pending",), ("pending", "completed")])
def test_the_state_is_the_same(twins, campaign, delete_first):
    plain, early = twins
    options = {
        "campaign": campaign,
        "delete_first": delete_first,
        "depends_on": {1: 2},
        "mappings": {("a",): {"a": "name"}},
    }
    plain.commit(7, 5, 5, **options)
    early.commit(7, 5, 5, **options, ahead=True)
    assert contents(early) == contents(plain)
    assert early.state.check() == []


def test_a_block_that_nobody_commits_leaves_nothing(book):
    book.commit(1)
    before = contents(book)
    with book.state.ahead("other", 2, begun_at=BEGUN, delete_first=["pending"]) as ahead:
        ahead.begin(key_batches([7, 8]))
    assert contents(book) == before
    assert book.commit(9) == 2


def test_a_block_that_fails_leaves_nothing(book):
    before = contents(book)

    def fail():
        with book.state.ahead("summer", 1, begun_at=BEGUN) as ahead:
            ahead.begin(key_batches([7, 8]))
            ahead.wait()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert contents(book) == before


def test_a_block_in_which_nothing_begins_commits_as_ever(book):
    with book.state.ahead("summer", 1, begun_at=BEGUN) as ahead:
        ahead.wait()
        book.state.commit(record(1), key_batches([7]))
    assert [key for key, *_ in book.held()] == [7]


def test_what_reading_the_keys_raises_is_raised(book):
    def keys():
        yield from key_batches([1])
        raise OSError("gone")

    before = contents(book)
    with book.state.ahead("summer", 1, begun_at=BEGUN) as ahead:
        ahead.begin(keys())
        with pytest.raises(OSError, match="gone"):
            ahead.wait()
        with pytest.raises(OSError, match="gone"):
            book.state.commit(record(1), [])
    assert contents(book) == before


@pytest.mark.parametrize("other", [record(2), record(1, "winter")])
def test_the_contacts_of_one_run_are_not_taken_for_those_of_another(book, other):
    before = contents(book)
    with book.state.ahead("summer", 1, begun_at=BEGUN) as ahead:
        ahead.begin(key_batches([1]))
        with pytest.raises(ValueError, match="those of run 1 of 'summer'"):
            book.state.commit(other, [])
    assert contents(book) == before


@pytest.mark.parametrize("begun", [False, True])
def test_another_file_in_its_place_is_noticed(book, begun, tmp_path):
    """Before the import begins, and as late as its commit."""
    shutil.copy(book.state.path, tmp_path / "copy.duckdb")
    with book.state.ahead("summer", 1, begun_at=BEGUN) as ahead:
        if begun:
            ahead.begin(key_batches([1]))
            ahead.wait()
        (tmp_path / "copy.duckdb").replace(book.state.path)
        if not begun:
            ahead.begin(key_batches([1]))
        with pytest.raises(StateError, match="another file was put in its place"):
            book.state.commit(record(1), [])
    assert book.held() == []


def test_whoever_has_it_open_is_told_of(open_book, book):
    """The failure is that of a commit, and nothing of it stays open."""
    with duckdb.connect(str(book.state.path), read_only=True) as foreign:
        with book.state.ahead("summer", 1, begun_at=BEGUN) as ahead:
            ahead.begin(key_batches([1]))
            with pytest.raises(StateError, match="open in this very process"):
                ahead.wait()
        foreign.execute("SELECT 1")
    assert book.commit(1) == 1


def test_only_what_the_state_creates_is_private(book, tmp_path):
    mask = os.umask(0o022)
    try:
        with book.state.ahead("summer", 1, begun_at=BEGUN) as ahead:
            ahead.begin(key_batches([1]))
            ahead.wait()
            (tmp_path / "output.json").touch()
            book.state.commit(record(1), [])
        assert os.umask(0o022) == 0o022
    finally:
        os.umask(mask)
    assert (tmp_path / "output.json").stat().st_mode & 0o777 == 0o644
    assert book.state.path.stat().st_mode & 0o777 == 0o600


def test_the_rest_of_the_keys_is_not_read_when_nobody_wants_them(book):
    read, left = [], threading.Event()

    def keys():
        for key in range(1_000):
            read.append(key)
            yield from key_batches([key])
            left.wait(30)

    with book.state.ahead("summer", 1, begun_at=BEGUN) as ahead:
        ahead.begin(keys())
        threading.Timer(0.2, left.set).start()
    assert len(read) <= 2


def test_several_states_of_one_process_do_not_meet(open_book, tmp_path):
    books = [open_book(tmp_path / f"{name}.duckdb") for name in "ab"]
    with books[0].state.ahead("summer", 1, begun_at=BEGUN) as ahead:
        ahead.begin(key_batches([1]))
        assert State(books[1].state.path).campaigns() == []
        books[1].commit(2)
        books[0].state.commit(record(1), [])
    assert [[key for key, *_ in book.held()] for book in books] == [[1], [2]]
