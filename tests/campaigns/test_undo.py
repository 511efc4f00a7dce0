"""An undone change is as if it had not been; what later changes depend on is not undone."""

from __future__ import annotations

import re

import pytest

from leadsieve_connectors.exceptions import StateError

HEADERS = ("Name", "Mobile")


def refused(book, change_id):
    with pytest.raises(StateError) as caught:
        book.undo(change_id)
    assert "\n" not in caught.value.message
    return caught.value.code, caught.value.message


def test_an_undone_import_is_as_if_it_had_not_been(book):
    book.commit(1, 2, mappings={HEADERS: {"Name": "phone_number"}})
    before = (book.held(), book.state.campaigns(), book.state.mapping(HEADERS), book.state.runs("summer"))
    book.commit(3, depends_on={1: 2}, mappings={HEADERS: {"Mobile": "phone_number"}}, campaign="summer")
    undone = book.undo("run2")
    assert (undone.kind, undone.id, undone.seq, undone.campaign, undone.contacts) == ("import", "run2", 2, "summer", 1)
    assert (undone.out, undone.staging, undone.published) == ("/data/out2", "/data/.out2", False)
    assert undone.manifest == [{"name": "accepted.parquet"}]
    assert (book.held(), book.state.campaigns(), book.state.mapping(HEADERS), book.state.runs("summer")) == before
    assert [run.run_id for run in book.state.unpublished()] == ["run1"]
    assert book.state.check() == []


def test_what_was_undone_stays_in_history_and_its_place_stays_taken(book):
    book.commit(1)
    book.mark({1: "busy"})
    book.undo("mark2")
    book.undo("run1")
    assert [(e.id, e.kind, e.undone_at is not None) for e in book.state.history("summer")] == [
        ("run1", "import", True),
        ("mark2", "mark", True),
    ]
    assert book.state.next_seq() == 3
    assert (book.state.campaigns(), book.state.campaign("summer"), book.held()) == ([], None, [])
    with pytest.raises(StateError, match="no run run1"):
        book.state.mark_published("run1")


def test_a_campaign_comes_back_with_its_next_run(book):
    book.commit(1)
    book.commit(1, campaign="winter")
    book.undo("run1")
    book.commit(2)
    assert [(i.name, i.runs, i.contacts, i.created_at.day) for i in book.state.campaigns()] == [
        ("winter", 1, 1, 3),
        ("summer", 1, 1, 4),
    ]


def test_an_undone_mark_gives_back_what_was_before(book):
    book.commit(1, 2, 3)
    book.mark({1: "busy", 2: "failed"})
    before = book.held()
    book.mark({1: "completed", 2: "failed", 3: "skipped"})
    undone = book.undo("mark3")
    assert (undone.kind, undone.seq, undone.campaign, undone.contacts) == ("mark", 3, "summer", 2)
    assert book.held() == before
    assert book.state.check() == []


@pytest.mark.parametrize(
    ("changes", "change_id", "message"),
    [
        (
            lambda book: book.commit(8, campaign="winter", depends_on={1: 3}),
            "run1",
            "run run1 cannot be undone: run run2 rejected rows as duplicates of its contacts (3); undo run2 first",
        ),
        (
            lambda book: book.mark({1: "busy", 2: "pending"}),
            "run1",
            "run run1 cannot be undone: mark mark2 gave statuses to its contacts (2); undo mark2 first",
        ),
        (
            lambda book: (book.mark({1: "busy"}), book.mark({1: "failed"})),
            "mark2",
            "mark mark2 cannot be undone: mark mark3 gave statuses to the same contacts since (1); undo mark3 first",
        ),
        (
            lambda book: (book.mark({1: "busy"}), book.mark({1: "busy"})),
            "mark2",
            "mark mark2 cannot be undone: mark mark3 gave statuses to the same contacts since (1); undo mark3 first",
        ),
        (
            lambda book: (book.mark({1: "busy"}), book.commit(1, campaign="winter")),
            "mark2",
            "mark mark2 cannot be undone: run run3 has imported numbers of it since (1); undo run3 first",
        ),
        (
            lambda book: (book.mark({1: "busy"}), book.commit(9, campaign="winter", depends_on={1: 2})),
            "mark2",
            (
                "mark mark2 cannot be undone: run run3 has since rejected rows as duplicates of contacts of a run that "
                "it changed (2); undo run3 first"
            ),
        ),
        (
            lambda book: (book.mark({1: "busy"}), book.commit(9)),
            "mark2",
            (
                "mark mark2 cannot be undone: run run3 was imported into the campaign since, and judged by these "
                "statuses; undo run3 first"
            ),
        ),
    ],
)
def test_what_later_changes_depend_on_is_refused_until_they_are_undone(book, changes, change_id, message):
    book.commit(1, 2)
    changes(book)
    before = (book.held(), book.held("winter"), book.state.history())
    assert refused(book, change_id) == ("state_conflict", message)
    assert (book.held(), book.held("winter"), book.state.history()) == before
    book.undo(re.search(r"undo (\w+) first", message)[1])
    assert book.undo(change_id).id == change_id
    assert book.state.check() == []


@pytest.mark.parametrize(
    ("changes", "change_id"),
    [
        (lambda book: book.commit(1, campaign="winter"), "run1"),
        (lambda book: (book.mark({1: "busy"}), book.mark({2: "busy"})), "mark2"),
        (lambda book: (book.mark({1: "busy"}), book.commit(9, campaign="winter")), "mark2"),
        (lambda book: (book.mark({1: "pending"}), book.mark({1: "busy"})), "mark2"),
        (lambda book: (book.mark({7: "busy"}), book.commit(1, campaign="winter")), "mark2"),
    ],
)
def test_what_nothing_depends_on_is_undone_out_of_turn(book, changes, change_id):
    book.commit(1, 2)
    changes(book)
    assert book.undo(change_id).id == change_id
    assert book.state.check() == []


def test_what_was_undone_is_not_undone_again(book):
    book.commit(1)
    book.undo("run1")
    assert refused(book, "run1") == (
        "state_conflict",
        "run run1 was undone already, on 2026-06-08 12:00 UTC; there is nothing to do",
    )


def test_an_unknown_id_is_answered_with_known_ones(book):
    assert refused(book, "x") == ("invalid_option", "there is no run or mark 'x'; nothing was imported yet")
    for seq in range(1, 9):
        book.commit(seq, run_id=f"{'ab'[seq % 2]}-{seq}")
    code, message = refused(book, "b-")
    assert code == "invalid_option"
    assert message.endswith("give the whole id of one: b-7, b-5, b-3, b-1, a-8, a-6")
    assert refused(book, "'; DROP TABLE runs; --")[0] == "invalid_option"
