"""The rules of a profile's fields written as a pandera schema: what `value_findings` must agree with."""

from __future__ import annotations

from collections.abc import Mapping

import pandera.polars as pandera
import polars as pl
from pandera.api.polars.types import PolarsData

from leadsieve_rules.fields.checks import choices, dates
from leadsieve_rules.fields.emails import are_emails
from leadsieve_rules.profiles.model import PHONE, FieldRule, Rule


def field_schema(fields: Mapping[str, FieldRule]) -> pandera.DataFrameSchema:
    """Write rules as a schema, with one column a field that is required or has a rule."""
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
                metadata={"severity": field.severity, "missing": "reject"},
            )
    return pandera.DataFrameSchema(columns)


def _checks(rule: Rule | None) -> list[pandera.Check]:
    if rule is None:
        return []
    if rule.kind == "email":
        return [pandera.Check(_email, name="email")]
    if rule.kind == "date":
        return [pandera.Check(_date, name="date")]
    if rule.kind == "choice":
        return [pandera.Check(_choice, name="choice", values=rule.values, ignore_case=rule.ignore_case)]
    if rule.low is None and rule.high is None:
        return []
    if rule.kind == "text":
        return [pandera.Check.str_length(min_value=rule.low, max_value=rule.high)]
    if rule.low is None:
        return [pandera.Check.less_than_or_equal_to(rule.high)]
    if rule.high is None:
        return [pandera.Check.greater_than_or_equal_to(rule.low)]
    return [pandera.Check.in_range(rule.low, rule.high)]


def _email(data: PolarsData) -> pl.LazyFrame:
    return data.lazyframe.select(pl.col(data.key).map_batches(are_emails, return_dtype=pl.Boolean))


def _date(data: PolarsData) -> pl.LazyFrame:
    return data.lazyframe.select(pl.col(data.key).map_batches(dates, return_dtype=pl.Boolean))


def _choice(data: PolarsData, *, values: tuple[str, ...], ignore_case: bool) -> pl.LazyFrame:
    def known(cells: pl.Series) -> pl.Series:
        return choices(cells, values, ignore_case=ignore_case)

    return data.lazyframe.select(pl.col(data.key).map_batches(known, return_dtype=pl.Boolean))
