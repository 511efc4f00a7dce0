"""Each rejection of the closed list: digits that are gone, and cells with more than one reading."""

from __future__ import annotations

import pyarrow as pa
import pytest

from leadsieve_rules.damage import read_phones


@pytest.mark.parametrize(
    "cell",
    [
        "9.19877E+11",
        "9,19877E+11",
        "9.19E+11",
        "9.19e11",
        "9.19 E+11",
        "'9.19E+11",
        "+9.19E+11",
        "9E+11",
        "1E+10",
        "9.198765432E+11",
        "9.19876543210E+12",
        "9.1987654321012345E+16",
        "9.198765432109876E+15",
        "9.19E+9999999999999999999",
        "9198765432109876.0",
        "9198765432109870",
        "91987654321098700",
    ],
)
def test_a_number_that_lost_digits_is_lossy(outcomes, cell):
    for region in ("IN", "DE", None):
        assert outcomes([cell], region)[0].codes == ("lossy_phone.rounded",)


@pytest.mark.parametrize(
    "cell",
    ["-919876543210.0", "-9.19876543210E+11", "-9.19E+11", "9.198765432105E+11", "9.198765E-5", "0E+5"],
)
def test_a_number_that_a_formula_worked_out_is_lossy(outcomes, cell):
    for region in ("IN", "DE", None):
        assert outcomes([cell], region)[0].codes in {("lossy_phone.calculated",), ("lossy_phone.rounded",)}


@pytest.mark.parametrize(
    ("cell", "region"),
    [
        ("0301234567.0", "DE"),
        ("0301234567.00", "DE"),
        ("+49301234567.0", "DE"),
        ("+49301234567.0", None),
        ("'0301234567.0", "DE"),
        ("0384948155.0", "IT"),
        ("384948155.0", "IT"),
        ("4939141777", "DE"),
        ("49 39141777", "DE"),
        ("(49) 39141777", "DE"),
        ("4939141777.0", "DE"),
        ("62271795522", "ID"),
        ("6.2271795522E+10", "ID"),
    ],
)
def test_a_number_with_two_readings_is_lossy(outcomes, cell, region):
    assert outcomes([cell], region)[0].codes == ("lossy_phone.ambiguous",)


def test_a_zero_after_the_point_is_never_read_as_a_digit(outcomes):
    for cell in ("0301234567.0", "301234567.0", "'301234567.0"):
        assert outcomes([cell], "DE")[0].e164 in {None, "+49301234567"}


@pytest.mark.parametrize(
    "cell",
    [
        "2025550123, 4155550123",
        "2025550123/4155550123",
        "2025550123 / 4155550123",
        "2025550123;4155550123",
        "2025550123 | 4155550123",
        "2025550123\n4155550123",
        "2025550123\r\n4155550123",
        "2025550123 or 4155550123",
        "2025550123 OR 4155550123",
        "2025550123or4155550123",
        "2025550123 and 4155550123",
        "2025550123 & 4155550123",
        "2025550123, 4155550123 or +919876543210",
        "2025550123 / 2025550123",
        "+12025550123 / 202-555-0123",
        "2025550123, , 4155550123,",
        "home: 2025550123 / work: 4155550123",
        "'2025550123 / '4155550123",
        "2025550123\uff0f4155550123",
    ],
)
def test_several_valid_numbers_in_a_cell_are_rejected(outcomes, cell):
    assert outcomes([cell], "US")[0].codes == ("multiple_phones",)


@pytest.mark.parametrize(
    ("cell", "region", "e164"),
    [
        ("2025550123 /", "US", "+12025550123"),
        ("/ 2025550123", "US", "+12025550123"),
        ("2025550123, ext 12", "US", "+12025550123"),
        ("2025550123;12", "US", "+12025550123"),
        ("030/1234567", "DE", "+49301234567"),
        ("04131/12345", "DE", "+49413112345"),
        ("033056/123456", "DE", "+4933056123456"),
        ("030 123456, 7", "DE", "+4930123456"),
        ("0664/1234567", "AT", "+436641234567"),
    ],
)
def test_one_number_with_a_separator_in_it_is_accepted(outcomes, cell, region, e164):
    (outcome,) = outcomes([cell], region)

    assert (outcome.e164, outcome.codes, outcome.repair) == (e164, (), None)


@pytest.mark.parametrize(
    "cell",
    [
        "030 123456 / 7",
        "030 123456/57",
        "7/030123456",
        "030 123456 or 7",
        "030 123456 and 7",
        "030 123456 / Max",
    ],
)
def test_a_number_glued_from_several_parts_is_rejected(outcomes, cell):
    assert outcomes([cell], "DE")[0].codes == ("invalid_phone.not_a_number",)


def test_parts_are_read_in_the_region_of_their_row():
    cells = pa.array(["2025550123 / 4155550123", "2025550123 / 4155550123"])
    reading = read_phones(cells, pa.array(["US", None]))

    assert [(r.code, r.index.tolist()) for r in reading.rejections] == [("multiple_phones", [0])]
