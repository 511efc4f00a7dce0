"""History tells what happened and when; a check finds what cannot be, and nothing in a sound state."""

from __future__ import annotations

import shutil

import duckdb
import numpy as np
import pytest

from leadsieve_connectors.exceptions import StateError


@pytest.fixture(scope="module")
def template(tmp_path_factory, open_book):
    book = open_book(tmp_path_factory.mktemp("used") / "s.duckdb")
    book.commit(1, 2, 3)
    book.mark({1: "busy", 2: "failed"}, source="monday.csv")
    book.commit(1, 9, campaign="winter", depends_on={1: 4}, mappings={("Mobile",): {"Mobile": "phone_number"}})
    book.mark({1: "failed", 2: "failed", 3: "busy"}, source="tuesday.csv")
    book.suppress(1, 7)
    book.suppress(1, 8, 9, campaign="winter", name="own")
    return book.state.path


@pytest.fixture
def used(template, tmp_path, open_book):
    shutil.copy(template, tmp_path)
    return open_book(tmp_path / template.name)


# As an undone mark leaves it.
_TOUCH_9 = """
    INSERT INTO contacts SELECT * FROM all_contacts WHERE key = 9;
    DELETE FROM untouched WHERE key = 9
"""


def told(events):
    return [(e.at.day, e.kind, e.id, e.seq, e.campaign, e.contacts, e.before, e.after) for e in events]


def test_history_of_everything(used):
    used.commit(5)
    used.undo("run5")
    assert told(used.state.history()) == [
        (1, "suppression", "dnc", None, None, 2, None, None),
        (1, "suppression", "own", None, "winter", 3, None, None),
        (2, "import", "run1", 1, "summer", 3, None, None),
        (3, "mark", "mark2", 2, "summer", 2, None, None),
        (4, "import", "run3", 3, "winter", 2, None, None),
        (5, "mark", "mark4", 4, "summer", 2, None, None),
        (6, "import", "run5", 5, "summer", 0, None, None),
    ]
    assert [(e.source, e.out, e.undone_at is not None) for e in used.state.history()][2:] == [
        ("", "/data/out1", False),
        ("monday.csv", "", False),
        ("", "/data/out3", False),
        ("tuesday.csv", "", False),
        ("", "/data/out5", True),
    ]


def test_history_of_a_campaign(used):
    assert [event.id for event in used.state.history("winter")] == ["dnc", "own", "run3"]
    assert [event.id for event in used.state.history("summer")] == ["dnc", "run1", "mark2", "mark4"]
    assert [event.id for event in used.state.history("nobody's")] == ["dnc"]


def test_history_of_a_number(used):
    assert told(used.state.history(key=1)) == [
        (1, "suppression", "dnc", None, None, 1, None, None),
        (1, "suppression", "own", None, "winter", 1, None, None),
        (2, "import", "run1", 1, "summer", 1, None, "pending"),
        (3, "mark", "mark2", 2, "summer", 1, "pending", "busy"),
        (4, "import", "run3", 3, "winter", 1, None, "pending"),
        (5, "mark", "mark4", 4, "summer", 1, "busy", "failed"),
    ]
    assert told(used.state.history("summer", 2)) == [
        (2, "import", "run1", 1, "summer", 1, None, "pending"),
        (3, "mark", "mark2", 2, "summer", 1, "pending", "failed"),
        (5, "mark", "mark4", 4, "summer", 1, "failed", "failed"),
    ]
    assert used.state.history(key=12345) == []


def test_a_sound_state_has_no_problems(used):
    assert used.state.check() == []


