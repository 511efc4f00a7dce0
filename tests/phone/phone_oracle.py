"""What `phonenumbers` says of a number, in the columns of `normalize` and more: asked of its public functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import phonenumbers
import pyarrow as pa
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType, ValidationResult, re_util

from leadsieve_rules.phone import Phones

if TYPE_CHECKING:
    from collections.abc import Sequence

COLUMNS = (
    "e164",
    "is_valid",
    "is_possible",
    "region",
    "number_type",
    "country_code",
    "national_number",
    "extension",
    "reason",
)
#: Further columns of `Phones`: whether the number is possible in full, and its digits as one number.
MORE = ("complete", "key")
#: More digits than this have no key.
KEY_DIGITS = 19
PARSE_ERRORS = ("INVALID_COUNTRY_CODE", "NOT_A_NUMBER", "TOO_SHORT_AFTER_IDD", "TOO_SHORT_NSN", "TOO_LONG")
TYPES = {kind: PhoneNumberType.to_string(kind) for kind in PhoneNumberType.values()}
_UNPARSED = (None, False, False, None, None, None, None, None)

# Patterns compiled once: a third of the time of millions of rows.
if hasattr(re_util, "enable_pattern_cache"):
    re_util.enable_pattern_cache()


def expected(raw: str | None, region: str | None) -> tuple[Any, ...]:
    """Judge one number, in `COLUMNS` and `MORE`; an unknown region is none."""
    if region not in phonenumbers.SUPPORTED_REGIONS:
        region = None
    try:
        number = phonenumbers.parse(raw, region)
    except NumberParseException as error:
        return (*_UNPARSED, PARSE_ERRORS[error.error_type], False, 0)
    valid = phonenumbers.is_valid_number(number)
    possible = phonenumbers.is_possible_number_with_reason(number)
    if valid:
        reason = None
    elif possible == ValidationResult.IS_POSSIBLE:
        reason = "NOT_ASSIGNED"
    else:
        reason = ValidationResult.to_string(possible)
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return (
        e164,
        valid,
        phonenumbers.is_possible_number(number),
        phonenumbers.region_code_for_number(number),
        TYPES[phonenumbers.number_type(number)],
        number.country_code,
        phonenumbers.national_significant_number(number),
        number.extension,
        reason,
        possible == ValidationResult.IS_POSSIBLE,
        int(e164) if len(e164) <= 1 + KEY_DIGITS else 0,
    )


def differences(
    judged: Phones | pa.Table, raws: Sequence[str | None], regions: Sequence[str | None] | str | None
) -> list[tuple[str, ...]]:
    """Compare what leadsieve says with what `phonenumbers` says.

    Args:
        judged: What `read` or `normalize` gave.
        raws: The numbers that it was given.
        regions: The region of each, or the one of all.

    Returns:
        The value (in ASCII), region, column, what was got and what was wanted, for every cell that differs.
    """
    names, columns = _columns(judged)
    each = [regions] * len(raws) if regions is None or isinstance(regions, str) else regions
    found = []
    for raw, region, *got in zip(raws, each, *columns, strict=True):
        want = expected(raw, region)[: len(names)]
        if tuple(got) != want:
            found += [
                (f"value {raw!a}", f"region {region}", name, f"got {g!r}", f"want {w!r}")
                for name, g, w in zip(names, got, want, strict=True)
                if g != w
            ]
    return found


def _columns(judged: Phones | pa.Table) -> tuple[tuple[str, ...], list[list[Any]]]:
    table = judged.table() if isinstance(judged, Phones) else judged
    assert table.column_names == list(COLUMNS)
    columns = [table[name].to_pylist() for name in COLUMNS]
    if isinstance(judged, Phones):
        return COLUMNS + MORE, [*columns, judged.complete.tolist(), judged.keys.tolist()]
    return COLUMNS, columns
