"""Header names: how they are compared, which stand for a field, and what one that is unknown resembles."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Likeness, from 0 to 1, from which on a header is a slip of a known name: one letter in five.
TAKEN_FROM = 0.8
#: How much less it must resemble every name that stands for something else.
MARGIN = 0.1
#: Likeness from which on the field is proposed.
PROPOSED_FROM = 0.75
#: A slip in a shorter word is never taken: it is one letter away from too many others ("mob no", "job no").
_FUZZY_LETTERS = 5
#: A word so long is found within another one too ("phonecountry").
_WITHIN_LETTERS = 6
#: The end of the alphabets (Latin, Greek, Cyrillic) in which one letter is no word or syllable of its own.
_ALPHABETS_END = "\u0590"

_NUMBERED = re.compile(r"(.*\D)0?([1-9]\d?)", re.DOTALL)


def fold_header(header: str) -> str:
    """Reduce a header to what is compared: letters and digits, without case, accents, spaces or punctuation.

    Example:
        >>> fold_header("Mobile No."), fold_header("PhoneNumber") == fold_header(" phone_number")
        ('mobileno', True)
    """
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", header).casefold())
    # Marks that do not combine as accents carry meaning in Indic scripts (vowel signs), so they stay.
    kept = (c for c in text if c.isalnum() or (unicodedata.category(c)[0] == "M" and not unicodedata.combining(c)))
    return "".join(kept)


def split_number(folded: str) -> tuple[str, int]:
    """Split the number off a folded name: `phone2` is the second `phone`; where there is none it is 0."""
    numbered = _NUMBERED.fullmatch(folded)
    return (numbered[1], int(numbered[2])) if numbered else (folded, 0)


@dataclass(frozen=True, slots=True)
class Tables:
    """What `columns.toml` says.

    Attributes:
        synonyms: Field to the names that stand for it in any profile, in order of preference.
        unsure: Field to the names that may stand for it as well as not.
        other: Names of something else.
        words: Folded words that make a header something about a field.
        bare: Folded names of the name that mean a part of it beside a column of the other part.
        given: Folded names of columns of first names.
        family: Folded names of columns of last names.
    """

    synonyms: Mapping[str, tuple[str, ...]]
    unsure: Mapping[str, tuple[str, ...]]
    other: tuple[str, ...]
    words: frozenset[str]
    bare: frozenset[str]
    given: frozenset[str]
    family: frozenset[str]


@cache
def load_tables() -> Tables:
    """Load `columns.toml`."""
    text = files("leadsieve_rules").joinpath("columns.toml").read_text(encoding="utf-8")
    data: dict[str, Any] = tomllib.loads(text)
    synonyms = {field: sum(map(tuple, languages.values()), ()) for field, languages in data["synonyms"].items()}
    unsure = {field: tuple(names) for field, names in data["unsure"].items()}
    parts = {part: frozenset(map(fold_header, names)) for part, names in data["name_parts"].items()}
    words = frozenset(map(fold_header, data["other"]["words"]))
    return Tables(synonyms, unsure, tuple(data["other"]["names"]), words, **parts)


@dataclass(frozen=True, slots=True)
class Guess:
    """What a header resembles.

    Attributes:
        field: The field that it may stand for.
        kind: "slip": it resembles a name of this field so much, and everything else so much less, that it may
            be taken. "within": such a name is among its words. "like": it resembles one. "unsure": it is a name
            of the field as often as not.
        likeness: How much it resembles the name, from 0 to 1; 0 where that is not why.
    """

    field: str
    kind: Literal["slip", "within", "like", "unsure"]
    likeness: float = 0.0


class Guesser:
    """Guesses what headers stand for that are no known name.

    Args:
        fields: Known name to its field; the names need not be folded.
        others: Names of something else, which may not be taken for these.
        unsure: Name to the field that is proposed for it and never taken.
        telling: The field that is proposed for any header with one of its names within ("Parent's mobile").
    """

    def __init__(
        self, fields: Mapping[str, str], others: Iterable[str], unsure: Mapping[str, str], telling: str
    ) -> None:
        self._telling = telling
        self._unsure = {fold_header(name): field for name, field in unsure.items()}
        self._known: dict[str, list[tuple[_Name, str | None]]] = {}
        for name, field in [*fields.items(), *((name, None) for name in (*others, *unsure))]:
            known = _name(name)
            self._known.setdefault(known.folded, []).append((known, field))
        # The first letter is right in nearly every slip, and wrong in most pairs of different words (mobile, nobile).
        self._near_by: dict[str, list[str]] = {}
        for folded in self._known:
            self._near_by.setdefault(folded[0], []).append(folded)

    def guess(self, header: str) -> Guess | None:
        """Guess what a header stands for; None where it resembles nothing, or something else more."""
        name = _Name.of(header)
        if name.folded in self._unsure:
            return Guess(self._unsure[name.folded], "unsure")
        if name.folded in self._known:
            return None
        near = self._near(name) if len(name.folded) >= _FUZZY_LETTERS and name.in_alphabet else None
        if near is not None and near.kind == "slip":
            return near
        if self._has_within(name):
            return Guess(self._telling, "within")
        return near

    def _near(self, name: _Name) -> Guess | None:
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        choices = self._near_by.get(name.folded[0], ())
        found = process.extract(
            name.folded, choices, scorer=OSA.normalized_similarity, score_cutoff=PROPOSED_FROM, limit=None
        )
        slips = [
            (_slip(name, known), whole, field, known)
            for folded, whole, _ in found
            for known, field in self._known[folded]
        ]
        alike = [
            (slip, whole, field)
            for slip, whole, field, known in slips
            if field is None or not _says_more(name, known.words if slip else ())
        ]
        likeness, whole, field = max(alike, key=lambda one: one[:2], default=(0.0, 0.0, None))
        if field is None:
            return None
        second = max((slip for slip, _, other in alike if other != field), default=0.0)
        if likeness >= TAKEN_FROM and likeness - second >= MARGIN:
            return Guess(field, "slip", likeness)
        return Guess(field, "like", whole)

    def _has_within(self, name: _Name) -> bool:
        """Tell whether some of the words are a name of the telling field, and none says that it is about it."""
        ends = range(1, len(name.words) + 1)
        for known, field in (
            one for end in ends for start in range(end) for one in self._known.get("".join(name.words[start:end]), ())
        ):
            if field == self._telling and not _says_more(name, known.words):
                return True
        return False


@dataclass(frozen=True, slots=True)
class _Name:
    """A header as it is compared: all of it folded, and its folded words, without a number at the end."""

    folded: str
    words: tuple[str, ...]

    @classmethod
    def of(cls, header: str) -> _Name:
        folded, number = split_number(fold_header(header))
        words = _words(header)
        return cls(folded, words[:-1] if number and len(words) > 1 else words)

    @property
    def in_alphabet(self) -> bool:
        """Whether a letter more or less leaves the rest of the name what it was."""
        return max(self.folded, default="") < _ALPHABETS_END


@cache
def _name(header: str) -> _Name:
    """Return a name of a table as it is compared; they are few and come again."""
    return _Name.of(header)


def _words(header: str) -> tuple[str, ...]:
    """Split a header into folded words: where it is no letter or digit, and where case or kind change."""
    spaced, before = [], " "
    for c in unicodedata.normalize("NFKC", header):
        if (before.islower() and c.isupper()) or (before.isalnum() and c.isalnum() and before.isdigit() != c.isdigit()):
            spaced.append(" ")
        spaced.append(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " ")
        before = c
    return tuple(filter(None, map(fold_header, "".join(spaced).split())))


def _slip(name: _Name, known: _Name) -> float:
    """Return how likely a name is a known one with a slip of the pen, from 0 to 1.

    They are compared word by word where both have as many, else as a whole.
    """
    if len(name.words) == len(known.words):
        return min(map(_word_slip, name.words, known.words), default=0.0)
    if max(map(len, known.words)) < _FUZZY_LETTERS:
        return 0.0
    return _word_slip(name.folded, known.folded)


def _word_slip(word: str, known: str) -> float:
    """Return how likely a word is a known one with one slip: a letter lost, added, swapped or wrong.

    Of five letters one wrong letter makes another word ("phone" and "prone"); a shorter word must be equal.
    """
    from rapidfuzz.distance import OSA

    if word == known:
        return 1.0
    if len(known) < _FUZZY_LETTERS or OSA.distance(word, known) > 1:
        return 0.0
    if len(word) == len(known) == _FUZZY_LETTERS and sorted(word) != sorted(known):
        return 0.0
    return OSA.normalized_similarity(word, known)


def _says_more(name: _Name, but: tuple[str, ...]) -> bool:
    """Tell whether a header has a word, but for these, that makes it something about a field."""
    return any(
        word not in but and (word in name.words or (len(word) >= _WITHIN_LETTERS and word in name.folded))
        for word in load_tables().words
    )
