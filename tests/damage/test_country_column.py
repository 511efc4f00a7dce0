"""A country-code column beside a national number."""

from __future__ import annotations

import pyarrow as pa
import pytest

from leadsieve_rules.damage import read_countries


@pytest.mark.parametrize(
    ("cell", "region", "code", "unknown"),
    [
        ("91", "IN", 91, False),
        ("+91", "IN", 91, False),
        ("+ 91", "IN", 91, False),
        ("0091", "IN", 91, False),
        ("(91)", "IN", 91, False),
        ("91.0", "IN", 91, False),
        ("1", "US", 1, False),
        ("7", "RU", 7, False),
        ("44", "GB", 44, False),
        ("in", "IN", 91, False),
        ("CA", "CA", 1, False),
        ("uk", "GB", 44, False),
        ("800", None, 800, False),
        ("India", None, None, True),
        ("999", None, None, True),
        ("0", None, None, True),
        ("001", "US", 1, False),
        ("9.1", None, None, True),
        (None, "FR", None, False),
    ],
)
def test_a_country_code_names_a_region(cell, region, code, unknown):
    found = read_countries(pa.array([cell], pa.string()), "FR")

    assert [found.region[0].as_py(), found.code[0].as_py(), found.unknown[0].as_py()] == [
        region,
        code,
        unknown,
    ]


@pytest.mark.parametrize(
    ("code", "cell", "e164"),
    [
        ("91", "9876543210", "+919876543210"),
        ("91.0", "9876543210.0", "+919876543210"),
        ("+49", "030 1234567", "+49301234567"),
        ("49", "30 1234567", "+49301234567"),
        ("44", "07911123456", "+447911123456"),
        ("91", "919876543210", "+919876543210"),
        ("IN", "+919876543210", "+919876543210"),
        ("800", "12345678", "+80012345678"),
        ("800", "+80012345678", "+80012345678"),
        (None, "2025550123", "+12025550123"),
    ],
)
def test_a_national_number_is_joined_with_its_country_code(outcomes, code, cell, e164):
    (outcome,) = outcomes([cell], "US", [code])

    assert (outcome.e164, outcome.codes) == (e164, ())
    assert outcome.repair in {None, "decimals"}


def test_the_numbers_own_code_wins_over_the_column_and_is_warned_of(outcomes):
    (outcome,) = outcomes(["+442079460000"], "US", ["49"])

    assert (outcome.e164, outcome.repair, outcome.after) == ("+442079460000", "country_code", "+442079460000")


def test_a_number_is_not_read_in_a_country_that_the_column_does_not_name(outcomes):
    national, international = outcomes(["2025550123", "+12025550123"], "US", ["Atlantis", "Atlantis"])

    assert national.codes == ("invalid_phone.no_region",)
    assert international.e164 == "+12025550123"
