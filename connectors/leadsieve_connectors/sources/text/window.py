"""The part of a text that is being split: read on as asked, dropped as it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadsieve_connectors.sources.text.records import find_line
from leadsieve_connectors.sources.text.split import SLACK

if TYPE_CHECKING:
    from leadsieve_connectors.sources.encodings import TextStream

_SLACK = bytes(SLACK)
_CR = b"\r"


class Window:
    """A window that moves over a text.

    Args:
        stream: The text.
        step: About how many bytes to read on at a time.

    Attributes:
        step: The same; it may change.
        text: The window's bytes, and slack behind them.
        size: How many bytes the window has.
        last: Nothing follows the window.
        offset: Where in the text the window begins.
    """

    def __init__(self, stream: TextStream, step: int) -> None:
        self._stream, self.step = stream, step
        self.text, self.size, self.last, self.offset = b"", 0, False, 0
        self._stuck = False

    def more(self) -> bool:
        """Read on; tell whether there is anything in the window.

        A window of which nothing was used is doubled, so that a long record is not looked at again and again.
        """
        want = max(self.step, self.size if self._stuck else 0)
        pieces = [self.text[: self.size]] if self.size else []
        while want > 0 and not self.last:
            fresh = self._stream.read(want)
            self.last = not fresh
            pieces.append(fresh)
            want -= len(fresh)
        self.size = sum(map(len, pieces))
        self.text = b"".join([*pieces, _SLACK])
        self._stuck = True
        return self.size > 0

    def drop(self, count: int) -> None:
        """Take the first `count` bytes out of the window."""
        if count:
            self.text, self.size, self._stuck = self.text[count:], self.size - count, False
            self.offset += count

    def skip(self, count: int) -> None:
        """Go on by `count` bytes of the text."""
        while count and (self.size or self.more()):
            step = min(count, self.size)
            self.drop(step)
            count -= step

    def skip_line(self) -> None:
        """Go on behind the next line end."""
        while self.size or self.more():
            line = find_line(self.text, 0, self.size, last=self.last)
            if line is not None:
                self.drop(line[1])
                return
            # A CR may be half of a CRLF.
            self.drop(self.size - self.text.endswith(_CR, 0, self.size))
            self.more()
