"""One run at a time: the lock of the state, and what happens when somebody else has the file open."""

from __future__ import annotations

import re
import signal
from contextlib import ExitStack

import forked
import pytest

from leadsieve_connectors.campaigns import State, state_lock
from leadsieve_connectors.exceptions import StateError, StateLocked

HOLD_LOCK = (
    "import sys, pathlib; from leadsieve_connectors.campaigns import state_lock\n"
    "with state_lock(pathlib.Path(sys.argv[1]), wait_seconds=0):\n"
    "    print('ready', flush=True); sys.stdin.read()"
)
HOLD_OPEN = (
    "import sys, duckdb\n"
    "connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == 'read')\n"
    "print('ready', flush=True); sys.stdin.read()"
)


@pytest.fixture
def path(tmp_path):
    State(tmp_path / "s.duckdb").ensure()
    return tmp_path / "s.duckdb"


@pytest.fixture
def holder():
    with ExitStack() as started:

        def start(code, *arguments):
            process = started.enter_context(forked.start("-c", code, *arguments))
            assert process.stdout.readline() == "ready\n"
            return process

        yield start


def test_the_holder_is_named_and_its_death_lets_go(path, holder):
    process = holder(HOLD_LOCK, path)
    with pytest.raises(StateLocked) as caught, state_lock(path, wait_seconds=0.1):
        pass
    assert caught.value.code == "state_locked"
    assert re.search(rf"process {process.pid} since \d{{4}}-\d\d-\d\dT", caught.value.message)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with state_lock(path, wait_seconds=5):
        pass


def test_a_link_to_the_state_has_the_same_lock(path, tmp_path):
    (tmp_path / "link").symlink_to(path)
    with (
        state_lock(path, wait_seconds=0),
        pytest.raises(StateLocked),
        state_lock(tmp_path / "link", wait_seconds=0),
    ):
        pass


def test_the_lock_file_is_private_and_stays(path):
    lock = path.with_name("s.duckdb.lock")
    for _ in range(2):
        with state_lock(path, wait_seconds=0):
            held = lock.stat()
            assert held.st_mode & 0o777 == 0o600
        assert lock.stat().st_ino == held.st_ino


def test_an_exception_lets_go(path):
    with pytest.raises(KeyError), state_lock(path, wait_seconds=0):
        raise KeyError
    with state_lock(path, wait_seconds=0):
        pass


def test_a_missing_folder_is_said(tmp_path):
    with (
        pytest.raises(StateError, match="does not exist; create it") as caught,
        state_lock(tmp_path / "a" / "s", wait_seconds=0),
    ):
        pass
    assert caught.value.code == "invalid_option"


def test_a_lock_file_that_is_a_link_is_refused(path, tmp_path):
    (tmp_path / "s.duckdb.lock").symlink_to("victim")
    with pytest.raises(StateError), state_lock(path, wait_seconds=0):
        pass
    assert not (tmp_path / "victim").exists()


@pytest.mark.parametrize(
    ("how", "blocked"),
    [("write", ["ensure", "campaigns", "next_seq", "mark_published"]), ("read", ["mark_published"])],
)
def test_a_foreign_open_handle_is_named(path, holder, how, blocked):
    process = holder(HOLD_OPEN, path, how)
    state = State(path, wait_seconds=0.2)
    for name in blocked:
        with pytest.raises(StateLocked, match=rf"held open by process {process.pid};") as caught:
            getattr(state, name)(*(["x"] if name == "mark_published" else []))
        assert caught.value.code == "state_locked"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert state.campaigns() == []


def test_readers_do_not_shut_each_other_out(path, holder):
    holder(HOLD_OPEN, path, "read")
    assert State(path, wait_seconds=0.2).campaigns() == []


def test_a_handle_of_this_very_process_is_named(path):
    import duckdb

    with duckdb.connect(str(path)), pytest.raises(StateLocked, match="this very process"):
        State(path, wait_seconds=0.2).campaigns()
