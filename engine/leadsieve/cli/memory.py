"""Keeps the command's memory small: what its threads free is shared among few of them."""

from __future__ import annotations

import ctypes
import os
import sys

#: Of `mallopt` in the GNU C library.
_ARENA_MAX = -8


def share_memory() -> None:
    """Let the C library keep one arena for two processors, where it is the GNU one; no thread may have started yet.

    It would make eight, each of which keeps what its threads have freed: a tenth of the memory of a large run, which
    is no faster for it.
    """
    if sys.platform != "linux" or "MALLOC_ARENA_MAX" in os.environ:
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, max(1, len(os.sched_getaffinity(0)) // 2))