@pytest.mark.parametrize(
    ("damage", "where", "what"),
    [
        ("INSERT INTO displaced VALUES (5, 77, 50, 1, 0, NULL)", "table displaced", "1 rows refer to a campaign, a"),
        ("UPDATE displaced SET displaced_by = 77", "table displaced", "2 rows refer to"),
        ("UPDATE displaced SET run_seq = 77 WHERE key = 2", "table displaced", "1 rows refer to"),
        ("UPDATE displaced SET mark_seq = 77 WHERE key = 2", "table displaced", "1 rows refer to"),
        (
            "INSERT INTO contacts SELECT campaign_id, key, 1, status, 4 FROM displaced",
            "run run1",
            "it has 5 contacts, and accepted 3 of which 0",
        ),
        ("UPDATE displaced SET status = 9 WHERE key = 2", "campaign summer", "1 contacts have a status that does not"),
        ("UPDATE runs SET undone_at = committed_at WHERE seq = 1", "run run1", "it was undone, and 3 contacts"),
        (
            "UPDATE runs SET undone_at = committed_at WHERE seq = 5",
            "run run5",
            "2 of the contacts that it deleted cannot",
        ),
        ("UPDATE runs SET campaign_id = 2 WHERE seq = 5", "run run5", "2 of the contacts that it deleted cannot be so"),
        (
            "UPDATE displaced SET run_seq = 5 WHERE key = 2",
            "run run5",
            "1 of the contacts that it deleted cannot be so",
        ),
        ("UPDATE displaced SET campaign_id = 2", "campaign winter", "2 contacts are of a run of another campaign"),
        ("DELETE FROM displaced WHERE key = 1", "run run5", "1 contacts are kept that it deleted, and it deleted 2"),
        ("DELETE FROM displaced WHERE key = 1", "run run1", "it has 2 contacts, and accepted 3 of which 0 were"),
        (
            "UPDATE runs SET deleted = 3 WHERE seq = 5",
            "run run5",
            "2 contacts are kept that it deleted, and it deleted 3",
        ),
        ("UPDATE runs SET deleted = 0", "run run5", "2 contacts are kept that it deleted, and it deleted 0"),
        ("UPDATE displaced SET status = 5 WHERE key = 2", "campaign summer", "of 1 contacts do not lead"),
        ("UPDATE displaced SET mark_seq = 2 WHERE key = 1", "campaign summer", "of 1 contacts do not lead"),
        ("DELETE FROM status_changes WHERE key = 1", "campaign summer", "of 1 contacts do not lead"),
        (
            (
                "INSERT INTO status_changes VALUES (6, 1, 1, 1, 3, 4, 3); INSERT INTO marks "
                "SELECT 6, 'm', campaign_id, marked_at, source, sha256, info, NULL FROM (FROM marks LIMIT 1)"
            ),
            "campaign summer",
            "of 1 contacts do not lead",
        ),
    ],
)
def test_what_cannot_be_among_deleted_contacts_is_found(used, damage, where, what):
    used.commit(9, delete_first=["failed"])
    assert (used.held(), used.state.check()) == ([(3, 1, "busy", 4), (9, 5, "pending", 5)], [])
    _find(used, damage, where, what)


