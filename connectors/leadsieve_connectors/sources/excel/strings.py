"""The table of strings that the cells of a workbook share."""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING

from leadsieve_connectors.sources.excel.markup import PLAIN, XML_HEAD, DamagedMarkup, Parser, resolve, unescape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leadsieve_connectors.sources.excel.package import Package

_ITEM = rb'<si><t(?: xml:space="preserve")?(?:/>|>(' + PLAIN + rb"*+)</t>)</si>"
_ITEMS = re.compile(rb"(?:" + _ITEM.replace(b"(" + PLAIN, b"(?:" + PLAIN) + rb"\s*+)*+")
_TEXT = re.compile(_ITEM)
_HEAD = re.compile(XML_HEAD + rb"<sst\b[^>]*[^/]>\s*")
_ITEM_END = b"</si>"


class Strings:
    """Texts by their numbers, packed into one block of memory."""

    def __init__(self) -> None:
        self._texts = bytearray()
        self._ends = array("Q", [0])

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, number: int) -> bytes:
        """Return the text as UTF-8.

        Raises:
            DamagedMarkup: There is no such text.
        """
        if not 0 <= number < len(self):
            raise DamagedMarkup(f"a cell names the string {number}, but the table has {len(self)}")
        return bytes(self._texts[self._ends[number] : self._ends[number + 1]])

    def append(self, text: bytes) -> None:
        """Put a text behind the others."""
        self._texts += text
        self._ends.append(len(self._texts))


def read_strings(package: Package, part: str | None) -> Strings:
    """Read the table; the texts of formatted runs are joined, phonetic readings left out.

    Args:
        package: The workbook.
        part: The part of the strings; None where there is none.

    Raises:
        SourceError: It is damaged.
    """
    strings = Strings()
    if part is None:
        return strings
    reader = _Reader(strings)
    try:
        for piece in package.stream(part):
            reader.feed(piece)
        reader.end()
    except ValueError as error:
        raise package.failure(error, part) from error
    return strings


class _Reader:
    """Reads items that are written plainly by a pattern, and from the first other one on all by a parser."""

    def __init__(self, strings: Strings) -> None:
        self._strings = strings
        self._parser = Parser(self._start, self._close, self._text)
        self._rest, self._plain, self._begun = b"", True, False
        self._pieces: list[str] = []
        self._phonetic, self._in_text = 0, False

    def feed(self, piece: bytes) -> None:
        data = self._rest + piece
        if not self._begun:
            self._begun = True
            head = _HEAD.match(data)
            self._plain = head is not None
            if head is not None:
                self._parser.feed(head[0])
                data = data[head.end() :]
        if not self._plain:
            self._rest = b""
            self._parser.feed(data)
            return
        stop = data.rfind(_ITEM_END) + len(_ITEM_END) if _ITEM_END in data else 0
        block, self._rest = data[:stop], data[stop:]
        if len(self._rest) > 4 * len(piece) or not self._take(block):
            self._plain = False
            self._parser.feed(data)
            self._rest = b""

    def end(self) -> None:
        self._parser.feed(self._rest, last=True)

    def _take(self, block: bytes) -> bool:
        """Read a block of items; False where they are not all plain."""
        if not _ITEMS.fullmatch(block):
            return False
        block.decode()
        append = self._strings.append
        for text in _TEXT.findall(block):
            append(unescape(resolve(text)))
        return True

    def _start(self, tag: str, _: Mapping[str, str]) -> None:
        if tag == "rPh":
            self._phonetic += 1
        self._in_text = tag == "t" and not self._phonetic

    def _text(self, text: str) -> None:
        if self._in_text:
            self._pieces.append(text)

    def _close(self, tag: str) -> None:
        self._in_text = False
        if tag == "rPh":
            self._phonetic -= 1
        elif tag == "si":
            self._strings.append(unescape("".join(self._pieces).encode()))
            self._pieces.clear()
