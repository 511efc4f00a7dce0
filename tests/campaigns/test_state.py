"""What a commit adds to the state is what reads give back, whatever the names are."""

from __future__ import annotations

import dataclasses
import itertools
import sqlite3
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from leadsieve_connectors.campaigns import CONTACTS, STATUSES, RunRecord, State
from leadsieve_connectors.exceptions import SinkError, StateError

HOSTILE = [
    "'; DROP TABLE contacts; --",
    "../../x",
    '"double"',
    "it's",
    "new\nline",
    "nul\0l",
    "😀 कैंपेन",
    "%s {0} $1 ?",
    "*?[a]",
    " ",
    "",
    "x" * 10_000,
]


@pytest.fixture
def state(tmp_path):
    state = State(tmp_path / "s.duckdb", wait_seconds=0.3)
    assert state.ensure() is True
    return state


def record(seq=1, **options):
    values = {
        "seq": seq,
        "run_id": f"run{seq}",
        "campaign": "summer",
        "fingerprint": "f",
        "committed_at": datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC),
        "manifest": [{"name": "accepted.parquet", "rows": 3, "bytes": 10, "sha256": "00"}],
        "info": {"rows": 5, "accepted": 3, "reasons": {"missing_phone": 2}},
        "out": "/data/out",
        "staging": "/data/.out.leadsieve-x",
        "overwrite": True,
    }
    return RunRecord(**{**values, **options})


def keys(*values):
    return [pa.record_batch({"key": pa.array(values, pa.uint64())})]


def held(state, name="summer", **options):
    rows = [row for batch in state.contacts(name, **options) for row in batch.to_pylist()]
    return sorted((row["key"], row["run_seq"], row["status"]) for row in rows)


def test_a_new_state_is_empty_and_private(state):
    assert (state.campaigns(), state.campaign("summer"), state.unpublished(), state.next_seq()) == ([], None, [], 1)
    assert (held(state), state.runs("summer")) == ([], [])
    assert state.path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in state.path.parent.iterdir()] == ["s.duckdb"]
    assert state.ensure() is False


def test_a_commit_is_read_back(state):
    run = record()
    state.commit(run, keys(919876543210, 2**64 - 1, 4935171049746507))
    assert held(state) == [(k, 1, "pending") for k in (919876543210, 4935171049746507, 2**64 - 1)]
    assert state.runs("summer") == state.unpublished() == [run]
    assert state.runs("summer") == [run]
    assert state.next_seq() == 2
    info = state.campaign("summer")
    assert (info.name, info.created_at, info.runs, info.contacts) == ("summer", run.committed_at, 1, 3)
    assert state.statuses("summer") == {"pending": 3}


def test_contacts_come_in_the_documented_schema(state):
    state.commit(record(), keys(1, 2, 3))
    for batch in state.contacts("summer"):
        assert batch.schema == CONTACTS
        assert batch.column("status").dictionary.to_pylist() == list(STATUSES)


def test_times_are_kept_in_utc(state):
    state.commit(record(committed_at=datetime(2026, 3, 1, 18, 0, tzinfo=timezone(timedelta(hours=5.5)))), [])
    assert state.runs("summer")[0].committed_at == datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    assert state.runs("summer")[0].committed_at.tzinfo is UTC


def test_runs_and_campaigns_are_told_apart(state):
    state.commit(record(1), keys(1, 2))
    state.commit(record(2, campaign="winter", fingerprint="g"), keys(1))
    state.commit(record(3), keys(3))
    assert [info.name for info in state.campaigns()] == ["summer", "winter"]
    assert held(state) == [(1, 1, "pending"), (2, 1, "pending"), (3, 3, "pending")]
    assert held(state, before_run=3) == [(1, 1, "pending"), (2, 1, "pending")]
    assert held(state, before_run=1) == []
    assert held(state, "winter") == [(1, 2, "pending")]

    state.mark_published("run1")
    assert [run.run_id for run in state.unpublished()] == ["run2", "run3"]
    assert state.runs("summer")[0] == record(1, published=True)


def test_a_run_without_contacts_is_a_run(state):
    state.commit(record(), [])
    assert state.campaign("summer").runs == 1
    assert state.campaign("summer").contacts == 0


@pytest.mark.parametrize("name", HOSTILE)
def test_a_campaign_name_is_only_a_name(state, name):
    state.commit(record(1, campaign="other"), keys(7))
    state.commit(record(2, campaign=name, fingerprint=name, out=f"/{name}"), keys(1, 2))
    assert state.campaign(name).name == name
    assert [run.out for run in state.runs(name)] == [f"/{name}"]
    assert [key for key, _, _ in held(state, name)] == [1, 2]
    assert [key for key, _, _ in held(state, "other")] == [7]


@pytest.mark.parametrize("name", ["it's.duckdb", "new\nline", "😀", ":memory:", "md:x", "*[a]", "-"])
def test_a_file_name_is_only_a_name(tmp_path, name):
    state = State(tmp_path / name)
    assert state.ensure()
    state.commit(record(), keys(1))
    assert held(state) == [(1, 1, "pending")]
    assert state.ensure() is False
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_name_that_is_not_unicode_is_refused(state):
    for action in (state.campaign, state.runs, lambda name: state.commit(record(campaign=name), [])):
        with pytest.raises(StateError, match="not valid Unicode") as caught:
            action("a\udc80")
        assert caught.value.code == "invalid_option"


def test_a_path_that_duckdb_cannot_keep_is_refused(tmp_path):
    with pytest.raises(StateError, match="name another --state") as caught:
        State(tmp_path / "what?" / "s.duckdb")
    assert caught.value.code == "invalid_option"


