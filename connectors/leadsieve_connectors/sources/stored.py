"""What every reader is given: bytes that are stored somewhere, as they are or packed, to be read more than once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType, TracebackType
from typing import Any, Protocol


class ByteStream(Protocol):
    """Bytes read in order; to be used in `with`."""

    @property
    def taken(self) -> int:
        """Bytes of the stored file taken so far, which are fewer than were given where it is packed."""
        ...

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; empty at the end only."""
        ...

    def read_fully(self, size: int) -> bytes:
        """Return `size` bytes, fewer only where there are no more."""
        ...

    def end(self) -> None:
        """Say that all bytes have been read: what can be proved of them is, and the file must not have changed."""
        ...

    def __enter__(self) -> ByteStream:
        """Return itself."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the stream."""
        ...


class Stored(Protocol):
    """One stored file, which must stay the same while it is read; every method may raise `SourceError`."""

    @property
    def name(self) -> str:
        """As outputs show it."""
        ...

    @property
    def inner_name(self) -> str:
        """What may tell the format by its ending."""
        ...

    @property
    def size(self) -> int | None:
        """Bytes as stored; None where unknown."""
        ...

    @property
    def modified(self) -> datetime | None:
        """When the stored file was last changed, in UTC; None where unknown."""
        ...

    @property
    def content_size(self) -> int | None:
        """Bytes that reading gives, where that is known before."""
        ...

    @property
    def facts(self) -> Mapping[str, Any]:
        """What a source's dialect says of how it is stored: plain JSON values."""
        ...

    def open(self, *, take_hash: bool = False) -> ByteStream:
        """Open the bytes for reading from the start, and take the stored file's SHA-256 on the way if told."""
        ...

    def open_raw(self) -> Any:
        """Open the bytes as a file that can be read from any place."""
        ...

    def pieces(self, start: int) -> list[bytes]:
        """Return pieces spread over what follows the first `start` bytes."""
        ...

    def check(self) -> None:
        """Make sure that the file is still the one that was opened."""
        ...

    def sha256(self) -> str:
        """Return the hex SHA-256 of the stored bytes."""
        ...


class StoredSource:
    """What every source of one stored file says of it; see `base.Source`. A reader sets `_stored`."""

    _stored: Stored
    #: None: nothing but records stands in most files.
    settings: Mapping[str, Any] = MappingProxyType({})

    @property
    def name(self) -> str:
        """The file as outputs show it."""
        return self._stored.name

    @property
    def size(self) -> int | None:
        """Bytes of the file as stored; None where unknown."""
        return self._stored.size

    @property
    def modified(self) -> datetime | None:
        """When the file was last changed, in UTC; None where unknown."""
        return self._stored.modified

    @property
    def expected_rows(self) -> int | None:
        """None: that takes more than to open the file; some readers know it nevertheless."""
        return None

    def sha256(self) -> str:
        """Return the hex SHA-256 of the stored bytes.

        Raises:
            SourceError: They cannot be read, or changed meanwhile.
        """
        return self._stored.sha256()
