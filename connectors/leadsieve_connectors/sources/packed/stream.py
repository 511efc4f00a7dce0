"""The unpacked bytes of a packed file, read in order; its end is reached where everything is proved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.packed.damage import Damage
from leadsieve_connectors.sources.packed.unpack import Feed, Proof

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from leadsieve_connectors.sources.packed.file import PackedFile
    from leadsieve_connectors.sources.storage import Stream

_DRAIN_BYTES = 4 << 20


class PackedStream:
    """The unpacked bytes of a `PackedFile`, read in order, with the interface of `Stream`.

    Args:
        packed: The file.
        inner: Its stored bytes, from where the packed ones begin.
        whole: The stored bytes behind the packed ones are read too, for their hash.
    """

    def __init__(self, packed: PackedFile, inner: Stream, *, whole: bool) -> None:
        self._packed, self._inner, self._whole = packed, inner, whole
        member = packed.member
        self._feed = Feed(inner, None if member is None else member.packed)
        self._proof = Proof()
        self._steps: Iterator[bytes] | None = None
        self._ready, self._at, self._size, self._ended = b"", 0, 0, False
        self._failed: Exception | None = None

    def __enter__(self) -> PackedStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._steps = None
        self._inner.__exit__(kind, error, trace)

    @property
    def taken(self) -> int:
        """Bytes of the stored file that were needed so far; all of them at the end."""
        if self._ended and self._packed.size is not None:
            return self._packed.size
        return self._packed.place + self._feed.taken

    @property
    def proved(self) -> bool:
        """The parts seen so far have checksums."""
        return self._proof.given is not False

    def read(self, size: int) -> bytes:
        """Return up to `size` unpacked bytes; empty only at the end, where everything is proved.

        Raises:
            SourceError: The bytes cannot be read, are damaged, or are more than the limits allow.
        """
        if self._at == len(self._ready):
            self._ready, self._at = self._next(), 0
        if not self._at and size >= len(self._ready):
            data, self._ready = self._ready, b""
            return data
        data = self._ready[self._at : self._at + size]
        self._at += len(data)
        return data

    def read_fully(self, size: int) -> bytes:
        """Return `size` bytes, fewer only where there are no more."""
        pieces, missing = [], size
        while missing and (piece := self.read(missing)):
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def end(self) -> None:
        """Make sure that all was read, is proved, and that the stored file did not change.

        Raises:
            SourceError: It is damaged.
            SourceChanged: It changed.
        """
        while self._next():
            pass
        self._inner.end()

    def _next(self) -> bytes:
        """Return the next step of unpacked bytes."""
        if self._failed is not None:
            raise self._failed
        if self._ended:
            return b""
        try:
            step = self._step()
        except SourceError as error:
            # What failed once has no end to come to.
            self._failed = error
            raise
        if not step:
            while self._whole and self._inner.read(_DRAIN_BYTES):
                pass
            self._ended = True
        return step

    def _step(self) -> bytes:
        """Unpack on, within the limits."""
        try:
            if self._steps is None:
                self._steps = self._packed.unpack(self._feed, self._proof)
            step = next(self._steps, b"")
        except Damage as damage:
            raise self._packed.refused(damage) from damage
        self._size += len(step)
        self._packed.check_limits(self._size, self._feed.taken)
        return step
