"""A process that is killed while it writes the state leaves it before or after the transaction, never between."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import forked
import pytest

from leadsieve_connectors.campaigns import State

WRITER = Path(__file__).with_name("writer.py")
KEYS_A_RUN = 30_000


def killed(seconds, *arguments):
    """Kill a writer so many seconds after its first word."""
    with forked.start(WRITER, *arguments) as process:
        assert process.stdout.readline() == "ready\n"
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL


@pytest.mark.parametrize("millisecond", range(3, 43, 4))
def test_a_kill_while_states_are_created(tmp_path, millisecond):
    killed(millisecond / 1000, "create", tmp_path)
    names = sorted({path.name.removesuffix(".lock") for path in tmp_path.iterdir() if path.name.endswith(".lock")})
    for name in names:
        state = State(tmp_path / name)
        state.ensure()
        assert state.campaigns() == []
        assert state.path.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("millisecond", range(5, 245, 15))
def test_a_kill_while_runs_are_committed(tmp_path, millisecond):
    state = State(tmp_path / "s.duckdb")
    state.ensure()
    killed(millisecond / 1000, "commit", state.path, KEYS_A_RUN)

    before = [path.name for path in tmp_path.iterdir()]
    for path in tmp_path.iterdir():
        assert path.stat().st_mode & 0o077 == 0, before
    runs = state.runs("summer")
    counted = {}
    for batch in state.contacts("summer"):
        for seq in batch.column("run_seq").to_pylist():
            counted[seq] = counted.get(seq, 0) + 1
    assert counted == {run.seq: KEYS_A_RUN for run in runs}
    assert [run.seq for run in runs] == list(range(1, len(runs) + 1))
    assert all(run.info == {"accepted": KEYS_A_RUN} for run in runs)

    state.ensure()
    assert [path.name for path in tmp_path.iterdir()] == ["s.duckdb"]
    assert state.runs("summer") == runs
