"""The rules of a profile's fields, judged in columns: what is missing, what does not parse, what fails its rule.

A profile's rules are a closed list, so they are judged here without pandera, which takes a second to import; the
verdicts are those of the pandera schema that says the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from leadsieve_rules.fields.checks import choices, dates
from leadsieve_rules.fields.emails import address_mask
from leadsieve_rules.fields.schedules import is_schedule
from leadsieve_rules.findings import Finding
from leadsieve_rules.profiles.model import PHONE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import polars as pl
    import pyarrow as pa

    from leadsieve_rules.profiles.model import FieldRule, Rule


def value_findings(cells: Mapping[str, pa.Array], fields: Mapping[str, FieldRule]) -> Iterator[Finding]:
    """Judge the values of a profile's fields but the phone and call times.

    Args:
        cells: Field to its trimmed text; null is empty.
        fields: Name to rule.

    Yields:
        `missing_value` for a required field that is empty; `invalid_value` (detail `integer`) for what is no whole
        number; `check_failed` (detail: the rule) or, where an address only warns, `invalid_email`; each where it has
        rows, field by field in the profile's order. The values are the cells.
    """
    for name, field in fields.items():
        if name in cells and name != PHONE and not is_schedule(field) and (field.required or field.rule is not None):
            yield from _judged(name, cells[name], field)


def _judged(name: str, text: pa.Array, field: FieldRule) -> Iterator[Finding]:
    severity = "warn" if field.severity == "warn" else None
    if field.required and text.null_count:
        yield _finding("missing_value", None, name, np.flatnonzero(text.is_null().to_numpy(zero_copy_only=False)), text)
    if field.rule is None:
        return
    if field.rule.kind == "email":
        index = np.flatnonzero(~address_mask(text))
        code, detail = ("invalid_email", None) if severity == "warn" else ("check_failed", "email")
        if len(index):
            yield _finding(code, detail, name, index, text)
        return
    import polars as pl

    values = pl.Series(name, pl.from_arrow(text))
    if field.rule.kind == "integer":
        numbers = _integers(values)
        unread = numbers.is_null() & values.is_not_null()
        if unread.any():
            yield _finding("invalid_value", "integer", name, _positions(unread), text, severity)
        values = numbers
    check = _check(field.rule, values)
    if check is None:
        return
    detail, good = check
    if good.all():
        return
    yield _finding("check_failed", detail, name, _positions(~good), text, severity)


def _integers(values: pl.Series) -> pl.Series:
    """Read whole numbers; text that is none as it stands is tried once more without outer white space."""
    import polars as pl

    numbers = values.cast(pl.Int64, strict=False)
    if numbers.null_count() == values.null_count():
        return numbers
    bare = values.str.strip_chars().cast(pl.Int64, strict=False)
    return numbers.fill_null(bare)


def _check(rule: Rule, values: pl.Series) -> tuple[str, pl.Series] | None:
    """Return the name of a rule, and which values keep it; None where it takes any. Nulls keep every rule."""
    if rule.kind == "date":
        return "date", dates(values)
    if rule.kind == "choice":
        return "choice", choices(values, rule.values, ignore_case=rule.ignore_case).fill_null(value=True)
    if rule.low is None and rule.high is None:
        return None
    if rule.kind == "text":
        return "str_length", _within(values.str.len_chars(), rule)
    name = "less_than_or_equal_to" if rule.low is None else "greater_than_or_equal_to"
    return "in_range" if None not in (rule.low, rule.high) else name, _within(values, rule)


def _within(numbers: pl.Series, rule: Rule) -> pl.Series:
    good = numbers.is_null()
    if rule.low is None:
        return good | (numbers <= rule.high).fill_null(value=True)
    if rule.high is None:
        return good | (numbers >= rule.low).fill_null(value=True)
    return good | numbers.is_between(rule.low, rule.high).fill_null(value=True)


def _positions(mask: pl.Series) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return mask.arg_true().to_numpy().astype(np.int64)


def _finding(
    code: str, detail: str | None, name: str, index: np.ndarray[tuple[int], np.dtype[np.int64]], text: pa.Array,
    severity: str | None = None,
) -> Finding:  # fmt: skip
    import pyarrow as pa

    return Finding(code, detail, name, index, text.take(pa.array(index)), severity=severity)
