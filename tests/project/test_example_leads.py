"""The example lead file: made by its generator, of people who do not exist, with every mess it promises."""

from __future__ import annotations

import csv
import io
import re
import runpy
from pathlib import Path

import phonenumbers
import pytest

DATA = Path(__file__).parents[1] / "data"
LEADS = (DATA / "leads.csv").read_bytes()
TEXT = LEADS.decode("utf-8-sig", "replace")
HEADER, *RECORDS = list(csv.reader(io.StringIO(TEXT, newline="")))
PHONES = [record[1] for record in RECORDS if len(record) > 1]


def parsed(text: str) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(text, "IN")
    except phonenumbers.NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None


def test_the_generator_makes_the_file_byte_for_byte():
    assert runpy.run_path(str(DATA / "make_leads.py"))["leads"]() == LEADS


def test_most_numbers_are_valid_and_from_several_countries():
    numbers = [number for number in map(parsed, PHONES) if number]
    assert len(numbers) > 270
    assert {number.country_code for number in numbers} == {91, 1, 44}


def test_every_valid_number_lies_in_an_example_range():
    texts = {phonenumbers.format_number(n, phonenumbers.PhoneNumberFormat.E164) for n in map(parsed, PHONES) if n}
    assert not [text for text in texts if not re.match(r"\+(9181234\d{5}|120155501\d\d|447400\d{6})$", text)]


def test_every_mail_address_is_in_a_reserved_domain():
    assert set(re.findall(r"@([a-z0-9-]+(?:\.[a-z0-9-]+)+)", TEXT)) == {
        "example.com",
        "example.org",
        "example.net",
    }


def test_some_numbers_stand_twice_in_different_spellings():
    spellings: dict[str, set[str]] = {}
    for text in PHONES:
        if number := parsed(text):
            spellings.setdefault(str(number.national_number), set()).add(text)
    assert sum(len(texts) > 1 for texts in spellings.values()) >= 10


@pytest.mark.parametrize(
    ("mess", "there"),
    [
        ("byte order mark", LEADS.startswith(b"\xef\xbb\xbf")),
        ("missing phone", "" in PHONES),
        ("not available", "N/A" in PHONES),
        ("digits lost to a spreadsheet", "9.19E+11" in PHONES),
        ("quoted comma", ',"Lotus Textiles, Pvt. Ltd.",' in TEXT),
        ("doubled quote", '"The ""Blue"" Kitchen"' in TEXT),
        ("newline in a cell", any("\n" in cell for record in RECORDS for cell in record)),
        ("short row", any(0 < len(record) < 7 and "".join(record).strip() for record in RECORDS)),
        ("long row", any(len(record) > 7 for record in RECORDS)),
        ("blank line", [] in RECORDS),
        ("record of nothing", [""] * 7 in RECORDS),
        ("trailing spaces", any(record[0].endswith("  ") for record in RECORDS if record)),
        ("bad mail address", "not-an-email" in TEXT),
        ("formula", any(record[0].startswith("=") for record in RECORDS if record)),
        ("Devanagari", "प्रिया शर्मा" in TEXT),
        ("accents", "José Álvarez" in TEXT),
        ("header in the middle", HEADER in RECORDS),
        ("broken byte", b"Ren\xe9 Latin" in LEADS),
    ],
)
def test_the_file_is_as_messy_as_promised(mess, there):
    assert there, mess
