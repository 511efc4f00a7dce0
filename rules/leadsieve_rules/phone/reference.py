"""Phone numbers judged one by one by `phonenumbers`: the reference that every faster way must equal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import phonenumbers
import pyarrow as pa
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from leadsieve_rules.phone.phones import (
    FACTS,
    NO_OWNER,
    NOT_PARSED,
    OWNERS,
    REASON_OF_LENGTH,
    REASONS,
    TYPES,
    VALID,
    Phones,
)

#: Keys hold numbers of so many digits.
_KEY_DIGITS = 19
_OWNER = {code: place for place, code in enumerate(OWNERS)}
_PARSE_ERRORS = {
    NumberParseException.INVALID_COUNTRY_CODE: "INVALID_COUNTRY_CODE",
    NumberParseException.NOT_A_NUMBER: "NOT_A_NUMBER",
    NumberParseException.TOO_SHORT_AFTER_IDD: "TOO_SHORT_AFTER_IDD",
    NumberParseException.TOO_SHORT_NSN: "TOO_SHORT_NSN",
    NumberParseException.TOO_LONG: "TOO_LONG",
}


class Verdict(NamedTuple):
    """One number as `Phones` holds it: the fields of `FACTS`, then its E.164 form and its extension."""

    reason: int
    length: int = NOT_PARSED
    kind: int = 0
    national: int = 0
    country: int = 0
    owner: int = NO_OWNER
    e164: str | None = None
    extension: str | None = None


def judge(raw: str | None, region: str | None) -> Verdict:
    """Judge one number.

    Args:
        raw: The number as written; None is no number.
        region: The region in which a number without a country code is read; None where there is none.

    Returns:
        What `phonenumbers` says of it.
    """
    if raw is None:
        return Verdict(REASONS.index("NOT_A_NUMBER"))
    try:
        number = phonenumbers.parse(raw, region)
    except NumberParseException as error:
        return Verdict(REASONS.index(_PARSE_ERRORS[error.error_type]))
    length = phonenumbers.is_possible_number_with_reason(number)
    kind = phonenumbers.number_type(number)
    owner = phonenumbers.region_code_for_number(number)
    return Verdict(
        reason=VALID if phonenumbers.is_valid_number(number) else REASON_OF_LENGTH[length],
        length=int(length),
        kind=TYPES.index(PhoneNumberType.to_string(kind)),
        national=len(phonenumbers.national_significant_number(number)),
        country=number.country_code or 0,
        owner=NO_OWNER if owner is None else _OWNER[owner],
        e164=phonenumbers.format_number(number, PhoneNumberFormat.E164),
        extension=number.extension,
    )


def judge_pairs(pairs: Sequence[tuple[str | None, str | None]]) -> Phones:
    """Judge numbers one by one.

    Args:
        pairs: Numbers and their regions, as `judge` takes them.

    Returns:
        The numbers, in order.
    """
    verdicts = [judge(raw, region) for raw, region in pairs]
    return Phones(
        facts=np.array([verdict[: len(FACTS.names or ())] for verdict in verdicts], FACTS),
        keys=np.array([_key(verdict.e164) for verdict in verdicts], np.uint64),
        e164=pa.array([verdict.e164 for verdict in verdicts], pa.string()),
        extended=np.array([verdict.extension is not None for verdict in verdicts], np.bool_),
        extensions=pa.array([v.extension for v in verdicts if v.extension is not None], pa.string()),
    )


def _key(e164: str | None) -> int:
    return int(e164[1:]) if e164 is not None and len(e164) <= _KEY_DIGITS + 1 else 0
