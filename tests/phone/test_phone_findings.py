"""Which numbers are accepted, and under which detail the others are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import phonenumbers
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import ValidationResult

from leadsieve_rules.phone import read
from leadsieve_rules.phone.acceptance import DETAILS, phone_findings
from leadsieve_rules.reasons import REASONS


def found(raws: list[str | None], region: str | None = None, check: str = "valid", **options: Any) -> dict[int, str]:
    """The finding of each row, as code or detail."""
    raw = pa.array(raws, pa.string())
    options.setdefault("has_region", region is not None)
    findings = phone_findings(read(raw, region), raw, column="Mobile", check=check, **options)
    for finding in findings:
        assert finding.column == "Mobile"
        assert finding.index.dtype == np.int64
        assert finding.values.equals(raw.take(pa.array(finding.index)))
    return {int(i): f.detail or f.code for f in findings for i in f.index}


@pytest.mark.parametrize(
    ("raw", "region", "detail"),
    [
        (None, "IN", "missing_phone"),
        ("N/A", "IN", "not_a_number"),
        ("-", None, "not_a_number"),
        ("+999 123456", "IN", "invalid_country_code"),
        ("+999 123456", None, "invalid_country_code"),
        ("98123", "IN", "too_short"),
        ("+1 555 0123", None, "too_short"),
        ("+91 98123 45678 901234", None, "too_long"),
        ("1" * 300, "IN", "too_long"),
        ("+1 555 555 5555", None, "not_assigned"),
        ("98123 45678", None, "no_region"),
        ("(0) 98123 45678", None, "no_region"),
        ("\uff0b999 123456", None, "invalid_country_code"),
        ("tel. +999 123", None, "invalid_country_code"),
    ],
)
def test_details(raw: str | None, region: str | None, detail: str) -> None:
    assert found([raw], region) == {0: detail}


def test_details_are_those_of_the_reasons_table() -> None:
    assert set(DETAILS) == set(REASONS["invalid_phone"].details)


def test_a_region_is_known_row_by_row() -> None:
    raw = pa.array(["98123 45678", "98123 45678"])
    table = read(raw, None)
    (with_region, without) = (
        phone_findings(table, raw, column="p", has_region=np.array(mask), check="valid")
        for mask in ([True, False], [False, False])
    )
    assert [(f.detail, f.index.tolist()) for f in with_region] == [
        ("invalid_country_code", [0]),
        ("no_region", [1]),
    ]
    assert [(f.detail, f.index.tolist()) for f in without] == [("no_region", [0, 1])]


def test_a_length_between_two_possible_ones_goes_to_the_nearer() -> None:
    checked = 0
    for code in sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE):
        results = {n: possibility(code, "1" * n) for n in range(2, 18)}
        good = [n for n, result in results.items() if result == ValidationResult.IS_POSSIBLE]
        for n, result in results.items():
            raw = f"+{code}{'1' * n}"
            if result != ValidationResult.INVALID_LENGTH or len(str(phonenumbers.parse(raw).national_number)) != n:
                continue
            up = min(g - n for g in good if g > n)
            down = min(n - g for g in good if g < n)
            assert found([raw]) == {0: "too_short" if up <= down else "too_long"}
            checked += 1
    assert checked > 20


def possibility(code: int, digits: str) -> int:
    number = phonenumbers.PhoneNumber(country_code=code, national_number=int(digits))
    return int(phonenumbers.is_possible_number_with_reason(number))


@pytest.mark.parametrize(
    ("raw", "accepted"),
    [
        ("5551234567", True),
        ("1-555-123-4567", True),
        ("(555) 123-4567", True),
        ("+15551234567", True),
        ("+1 310 1234", False),  # valid in Canada, yet seven digits are local only
        ("555 1234", False),
        ("555", False),
    ],
)
def test_normalise_takes_what_is_possible_in_full(raw: str, accepted: bool) -> None:
    assert (found([raw], "US", check="normalise") == {}) is accepted


def test_an_extension_is_a_warning_of_accepted_rows_only() -> None:
    raws = ["+91 98123 45678 x12", "+91 98123 x12", "+91 98123 45678"]
    assert found(raws) == {0: "extension_dropped", 1: "too_short"}


def test_no_rows_give_no_findings() -> None:
    assert found([]) == {}


@given(
    st.lists(st.none() | st.from_regex(r"\+?(91|1|44|49)?[0-9 -]{1,14}(x[0-9]{2})?", fullmatch=True), max_size=20),
    st.sampled_from(["IN", "DE", None]),
    st.sampled_from(["valid", "normalise"]),
)
def test_every_row_is_accepted_or_refused_once_and_rightly(
    raws: list[str | None], region: str | None, check: str
) -> None:
    verdicts = found(raws, region, check)
    for row, raw in enumerate(raws):
        accepted = verdicts.get(row) not in {"missing_phone", *DETAILS}  # a warning refuses nothing
        assert accepted == takes(raw, region, check), raw


def takes(raw: str | None, region: str | None, check: str) -> bool:
    try:
        number = phonenumbers.parse(raw or "", region)
    except phonenumbers.NumberParseException:
        return False
    if check == "valid":
        return bool(phonenumbers.is_valid_number(number))
    return bool(phonenumbers.is_possible_number_with_reason(number) == ValidationResult.IS_POSSIBLE)
