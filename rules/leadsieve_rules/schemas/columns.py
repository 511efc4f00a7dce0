"""The columns of a schema that a table has, and what dtype each of them is to have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leadsieve_rules.exceptions import InvalidSchema
from leadsieve_rules.schemas.faults import told_exception

if TYPE_CHECKING:
    from pandera.polars import Column, DataFrameSchema


def expand(schema: DataFrameSchema, names: list[str], label: str) -> dict[str, Column]:
    """Return the columns of a schema that tables with these names have, regular expressions spelled out.

    A name that stands in the schema itself is not a regular expression's business, as in pandera.

    Raises:
        InvalidSchema: A regular expression that the linear-time engine refuses.
    """
    from pandera.polars import Column

    if not schema.columns and schema.dtype is not None:
        return {name: Column(schema.dtype, name=name) for name in names}
    found = {}
    for name, column in schema.columns.items():
        if not column.regex:
            found[name] = column
            continue
        found.update({match: column for match in matching(column, names, label) if match not in schema.columns})
    return found


def matching(column: Column, names: list[str], label: str) -> list[str]:
    """Return the names that a column's regular expression matches.

    Raises:
        InvalidSchema: The linear-time engine refuses it.
    """
    import polars as pl

    try:
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String)).select(pl.col(column.selector)).columns
    except pl.exceptions.PolarsError as exc:
        raise InvalidSchema(
            f"{label}: the column name {column.name!r} is no regular expression that runs in linear time "
            f"({told_exception(exc)}); write it without look-around and back-references"
        ) from exc


def pandera_dtype(schema: DataFrameSchema, column: Column) -> Any:
    """Return the dtype that a column has; that of the whole schema goes before its own."""
    return schema.dtype if schema.dtype is not None else column.dtype


def dtype(schema: DataFrameSchema, column: Column) -> Any:
    """Return the dtype of polars that a column has, or None."""
    found = pandera_dtype(schema, column)
    return None if found is None else found.type
