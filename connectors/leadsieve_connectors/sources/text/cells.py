"""What the cell of a text looks like: a phone, a number, a date, words, or a place where it was split wrongly."""

from __future__ import annotations

import re
from enum import StrEnum


class Kind(StrEnum):
    """What a cell looks like."""

    EMPTY = "empty"
    PHONE = "phone"
    NUMBER = "number"
    DATE = "date"
    ADDRESS = "address"
    WORDS = "words"


# A longer cell is text, whatever it holds.
_LONGEST = 300
_DAY = r"(?:\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))"
_TIME = r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?[AaPp][Mm])?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?"
_NUMBER = r"[-+(]?[$€£¥₹]?\s?-?(?:\d{1,3}(?:[,.'\s]\d{3})+|\d+)?(?:[.,]\d+|\d)(?:[eE][-+]?\d+)?\)?\s?[%$€£¥₹]?"
# An international or national number; or one that a spreadsheet made a float of: 9.19E+11.
_PHONE = r"(?=(?:\D*\d){7,17}\D*\Z)[+(]?\d[\d ().+/-]*|\d(?:[.,]\d+)?[eE]\+?(?:0?[6-9]|1[0-6])"
_PHONE_PARTS = re.compile(_PHONE)
_KINDS = (
    (Kind.DATE, re.compile(rf"{_DAY}(?:[T ]+{_TIME})?|{_TIME}(?: {_DAY})?")),
    (Kind.PHONE, _PHONE_PARTS),
    (Kind.NUMBER, re.compile(_NUMBER)),
    (
        Kind.ADDRESS,
        re.compile(r"[^@\s,;|]+@[^@\s,;|]+\.\w+|(?:https?|ftp)://[^\s|]+|www\.[^\s|]+|\d{1,3}(?:\.\d{1,3}){3}"),
    ),
)


def kind_of(cell: str) -> Kind:
    """Return what the cell looks like; `WORDS` where it looks like nothing else.

    Example:
        >>> [kind_of(cell).value for cell in ("", "+1 (415) 555-0100", "9.19E+11", "1,5", "2024-01-31", "Mobile No.")]
        ['empty', 'phone', 'phone', 'number', 'date', 'words']
    """
    cell = cell.strip()
    if not cell:
        return Kind.EMPTY
    if len(cell) <= _LONGEST and (not cell[-1].isalpha() or "." in cell):
        for kind, pattern in _KINDS:
            if pattern.fullmatch(cell):
                return kind
    return Kind.WORDS


class Plausibility:
    """Judges whether a cell is what somebody would write into one, or still holds what separates cells.

    Args:
        separators: The characters that may separate the cells of this text, white space aside.
    """

    def __init__(self, separators: str) -> None:
        plain = re.escape("".join(set(separators) | set("\t")))
        self._separator = re.compile(f"[{plain}]")
        # "Austin, TX" and "Note: call" are prose; "1;2" and "a|b" are not.
        self._in_no_prose = re.compile(rf"[{plain}](?:(?<![,;:])|(?![ \n]|\Z))")

    def __call__(self, cell: str) -> float:
        """Return from 0 to 1 how plausible the unquoted cell is."""
        if cell.count('"') % 2:
            return 0.3
        if not self._separator.search(cell) or kind_of(cell.strip('" ')) is not Kind.WORDS:
            return 1.0
        if "\t" in cell:
            return 0.1
        # Several phones in one cell; numbers there are rather the ends of two.
        if {kind_of(part) for part in self._separator.split(cell)} in ({Kind.PHONE}, {Kind.ADDRESS}):
            return 0.8
        if not self._in_no_prose.search(cell):
            return 0.7 if ";" not in cell and len(self._separator.findall(cell)) < 3 else 0.4
        return 0.5 if cell[0] + cell[-1] in {"{}", "[]"} else 0.25
