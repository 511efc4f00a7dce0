"""The lock beside the state: one run at a time, released by the kernel when its process dies."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from leadsieve_connectors.exceptions import StateError, StateLocked

if TYPE_CHECKING:
    from collections.abc import Iterator

_POLL_SECONDS = 0.05


@contextmanager
def state_lock(path: Path, *, wait_seconds: float) -> Iterator[None]:
    """Hold the lock of a state for the length of a block.

    The lock is an OS lock on the file `<state>.lock`, which also tells others who holds it. That file is
    never removed: whoever waits for it would then hold the lock of a file that no longer stands there.

    Args:
        path: The state's file; it need not exist, its folder must.
        wait_seconds: How long to wait for another holder.

    Raises:
        StateLocked: Another process holds it still.
        StateError: The lock's file cannot be opened.
    """
    path = Path(os.path.realpath(path))
    lock = path.with_name(f"{path.name}.lock")
    handle = _open(path, lock)
    try:
        _acquire(path, handle, wait_seconds)
        with suppress(OSError):  # on a full disk others learn less of who holds it, and it is held all the same
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()} {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def _open(path: Path, lock: Path) -> int:
    try:
        return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except FileNotFoundError as exc:
        raise StateError(
            f"state {path}: the folder {path.parent} does not exist; create it or name another --state",
            "invalid_option",
        ) from exc
    except (OSError, ValueError) as exc:
        raise StateError(
            f"state {path}: cannot lock it: {exc}; make {path.parent} writable or name another --state",
            "output_failed",
        ) from exc


def _acquire(path: Path, handle: int, wait_seconds: float) -> None:
    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise StateLocked(
                    f"state {path} is in use by {_holder(handle)}; wait for it to end or name another --state"
                ) from None
            time.sleep(_POLL_SECONDS)
        except OSError as exc:
            raise StateError(
                f"state {path}: its file system has no locks ({exc}); keep the state on a local disk",
                "output_failed",
            ) from exc
        else:
            return


def _holder(handle: int) -> str:
    """Tell who holds the lock; the holder may be just about to write that down."""
    pid, _, since = os.pread(handle, 100, 0).decode("ascii", "replace").strip().partition(" ")
    return f"process {pid} since {since}" if pid and since else "another process"
