"""Packed bytes in, unpacked bytes out, in steps of bounded size; the end is only reached where all was proved.

The standard library's decompressor objects are driven here, not its file classes: these pass over what follows the
data, and some of them over what is missing from it.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from typing import TYPE_CHECKING, Protocol

from leadsieve_connectors.sources.packed.damage import AGAIN, Damage, cut, foreign, garbled, too_much_memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from leadsieve_connectors.sources.storage import Stream

#: Packed bytes are taken in pieces of this size and unpacked bytes given in steps of that one, whatever sizes are asked
#: for: so the limits meet the same numbers in every run.
PIECE_BYTES = 1 << 16
STEP_BYTES = 1 << 18
#: The most memory that a decompressor may take: `xz -9` needs 65 MB.
MEMORY_BYTES = 256 << 20
_LONGEST_HEAD = 12
_NUL = b"\0"


class Feed:
    """The packed bytes, in pieces.

    Args:
        stream: Gives them.
        size: So many belong to what is unpacked; None for all.

    Attributes:
        taken: Bytes given so far.
    """

    def __init__(self, stream: Stream, size: int | None = None) -> None:
        self._stream, self._size = stream, size
        self.taken = 0

    def read(self, size: int = PIECE_BYTES) -> bytes:
        """Return the next piece; empty only at the end."""
        left = size if self._size is None else min(size, self._size - self.taken)
        data = self._stream.read_fully(left)
        self.taken += len(data)
        return data


class Proof:
    """Whether checksums prove what is unpacked.

    Attributes:
        given: The data has checksums; None before its first part was seen.
    """

    def __init__(self) -> None:
        self.given: bool | None = None

    def part(self, *, checked: bool) -> None:
        """Take note of the next part of the data.

        Raises:
            Damage: It has no checksum and those before it had.
        """
        if self.given and not checked:
            raise Damage(f"only some of its parts have checksums, so it cannot be proved; {AGAIN}")
        self.given = checked if self.given is None else self.given


class Decompressor(Protocol):
    """What the standard library's decompressors have in common."""

    @property
    def eof(self) -> bool:
        """The data came to its own end, and its checksums are right."""
        ...

    @property
    def needs_input(self) -> bool:
        """Nothing comes before more is given."""
        ...

    @property
    def unused_data(self) -> bytes:
        """What was given and stands behind the end."""
        ...

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """Take packed bytes, give up to `max_length` unpacked ones."""
        ...


class Inflater:
    """zlib's decompressor with the interface of the others.

    Args:
        wbits: The format and window as zlib has them.
    """

    def __init__(self, wbits: int) -> None:
        self._zlib = zlib.decompressobj(wbits)
        self.needs_input = True

    @property
    def eof(self) -> bool:
        """See `Decompressor`."""
        return self._zlib.eof

    @property
    def unused_data(self) -> bytes:
        """See `Decompressor`."""
        return self._zlib.unused_data

    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """See `Decompressor`."""
        tail = self._zlib.unconsumed_tail
        out = self._zlib.decompress(tail + data if tail else data, max_length)
        self.needs_input = len(out) < max_length and not self._zlib.unconsumed_tail
        return out


def unpack_gz(feed: Feed, proof: Proof) -> Iterator[bytes]:
    """Unpack gzip: any number of members, NULs behind them. Each has its CRC-32 and length."""
    proof.part(checked=True)
    return _parts(feed, b"\x1f\x8b", lambda _: Inflater(16 + zlib.MAX_WBITS), padding=1)


def unpack_bz2(feed: Feed, proof: Proof) -> Iterator[bytes]:
    """Unpack bzip2: any number of streams. Each block and each stream has its CRC-32."""
    proof.part(checked=True)
    return _parts(feed, b"BZh", lambda _: bz2.BZ2Decompressor())


def unpack_xz(feed: Feed, proof: Proof) -> Iterator[bytes]:
    """Unpack xz: any number of streams, NULs by fours behind each. A stream says which checksum it has, if any."""

    def new(head: bytes) -> lzma.LZMADecompressor:
        if len(head) == _LONGEST_HEAD:
            check = head[7] & 0x0F
            if not lzma.is_check_supported(check):
                raise Damage(f"has a checksum of unknown kind ({check}); pack it anew", "unsupported_format")
            proof.part(checked=check != lzma.CHECK_NONE)
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY_BYTES)

    return _parts(feed, b"\xfd7zXZ\x00", new, padding=4)


def _parts(feed: Feed, magic: bytes, new: Callable[[bytes], Decompressor], *, padding: int = 0) -> Iterator[bytes]:
    """Unpack parts that follow each other, each with its own head and trailer.

    Args:
        feed: The packed bytes.
        magic: What each part begins with.
        new: Gives the decompressor for a part, from its first `_LONGEST_HEAD` bytes or all there are.
        padding: NULs may follow a part, in multiples of this; 0 for none.
    """
    rest = feed.read()
    while rest:
        while len(rest) < _LONGEST_HEAD and (more := feed.read()):
            rest += more
        if not rest.startswith(magic):
            raise foreign()
        part = new(rest[:_LONGEST_HEAD])
        yield from _steps(part, feed, rest)
        if not part.eof:
            raise cut()
        rest = part.unused_data or feed.read()
        if padding and rest.startswith(_NUL):
            rest = _without_padding(rest, feed, padding)


def _without_padding(rest: bytes, feed: Feed, padding: int) -> bytes:
    """Return what follows the NULs that `rest` begins with."""
    count = 0
    while rest:
        kept = rest.lstrip(_NUL)
        count += len(rest) - len(kept)
        if kept:
            rest = kept
            break
        rest = feed.read()
    if count % padding:
        raise foreign()
    return rest


def _steps(part: Decompressor, feed: Feed, data: bytes) -> Iterator[bytes]:
    """Unpack one part, to its own end or to that of the feed."""
    while True:
        try:
            out = part.decompress(data, STEP_BYTES)
        except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
            if "emory usage limit" in str(error):
                raise too_much_memory(MEMORY_BYTES) from error
            raise garbled(error) from error
        if out:
            yield out
        if part.eof:
            return
        data = b""
        if part.needs_input:
            data = feed.read()
            if not data:
                return


def unpack_one(feed: Feed, part: Decompressor, *, marked: bool = True) -> Iterator[bytes]:
    """Unpack one part that must take the whole feed.

    Args:
        feed: The packed bytes.
        part: A fresh decompressor.
        marked: The data says itself where it ends.
    """
    yield from _steps(part, feed, feed.read())
    if marked and not part.eof:
        raise cut()
    if part.unused_data or feed.read():
        raise foreign()
