"""The command's threads share few of the C library's arenas, each of which keeps what was freed in it."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

ARENAS = """
import ctypes, sys, threading
if sys.argv[1] == "share":
    from leadsieve.cli.memory import share_memory
    share_memory()
libc = ctypes.CDLL(None)
libc.fopen.restype, libc.fopen.argtypes = ctypes.c_void_p, [ctypes.c_char_p] * 2
libc.malloc_info.argtypes, libc.fclose.argtypes = [ctypes.c_int, ctypes.c_void_p], [ctypes.c_void_p]
together = threading.Barrier(40)
def work():
    held = [bytearray(10_000) for _ in range(10)]
    together.wait()
threads = [threading.Thread(target=work) for _ in range(40)]
for thread in threads: thread.start()
for thread in threads: thread.join()
stream = libc.fopen(sys.argv[2].encode(), b"w")
libc.malloc_info(0, stream)
libc.fclose(stream)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="arenas are the GNU C library's")
@pytest.mark.parametrize("way", ["share", "said", "as it is"])
def test_threads_have_an_arena_for_two_processors(tmp_path, way):
    """What the user says of it himself stands."""
    environment = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    if way == "said":
        environment["MALLOC_ARENA_MAX"] = "3"
    said = tmp_path / "arenas.xml"
    command = [sys.executable, "-c", ARENAS, "as it is" if way == "as it is" else "share", str(said)]
    subprocess.run(command, env=environment, check=True)
    arenas = said.read_text().count("<heap nr=")
    most = 3 if way == "said" else max(1, len(os.sched_getaffinity(0)) // 2)
    assert arenas > most if way == "as it is" else arenas <= most
