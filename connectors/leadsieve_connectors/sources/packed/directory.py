"""The directory of a zip archive, read strictly: what contradicts itself is refused, and nothing is guessed."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from leadsieve_connectors.sources.packed.damage import AGAIN, Damage

if TYPE_CHECKING:
    from collections.abc import Iterator

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")
_LONGEST_COMMENT = 0xFFFF
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_ZIP64_FIELD = 1
# A directory is held in memory; so large a one lists some 200,000 files.
_MOST_BYTES = 16 << 20
_ENCRYPTED, _DESCRIPTOR, _HIDDEN_DIRECTORY, _UTF8 = 1, 1 << 3, 1 << 13, 1 << 11
_DESCRIPTOR_MARK = b"PK\x07\x08"
_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Member:
    """A file or folder as the directory lists it.

    Attributes:
        name: Its path in the archive.
        stored_name: The same, as bytes.
        flags: General purpose bits.
        method: How it is packed.
        crc: CRC-32 of the unpacked bytes.
        packed: Bytes as packed.
        unpacked: Bytes unpacked.
        place: Where its local header begins.
        end: Where at the latest its data ends: at the next member or the directory.
    """

    name: str
    stored_name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    unpacked: int
    place: int
    end: int

    @property
    def encrypted(self) -> bool:
        """It cannot be read without a password."""
        return bool(self.flags & (_ENCRYPTED | _HIDDEN_DIRECTORY))

    @property
    def folder(self) -> bool:
        """It is a folder."""
        return self.name.endswith("/")

    @property
    def least_end(self) -> int:
        """Where it ends, if its local header has nothing that the directory does not show."""
        return self.place + _LOCAL.size + len(self.stored_name) + self.packed


def contradiction(what: str) -> Damage:
    """Return the error for an archive that is not what it says."""
    return Damage(f"the zip archive contradicts itself ({what}); {AGAIN}")


def read_directory(raw: Any) -> list[Member]:
    """Return what the archive lists, in the order of its directory.

    Args:
        raw: The archive as a file that can be read from any place.

    Raises:
        Damage: It is cut, damaged, contradicts itself, has several volumes (`unsupported_format`), lists too much
            (`resource_limit`), or names that lead out of a folder or members that overlap (`unsafe_archive`).
    """
    start, size, count = _find_directory(raw)
    if size > _MOST_BYTES:
        raise Damage(f"lists more than {_MOST_BYTES >> 20} MB of files; pack the right one alone", "resource_limit")
    members = list(_entries(_read(raw, start, size)))
    if len(members) != count:
        raise contradiction(f"it has {len(members)} entries and says {count}")
    return _in_their_places(members, start)


def _read(raw: Any, place: int, size: int) -> bytes:
    raw.seek(place)
    pieces, missing = [], size
    while missing and (piece := bytes(raw.read(missing))):
        pieces.append(piece)
        missing -= len(piece)
    if missing:
        raise contradiction("something it points to is not there")
    return b"".join(pieces)


def _find_directory(raw: Any) -> tuple[int, int, int]:
    """Return where the directory begins, how many bytes it has and how many entries."""
    whole = raw.seek(0, 2)
    tail_bytes = min(whole, _END.size + _LONGEST_COMMENT)
    tail = _read(raw, whole - tail_bytes, tail_bytes)
    ends = [
        found.start()
        for found in re.finditer(b"PK\x05\x06", tail)
        if found.start() + _END.size <= len(tail)
        and found.start() + _END.size + int.from_bytes(tail[found.start() + 20 :][:2], "little") == len(tail)
    ]
    if not ends:
        raise Damage(f"the zip archive has no directory at its end: it was cut, or something follows it; {AGAIN}")
    if len(ends) > 1:
        raise contradiction("it has two directories")
    _, disk, start_disk, here, count, size, start, _ = _END.unpack_from(tail, ends[0])
    end = whole - tail_bytes + ends[0]
    place = end - _LOCATOR.size
    if place >= 0 and (locator := _read(raw, place, _LOCATOR.size)).startswith(b"PK\x06\x07"):
        _, end_disk, end, disks = _LOCATOR.unpack(locator)
        if end_disk or disks > 1 or end > place - _END64.size:
            raise contradiction("its zip64 record is not where it says")
        magic, rest, _, _, disk64, start_disk64, here64, count64, size64, start64 = _END64.unpack(
            _read(raw, end, _END64.size)
        )
        if magic != b"PK\x06\x06" or end + 12 + rest != place:
            raise contradiction("its zip64 record is not where it says")
        for short, full, long in (
            (disk, _FULL16, disk64),
            (start_disk, _FULL16, start_disk64),
            (here, _FULL16, here64),
            (count, _FULL16, count64),
            (size, _FULL32, size64),
            (start, _FULL32, start64),
        ):
            if short not in (long, full):
                raise contradiction("its zip64 record says otherwise than its last one")
        disk, start_disk, here, count, size, start = disk64, start_disk64, here64, count64, size64, start64
    if disk or start_disk or here != count:
        raise Damage("is one volume of a zip archive in several; join them or pack it anew", "unsupported_format")
    if start + size != end:
        raise contradiction("its directory is not where it says")
    return start, size, count


def _entries(directory: bytes) -> Iterator[Member]:
    at = 0
    while at < len(directory):
        if len(directory) - at < _ENTRY.size or not directory.startswith(b"PK\x01\x02", at):
            raise contradiction("an entry of its directory is damaged")
        (
            _,
            _,
            _,
            flags,
            method,
            _,
            _,
            crc,
            packed,
            unpacked,
            name_bytes,
            extra_bytes,
            comment_bytes,
            disk,
            _,
            _,
            place,
        ) = _ENTRY.unpack_from(directory, at)
        at += _ENTRY.size
        stored_name = directory[at : at + name_bytes]
        extra = directory[at + name_bytes : at + name_bytes + extra_bytes]
        at += name_bytes + extra_bytes + comment_bytes
        if at > len(directory):
            raise contradiction("an entry of its directory is cut")
        unpacked, packed, place, disk = _wide(
            extra, [(unpacked, _FULL32, 8), (packed, _FULL32, 8), (place, _FULL32, 8), (disk, _FULL16, 4)]
        )
        if disk:
            raise Damage("is one volume of a zip archive in several; join them or pack it anew", "unsupported_format")
        member = Member(_name(stored_name, flags), stored_name, flags, method, crc, packed, unpacked, place, 0)
        if member.folder and member.unpacked:
            raise contradiction("a folder in it holds data")
        yield member


def _wide(extra: bytes, fields: list[tuple[int, int, int]]) -> list[int]:
    """Return the fields' values, those that are full from the zip64 extra field, which has them in this order.

    Args:
        extra: The extra fields.
        fields: The short value, what it is where the long one counts, and the long one's bytes.
    """
    if all(value != full for value, full, _ in fields):
        return [value for value, _, _ in fields]
    at, values = 0, []
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, at)
        if kind == _ZIP64_FIELD:
            data = extra[at + 4 : at + 4 + size]
            for short, full, width in fields:
                taken = width if short == full else 0
                if len(data) < taken:
                    break
                values.append(int.from_bytes(data[:taken], "little") if taken else short)
                data = data[taken:]
            break
        at += 4 + size
    if len(values) != len(fields):
        raise contradiction("it lacks a size")
    return values


def _name(stored: bytes, flags: int) -> str:
    """Return the name as text, which must stay within a folder wherever it were unpacked."""
    try:
        name = stored.decode("utf-8" if flags & _UTF8 else "cp437")
    except UnicodeDecodeError:
        raise contradiction("a file's name is not text") from None
    if not name:
        raise contradiction("a file in it has no name")
    if name.startswith("/") or "\\" in name or ".." in name.split("/") or _DRIVE.match(name) or _CONTROL.search(name):
        raise Damage(f"the zip archive holds a file of the unsafe name {name[:200]!r}; pack it anew", "unsafe_archive")
    return name


def _in_their_places(members: list[Member], directory: int) -> list[Member]:
    """Return the members with their ends; those that share bytes could unpack to any size, and are refused."""
    ordered = sorted(range(len(members)), key=lambda index: members[index].place)
    end = directory
    for index in reversed(ordered):
        member = members[index]
        if member.least_end > end:
            raise Damage(f"the zip archive has files that overlap ({member.name}); {AGAIN}", "unsafe_archive")
        members[index], end = replace(member, end=end), member.place
    return members


def find_data(raw: Any, member: Member) -> int:
    """Return where a member's packed bytes begin.

    Args:
        raw: The archive as a file that can be read from any place.
        member: As `read_directory` gives it.

    Raises:
        Damage: Its local header says otherwise than the directory.
    """
    magic, _, flags, method, _, _, crc, packed, unpacked, name_bytes, extra_bytes = _LOCAL.unpack(
        _read(raw, member.place, _LOCAL.size)
    )
    names = _read(raw, member.place + _LOCAL.size, name_bytes + extra_bytes)
    same = (
        magic == b"PK\x03\x04"
        and names[:name_bytes] == member.stored_name
        and method == member.method
        and not (flags ^ member.flags) & (_ENCRYPTED | _DESCRIPTOR)
    )
    if not same:
        raise contradiction(f"{member.name} is listed otherwise than it is stored")
    data: int = member.place + _LOCAL.size + name_bytes + extra_bytes
    told, truth = (crc, packed, unpacked), (member.crc, member.packed, member.unpacked)
    if flags & _DESCRIPTOR:
        # Sizes that were not known yet are zero, or full where they were to be long.
        known = zip(told, truth, (0, _FULL32, _FULL32), strict=True)
        same = all(one in (0, full, other) for one, other, full in known)
        same = same and _described(raw, data + member.packed, truth)
    else:
        unpacked, packed = _wide(names[name_bytes:], [(unpacked, _FULL32, 8), (packed, _FULL32, 8)])
        same = (crc, packed, unpacked) == truth
    if not same or data + member.packed > member.end:
        raise contradiction(f"{member.name} has other sizes than are listed")
    return data


def _described(raw: Any, place: int, truth: tuple[int, int, int]) -> bool:
    """Tell whether the record behind a member's data, which comes in four forms, says the same as the directory."""
    raw.seek(place)
    found = bytes(raw.read(24))
    forms = [struct.pack("<L2Q", *truth)]
    if max(truth) <= _FULL32:
        forms.append(struct.pack("<3L", *truth))
    return any(found.startswith((form, _DESCRIPTOR_MARK + form)) for form in forms)
