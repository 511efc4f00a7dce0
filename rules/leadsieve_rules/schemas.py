"""Pandera schemas for the fields beside the phone number, compiled to one boolean mask a check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from leadsieve_rules.exceptions import InvalidSchema
from leadsieve_rules.findings import Finding
from leadsieve_rules.profiles.model import PHONE, FieldRule, Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl
    from pandera.api.polars.types import PolarsData
    from pandera.polars import Check, DataFrameSchema

#: An address that a mail server would take without quoting. Evaluated by an engine that is linear in the
#: text; the length, at most 254 characters, is checked beside it.
_WORD = r"[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?"
_TOP = r"\p{L}[\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}]"
_EMAIL = rf"^(?:{_WORD}(?:\.{_WORD})*@(?:{_LABEL}\.)+{_TOP})$"
_EMAIL_CHARS = 254


def email(data: PolarsData) -> pl.LazyFrame:
    """Check that each value is an email address; a pandera check on a column of strings."""
    import polars as pl

    text = pl.col(data.key).str
    return data.lazyframe.select(text.contains(_EMAIL) & (text.len_chars() <= _EMAIL_CHARS))


def field_schema(fields: Mapping[str, FieldRule]) -> DataFrameSchema:
    """Write the rules of a profile's fields as a pandera schema (polars API).

    The phone number is left out: it is not a schema's business. A column's metadata holds the severity of a
    value that breaks its rule, under `severity`.

    Args:
        fields: Name to rule.

    Returns:
        A schema with one column a field that is required or has a rule. None of the columns must be present.
    """
    import pandera.polars as pandera
    import polars as pl

    columns = {}
    for name, field in fields.items():
        if name != PHONE and (field.required or field.rule is not None):
            whole = field.rule is not None and field.rule.kind == "integer"
            columns[name] = pandera.Column(
                pl.Int64 if whole else pl.String,
                _checks(field.rule),
                nullable=not field.required,
                required=False,
                coerce=whole,
                metadata={"severity": field.severity},
            )
    return pandera.DataFrameSchema(columns)


def _checks(rule: Rule | None) -> list[Check]:
    """Write a rule as pandera checks, named as the findings' details name them."""
    from pandera.polars import Check

    if rule is None:
        return []
    if rule.kind == "email":
        return [Check(email, name="email")]
    if rule.low is None and rule.high is None:
        return []
    if rule.kind == "text":
        return [Check.str_length(min_value=rule.low, max_value=rule.high)]
    if rule.low is None:
        return [Check.less_than_or_equal_to(rule.high)]
    if rule.high is None:
        return [Check.greater_than_or_equal_to(rule.low)]
    return [Check.in_range(rule.low, rule.high)]


@dataclass(frozen=True, slots=True)
class _Test:
    """One question to a column, and what its failure is called."""

    column: str
    code: str
    detail: str | None
    severity: str | None
    mask: pl.LazyFrame
    null_passes: bool


class CompiledSchema:
    """A pandera schema that judges whole tables by masks, with the verdicts of full lazy validation.

    Args:
        schema: A schema of the polars API. A column's dtype other than a string is a parse of its cells.
    """

    def __init__(self, schema: DataFrameSchema) -> None:
        self.schema = schema

    def __reduce__(self) -> tuple[type[CompiledSchema], tuple[DataFrameSchema]]:
        return type(self), (self.schema,)

    def findings(self, table: pa.Table) -> list[Finding]:
        """Judge the columns of a table that the schema knows, all checks in one evaluation.

        A null passes unless its column is not nullable: then it is `missing_value`. A cell that does not
        parse as the column's dtype is `invalid_value` (detail: the dtype) and passes the checks. A cell that
        fails a check is `check_failed` (detail: the check's name), or `invalid_email` where the column's
        `email` check only warns. A column whose metadata says `severity = "warn"` warns; nulls that are not
        allowed always reject.

        Args:
            table: String columns under the schema's names; empty cells are null. Other columns are not looked
                at.

        Returns:
            Findings in the schema's order, none without rows. Their column is the schema's, their values the
            cells.

        Raises:
            InvalidSchema: A check judges its column as a whole, not its cells.
        """
        import polars as pl

        present = [name for name in self.schema.columns if name in table.column_names]
        if not present or not table.num_rows:
            return []
        frame = pl.DataFrame(pl.from_arrow(table.select(present)))
        tests = [test for name in present for test in self._tests(frame.lazy(), name)]
        findings = []
        for test, result in zip(tests, pl.collect_all([test.mask for test in tests]), strict=True):
            passed = result.to_series().fill_null(test.null_passes).to_numpy()
            if not passed.all():
                index = np.flatnonzero(~passed)
                findings.append(
                    Finding(
                        code=test.code,
                        detail=test.detail,
                        column=test.column,
                        index=index,
                        values=_strings(table[test.column].take(pa.array(index))),
                        severity=test.severity,
                    )
                )
        return findings

    def _tests(self, cells: pl.LazyFrame, name: str) -> list[_Test]:
        import polars as pl

        column = self.schema.columns[name]
        warns = (column.metadata or {}).get("severity") == "warn"
        severity = "warn" if warns else None
        tests = []
        if not column.nullable:
            present = cells.select(pl.col(name).is_not_null())
            tests.append(_Test(name, "missing_value", None, None, present, False))
        dtype = None if column.dtype is None else column.dtype.type
        if dtype is not None and dtype != pl.String:
            parsed = pl.col(name).cast(dtype, strict=False)
            reads = cells.select(pl.col(name).is_null() | parsed.is_not_null())
            tests.append(_Test(name, "invalid_value", str(column.dtype), severity, reads, True))
            cells = cells.with_columns(parsed)
        for check in column.checks:
            mask, detail = _evaluate(check, cells, name), check.name or str(check)
            if warns and detail == "email":
                tests.append(_Test(name, "invalid_email", None, None, mask, check.ignore_na))
            else:
                tests.append(_Test(name, "check_failed", detail, severity, mask, check.ignore_na))
        return tests


def _evaluate(check: Any, cells: pl.LazyFrame, name: str) -> pl.LazyFrame:
    """Ask pandera for a check's own boolean column, before it makes failure cases of it."""
    from pandera.api.polars.types import PolarsData
    from pandera.backends.polars.register import register_polars_backends

    register_polars_backends()
    # A check that was copied or pickled holds a copy of pandera's table of built-in checks, perhaps an empty
    # one; pandera looks it up again in `Check.__call__`, which would also make the failure cases.
    builtin = getattr(check._check_fn, "__name__", None)  # noqa: SLF001 - pandera has no public way
    if builtin is not None and check.is_builtin_check(builtin):
        check._check_fn = check.get_builtin_check_fn(builtin)  # noqa: SLF001
    mask = check.get_backend(cells)(check).apply(PolarsData(cells, name))
    if isinstance(mask, bool):
        raise InvalidSchema(
            f"check {check.name or check} of column {name!r} gives one verdict for the whole column; "
            "write it so that it gives one for each cell"
        )
    result: pl.LazyFrame = mask
    return result


def _strings(values: pa.ChunkedArray) -> pa.Array:
    cells = values.cast(pa.string())
    return cells.combine_chunks() if isinstance(cells, pa.ChunkedArray) else cells
