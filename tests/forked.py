"""Processes that run Python for a test and may be killed, forked from one that has imported what they need.

`run("script.py", "word")`, `run("-m", "leadsieve", "clean")` and `run("-c", "print(1)")` do what the interpreter does
with these words; `start` does so and waits for nothing. An interpreter spends half a second on imports before its first
step; a fork spends a hundredth. It is a process like any other: it has a number, a working folder, an environment,
streams and signals of its own, and ends as the interpreter ends.

The process that is forked only imports, and refuses to fork with more than one thread: the others would be missing from
the fork, with what they had locked. Each process of pytest has its own, from the first need to its own end.
"""

from __future__ import annotations

import array
import atexit
import contextlib
import fcntl
import functools
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

_IMPORTED = (
    "duckdb",
    "fsspec.implementations.local",
    "leadsieve.cli",
    "leadsieve.flow",
    "leadsieve.publish",
    "leadsieve_connectors.campaigns",
    "phonenumbers.data.region_US",
)
#: Else numpy and Arrow start threads when they are imported.
_NO_THREADS = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}
_SECONDS = 180
_REQUEST_BYTES = 200_000
#: What a process prints is read when it has ended, so the pipe must hold all of it.
_PIPE_BYTES = 1 << 20


class Child:
    """A process that runs Python; at the end of a `with` block it is killed, if it lives.

    Attributes:
        pid: Its number.
        stdin: Writes to its standard input.
        stdout: Reads its standard output.
        returncode: How it ended, negative where a signal killed it; None until that was asked for.
    """

    def __init__(self, words: list[str], cwd: Path | None, env: Mapping[str, str] | None) -> None:
        self.returncode: int | None = None
        self._errors = os.fdopen(os.memfd_create("stderr"), "w+")
        (given, stdin), (stdout, told), (self._news, telling) = os.pipe(), os.pipe(), os.pipe()
        fcntl.fcntl(told, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
        self.stdin, self.stdout = os.fdopen(stdin, "w"), os.fdopen(stdout)
        request = {"words": words, "cwd": str(cwd or Path.cwd()), "env": dict(env or os.environ)}
        socket.send_fds(_server(), [json.dumps(request).encode()], [given, told, self._errors.fileno(), telling])
        for descriptor in (given, told, telling):
            os.close(descriptor)
        self.pid = self._next()

    def __enter__(self) -> Child:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, at: TracebackType | None) -> None:
        self.send_signal(signal.SIGKILL)
        self.wait()
        for file in (self.stdin, self.stdout, self._errors):
            file.close()

    def _next(self) -> int:
        """Return the next of the two numbers that come of it: its own, and how it ended."""
        told = array.array("i", os.read(self._news, 4))
        assert told, "the process that forks ended; it says why on stderr"
        return told[0]

    def wait(self, timeout: float = _SECONDS) -> int:
        """Wait for its end and return how it ended."""
        if self.returncode is None:
            if not select.select([self._news], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(f"process {self.pid}", timeout)
            self.returncode = self._next()
            os.close(self._news)
        return self.returncode

    def poll(self) -> int | None:
        """Return how it ended, None where it lives."""
        if self.returncode is None and not select.select([self._news], [], [], 0)[0]:
            return None
        return self.wait()

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it lives."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def communicate(self, words: str = "", timeout: float = _SECONDS) -> tuple[str, str]:
        """Write to it, wait for its end, and return the rest of what it printed, and its errors."""
        try:
            self.stdin.write(words)
            self.stdin.close()
        except BrokenPipeError:
            pass  # it ended before it read
        self.wait(timeout)
        self._errors.seek(0)
        return self.stdout.read(), self._errors.read()


def start(*words: object, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Child:
    """Start what `python WORD...` does: a script, `-m` with a module, or `-c` with code, and arguments."""
    return Child([str(word) for word in words], cwd, env)


def run(
    *words: object, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Do what `python WORD...` does, with an empty standard input, to its end."""
    with start(*words, cwd=cwd, env=env) as child:
        out, errors = child.communicate()
        return subprocess.CompletedProcess([str(word) for word in words], child.wait(), out, errors)


@functools.cache
def _server() -> socket.socket:
    """Start the process that is forked, and return where it is asked to."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, __file__, str(its.fileno())]
    environment = {**os.environ, **_NO_THREADS}
    process = subprocess.Popen(
        command, env=environment, pass_fds=[its.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    its.close()

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _serve(channel: socket.socket) -> list[str] | None:
    """Fork for each request, until nobody can ask; return the words of a request in its fork, None at the end."""
    for name in _IMPORTED:
        importlib.import_module(name)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        message, descriptors, _, _ = socket.recv_fds(channel, _REQUEST_BYTES, 4)
        _reap(0 if not message else os.WNOHANG)
        if not message:
            return None
        threads = len(list(Path("/proc/self/task").iterdir()))
        assert threads == 1, f"{threads} threads: a fork would miss some"
        if os.fork() == 0:
            channel.close()
            return _forked(json.loads(message), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _reap(options: int) -> None:
    """Take leave of the forks that ended, of all with no options: so `time` counts what they took."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, options)[0]:
            pass


def _forked(request: dict[str, Any], descriptors: list[int]) -> list[str]:
    """Fork once more; become the process that is asked for in one, and in the other wait for it and tell of it."""
    news = descriptors.pop()
    pid = os.fork()
    if pid != 0:
        for descriptor in descriptors:
            os.close(descriptor)
        os.write(news, array.array("i", [pid]))
        os.write(news, array.array("i", [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])]))
        os._exit(0)
    os.close(news)
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    words: list[str] = request["words"]
    return words


def _interpret(words: list[str]) -> None:
    """Do what the interpreter does with these words."""
    kind, sys.path[0] = words[0], ""
    sys.argv = words[kind in {"-m", "-c"} :]
    if kind == "-m":
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    elif kind == "-c":
        exec(words[1], {"__name__": "__main__"})
    else:
        sys.path[0] = str(Path(kind).parent)
        runpy.run_path(kind, run_name="__main__")


if __name__ == "__main__":
    asked = _serve(socket.socket(fileno=int(sys.argv[1])))
    if asked is not None:
        _interpret(asked)
