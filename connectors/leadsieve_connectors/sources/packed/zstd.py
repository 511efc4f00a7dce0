"""zstd by pyarrow's decompressor, which checks checksums and lengths; the frames are followed beside it.

A frame may have no checksum, and only its head says so: what is unpacked from it cannot be proved.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from leadsieve_connectors.sources.packed.damage import Damage, cut, foreign, garbled, too_much_memory
from leadsieve_connectors.sources.packed.unpack import STEP_BYTES

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from leadsieve_connectors.sources.packed.unpack import Feed, Proof

_MAGIC = 0xFD2FB528
_SKIPPABLE = 0x184D2A50
# What the decompressor takes: `zstd --long=27`.
_WINDOW_BYTES = 128 << 20
_RUN_BLOCK = 1


def unpack_zst(feed: Feed, proof: Proof) -> Iterator[bytes]:
    """Unpack zstd: any number of frames, and skippable ones between them."""
    with pa.CompressedInputStream(pa.PythonFile(_Tap(feed, proof), "r"), "zstd") as stream:
        while True:
            try:
                out = stream.read(STEP_BYTES)
            except (pa.ArrowException, OSError) as error:
                raise cut() if "Truncated" in str(error) else garbled(error) from error
            if not out:
                return
            yield out


class _Tap:
    """The feed as a file for pyarrow; what passes is followed."""

    def __init__(self, feed: Feed, proof: Proof) -> None:
        self._feed = feed
        self._frames = _Frames(proof)
        self.closed = False

    def read(self, size: int) -> bytes:
        data = self._feed.read(size)
        self._frames.follow(data)
        return data

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    def close(self) -> None:
        self.closed = True


class _Frames:
    """Follows the frames of zstd data that passes in pieces.

    Args:
        proof: Is told of each frame whether it has a checksum.
    """

    def __init__(self, proof: Proof) -> None:
        self._proof = proof
        self._walk = self._heads()
        self._skip, self._need = next(self._walk)
        self._head = b""

    def follow(self, data: bytes) -> None:
        """Go on by a piece.

        Raises:
            Damage: A frame that is not unpacked.
        """
        at = 0
        while at < len(data):
            if self._skip:
                step = min(self._skip, len(data) - at)
                self._skip -= step
            else:
                step = min(self._need - len(self._head), len(data) - at)
                self._head += data[at : at + step]
                if len(self._head) == self._need:
                    self._skip, self._need = self._walk.send(self._head)
                    self._head = b""
            at += step

    def _heads(self) -> Generator[tuple[int, int], bytes, None]:
        """Say how many bytes to pass over and how many to give then; be given them."""
        skip = 0
        while True:
            magic = int.from_bytes((yield skip, 4), "little")
            if magic & ~0xF == _SKIPPABLE:
                skip = int.from_bytes((yield 0, 4), "little")
                continue
            if magic != _MAGIC:
                raise foreign()
            descriptor = (yield 0, 1)[0]
            _check_head(descriptor, (yield 0, sum(_fields(descriptor))))
            checked = bool(descriptor & 4)
            self._proof.part(checked=checked)
            skip, last = 0, False
            while not last:
                block = int.from_bytes((yield skip, 3), "little")
                last, kind, size = bool(block & 1), block >> 1 & 3, block >> 3
                skip = 1 if kind == _RUN_BLOCK else size
            skip += 4 * checked


def _fields(descriptor: int) -> tuple[int, int, int]:
    """Return how many bytes a frame's head has for the window, the dictionary and the content's size."""
    single = bool(descriptor & 0x20)
    return 1 - single, (0, 1, 2, 4)[descriptor & 3], (int(single), 2, 4, 8)[descriptor >> 6]


def _check_head(descriptor: int, head: bytes) -> None:
    """Refuse what the decompressor would, in plainer words."""
    window_bytes, dictionary_bytes, _ = _fields(descriptor)
    if window_bytes:
        window = 1 << (10 + (head[0] >> 3))
        window += window // 8 * (head[0] & 7)
    else:
        window = int.from_bytes(head[dictionary_bytes:], "little")
    if window > _WINDOW_BYTES:
        raise too_much_memory(_WINDOW_BYTES)
    if any(head[window_bytes : window_bytes + dictionary_bytes]):
        raise Damage("needs a zstd dictionary; pack it without one", "unsupported_format")
