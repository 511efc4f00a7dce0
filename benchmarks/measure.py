"""Measure one program: run it as a fresh child process and read what the kernel counted for it.

This module and whoever uses it import nothing large: Linux starts a child's peak memory at its parent's size.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one run of a program took.

    Attributes:
        wall: Seconds from start to end.
        cpu: Seconds of processor time, user and system, of the process and the children it waited for.
        peak_bytes: The most memory that was resident at once.
    """

    wall: float
    cpu: float
    peak_bytes: int


class ChildFailed(Exception):
    """A measured program ended with an error; the message holds the end of what it printed."""


def measure(command: Sequence[str | Path], *, env: Mapping[str, str] | None = None) -> Measurement:
    """Run a program to its end and measure it.

    Args:
        command: The program and its arguments.
        env: Variables to set beside the present ones.

    Returns:
        The whole process's cost, its start and imports included.

    Raises:
        ChildFailed: The program ended with another status than 0.
    """
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        child = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(env or {})},
        )
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            output.seek(0)
            said = output.read().decode("utf-8", "replace").strip().splitlines()[-5:]
            raise ChildFailed(f"{command[0]} ended with status {child.returncode}: {' | '.join(said)}")
    return Measurement(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024)
