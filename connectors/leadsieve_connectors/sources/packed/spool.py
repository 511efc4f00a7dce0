"""Unpacked bytes in a private temporary file without a name, for formats that are read from any place."""

from __future__ import annotations

import errno
import io
import os
import shutil
import tempfile
import weakref
from typing import TYPE_CHECKING

from leadsieve_connectors.exceptions import SourceError

if TYPE_CHECKING:
    from leadsieve_connectors.sources.packed.stream import PackedStream

_READ_BYTES = 1 << 20
# So much stays free for everybody else; small files are not worth a look.
_RESERVE_BYTES = 1 << 30
_LOOK_EVERY_BYTES = 64 << 20


class Spool:
    """The bytes of a stream, all of them, which must have come to a proven end.

    The file has no name from the start, so that no end of the process leaves it behind.

    Args:
        stream: Gives the bytes.
        name: Of the source, for messages.

    Raises:
        SourceError: The stream's own, or `resource_limit` where the temporary folder has no room.
    """

    def __init__(self, stream: PackedStream, name: str) -> None:
        folder = tempfile.gettempdir()
        try:
            with tempfile.TemporaryFile(prefix="leadsieve-") as file:
                written = looked = 0
                while piece := stream.read(_READ_BYTES):
                    written += len(piece)
                    if written - looked > _LOOK_EVERY_BYTES:
                        looked = written
                        _check_room(folder)
                    file.write(piece)
                stream.end()
                file.flush()
                self._descriptor = os.dup(file.fileno())
        except OSError as error:
            what = f"{name}: cannot be unpacked to {folder}: {error.strerror or error}"
            raise SourceError(f"{what}; make room there, or name another folder in TMPDIR", "resource_limit") from error
        self.size = written
        self._close = weakref.finalize(self, os.close, self._descriptor)

    def open(self) -> io.BufferedReader:
        """Open the bytes for reading from any place; every handle has a place of its own."""
        return io.BufferedReader(_Handle(self, self._descriptor), _READ_BYTES)

    def close(self) -> None:
        """Give the disk back; no handle can be read after it."""
        self._close()


def _check_room(folder: str) -> None:
    if shutil.disk_usage(folder).free < _RESERVE_BYTES:
        raise OSError(errno.ENOSPC, "the disk is nearly full")


class _Handle(io.RawIOBase):
    """A handle on a spool, which lives as long as it."""

    def __init__(self, spool: Spool, descriptor: int) -> None:
        self._spool, self._descriptor, self._at = spool, descriptor, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._spool.size}[whence]
        if base + offset < 0:
            raise ValueError(f"negative seek position {base + offset}")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        count = os.preadv(self._descriptor, [buffer], self._at)
        self._at += count
        return count
