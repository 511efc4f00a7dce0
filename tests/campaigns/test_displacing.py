"""What a run deletes from its campaign first is set aside: seen as it was before that run, and put back by undo."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from leadsieve_connectors.exceptions import SinkError, StateError

#: What a system that imports anew deletes.
FIRST = ["pending", "skipped"]


@pytest.fixture
def displaced(book):
    """Two campaigns, and a run that deleted all but one contact of the first and imported one of them again."""
    book.commit(1, 2, 3, 4)
    book.mark({1: "completed", 2: "skipped", 3: "pending"})
    book.commit(2, 3, campaign="winter")
    book.commit(3, 5, delete_first=FIRST)
    return book


def test_contacts_in_these_statuses_are_no_contacts_any_more(displaced):
    state = displaced.state
    assert displaced.held() == [(1, 1, "completed", 2), (3, 4, "pending", 4), (5, 4, "pending", 4)]
    assert displaced.held("winter") == [(2, 3, "pending", 3), (3, 3, "pending", 3)]
    assert state.statuses("summer") == {"pending": 2, "completed": 1}
    assert state.campaign("summer").contacts == 3
    looked_up = state.lookup("summer", np.arange(9, dtype=np.uint64))
    assert sorted(key for batch in looked_up for key in batch.column("key").to_pylist()) == [1, 3, 5]
    assert [(run.run_id, run.deleted) for run in state.runs("summer")] == [("run1", 0), ("run4", 3)]
    assert displaced.mark({2: "busy", 3: "busy"}).unknown == 1
    assert state.check() == []


def test_before_that_run_they_are_seen_as_they_were(displaced):
    displaced.mark({1: "failed", 5: "busy"})
    before = [(1, 1, "completed", 2), (2, 1, "skipped", 2), (3, 1, "pending", 1), (4, 1, "pending", 1)]
    assert displaced.held(before_run=4) == displaced.held(before_run=3) == before
    assert displaced.held(before_run=2) == [(key, 1, "pending", 1) for key in (1, 2, 3, 4)]
    assert displaced.held(before_run=5) == [(1, 1, "completed", 2), (3, 4, "pending", 4), (5, 4, "pending", 4)]
    assert displaced.state.statuses("summer", before_run=4) == {"pending": 2, "completed": 1, "skipped": 1}
    assert displaced.state.statuses("summer", before_run=1) == displaced.state.statuses("no one's") == {}
    looked_up = displaced.state.lookup("summer", np.array([2, 3, 5], np.uint64), before_run=4)
    assert sorted(row["key"] for batch in looked_up for row in batch.to_pylist()) == [2, 3]


def test_what_a_run_imported_is_known_after_a_later_one_deleted_it(displaced):
    displaced.commit(6, delete_first=["completed"])
    assert displaced.held(run=1) == [
        (1, 1, "completed", 2),
        (2, 1, "skipped", 2),
        (3, 1, "pending", 1),
        (4, 1, "pending", 1),
    ]
    assert displaced.held(run=1, before_run=5) == [(1, 1, "completed", 2)]
    assert displaced.held(run=4) == [(3, 4, "pending", 4), (5, 4, "pending", 4)]
    assert displaced.held(run=4, before_run=4) == []


def test_undo_puts_them_back_as_they_were(book):
    book.commit(1, 2, 3, 4)
    book.mark({1: "completed", 2: "skipped", 3: "pending"})
    before = (book.held(), book.held(before_run=2), book.state.history(), book.state.history(key=2))
    book.commit(3, 5, delete_first=FIRST)
    undone = book.undo("run3")
    assert (undone.contacts, undone.restored) == (2, 3)
    events = [event for event in book.state.history() if event.id != "run3"]
    assert (book.held(), book.held(before_run=2), events, book.state.history(key=2)) == before
    assert [(event.kind, event.contacts) for event in book.state.history() if event.id == "run3"] == [("import", 0)]
    assert book.state.check() == []
    assert book.undo("mark2").contacts == 2
    assert book.undo("run1").restored == 0
    assert (book.held(), book.state.check()) == ([], [])


def refused(book, change_id):
    before = (book.held(), book.held("winter"), book.state.history())
    with pytest.raises(StateError) as caught:
        book.undo(change_id)
    assert "\n" not in caught.value.message
    assert caught.value.code == "state_conflict"
    assert (book.held(), book.held("winter"), book.state.history()) == before
    return caught.value.message


@pytest.mark.parametrize(
    ("changes", "change_id", "message"),
    [
        (
            lambda book: book.commit(9, delete_first=FIRST),
            "run1",
            "run run1 cannot be undone: run run2 deleted contacts of it (3); undo run2 first",
        ),
        (
            lambda book: (book.mark({1: "skipped", 2: "pending", 3: "busy"}), book.commit(9, delete_first=FIRST)),
            "mark2",
            "mark mark2 cannot be undone: run run3 deleted contacts that it gave statuses to (2); undo run3 first",
        ),
        (
            lambda book: (book.commit(9, delete_first=FIRST), book.commit(8)),
            "run2",
            (
                "run run2 cannot be undone: run3 changed the campaign since, without the contacts that it deleted; "
                "undo run3 first"
            ),
        ),
        (
            lambda book: (book.commit(9, delete_first=FIRST), book.mark({1: "busy"})),
            "run2",
            (
                "run run2 cannot be undone: mark3 changed the campaign since, without the contacts that it deleted; "
                "undo mark3 first"
            ),
        ),
        (
            lambda book: (book.commit(delete_first=FIRST), book.commit(3, 9, campaign="winter")),
            "run2",
            "run run2 cannot be undone: run run3 has imported numbers since that it deleted (1); undo run3 first",
        ),
    ],
)
def test_what_stands_on_a_deletion_is_refused_until_it_is_undone(book, changes, change_id, message):
    book.commit(1, 2, 3)
    changes(book)
    assert refused(book, change_id) == message
    book.undo(message.split()[-2])
    assert book.undo(change_id).id == change_id
    assert book.state.check() == []


def test_a_number_that_was_imported_and_deleted_elsewhere_holds_too(book):
    book.commit(1)
    book.mark({1: "busy"})
    book.commit(1, campaign="winter")
    book.commit(campaign="winter", delete_first=["pending"])
    assert "run run3 has imported numbers of it since" in refused(book, "mark2")


@pytest.mark.parametrize(
    "changes",
    [
        lambda book: (book.commit(9, delete_first=["busy"]), book.commit(8)),
        lambda book: (book.commit(9, delete_first=FIRST), book.commit(8, campaign="winter")),
        lambda book: (book.commit(9, delete_first=FIRST), book.mark({}, "winter")),
    ],
)
def test_a_deletion_that_nothing_stands_on_is_undone_out_of_turn(book, changes):
    book.commit(5, campaign="winter")
    book.commit(1, 2)
    changes(book)
    assert book.undo("run3").id == "run3"
    assert {(1, 2, "pending", 2), (2, 2, "pending", 2)} <= set(book.held())
    assert book.state.check() == []


def test_history_tells_of_deletions(displaced):
    told = [
        (event.kind, event.id, event.contacts, event.before, event.after) for event in displaced.state.history("summer")
    ]
    assert told == [
        ("import", "run1", 1, None, None),
        ("mark", "mark2", 2, None, None),
        ("deletion", "run4", 3, None, None),
        ("import", "run4", 2, None, None),
    ]
    of_number = [
        (event.kind, event.id, event.campaign, event.contacts, event.before, event.after)
        for event in displaced.state.history(key=3)
    ]
    assert of_number == [
        ("import", "run1", "summer", 0, None, "pending"),
        ("mark", "mark2", "summer", 1, "pending", "pending"),
        ("import", "run3", "winter", 1, None, "pending"),
        ("deletion", "run4", "summer", 1, "pending", None),
        ("import", "run4", "summer", 1, None, "pending"),
    ]


def test_a_forgotten_number_is_gone_from_what_was_deleted(displaced):
    known = displaced.state.forget(2)
    assert [run.run_id for run in known.imported] == ["run1", "run3"]
    assert displaced.sql("SELECT seq, forgotten, deleted FROM runs ORDER BY seq")[0] == [
        (1, 1, 0),
        (3, 1, 0),
        (4, 0, 2),
    ]
    assert displaced.state.history(key=2) == []
    assert displaced.held(before_run=4) == [(1, 1, "completed", 2), (3, 1, "pending", 1), (4, 1, "pending", 1)]
    assert displaced.state.check() == []
    assert displaced.undo("run4").restored == 2
    assert displaced.held() == [(1, 1, "completed", 2), (3, 1, "pending", 1), (4, 1, "pending", 1)]
    assert displaced.state.check() == []


def test_a_status_that_does_not_exist_is_refused(book):
    book.commit(1)
    with pytest.raises(StateError, match="'lost' is no status; use one of these: pending, in_progress") as caught:
        book.commit(2, delete_first=["pending", "lost"])
    assert caught.value.code == "invalid_option"
    assert (book.held(), book.state.next_seq()) == ([(1, 1, "pending", 1)], 2)


def test_numbers_that_cannot_be_read_bring_back_what_was_deleted(book):
    def broken():
        yield pa.record_batch({"key": pa.array([7], pa.uint64())})
        raise SinkError("unreadable")

    book.commit(1, 2)
    run = book.state.runs("summer")[0]
    values = {name: getattr(run, name) for name in ("campaign", "fingerprint", "committed_at", "manifest", "info")}
    with pytest.raises(SinkError):
        book.state.commit(type(run)(seq=2, run_id="r", **values), broken(), delete_first=FIRST)
    assert (book.held(), book.state.next_seq()) == ([(1, 1, "pending", 1), (2, 1, "pending", 1)], 2)
    assert book.state.check() == []


def test_a_first_run_finds_nothing_to_delete(book):
    book.commit(1, delete_first=FIRST)
    assert [run.deleted for run in book.state.runs("summer")] == [0]
    assert [event.kind for event in book.state.history()] == ["import"]


def test_many_are_deleted_and_put_back_within_little_memory(tmp_path, open_book):
    keys = np.arange(400_000, dtype=np.uint64)
    book = open_book(tmp_path / "s.duckdb")
    book.commit(*keys.tolist())
    book.state = type(book.state)(book.state.path, memory_bytes=60_000_000)
    book.commit(*keys[:1000].tolist(), delete_first=FIRST)
    assert book.state.statuses("summer") == {"pending": 1000}
    assert book.state.statuses("summer", before_run=2) == {"pending": len(keys)}
    assert book.state.check() == []
    assert book.undo("run2").restored == len(keys)
    assert book.state.statuses("summer") == {"pending": len(keys)}
    assert [path.name for path in tmp_path.iterdir()] == ["s.duckdb"]
