"""A file without a name, for what does not fit into memory."""

from __future__ import annotations

import os
import tempfile
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from leadsieve.publish.files import cannot_write


class Scratch:
    """Pieces of bytes on the disk, in a file that is removed as soon as it is made.

    It lives until it is closed or nobody refers to it, so nothing of it is left however the process ends.

    Args:
        folder: A private folder on the disk that is to hold it.

    Raises (every method):
        OutputError: The disk refuses.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._end = folder, 0
        try:
            with tempfile.TemporaryFile(dir=folder) as file:
                self._handle = os.dup(file.fileno())
        except OSError as exc:
            raise cannot_write(folder, exc) from exc
        self.close = weakref.finalize(self, os.close, self._handle)

    def put(self, values: npt.NDArray[Any]) -> int:
        """Write an array, and return where it stands."""
        at, content = self._end, np.ascontiguousarray(values).reshape(-1).view(np.uint8).data
        try:
            done = 0
            while done < len(content):
                done += os.pwrite(self._handle, content[done:], at + done)
        except OSError as exc:
            raise cannot_write(self._folder, exc) from exc
        self._end += len(content)
        return at

    def get(self, at: int, size: int) -> bytes:
        """Read what stands at a place."""
        try:
            content = os.pread(self._handle, size, at) if size else b""
        except OSError as exc:
            raise cannot_write(self._folder, exc) from exc
        if len(content) != size:
            raise cannot_write(self._folder, OSError("what was put aside there cannot be read back"))
        return content
