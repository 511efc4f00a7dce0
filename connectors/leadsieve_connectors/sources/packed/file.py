"""A packed file as if it were stored unpacked: streams that prove what they give, within limits."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.encodings import read_pieces
from leadsieve_connectors.sources.packed.damage import Damage
from leadsieve_connectors.sources.packed.directory import find_data, read_directory
from leadsieve_connectors.sources.packed.members import choose, unpack_member
from leadsieve_connectors.sources.packed.signatures import TITLES, ending_of, is_document, packing_of, signature
from leadsieve_connectors.sources.packed.spool import Spool
from leadsieve_connectors.sources.packed.stream import PackedStream
from leadsieve_connectors.sources.packed.unpack import unpack_bz2, unpack_gz, unpack_xz
from leadsieve_connectors.sources.packed.zstd import unpack_zst
from leadsieve_connectors.sources.storage import Stream, unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from leadsieve_connectors.sources.base import ReadOptions
    from leadsieve_connectors.sources.packed.directory import Member
    from leadsieve_connectors.sources.packed.unpack import Feed, Proof
    from leadsieve_connectors.sources.storage import StoredFile

_HEAD_BYTES = 512
# Up to so much may come out of next to nothing.
_FREE_BYTES = 64 << 20
_DRAIN_BYTES = 4 << 20
# A look deeper into a packed file costs unpacking what is before.
_LOOK_BYTES = 32 << 20
_TAR = b"ustar"
_TAR_PLACE = 257
_ARCHIVES = ((b"7z\xbc\xaf\x27\x1c", "7z"), (b"Rar!\x1a\x07", "RAR"))
_UNPACKERS: dict[str, Callable[[Feed, Proof], Iterator[bytes]]] = {
    "gz": unpack_gz,
    "bz2": unpack_bz2,
    "xz": unpack_xz,
    "zst": unpack_zst,
}


def unpacked(stored: StoredFile, options: ReadOptions, member: str | None = None) -> StoredFile | PackedFile:
    """Return the file, or where it is packed what is in it.

    Args:
        stored: The file.
        options: The limits.
        member: Which file of a zip archive to read; None takes the only one.

    Raises:
        SourceError: It cannot be unpacked, or a member is named and it is no archive (`invalid_option`).
    """
    with stored.open() as stream:
        head = stream.read_fully(_HEAD_BYTES)
    packing = packing_of(head, stored)
    if packing is not None:
        return PackedFile(stored, packing, options, member)
    if member is not None:
        message = f"{stored.name}: is no zip archive, so it holds no file {member}; leave out what follows the !"
        raise SourceError(message, "invalid_option")
    return stored


class PackedFile:
    """A packed file with the interface of `StoredFile`: its bytes are the unpacked ones, its size and hash the stored.

    Args:
        stored: The file as it is stored.
        packing: As `packing_of` names it.
        options: The limits.
        member: Which file of a zip archive to read; None takes the only one.

    Raises:
        SourceError: It is damaged (`malformed_file`), no single file of an archive is meant (`empty_file`,
            `ambiguous_archive`, `unreadable`), or it is not unpacked (`password_protected`, `unsafe_archive`,
            `unsupported_format`, `resource_limit`).
    """

    def __init__(self, stored: StoredFile, packing: str, options: ReadOptions, member: str | None = None) -> None:
        self._stored, self._packing, self._options = stored, packing, options
        self.name = stored.name
        self._spool: Spool | None = None
        self.member: Member | None = None
        #: Where in the stored file the packed bytes begin.
        self.place = 0
        #: The name as it would be unpacked: what may tell the format.
        self.inner_name = stored.name.removesuffix(ending_of(stored.name))
        if packing == "zip":
            self._choose(member)
        elif member is not None:
            message = f"{self.name}: is no zip archive, so it holds no file {member}; leave out what follows the !"
            raise SourceError(message, "invalid_option")
        with self.open() as stream:
            head = stream.read_fully(_HEAD_BYTES)
            #: Checksums prove that what was unpacked is what was packed; without them damage can pass unseen.
            self.proved = stream.proved
        self._check_inside(head)

    def _choose(self, wanted: str | None) -> None:
        """Find the file to read in the archive."""
        try:
            with self._stored.open_raw() as raw:
                self.member = choose(read_directory(raw), wanted, self.name)
                self.place = find_data(raw, self.member)
        except Damage as damage:
            raise self.refused(damage) from damage
        except OSError as error:
            raise unreadable(self.name, error) from error
        self.inner_name = self.member.name
        self.name = f"{self.name}!{self.member.name}"
        self.check_limits(self.member.unpacked, self.member.packed)

    def _check_inside(self, head: bytes) -> None:
        """Refuse what is packed once more, and archives that are not read."""
        found = "tar" if head.startswith(_TAR, _TAR_PLACE) else None
        found = next((title for magic, title in _ARCHIVES if head.startswith(magic)), found)
        if found is not None:
            message = f"{self.name}: holds a {found} archive, which is not read; unpack it and give the files in it"
            raise SourceError(message, "unsupported_format")
        inside = signature(head)
        if inside is not None and not (inside == "zip" and is_document(head, self)):
            what = f"is packed twice, by {TITLES[inside]} and then by {TITLES[self._packing]}"
            raise SourceError(f"{self.name}: {what}; unpack it once", "unsupported_format")

    @property
    def size(self) -> int | None:
        """Bytes of the file as stored; None where unknown."""
        return self._stored.size

    @property
    def modified(self) -> datetime | None:
        """When the stored file was last changed, in UTC; None where unknown."""
        return self._stored.modified

    @property
    def content_size(self) -> int | None:
        """Bytes unpacked, where that is known before they are."""
        return None if self.member is None else self.member.unpacked

    @property
    def facts(self) -> Mapping[str, Any]:
        """How it is packed, and whether checksums prove what is read; plain JSON values."""
        return {"compression": TITLES[self._packing], "checksums": self.proved}

    def open(self, *, take_hash: bool = False) -> PackedStream:
        """Open the unpacked bytes for reading from the start.

        Args:
            take_hash: Take the SHA-256 of the stored bytes while reading, if it is not known yet.

        Raises:
            SourceError: The file cannot be opened.
        """
        return PackedStream(self, self._inner(take_hash=take_hash), whole=take_hash)

    def _inner(self, *, take_hash: bool) -> Stream:
        """Open the stored bytes where the packed ones begin."""
        if not self.place:
            return self._stored.open(take_hash=take_hash)
        if take_hash:
            stream = self._stored.open(take_hash=True)
            left = self.place
            while left and (piece := stream.read(min(left, _DRAIN_BYTES))):
                left -= len(piece)
            return stream
        raw = self._stored.open_raw()
        try:
            raw.seek(self.place)
        except Exception as error:
            raw.close()
            raise unreadable(self.name, error) from error
        return Stream(self._stored, raw, None)

    def unpack(self, feed: Feed, proof: Proof) -> Iterator[bytes]:
        """Unpack what the feed gives.

        Raises:
            Damage: It cannot be unpacked.
        """
        if self.member is None:
            return _UNPACKERS[self._packing](feed, proof)
        proof.part(checked=True)
        return unpack_member(feed, self.member)

    def open_raw(self) -> Any:
        """Open the unpacked bytes as a file that can be read from any place.

        All are unpacked and proved first, once, to a temporary file that has no name.

        Raises:
            SourceError: They cannot be unpacked, or there is no room for them (`resource_limit`).
        """
        if self._spool is None:
            with self.open(take_hash=True) as stream:
                self._spool = Spool(stream, self.name)
        return self._spool.open()

    def pieces(self, start: int) -> list[bytes]:
        """Return pieces spread over what follows the first `start` unpacked bytes, as far as a quick look goes.

        Raises:
            SourceError: They cannot be unpacked.
        """
        with self.open() as stream:
            seen = stream.read_fully(_LOOK_BYTES)
        return read_pieces(io.BytesIO(seen), len(seen), start=start)

    def close(self) -> None:
        """Give back the disk that the unpacked bytes take."""
        if self._spool is not None:
            self._spool.close()
            self._spool = None

    def check(self) -> None:
        """Make sure that the stored file is still the one that was opened; see `StoredFile.check`."""
        self._stored.check()

    def sha256(self) -> str:
        """Return the hex SHA-256 of the stored bytes; see `StoredFile.sha256`."""
        return self._stored.sha256()

    def refused(self, damage: Damage) -> SourceError:
        """Return the error for people; a file that changed while it was read is a reason before any other.

        Raises:
            SourceChanged: It changed.
        """
        self._stored.check()
        return SourceError(f"{self.name}: {damage.what}", damage.code)

    def check_limits(self, size: int, taken: int) -> None:
        """Refuse more than the options allow.

        Args:
            size: Bytes unpacked.
            taken: Bytes that they were packed in.

        Raises:
            SourceError: `resource_limit`.
        """
        options = self._options
        if size > options.max_unpacked_bytes:
            self._too_much(f"to more than {options.max_unpacked_bytes} bytes", "max_unpacked_bytes")
        if size > max(_FREE_BYTES, options.max_unpacked_ratio * taken):
            self._too_much(f"to more than {options.max_unpacked_ratio} times its size", "max_unpacked_ratio")

    def _too_much(self, what: str, limit: str) -> None:
        advice = f"if it is what it should be, raise {limit} (LEADSIEVE_{limit.upper()})"
        raise SourceError(f"{self.name}: unpacks {what}, as a file that means harm does; {advice}", "resource_limit")
