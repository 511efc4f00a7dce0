"""The tables of a report: columns of text and numbers, cut where they would be endless, the rest added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Cell = str | int


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a page.

    Attributes:
        caption: What it is.
        heads: The heads of its columns.
        rows: Its cells; whole numbers and shares stand to the right.
        total: The last row, which is all others together; None where there is none.
    """

    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    total: Sequence[Cell] | None = None

    @property
    def numeric(self) -> frozenset[int]:
        """The places of the columns that hold numbers or shares of them."""
        places = range(1, len(self.heads))
        return frozenset(at for at in places if all(_is_number(row[at]) for row in self.rows))


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, int) or cell.endswith(" %")


def cut(rows: Sequence[tuple[Sequence[str], Sequence[int]]], most: int, what: str) -> list[tuple[list[str], list[int]]]:
    """Keep the first rows of a table, and add the others up in one.

    Args:
        rows: Its names and numbers, the most important first.
        most: Rows that are kept, before the one that has the others.
        what: What the others are, in the plural.

    Example:
        >>> cut([(["a"], [5]), (["b"], [2]), (["c"], [1])], 1, "files")
        [(['a'], [5]), (['2 other files'], [3])]
    """
    kept = [(list(names), list(numbers)) for names, numbers in rows]
    if len(kept) <= most + 1:  # one row alone is told as shortly as its sum
        return kept
    others = kept[most:]
    names = [f"{len(others):,} other {what}", *[""] * (len(others[0][0]) - 1)]
    numbers = [sum(column) for column in zip(*(numbers for _, numbers in others), strict=True)]
    return [*kept[:most], (names, numbers)]


def joined(rows: Sequence[tuple[Sequence[str], Sequence[int]]]) -> list[list[Cell]]:
    """Put the names and numbers of each row side by side."""
    return [[*names, *numbers] for names, numbers in rows]