@pytest.mark.parametrize(
    ("damage", "where", "what"),
    [
        ("INSERT INTO contacts VALUES (1, 50, 77, 0, NULL)", "table contacts", "1 rows refer to a campaign, a run"),
        ("INSERT INTO contacts VALUES (66, 50, 1, 0, NULL)", "table contacts", "1 rows refer to"),
        ("INSERT INTO untouched VALUES (1, 50, 77)", "table contacts", "1 rows refer to a campaign, a run"),
        (
            "INSERT INTO untouched VALUES (1, 3, 1)",
            "campaign summer",
            "the changes of status of 1 contacts do not lead",
        ),
        ("UPDATE contacts SET mark_seq = 77 WHERE key = 1 AND run_seq = 1", "table contacts", "1 rows refer to"),
        ("INSERT INTO dependencies VALUES (77, 1, 1)", "table dependencies", "1 rows refer to"),
        ("UPDATE dependencies SET on_seq = 77", "table dependencies", "1 rows refer to"),
        ("UPDATE marks SET campaign_id = 77 WHERE seq = 4", "table marks", "1 rows refer to"),
        ("UPDATE mappings SET run_seq = 77", "table mappings", "1 rows refer to"),
        ("INSERT INTO suppressed VALUES (77, 1)", "table suppressed", "1 rows refer to"),
        ("DELETE FROM marks WHERE seq = 2", "table status_changes", "4 rows refer to"),
        ("UPDATE runs SET campaign_id = 77 WHERE seq = 3", "table runs", "1 rows refer to"),
        ("UPDATE marks SET seq = 3 WHERE seq = 4", "runs and marks", "1 positions are taken by more than one change"),
        ("UPDATE marks SET mark_id = 'mark2'", "marks and suppression files", "1 ids are taken more than once"),
        ("UPDATE suppression_files SET id = 1", "marks and suppression files", "1 ids are taken more than once"),
        ("INSERT INTO contacts VALUES (1, 2, 1, 0, NULL)", "run run1", "it has 4 contacts, and accepted 3 of which 0"),
        ("INSERT INTO suppressed VALUES (1, 7)", "suppression list dnc", "1 of its numbers are there more than once"),
        ("DELETE FROM suppressed WHERE key = 8", "suppression list own", "it holds 2 numbers, and was added with 3"),
        (
            f"{_TOUCH_9}; UPDATE contacts SET status = 9 WHERE key = 9",
            "campaign winter",
            "1 contacts have a status that",
        ),
        ("UPDATE status_changes SET after_status = 9", "mark mark2", "2 of its changes of status cannot have been"),
        ("UPDATE status_changes SET before_mark = 4 WHERE mark_seq = 4", "mark mark4", "3 of its changes of status"),
        ("UPDATE runs SET undone_at = committed_at WHERE seq = 3", "run run3", "it was undone, and 2 contacts"),
        ("UPDATE runs SET undone_at = committed_at WHERE seq = 1", "run run3", "1 of the runs that it depends on"),
        ("UPDATE dependencies SET rows = 0", "run run3", "1 of the runs that it depends on cannot be so"),
        ("UPDATE marks SET undone_at = marked_at WHERE seq = 2", "mark mark2", "it was undone, and 2 changes"),
        (
            "UPDATE untouched SET campaign_id = 1 WHERE run_seq = 3",
            "campaign summer",
            "2 contacts are of a run of another",
        ),
        (
            "UPDATE contacts SET status = 5 WHERE key = 3",
            "campaign summer",
            "the changes of status of 1 contacts do not",
        ),
        (
            f"{_TOUCH_9}; UPDATE contacts SET status = 5 WHERE key = 9",
            "campaign winter",
            "the changes of status of 1 contacts do not",
        ),
        ("DELETE FROM status_changes WHERE key = 3", "campaign summer", "the changes of status of 1 contacts do not"),
        ("DELETE FROM status_changes WHERE mark_seq = 2 AND key = 1", "campaign summer", "of 1 contacts do not lead"),
        ("DELETE FROM contacts WHERE key = 3", "campaign summer", "the changes of status of 1 contacts do not lead"),
        (
            "DELETE FROM untouched WHERE key = 9",
            "run run3",
            "it has 1 contacts, and accepted 2 of which 0 were forgotten",
        ),
        ("UPDATE runs SET forgotten = 1 WHERE seq = 3", "run run3", "it has 2 contacts, and accepted 2 of which 1"),
        ("UPDATE runs SET info = '{' WHERE seq = 1", "run run1", "what was kept of its run.json is not JSON"),
        ("UPDATE runs SET manifest = '' WHERE seq = 1", "run run1", "what was kept of its run.json is not JSON"),
        ("UPDATE marks SET info = 'x' WHERE seq = 2", "mark mark2", "what was kept of it is not JSON"),
        ("UPDATE mappings SET headers = 'x'", "mapping ", "what was kept of it is not JSON"),
        ("UPDATE statuses SET name = 'lost' WHERE code = 1", "table statuses", "its statuses are not the ones"),
    ],
)
def test_what_cannot_be_is_found(used, damage, where, what):
    _find(used, damage, where, what)


