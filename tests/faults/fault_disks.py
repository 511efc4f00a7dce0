"""Small disks: file systems in memory, in a mount namespace of their own, that grow when a test says so."""

from __future__ import annotations

import functools
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

#: How a mount namespace is entered, and made: as root, or as the root of a user namespace.
_AS_ROOT = (["unshare", "-m"], ["nsenter", "-m"])
_AS_USER = (["unshare", "-r", "-m"], ["nsenter", "-U", "-m", "--preserve-credentials"])


@dataclass(frozen=True, slots=True)
class Disk:
    """A small disk.

    Attributes:
        path: Where processes that are started with `entered` have it.
        keeper: The process that keeps the namespace.
        enter: The command that enters it.
    """

    path: Path
    keeper: int
    enter: list[str]

    def entered(self, folder: Path) -> tuple[str, ...]:
        """Give what a command is started with to have the disk and to work in a folder."""
        return (*self.enter, "-t", str(self.keeper), "sh", "-c", 'cd "$0" && exec "$@"', str(folder))

    def seen(self, path: Path) -> Path:
        """Return how a path of those processes is reached from here."""
        return Path(f"/proc/{self.keeper}/root") / path.relative_to("/")

    def grow(self) -> None:
        """Give the disk room enough."""
        remount = ["mount", "-o", "remount,size=64m", str(self.path)]
        subprocess.run([*self.enter, "-t", str(self.keeper), *remount], check=True)


@contextmanager
def small_disk(path: Path, size: int) -> Iterator[Disk]:
    """Have a disk of so many bytes at a folder, for the length of a block."""
    way = _way()
    assert way is not None
    make, enter = way
    script = f'mount -t tmpfs -o size={size} tmpfs "$0" && echo ready && exec sleep 3600'
    with subprocess.Popen([*make, "sh", "-c", script, str(path)], stdout=subprocess.PIPE, text=True) as keeper:
        assert keeper.stdout is not None
        assert keeper.stdout.readline() == "ready\n"
        try:
            yield Disk(path, keeper.pid, enter)
        finally:
            keeper.kill()


def why_not() -> str | None:
    """Say why there can be no small disk here, or None where there can."""
    return None if _way() is not None else "this user may not mount a file system, nor have a namespace to do so"


@functools.cache
def _way() -> tuple[list[str], list[str]] | None:
    for make, enter in (_AS_ROOT, _AS_USER) if os.getuid() == 0 else (_AS_USER,):
        script = "mount -t tmpfs -o size=4096 tmpfs /mnt"
        try:
            done = subprocess.run([*make, "sh", "-c", script], capture_output=True, check=False)
        except FileNotFoundError:
            return None
        if done.returncode == 0:
            return make, enter
    return None
