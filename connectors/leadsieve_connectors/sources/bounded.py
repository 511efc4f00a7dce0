"""An open file for Arrow's readers: it fails in plain words, and gives no more at a time than memory can take."""

from __future__ import annotations

from typing import Any

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.storage import unreadable

#: What a format wants at one time (a record batch, a page) is refused beyond this: it would leave no room for the rest.
MAX_READ_BYTES = 1 << 30


class BoundedFile:
    """A file that is read in pieces of bounded size; the one below stays open when this is closed.

    Args:
        raw: The open file.
        name: The source, for errors.

    Attributes:
        length: Bytes of the file.
        reached: The farthest place that was read.
        closed: As Arrow asks it of a Python file.
    """

    closed = False

    def __init__(self, raw: Any, name: str) -> None:
        self._raw, self._name = raw, name
        self.length = self.seek(0, 2)
        self.reached = 0
        self.seek(0)

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes.

        Raises:
            SourceError: They cannot be read, or are more than `MAX_READ_BYTES` (`resource_limit`).
        """
        place = self.tell()
        wanted = min(size, self.length - place) if size >= 0 else self.length - place
        if wanted > MAX_READ_BYTES:
            message = (
                f"{self._name}: {wanted} bytes of it must be read at once, and no more than {MAX_READ_BYTES} are; "
                "write it in smaller batches, or as Parquet in smaller pages"
            )
            raise SourceError(message, "resource_limit")
        try:
            data = bytes(self._raw.read(wanted))
        except Exception as error:
            raise unreadable(self._name, error) from error
        self.reached = max(self.reached, place + len(data))
        return data

    def seek(self, place: int, whence: int = 0) -> int:
        """Go to a place of the file, and return it.

        Raises:
            SourceError: It cannot be reached.
        """
        try:
            self._raw.seek(place, whence)
            return int(self._raw.tell())
        except Exception as error:
            raise unreadable(self._name, error) from error

    def tell(self) -> int:
        """Return the place in the file."""
        return int(self._raw.tell())

    def readable(self) -> bool:
        """Tell that the file can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can be read from any place."""
        return True

    def writable(self) -> bool:
        """Tell that it cannot be written."""
        return False

    def close(self) -> None:
        """Do nothing: who opened the file closes it."""
