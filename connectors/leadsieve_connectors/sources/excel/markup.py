"""Reading the XML of a workbook: parsers that refuse what no workbook holds, and the text between the tags."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
_SURROGATES = re.compile("[\ud800-\udfff]")
_ENTITY = re.compile(rb"&(?:#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6})|([a-z]{2,4}));")
_NO_CHARACTERS = {*range(32), 0xFFFE, 0xFFFF} - {9, 10, 13}
_ENTITIES = {b"amp": b"&", b"lt": b"<", b"gt": b">", b"quot": b'"', b"apos": b"'"}
#: Text without markup, as a class of bytes: no tag, no character that XML does not allow or reads as another.
PLAIN = rb"[^<\x00-\x08\x0b-\x1f]"
#: How a part begins that is plainly written and UTF-8.
XML_HEAD = (
    rb'(?:\xef\xbb\xbf)?(?:<\?xml version="1\.0"(?: encoding="(?i:utf-8)")?(?: standalone="(?:yes|no)")? ?\?>\s*)?'
)


class DamagedMarkup(ValueError):
    """The XML cannot be read on; the message says why, as a clause."""


class UnsafeMarkup(ValueError):
    """The XML holds a document type declaration, which no workbook has and which may unfold without end."""


def local(tag: str) -> str:
    """Return the name of a tag or attribute without its namespace."""
    return tag.rpartition("}")[2]


class Parser:
    """An expat parser that passes names on without their namespaces and text in one piece.

    Args:
        start: Called with the name and the attributes of each opening tag.
        end: Called with the name of each closing tag.
        text: Called with text.
    """

    def __init__(
        self,
        start: Callable[[str, Mapping[str, str]], None],
        end: Callable[[str], None],
        text: Callable[[str], None] | None = None,
    ) -> None:
        self._parser = parser = expat.ParserCreate(namespace_separator="}")
        parser.buffer_text = True
        parser.StartElementHandler = lambda tag, attributes: start(
            local(tag), {local(name): value for name, value in attributes.items()}
        )
        parser.EndElementHandler = lambda tag: end(local(tag))
        if text is not None:
            parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = _refuse

    def feed(self, data: bytes, *, last: bool = False) -> None:
        """Parse some more bytes.

        Raises:
            DamagedMarkup: They are not well-formed.
            UnsafeMarkup: They declare a document type.
        """
        try:
            self._parser.Parse(data, last)
        except (expat.ExpatError, LookupError) as error:
            raise DamagedMarkup(f"its XML is broken ({error})") from error


def _refuse(*_: object) -> None:
    raise UnsafeMarkup


def unescape(data: bytes) -> bytes:
    r"""Return the UTF-8 of a cell without Excel's escapes for characters that XML does not hold.

    Example:
        >>> unescape(b"a_x000D_b_x005F_x000D_")
        b'a\rb_x000D_'
    """
    if b"_x" not in data:
        return data
    found = _ESCAPE.sub(lambda match: chr(int(match[1], 16)), data.decode())
    if not _SURROGATES.search(found):
        return found.encode()
    # Two escapes may make one character; half of one is no text and stays as it is written.
    joined = found.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
    return _SURROGATES.sub(lambda match: f"_x{ord(match[0]):04X}_", joined).encode()


def resolve(data: bytes) -> bytes:
    """Return the bytes between two tags with their entities resolved.

    Args:
        data: UTF-8 of `PLAIN` characters.

    Raises:
        DamagedMarkup: An entity is unknown or broken.
    """
    if b"&" not in data:
        return data
    if data.count(b"&") != len(_ENTITY.findall(data)):
        raise DamagedMarkup("its XML is broken (an entity is unknown or not closed)")
    return _ENTITY.sub(_character, data)


def _character(match: re.Match[bytes]) -> bytes:
    decimal, hexadecimal, name = match.groups()
    if name is not None and name in _ENTITIES:
        return _ENTITIES[name]
    code = int(decimal or hexadecimal or b"0", 10 if decimal else 16)
    if name is not None or code in _NO_CHARACTERS or 0xD800 <= code < 0xE000 or code > 0x10FFFF:
        raise DamagedMarkup(f"its XML is broken (no such character: {match[0].decode()})")
    return chr(code).encode()
