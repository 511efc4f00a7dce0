"""A forgotten number is gone from all campaigns, from history, and its bytes from every file of the folder."""

from __future__ import annotations

import duckdb
import pytest

from leadsieve_connectors.campaigns import State
from leadsieve_connectors.exceptions import StateError, StateLocked

NUMBER, OTHER = 919876543210, 919876543999


def bytes_of(folder, key=NUMBER):
    """Say which files hold a number as DuckDB stores it uncompressed."""
    return sorted(
        path.name for path in folder.rglob("*") if path.is_file() and key.to_bytes(8, "little") in path.read_bytes()
    )


@pytest.fixture
def uncompressed(monkeypatch):
    """Have DuckDB store numbers as they are, so that they can be seen in its file."""
    connect = duckdb.connect

    def connected(*arguments, **options):
        connection = connect(*arguments, **options)
        connection.execute("SET force_compression = 'uncompressed'")
        return connection

    monkeypatch.setattr(duckdb, "connect", connected)


def test_everything_known_is_returned_and_gone(book):
    book.commit(NUMBER, 2)
    book.mark({NUMBER: "busy", 2: "busy"})
    book.commit(3, depends_on={1: 2})
    book.commit(NUMBER, campaign="winter")
    book.commit(4, campaign="winter", depends_on={1: 1})
    book.undo("run5")
    listed = book.suppress(NUMBER, 7)
    known = book.state.forget(NUMBER)
    assert [run.run_id for run in known.imported] == ["run1", "run4"]
    assert [run.run_id for run in known.affected] == ["run3"]
    assert (known.marks, known.suppressions) == (("mark2",), (listed,))

    assert (book.held(), book.held("winter")) == ([(2, 1, "busy", 2), (3, 3, "pending", 3)], [])
    assert [event.kind for event in book.state.history(key=NUMBER)] == ["suppression"]
    assert book.suppressed() == [7, NUMBER]
    assert book.state.check() == []
    assert book.sql("SELECT seq, forgotten FROM runs ORDER BY seq")[0] == [(1, 1), (3, 0), (4, 1), (5, 0)]
    again = book.state.forget(NUMBER)
    assert (again.imported, again.marks, again.suppressions) == ((), (), (listed,))


def test_the_file_that_it_writes_anew_is_no_other_state(book):
    book.commit(1, NUMBER)
    book.state.forget(NUMBER)
    book.commit(2)
    assert [key for key, *_ in book.held()] == [1, 2]


def test_all_else_stays_as_it_was(book):
    book.commit(1, 2, mappings={("Mobile",): {"Mobile": "phone_number"}})
    book.mark({2: "busy"})
    book.mark({2: "failed"})
    book.commit(3, campaign="winter", depends_on={1: 1})
    book.state.mark_published("run1")
    book.suppress(9)
    rows = {}
    for moment in ("before", "after"):
        tables = [name for (name,) in book.sql("SELECT table_name FROM duckdb_tables() ORDER BY table_name")[0]]
        rows[moment] = {name: sorted(book.sql(f"FROM {name}")[0], key=str) for name in tables}
        book.state.forget(12345)
    assert rows["after"] == rows["before"]
    book.undo("run4")
    book.undo("mark3")
    assert book.held() == [(1, 1, "pending", 1), (2, 1, "busy", 2)]


@pytest.mark.parametrize("way", ["held", "undone", "removed", "marked"])
def test_its_bytes_are_gone(tmp_path, open_book, uncompressed, way):
    book = open_book(tmp_path / "s.duckdb")
    book.commit(OTHER, NUMBER, *range(100, 300))
    if way == "undone":
        book.commit(7)
        book.undo("run1")
    if way == "removed":
        book.suppress(5, NUMBER)
        book.state.unsuppress("dnc")
    if way == "marked":
        book.mark({NUMBER: "busy"})
        book.mark({NUMBER: "failed"})
        book.undo("mark3")
    assert bytes_of(tmp_path) == ["s.duckdb"]
    book.state.forget(NUMBER)
    assert bytes_of(tmp_path) == []
    assert bytes_of(tmp_path, OTHER) == ([] if way == "undone" else ["s.duckdb"])
    assert [path.name for path in tmp_path.iterdir()] == ["s.duckdb"]


def test_a_log_with_changes_is_taken_in_first(tmp_path, open_book, uncompressed):
    book = open_book(tmp_path / "s.duckdb")
    book.commit(1)
    with duckdb.connect(str(book.state.path)) as connection:
        connection.execute("SET checkpoint_threshold = '1TB'")
        connection.execute("PRAGMA disable_checkpoint_on_shutdown")
        connection.execute("INSERT INTO contacts (campaign_id, key, run_seq, status) VALUES (1, ?, 1, 0)", [NUMBER])
    assert bytes_of(tmp_path) == ["s.duckdb.wal"]
    assert [run.run_id for run in book.state.forget(NUMBER).imported] == ["run1"]
    assert bytes_of(tmp_path) == []
    assert book.held() == [(1, 1, "pending", 1)]


def test_a_state_that_another_process_holds_is_not_replaced(book, monkeypatch):
    book.commit(NUMBER)
    with duckdb.connect(str(book.state.path)), pytest.raises(StateLocked):
        book.state.forget(NUMBER)
    assert len(book.held()) == 1


def test_a_failure_leaves_the_old_state(tmp_path, open_book):
    book = open_book(tmp_path / "s.duckdb")
    book.commit(NUMBER)
    book.sql("DROP TABLE mappings")
    content = book.state.path.read_bytes()
    with pytest.raises(StateError) as caught:
        State(book.state.path).forget(NUMBER)
    assert caught.value.code == "state_corrupt"
    assert book.state.path.read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["s.duckdb"]


@pytest.mark.parametrize("name", ["it's.duckdb", 'say "so".duckdb', "new\nline", "*[a]", "md:x", "😀"])
def test_a_file_name_is_only_a_name(tmp_path, open_book, name):
    book = open_book(tmp_path / name)
    book.commit(1, 2)
    book.state.forget(1)
    assert book.held() == [(2, 1, "pending", 1)]
    assert [path.name for path in tmp_path.iterdir()] == [name]
