"""`normalize` against `phonenumbers` itself, on numbers of every region written in many ways."""

from __future__ import annotations

import random

import phonenumbers
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType, ValidationResult

from leadsieve_rules.phone import SCHEMA, normalize

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
JUNK = ["", "0", "7", " ", "-", "\u0663", "x", "+", "/", "abc"]
PARSE_ERRORS = ["INVALID_COUNTRY_CODE", "NOT_A_NUMBER", "TOO_SHORT_AFTER_IDD", "TOO_SHORT_NSN", "TOO_LONG"]


def expected(raw: str | None, region: str | None) -> dict[str, object]:
    """What the upstream functions say, asked one by one."""
    nothing = dict.fromkeys(SCHEMA.names) | {"is_valid": False, "is_possible": False}
    if raw is None:
        return nothing | {"reason": "NOT_A_NUMBER"}
    try:
        number = phonenumbers.parse(raw, region)
    except NumberParseException as error:
        return nothing | {"reason": PARSE_ERRORS[error.error_type]}
    possible = phonenumbers.is_possible_number_with_reason(number)
    reason = "NOT_ASSIGNED" if possible == ValidationResult.IS_POSSIBLE else ValidationResult.to_string(possible)
    valid = phonenumbers.is_valid_number(number)
    return {
        "e164": phonenumbers.format_number(number, PhoneNumberFormat.E164),
        "is_valid": valid,
        "is_possible": phonenumbers.is_possible_number(number),
        "region": phonenumbers.region_code_for_number(number),
        "number_type": PhoneNumberType.to_string(phonenumbers.number_type(number)),
        "country_code": number.country_code,
        "national_number": phonenumbers.national_significant_number(number),
        "extension": number.extension,
        "reason": None if valid else reason,
    }


def corpus(seed: int, rows: int) -> list[tuple[str | None, str | None]]:
    """Numbers near the examples of every region: cut, lengthened, prefixed, with extensions and junk."""
    draw = random.Random(seed)
    types = [t for t in PhoneNumberType.values() if t != PhoneNumberType.UNKNOWN]
    pairs: list[tuple[str | None, str | None]] = []
    while len(pairs) < rows:
        region = draw.choice(REGIONS)
        number = phonenumbers.example_number_for_type(region, draw.choice(types))
        if number is None:
            continue
        form = draw.choice([0, 1, 2, 3])
        text = list(phonenumbers.format_number(number, form))
        for _ in range(draw.choice([0, 0, 1, 2])):
            at = draw.randrange(len(text) + 1)
            text[at : at + draw.choice([0, 1])] = draw.choice(["", "0", "7", " ", "-", "٣", "x", "+", "/", "abc"])
        tail = draw.choice(["", "", "", " ext. 12", "x9", ";ext=7", " or", ",,5#", ";phone-context=+1"])
        head = draw.choice(["", "", "", "tel:", "00", "0", "(", "\u202a", "011"])
        pairs.append((head + "".join(text) + tail, draw.choice([region, region, draw.choice(REGIONS), None])))
    return pairs


def test_every_column_equals_phonenumbers() -> None:
    pairs = [
        *corpus(seed=20, rows=3000),
        (None, "IN"),
        ("", None),
        ("+800 1234 5678", None),
        ("+1 310 1234", None),
    ]
    table = normalize(pa.array([raw for raw, _ in pairs]), pa.array([region for _, region in pairs]))
    assert table.schema == SCHEMA
    for row, (raw, region) in zip(table.to_pylist(), pairs, strict=True):
        assert row == expected(raw, region), (raw, region)
    reasons = set(table["reason"].to_pylist())
    assert reasons >= {None, "NOT_ASSIGNED", "TOO_SHORT", "TOO_LONG", "INVALID_COUNTRY_CODE", "NOT_A_NUMBER"}
    assert "001" in table["region"].to_pylist()


@pytest.mark.parametrize("region", ["IN", "US", "IT", "AR", None])
def test_one_region_for_all(region: str | None) -> None:
    raws = [raw for raw, _ in corpus(seed=7, rows=150)]
    assert normalize(pa.array(raws), region).to_pylist() == [expected(raw, region) for raw in raws]


@given(st.lists(st.tuples(st.none() | st.text(max_size=25), st.none() | st.sampled_from(["IN", "BR", "xx", "ZZ"]))))
def test_any_text_equals_phonenumbers(pairs: list[tuple[str | None, str | None]]) -> None:
    raws, regions = pa.array([p[0] for p in pairs], pa.string()), pa.array([p[1] for p in pairs], pa.string())
    known = [region if region in REGIONS else None for _, region in pairs]
    assert normalize(raws, regions).to_pylist() == [expected(p[0], r) for p, r in zip(pairs, known, strict=True)]
