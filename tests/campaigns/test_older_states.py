"""A state of an older version is read as it stands, and brought forward whole by the first call that writes."""

from __future__ import annotations

import shutil

import duckdb
import numpy as np
import pytest

HEADERS = ("Name", "Mobile")
MAPPING = {"Mobile": "phone_number"}


@pytest.fixture(scope="module", params=[1, 2, 3, 4])
def template(request, tmp_path_factory, open_book):
    book = open_book(tmp_path_factory.mktemp("older") / "s.duckdb")
    book.commit(1, 2, mappings={HEADERS: MAPPING})
    book.to_version(request.param)
    return book.state.path


@pytest.fixture
def older(template, tmp_path, open_book):
    shutil.copy(template, tmp_path)
    return open_book(tmp_path / template.name, as_it_stands=True)


def version(book):
    with duckdb.connect(str(book.state.path), read_only=True) as connection:
        return connection.execute("SELECT schema_version FROM meta").fetchall()


def described(book):
    with duckdb.connect(str(book.state.path), read_only=True) as connection:
        return connection.sql(
            "SELECT table_name, column_name, data_type, is_nullable, column_default FROM duckdb_columns() "
            "WHERE NOT internal ORDER BY table_name, column_index"
        ).fetchall()


@pytest.fixture(scope="module")
def newest(tmp_path_factory, open_book):
    return described(open_book(tmp_path_factory.mktemp("newest") / "s.duckdb"))


def test_every_reading_call_reads_it_as_it_stands(older):
    state, content = older.state, older.state.path.read_bytes()
    contacts = [(1, 1, "pending", 1), (2, 1, "pending", 1)]
    assert (older.held(), older.held(before_run=1), older.held(run=1)) == (contacts, [], contacts)
    assert sum(batch.num_rows for batch in state.lookup("summer", np.array([2, 3], np.uint64))) == 1
    assert [(info.name, info.contacts) for info in state.campaigns()] == [("summer", 2)]
    assert [run.run_id for run in state.runs("summer")] == [run.run_id for run in state.unpublished()] == ["run1"]
    assert state.next_seq() == 2
    assert [(event.kind, event.id, event.contacts) for event in state.history()] == [("import", "run1", 2)]
    assert [event.id for event in state.history(key=2)] == ["run1"]
    assert (state.check(), state.suppressions(), state.suppressions_for("summer")) == ([], [], [])
    assert list(state.suppressed([1])) == []
    assert state.statuses("summer") == state.statuses("summer", before_run=2) == {"pending": 2}
    assert version(older)[0][0] < 5
    assert state.path.read_bytes() == content


@pytest.mark.parametrize(
    "change",
    [
        lambda book: book.state.ensure(),
        lambda book: book.commit(7, campaign="winter", depends_on={1: 1}),
        lambda book: book.commit(7, delete_first=["pending"]),
        lambda book: book.mark({1: "busy"}),
        lambda book: book.undo("run1"),
        lambda book: book.state.forget(1),
        lambda book: book.suppress(7),
        lambda book: book.state.mark_published("run1"),
    ],
)
def test_any_change_brings_it_forward(older, change, newest):
    change(older)
    assert version(older) == [(5,)]
    assert older.state.check() == []
    assert described(older) == newest


@pytest.mark.parametrize("version", [3, 4])
def test_what_an_older_state_knows_of_marks_is_read_and_kept(book, version):
    book.commit(1, 2)
    book.mark({1: "busy"})
    book.commit(3, campaign="winter", depends_on={1: 1})
    book.undo("run3")
    book.suppress(9)
    told = (book.held(), book.held(before_run=2), book.state.history(), book.state.history(key=1), book.suppressed())
    book.to_version(version)
    for _ in range(2):
        assert told == (
            book.held(), book.held(before_run=2), book.state.history(), book.state.history(key=1), book.suppressed(),
        )  # fmt: skip
        assert book.state.check() == []
        book.state.ensure()
    book.commit(4, delete_first=["busy"])
    assert book.held() == [(2, 1, "pending", 1), (4, 4, "pending", 4)]
    assert book.held(before_run=4) == told[0]


def test_a_refused_change_leaves_what_was_there(older):
    with pytest.raises(Exception, match="no run or mark"):
        older.undo("nobody")
    assert older.held() == [(1, 1, "pending", 1), (2, 1, "pending", 1)]


def test_a_file_name_with_quotes_is_read_as_it_stands(tmp_path, open_book):
    book = open_book(tmp_path / 'it\'s "so".duckdb')
    book.commit(1)
    book.to_version(1)
    assert book.held() == [(1, 1, "pending", 1)]
    book.mark({1: "busy"})
    assert book.held() == [(1, 1, "busy", 2)]
