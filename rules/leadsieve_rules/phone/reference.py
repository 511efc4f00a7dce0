"""Phone numbers judged one by one by `phonenumbers`: the reference that every faster way must equal."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import phonenumbers
import pyarrow as pa
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType, ValidationResult

if TYPE_CHECKING:
    from collections.abc import Iterable

#: What is known of each number; `normalize` documents the columns.
SCHEMA = pa.schema(
    [
        pa.field("e164", pa.string()),
        pa.field("is_valid", pa.bool_(), nullable=False),
        pa.field("is_possible", pa.bool_(), nullable=False),
        pa.field("region", pa.string()),
        pa.field("number_type", pa.string()),
        pa.field("country_code", pa.int32()),
        pa.field("national_number", pa.string()),
        pa.field("extension", pa.string()),
        pa.field("reason", pa.string()),
    ]
)


class Verdict(NamedTuple):
    """One number, in the columns of `SCHEMA`."""

    e164: str | None
    is_valid: bool
    is_possible: bool
    region: str | None
    number_type: str | None
    country_code: int | None
    national_number: str | None
    extension: str | None
    reason: str | None


_PARSE_ERRORS = {
    NumberParseException.INVALID_COUNTRY_CODE: "INVALID_COUNTRY_CODE",
    NumberParseException.NOT_A_NUMBER: "NOT_A_NUMBER",
    NumberParseException.TOO_SHORT_AFTER_IDD: "TOO_SHORT_AFTER_IDD",
    NumberParseException.TOO_SHORT_NSN: "TOO_SHORT_NSN",
    NumberParseException.TOO_LONG: "TOO_LONG",
}


def judge(raw: str | None, region: str | None) -> Verdict:
    """Judge one number.

    Args:
        raw: The number as written; None is no number.
        region: The region in which a number without a country code is read; None where there is none.

    Returns:
        What `phonenumbers` says of it.
    """
    if raw is None:
        return _unparsed("NOT_A_NUMBER")
    try:
        number = phonenumbers.parse(raw, region)
    except NumberParseException as error:
        return _unparsed(_PARSE_ERRORS[error.error_type])
    valid = phonenumbers.is_valid_number(number)
    possible = phonenumbers.is_possible_number_with_reason(number)
    if valid:
        reason = None
    elif possible == ValidationResult.IS_POSSIBLE:
        reason = "NOT_ASSIGNED"
    else:
        reason = ValidationResult.to_string(possible)
    return Verdict(
        e164=phonenumbers.format_number(number, PhoneNumberFormat.E164),
        is_valid=valid,
        is_possible=possible in {ValidationResult.IS_POSSIBLE, ValidationResult.IS_POSSIBLE_LOCAL_ONLY},
        region=phonenumbers.region_code_for_number(number),
        number_type=PhoneNumberType.to_string(phonenumbers.number_type(number)),
        country_code=number.country_code,
        national_number=phonenumbers.national_significant_number(number),
        extension=number.extension,
        reason=reason,
    )


def judge_all(numbers: Iterable[tuple[str | None, str | None]]) -> pa.Table:
    """Judge numbers one by one.

    Args:
        numbers: Pairs of number and region, as `judge` takes them.

    Returns:
        A table of `SCHEMA`, one row a pair, in order.
    """
    verdicts = [judge(raw, region) for raw, region in numbers]
    columns = zip(*verdicts, strict=True) if verdicts else [()] * len(SCHEMA)
    return pa.table(
        [pa.array(column, type=field.type) for column, field in zip(columns, SCHEMA, strict=True)],
        schema=SCHEMA,
    )


def _unparsed(reason: str) -> Verdict:
    return Verdict(None, False, False, None, None, None, None, None, reason)
