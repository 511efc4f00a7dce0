"""The hidden folder: private, locked while its process lives, gone afterwards unless a committed run needs it."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import forked
import pytest

from leadsieve.exceptions import InternalError, OutputError
from leadsieve.publish import Entry, Staging, check_out, commit, published, recover, seal, write_json
from leadsieve_connectors.campaigns import RunRecord, State
from leadsieve_connectors.exceptions import SinkError


def fill(staging, run_id="one", text="a\n"):
    (staging.folder / "accepted.csv").write_text(text)
    files = seal(staging.folder, {"accepted.csv": 1})
    write_json(staging.folder / "run.json", {"run_id": run_id, "files": files})
    return files


def entry(state, files, keys=()):
    record = RunRecord(
        seq=state.next_seq(),
        run_id="one",
        campaign="it's",
        fingerprint="f",
        committed_at=datetime.now(UTC),
        manifest=files,
        info={},
    )
    return Entry(state, record, keys)


@pytest.fixture
def state(tmp_path):
    state = State(tmp_path / "s.duckdb")
    state.ensure()
    return state


class Dies(Exception):
    pass


def hidden(folder):
    return sorted(path.name for path in folder.iterdir() if path.name.startswith("."))


class Interrupts(logging.Handler):
    """Ends the run at a step as a signal would."""

    def emit(self, record):
        if record.step == "state-committed":
            raise KeyboardInterrupt


def commit_and_die_before_the_swap(tmp_path, state):
    logger, handler = logging.getLogger("leadsieve.publish"), Interrupts()
    level = logger.level
    logger.setLevel(logging.DEBUG)
    logger.addHandler(handler)
    try:
        with pytest.raises(KeyboardInterrupt), Staging(tmp_path / "out", "one") as staging:
            commit(staging, overwrite=False, entry=entry(state, fill(staging)))
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def test_it_is_private_and_what_is_published_has_the_usual_mode(tmp_path):
    (tmp_path / "usual").mkdir()
    with Staging(tmp_path / "out", "one") as staging:
        assert staging.path.stat().st_mode & 0o777 == 0o700
        assert (staging.path / "lock").stat().st_mode & 0o777 == 0o600
        fill(staging)
        commit(staging, overwrite=False)
    assert (tmp_path / "out").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize("failure", [Dies, KeyboardInterrupt, SystemExit])
def test_an_exception_leaves_nothing(tmp_path, failure):
    def fail():
        with Staging(tmp_path / "out", "one") as staging:
            fill(staging)
            raise failure

    with pytest.raises(failure):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_a_living_run_is_left_alone_and_a_dead_one_removed(tmp_path):
    code = (
        "import sys, pathlib; from leadsieve.publish import Staging\n"
        "with Staging(pathlib.Path(sys.argv[1]), 'other'):\n"
        "    print('ready', flush=True); sys.stdin.read()"
    )
    with forked.start("-c", code, tmp_path / "out") as process:
        process.stdout.readline()
        recover(tmp_path / "out", None)
        assert len(hidden(tmp_path)) == 1
    recover(tmp_path / "elsewhere", None)
    assert len(hidden(tmp_path)) == 1
    recover(tmp_path / "out", None)
    assert hidden(tmp_path) == []


def test_what_only_looks_like_a_hidden_folder_is_left_alone(tmp_path):
    (tmp_path / ".out.leadsieve-0123456789abcdef").write_text("mine")
    (tmp_path / "real").mkdir()
    (tmp_path / ".out.leadsieve-fedcba9876543210").symlink_to("real")
    (tmp_path / ".out.leadsieve-b.leadsieve-0123456789abcdef").mkdir()
    (tmp_path / ".output.leadsieve-0123456789abcdef").mkdir()
    names = hidden(tmp_path)
    recover(tmp_path / "out", None)
    assert hidden(tmp_path) == names


@pytest.mark.parametrize("run_id", ["", "../x", "a/b", "a.b", "x" * 65, "\n"])
def test_a_run_id_is_no_path(tmp_path, run_id):
    with pytest.raises(ValueError, match="run id"):
        Staging(tmp_path / "out", run_id)


def test_the_same_run_twice_at_once_is_refused(tmp_path):
    with (
        Staging(tmp_path / "out", "one") as staging,
        pytest.raises(OutputError, match="under way"),
        Staging(tmp_path / "out", "one"),
    ):
        pass
    assert not staging.path.exists()


def test_keys_that_cannot_be_read_commit_nothing(tmp_path, state):
    def broken():
        raise SinkError("accepted.parquet cannot be read back")
        yield

    with pytest.raises(SinkError, match="read back"), Staging(tmp_path / "out", "one") as staging:
        commit(staging, overwrite=False, entry=entry(state, fill(staging), broken()))
    assert state.campaigns() == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["s.duckdb"]


def test_an_exception_after_the_commit_is_rolled_forward(tmp_path, state):
    commit_and_die_before_the_swap(tmp_path, state)
    assert not (tmp_path / "out").exists()
    assert [run.run_id for run in state.unpublished()] == ["one"]

    recover(tmp_path / "unrelated", state)
    assert published(tmp_path / "out")["run_id"] == "one"
    assert state.unpublished() == []
    assert hidden(tmp_path) == []


def test_a_run_without_the_state_leaves_alone_what_the_state_needs(tmp_path, state):
    commit_and_die_before_the_swap(tmp_path, state)
    other = State(tmp_path / "other.duckdb")
    other.ensure()
    for store in (None, other):
        recover(tmp_path / "out", store)
        assert len(hidden(tmp_path)) == 1
    recover(tmp_path / "out", state)
    assert published(tmp_path / "out")["run_id"] == "one"


def occupy(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("mine")


def publish_another(tmp_path):
    with Staging(check_out(tmp_path / "out", overwrite=False), "two") as staging:
        fill(staging, "two")
        commit(staging, overwrite=False)


def damage(tmp_path):
    (tmp_path / hidden(tmp_path)[0] / "out" / "accepted.csv").write_text("b\n")


def lose(tmp_path):
    (tmp_path / hidden(tmp_path)[0]).rename(tmp_path / "moved")


@pytest.mark.parametrize("obstacle", [occupy, publish_another, damage, lose])
def test_a_roll_forward_that_cannot_finish_says_how_to_undo(tmp_path, state, obstacle):
    commit_and_die_before_the_swap(tmp_path, state)
    obstacle(tmp_path)
    left = sorted(path for path in tmp_path.rglob("*"))
    for _ in range(2):
        with pytest.raises(OutputError, match="'leadsieve campaign undo one'") as caught:
            recover(tmp_path / "out", state)
        assert caught.value.code == "output_failed"
        assert "\n" not in caught.value.message
    assert sorted(path for path in tmp_path.rglob("*")) == left
    assert [run.run_id for run in state.unpublished()] == ["one"]


def test_what_was_set_aside_is_never_lost(tmp_path):
    with Staging(tmp_path / "out", "one") as staging:
        fill(staging)
        staging.aside.mkdir()
        (staging.aside / "accepted.csv").write_text("old\n")
        staging.kept = True
    occupy(tmp_path)
    with pytest.raises(OutputError, match="cannot be put back"):
        recover(tmp_path / "out", None)
    assert (staging.aside / "accepted.csv").read_text() == "old\n"

    (tmp_path / "out" / "mine").unlink()
    recover(tmp_path / "out", None)
    assert (tmp_path / "out" / "accepted.csv").read_text() == "old\n"
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("damage", ["another run id", "another manifest", "a file too many", "no run.json"])
def test_outputs_that_run_json_does_not_account_for_are_not_published(tmp_path, state, damage):
    with Staging(tmp_path / "out", "one") as staging:
        run = entry(state, fill(staging))
        if damage == "another run id":
            write_json(staging.folder / "run.json", {"run_id": "two", "files": run.record.manifest})
        elif damage == "another manifest":
            write_json(staging.folder / "run.json", {"run_id": "one", "files": [{"name": "accepted.csv"}]})
        elif damage == "a file too many":
            (staging.folder / "extra.csv").write_text("")
        else:
            (staging.folder / "run.json").unlink()
        with pytest.raises(InternalError, match="please report this"):
            commit(staging, overwrite=False, entry=run)
    assert [path.name for path in tmp_path.iterdir()] == ["s.duckdb"]
    assert state.campaigns() == []
