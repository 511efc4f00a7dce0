"""Contacts that are loaded beside the rest of the run: the same as those that are loaded when they are needed."""

import threading
from collections.abc import Iterator
from itertools import count

import numpy as np
import pyarrow as pa
import pytest

import leadsieve as ls
from leadsieve import process
from leadsieve.duplicates import Contacts, Held, Loading, loading, pays_ahead
from leadsieve_connectors.campaigns import STATUSES, State


def _contacts(read, total: int = 4) -> Contacts:
    return Contacts(
        held=[Held("spring", {1: "run-1"})],
        total=lambda: total,
        read=read,
        lookup=lambda _: read(),
        statuses=STATUSES,
    )


def _batch(first: int) -> pa.RecordBatch:
    status = pa.DictionaryArray.from_arrays(pa.array([0, 0], pa.int8()), pa.array(STATUSES))
    columns = [pa.array([first, first + 1], pa.uint64()), pa.array([1, 1], pa.int32()), status]
    return pa.RecordBatch.from_arrays(columns, names=["key", "run_seq", "status"])


def test_what_was_loaded_ahead_is_given_away_once() -> None:
    contacts = _contacts(lambda: iter([_batch(7), _batch(20)]))
    with Loading(contacts) as begun:
        found = begun.take()
        assert begun.take() is None
    keys = np.array([7, 8, 9, 20, 21], np.uint64)
    assert found.find_tags(keys).tolist() == contacts.load().find_tags(keys).tolist()


def test_a_failure_is_raised_where_the_contacts_are_taken() -> None:
    def fail() -> Iterator[pa.RecordBatch]:
        yield _batch(7)
        raise ArithmeticError

    with Loading(_contacts(fail)) as begun, pytest.raises(ArithmeticError):
        begun.take()


def test_nothing_is_read_any_more_after_the_block() -> None:
    closed, begun = threading.Event(), threading.Event()

    def endless() -> Iterator[pa.RecordBatch]:
        try:
            for first in count():
                begun.set()
                yield _batch(first)
        finally:
            closed.set()

    with Loading(_contacts(endless)) as waiting:
        begun.wait()
    assert closed.is_set()
    assert waiting.take() is None
    assert not [t for t in threading.enumerate() if t.name.startswith("leadsieve")]


@pytest.mark.parametrize(
    ("nbytes", "total", "memory", "pays"),
    [
        (1 << 26, 1 << 23, 1 << 30, True),
        ((1 << 26) - 1, 1, 1 << 30, False),
        (1 << 26, (1 << 23) + 1, 1 << 30, False),
        (1 << 26, 1 << 23, 1 << 28, False),
    ],
)
def test_only_what_is_a_small_part_of_the_run_is_loaded_ahead(nbytes: int, total: int, memory: int, pays: bool) -> None:
    assert pays_ahead(_contacts(list, total), nbytes, memory) is pays


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("memory", [1_000, 1 << 30], ids=["in slices", "in memory"])
def test_a_run_is_the_same_whether_contacts_are_loaded_ahead(tmp_path, monkeypatch, memory: int, dry_run: bool) -> None:
    monkeypatch.setattr(loading, "_BYTES_A_CONTACT", 0)
    monkeypatch.setattr(loading, "_MEMORY_SHARE", 0)
    monkeypatch.setattr(process, "AHEAD_ROWS", 10)
    threads = []
    contacts = State.contacts

    def watched(self, *args, **kwargs):
        threads.append(threading.current_thread().name)
        return contacts(self, *args, **kwargs)

    monkeypatch.setattr(State, "contacts", watched)
    for name, first in (("old", 100), ("new", 150)):
        rows = "".join(f"+1202555{number:04},{name}{number}\n" for number in range(first, first + 100))
        (tmp_path / f"{name}.csv").write_text("phone,name\n" + rows)
    told = []
    for name, least in (("plain", 1 << 40), ("ahead", 0)):
        monkeypatch.setattr(loading, "_LEAST_BYTES", least)
        state, out = tmp_path / f"{name}.duckdb", tmp_path / name
        ls.clean(tmp_path / "old.csv", campaign="spring", state=state, out=out)
        threads.clear()
        where = {"dry_run": True} if dry_run else {"out": out, "overwrite": True}
        tuning = {"threads": 2, "memory": memory}
        with ls.clean(tmp_path / "new.csv", campaign="spring", state=state, tuning=tuning, **where) as run:
            told.append([part.path.read_bytes() for part in (run.accepted, run.rejected, run.errors)])
        assert any(thread.startswith("leadsieve-contacts") for thread in threads) is (name == "ahead")
        assert State(state).statuses("spring") == {"pending": 100 if dry_run else 150}
    assert [len(part) for part in told[0]] == [len(part) for part in told[1]]
    assert told[0][0] == told[1][0]
