"""The rules of a profile's fields that take more than a comparison: closed lists and calendar dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl


def choices(values: pl.Series, known: Sequence[str], *, ignore_case: bool) -> pl.Series:
    """Tell which strings are of a closed list; null gives null."""
    import polars as pl

    listed = pl.Series(known, dtype=pl.String)
    if ignore_case:
        values, listed = values.str.to_lowercase(), listed.str.to_lowercase()
    return values.is_in(listed.implode())


def dates(values: pl.Series) -> pl.Series:
    """Tell which strings are dates written YYYY-MM-DD; null is none that is wrong."""
    form = values.str.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    return values.is_null() | (form & values.str.to_date("%Y-%m-%d", strict=False).is_not_null())
