"""Damages copies of a state and uses each in a process of its own, which DuckDB may take down with it.

`python fault_states.py FOLDER` where FOLDER holds `s.duckdb` and `cases.json`: a list of objects with `cut` (bytes that
are left, or null), `filled` (whether zeros stand in for what was cut), `flips` (pairs of an offset and a bit), `log` (a
file that becomes the log, or null), `cut_log`, `flips_log`. Prints a JSON line a case: what came of it, and what it said.
`python fault_states.py STATE` uses the state itself, and prints the same.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb  # noqa: F401 - loaded once, before the processes part
import numpy as np
import pyarrow as pa

from leadsieve_connectors.campaigns import RunRecord, State, state_lock
from leadsieve_connectors.exceptions import StateError

_SECONDS = 30


def commit(path: Path, seq: int, count: int) -> None:
    """Add a run of so many contacts."""
    keys = np.arange(seq * 10**7, seq * 10**7 + count, dtype=np.uint64)
    # Of a buffer: Arrow asks pandas of anything else, and every process would import it.
    column = pa.Array.from_buffers(pa.uint64(), count, [None, pa.py_buffer(keys)])
    run = RunRecord(
        seq=seq,
        run_id=f"run{seq}",
        campaign="c",
        fingerprint="f",
        committed_at=datetime(2026, 1, 1, tzinfo=UTC),
        manifest=[],
        info={"ledger": {"accepted": count}},
    )
    State(path).commit(run, [pa.RecordBatch.from_arrays([column], ["key"])])


def contents(path: Path) -> dict[str, list[int]]:
    """Give, for each run that the state has, how many contacts it has and their sum."""
    state = State(path, wait_seconds=0)
    found = {str(run.seq): [0, 0] for run in state.runs("c")}
    for batch in state.contacts("c"):
        keys, runs = np.from_dlpack(batch.column("key")), np.from_dlpack(batch.column("run_seq"))
        for run in np.unique(runs).tolist():
            count, total = found.get(str(run), [0, 0])
            found[str(run)] = [count + int((runs == run).sum()), total + int(keys[runs == run].sum())]
    return found


def use(path: Path) -> dict[str, Any]:
    """Do with a state what a run does; tell what it held."""
    try:
        with state_lock(path, wait_seconds=0):
            state = State(path, wait_seconds=0)
            state.ensure()
            held = contents(path)
            commit(path, state.next_seq(), 100)
            assert sum(count for count, _ in contents(path).values()) == sum(count for count, _ in held.values()) + 100
    except StateError as exc:
        return {"came": exc.code, "said": exc.message}
    return {"came": "used", "held": held}


def apart(path: Path) -> dict[str, Any]:
    """Use a state in a process of its own."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        os.dup2(writer, 2)
        signal.alarm(_SECONDS)
        try:
            told = json.dumps(use(path))
        except BaseException as exc:
            told = json.dumps({"came": type(exc).__name__, "said": str(exc)})
        os.write(writer, b"\0" + told.encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        errors, _, told = pipe.read().decode("utf-8", "replace").rpartition("\0")
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return {"came": signal.Signals(os.WTERMSIG(status)).name, "said": told}
    return {**json.loads(told), "errors": errors}


def _damaged(data: bytes, cut: int | None, flips: list[list[int]], *, filled: bool = False) -> bytes:
    changed = bytearray(data)
    for at, bit in flips:
        changed[at] ^= 1 << bit
    if cut is not None:
        changed[cut:] = bytes(len(data) - cut) if filled else b""
    return bytes(changed)


def main(folder: Path) -> None:
    data = (folder / "s.duckdb").read_bytes()
    for case in json.loads((folder / "cases.json").read_text()):
        with tempfile.TemporaryDirectory() as aside:
            path = Path(aside).resolve() / "s.duckdb"
            path.write_bytes(_damaged(data, case.get("cut"), case.get("flips", []), filled=case.get("filled", False)))
            if case.get("log") is not None:
                log = (folder / case["log"]).read_bytes()
                path.with_name("s.duckdb.wal").write_bytes(
                    _damaged(log, case.get("cut_log"), case.get("flips_log", []))
                )
            print(json.dumps(apart(path)), flush=True)


if __name__ == "__main__":
    given = Path(sys.argv[1])
    if (given / "cases.json").exists():
        main(given)
    else:
        print(json.dumps(apart(given)))
