"""Bytes of any encoding in, UTF-8 out; what is not text comes out as invalid UTF-8, never lost.

Every later step can then rely on one rule: a record with bytes that were not text is a record that is not
valid UTF-8.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from leadsieve_connectors.exceptions import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Byte order marks, longest first (UTF-32's begins with UTF-16's).
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Text codecs of Python that decode program or host name syntax, not files.
_NOT_FOR_FILES = {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
_ADVICE = "name the right encoding with --encoding"

_PATTERN_BYTES = 1 << 16
# Fewer are no pattern: any text may hold a stray one.
_FEWEST_NULS = 6
_SEPARATORS = b"\n\r,;\t|"
_PIECES, _PIECE_BYTES = 8, 1 << 16
# The first byte of a character of UTF-8 and its others; the few sequences that these let through wrongly do not matter
# where characters are only counted.
_CHARACTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# What a cut leaves of one at its start; what it leaves at the end is passed over where UTF-8 is checked.
_HALF_CHARACTER = re.compile(rb"\A[\x80-\xbf]{1,3}")
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]")
# By chance up to 18 in 100 characters of Chinese, Japanese, Korean or DOS Cyrillic text read as one of UTF-8, of others
# 5 in 100 at most (measured on names and addresses).
_BY_CHANCE, _BY_CHANCE_ELSE = 0.25, 0.1
_LIKE_UTF8 = {"cp932", "euc_jp", "gb18030", "big5", "cp949", "cp866"}
# So much of such a text must be letters of its own script, or it is UTF-8 after all.
_OWN_SCRIPT = 0.9


class Readable(Protocol):
    """Anything that gives bytes."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, empty at the end."""
        ...


class Seekable(Readable, Protocol):
    """Bytes that can be read from any place."""

    def seek(self, offset: int, /) -> object:
        """Go on reading at `offset`."""
        ...


@dataclass(frozen=True, slots=True)
class Encoding:
    """The encoding of a text source, and how it was found.

    Attributes:
        name: The codec.
        mark: A byte order mark stands at the start.
        how: `told`; `mark`; `utf-8` (the sample is, or mostly is); `pattern` (of NULs, UTF-16 or UTF-32); `proposed` (a
            legacy encoding that the letters speak for); `guessed` (too few of them to know).
        alternatives: Where it was proposed or guessed, the likeliest codecs that give another text.
    """

    name: str
    mark: bool = False
    how: Literal["told", "mark", "utf-8", "pattern", "proposed", "guessed"] = "utf-8"
    alternatives: tuple[str, ...] = ()


def detect_encoding(
    head: bytes, told: str | None, *, more: Callable[[], Iterable[bytes]] | None = None, source: str = ""
) -> Encoding:
    """Return the encoding of a text source.

    What is not UTF-8 is a legacy encoding only where next to nothing of it is UTF-8 either: UTF-8 with some bad bytes
    keeps its name, since read otherwise all of it would be garbled in silence.

    Args:
        head: The first bytes of the source, as many as there are to judge by.
        told: The encoding that the user named; None finds it.
        more: Gives pieces of the rest, as by `read_pieces`; called only where the head leaves it open.
        source: The source's name, for errors.

    Raises:
        SourceError: `invalid_option` where Python has no such text codec, `encoding_error` where nothing of the head
            can be read under the one that was told.
    """
    marked = next((codec for mark, codec in _MARKS if head.startswith(mark)), None)
    if told is not None:
        return _check_told(head, _codec(told), marked, f"{source}: " if source else "")
    if marked is not None:
        return Encoding(marked, True, "mark")
    pattern = _wide(head)
    if pattern is not None:
        return Encoding(pattern, how="pattern")
    return _by_content(head, more)


