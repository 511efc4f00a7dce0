"""Whether the first record of a text names its columns, and what stands before the one that does."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leadsieve_connectors.sources.text.cells import Kind, kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOOKED_AT, _LOOKED_AT_CELLS = 100, 3000
# Of the cells below it that are not empty, so many of a kind make it the kind of the column.
_MOST = 0.8
_NEARLY_ALL = 0.9
#: What speaks for a header.
HEADER_LIKE = "its cells are words, those below them are not"
_TYPED = {Kind.PHONE, Kind.NUMBER, Kind.DATE, Kind.ADDRESS}


@dataclass(frozen=True, slots=True)
class HeaderFound:
    """Whether a record is a header.

    Attributes:
        present: It is taken for one.
        why: The evidence, as a clause; "" where there is none and it is only the usual case.
    """

    present: bool
    why: str = ""


def find_header(rows: Sequence[Sequence[str]]) -> HeaderFound:
    """Judge the first of the rows by what its own columns hold below it.

    A header that is taken for data costs a rejected row; data taken for a header is a lead lost. So a phone, an email
    address or a link among the cells decides alone.

    Args:
        rows: The cells of the first records that are not blank.
    """
    if not rows:
        return HeaderFound(True)
    first = rows[0]
    looked_at = max(5, min(_LOOKED_AT, _LOOKED_AT_CELLS // max(1, len(first))))
    body = [row for row in rows[1 : 1 + looked_at] if len(row) == len(first)]
    kinds = [kind_of(cell) for cell in first]
    for kind, what in ((Kind.PHONE, "a phone number"), (Kind.ADDRESS, "an address")):
        if kind in kinds:
            return HeaderFound(False, f"the first row holds {what}")
    for_it, against = 0, 0
    for column, kind in enumerate(kinds):
        below = [row[column] for row in body if row[column].strip()]
        usual, count = Counter(map(kind_of, below)).most_common(1)[0] if below else (Kind.EMPTY, 0)
        if kind is Kind.EMPTY or count < _MOST * len(below) or not below:
            continue
        if usual in _TYPED:
            for_it, against = for_it + (kind is Kind.WORDS), against + (kind in _TYPED)
        elif kind is Kind.WORDS and below.count(first[column]) > 1:
            against += 1
    if against > for_it:
        return HeaderFound(False, "the first row looks like those below it")
    return HeaderFound(True, HEADER_LIKE if for_it > against else "")


def preamble_records(rows: Sequence[Sequence[str]], width: int) -> int:
    """Return how many records stand before the header, such as a title.

    Args:
        rows: The cells of the first records that are not blank; none for one that cannot be read.
        width: How many cells most records have.

    Returns:
        0 where the first is the header, or no later one looks more like it.
    """
    if width < 2:
        return 0
    before = 0
    # Below a title, more lines of text may stand, with commas of their own.
    while before < len(rows) and (_is_aside(rows[before], width) or (before and len(rows[before]) != width)):
        before += 1
    before = before or _narrower(rows, width)
    above, rest = rows[:before], rows[before:]
    # Where half of the table is filled in the same places, a narrow record on top is one of its rows.
    places = {_filled(row) for row in above}
    alike = sum(_is_aside(row, width) and _filled(row) in places for row in rest)
    if len(rest) < 2 or alike > 0.5 * len(rest):
        return 0
    # What holds a phone or an address is a lead, with most of its cells empty.
    if any(kind_of(cell) in {Kind.PHONE, Kind.ADDRESS} for row in above if len(row) == width for cell in row):
        return 0
    return before


def _narrower(rows: Sequence[Sequence[str]], width: int) -> int:
    """Return how many records, two at the least, have fewer cells than nearly all that follow: names and values."""
    count = next((at for at, row in enumerate(rows) if len(row) >= width), 0)
    as_wide = sum(len(row) == width for row in rows[count:])
    return count if count > 1 and as_wide >= _NEARLY_ALL * (len(rows) - count) else 0


def _filled(row: Sequence[str]) -> tuple[int, ...]:
    return tuple(column for column, cell in enumerate(row) if cell.strip())


def _is_aside(row: Sequence[str], width: int) -> bool:
    """Tell whether the record has next to no cells: a title, a date, a line of dashes."""
    filled = sum(bool(cell.strip()) for cell in row)
    return filled <= (width / 3 if width > 2 or len(row) == width else 1)