def _find(used, damage, where, what):
    used.sql(damage)
    found = [problem for problem in used.state.check() if problem.where.startswith(where) and what in problem.what]
    assert len(found) == 1
    assert found[0].advice


@pytest.mark.parametrize(
    ("damage", "call"),
    [
        ("UPDATE runs SET info = '{'", lambda book: book.state.runs("summer")),
        ("UPDATE marks SET info = '{'", lambda book: book.state.history()),
        ("UPDATE mappings SET mapping = '{'", lambda book: book.state.mappings()),
        ("UPDATE contacts SET status = 9", lambda book: book.state.statuses("summer")),
        ("UPDATE contacts SET status = 9", lambda book: book.held()),
        ("UPDATE status_changes SET before_status = 9", lambda book: book.state.history(key=1)),
        ("UPDATE contacts SET mark_seq = 77", lambda book: book.held()),
        ("DELETE FROM marks WHERE seq = 2", lambda book: book.held()),
        ("UPDATE contacts SET mark_seq = -1", lambda book: book.held()),
        ("UPDATE contacts SET mark_seq = NULL", lambda book: book.undo("mark4")),
        ("DROP TABLE displaced", lambda book: book.state.check()),
        ("DROP TABLE displaced", lambda book: book.commit(5, delete_first=["busy"])),
        ("DROP TABLE suppressed", lambda book: book.suppressed()),
        ("DROP TABLE status_changes", lambda book: book.state.check()),
    ],
)
def test_calls_say_that_a_state_is_damaged(used, damage, call):
    used.sql(damage)
    with pytest.raises(StateError, match="is damaged: ") as caught:
        call(used)
    assert caught.value.code == "state_corrupt"
    assert str(used.state.path) in caught.value.message
    assert "restore it from a backup" in caught.value.message
    assert "\n" not in caught.value.message


def make_log_of_another_state(path):
    other = path.with_name("other.duckdb")
    connection = duckdb.connect(str(other))
    connection.execute("CREATE TABLE t (a INTEGER); CHECKPOINT; INSERT INTO t VALUES (1)")
    shutil.copy(f"{other}.wal", f"{path}.wal")
    connection.close()


CALLS = {
    "lookup": lambda book: [b.num_rows for b in book.state.lookup("summer", np.arange(9, dtype=np.uint64))],
    "mark": lambda book: book.mark({1: "busy"}),
    "undo": lambda book: book.undo("mark4"),
    "forget": lambda book: book.state.forget(1),
    "history": lambda book: book.state.history(),
    "check": lambda book: book.state.check(),
    "suppress": lambda book: book.suppress(5),
    "unsuppress": lambda book: book.state.unsuppress("dnc"),
    "suppressions": lambda book: book.state.suppressions(),
    "suppressions_for": lambda book: book.state.suppressions_for("summer"),
    "suppressed": lambda book: list(book.state.suppressed([1])),
}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.unlink(), "does not exist"),
        (lambda path: path.write_bytes(b""), "is not a DuckDB file"),
        (lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]), "is (cut short|damaged)"),
        (make_log_of_another_state, "is damaged"),
    ],
)
@pytest.mark.parametrize("name", CALLS)
def test_every_call_names_a_file_that_is_no_whole_state(used, name, make, message):
    make(used.state.path)
    content = used.state.path.read_bytes() if used.state.path.exists() else None
    with pytest.raises(StateError, match=message) as caught:
        CALLS[name](used)
    assert caught.value.code == "state_corrupt"
    assert str(used.state.path) in caught.value.message
    assert (used.state.path.read_bytes() if used.state.path.exists() else None) == content
