"""The one file of a zip archive that is read: chosen, checked and unpacked."""

from __future__ import annotations

import bz2
import lzma
import zlib
from typing import TYPE_CHECKING

from leadsieve_connectors.sources.packed.damage import AGAIN, Damage, cut, too_much_memory
from leadsieve_connectors.sources.packed.directory import contradiction
from leadsieve_connectors.sources.packed.unpack import MEMORY_BYTES, Inflater, Proof, unpack_one, unpack_xz
from leadsieve_connectors.sources.packed.zstd import unpack_zst

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from leadsieve_connectors.sources.packed.directory import Member
    from leadsieve_connectors.sources.packed.unpack import Feed

_SYSTEM_FOLDER = "__MACOSX/"
_SYSTEM_FILES = {".ds_store", "thumbs.db", "desktop.ini"}
_SHOWN = 10
_OTHER_METHODS = {1: "Shrink", 6: "Implode", 9: "Deflate64", 97: "WavPack", 98: "PPMd"}


def choose(members: Sequence[Member], wanted: str | None, archive: str) -> Member:
    """Return the file to read.

    Args:
        members: What the archive lists.
        wanted: The file's name; None takes the only one.
        archive: The archive's name, for messages.

    Raises:
        Damage: There is no file (`empty_file`), there are several and none was named (`ambiguous_archive`), the named
            one is not there (`unreadable`), or it is encrypted (`password_protected`).
    """
    files = [member for member in members if not member.folder]
    if wanted is None:
        found = [member for member in files if not is_system(member.name)]
        if not found:
            raise Damage("the zip archive holds no file; give one with leads", "empty_file")
        if len(found) > 1:
            example = f"name one, as in '{archive}!{found[0].name}'"
            raise Damage(f"holds {len(found)} files ({_listed(found)}); {example}", "ambiguous_archive")
    else:
        found = [member for member in files if member.name == wanted]
        if not found:
            raise Damage(f"holds no file {wanted}; it holds {_listed(files) or 'none'}", "unreadable")
        if len(found) > 1:
            raise contradiction(f"two files in it are called {wanted}")
    if found[0].encrypted:
        raise Damage(f"{found[0].name} in it needs a password; pack it without one", "password_protected")
    return found[0]


def is_system(name: str) -> bool:
    """Tell whether a file is one that a system leaves in archives, and nobody's leads."""
    return name.startswith(_SYSTEM_FOLDER) or name.rpartition("/")[2].lower() in _SYSTEM_FILES


def _listed(members: Sequence[Member]) -> str:
    names = ", ".join(member.name for member in members[:_SHOWN])
    return names if len(members) <= _SHOWN else f"{names} and {len(members) - _SHOWN} more"


def unpack_member(feed: Feed, member: Member) -> Iterator[bytes]:
    """Unpack a file of an archive, and prove that it is what the directory says.

    Args:
        feed: Its packed bytes.
        member: As the directory lists it.

    Raises:
        Damage: It is damaged, or is packed in a way that is not read (`unsupported_format`).
    """
    unpack = _METHODS.get(member.method)
    if unpack is None:
        what = _OTHER_METHODS.get(member.method, f"method {member.method}")
        raise Damage(f"{member.name} in it is packed by {what}, which is not read; pack it anew", "unsupported_format")
    return _proved(unpack(feed), member)


def _proved(steps: Iterator[bytes], member: Member) -> Iterator[bytes]:
    size = crc = 0
    for step in steps:
        size += len(step)
        if size > member.unpacked:
            raise contradiction(f"{member.name} unpacks to more than its size")
        crc = zlib.crc32(step, crc)
        yield step
    if size < member.unpacked:
        raise cut()
    if crc != member.crc:
        raise Damage(f"the checksum of {member.name} in it is wrong: it is damaged; {AGAIN}")


def _stored(feed: Feed) -> Iterator[bytes]:
    while piece := feed.read():
        yield piece


def _deflated(feed: Feed) -> Iterator[bytes]:
    return unpack_one(feed, Inflater(-zlib.MAX_WBITS))


def _bzipped(feed: Feed) -> Iterator[bytes]:
    return unpack_one(feed, bz2.BZ2Decompressor())


def _lzma(feed: Feed) -> Iterator[bytes]:
    """Unpack LZMA as zip has it: a version, the length of the properties, and the properties before the data."""
    head = feed.read(9)
    if len(head) < 9 or int.from_bytes(head[2:4], "little") != 5 or head[4] >= 9 * 5 * 5:
        raise contradiction("the head of its LZMA data is damaged")
    dictionary = int.from_bytes(head[5:9], "little")
    if dictionary > MEMORY_BYTES:
        raise too_much_memory(MEMORY_BYTES)
    bits, rest = head[4] % 9, head[4] // 9
    filters = [
        {"id": lzma.FILTER_LZMA1, "dict_size": max(dictionary, 4096), "lc": bits, "lp": rest % 5, "pb": rest // 5}
    ]
    try:
        part = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters)
    except lzma.LZMAError:
        raise contradiction("the head of its LZMA data is damaged") from None
    # Where no mark ends the data, the size and checksum in the directory do.
    return unpack_one(feed, part, marked=False)


# By the numbers that zip gives them; the checksum of the archive proves what zstd or xz may not.
_METHODS: dict[int, Callable[[Feed], Iterator[bytes]]] = {
    0: _stored,
    8: _deflated,
    12: _bzipped,
    14: _lzma,
    93: lambda feed: unpack_zst(feed, Proof()),
    95: lambda feed: unpack_xz(feed, Proof()),
}
