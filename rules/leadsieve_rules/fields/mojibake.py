"""Mojibake: UTF-8 that was decoded as something else, such as `MÃ¼ller` for `Müller`, told from real words.

A text that was UTF-8 can be put back: written in the wrong encoding and read as UTF-8 it gives fewer, plainer
characters. Real words hardly ever do, and where they do (`ORĂŞTIE`, `MENÜ“`) what comes out does not fit in: a small
letter among capitals, a letter of another script inside a word.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

#: The encodings for which UTF-8 is mistaken, by what is met most. Windows-1252 stands for Latin-1 too.
_ENCODINGS = ("cp1252", "cp1251", "cp1250", "cp1253", "cp1256", "cp1255", "mac_roman", "cp850", "cp437")
_RUN = re.compile(r"[^\x00-\x7f]+")
#: What may end a word or a quotation, and is a letter's second half by chance.
_CLOSERS = frozenset("\u2019\u201d\u201c\xbb\u203a\u2026\u2013\u2014\u2122\xae\xa9")
#: Letters of Latin writing, of other writings, of East Asia among these, and signs: what a lead's text is made of.
_LATIN = re.compile(r"[\u00c0-\u017f\u018f\u0192\u01a0\u01a1\u01af\u01b0\u0218-\u021b\u0259\u1e80-\u1ef9]")
_EAST = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff01-\uffee"
_OTHER = re.compile(
    r"[\u0386-\u03ce\u0401\u0404-\u0407\u0410-\u044f\u0451-\u0457\u0490\u0491\u0531-\u0587\u05d0-\u05ea\u060c"
    rf"\u061b-\u06d5\u06f0-\u06f9\u0900-\u0dff\u0e01-\u0e5b\u10d0-\u10fa{_EAST}]"
)
_EAST_ASIAN = re.compile(rf"[\u3000-\u303f{_EAST}]+")
_SIGN = re.compile(r"[\u00a0-\u00bf\u02c6-\u02dc\u2010-\u2044\u20a0-\u2122\ufeff\ufffd\U0001f300-\U0001faff]")
#: How often UTF-8 may have been mistaken, one time upon the other.
_TIMES = 3


@cache
def _bytes_of(encoding: str) -> dict[str, int]:
    """Return the character of each byte past ASCII; bytes without one are the control characters of Latin-1."""
    found = {chr(byte): byte for byte in range(0x80, 0xA0)}
    for byte in range(0x80, 0x100):
        character = bytes([byte]).decode(encoding, "replace")
        if character != "\ufffd":
            found[character] = byte
    return found


def pattern() -> str:
    """Return a regular expression, for any engine that is linear, that all mojibake matches and few words do."""
    pieces = []
    for encoding in _ENCODINGS:
        rest = _among(encoding, 0x80, 0xBF)
        pieces += [
            f"{_among(encoding, 0xC2, 0xDF)}{rest}",
            f"{_among(encoding, 0xE0, 0xEF)}{rest}{{2}}",
            f"{_among(encoding, 0xF0, 0xF4)}{rest}{{3}}",
        ]
    return "|".join(pieces)


def _among(encoding: str, first: int, last: int) -> str:
    """Write the class of the characters of a range of bytes."""
    return "[" + "".join(char for char, byte in _bytes_of(encoding).items() if first <= byte <= last) + "]"


def unmistaken(text: str) -> str | None:
    """Return what a text says if its UTF-8 is no longer mistaken for another encoding; None where it is not.

    Args:
        text: Any text.

    Example:
        >>> unmistaken("MÃ¼ller"), unmistaken("Müller"), unmistaken("ORĂŞTIE")
        ('Müller', None, None)
    """
    best, most, mistaken = None, 0, ""
    for encoding in _ENCODINGS:
        plainer, weight, whole = _read_as_utf8(text, encoding)
        if weight > most:
            best, most, mistaken = plainer, weight, encoding
        if weight and whole:
            break
    if best is None:
        return None
    for _ in range(_TIMES - 1):
        plainer, weight, _ = _read_as_utf8(best, mistaken)
        if not weight:
            break
        best = plainer
    return best


def _read_as_utf8(text: str, encoding: str) -> tuple[str, int, bool]:
    """Put back what an encoding was mistaken for.

    Returns:
        The text, how many characters tell that it was mistaken (0 where that is chance), and whether all of it was.
    """
    table, pieces, done = _bytes_of(encoding), [], 0
    weights: Counter[str] = Counter()
    others: set[str] = set()
    whole = True
    for run in _RUN.finditer(text):
        try:
            plain = bytes([table[character] for character in run[0]]).decode("utf-8")
        except (KeyError, UnicodeDecodeError):
            whole = False
            continue
        kinds = _kinds(text, run.start(), plain)
        if kinds is None:
            whole = False
            continue
        pieces += [text[done : run.start()], plain]
        done = run.end()
        weights.update(kinds)
        others.update(character for character, kind in zip(plain, kinds, strict=True) if kind == "other")
    # One letter of a script by itself may be chance; two are not.
    if not weights["sure"] and len(others) < 2:
        return text, 0, False
    return "".join([*pieces, text[done:]]), weights.total(), whole


def _kinds(text: str, start: int, plain: str) -> list[str] | None:
    """Tell how sure each character of a run put back is; None where one does not fit into its word."""
    kinds = []
    at = start
    for character in plain:
        end = at + len(character.encode())
        kind = "other" if _OTHER.match(character) else _kind(text, at, end, character)
        if kind is None:
            return None
        kinds.append(kind)
        at = end
    if "other" in kinds and (_letter(text, start - 1) or _letter(text, at)):
        # East Asian text has Latin letters beside its own; other scripts have a space between.
        return kinds if len(kinds) > 1 and _EAST_ASIAN.fullmatch(plain) else None
    return kinds


def _kind(text: str, at: int, end: int, character: str) -> str | None:
    """Judge one Latin letter or sign put back, in place of `text[at:end]`."""
    latin = _LATIN.match(character)
    if not latin and not _SIGN.match(character):
        return None
    word = _word_around(text, at, end)
    if latin and character.isalpha():
        if text[at].isalpha() and not _is_latin(text[at]) and not word:
            return None
        if (character.islower() and word.isupper()) or (character.isupper() and text[at - 1 : at].islower()):
            return None
    return "doubtful" if end - at == 2 and _may_close(text, at) else "sure"


def _may_close(text: str, at: int) -> bool:
    """Tell whether two characters may be the last letter of a word in capitals and what comes after the word."""
    before, letter, sign, after = text[at - 1 : at], text[at], text[at + 1], text[at + 2 : at + 3]
    if not letter.isalpha() or sign not in _CLOSERS or before.islower():
        return False
    # An apostrophe may come before more of the word, and so may a dash, but hardly a word ends in Ã.
    return not after.isalpha() or (before.isupper() and (sign == "\u2019" or letter != "Ã"))


def _word_around(text: str, at: int, end: int) -> str:
    """Return the ASCII letters that stand before and after a place without a gap."""
    first, last = at, end
    while _letter(text, first - 1):
        first -= 1
    while _letter(text, last):
        last += 1
    return text[first:at] + text[end:last]


def _letter(text: str, at: int) -> bool:
    return 0 <= at < len(text) and text[at].isascii() and text[at].isalpha()


def _is_latin(character: str) -> bool:
    return ord(character) < 0x250
