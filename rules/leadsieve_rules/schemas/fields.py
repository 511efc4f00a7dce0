"""The rules of a profile's fields, written as a pandera schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadsieve_rules.fields.checks import choice, date
from leadsieve_rules.fields.emails import email
from leadsieve_rules.fields.schedules import is_schedule
from leadsieve_rules.profiles.model import PHONE, FieldRule, Rule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pandera.polars import Check, DataFrameSchema

__all__ = ["email", "field_schema"]


def field_schema(fields: Mapping[str, FieldRule]) -> DataFrameSchema:
    """Write the rules of a profile's fields as a pandera schema (polars API).

    The phone number and call times are left out: they are not a schema's business. A column's metadata holds
    the severity of a value that breaks its rule, under `severity`, and of one that is not there, under `missing`.

    Args:
        fields: Name to rule.

    Returns:
        A schema with one column a field that is required or has a rule. None of the columns must be present.
    """
    import pandera.polars as pandera
    import polars as pl

    columns = {}
    for name, field in fields.items():
        if name != PHONE and not is_schedule(field) and (field.required or field.rule is not None):
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


def _checks(rule: Rule | None) -> list[Check]:
    """Write a rule as pandera checks, named as the findings' details name them."""
    from pandera.polars import Check

    if rule is None:
        return []
    if rule.kind == "email":
        return [Check(email, name="email")]
    if rule.kind == "date":
        return [Check(date, name="date")]
    if rule.kind == "choice":
        return [Check(choice, name="choice", values=rule.values, ignore_case=rule.ignore_case)]
    if rule.low is None and rule.high is None:
        return []
    if rule.kind == "text":
        return [Check.str_length(min_value=rule.low, max_value=rule.high)]
    if rule.low is None:
        return [Check.less_than_or_equal_to(rule.high)]
    if rule.high is None:
        return [Check.greater_than_or_equal_to(rule.low)]
    return [Check.in_range(rule.low, rule.high)]
