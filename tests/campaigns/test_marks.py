"""Marks give contacts the statuses that came back, all or none; what was before stays known."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from leadsieve_connectors.campaigns import CONTACTS, MarkResult
from leadsieve_connectors.exceptions import SinkError, StateError


def looked_up(book, keys, **options):
    batches = list(book.state.lookup("summer", np.array(keys, np.uint64), **options))
    assert all(batch.schema == CONTACTS for batch in batches)
    return sorted((row["key"], row["status"]) for batch in batches for row in batch.to_pylist())


def test_what_changed_is_counted_and_dated(book):
    book.commit(1, 2, 3)
    book.commit(1, 9, campaign="winter")
    result = book.mark({1: "completed", 2: "pending", 4: "busy", 9: "busy"})
    assert result == MarkResult(seq=3, changed=1, unchanged=1, unknown=2)
    assert book.held() == [(1, 1, "completed", 3), (2, 1, "pending", 1), (3, 1, "pending", 1)]
    assert book.held("winter") == [(1, 2, "pending", 2), (9, 2, "pending", 2)]
    assert book.state.statuses("summer") == {"pending": 2, "completed": 1}
    assert book.state.next_seq() == 4


def test_contacts_are_as_they_were_before_a_run(book):
    book.commit(1, 2)
    book.mark({1: "busy", 2: "failed"})
    book.commit(3)
    book.mark({1: "failed", 2: "failed", 3: "skipped"})
    book.mark({1: "pending"})
    assert book.held(before_run=1) == book.held(before_run=0) == []
    assert book.held(before_run=2) == [(1, 1, "pending", 1), (2, 1, "pending", 1)]
    assert book.held(before_run=3) == [(1, 1, "busy", 2), (2, 1, "failed", 2)]
    assert book.held(before_run=4) == [(1, 1, "busy", 2), (2, 1, "failed", 2), (3, 3, "pending", 3)]
    assert book.held(before_run=5) == [(1, 1, "failed", 4), (2, 1, "failed", 2), (3, 3, "skipped", 4)]
    assert book.held() == book.held(before_run=6) == [(1, 1, "pending", 5), (2, 1, "failed", 2), (3, 3, "skipped", 4)]
    assert book.held(run=3) == [(3, 3, "skipped", 4)]
    assert looked_up(book, [2, 1, 1, 8], before_run=4) == [(1, "busy"), (2, "failed")]


def test_only_the_keys_asked_for_are_looked_up(book):
    book.commit(*range(1000), 2**64 - 1)
    assert looked_up(book, [5, 2**64 - 1, 1000]) == [(5, "pending"), (2**64 - 1, "pending")]
    assert looked_up(book, []) == []
    assert list(book.state.lookup("winter", np.array([5], np.uint64))) == []


def test_of_several_contacts_the_latest_is_meant(book):
    book.commit(1, 2)
    book.mark({1: "failed"})
    book.commit(1)
    assert book.mark({1: "busy", 2: "busy"}) == MarkResult(4, 2, 0, 0)
    assert book.held() == [(1, 1, "failed", 2), (1, 3, "busy", 4), (2, 1, "busy", 4)]


def test_a_number_that_one_run_imported_twice_keeps_both_contacts(book):
    book.commit(1, 1, 2)
    before = book.held()
    assert book.mark({1: "busy", 2: "busy", 3: "busy"}) == MarkResult(2, 3, 0, 1)
    assert book.mark({1: "busy"}) == MarkResult(3, 0, 2, 0)
    after = [(1, 1, "busy", 2), (1, 1, "busy", 2), (2, 1, "busy", 2)]
    assert (book.held(), book.held(before_run=2), book.state.check()) == (after, before, [])
    assert [event.kind for event in book.state.history(key=1)] == ["import", "mark", "mark"]
    assert book.undo("mark3").contacts == 0
    assert book.undo("mark2").contacts == 3
    assert (book.held(), book.state.check()) == (before, [])


def test_a_mark_of_nothing_is_a_mark(book):
    book.commit(1)
    assert book.mark({}) == MarkResult(2, 0, 0, 0)
    assert book.held() == [(1, 1, "pending", 1)]


@pytest.mark.parametrize(
    ("options", "statuses", "message"),
    [
        ({"campaign": "winter"}, {1: "busy"}, r"no campaign 'winter'; name one of these: 'summer'$"),
        ({"mark_id": "mark2"}, {1: "busy"}, "mark2 is in the state already"),
        ({"mark_id": "a\udc80"}, {1: "busy"}, "not valid Unicode"),
        ({"source": "a\udc80"}, {1: "busy"}, "not valid Unicode"),
    ],
)
def test_a_mark_that_cannot_be_is_refused(book, options, statuses, message):
    book.commit(1)
    book.mark({1: "failed"})
    with pytest.raises(StateError, match=message) as caught:
        book.mark(statuses, **options)
    assert caught.value.code == "invalid_option"
    assert book.held() == [(1, 1, "failed", 2)]
    assert book.state.next_seq() == 3


@pytest.mark.parametrize(
    ("keys", "codes", "message"),
    [
        ([1, 2, 1], [2, 2, 3], "number that ends in 001 is given a status twice"),
        ([1], [8], "8 is no status; use one of 0 to 7"),
    ],
)
def test_statuses_that_cannot_be_are_refused(book, keys, codes, message):
    book.commit(1, 2)
    batch = pa.record_batch({"key": pa.array(keys, pa.uint64()), "status": pa.array(codes, pa.uint8())})
    with pytest.raises(StateError, match=message) as caught:
        book.state.mark(
            "summer", [batch], mark_id="m", marked_at=book.state.runs("summer")[0].committed_at, source="", sha256=""
        )
    assert caught.value.code == "invalid_option"
    assert book.state.next_seq() == 2


@pytest.mark.parametrize("failure", [SinkError("unreadable"), KeyboardInterrupt(), StopAsyncIteration()])
def test_statuses_that_cannot_be_read_change_nothing(book, failure):
    def broken():
        yield pa.record_batch({"key": pa.array([1], pa.uint64()), "status": pa.array([2], pa.uint8())})
        raise failure

    book.commit(1)
    with pytest.raises(type(failure)):
        book.state.mark(
            "summer", broken(), mark_id="m", marked_at=book.state.runs("summer")[0].committed_at, source="", sha256=""
        )
    assert (book.held(), book.state.next_seq()) == ([(1, 1, "pending", 1)], 2)


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE marks; --", "../../x", "*?[a]", "$1 ? %s {0} {", "नाम 😀", "", "x" * 10_000]
)
def test_names_are_only_names(book, text):
    book.commit(1, campaign=text, run_id=f"r{text}")
    book.mark({1: "busy"}, campaign=text, mark_id=f"m{text}", source=text)
    assert [(e.id, e.campaign, e.source) for e in book.state.history(text)] == [
        (f"r{text}", text, ""),
        (f"m{text}", text, text),
    ]
    with pytest.raises(StateError, match="undone"):
        book.undo(f"r{text}")
    assert book.undo(f"m{text}").contacts == 1
    assert book.undo(f"r{text}").campaign == text
    assert book.state.check() == []


def test_a_large_mark_works_within_little_memory(tmp_path, open_book):
    keys = np.arange(400_000, dtype=np.uint64)
    book = open_book(tmp_path / "s.duckdb")
    book.commit(*keys.tolist())
    small = type(book.state)(book.state.path, memory_bytes=60_000_000)
    batch = pa.record_batch({"key": keys, "status": np.full(len(keys), 2, np.uint8)})
    result = small.mark(
        "summer", [batch], mark_id="m", marked_at=book.state.runs("summer")[0].committed_at, source="", sha256=""
    )
    assert result.changed == len(keys)
    assert small.statuses("summer") == {"completed": len(keys)}
    assert small.check() == []
    assert [path.name for path in tmp_path.iterdir()] == ["s.duckdb"]
