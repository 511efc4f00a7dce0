"""The same headers next time are mapped as the user mapped them last; an older state is brought forward whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import forked
import pyarrow as pa
import pytest

from leadsieve_connectors.campaigns import MIGRATION_STEPS, STATE_STEPS, KeptMapping, RunRecord, State
from leadsieve_connectors.exceptions import StateError

WRITER = Path(__file__).with_name("writer.py")
NOON = datetime(2026, 3, 1, 12, 0, 0, 250, tzinfo=UTC)
HEADERS = ("Name", "Moblie ", "Contact")
MAPPING = {"Contact": "phone_number", "Moblie": "phone_number", "Name": "company"}


@pytest.fixture
def state(tmp_path):
    state = State(tmp_path / "s.duckdb", wait_seconds=0.3)
    state.ensure()
    return state


def run(seq):
    return RunRecord(
        seq=seq,
        run_id=f"run{seq}",
        campaign="summer",
        fingerprint="f",
        committed_at=NOON + timedelta(days=seq),
        manifest=[],
        info={},
    )


def keep(state, seq, mappings):
    state.commit(run(seq), [pa.record_batch({"key": pa.array([seq], pa.uint64())})], mappings)


def version(state):
    with duckdb.connect(str(state.path), read_only=True) as connection:
        return connection.execute("SELECT schema_version FROM meta").fetchall()


def test_what_a_run_keeps_is_read_back_in_its_order(state):
    assert (state.mapping(HEADERS), state.mappings()) == (None, [])
    keep(state, 1, {HEADERS: MAPPING})
    assert list(state.mapping(HEADERS).items()) == list(MAPPING.items())
    kept = KeptMapping(HEADERS, MAPPING, 1, NOON + timedelta(days=1))
    assert state.mappings() == [kept]
    assert state.mappings()[0].kept_at.tzinfo is UTC


@pytest.mark.parametrize(
    "other",
    [
        (),
        ("Name", "Moblie", "Contact"),
        ("Moblie ", "Name", "Contact"),
        ("Name", "Moblie ", "Contact", ""),
        ("name", "Moblie ", "Contact"),
        ('Name", "Moblie ', "Contact"),
        ("Name,Moblie ", "Contact"),
    ],
)
def test_only_the_very_same_headers_are_mapped(state, other):
    keep(state, 1, {HEADERS: MAPPING})
    assert state.mapping(other) is None
    assert state.mapping(list(HEADERS)) == MAPPING


def test_the_last_mapping_is_the_one(state):
    keep(state, 1, {HEADERS: {"Moblie": "phone_number"}, ("a",): {"a": "phone_number"}})
    keep(state, 2, {})
    keep(state, 3, {HEADERS: {"Contact": "phone_number"}})
    assert state.mapping(HEADERS) == {"Contact": "phone_number"}
    assert [(kept.headers, kept.run_seq) for kept in state.mappings()] == [(HEADERS, 3), (("a",), 1)]


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE mappings; --", "nul\0l", "a\udc80", "मोबाइल 😀", "", "\n", "x" * 10_000]
)
def test_headers_are_only_text(state, text):
    keep(state, 1, {(text, "b"): {text: "phone_number"}})
    assert state.mapping([text, "b"]) == {text: "phone_number"}
    assert state.mappings()[0].headers == (text, "b")


def test_a_run_that_fails_keeps_nothing(state):
    def broken():
        yield pa.record_batch({"key": pa.array([1], pa.uint64())})
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        state.commit(run(1), broken(), {HEADERS: MAPPING})
    assert state.mappings() == []


def test_forgetting_takes_every_mapping_of_these_headers_and_no_other(state):
    keep(state, 1, {HEADERS: {"Moblie": "phone_number"}, ("a",): {"a": "phone_number"}})
    keep(state, 2, {HEADERS: MAPPING})
    kept = state.mappings()[0]
    assert state.forget_mapping(kept.digest[:8].upper()) == kept
    assert (state.mapping(HEADERS), state.mapping(["a"])) == (None, {"a": "phone_number"})
    assert [path.name for path in state.path.parent.iterdir()] == ["s.duckdb"]


def test_what_cannot_be_forgotten_is_said(state):
    with pytest.raises(StateError, match=r"keeps no mapping under 'ab'; .*nothing is kept") as caught:
        state.forget_mapping("ab")
    assert caught.value.code == "invalid_option"
    keep(state, 1, {(f"h{n}",): {f"h{n}": "phone_number"} for n in range(40)})
    digests = [kept.digest for kept in state.mappings()]
    shared = next(d[0] for d in digests if sum(e.startswith(d[0]) for e in digests) > 1)
    with pytest.raises(StateError, match=rf"keeps \d+ mappings under '{shared}'; give more of it: {shared}"):
        state.forget_mapping(shared)
    for wrong in ("", "zz", "%", digests[0] + "0"):
        with pytest.raises(StateError, match=f"keeps no mapping under .*{digests[0][:12]}.* and 34 more") as caught:
            state.forget_mapping(wrong)
        assert "\n" not in caught.value.message
    assert len(state.mappings()) == 40


def test_a_state_of_the_first_version_is_read_without_mappings_and_brought_forward(state, open_book):
    keep(state, 1, {})
    open_book(state.path).to_version(1)
    assert (state.mappings(), state.mapping(HEADERS), state.campaign("summer").contacts) == ([], None, 1)
    with pytest.raises(StateError, match="nothing is kept"):
        state.forget_mapping("ab")
    assert version(state) == [(1,)]

    assert state.ensure() is False
    assert version(state) == [(5,)]
    keep(state, 2, {HEADERS: MAPPING})
    assert state.mapping(HEADERS) == MAPPING
    assert [r.seq for r in state.runs("summer")] == [1, 2]
    assert state.ensure() is False


@pytest.mark.parametrize("wrong", [0, -1])
def test_a_version_that_never_was_is_refused(state, wrong):
    with duckdb.connect(str(state.path)) as connection:
        connection.execute("UPDATE meta SET schema_version = ?", [wrong])
    with pytest.raises(StateError, match="does not say its version") as caught:
        state.ensure()
    assert caught.value.code == "state_corrupt"


def killed_at(step, *arguments):
    """Run a writer that kills itself at a step; returns whether it got there."""
    done = forked.run(WRITER, *arguments, step)
    assert done.returncode in (0, -9), done.stderr
    return done.returncode == -9


@pytest.mark.parametrize("step", MIGRATION_STEPS)
def test_a_kill_while_a_state_is_brought_forward(state, open_book, step):
    keep(state, 1, {})
    open_book(state.path).to_version(1)
    assert killed_at(step, "ensure", state.path)
    assert (state.mappings(), state.campaign("summer").contacts) == ([], 1)  # readable as it stands
    assert state.ensure() is False
    assert version(state) == [(5,)]
    keep(state, 2, {HEADERS: MAPPING})
    assert state.mapping(HEADERS) == MAPPING
    assert [path.name for path in state.path.parent.iterdir()] == ["s.duckdb"]


@pytest.mark.parametrize("step", STATE_STEPS[2:])
def test_a_killed_run_keeps_its_mapping_or_neither(state, step):
    assert killed_at(step, "keep", state.path)
    committed = len(state.runs("summer"))
    assert committed == (step in STATE_STEPS[-2:])
    assert [kept.mapping for kept in state.mappings()] == [{"Moblie": "phone_number"}] * committed
