"""A run in small, through the public API of publishing and the state, as a child process to be killed.

`python driver.py SPEC` with a JSON object: `out` (a path or a URL), `state` (null: no campaign), `campaign`, `keys` (how many), `first`
(the first key), `overwrite`, `exchange`, `kill` (the step at which the process kills itself, or null), `file_limit`
(bytes that no file may exceed, or null), `requests` (how many files of the folder `requests`), `delete_first`
(statuses). Prints the steps that it passed.
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

import fsspec
import numpy as np
import pyarrow as pa
from fsspec.implementations.local import LocalFileSystem

from leadsieve.publish import Entry, commit, place, seal, write_json
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
    "requests": 3,
    "delete_first": [],
}


class Shelf(LocalFileSystem):
    """Takes the place of fsspec's memory store and keeps it in the folder SHELF, where it outlives a killed process."""

    protocol = "memory"

    def __init__(self, **options):
        super().__init__(auto_mkdir=True, **options)

    @classmethod
    def _strip_protocol(cls, path):
        path = os.fspath(path)
        start = "memory://"
        return (f"{os.environ['SHELF']}/{path.removeprefix(start)}" if path.startswith(start) else path).rstrip("/")


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
    return [_batch(keys[at : at + 65_536]) for at in range(0, count, 65_536)]


def _batch(keys):
    # Of a buffer: Arrow asks pandas of anything else, and its import takes longer than the run.
    column = pa.Array.from_buffers(pa.uint64(), len(keys), [None, pa.py_buffer(keys)])
    return pa.RecordBatch.from_arrays([column], ["key"])


def run(spec):
    """Do the whole run; returns its run.json."""
    spec = {**DEFAULTS, **spec}
    out = spec["out"] if "://" in spec["out"] else Path(spec["out"])
    if spec["state"] is None:
        return _run(spec, place(out, None), None)
    path = Path(spec["state"])
    with state_lock(path, wait_seconds=30):
        state = State(path, wait_seconds=1)
        state.ensure()
        return _run(spec, place(out, path.parent), state)


def _run(spec, out, state):
    out.recover(state)
    fingerprint = f"{spec['first']}+{spec['keys']}"
    known = (
        next((r for r in reversed(state.runs(spec["campaign"])) if r.fingerprint == fingerprint), None)
        if state
        else None
    )
    standing = out.published()
    if standing is not None and standing["fingerprint"] == fingerprint and (known is not None or state is None):
        return standing
    run_id = known.run_id if known is not None else uuid.uuid4().hex
    with out.staging(run_id, overwrite=spec["overwrite"], own=run_id) as staging:
        folder = staging.folder
        (folder / "accepted.csv").write_text("".join(f"+{spec['first'] + i}\n" for i in range(min(spec["keys"], 1000))))
        write_json(folder / "summary.json", {"accepted": spec["keys"]})
        files = seal(folder, {"accepted.csv": spec["keys"], "summary.json": None, **_requests(spec, folder)})
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
            keys = batches(spec["first"], spec["keys"])
            entry = Entry(state, record, keys, delete_first=spec["delete_first"])
        if spec["exchange"]:
            out.commit(staging, overwrite=spec["overwrite"], entry=entry)
        else:
            commit(staging, overwrite=spec["overwrite"], entry=entry, exchange=False)
        out.keep(staging).close()
    return info


def _requests(spec, folder):
    (folder / "requests").mkdir()
    names = [f"requests/{number:06}.json" for number in range(1, spec["requests"] + 1)]
    for name in names:
        write_json(folder / name, {"first": spec["first"], "name": name})
    return dict.fromkeys(names, 1)


def main():
    spec = {**DEFAULTS, **json.loads(sys.argv[1])}
    if spec["file_limit"] is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (spec["file_limit"], spec["file_limit"]))
    fsspec.config.set_conf_env(fsspec.config.conf)  # where it is imported already, of another environment
    if "SHELF" in os.environ:
        fsspec.register_implementation("memory", Shelf, clobber=True)
    steps = watch(spec["kill"])
    try:
        run(spec)
    except Exception as exc:
        print(json.dumps({"error": type(exc).__name__, "code": getattr(exc, "code", None), "message": str(exc)}))
        sys.exit(1)
    print(json.dumps({"steps": steps.seen}))


if __name__ == "__main__":
    main()