def test_a_link_is_followed(tmp_path, state):
    (tmp_path / "link.duckdb").symlink_to("s.duckdb")
    linked = State(tmp_path / "link.duckdb")
    linked.commit(record(), keys(1))
    assert linked.path == state.path
    assert held(state) == [(1, 1, "pending")]


@pytest.mark.parametrize("failure", [SinkError("unreadable"), KeyboardInterrupt(), StopAsyncIteration()])
def test_keys_that_cannot_be_read_undo_everything(state, failure):
    def broken():
        yield from keys(*range(100))
        raise failure

    state.commit(record(1), keys(1))
    with pytest.raises(type(failure)):
        state.commit(record(2, campaign="new"), broken())
    assert [info.name for info in state.campaigns()] == ["summer"]
    assert state.next_seq() == 2


@pytest.mark.parametrize("again", [{"seq": 1, "run_id": "new"}, {"seq": 2, "run_id": "run1"}])
def test_a_run_is_committed_once(state, again):
    state.commit(record(1), keys(1))
    with pytest.raises(StateError):
        state.commit(dataclasses.replace(record(), **again), keys(2))
    assert held(state) == [(1, 1, "pending")]


def test_a_run_that_is_not_there_cannot_be_marked(state):
    with pytest.raises(StateError, match="no run nobody"):
        state.mark_published("nobody")


def test_many_batches_of_any_size_are_all_kept(state):
    values = np.random.default_rng(7).permutation(np.arange(3_000_000, dtype=np.uint64))
    cuts = [0, 1, 2, 70_000, 70_000, 1_500_000, 2_999_999, 3_000_000]
    state.commit(record(), [pa.record_batch({"key": values[a:b]}) for a, b in itertools.pairwise(cuts)])
    read = np.concatenate([batch.column("key").to_numpy() for batch in state.contacts("summer")])
    assert np.array_equal(np.sort(read), np.arange(3_000_000))


def test_a_commit_leaves_one_whole_file(state):
    state.commit(record(), keys(*range(1000)))
    moved = state.path.with_name("moved.duckdb")
    state.path.rename(moved)
    assert [path.name for path in moved.parent.iterdir()] == ["moved.duckdb"]
    assert len(held(State(moved))) == 1000


def test_a_newer_version_is_refused(state):
    with duckdb.connect(str(state.path)) as connection:
        connection.execute("UPDATE meta SET schema_version = 99")
    for action in (state.ensure, state.campaigns, lambda: state.commit(record(), [])):
        with pytest.raises(StateError, match=r"version 99.*upgrade leadsieve") as caught:
            action()
        assert caught.value.code == "state_corrupt"


def make_empty(path):
    path.write_bytes(b"")


def make_text(path):
    path.write_text("phone_number\n" * 1000)


def make_sqlite(path):
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE meta (schema_version INTEGER)")
    connection.commit()
    connection.close()


def make_foreign_duckdb(path):
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE mine (a INTEGER)")


def make_foreign_meta(path):
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE meta (a INTEGER)")


def make_versionless(path):
    State(path).ensure()
    with duckdb.connect(str(path)) as connection:
        connection.execute("DELETE FROM meta")


def truncate(size):
    def make(path):
        state = State(path)
        state.ensure()
        state.commit(record(), keys(*range(100_000)))
        path.write_bytes(path.read_bytes()[:size])

    return make


def make_log_without_state(path):
    Path(f"{path}.wal").write_bytes(b"something")


def make_log_of_another_state(path):
    state = State(path)
    state.ensure()
    other = path.with_name("other.duckdb")
    connection = duckdb.connect(str(other))
    connection.execute("CREATE TABLE t (a INTEGER); CHECKPOINT; INSERT INTO t VALUES (1)")
    Path(f"{path}.wal").write_bytes(Path(f"{other}.wal").read_bytes())
    connection.close()


@pytest.mark.parametrize(
    "make",
    [
        make_empty,
        make_text,
        make_sqlite,
        make_foreign_duckdb,
        make_foreign_meta,
        make_versionless,
        make_log_without_state,
        make_log_of_another_state,
        truncate(11),
        truncate(100),
        truncate(4096),
        truncate(12_288),
        truncate(300_000),
    ],
)
def test_a_file_that_is_no_whole_state_is_named_and_left_as_it_is(tmp_path, make):
    path = tmp_path / "s.duckdb"
    make(path)
    content = path.read_bytes() if path.exists() else None
    with pytest.raises(StateError) as caught:
        State(path, wait_seconds=0.1).ensure()
    assert caught.value.code == "state_corrupt"
    assert str(path) in caught.value.message
    assert "\n" not in caught.value.message
    assert (path.read_bytes() if path.exists() else None) == content


@pytest.mark.parametrize("at", range(16))
def test_overwritten_blocks_never_give_wrong_contacts(tmp_path, at):
    state = State(tmp_path / "s.duckdb")
    state.ensure()
    state.commit(record(), keys(*range(50_000)))
    content = bytearray(state.path.read_bytes())
    start = at * len(content) // 16
    content[start : start + 64] = b"\xff" * 64
    state.path.write_bytes(content)
    try:
        told = len(held(state))
    except StateError as exc:
        told = (exc.code, str(state.path) in exc.message)
    assert told in (50_000, ("state_corrupt", True))


def test_a_missing_state_is_said(tmp_path):
    with pytest.raises(StateError, match="does not exist"):
        State(tmp_path / "s.duckdb").campaigns()
    with pytest.raises(StateError, match="is a folder"):
        State(tmp_path).campaigns()
    assert list(tmp_path.iterdir()) == []
