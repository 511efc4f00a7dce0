"""Finds what separates and quotes the cells of a text, from its first records.

The measure is that of van den Burg, Nazábal and Sutton ("Wrangling messy CSV files by detecting row and type
patterns", 2019) in spirit: consistency x plausibility. Under each dialect that the characters allow, the first records
are read as they would be, and

- consistency is the share of records that have as many cells as most have, so that a few bad ones turn nothing;
- plausibility is the mean, over those, of their least plausible cell: one that was split wrongly still holds what
  separates the others;
- more columns are better than fewer, by a little: 1 - 1 / (2 x columns), which is one half for a text of one column;
- a character that seldom separates cells needs more: each has a weight.

The dialect with the largest product is taken. Where another is as good, the plainer one is, and the text is ambiguous.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from leadsieve_connectors.sources.text.cells import Kind, Plausibility, kind_of
from leadsieve_connectors.sources.text.dialect import Dialect
from leadsieve_connectors.sources.text.header import HEADER_LIKE, find_header
from leadsieve_connectors.sources.text.quotes import quotings, raw_cells
from leadsieve_connectors.sources.text.records import RecordReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from leadsieve_connectors.sources.text.records import Record

_RECORDS, _JUDGED, _JUDGED_CELLS = 200, 50, 600
_CANDIDATES = 7
#: What usually separates cells, in the order that decides where two fit equally well.
USUAL = ",;\t|"
_WEIGHTS = dict.fromkeys(USUAL, 1.0) | {"^": 0.9, "~": 0.9, ":": 0.6, "#": 0.7, "*": 0.7, "!": 0.7}
_CONTROL, _OTHER = 0.95, 0.9
# Typographic characters of words and prose; all else beyond ASCII that is no letter may separate.
_PROSE = frozenset("‘’‚“”„–—…·•«»‹›°ºª€£¥₹®©™¿¡\xa0\ufeff\ufffd")  # noqa: RUF001
# A character on fewer lines than this separates nothing.
_LEAST_LINES = 0.1
# A dialect this much as good as the best is as good.
_AS_GOOD = 0.97
# Beside one column, one this much as good is worth saying.
_WORTH_SAYING = 0.7
_UNUSED = "\x1f"
_QUOTED_LINE = re.compile(r'"(?:[^"]|"")*"')
_TYPED = {Kind.PHONE, Kind.NUMBER, Kind.DATE, Kind.ADDRESS}


@dataclass(frozen=True, slots=True)
class Reading:
    """The first records of a text under one dialect.

    Attributes:
        dialect: The dialect.
        records: The records that are not blank.
        width: How many cells most of them have.
        consistency: The share of those.
        plausible: How plausible their cells are, 0 to 1.
        score: How well the dialect fits.
    """

    dialect: Dialect
    records: list[Record]
    width: int
    consistency: float
    plausible: float = 0.0
    score: float = 0.0

    def rows(self, start: int = 0) -> list[list[str]]:
        """Return the records' cells from the `start`-th on; none of one that cannot be split."""
        return [[cell.decode("utf-8", "replace") for cell in record.cells or ()] for record in self.records[start:]]


