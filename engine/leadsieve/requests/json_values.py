"""Typed cells as JSON values."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from leadsieve.requests.cells import cell_texts
from leadsieve_connectors.sinks import json_strings
from leadsieve_rules.profiles.model import Rule

_WHOLE = r"^[+-]?[0-9]{1,18}$"


def json_values(column: pa.Array, rule: Rule | None = None) -> pa.Array:
    """Write cells as JSON values: numbers, true and false and nested values as such, all else as strings.

    Args:
        column: Any Arrow array.
        rule: What the values must be. Under an "integer" rule a text that is a whole number within its bounds is a
            number; a text that is none, and so breaks the rule, stays a string.

    Returns:
        A large_string array of JSON texts, of the same length; null where a cell has no value.
    """
    kind = column.type
    if pa.types.is_dictionary(kind):
        return json_values(column.dictionary, rule).take(column.indices)
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        return column.cast(pa.string()).cast(pa.large_string())
    texts = cell_texts(column)
    if pa.types.is_floating(kind) or pa.types.is_nested(kind):
        return texts
    strings = json_strings(texts)
    return strings if rule is None or rule.kind != "integer" else _integers(texts, strings, rule)


def _integers(texts: pa.Array, strings: pa.Array, rule: Rule) -> pa.Array:
    """Put numbers in the place of the strings that are whole numbers within the rule's bounds."""
    whole = pc.match_substring_regex(texts, _WHOLE)
    digits = pc.if_else(whole, texts, pa.scalar(None, pa.large_string()))
    numbers = pc.replace_substring_regex(digits, r"^\+", "").cast(pa.int64())
    if rule.low is not None:
        whole = pc.and_kleene(whole, pc.greater_equal(numbers, rule.low))
    if rule.high is not None:
        whole = pc.and_kleene(whole, pc.less_equal(numbers, rule.high))
    return pc.if_else(pc.fill_null(whole, False), numbers.cast(pa.string()).cast(pa.large_string()), strings)
