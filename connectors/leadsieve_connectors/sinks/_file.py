"""The file under a sink: created fresh, written natively, and either finished whole or removed."""

from __future__ import annotations

import contextlib
import errno
import os
import weakref
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from leadsieve_connectors.exceptions import SinkError

_MODE = 0o644
_ADVICE = {
    errno.ENOSPC: "Free space on that disk or write elsewhere.",
    errno.EDQUOT: "Free some of your quota on that disk or write elsewhere.",
    errno.EFBIG: "Raise the limit on file sizes or write elsewhere.",
    errno.EEXIST: "Remove it or write elsewhere.",
}


class OutputFile:
    """A file that ends either finished and synced or not there at all.

    A sink that is dropped without `finish` removes its file, so that neither an exception nor a forgotten
    sink leaves a shorter file that reads as a whole one. A killed process leaves the file: without its footer
    a Parquet file does not read, and staging that was not committed is cleaned up by the next run.

    Args:
        path: Where to write; nothing may stand there yet.

    Attributes:
        path: Where the file is written.
        stream: Takes the bytes.
        finished: Whether the file stands whole on the disk.

    Raises:
        SinkError: The file cannot be created.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.finished = False
        try:
            # Open to the end: fsync reports the write errors since its own descriptor was opened.
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
        except OSError as error:
            raise SinkError(_describe(path, error)) from error
        self.stream = pa.OSFile(str(path), "wb")
        self._drop = weakref.finalize(self, _drop, path, self._descriptor, self.stream)

    @property
    def open(self) -> bool:
        """Whether the file still takes bytes."""
        return bool(self._drop.alive)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Guard a step of the writing: if it fails, the file is removed and the failure is a `SinkError`.

        Raises:
            SinkError: The step failed, or the file was already finished or removed.
        """
        if not self.open:
            raise SinkError(f"{self.path}: the file is closed and takes no more rows. Open a new one.")
        try:
            yield
        except (OSError, pa.ArrowException) as error:
            self.discard()
            raise SinkError(_describe(self.path, error)) from error
        except BaseException:
            self.discard()
            raise

    def finish(self) -> None:
        """Sync the bytes to the disk and close the file."""
        self.stream.close()
        os.fsync(self._descriptor)
        self._drop.detach()
        os.close(self._descriptor)
        self.finished = True

    def discard(self) -> None:
        """Close and remove the file, if it is not finished."""
        self._drop()


def _drop(path: Path, descriptor: int, stream: pa.NativeFile) -> None:
    with contextlib.suppress(OSError, pa.ArrowException):
        stream.close()
    with contextlib.suppress(OSError):
        os.close(descriptor)
    with contextlib.suppress(OSError):
        path.unlink()


def _describe(path: Path, error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    if number is None:
        return f"{path}: cannot be written: {' '.join(str(error).split())}"
    advice = _ADVICE.get(number, "Check the folder and its disk, or write elsewhere.")
    return f"{path}: cannot be written: {os.strerror(number)}. {advice}"
