"""Masks of checks as what is said of cells, each with its severity and what the schema's author says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from leadsieve_rules.cells.arrays import int64_array
from leadsieve_rules.findings import Finding
from leadsieve_rules.profiles.model import PHONE
from leadsieve_rules.schemas.columns import pandera_dtype
from leadsieve_rules.schemas.masks import ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import polars as pl
    from pandera.polars import Check, Column, DataFrameSchema

    from leadsieve_rules.schemas.programs import Program, Test


@dataclass(frozen=True, slots=True)
class Note:
    """What is said of the cells that fail in one way.

    Attributes:
        code: The reason's code.
        detail: The dtype or the check; None where a cell is missing.
        column: The schema's column, or `ROWS`.
        severity: "warn" where it only warns.
        note: What the schema's author says of it.
    """

    code: str
    detail: str | None
    column: str
    severity: str | None
    note: str | None = None

    def finding(self, index: npt.NDArray[np.int64], cells: pa.ChunkedArray | None) -> Finding:
        """Say it of the rows at these positions; `cells` are those of the column."""
        values = None if cells is None else _strings(cells.take(int64_array(index)))
        return Finding(self.code, self.detail, self.column, index, values, severity=self.severity, note=self.note)


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


def notes_of(schema: DataFrameSchema, columns: Mapping[str, Column], tests: tuple[Test, ...]) -> tuple[Note, ...]:
    """Return all that can be said, in order.

    That is column by column that a cell is missing, that it does not parse, and each check; then the checks of rows.
    """
    notes = []
    for name, column in columns.items():
        notes.append(Note("missing_value", None, name, _warning(severity_of(schema, column, "missing"))))
        told = str(pandera_dtype(schema, column))
        notes.append(Note("invalid_value", told, name, _warning(severity_of(schema, column))))
        notes += [_check_note(test) for test in tests if test.column == name]
    return (*notes, *(_check_note(test) for test in tests if test.column == ROWS))


def _check_note(test: Test) -> Note:
    detail = test.check.name or str(test.check)
    if test.severity == "warn" and detail == "email":
        return Note("invalid_email", None, test.column, None, test.note)
    return Note("check_failed", detail, test.column, _warning(test.severity), test.note)


def _warning(severity: str) -> str | None:
    return "warn" if severity == "warn" else None


def passed_masks(
    program: Program, schema: DataFrameSchema, raw: pl.DataFrame, parsed: pl.DataFrame, passed: tuple[pl.Series, ...]
) -> Iterator[pl.Series | None]:
    """Yield for each note of a program where it need not be said; None where nowhere.

    Args:
        program: The schema, compiled.
        schema: The schema.
        raw: Its cells.
        parsed: The same, parsed.
        passed: What each check says of each row.
    """
    tests = list(zip(program.tests, passed, strict=True))
    for name, column in program.columns.items():
        filled, read = _filled_and_read(schema, raw[name], parsed[name], column)
        yield filled if not column.nullable and name != PHONE else None
        yield read
        for test, mask in tests:
            if test.column == name:
                yield _without(mask, filled if name == PHONE else None, read)
    yield from (mask for test, mask in tests if test.column == ROWS)


def _filled_and_read(
    schema: DataFrameSchema, raw: pl.Series, parsed: pl.Series, column: Column
) -> tuple[pl.Series | None, pl.Series | None]:
    """Find the cells that are not empty, and those that parse; None where all do."""
    # NaN is no value, as in pandera.
    filled = raw.is_not_nan().fill_null(False) if raw.dtype.is_float() else None
    filled = raw.is_not_null() if filled is None and raw.null_count() else filled
    empty = 0 if filled is None else len(filled) - (filled.sum() or 0)
    if pandera_dtype(schema, column) is None or parsed.null_count() <= empty:
        return filled, None
    return filled, parsed.is_not_null() if filled is None else parsed.is_not_null() | ~filled


def _without(mask: pl.Series, *spared: pl.Series | None) -> pl.Series:
    """Let the cells pass of which something is said already."""
    for good in spared:
        if good is not None:
            mask = mask | ~good
    return mask


def failed_rows(passed: pl.Series | None, rows: int) -> npt.NDArray[np.int64]:
    """Return the positions of the rows, among so many first ones, of which something is to be said."""
    if passed is None or passed.all():
        return np.zeros(0, np.int64)
    return (~passed[:rows]).arg_true().to_numpy().astype(np.int64)


def _strings(values: pa.ChunkedArray) -> pa.Array:
    return values.cast(pa.string()).combine_chunks()