class Finder:
    """Judges the dialects of one text.

    Args:
        window: The beginning of the text, from its first record.
        last: Nothing follows the window.
        limit: The longest record, in bytes.
    """

    def __init__(self, window: bytes, *, last: bool, limit: int) -> None:
        self._window, self._last, self._limit = window, last, limit
        lines = re.split(r"\r\n|\n|\r", window.decode("utf-8", "replace"))
        self._lines = [line for line in lines if line.strip()][:_RECORDS] or [""]

    def find(self, told: str | None) -> list[Reading]:
        """Return the reading under the dialect that fits best, and then those that fit as well.

        Args:
            told: The delimiter, where it is known.
        """
        if told is not None:
            return [self._quoted_best(told)]
        readings = [self._quoted_best(delimiter) for delimiter in self._candidates]
        one = self._one_column()
        readings = [one, *(reading for reading in readings if reading.width > 1)]
        best = max(reading.score for reading in readings)
        good = [reading for reading in readings if reading.score >= _AS_GOOD * best]
        good.sort(key=lambda reading: (_rank(reading.dialect.delimiter), -reading.score))
        if good[0] is one:
            # Nothing speaks for one column but that all else speaks less.
            worth = _WORTH_SAYING * best
            rest = [
                reading
                for reading in readings
                if reading not in good and (reading.score >= worth or self._in_every_line(reading))
            ]
            good += sorted(rest, key=lambda reading: -reading.score)
        return good

    def _in_every_line(self, reading: Reading) -> bool:
        """Tell whether a usual delimiter stands as often in each line, the header included."""
        counts = {line.count(reading.dialect.delimiter) for line in self._lines}
        return reading.dialect.delimiter in USUAL and len(counts) == 1 and 0 not in counts

    @cached_property
    def _candidates(self) -> list[str]:
        """The characters that may separate cells, the plainest first."""
        on = Counter(char for line in self._lines for char in set(line))
        enough = max(1.0, _LEAST_LINES * len(self._lines))
        found = [char for char, count in on.items() if count >= enough and _may_separate(char)]
        return sorted(found, key=lambda char: (_rank(char), -on[char], char))[:_CANDIDATES]

    @cached_property
    def _plausibility(self) -> Plausibility:
        often = {char for char in "#*!" if sum(char in line for line in self._lines) < 0.9 * len(self._lines)}
        return Plausibility("".join(set(self._candidates) - often - {" "}) or ",")

    def _one_column(self) -> Reading:
        """Return the text read as one column, by a delimiter that stands in no cell, or in the header already."""
        for delimiter in USUAL:
            reading = self._read(Dialect(delimiter))
            holding = [delimiter in line for line in self._lines]
            if reading.width < 2 or (holding[0] and sum(holding) <= 1 + _LEAST_LINES * len(holding)):
                break
        else:
            reading = self._read(Dialect(_UNUSED))
        lines = self._lines[:: len(self._lines) // _JUDGED + 1]
        # A line that looks like several cells is one cell less likely than a cell is: nothing has split it wrongly.
        plausible = sum(_QUOTED_LINE.fullmatch(line) is not None or self._plausibility(line) ** 2 for line in lines)
        return replace(reading, score=0.5 * plausible / len(lines))

    def _quoted_best(self, delimiter: str) -> Reading:
        """Return the reading with the delimiter and the quotes that fit it best."""
        plain = Dialect(delimiter)
        best = self._scored(plain)
        for dialect in quotings(self._window, delimiter):
            other = self._scored(dialect)
            # How many columns come of it says nothing about quotes: under the wrong ones they are halves of cells.
            if other.consistency >= best.consistency and other.plausible >= best.plausible:
                best = other
        return best

    def _read(self, dialect: Dialect) -> Reading:
        reader = RecordReader(dialect, limit=self._limit)
        found = islice(reader.records(self._window, 0, len(self._window), last=self._last), _RECORDS)
        records = [record for record in found if record.cells is None or any(map(bytes.strip, record.cells))]
        all_widths = Counter(0 if record.cells is None else len(record.cells) for record in records)
        # Lines of one cell, such as comments, are no table however many they are.
        widths = {width: count for width, count in all_widths.items() if width > 1} or all_widths
        width, count = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        return Reading(dialect, records, width, count / max(1, len(records)))

    def _scored(self, dialect: Dialect) -> Reading:
        reading = self._read(dialect)
        width = reading.width
        if width < 2:
            return reading
        like = [at for at, record in enumerate(reading.records) if record.cells and len(record.cells) == width]
        judged = like[:: len(like) // max(10, min(_JUDGED, _JUDGED_CELLS // width)) + 1]
        split = raw_cells(dialect)
        plausible = sum(self._least(split, reading.records[at], dialect) for at in judged) / len(judged)
        score = reading.consistency * plausible * self._weight(reading, like[0]) * (1 - 0.5 / width)
        return replace(reading, plausible=plausible, score=score)

    def _least(self, split: Callable[[bytes], list[bytes]], record: Record, dialect: Dialect) -> float:
        """Return how plausible the least plausible cell of the record is."""
        least, quote, whole = 1.0, dialect.quote, self._window[record.start : record.stop]
        if dialect.delimiter in ": " and kind_of(whole.decode("utf-8", "replace")) in _TYPED:
            return 0.2
        for raw in split(whole):
            cell = raw.decode("utf-8", "replace")
            if quote is None or not cell.startswith(quote):
                least = min(least, self._plausibility(cell if quote else cell.replace('"', "")))
            elif len(cell) < 2 or not cell.endswith(quote):
                least = min(least, 0.3)
        return least

    def _weight(self, reading: Reading, first: int) -> float:
        """Return the weight of the delimiter, less where the text does not start with a record that it separates.

        Args:
            reading: The records.
            first: Which of them is the first that has as many cells as most.
        """
        delimiter = reading.dialect.delimiter
        if delimiter == " ":
            weight = self._weight_of_space(reading)
        else:
            weight = _WEIGHTS.get(delimiter, _CONTROL if delimiter < " " else _OTHER)
        if delimiter not in USUAL and len(reading.records) < 3:
            weight *= 0.5
        if delimiter in "#*!" and sum(not record.cells[0] for record in reading.records if record.cells) > 1:
            return 0.2 * weight
        if not first or len(reading.records[0].cells or "  ") > 1:
            return weight
        # Either a title stands above the table, or the line is the header of one column, whose cells hold some.
        if find_header(reading.rows(first)).why == HEADER_LIKE:
            return 0.9 * weight
        return weight * {2: 0.3, 3: 0.5}.get(reading.width, 0.8)

    def _weight_of_space(self, reading: Reading) -> float:
        """Return how likely it is that spaces separate cells: they do so where no column of words could hold them."""
        rows = reading.rows(1)
        typed = Counter(column for row in rows for column, cell in enumerate(row) if cell and kind_of(cell) in _TYPED)
        columns = sum(count >= 0.9 * len(rows) for count in typed.values())
        lines = sum(kind_of(line) in _TYPED for line in self._lines)
        table = reading.consistency > 0.95 and reading.width > 2 and columns > 1 and lines < 0.5 * len(self._lines)
        return 0.9 if table else 0.2


def _may_separate(char: str) -> bool:
    if char.isascii():
        return char in _WEIGHTS or char == " " or ("\x00" < char < " " and char not in "\r\n")
    return char not in _PROSE and unicodedata.category(char)[0] in "PSC"


def _rank(delimiter: str) -> int:
    """Return how plain the delimiter is, from 0."""
    return USUAL.index(delimiter) if delimiter in USUAL else len(USUAL)
