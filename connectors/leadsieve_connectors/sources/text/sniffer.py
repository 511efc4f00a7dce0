"""What a sample of a text shows: its dialect, its preamble, and whether it has a header."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from leadsieve_connectors.sources.text.finder import Finder
from leadsieve_connectors.sources.text.header import HeaderFound, find_header, preamble_records

if TYPE_CHECKING:
    from leadsieve_connectors.sources.text.dialect import Dialect

_LOOK_BYTES, _LOOK_LINES = 1 << 16, 20
# Excel's: the line is no record.
_DIRECTIVE = re.compile(rb'(?i)"?sep=([^\r\n"]{1,4})"?(?=[\r\n]|\Z)')
_LINE_END = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Sniffed:
    """What a sample shows.

    Attributes:
        dialect: The dialect; what was told stands in it.
        header: The first record after the lines that are passed over names the columns.
        header_why: The evidence for it or against it, as a clause; "" where it was told or there is none.
        skipped_lines: Physical lines at the start that are not read: as told, and Excel's `sep=` line.
        directive: The text starts with such a line.
        preamble: So many lines in all should be passed over, since the header seems to stand below them; 0 for none.
            Only proposed, never done.
        ambiguous: Other dialects that fit as well and give other cells.
    """

    dialect: Dialect
    header: bool
    header_why: str
    skipped_lines: int
    directive: bool
    preamble: int
    ambiguous: tuple[Dialect, ...]


def sniff(
    sample: bytes, *, whole: bool, delimiter: str | None, header: bool | None, skip_rows: int, limit: int
) -> Sniffed:
    """Return what the first records of a text show.

    Args:
        sample: The beginning of the text as UTF-8, without its byte order mark.
        whole: The sample is all of the text.
        delimiter: As told; None finds it.
        header: As told; None finds it.
        skip_rows: As told: so many physical lines are not read.
        limit: The longest record, in bytes.
    """
    named = _directive(sample)
    skipped = skip_rows if named is None else max(skip_rows, 1)
    start = _after_lines(sample, skipped)
    stop = _look_stop(sample, start)
    window, last = sample[start:stop], whole and stop == len(sample)
    found = Finder(window, last=last, limit=limit).find(delimiter or named)
    best = found[0]
    rows = best.rows()
    before = 0 if skip_rows else preamble_records(rows, best.width)
    judged = HeaderFound(True) if before else find_header(rows)
    above = len(_LINE_END.findall(window, 0, best.records[before].start)) if before else 0
    return Sniffed(
        dialect=best.dialect,
        header=judged.present if header is None else header,
        header_why=judged.why if header is None else "",
        skipped_lines=skipped,
        directive=named is not None,
        preamble=skipped + above if before else 0,
        ambiguous=tuple(reading.dialect for reading in found[1:] if reading.dialect != best.dialect),
    )


def _directive(sample: bytes) -> str | None:
    """Return the delimiter that a first line such as `sep=;` names; None without one."""
    match = _DIRECTIVE.match(sample)
    named = match[1].decode("utf-8", "replace") if match else ""
    return named if len(named) == 1 and named not in "\ufffd\0" else None


def _after_lines(sample: bytes, count: int) -> int:
    """Return where the line after the first `count` starts."""
    ends = (match.end() for match in _LINE_END.finditer(sample))
    # No text has more lines than bytes, and islice takes no number without bounds.
    return next(islice(ends, min(count - 1, len(sample)), None), len(sample)) if count else 0


def _look_stop(sample: bytes, start: int) -> int:
    """Return where to stop looking: after 64 KB, or where that is not many lines, after these."""
    ends = (match.end() for match in islice(_LINE_END.finditer(sample, start), _LOOK_LINES - 1, None))
    return next((end for end in ends if end - start >= _LOOK_BYTES), len(sample))
