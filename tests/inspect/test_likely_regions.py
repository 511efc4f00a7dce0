"""The country of numbers without a country code: guessed where the evidence is clear, and only there."""

import random

import phonenumbers as pn
import pyarrow as pa
import pytest

import leadsieve as ls
from leadsieve.inspection.regions import likely_region

USUAL = (pn.PhoneNumberType.MOBILE, pn.PhoneNumberType.FIXED_LINE, pn.PhoneNumberType.FIXED_LINE_OR_MOBILE)


def _numbers(region, count, *, national, seed=3):
    """Draw valid numbers of a country, as people write them or as bare digits."""
    draw, found = random.Random(seed), []
    like = pn.example_number_for_type(region, pn.PhoneNumberType.MOBILE)
    length = len(str(like.national_number))
    while len(found) < count:
        number = pn.PhoneNumber(like.country_code, draw.randrange(10 ** (length - 1), 10**length))
        if pn.is_valid_number_for_region(number, region) and pn.number_type(number) in USUAL:
            form = pn.format_number(number, pn.PhoneNumberFormat.NATIONAL)
            found.append(form if national else str(number.national_number))
    return found


def _likely(numbers, **columns):
    return likely_region(pa.array(numbers), pa.table({"phone": numbers, **columns}))


@pytest.mark.parametrize(
    ("region", "national"),
    [
        ("IN", False),
        ("US", True),
        ("US", False),
        ("GB", True),
        ("BR", False),
        ("DE", True),
        ("NG", False),
        ("FR", True),
    ],
)
def test_numbers_of_many_places_tell_their_country(region, national):
    found = _likely(_numbers(region, 40, national=national))
    assert (found.region, found.share, found.numbers, found.sure) == (region, 1.0, 40, True)
    assert found.next_region != region


def test_some_that_are_no_numbers_do_not_hide_it():
    found = _likely([*_numbers("IN", 40, national=False), *(f"12345{n:03d}" for n in range(10))])
    assert (found.region, found.sure) == ("IN", True)
    assert 0.75 <= found.share < 1


@pytest.mark.parametrize("numbers", [["2025550123"], [f"98{n:08d}" for n in range(200)], ["12", "34", "56"]])
def test_a_few_numbers_or_those_of_one_town_tell_nothing(numbers):
    found = _likely(numbers)
    assert found is None or not found.sure


def test_a_column_of_countries_counts_where_it_explains_the_numbers():
    numbers = _numbers("IN", 20, national=False) + _numbers("US", 20, national=False)
    countries = ["in "] * 20 + ["US"] * 20
    # Abbreviations of states look like codes of countries, but their numbers are elsewhere.
    states = ["CA", "IN", "GA", "DE"] * 10
    found = _likely(numbers, state=states, country=countries)
    assert (found.column, found.region, found.share, found.sure) == ("country", None, 1.0, True)
    assert _likely(_numbers("US", 40, national=False), state=states).region == "US"


def test_a_region_that_was_given_is_kept_and_doubted(tmp_path):
    source = tmp_path / "a.csv"
    source.write_text("\n".join(["phone,name", *(f"{n},Asha" for n in _numbers("IN", 40, national=False)), ""]))
    (seen,) = ls.inspect(source, region="GB")
    assert seen.likely_region.region == "IN"
    assert "--region GB" in seen.command
    assert "you said GB" in " ".join(repr(seen).split())
    (seen,) = ls.inspect(source, region="IN")
    assert seen.likely_region is None


def test_clean_guesses_nothing(tmp_path):
    source = tmp_path / "a.csv"
    source.write_text("\n".join(["phone,name", *(f"{n},Asha" for n in _numbers("IN", 40, national=False)), ""]))
    with pytest.raises(ls.SourceError) as caught:
        ls.clean(source)
    assert caught.value.code == "missing_region"
