"""What a schema may not ask for: what would make a row's verdict depend on other rows, or change its values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from leadsieve_rules.exceptions import InvalidSchema
from leadsieve_rules.profiles.model import SEVERITIES
from leadsieve_rules.schemas.cells import is_readable
from leadsieve_rules.schemas.faults import told_check, told_exception
from leadsieve_rules.schemas.masks import ROWS
from leadsieve_rules.wording import did_you_mean, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pandera.polars import Check, Column, DataFrameSchema

_WHOLE = (
    "a lead file is judged in pieces, and a row must not depend on the others (repeated numbers are found by "
    "--duplicates)"
)
_VERBATIM = "values are published as they came, so a schema only judges them"


def refuse(schema: DataFrameSchema, label: str) -> None:
    """Refuse a schema that cannot judge rows one by one.

    Raises:
        InvalidSchema: The first thing in it that cannot be, by name, and what to do.
    """
    for told in _faults(schema):
        raise InvalidSchema(f"{label}: {told}")


def _faults(schema: DataFrameSchema) -> Iterator[str]:
    if schema.unique:
        yield f"unique={schema.unique!r} compares rows; take it out: {_WHOLE}"
    if schema.add_missing_columns:
        yield f"add_missing_columns adds values; take it out: {_VERBATIM}"
    if schema.drop_invalid_rows:
        yield "drop_invalid_rows drops rows; take it out: rows that fail are in rejected, with their reasons"
    if schema.strict == "filter":
        yield "strict='filter' drops columns; write strict=True to refuse them, or take it out to let them through"
    if getattr(schema, "parsers", None):
        yield f"parsers change values; take them out: {_VERBATIM}"
    if getattr(schema, "index", None) is not None:
        yield "an index is not of the polars API; take it out"
    yield from _severity(schema.metadata, "the schema")
    if schema.dtype is not None:
        yield from _dtype(schema.dtype, "the schema")
    for name, column in schema.columns.items():
        yield from _column(str(name), column)
    for check in schema.checks or []:
        yield from _check(check, ROWS)


def _column(name: str, column: Column) -> Iterator[str]:
    where = f"column {quoted(name)}"
    if name == ROWS:
        yield f"{where} cannot be told from all columns; take it out, or name it otherwise with --columns"
    if column.unique:
        yield f"{where}: unique compares rows; take it out: {_WHOLE}"
    if column.default is not None:
        yield f"{where}: default= fills values in; take it out: {_VERBATIM}"
    if getattr(column, "drop_invalid_rows", False):
        yield f"{where}: drop_invalid_rows drops rows; take it out: rows that fail are in rejected, with their reasons"
    if getattr(column, "parsers", None):
        yield f"{where}: parsers change values; take them out: {_VERBATIM}"
    yield from _severity(column.metadata, where)
    if column.dtype is not None:
        yield from _dtype(column.dtype, where)
    for check in column.checks:
        yield from _check(check, name)


def _severity(metadata: Any, where: str) -> Iterator[str]:
    for key in ("severity", "missing"):
        given = (metadata or {}).get(key)
        if given is not None and given not in SEVERITIES:
            hint = did_you_mean(str(given), SEVERITIES)
            yield f"{where}: metadata {key}={given!r} is unknown{hint}; there are {' and '.join(SEVERITIES)}"


def _dtype(dtype: Any, where: str) -> Iterator[str]:
    own = type(dtype).__module__ != "pandera.engines.polars_engine"
    if own or not is_readable(dtype.type):
        yield (
            f"{where}: no cell can be parsed as {dtype}; take a number, a string, a boolean, a date, a time, a decimal "
            "or a category"
        )


def _check(check: Check, column: str) -> Iterator[str]:
    from pandera.api.hypotheses import Hypothesis

    which = told_check(check, column)
    function = getattr(check._check_fn, "__name__", "")  # noqa: SLF001 - pandera has no public way
    if isinstance(check, Hypothesis):
        yield f"{which} is a hypothesis test, of a whole column; take it out: {_WHOLE}"
    if check.groupby is not None:
        yield f"{which} groups rows (groupby); take it out: {_WHOLE}"
    if function == "unique_values_eq":
        yield f"{which} gives one verdict for a whole column; take isin for one on each cell: {_WHOLE}"
    if function in ("str_matches", "str_contains"):
        yield from _pattern(check._check_kwargs.get("pattern"), which)  # noqa: SLF001


def _pattern(pattern: Any, which: str) -> Iterator[str]:
    """Find fault with a pattern that the linear-time engine of polars does not take as it is meant."""
    import polars as pl

    if isinstance(pattern, re.Pattern):
        if pattern.flags & ~re.UNICODE:
            yield f"{which}: the flags of {pattern.pattern!r} would be lost; write them into it, such as (?i)"
        pattern = pattern.pattern
    if not isinstance(pattern, str):
        yield f"{which}: {pattern!r} is no pattern; write a string"
        return
    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.PolarsError as exc:
        said = str(exc).split("\n\nThis error")[0].strip().splitlines()[-1]
        yield (
            f"{which}: the pattern {pattern!r} does not run in linear time ({said or told_exception(exc)}); write it "
            "without look-around and back-references"
        )
