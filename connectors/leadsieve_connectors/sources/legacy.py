"""Which legacy encoding a text has, by the letters of the languages that each was made for."""

from __future__ import annotations

import math
import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Taken where nothing speaks for another.
DEFAULT = "cp1252"
# Only lines with bytes beyond ASCII say anything, and so many bytes of them say enough.
_LOOKED_AT = 1 << 15
# Natural logarithms. An advantage below the margin is no evidence: about one letter's worth of chance.
_MARGIN = 5.0
_FEW = 5
_FEW_KINDS = 3
_SYMBOL, _FOREIGN, _STRAY, _IMPOSSIBLE = -5.0, -9.0, -9.5, -14.0
_CAPITAL = math.log(0.2)
_BROKEN_WORD = -3.0
# How much less likely than cp1252 an encoding is before its bytes are seen.
_RARE = {"mac_roman": -5.0, "cp437": -6.0, "cp850": -6.0, "cp852": -6.0, "cp866": -5.0, "euc_jp": -5.0, DEFAULT: 0.0}
_RARE_ELSE = -3.0

_LINE = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*")
_BEYOND = re.compile(r"[^\x00-\x7f]+")
# A capital after a small letter, a symbol between letters, a letter alone: hardly a word looks so.
_CASE = re.compile(
    r"[a-z\xdf-\xf6\xf8-\xff\u0430-\u045f\u03b1-\u03ce][A-Z\xc0-\xd6\xd8-\xde\u0400-\u042f\u0391-\u03a9](?=\w)"
)
_ALONE = re.compile(r"(?<!\w)[^\W\d_\x00-\x7f](?!\w)")
_INSIDE = re.compile(r"(?<=[^\W\d_])[^\w\s\x00-\x7f\u2018\u2019\xb7](?=[^\W\d_])")
# An accented letter behind a digit (where a degree or an ordinal sign stands), or two scripts in one word.
_DOUBTFUL = re.compile(r"[0-9][\xc0-\u024f]|[A-Za-z][\u0370-\u04ff]|[\u0370-\u04ff][A-Za-z]")
_DOUBTFUL_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Proposal:
    """A legacy encoding, and how sure it is.

    Attributes:
        name: The codec.
        sure: Its text is clearly likelier than every other that was looked at.
        alternatives: Codecs that give another text, the likeliest first.
        share: Part of the characters beyond ASCII that are letters of the language found, 0 to 1.
    """

    name: str
    sure: bool
    alternatives: tuple[str, ...]
    share: float


def propose(sample: bytes) -> Proposal:
    """Return the encoding under which the bytes beyond ASCII are likeliest to be names and addresses.

    The likelihood of a text is that of its letters in the language that fits it best, less what no word has: a
    capital behind a small letter, a symbol between letters, a control character.

    Args:
        sample: Bytes of the text, of which some are beyond ASCII.
    """
    lines = _lines(sample)
    texts = {codec: lines.decode(codec, "replace") for codec in _tables()}
    ranked = sorted(((*_likelihood(text, codec), codec) for codec, text in texts.items()), key=_rank)
    scores = {codec: score for score, _, codec in ranked}
    best = ranked[0][2]
    doubtful = len(_DOUBTFUL.findall(texts[best])) > _DOUBTFUL_SHARE * len(_BEYOND.findall(texts[best]))
    if scores[best] - scores[DEFAULT] < _MARGIN or doubtful:
        best = DEFAULT
    others = tuple(codec for _, _, codec in ranked if texts[codec] != texts[best])
    share = next(share for _, share, codec in ranked if codec == best)
    enough = sum(map(len, _BEYOND.findall(texts[best]))) >= _FEW
    # One or two characters, however often they come, are letters in many encodings.
    enough = enough and len({byte for byte in lines if byte >= 0x80}) >= _FEW_KINDS
    sure = enough and not doubtful and (not others or scores[best] - scores[others[0]] >= _MARGIN)
    return Proposal(best, sure, others[:3], share)


def _rank(scored: tuple[float, float, str]) -> tuple[float, int]:
    return -scored[0], list(_tables()).index(scored[2])


def _lines(sample: bytes) -> bytes:
    kept, size = [], 0
    for match in _LINE.finditer(sample):
        kept.append(match[0][:_LOOKED_AT])
        size += len(kept[-1])
        if size > _LOOKED_AT:
            break
    return b"\n".join(kept)


def _likelihood(text: str, codec: str) -> tuple[float, float]:
    """Return the logarithm of the text's likelihood in its likeliest language, and the share of that one's letters."""
    counts = Counter("".join(_BEYOND.findall(text)))
    section = _tables()[codec]
    odd = (_CASE, _INSIDE) if section.ranges else (_CASE, _INSIDE, _ALONE)
    broken = _BROKEN_WORD * sum(len(pattern.findall(text)) for pattern in odd)
    scored = ((_sum(counts, letters, section.ranges), letters) for letters in section.languages)
    score, letters = max(scored, key=lambda pair: pair[0])
    own = sum(count for char, count in counts.items() if char in letters or section.in_ranges(char))
    return score + broken + _RARE.get(codec, _RARE_ELSE), own / max(counts.total(), 1)


def _sum(counts: Counter[str], letters: Mapping[str, float], ranges: Sequence[tuple[str, str, int]]) -> float:
    return sum(count * _weight(char, letters, ranges) for char, count in counts.items())


def _weight(char: str, letters: Mapping[str, float], ranges: Sequence[tuple[str, str, int]]) -> float:
    known = letters.get(char)
    if known is not None:
        return known
    for first, last, size in ranges:
        if first <= char <= last:
            return -math.log(size)
    if char < "\xa0" or char == "\ufffd" or "\ue000" <= char <= "\uf8ff":
        return _IMPOSSIBLE
    return _FOREIGN if char.isalpha() else _STRAY


@dataclass(frozen=True, slots=True)
class _Script:
    """What the texts of one codec are made of.

    Attributes:
        languages: For each language the natural logarithm of how frequent each character is.
        ranges: First and last character of each range, and the number of characters that share it.
    """

    languages: tuple[Mapping[str, float], ...]
    ranges: tuple[tuple[str, str, int], ...]

    def in_ranges(self, char: str) -> bool:
        """Tell whether the character is in one of the ranges."""
        return any(first <= char <= last for first, last, _ in self.ranges)


@cache
def _tables() -> dict[str, _Script]:
    """Return what the texts of each codec are made of, in the order of preference."""
    text = resources.files(__package__).joinpath("letters.toml").read_text(encoding="utf-8")
    sections = tomllib.loads(text)
    symbols = dict.fromkeys(sections.pop("symbols")["common"], _SYMBOL)
    tables = {}
    for section in sections.values():
        languages = tuple({**symbols, **_frequencies(letters)} for letters in section["letters"].values())
        script = _Script(languages, tuple(map(tuple, section.get("ranges", ()))))
        tables.update(dict.fromkeys(section["codecs"], script))
    return tables


def _frequencies(letters: str) -> dict[str, float]:
    """Return the natural logarithm of each letter's frequency: the n-th is about twice as frequent as the 2n-th."""
    total = math.log(sum(1 / (rank + 1.5) for rank in range(len(letters))))
    small = {letter: -math.log(rank + 1.5) - total for rank, letter in enumerate(letters)}
    capitals = {letter.upper(): value + _CAPITAL for letter, value in small.items() if len(letter.upper()) == 1}
    return {**capitals, **small}
