"""System calls of a run: counted with `strace`, and a signal or an error injected into one of them."""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

#: What changes a file or a folder, or makes it last.
CHANGING = (
    "copy_file_range", "fallocate", "fdatasync", "fsync", "ftruncate", "link", "linkat", "mkdir", "mkdirat", "open",
    "openat", "pwrite64", "pwritev", "rename", "renameat", "renameat2", "rmdir", "sendfile", "truncate", "unlink",
    "unlinkat", "write", "writev",
)  # fmt: skip
_LINE = re.compile(r"(\d+) +([a-z_0-9]+)\((.*)")
_STRUCK = re.compile(r"killed by SIGKILL|\(INJECTED\)|--- SIG(TERM|INT) ")


@dataclass(frozen=True, slots=True)
class Call:
    """One system call of the main thread: its name, which of that name it is (from 1), and what it says it touches."""

    name: str
    number: int
    touches: str

    @property
    def kind(self) -> str:
        """What it belongs to: the new state, the state, its log, the hidden folder, the rows in it, or another place."""
        for kind, mark in _KINDS.items():
            if re.search(mark, self.touches):
                return kind
        return "folder"


_KINDS = {
    "new state": r"\.creating-",
    "state log": r"duckdb\.wal",
    "lock": r"\.lock|/lock",
    "rows": r"\.leadsieve-.*(accepted|rejected|errors)\.",
    "summary": r"\.leadsieve-.*\.json",
    "state": r"s\.duckdb",
    "staging": r"\.leadsieve-",
}


@functools.cache
def why_not() -> str | None:
    """Say why no call can be traced here, or None where it can."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    probe = ["strace", "-f", "-o", "/dev/null", sys.executable, "-c", ""]
    done = subprocess.run(probe, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"strace cannot trace here: {done.stderr.strip()[:100]}"


def attach(pid: int, log: Path, injection: str | None) -> subprocess.Popen[str]:
    """Trace a process and its threads from now on, and return the tracer once it does."""
    inject = () if injection is None else ("-e", f"inject={injection}")
    arguments = [
        "strace",
        "-f",
        "-y",
        "-s",
        "0",
        "-e",
        f"trace={','.join(CHANGING)}",
        *inject,
        "-o",
        log,
        "-p",
        str(pid),
    ]
    tracer = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
    assert tracer.stderr is not None
    said = tracer.stderr.readline()
    assert "attached" in said, said
    return tracer


def was_struck(log: Path) -> bool:
    """Tell whether the fault that was asked for happened."""
    return _STRUCK.search(log.read_text("utf-8", "replace")) is not None


def calls_below(log: Path, folder: Path, pid: int) -> list[Call]:
    """List the main thread's calls that change something below a folder, from the first write on."""
    counts: Counter[str] = Counter()
    calls = []
    for line in log.read_text("utf-8", "replace").splitlines():
        match = _LINE.match(line)
        if match is None or int(match[1]) != pid:
            continue
        counts[match[2]] += 1
        reads = match[2].startswith("open") and "O_CREAT" not in match[3] and "O_RDWR" not in match[3]
        if str(folder) in match[3] and not reads:
            calls.append(Call(match[2], counts[match[2]], match[3].replace(str(folder), "")))
    first = next((at for at, call in enumerate(calls) if "write" in call.name), 0)
    return calls[first:]


def spread(calls: Sequence[Call], count: int) -> list[Call]:
    """Choose so many calls, a quarter of them among those that write rows, each part spread evenly."""
    rows = [call for call in calls if call.kind == "rows" and call.name == "write"]
    others = [call for call in calls if call not in rows]
    few = min(len(rows), max(count // 4, count - len(others)))
    return [*_evenly(rows, few), *_evenly(others, count - few)]


def _evenly(calls: Sequence[Call], count: int) -> list[Call]:
    return [calls[(2 * at + 1) * len(calls) // (2 * count)] for at in range(count)]
