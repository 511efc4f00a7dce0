"""Writes states until it is killed: `writer.py create FOLDER` or `writer.py commit STATE KEYS`.

Or writes once and kills itself at a named step: `writer.py ensure STATE STEP`, and so with `keep`, `displace`, `mark`,
`undo`, `undo_displacing`, `suppress`, `unsuppress` and `forget`.
"""

from __future__ import annotations

import itertools
import logging
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb  # noqa: F401 - so that the first word comes when everything is loaded
import numpy as np
import pyarrow as pa

from leadsieve_connectors.campaigns import RunRecord, State, state_lock

NOW = datetime(2026, 3, 9, tzinfo=UTC)


def create(folder):
    for number in itertools.count():
        path = Path(folder) / f"s{number}.duckdb"
        with state_lock(path, wait_seconds=0):
            State(path).ensure()


def commit(path, count):
    state = State(Path(path))
    for seq in itertools.count(1):
        commit_run(state, seq, int(count))


def batch(**columns):
    """Make a batch of its columns' buffers: Arrow asks pandas of anything else, and its import takes longer than a run."""
    kinds = {"key": np.uint64, "status": np.uint8}
    arrays = [np.array(values, kinds[name]) for name, values in columns.items()]
    return pa.RecordBatch.from_arrays(
        [pa.Array.from_buffers(pa.from_numpy_dtype(a.dtype), len(a), [None, pa.py_buffer(a)]) for a in arrays],
        list(columns),
    )


def commit_run(state, seq, count, **options):
    keys = np.arange(seq * 10**9, seq * 10**9 + count, dtype=np.uint64)
    run = RunRecord(
        seq=seq,
        run_id=f"run{seq}",
        campaign="summer",
        fingerprint="f",
        committed_at=datetime.now(UTC),
        manifest=[],
        info={"accepted": count},
    )
    state.commit(run, [batch(key=keys)], **options)


class Killer(logging.Handler):
    """Kills its own process when a step is announced."""

    def __init__(self, step):
        super().__init__()
        self.step = step

    def emit(self, record):
        if record.step == self.step:
            os.kill(os.getpid(), signal.SIGKILL)


def kill_at(step):
    logger = logging.getLogger("leadsieve_connectors.campaigns")
    logger.setLevel(logging.DEBUG)
    logger.addHandler(Killer(step))


def ensure(path, step):
    kill_at(step)
    State(Path(path)).ensure()


def keep(path, step):
    kill_at(step)
    commit_run(State(Path(path)), 1, 10, mappings={("Moblie",): {"Moblie": "phone_number"}})


def displace(path, step):
    kill_at(step)
    commit_run(State(Path(path)), 3, 10, delete_first=["pending", "busy"])


def mark(path, step):
    kill_at(step)
    marks = [batch(key=[1, 2], status=[3, 3])]
    State(Path(path)).mark("summer", marks, mark_id="mark3", marked_at=NOW, source="", sha256="")


def undo(path, step):
    kill_at(step)
    State(Path(path)).undo("mark2", undone_at=NOW)


def undo_displacing(path, step):
    kill_at(step)
    State(Path(path)).undo("run3", undone_at=NOW)


def suppress(path, step):
    kill_at(step)
    keys = [batch(key=[5, 6])]
    State(Path(path)).suppress(
        "dnc", keys, campaign=None, source="", sha256="", dated=NOW, added_at=NOW, unreadable=0, replace=True
    )


def unsuppress(path, step):
    kill_at(step)
    State(Path(path)).unsuppress("dnc")


def forget(path, step):
    kill_at(step)
    State(Path(path)).forget(1)


if __name__ == "__main__":
    os.umask(0o022)
    print("ready", flush=True)
    verbs = (create, commit, ensure, keep, displace, mark, undo, undo_displacing, suppress, unsuppress, forget)
    {verb.__name__: verb for verb in verbs}[sys.argv[1]](*sys.argv[2:])
