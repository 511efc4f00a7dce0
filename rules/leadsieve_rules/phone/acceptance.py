"""Which numbers a campaign takes, and why not the others: findings from the judged numbers of a chunk."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers import PhoneNumber, ValidationResult, is_possible_number_with_reason

from leadsieve_rules.cells.arrays import null_flags
from leadsieve_rules.findings import Finding
from leadsieve_rules.phone.phones import INVALID_COUNTRY_CODE, REASONS, Phones

#: What each of libphonenumber's reasons is called here; the others are decided by the country's lengths.
_DETAILS = {
    "NOT_A_NUMBER": "not_a_number",
    "INVALID_COUNTRY_CODE": "invalid_country_code",
    "TOO_SHORT_AFTER_IDD": "too_short",
    "TOO_SHORT_NSN": "too_short",
    "TOO_SHORT": "too_short",
    "IS_POSSIBLE_LOCAL_ONLY": "too_short",
    "TOO_LONG": "too_long",
    "NOT_ASSIGNED": "not_assigned",
}
DETAILS = ("not_a_number", "invalid_country_code", "too_short", "too_long", "not_assigned", "no_region")
#: The place in `DETAILS` of each reason; -1 where the lengths decide.
_BY_REASON = np.array([DETAILS.index(_DETAILS[name]) if name in _DETAILS else -1 for name in REASONS])
#: The first plus sign or digit is a plus: such a number names its country itself.
_LEADING_PLUS = "^[^+\uff0b\\p{Nd}]*[+\uff0b]"

_Mask = npt.NDArray[np.bool_]


def phone_findings(
    phones: Phones,
    raw: pa.Array | pa.ChunkedArray,
    *,
    column: str,
    has_region: bool | _Mask,
    check: str,
) -> list[Finding]:
    """Say which rows have no acceptable number, and which lost an extension.

    A number whose length lies between two possible lengths of its country (libphonenumber's `INVALID_LENGTH`)
    counts as too short or too long by the nearer of the two; at equal distance it is too short.

    Args:
        phones: What `read` gave for `raw`.
        raw: The cells as strings, trimmed, null where empty.
        column: The source column of the numbers, for the findings.
        has_region: Whether a region was given for numbers without a country code; one value, or one a row.
        check: "valid" takes valid numbers; "normalise" takes every number that is possible as a full number.

    Returns:
        `missing_phone`, then `invalid_phone` by detail in the order of `DETAILS`, then the warning
        `extension_dropped` for accepted rows; none without rows. Their values are the cells.
    """
    missing = np.zeros(len(raw), np.bool_)
    if raw.null_count:
        missing = np.array(pc.is_null(raw), np.bool_) if isinstance(raw, pa.ChunkedArray) else null_flags(raw)
    accepted = phones.valid if check == "valid" else phones.complete
    findings = [_finding("missing_phone", None, column, np.flatnonzero(missing), raw)]
    refused = np.flatnonzero(~(accepted | missing))
    if len(refused):
        details = _details(phones, refused)
        details[_lacks_region(phones, raw, refused, has_region)] = DETAILS.index("no_region")
        findings += [
            _finding("invalid_phone", name, column, refused[details == at], raw) for at, name in enumerate(DETAILS)
        ]
    findings.append(_finding("extension_dropped", None, column, np.flatnonzero(accepted & phones.extended), raw))
    return [finding for finding in findings if len(finding.index)]


def _finding(
    code: str, detail: str | None, column: str, index: npt.NDArray[np.int64], raw: pa.Array | pa.ChunkedArray
) -> Finding:
    values = raw.take(pa.array(index)).cast(pa.string())
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    return Finding(code=code, detail=detail, column=column, index=index, values=values)


def _details(phones: Phones, refused: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Give each refused number its place in `DETAILS`, as if a region had been given."""
    facts = phones.facts[refused]
    places: npt.NDArray[np.int64] = _BY_REASON[facts["reason"]]
    by_length = places < 0
    pairs, rows = np.unique(facts[by_length][["country", "national"]], return_inverse=True)
    known = np.array([DETAILS.index(_length_detail(int(code), int(length))) for code, length in pairs], np.int64)
    places[by_length] = known[rows]
    return places


def _lacks_region(
    phones: Phones, raw: pa.Array | pa.ChunkedArray, refused: npt.NDArray[np.int64], has_region: bool | _Mask
) -> _Mask:
    """Find the numbers that do not parse only because neither they nor the caller named a country."""
    if has_region is True:
        return np.zeros(len(refused), np.bool_)
    lacking: _Mask = ~phones.parsed[refused] & (phones.reason[refused] == INVALID_COUNTRY_CODE)
    if isinstance(has_region, np.ndarray):
        lacking &= ~has_region[refused]
    own_country = pc.match_substring_regex(raw.take(pa.array(refused[lacking])), _LEADING_PLUS)
    lacking[lacking] = ~np.array(own_country, np.bool_)
    return lacking


@cache
def _length_result(country_code: int, length: int) -> int:
    """Return the ValidationResult of any number of so many national digits: it depends on nothing else."""
    number = PhoneNumber(country_code=country_code, national_number=int("1" * length))
    return int(is_possible_number_with_reason(number))


@cache
def _length_detail(country_code: int, length: int) -> str:
    """Decide for an impossible length whether it is too short or too long, by the nearest possible one."""
    for distance in range(1, 18):
        if _length_result(country_code, length + distance) == ValidationResult.IS_POSSIBLE:
            return "too_short"
        if length > distance and _length_result(country_code, length - distance) == ValidationResult.IS_POSSIBLE:
            return "too_long"
    return "too_short"
