"""Each repair of the closed list, with the value before and after."""

from __future__ import annotations

import pytest

SCIENTIFIC = [
    ("9.19876543210E+11", "IN", "919876543210", "+919876543210"),
    ("9,19876543210E+11", "IN", "919876543210", "+919876543210"),
    ("9.19876543210e11", "IN", "919876543210", "+919876543210"),
    ("9.19876543210E11", "IN", "919876543210", "+919876543210"),
    ("9.1987654321000E+11", "IN", "919876543210", "+919876543210"),
    ("9.19876543210 E +11", "IN", "919876543210", "+919876543210"),
    ("919.876543210E+9", "IN", "919876543210", "+919876543210"),
    ("0.919876543210E+12", "IN", "919876543210", "+919876543210"),
    ("+9.19876543210E+11", "US", "+919876543210", "+919876543210"),
    ("9.876543210E+9", "IN", "9876543210", "+919876543210"),
    ("9876543210E+0", "IN", "9876543210", "+919876543210"),
    ("9876543210E+00", "IN", "9876543210", "+919876543210"),
]
DECIMALS = [
    ("919876543210.0", "IN", "919876543210", "+919876543210"),
    ("919876543210.00", "IN", "919876543210", "+919876543210"),
    ("2025550123.000000", "US", "2025550123", "+12025550123"),
    ("+919876543210.0", "US", "+919876543210", "+919876543210"),
    ("301234567.0", "DE", "301234567", "+49301234567"),
    ("07911123456.0", "GB", "07911123456", "+447911123456"),
    ("4002.0", "NU", "4002", "+6834002"),
]
APOSTROPHES = [
    ("'0301234567", "DE", "0301234567", "+49301234567"),
    ("\u20190301234567", "DE", "0301234567", "+49301234567"),
    ("\u2018 0301234567", "DE", "0301234567", "+49301234567"),
    ("'+919876543210", "DE", "+919876543210", "+919876543210"),
    ("''+919876543210", None, "+919876543210", "+919876543210"),
]
LEADING = [
    ("612345678.0", "IT", "leading_zero", "0612345678", "+390612345678"),
    ("6.12345678E+8", "IT", "leading_zero", "0612345678", "+390612345678"),
    ("55800123456", "BR", "leading_plus", "+55800123456", "+55800123456"),
    ("55 800 123456", "BR", "leading_plus", "+55 800 123456", "+55800123456"),
]
ALL = [
    *((cell, region, "scientific", after, e164) for cell, region, after, e164 in SCIENTIFIC),
    *((cell, region, "decimals", after, e164) for cell, region, after, e164 in DECIMALS),
    *((cell, region, "apostrophe", after, e164) for cell, region, after, e164 in APOSTROPHES),
    *LEADING,
    ("'919876543210.0", "IN", "decimals", "919876543210", "+919876543210"),
    ("'9.19876543210E+11", "IN", "scientific", "919876543210", "+919876543210"),
]


@pytest.mark.parametrize(("cell", "region", "detail", "after", "e164"), ALL)
def test_a_damaged_cell_is_repaired_and_shows_what_was_read(outcomes, cell, region, detail, after, e164):
    (outcome,) = outcomes([cell], region)

    assert outcome.codes == ()
    assert (outcome.e164, outcome.repair, outcome.after) == (e164, detail, after)


@pytest.mark.parametrize(("cell", "region", "detail", "after", "e164"), ALL)
def test_what_was_read_needs_no_further_repair(outcomes, cell, region, detail, after, e164):
    (again,) = outcomes([after], region)

    assert (again.e164, again.codes, again.repair) == (e164, (), None)


@pytest.mark.parametrize(
    ("cell", "region", "codes"),
    [
        ("987654321.0", "IN", ("invalid_phone.not_assigned",)),
        ("1.0", "IN", ("invalid_phone.not_a_number",)),
        ("919876543210.0", None, ("invalid_phone.no_region",)),
        ("'", "IN", ("invalid_phone.not_a_number",)),
        ("'hello", "IN", ("invalid_phone.not_a_number",)),
    ],
)
def test_a_repaired_cell_that_is_no_number_is_rejected_without_a_warning(outcomes, cell, region, codes):
    (outcome,) = outcomes([cell], region)

    assert (outcome.codes, outcome.repair) == (codes, None)


@pytest.mark.parametrize(
    ("cell", "region", "e164"),
    [
        ("919876543210", "IN", "+919876543210"),
        ("030.1234.0", "DE", "+493012340"),
        ("202.555.0123", "US", "+12025550123"),
        ("0301.000000", "DE", "+49301000000"),
        ("301234567", "DE", "+49301234567"),
        ("1-800-FLOWERS", "US", "+18003569377"),
        ("tel:+1-202-555-0123;ext=12", None, "+12025550123"),
        ("2025550123 ext. 12", "US", "+12025550123"),
    ],
)
def test_a_number_that_only_looks_damaged_is_left_alone(outcomes, cell, region, e164):
    (outcome,) = outcomes([cell], region)

    assert (outcome.e164, outcome.codes, outcome.repair) == (e164, (), None)


@pytest.mark.parametrize(
    ("cell", "region"),
    [("612345678", "IT"), ("919876543210", None), ("919876543210", "US"), ("442079460000", "IN")],
)
def test_a_lost_zero_or_foreign_plus_that_cannot_be_told_is_not_guessed(outcomes, cell, region):
    (outcome,) = outcomes([cell], region)

    assert outcome.codes[0].startswith("invalid_phone")
