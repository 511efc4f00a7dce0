"""Writes states until it is killed: `writer.py create FOLDER` or `writer.py commit STATE KEYS`."""

from __future__ import annotations

import itertools
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import duckdb  # noqa: F401 - so that the first word comes when everything is loaded
import numpy as np
import pyarrow as pa

from leadsieve_connectors.campaigns import RunRecord, State, state_lock


def create(folder):
    for number in itertools.count():
        path = Path(folder) / f"s{number}.duckdb"
        with state_lock(path, wait_seconds=0):
            State(path).ensure()


def commit(path, count):
    state = State(Path(path))
    for seq in itertools.count(1):
        keys = np.arange(seq * 10**9, seq * 10**9 + int(count), dtype=np.uint64)
        run = RunRecord(
            seq=seq,
            run_id=f"run{seq}",
            campaign="summer",
            fingerprint="f",
            committed_at=datetime.now(UTC),
            manifest=[],
            info={"accepted": int(count)},
        )
        state.commit(run, [pa.record_batch({"key": keys})])


if __name__ == "__main__":
    os.umask(0o022)
    print("ready", flush=True)
    {"create": create, "commit": commit}[sys.argv[1]](*sys.argv[2:])
