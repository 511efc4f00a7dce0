"""Content encodings of HTTP taken off, their end proved."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Protocol

from leadsieve_connectors.sources.remote.patience import Passing

if TYPE_CHECKING:
    from collections.abc import Iterator

_STEP_BYTES = 1 << 20
_ZLIB_OR_GZIP = 32 + zlib.MAX_WBITS


class Decoder(Protocol):
    """Takes the bytes as sent, gives those of the file."""

    @property
    def ended(self) -> bool:
        """The bytes so far are a whole."""
        ...

    def give(self, piece: bytes) -> Iterator[bytes]:
        """Give what the next bytes hold, in steps of bounded size."""
        ...


class _Same:
    """No encoding."""

    @property
    def ended(self) -> bool:
        return True

    def give(self, piece: bytes) -> Iterator[bytes]:
        yield piece


class _Inflated:
    """gzip, in any number of members, or zlib."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(_ZLIB_OR_GZIP)

    @property
    def ended(self) -> bool:
        """Every member was whole."""
        return self._inner.eof

    def give(self, piece: bytes) -> Iterator[bytes]:
        data = b""
        # A full step may leave more behind, though all that came was taken.
        while piece or (len(data) == _STEP_BYTES and not self._inner.eof):
            if self._inner.eof:
                self._inner = zlib.decompressobj(_ZLIB_OR_GZIP)
            try:
                data = self._inner.decompress(piece, _STEP_BYTES)
            except zlib.error:
                raise Passing("its packed bytes are damaged") from None
            yield data
            piece = self._inner.unused_data or self._inner.unconsumed_tail


def decoder_for(coding: str) -> Decoder | None:
    """Return what takes an encoding off; None for one that is not known.

    Args:
        coding: As `Content-Encoding` names it, in lower case; empty for none.
    """
    if not coding:
        return _Same()
    return _Inflated() if coding in ("gzip", "x-gzip", "deflate") else None
