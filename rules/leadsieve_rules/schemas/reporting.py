"""Masks of checks written down as findings, each with its severity and what the schema's author says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from leadsieve_rules.findings import Finding
from leadsieve_rules.profiles.model import PHONE
from leadsieve_rules.schemas.columns import pandera_dtype
from leadsieve_rules.schemas.masks import ROWS

if TYPE_CHECKING:
    import polars as pl
    from pandera.polars import Check, Column, DataFrameSchema

    from leadsieve_rules.schemas.compiling import Program, Test


def severity_of(schema: DataFrameSchema, column: Column | None, key: str = "severity") -> str:
    """Return what the metadata say of a column's failures, else the schema's, else that they reject."""
    own = (column.metadata if column is not None else None) or {}
    return str(own.get(key) or own.get("severity") or (schema.metadata or {}).get("severity") or "reject")


def note_of(check: Check, column: Column | None) -> str | None:
    """Return what the author says of a failure: the check's error, description or title, else the column's.

    The error that pandera writes itself, the built-in check spelled out, says nothing more than the check's name.
    """
    builtin = getattr(check._check_fn, "__name__", None)  # noqa: SLF001 - pandera has no public way
    own = None if check.error is None or str(check.error).startswith(f"{builtin}(") else str(check.error)
    told = own or check.description or check.title
    return told if told or column is None else column.description or column.title


class Reporter:
    """Writes masks down as findings.

    Args:
        table: What was judged.
        raw: Its cells, perhaps repeated.
        parsed: The same, parsed.
        schema: The schema.
    """

    def __init__(self, table: pa.Table, raw: pl.DataFrame, parsed: pl.DataFrame, schema: DataFrameSchema) -> None:
        self._table, self._raw, self._parsed, self._schema = table, raw, parsed, schema
        self._findings: list[Finding] = []

    def all(self, program: Program, passed: tuple[pl.Series, ...]) -> list[Finding]:
        """Return the findings column by column, then those of whole rows."""
        tests = list(zip(program.tests, passed, strict=True))
        for name, column in program.columns.items():
            filled, read = self._cells(name, column)
            for test, mask in tests:
                if test.column == name:
                    self._add_check(test, self._without(mask, filled if name == PHONE else None, read))
        for test, mask in tests:
            if test.column == ROWS:
                self._add_check(test, mask)
        return self._findings

    def _cells(self, name: str, column: Column) -> tuple[pl.Series | None, pl.Series | None]:
        """Find the cells that are empty and those that do not parse; return where they are, None where nowhere."""
        raw, parsed, dtype = self._raw[name], self._parsed[name], pandera_dtype(self._schema, column)
        # NaN is no value, as in pandera.
        filled = raw.is_not_nan().fill_null(False) if raw.dtype.is_float() else None
        filled = raw.is_not_null() if filled is None and raw.null_count() else filled
        read = None
        if filled is not None and not column.nullable and name != PHONE:
            self._add("missing_value", None, name, filled, severity_of(self._schema, column, "missing"))
        if dtype is not None and parsed.null_count() > (0 if filled is None else len(filled) - (filled.sum() or 0)):
            read = parsed.is_not_null() if filled is None else parsed.is_not_null() | ~filled
            self._add("invalid_value", str(dtype), name, read, severity_of(self._schema, column))
        return filled, read

    def _without(self, mask: pl.Series, *spared: pl.Series | None) -> pl.Series:
        """Let the cells pass of which something is said already."""
        for good in spared:
            if good is not None:
                mask = mask | ~good
        return mask

    def _add_check(self, test: Test, passed: pl.Series) -> None:
        detail = test.check.name or str(test.check)
        if test.severity == "warn" and detail == "email":
            self._add("invalid_email", None, test.column, passed, "reject", test.note)
        else:
            self._add("check_failed", detail, test.column, passed, test.severity, test.note)

    def _add(
        self, code: str, detail: str | None, column: str, passed: pl.Series, severity: str, note: str | None = None
    ) -> None:
        if not passed.all():
            index = (~passed[: self._table.num_rows]).arg_true().to_numpy().astype(np.int64)
            values = None if column == ROWS else _strings(self._table[column].take(pa.array(index)))
            warn = "warn" if severity == "warn" else None
            self._findings.append(Finding(code, detail, column, index, values, severity=warn, note=note))


def _strings(values: pa.ChunkedArray) -> pa.Array:
    cells = values.cast(pa.string())
    return cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
