"""A text seen through a window: a place in it that moves on, its line, and as much text ahead as is asked for."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_SPACE = re.compile(r"[ \t\n\r]*+")


class Window:
    """A place in a stream of text.

    Args:
        read: Gives about as many bytes of UTF-8 as asked for, none at the end only.
        size: How many bytes are asked for at a time.
        line: The physical line on which the text begins.
        counts: Lines are counted; False where the text stands on one line of its source.

    Attributes:
        text: What is in sight; bytes that are not UTF-8 stand as lone surrogates.
        at: The place, as an index of `text`.
        line: The 1-based physical line of the place.
        ended: Nothing follows `text`.
    """

    def __init__(self, read: Callable[[int], bytes], size: int, *, line: int = 1, counts: bool = True) -> None:
        self._read, self._size, self._counts = read, size, counts
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._has_cr, self._after_cr = False, False
        self.text, self.at, self.line, self.ended = "", 0, line, False

    def more(self) -> bool:
        """Bring at least one more character into sight, dropping what lies before the place; False at the end."""
        if self.ended:
            return False
        self.text, self.at = self.text[self.at :], 0
        # Doubling keeps the work for a long record linear, whatever the size of a read.
        wanted, pieces, got = max(len(self.text), 1), [self.text], 0
        while got < wanted and not self.ended:
            data = self._read(self._size)
            piece = self._decoder.decode(data, not data)
            self.ended = not data
            pieces.append(piece)
            got += len(piece)
        self.text = "".join(pieces)
        self._has_cr = "\r" in self.text
        return got > 0

    def look(self, length: int) -> str:
        """Return the next `length` characters, fewer only where the text has no more."""
        while len(self.text) - self.at < length and self.more():
            pass
        return self.text[self.at : self.at + length]

    def go(self, to: int) -> None:
        """Move the place on to an index of `text`."""
        at, text = self.at, self.text
        if to > at and self._counts:
            ends = text.count("\n", at, to)
            if self._has_cr:
                ends += text.count("\r", at, to) - text.count("\r\n", at, to)
            # The line end was counted with its first half.
            ends -= self._after_cr and text[at] == "\n"
            self._after_cr = text[to - 1] == "\r"
            self.line += ends
        self.at = to

    def next_char(self) -> str:
        """Move over white space and return the character there, empty at the end of the text."""
        while True:
            match = _SPACE.match(self.text, self.at)
            self.go(match.end() if match else self.at)
            if self.at < len(self.text):
                return self.text[self.at]
            if not self.more():
                return ""
