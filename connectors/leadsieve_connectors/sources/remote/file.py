"""A remote file that is read on at the very byte where a connection broke."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Protocol

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.remote import patience
from leadsieve_connectors.sources.remote.patience import Passing, Tries

if TYPE_CHECKING:
    from collections.abc import Callable


class Reader(Protocol):
    """Gives a remote file's bytes from any place, with no patience of its own."""

    def read(self, at: int, size: int) -> bytes:
        """Return up to `size` bytes from byte `at`; empty only where the file ends."""
        ...

    def finish(self) -> None:
        """Make sure, as far as that shows, that nothing follows the bytes read last."""
        ...

    def renew(self) -> None:
        """Let go of what may be broken; the next read connects anew."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


class RemoteFile(io.RawIOBase):
    """An unbuffered file over a `Reader`.

    Args:
        reader: Gives the bytes.
        size: How many there are; None where unknown.
        check: Raises where the file is no longer the same; asked before reading goes on after a failure.
        refuse: Gives the error for people where a failure lasts.
    """

    def __init__(
        self, reader: Reader, size: int | None, check: Callable[[], None], refuse: Callable[[Exception], SourceError]
    ) -> None:
        self._reader, self._size, self._check, self._refuse = reader, size, check, refuse
        self._at = self._breaks = 0

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can be read from any place."""
        return True

    def tell(self) -> int:
        """Return the place of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a place; see `io.IOBase.seek`."""
        if whence == os.SEEK_END and self._size is None:
            raise io.UnsupportedOperation("the size is unknown")
        place = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size or 0}[whence]
        if place < 0:
            raise ValueError(f"negative seek position {place}")
        self._at = place
        return place

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        """Read into a buffer; see `io.RawIOBase.readinto`.

        Raises:
            SourceError: The bytes cannot be had.
            SourceChanged: The file is no longer the same.
        """
        want = len(buffer) if self._size is None else max(0, min(len(buffer), self._size - self._at))
        data = self._persist(want)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        """Let go of the connection."""
        if not self.closed:
            self._reader.close()
        super().close()

    def _persist(self, want: int) -> bytes:
        tries = Tries(patience.PATIENCE)
        try:
            while True:
                try:
                    if tries.failed:
                        self._reader.renew()
                        self._check()
                    return self._read(want)
                except SourceError:
                    raise
                except Exception as error:
                    self._breaks += 1
                    if self._breaks > patience.PATIENCE.breaks:
                        raise
                    tries.wait(error)
        except SourceError:
            raise
        except Exception as error:
            # What a library says may hold the URL with its secrets: `refuse` says it without, and nothing is chained.
            raise self._refuse(error) from None

    def _read(self, want: int) -> bytes:
        if not want:
            if self._size == self._at:
                self._reader.finish()
            return b""
        data = self._reader.read(self._at, want)
        if not data and self._size is not None:
            raise Passing(f"it ends at byte {self._at} of {self._size}")
        return data
