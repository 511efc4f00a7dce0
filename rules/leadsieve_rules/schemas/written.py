"""Schemas in YAML, through pandera's own reader; nothing in one is ever run."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from leadsieve_rules.exceptions import InvalidSchema
from leadsieve_rules.schemas.faults import told_exception
from leadsieve_rules.schemas.importing import without_pandas
from leadsieve_rules.wording import did_you_mean, listed, quoted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pandera.polars import DataFrameSchema

_TYPE = "polars_dataframe"
#: What a schema's file may say of the whole; pandera's reader passes over all else in silence.
_KEYS = (
    *("schema_type", "version", "api", "columns", "checks", "index", "dtype", "coerce", "strict", "name", "ordered"),
    *("unique", "report_duplicates", "unique_column_names", "add_missing_columns", "title", "description"),
)
_COLUMN = (
    *("title", "description", "dtype", "nullable", "checks", "name", "unique", "coerce", "required", "regex"),
    *("default", "report_duplicates", "drop_invalid_rows"),
)
_OPTIONS = ("check_name", "ignore_na", "raise_warning", "n_failure_cases", "error", "name")
#: The only attributes of pandera's `Check` that a file may call.
CHECKS = (
    *("equal_to", "not_equal_to", "greater_than", "greater_than_or_equal_to", "less_than", "less_than_or_equal_to"),
    *("in_range", "isin", "notin", "str_matches", "str_contains", "str_startswith", "str_endswith", "str_length"),
    *("unique_values_eq", "eq", "ne", "gt", "ge", "lt", "le", "between"),
)


def read_written(text: str, file: str) -> DataFrameSchema:
    """Read a schema in the YAML of pandera's `to_yaml`.

    Args:
        text: The file's text.
        file: Its name, for messages.

    Raises:
        InvalidSchema: No YAML, not of the form, or a check that a file cannot name.
    """
    try:
        import yaml  # type: ignore[import-untyped]  # its stubs are a package of their own
    except ImportError as exc:
        raise InvalidSchema(f"{file}: YAML needs PyYAML; run: pip install 'pandera[io]'") from exc
    from pandera.io import polars_io

    try:
        given = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as exc:
        mark = getattr(exc, "problem_mark", None)
        where = "" if mark is None else f", line {mark.line + 1}"
        problem = getattr(exc, "problem", None) or type(exc).__name__
        raise InvalidSchema(f"{file}{where}: this is no YAML that holds only data: {problem}; correct it") from exc
    for told in _faults(given):
        raise InvalidSchema(f"{file}: {told}")
    try:
        reader: Any = polars_io.deserialize_schema
        # pandera imports pandas to read moments and durations, and for all other values of checks in vain.
        with nullcontext() if _has_moments(given) else without_pandas():
            schema: DataFrameSchema = reader(given)
    except ImportError as exc:
        raise InvalidSchema(f"{file}: pandera reads YAML with {exc.name}; run: pip install {exc.name}") from exc
    except Exception as exc:
        raise InvalidSchema(f"{file}: {told_exception(exc)}; correct it, as pandera's to_yaml writes it") from exc
    return schema


def _has_moments(given: dict[str, Any]) -> bool:
    """Tell whether a column may be of moments or durations."""
    dtypes = [given.get("dtype"), *((column or {}).get("dtype") for column in (given.get("columns") or {}).values())]
    return any(word in str(dtype).lower() for dtype in dtypes for word in ("time", "duration"))


def _faults(given: Any) -> Iterator[str]:
    if not isinstance(given, dict) or given.get("schema_type") != _TYPE:
        found = given.get("schema_type") if isinstance(given, dict) else None
        yield f"schema_type is {found!r}; write schema_type: {_TYPE}, as pandera's to_yaml does for the polars API"
        return
    yield from _unknown(given, _KEYS, "the schema")
    if given.get("index"):
        yield "index is not of the polars API; take it out"
    columns = given.get("columns") or {}
    if not isinstance(columns, dict):
        yield "columns must be a mapping of names to columns"
        return
    for name, column in columns.items():
        where = f"column {quoted(str(name))}"
        if not isinstance(name, str) or not isinstance(column, dict | None):
            yield f"{where} must be a name with a mapping below it; in quotes where it is a number or a word of YAML"
            return
        yield from _unknown(column or {}, (*_COLUMN, *CHECKS), where)
        yield from _checks((column or {}).get("checks"), where)
        for key, value in (column or {}).items():
            if key in CHECKS and isinstance(value, dict):
                yield from _options(value.get("options"), f"{where}: {key}")
    yield from _checks(given.get("checks"), "the schema")


def _checks(given: Any, where: str) -> Iterator[str]:
    """Find fault with a list of checks, or the older mapping of them."""
    if given is None:
        return
    if isinstance(given, dict):
        yield from _unknown(given, CHECKS, where)
        return
    if not isinstance(given, list):
        yield f"{where}: checks must be a list"
        return
    for check in given:
        options = check.get("options") if isinstance(check, dict) else None
        if not isinstance(options, dict) or "check_name" not in options:
            yield f"{where}: a check has no options.check_name; write it as pandera's to_yaml does"
            return
        yield from _unknown({str(options["check_name"]): None}, CHECKS, where)
        yield from _options(options, where)


def _options(given: Any, where: str) -> Iterator[str]:
    if given is not None and not isinstance(given, dict):
        yield f"{where}: options must be a mapping"
    elif given:
        yield from _unknown(given, _OPTIONS, where)


def _unknown(given: Mapping[Any, Any], known: tuple[str, ...], where: str) -> Iterator[str]:
    for key in given:
        if key not in known:
            yield f"{where}: {quoted(str(key))} is unknown{did_you_mean(str(key), known)}; there are {listed(known)}"
