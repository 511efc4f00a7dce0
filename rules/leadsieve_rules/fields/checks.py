"""The checks of a profile's fields that pandera does not have: closed lists and calendar dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl
    from pandera.api.polars.types import PolarsData


def choice(data: PolarsData, *, values: tuple[str, ...], ignore_case: bool) -> pl.LazyFrame:
    """Check that each value is one of a closed list; a pandera check on a column of strings."""
    import polars as pl

    text, known = pl.col(data.key), pl.Series(values, dtype=pl.String)
    if ignore_case:
        text, known = text.str.to_lowercase(), known.str.to_lowercase()
    return data.lazyframe.select(text.is_in(known.implode()))


def date(data: PolarsData) -> pl.LazyFrame:
    """Check that each value is a date written YYYY-MM-DD; a pandera check on a column of strings."""
    import polars as pl

    text = pl.col(data.key).str
    form = text.contains(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    real = text.to_date("%Y-%m-%d", strict=False).is_not_null()
    return data.lazyframe.select(pl.when(pl.col(data.key).is_not_null()).then(form & real))
