"""Which numbers a list holds: all that parse, as `phonenumbers` reads them; the rest is counted, named and masked."""

from __future__ import annotations

import re

import numpy as np
import phonenumbers
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat

from leadsieve.entries import Reading, read_entries
from leadsieve.exceptions import SourceError
from leadsieve.suppression import require_readable
from leadsieve.wording import masked
from leadsieve_connectors.sources import ReadOptions


def _frame(cells, region="IN", **columns):
    (entries,) = read_entries([pa.table({"phone": pa.array(cells, pa.string()), **columns})], Reading(region=region))
    return entries


@pytest.mark.parametrize(
    ("cell", "region", "keys"),
    [
        ("+91 98765 43210", None, [919876543210]),
        ("9876543210 ext. 5", "IN", [919876543210]),
        ("98765", "IN", [9198765]),
        ("+1 555 123", None, [1555123]),
        ("+390612345678", None, [390612345678]),
        ("06 12345678", "IT", [390612345678]),
        ("+4935171049746507", None, [4935171049746507]),
        ("919876543210", "IN", [919876543210]),
        ("919876543210.0", "IN", [919876543210]),
        ("9.19876543210E+11", "IN", [919876543210]),
        ("'9876543210", "IN", [919876543210]),
        ("9876543210 / 9123456789", "IN", [919123456789, 919876543210]),
        ("9876543210, 12345", "IN", [919876543210]),
        ("9876543210 / 12345", "IN", [9112345, 919876543210, 91987654321012345]),
        ("9876543210 or +44 20 7946 0000", "IN", [442079460000, 919876543210]),
        ("+9112345678901234567", None, [9112345678901234567]),
    ],
)
def test_every_number_that_parses_counts(cell, region, keys):
    entries = _frame([cell], region)
    assert (entries.keys.tolist(), entries.count, entries.unreadable) == (keys, 1, 0)


@pytest.mark.parametrize("cell", ["9.19E+11", "-9876543210.5e3", "N/A", "none", "+999 1234567", "12", "1" * 40])
def test_what_cannot_be_read_is_counted(cell):
    entries = _frame(["9876543210", cell, None, " "], region="IN" if cell != "12" else None)
    assert (entries.count, entries.unreadable, entries.blank) == (2, 1 if cell != "12" else 2, 2)
    assert entries.keys.tolist() == ([919876543210] if cell != "12" else [])


def test_a_number_too_long_for_a_key_never_wraps():
    # 800 and 17 digits are 20, which is more than 64 bits hold in some cases and may never be another number.
    cells = [f"+800{'9' * 17}", f"+800{'1' * 17}", "+9112345678901234567"]
    entries = _frame(cells, None)
    parsed = [phonenumbers.parse(cell, None) for cell in cells]
    assert [len(phonenumbers.format_number(p, PhoneNumberFormat.E164)) for p in parsed] == [21, 21, 20]
    assert entries.keys.tolist() == [9112345678901234567]
    assert entries.unreadable == 2


@pytest.mark.parametrize(
    ("second", "unreadable"),
    [("9123456789", 0), ("N/A", 0), ("-", 0), (None, 0), ("9.19E+11", 1), ("+999 1", 1)],
)
def test_beside_a_number_only_lost_digits_are_unreadable(second, unreadable):
    entries = _frame(["9876543210"], **{"Phone 2": pa.array([second], pa.string())})
    assert (919876543210 in entries.keys, entries.count, entries.unreadable) == (True, 1, unreadable)


def test_numbers_that_are_not_valid_are_told_apart():
    assert _frame(["98765", "9876543210", "12345"]).invalid == 2