def read_pieces(raw: Seekable, size: int, *, start: int) -> list[bytes]:
    """Return up to eight pieces of 64 KB spread over what follows the head of a source, each cut at line ends.

    Args:
        raw: The source's bytes.
        size: How many there are.
        start: How many of them the head has.
    """
    step = max(-(-(size - start) // _PIECES), _PIECE_BYTES)
    pieces = []
    for place in range(start, size, step):
        raw.seek(place)
        piece = raw.read(_PIECE_BYTES)
        first, last = piece.find(b"\n"), piece.rfind(b"\n")
        pieces.append(piece[first + 1 : last + 1] if first < last else _HALF_CHARACTER.sub(b"", piece))
    return pieces


def _codec(told: str) -> str:
    try:
        info = codecs.lookup(told)
        "".encode(info.name)
    except (LookupError, UnicodeError, ValueError):
        info = None
    if info is None or info.name.replace("_", "-") in _NOT_FOR_FILES:
        message = f"no text encoding is called {told!r}; name one such as utf-8, cp1252, latin-1 or utf-16"
        raise SourceError(message, "invalid_option")
    return "utf-8" if info.name == "utf-8-sig" else info.name


def _check_told(head: bytes, name: str, marked: str | None, where: str) -> Encoding:
    wide = name.startswith(("utf-16", "utf-32"))
    if marked is not None and marked != "utf-8" and not marked.startswith(name):
        message = f"{where}begins with the byte order mark of {marked}, so it is not {name}; {_ADVICE} or name none"
        raise SourceError(message, "encoding_error")
    pattern = marked or _wide(head)
    if pattern not in {None, "utf-8"} and not wide:
        message = f"{where}holds NUL bytes as {pattern} does, so it is not {name}; {_ADVICE}"
        raise SourceError(message, "encoding_error")
    if wide and len(head) > 3 and b"\0" not in head:
        raise SourceError(f"{where}holds no NUL byte, so it is not {name}; {_ADVICE}", "encoding_error")
    if name in {"utf-16", "utf-32"} and marked is None:
        # Without a mark the order of the bytes shows in the first character, which is one of ASCII in any header.
        name += "-be" if head.startswith(b"\0") else "-le"
    elif not wide:
        _check_lines(head, name, where)
    return Encoding(name, marked is not None and marked.startswith(name), "told")


def _check_lines(head: bytes, name: str, where: str) -> None:
    """Refuse the encoding where three lines or more are there and none but the first can be read."""
    lines = [line for line in head.splitlines()[1:] if line.strip()]
    if len(lines) < 3:
        return
    for line in lines:
        try:
            line.decode(name)
        except UnicodeError:
            continue
        return
    raise SourceError(f"{where}no line of it can be read as {name}; {_ADVICE} or name none", "encoding_error")


def _wide(head: bytes) -> str | None:
    """Return which UTF-16 or UTF-32 puts NULs where they stand; None where they show no such pattern."""
    head = head[:_PATTERN_BYTES]
    head = head[: len(head) & ~1]
    if head.count(0) < _FEWEST_NULS:
        return None
    nuls = [head[place::4].count(0) / max(len(head[place::4]), 1) for place in range(4)]
    # Delimiters, digits and line ends are ASCII in any script: a quarter of the characters at the least.
    if min(nuls[2], nuls[3]) > 0.9 and nuls[0] < 0.1:
        return "utf-32-le"
    if min(nuls[0], nuls[1]) > 0.9 and nuls[3] < 0.1:
        return "utf-32-be"
    even, odd = (nuls[0] + nuls[2]) / 2, (nuls[1] + nuls[3]) / 2
    if odd > 0.1 and even < odd / 8 and _in_pairs(head[::2], head[1::2]):
        return "utf-16-le"
    if even > 0.1 and odd < even / 8 and _in_pairs(head[1::2], head[::2]):
        return "utf-16-be"
    return None


def _in_pairs(low: bytes, high: bytes) -> bool:
    """Tell whether most delimiters and line ends have a NUL beside them: text with stray NULs has most without."""
    nuls = [byte == 0 for byte, other in zip(high, low, strict=True) if other in _SEPARATORS]
    return sum(nuls) * 2 > len(nuls)


def _by_content(head: bytes, more: Callable[[], Iterable[bytes]] | None) -> Encoding:
    """Tell UTF-8, whole or damaged, from a legacy encoding."""
    is_utf8 = _is_utf8(head)
    if is_utf8 and not head.isascii():
        return Encoding("utf-8")
    pieces = [head, *(more() if more is not None else ())]
    if is_utf8 and all(_is_utf8(piece) for piece in pieces[1:]):
        return Encoding("utf-8")
    sample = b"\n".join(pieces)
    characters = len(_CHARACTER.findall(sample))
    others = len(_BEYOND_ASCII.findall(_CHARACTER.sub(b"", sample)))
    share = characters / (characters + others)
    if share >= _BY_CHANCE:
        return Encoding("utf-8")
    from leadsieve_connectors.sources.legacy import propose

    proposal = propose(sample)
    if share >= _BY_CHANCE_ELSE and (proposal.name not in _LIKE_UTF8 or proposal.share < _OWN_SCRIPT):
        return Encoding("utf-8")
    return Encoding(proposal.name, how="proposed" if proposal.sure else "guessed", alternatives=proposal.alternatives)


def _is_utf8(data: bytes) -> bool:
    """Tell whether the bytes are UTF-8, the last character of which may be cut."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)
    except UnicodeDecodeError:
        return False
    return True


class TextStream:
    """A byte stream read as UTF-8, without its byte order mark.

    A byte that is not text of the encoding comes out as the lone surrogate U+DC00 + byte, which is not valid UTF-8, and
    reading resumes with the next one: what follows is never swallowed.

    Args:
        stream: The source's bytes, from the start.
        encoding: A codec's name from `detect_encoding`.
    """

    def __init__(self, stream: Readable, encoding: str) -> None:
        self._stream = stream
        wide = encoding.startswith(("utf-16", "utf-32"))
        errors = _MARK_UNITS if wide else _MARK_BYTES
        self._decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)(errors)
        # UTF-8's mark before text of another encoding is one all the same; a wide encoding's is a character of it.
        self._marked_bytes, self._marked_text = not wide, wide
        self._head = b""

    def read(self, size: int) -> bytes:
        """Return the next piece of text as UTF-8: about `size` bytes; empty only at the end."""
        while True:
            raw = self._stream.read(size)
            if self._marked_bytes:
                # The mark may come in pieces: nothing is passed on before three bytes are here.
                self._head += raw
                if raw and len(self._head) < len(codecs.BOM_UTF8):
                    continue
                head, self._marked_bytes, self._head = self._head, False, b""
                text = self._decode(head.removeprefix(codecs.BOM_UTF8), last=not raw)
            else:
                text = self._decode(raw, last=not raw)
            if text and self._marked_text:
                self._marked_text = False
                text = text.removeprefix(codecs.BOM_UTF8)
            if text or not raw:
                return text

    def _decode(self, raw: bytes, *, last: bool) -> bytes:
        if self._decoder is None:
            return raw
        return self._decoder.decode(raw, last).encode("utf-8", "surrogatepass")


def _mark_bytes(error: UnicodeError) -> tuple[str, int]:
    """Mark the first byte only: what follows it may be the delimiter or line end of a sound record."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return chr(0xDC00 + error.object[error.start]), error.start + 1


def _mark_units(error: UnicodeError) -> tuple[str, int]:
    """Mark a whole code unit: the next one starts where this one ends."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


_MARK_BYTES, _MARK_UNITS = "leadsieve_mark", "leadsieve_mark_units"
codecs.register_error(_MARK_BYTES, _mark_bytes)
codecs.register_error(_MARK_UNITS, _mark_units)
