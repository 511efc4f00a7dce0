"""Pandera's own full validation, for the schemas that the compiler does not cover: the same verdicts, more slowly."""

from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING, Any

from leadsieve_rules.exceptions import InvalidSchema
from leadsieve_rules.schemas.faults import told_exception
from leadsieve_rules.schemas.masks import ROWS, resolved

if TYPE_CHECKING:
    import polars as pl
    from pandera.polars import DataFrameSchema

    from leadsieve_rules.schemas.compiling import CompiledSchema
    from leadsieve_rules.schemas.programs import Program


def needs_full(schema: DataFrameSchema) -> bool:
    """Tell whether a schema, one of its columns or checks is of a class of its author's, which may judge in any way."""
    from pandera.polars import Check, Column, DataFrameSchema

    checks = [*(schema.checks or []), *(check for column in schema.columns.values() for check in column.checks)]
    return (
        type(schema) is not DataFrameSchema
        or any(type(column) is not Column for column in schema.columns.values())
        or any(type(check) is not Check for check in checks)
    )


def full_masks(compiled: CompiledSchema, parsed: pl.DataFrame, program: Program) -> tuple[pl.Series, ...]:
    """Validate a parsed table in full, and return the mask of each test: True where pandera has no failure.

    Raises:
        InvalidSchema: A check raises, or gives one verdict for a whole column.
    """
    import polars as pl
    from pandera.config import CONFIG, ValidationDepth, config_context
    from pandera.errors import SchemaErrors

    if CONFIG.use_narwhals_backend:
        raise InvalidSchema(
            f"{compiled.label}: pandera's narwhals backend misplaces rows; unset PANDERA_USE_NARWHALS_BACKEND"
        )
    schema = _plain(compiled.schema, program)
    failed: dict[tuple[str, int], Any] = {}
    try:
        # Whatever the environment says of pandera: here it is the judge.
        with config_context(validation_enabled=True, validation_depth=ValidationDepth.SCHEMA_AND_DATA):
            schema.validate(parsed, lazy=True)
    except SchemaErrors as errors:
        for error in errors.schema_errors:
            _collect(compiled, error, failed)
    except InvalidSchema:
        raise
    except Exception as exc:
        raise InvalidSchema(
            f"{compiled.label}: full validation raises {told_exception(exc, quoting=False)}; correct it"
        ) from exc
    everything = pl.repeat(True, parsed.height, eager=True)
    masks = []
    for test in program.tests:
        answers = failed.get((test.column, test.position))
        masks.append(everything if answers is None else compiled.checked(test, answers, parsed.height))
    return tuple(masks)


def _plain(schema: DataFrameSchema, program: Program) -> DataFrameSchema:
    """Return a copy of a schema for a table whose cells are parsed, and whose columns are known to be there.

    Nulls are judged apart, and a check that only warns must fail here to be seen at all.
    """
    plain = copy.deepcopy(schema)
    plain.strict = plain.ordered = plain.coerce = False
    plain.columns = {}
    for name, column in program.columns.items():
        own = copy.deepcopy(column)
        own.name, own.regex, own.nullable, own.required, own.coerce = name, False, True, True, False
        plain.columns[name] = own
    for check in [*(plain.checks or []), *(c for column in plain.columns.values() for c in column.checks)]:
        check.raise_warning, check.n_failure_cases = False, None
        with warnings.catch_warnings():
            resolved(check)
    return plain


def _collect(compiled: CompiledSchema, error: Any, failed: dict[tuple[str, int], Any]) -> None:
    """Keep the answers of one failed check under its column and place."""
    from pandera.constants import CHECK_OUTPUT_KEY
    from pandera.errors import SchemaErrorReason

    column = error.column_name or ROWS
    if error.reason_code is not SchemaErrorReason.DATAFRAME_CHECK or error.check_output is None:
        what = str(error).splitlines()[0]
        raise InvalidSchema(f"{compiled.label}: column {column!r} cannot be validated: {what}; correct the schema")
    failed[column, error.check_index] = error.check_output[CHECK_OUTPUT_KEY]