def test_bad_records_are_unreadable_and_repeated_headers_are_none(tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("phone,name\n" + "9876543210,a\n" * 5 + "phone,name\n9123456789,x,y\n")
    (entries,) = read_entries([str(path)], Reading(region="IN"))
    assert (entries.count, entries.unreadable, entries.keys.tolist()) == (6, 1, [919876543210])
    assert entries.examples == ("row 7: too many fields",)


def test_the_first_unreadable_entries_are_named_and_masked():
    entries = _frame(["9876543210", "9.19E+11", "Mr Smith +999 98765", "x" * 30, "zz"])
    assert entries.examples == ("row 2: '*.*9E+11'", "row 3: '** ***** +*** **765'", f"row 4: '{'*' * 24}...'")


@given(st.text(max_size=60))
def test_masking_shows_three_digits_at_most(text):
    shown = masked(text)
    assert sum(map(str.isdigit, shown)) <= 3
    assert sum(map(str.isdigit, masked(text, letters=60))) <= 3
    assert len(shown) <= 27


@pytest.mark.parametrize(("bad", "refused"), [(1, False), (2, True), (100, True)])
def test_more_than_one_per_cent_is_refused(bad, refused):
    entries = _frame(["9876543210"] * (100 - bad) + ["9.19E+11"] * bad)
    if not refused:
        require_readable(entries)
        return
    with pytest.raises(SourceError, match=rf"frame: {bad} of 100 entries cannot be read") as caught:
        require_readable(entries)
    assert caught.value.code == "unreadable"
    assert caught.value.exit_code == 3
    assert f"row {100 - bad + 1}: '*.*9E+11'" in caught.value.message
    assert not re.search(r"\d{6,}", caught.value.message)


_REGIONS = ("IN", "US", "DE", "IT", "AR", "BR", "GB", "SM", "ID", "NO")


@st.composite
def _numbers(draw):
    """A number as somebody may have written it, the region to read it in, and what it is."""
    region = draw(st.sampled_from(_REGIONS))
    number = phonenumbers.example_number_for_type(region, draw(st.sampled_from([0, 1])))
    national = str(number.national_number) + draw(st.sampled_from(["", "1", "77"]))
    national = national[: draw(st.integers(4, 15))]
    number = phonenumbers.PhoneNumber(
        country_code=number.country_code,
        national_number=int(national),
        italian_leading_zero=number.italian_leading_zero,
    )
    form = draw(st.sampled_from([PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL]))
    return phonenumbers.format_number(number, form), region


@settings(max_examples=30)
@given(st.lists(_numbers(), min_size=1, max_size=25))
def test_keys_are_the_digits_that_phonenumbers_finds(numbers):
    cells, regions = [cell for cell, _ in numbers], [region for _, region in numbers]
    table = pa.table({"phone": cells, "land": regions})
    (entries,) = read_entries([table], Reading(region_column="land"))
    expected, found = set(), set(entries.keys.tolist())
    for cell, region in numbers:
        number = phonenumbers.parse(cell, region)
        key = int(phonenumbers.format_number(number, PhoneNumberFormat.E164))
        # A national number that begins with its country's own code may have lost its plus: the damage step decides.
        if cell.startswith("+") or phonenumbers.is_valid_number(number):
            expected.add(key)
    assert expected <= found
    assert len(found) <= len(set(numbers))
    assert entries.unreadable == 0


@settings(max_examples=10)
@given(st.lists(st.integers(2_010_000_000, 9_999_999_999), min_size=1, max_size=400), st.integers(1, 4000))
def test_borders_of_chunks_change_nothing(tmp_path_factory, numbers, size):
    path = tmp_path_factory.getbasetemp() / "borders.csv"
    path.write_text("phone\n" + "".join(f"{number}\n" for number in numbers))
    whole, cut = (
        read_entries([str(path)], Reading(region="US", options=ReadOptions(chunk_bytes=chunk)))[0]
        for chunk in (1 << 20, size)
    )
    assert np.array_equal(whole.keys, cut.keys)
    assert whole.keys.tolist() == sorted(set(whole.keys.tolist()))
    assert (whole.count, whole.unreadable, whole.examples) == (cut.count, cut.unreadable, cut.examples)
