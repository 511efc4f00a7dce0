"""One `leadsieve` process that waits for a word before it begins, and may end itself at a named step.

`python fault_process.py STEP SIGNAL ARGUMENT...`: the command line's arguments, after the step at which the process
sends itself the signal (`-` for none). It loads what it needs, writes `ready` to stdout, and begins when stdin gives
it one byte: by then `strace` may have been attached, which so counts no call of the start.
"""

from __future__ import annotations

import ctypes
import logging
import os
import sys

import duckdb  # noqa: F401 - loaded before the calls are counted, as all below
import polars  # noqa: F401
import pyarrow.parquet  # noqa: F401

from leadsieve.cli import main

_PR_SET_PTRACER, _ANY = 0x59616D61, -1


class Stepping(logging.Handler):
    """Sends the own process a signal when a step is announced."""

    def __init__(self, step: str, number: int) -> None:
        super().__init__()
        self.step, self.number = step, number

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "step", None) == self.step:
            os.kill(os.getpid(), self.number)


def begin(step: str, number: int, arguments: list[str]) -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _ANY, 0, 0, 0)  # strace is no parent of this process
    for name in ("leadsieve.publish", "leadsieve_connectors.campaigns"):
        logging.getLogger(name).addHandler(Stepping(step, number))
        logging.getLogger(name).setLevel(logging.DEBUG)
        logging.getLogger(name).propagate = False
    os.write(1, b"ready\n")
    os.read(0, 1)
    sys.argv = ["leadsieve", *arguments]
    main()


if __name__ == "__main__":
    begin(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
