"""Bytes of any encoding in, UTF-8 out; what is not text comes out as invalid UTF-8, never lost.

Every later step can then rely on one rule: a record with bytes that were not text is a record that is not
valid UTF-8.
"""

from __future__ import annotations

import codecs
from typing import Protocol

from leadsieve_connectors.exceptions import SourceError

#: Byte order marks, longest first (UTF-32's begins with UTF-16's).
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Text codecs of Python that decode program or host name syntax, not files.
_NOT_FOR_FILES = {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}


class Readable(Protocol):
    """Anything that gives bytes."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, empty at the end."""
        ...


def find_encoding(head: bytes, told: str | None) -> tuple[str, bool]:
    """Return the codec of a text source, and whether a byte order mark stands at its start.

    Args:
        head: The first bytes of the source, four or more where it has them.
        told: The encoding that the user named; None takes the byte order mark's, and else UTF-8.

    Raises:
        SourceError: `invalid_option` where Python has no such text codec.
    """
    marked = next((codec for mark, codec in _MARKS if head.startswith(mark)), None)
    if told is None:
        return marked or "utf-8", marked is not None
    try:
        info = codecs.lookup(told)
        "".encode(info.name)
    except (LookupError, UnicodeError, ValueError):
        info = None
    if info is None or info.name.replace("_", "-") in _NOT_FOR_FILES:
        message = f"no text encoding is called {told!r}; name one such as utf-8, cp1252, latin-1 or utf-16"
        raise SourceError(message, "invalid_option")
    name = "utf-8" if info.name == "utf-8-sig" else info.name
    if name in {"utf-16", "utf-32"} and marked is None:
        # Without a mark the order of the bytes shows in the first character, which is one of ASCII in any header.
        name += "-be" if head.startswith(b"\0") else "-le"
    return name, marked is not None and marked.startswith(name)


class TextStream:
    """A byte stream read as UTF-8, without its byte order mark.

    Args:
        stream: The source's bytes, from the start.
        encoding: A codec's name from `find_encoding`.
    """

    def __init__(self, stream: Readable, encoding: str) -> None:
        self._stream = stream
        self._decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)(_MARK_BYTES)
        self._head: bytes | None = b""
        #: Bytes of the source taken so far.
        self.taken = 0

    def read(self, size: int) -> bytes:
        """Return the next piece of text as UTF-8: about `size` bytes; empty only at the end."""
        while True:
            raw = self._stream.read(size)
            self.taken += len(raw)
            text = self._decode(raw)
            if self._head is not None:
                # The mark may come in pieces: nothing is passed on before three bytes are here.
                text = self._head + text
                if raw and len(text) < len(codecs.BOM_UTF8):
                    self._head = text
                    continue
                self._head = None
                text = text.removeprefix(codecs.BOM_UTF8)
            if text or not raw:
                return text

    def _decode(self, raw: bytes) -> bytes:
        if self._decoder is None:
            return raw
        return self._decoder.decode(raw, not raw).encode("utf-8", "surrogatepass")


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


_MARK_BYTES = "leadsieve_mark"
codecs.register_error(_MARK_BYTES, _mark)
