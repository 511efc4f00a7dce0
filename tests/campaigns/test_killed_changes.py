"""A process killed at any step of any change leaves it done or not; a forgotten number, gone or not."""

from __future__ import annotations

import shutil
from pathlib import Path

import forked
import pytest

from leadsieve_connectors.campaigns import CHANGE_STEPS, FORGET_STEPS, STATE_STEPS

WRITER = Path(__file__).with_name("writer.py")


def killed_at(step, *arguments):
    done = forked.run(WRITER, *arguments, step)
    assert done.returncode == -9, done.stderr


def told(book):
    """Tell everything that changes change."""
    return book.held(), book.suppressed(), [(event.id, event.undone_at) for event in book.state.history()]


@pytest.fixture(scope="module")
def template(tmp_path_factory, open_book):
    book = open_book(tmp_path_factory.mktemp("written") / "s.duckdb")
    book.commit(1, 2, 3)
    book.mark({1: "busy"})
    book.suppress(1, 4)
    return book.state.path


@pytest.fixture
def written(template, tmp_path, open_book):
    shutil.copy(template, tmp_path)
    return open_book(tmp_path / template.name)


@pytest.mark.parametrize(
    ("verb", "step"),
    [
        *(("mark", step) for step in CHANGE_STEPS),
        *((verb, step) for verb in ("undo", "suppress", "unsuppress") for step in CHANGE_STEPS[1:3]),
    ],
)
def test_a_killed_change_is_done_or_not(written, verb, step, tmp_path):
    before = told(written)
    killed_at(step, verb, written.state.path)
    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}
    after = told(written)
    assert (after != before) == (step in CHANGE_STEPS[2:])
    assert written.state.ensure() is False
    assert told(written) == after
    assert written.state.check() == []
    assert [path.name for path in tmp_path.iterdir()] == ["s.duckdb"]


@pytest.mark.parametrize("step", STATE_STEPS[2:])
def test_a_killed_run_deletes_and_imports_or_neither(written, step, tmp_path):
    before = told(written)
    killed_at(step, "displace", written.state.path)
    committed = step in STATE_STEPS[-2:]
    for _ in range(2):
        assert (told(written) == before) != committed
        assert (len(written.held()), len(written.held(before_run=3))) == (10 if committed else 3, 3)
        assert [run.deleted for run in written.state.runs("summer")] == ([0, 3] if committed else [0])
        assert written.state.ensure() is False
    assert written.state.check() == []
    assert [path.name for path in tmp_path.iterdir()] == ["s.duckdb"]


@pytest.mark.parametrize("step", CHANGE_STEPS[1:3])
def test_a_killed_undo_puts_all_contacts_back_or_none(written, step):
    before = written.held()
    written.commit(9, delete_first=["pending"])
    after = written.held()
    killed_at(step, "undo_displacing", written.state.path)
    assert written.held() == (before if step in CHANGE_STEPS[2:] else after)
    assert written.state.ensure() is False
    assert written.state.check() == []


@pytest.mark.parametrize("step", FORGET_STEPS)
def test_a_killed_forgetting_leaves_all_of_a_number_or_nothing(written, step, tmp_path):
    before = written.held()
    killed_at(step, "forget", written.state.path)
    forgotten = step in FORGET_STEPS[2:]
    assert written.held() == before[forgotten:]
    assert [event.kind for event in written.state.history(key=1)] == (
        ["suppression"] if forgotten else ["suppression", "import", "mark"]
    )
    assert written.state.path.stat().st_mode & 0o777 == 0o600
    assert written.state.ensure() is False
    assert [path.name for path in tmp_path.iterdir()] == ["s.duckdb"]
    assert written.state.check() == []
    written.state.forget(1)
    assert written.held() == before[1:]
    assert written.state.check() == []


@pytest.mark.parametrize("left", [0, 7, 0.5, 0.9, None])
def test_a_log_that_was_cut_or_lost_leaves_a_change_done_or_not(written, left, tmp_path):
    before = told(written)
    killed_at("change-committed", "mark", written.state.path)
    log = tmp_path / "s.duckdb.wal"
    content = log.read_bytes()
    if left is None:
        log.unlink()
    else:
        log.write_bytes(content[: left if isinstance(left, int) else int(left * len(content))])
    assert told(written) == before
    written.state.ensure()
    assert told(written) == before
    assert written.state.check() == []
    assert not log.exists()
    written.state.forget(1)
    assert written.held() == before[0][1:]
