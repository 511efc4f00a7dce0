"""Which numbers a campaign takes, and why not the others: findings from the judged numbers of a chunk."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers import PhoneNumber, ValidationResult, is_possible_number_with_reason

from leadsieve_rules.findings import Finding

#: What each of libphonenumber's reasons is called here; INVALID_LENGTH is decided by the country's lengths.
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
#: The first plus sign or digit is a plus: such a number names its country itself.
_LEADING_PLUS = "^[^+\uff0b\\p{Nd}]*[+\uff0b]"

_Mask = npt.NDArray[np.bool_]


def phone_findings(
    phones: pa.Table,
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
        phones: What `normalize` gave for `raw`.
        raw: The cells as strings, trimmed, null where empty.
        column: The source column of the numbers, for the findings.
        has_region: Whether a region was given for numbers without a country code; one value, or one a row.
        check: "valid" takes valid numbers; "normalise" takes every number that is possible as a full number.

    Returns:
        `missing_phone`, then `invalid_phone` by detail in the order of `DETAILS`, then the warning
        `extension_dropped` for accepted rows; none without rows. Their values are the cells.
    """
    missing = _mask(pc.is_null(raw))
    accepted = _mask(phones["is_valid"]) if check == "valid" else _possible(phones)
    findings = [_finding("missing_phone", None, column, missing, raw)]
    refused = ~accepted & ~missing
    if refused.any():
        details = np.full(len(refused), -1)
        details[refused] = _details(phones.filter(pa.array(refused)))
        details[refused & _lacks_region(phones, raw, has_region)] = DETAILS.index("no_region")
        findings += [_finding("invalid_phone", name, column, details == i, raw) for i, name in enumerate(DETAILS)]
    dropped = accepted & _mask(pc.is_valid(phones["extension"]))
    findings.append(_finding("extension_dropped", None, column, dropped, raw))
    return [finding for finding in findings if len(finding.index)]


def _finding(code: str, detail: str | None, column: str, mask: _Mask, raw: pa.Array | pa.ChunkedArray) -> Finding:
    index = np.flatnonzero(mask)
    values = raw.take(pa.array(index)).cast(pa.string())
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    return Finding(code=code, detail=detail, column=column, index=index, values=values)


def _details(refused: pa.Table) -> npt.NDArray[np.int64]:
    """Give each refused number its place in `DETAILS`, as if a region had been given."""
    reasons = pc.dictionary_encode(refused["reason"]).combine_chunks()
    names = reasons.dictionary.to_pylist()
    by_reason = np.array([*(DETAILS.index(_DETAILS[name]) if name in _DETAILS else -1 for name in names), -1])
    rows = reasons.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    places: npt.NDArray[np.int64] = by_reason.astype(np.int64)[rows]
    open_ = places < 0
    if open_.any():
        pairs, rows = _lengths(refused.filter(pa.array(open_)))
        by_pair = np.array([DETAILS.index(_length_detail(*pair)) for pair in pairs], dtype=np.int64)
        places[open_] = by_pair[rows]
    return places


def _lacks_region(phones: pa.Table, raw: pa.Array | pa.ChunkedArray, has_region: bool | _Mask) -> _Mask:
    """Find the numbers that do not parse only because neither they nor the caller named a country."""
    if has_region is True:
        return np.zeros(len(raw), dtype=np.bool_)
    unparsed = pc.and_(pc.is_null(phones["e164"]), pc.equal(phones["reason"], "INVALID_COUNTRY_CODE"))
    own_country = pc.fill_null(pc.match_substring_regex(raw, _LEADING_PLUS), False)
    return _mask(unparsed) & ~_mask(own_country) & ~np.asarray(has_region, dtype=np.bool_)


def _possible(phones: pa.Table) -> _Mask:
    """Find the numbers for which `is_possible_number_with_reason` is IS_POSSIBLE."""
    possible = _mask(phones["is_possible"]) & ~_mask(
        pc.fill_null(pc.equal(phones["reason"], "IS_POSSIBLE_LOCAL_ONLY"), False)
    )
    # A valid number has no reason, yet may be local only: Canada's 310 numbers have seven digits.
    valid = np.flatnonzero(_mask(phones["is_valid"]))
    pairs, rows = _lengths(phones.take(pa.array(valid)))
    full = np.array([_length_result(*pair) == ValidationResult.IS_POSSIBLE for pair in pairs], dtype=np.bool_)
    possible[valid] = full[rows]
    return possible


def _lengths(phones: pa.Table) -> tuple[list[tuple[int, int]], npt.NDArray[np.int64]]:
    """Find the distinct pairs of country code and national length, and each row's pair; all must parse."""
    country = phones["country_code"].to_numpy().astype(np.int64)
    length = pc.utf8_length(phones["national_number"]).to_numpy().astype(np.int64)
    distinct, rows = np.unique(country * 32 + length, return_inverse=True)
    return [divmod(int(key), 32) for key in distinct], rows


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


def _mask(values: pa.Array | pa.ChunkedArray) -> _Mask:
    mask: _Mask = np.array(values, dtype=np.bool_)
    return mask
