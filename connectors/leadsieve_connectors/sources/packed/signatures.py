"""Which packing a source has: by its first bytes; a name may not say otherwise."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.packed.damage import Damage
from leadsieve_connectors.sources.packed.directory import read_directory
from leadsieve_connectors.sources.storage import unreadable

if TYPE_CHECKING:
    from leadsieve_connectors.sources.storage import StoredFile


class Opened(Protocol):
    """A file with a name, packed or not."""

    @property
    def name(self) -> str:
        """As outputs show it."""
        ...

    def open_raw(self) -> Any:
        """Open it as a file that can be read from any place."""
        ...


#: What people call each packing.
TITLES = {"gz": "gzip", "bz2": "bzip2", "xz": "xz", "zst": "zstd", "zip": "zip"}
_ENDINGS = {".gz": "gz", ".gzip": "gz", ".bz2": "bz2", ".xz": "xz", ".zst": "zst", ".zstd": "zst", ".zip": "zip"}
_SIGNATURES = (
    (re.compile(rb"\x1f\x8b"), "gz"),
    (re.compile(rb"BZh[1-9](?:\x31\x41\x59\x26\x53\x59|\x17\x72\x45\x38\x50\x90)"), "bz2"),
    (re.compile(rb"\xfd7zXZ\x00"), "xz"),
    (re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"), "zst"),
    (re.compile(rb"PK(?:\x03\x04|\x05\x06|\x07\x08)"), "zip"),
)
_LOCAL_HEAD = 30
# A workbook or document is a zip archive of these; what it holds is no choice between files.
_OFFICE = ("[Content_Types].xml", "_rels/", "docProps/", "xl/", "word/", "ppt/")
_OPEN_DOCUMENT = {"mimetype", "content.xml"}


def ending_of(name: str) -> str:
    """Return the part of a name that tells the packing, with its dot; "" where none does."""
    ending = name[max(name.rfind("."), 0) :]
    return ending if ending.lower() in _ENDINGS else ""


def packing_of(head: bytes, stored: StoredFile) -> str | None:
    """Return how a source is packed.

    Args:
        head: Its first 512 bytes.
        stored: The source; of zip archives the directory is looked at.

    Returns:
        `gz`, `bz2`, `xz`, `zst` or `zip`; None for anything else, workbooks among it, though they are zip archives.

    Raises:
        SourceError: `malformed_file` where the name tells a packing and the bytes are none; the archive cannot be read.
    """
    found = signature(head)
    if found == "zip" and is_document(head, stored):
        return None
    if found is None and head and (ending := ending_of(stored.name)):
        title = TITLES[_ENDINGS[ending.lower()]]
        message = f"{stored.name}: is not packed by {title}, though its name says so; get it again or rename it"
        raise SourceError(message, "malformed_file")
    return found


def signature(head: bytes) -> str | None:
    """Return the packing that the first bytes tell; workbooks are zip archives here."""
    return next((packing for pattern, packing in _SIGNATURES if pattern.match(head)), None)


def is_document(head: bytes, stored: Opened) -> bool:
    """Tell whether a zip archive is a workbook or another office document.

    Raises:
        SourceError: It cannot be read.
    """
    try:
        with stored.open_raw() as raw:
            names = {member.name for member in read_directory(raw)}
    except Damage:
        # What is left of it may still tell.
        names = {head[_LOCAL_HEAD : _LOCAL_HEAD + int.from_bytes(head[26:28], "little")].decode("latin-1")}
        return any(name.startswith(_OFFICE) or name == "mimetype" for name in names)
    except OSError as error:
        raise unreadable(stored.name, error) from error
    return _OFFICE[0] in names or names >= _OPEN_DOCUMENT
