"""How a source that `clean` would refuse was probably meant: where its header stands, which column has the numbers."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from leadsieve.config import Options
from leadsieve.inspection.regions import likely_region
from leadsieve.prepare import read_options
from leadsieve.target import Target
from leadsieve.text import as_text, is_numbers
from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources import Source, open_sources
from leadsieve_rules import phone
from leadsieve_rules.profiles import PHONE

#: A column may hold phone numbers where so large a share of its filled cells has the digits of one.
_LIKELY = 0.5
#: As many digits as dates and times have.
_DATE = r"^\s*[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}\b|[0-9]:[0-9]{2}"
#: So many columns are tried, and so many rows of each.
_TRIED, _ROWS = 4, 200


@dataclass(frozen=True, slots=True)
class Guess:
    """An option that the inspection took because nobody said it, and that the user must confirm.

    Attributes:
        option: The option as it is typed, such as `--region IN`.
        why: The evidence, as a clause.
    """

    option: str
    why: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A way to read a source.

    Attributes:
        source: The source, opened in that way.
        options: What was told, and what was guessed.
        guesses: What was guessed.
        perhaps: What may be meant as well, as options to add.
    """

    source: Source
    options: Options
    guesses: tuple[Guess, ...] = ()
    perhaps: tuple[str, ...] = ()


def guess_reading(
    source: Source, options: Options, table: pa.Table, target: Target, stack: ExitStack
) -> Iterator[Reading]:
    """Give the ways in which a source may have been meant, the likeliest first.

    Args:
        source: The source, which cannot be mapped as it was given.
        options: The options under which it was opened.
        table: Its first rows.
        target: The target system.
        stack: Closes what is opened once more.
    """
    given = Reading(source, options)
    lower = _lower_header(given, stack)
    if lower is not None:
        yield lower
        rows = [chunk.table for chunk in lower.source.chunks(max_rows=_ROWS)]
        yield from _phone_columns(lower, pa.concat_tables(rows), target)
    yield from _phone_columns(given, table, target)


def _lower_header(given: Reading, stack: ExitStack) -> Reading | None:
    """Read a source from where its header seems to stand."""
    rows = given.source.dialect.get("proposed_skip_rows")
    if not rows or given.options.skip_rows or given.options.sources == ("-",):
        return None
    options = replace(given.options, skip_rows=rows)
    try:
        opened = stack.enter_context(open_sources(options.sources, read_options(options)))
    except SourceError:
        return None
    source = next((one for one in opened if one.name == given.source.name), None)
    if source is None:
        return None
    return Reading(source, options, (Guess(f"--skip-rows {rows}", "the header seems to stand lower"),))


def _phone_columns(given: Reading, table: pa.Table, target: Target) -> Iterator[Reading]:
    """Map the column whose cells are the most like phone numbers, or all columns of its header."""
    if PHONE in given.options.map.values():
        return
    names = _likely_columns(table, target)
    if not names:
        return
    headers = dict(zip(given.source.schema.names, given.source.headers, strict=True))
    alike = [name for name in headers if headers[name] == headers[names[0]]]
    others = tuple(_mapped([name]) for name in names[1:])
    for columns, perhaps in (([names[0]], others), (alike, ())):
        options = replace(given.options, map={**given.options.map, **dict.fromkeys(columns, PHONE)})
        why = "its cells are the most like phone numbers"
        yield Reading(given.source, options, (*given.guesses, Guess(_mapped(columns), why)), perhaps)


def _mapped(columns: Sequence[str]) -> str:
    return shlex.join(word for name in columns for word in ("--map", f"{name}={PHONE}"))


def _likely_columns(table: pa.Table, target: Target) -> list[str]:
    """Return the columns that may hold phone numbers, the likeliest first, as they stand among equals."""
    digits = {name: _share_of_digits(table.column(name)) for name in table.column_names}
    names = [name for name in digits if digits[name] >= _LIKELY]
    names = sorted(names, key=lambda name: -digits[name])[:_TRIED]
    if len(names) > 1:
        valid = {name: _share_valid(table.column(name), table, target.region) for name in names}
        names = sorted((name for name in names if valid[name]), key=lambda name: -round(valid[name], 1))
    return names


def _share_of_digits(column: pa.ChunkedArray) -> float:
    """Return the share of the filled cells that have the digits of a phone number, and are no dates."""
    if not is_numbers(column.type):
        return 0.0
    cells = pc.drop_null(as_text(column))
    digits = pc.count_substring_regex(cells, "[0-9]")
    like = pc.and_(pc.greater_equal(digits, 7), pc.less_equal(digits, 15))
    like = pc.and_(like, pc.invert(pc.match_substring_regex(cells, _DATE)))
    return float(pc.mean(like).as_py() or 0.0)


def _share_valid(column: pa.ChunkedArray, table: pa.Table, region: str | None) -> float:
    """Return the share of the first rows with a valid number, in the region that was told or the likeliest one."""
    cells = as_text(column).slice(0, _ROWS)
    valid = phone.read(cells, region).valid
    if region is None and not valid.all():
        likely = likely_region(cells.filter(pa.array(~valid)), table.slice(0, _ROWS).filter(pa.array(~valid)))
        filled = pc.fill_null(pc.greater(pc.binary_length(pc.utf8_trim_whitespace(cells)), 0), False)
        others = pc.mean(pc.and_(filled, pa.array(~valid))).as_py()
        return float(valid.mean()) + (0.0 if likely is None else likely.share * float(others))
    return float(valid.mean())
