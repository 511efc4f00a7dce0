"""A run in small, through the public API of publishing and the state, as a child process to be killed.

`python driver.py SPEC` with a JSON object: `out`, `state` (null: no campaign), `campaign`, `keys` (how many), `first`
(the first key), `overwrite`, `exchange`, `kill` (the step at which the process kills itself, or null), `file_limit`
(bytes that no file may exceed, or null). Prints the steps that it passed.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import signal
import sys
import uuid
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa

from leadsieve.publish import Entry, Staging, check_out, commit, published, recover, seal, write_json
from leadsieve_connectors.campaigns import RunRecord, State, state_lock

DEFAULTS = {
    "state": None,
    "campaign": "summer",
    "keys": 1000,
    "first": 919_000_000_000,
    "overwrite": False,
    "exchange": True,
    "kill": None,
    "file_limit": None,
}


class Steps(logging.Handler):
    """Collects the announced steps, and dies for real at one of them."""

    def __init__(self, kill):
        super().__init__()
        self.kill, self.seen = kill, []

    def emit(self, record):
        self.seen.append(record.step)
        if record.step == self.kill:
            os.kill(os.getpid(), signal.SIGKILL)


def watch(kill=None):
    handler = Steps(kill)
    for name in ("leadsieve.publish", "leadsieve_connectors.campaigns"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        logger.handlers = [handler]
    return handler


def batches(first, count):
    keys = np.arange(first, first + count, dtype=np.uint64)
    return [pa.record_batch({"key": keys[at : at + 65_536]}) for at in range(0, count, 65_536)]


def run(spec):
    """Do the whole run; returns its run.json."""
    spec = {**DEFAULTS, **spec}
    out = Path(spec["out"])
    if spec["state"] is None:
        return _run(spec, out, None)
    path = Path(spec["state"])
    with state_lock(path, wait_seconds=30):
        state = State(path, wait_seconds=1)
        state.ensure()
        return _run(spec, out, state)


def _run(spec, out, state):
    recover(out, state)
    fingerprint = f"{spec['first']}+{spec['keys']}"
    known = (
        next((r for r in reversed(state.runs(spec["campaign"])) if r.fingerprint == fingerprint), None)
        if state
        else None
    )
    standing = published(out)
    if standing is not None and standing["fingerprint"] == fingerprint and (known is not None or state is None):
        return standing
    run_id = known.run_id if known is not None else uuid.uuid4().hex
    target = check_out(out, overwrite=spec["overwrite"], run_id=run_id)
    with Staging(target, run_id) as staging:
        folder = staging.folder
        (folder / "accepted.csv").write_text("".join(f"+{spec['first'] + i}\n" for i in range(min(spec["keys"], 1000))))
        write_json(folder / "summary.json", {"accepted": spec["keys"]})
        files = seal(folder, {"accepted.csv": spec["keys"], "summary.json": None})
        info = {"run_id": run_id, "fingerprint": fingerprint, "files": files}
        write_json(folder / "run.json", info)
        entry = None
        if state is not None and known is None:
            record = RunRecord(
                seq=state.next_seq(),
                run_id=run_id,
                campaign=spec["campaign"],
                fingerprint=fingerprint,
                committed_at=datetime.now(UTC),
                manifest=files,
                info={"accepted": spec["keys"]},
            )
            entry = Entry(state, record, batches(spec["first"], spec["keys"]))
        commit(staging, overwrite=spec["overwrite"], entry=entry, exchange=spec["exchange"])
    return info


def main():
    spec = {**DEFAULTS, **json.loads(sys.argv[1])}
    if spec["file_limit"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (spec["file_limit"], spec["file_limit"]))
    steps = watch(spec["kill"])
    try:
        run(spec)
    except Exception as exc:
        print(json.dumps({"error": type(exc).__name__, "code": getattr(exc, "code", None), "message": str(exc)}))
        sys.exit(1)
    print(json.dumps({"steps": steps.seen}))


if __name__ == "__main__":
    main()
