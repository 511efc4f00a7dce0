"""What holds for every cell: true numbers pass untouched, and damage never turns one number into another."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import phonenumbers
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from leadsieve_rules import phone
from leadsieve_rules.damage import read_phones

FORMATS = (
    PhoneNumberFormat.E164,
    PhoneNumberFormat.INTERNATIONAL,
    PhoneNumberFormat.NATIONAL,
    PhoneNumberFormat.RFC3966,
)
EXAMPLES = [
    (number, region)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    for kind in PhoneNumberType.values()
    if (number := phonenumbers.example_number_for_type(region, kind)) is not None
]
_DAMAGED = "0123456789" * 3 + "+-.,;/|&()eE' ornad\n\u2019\uff0f"


def _read(pairs):
    """Read pairs of cell and region; give the accepted numbers (None where rejected) and the repaired rows."""
    cells, regions = (pa.array(list(column), pa.string()) for column in zip(*pairs, strict=True))
    reading = read_phones(cells, regions)
    valid = reading.phones.table()["is_valid"].to_pylist()
    numbers = [n if ok else None for n, ok in zip(reading.phones.table()["e164"].to_pylist(), valid, strict=True)]
    for rejection in reading.rejections:
        assert not any(numbers[row] for row in rejection.index.tolist())
    repairs = {row: r.detail for r in reading.repairs for row in r.index.tolist()}
    return numbers, repairs, reading


def test_numbers_in_every_format_of_every_region_pass_untouched():
    pairs = [(phonenumbers.format_number(number, f), region) for number, region in EXAMPLES for f in FORMATS]
    cells, regions = zip(*pairs, strict=True)
    expected = phone.normalize(pa.array(cells), pa.array(regions)).to_pylist()

    _, repairs, reading = _read(pairs)

    assert repairs == {}
    assert reading.rejections == ()
    assert reading.phones.table().to_pylist() == expected


def _as_floats(value):
    """Write a whole number as Excel, pandas, numpy and C's printf write floats, at 1 to 18 digits."""
    number = float(value)
    yield from (
        repr(number),
        f"{number:.1f}",
        f"{number:.2f}",
        f"{number:f}",
        f"+{number:.1f}",
        f"'{number:.1f}",
    )
    for digits in range(18):
        yield from (f"{number:.{digits}e}", f"{number:.{digits}E}", f"{number:.{digits}E}".replace(".", ","))
        yield np.format_float_scientific(number, precision=digits, trim="-")
        mantissa, _, exponent = f"{number:.{digits}E}".partition("E")
        trimmed = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
        yield from (f"{trimmed}E{exponent}", f"{trimmed}e{int(exponent)}")
        if "e" in f"{number:.{digits + 1}g}":
            yield f"{number:.{digits + 1}g}"


@pytest.mark.parametrize("with_code", [True, False])
def test_a_float_is_never_accepted_as_another_number(with_code):
    pairs, truths = [], []
    kinds = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for number in filter(None, (phonenumbers.example_number_for_type(region, kind) for kind in kinds)):
            national = phonenumbers.national_significant_number(number)
            e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
            for cell in dict.fromkeys(_as_floats(int(e164 if with_code else national))):
                if with_code or not cell.startswith("+"):
                    pairs.append((cell, region))
                    truths.append(e164)

    numbers, _, _ = _read(pairs)

    wrong = [
        (pair, got, truth) for pair, got, truth in zip(pairs, numbers, truths, strict=True) if got not in {None, truth}
    ]
    assert wrong == []
    assert sum(number is not None for number in numbers) > len(numbers) / 4


@pytest.mark.parametrize("separator", ["/", " / ", ",", ", ", ";", "|", " & ", "\n", " or ", " and ", " OR "])
def test_two_numbers_are_never_accepted_as_one(separator):
    pairs = []
    for region in ("US", "IN", "GB", "DE", "BR", "IT", "AT", "ID", "SE", "FI", "CN", "JP"):
        one, two = (
            phonenumbers.example_number_for_type(region, kind)
            for kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)
        )
        for f in FORMATS[:3]:
            first, second = phonenumbers.format_number(one, f), phonenumbers.format_number(two, f)
            pairs += [(first + separator + second, region), (second + separator + first, region)]

    numbers, _, reading = _read(pairs)

    assert numbers == [None] * len(pairs)
    assert [(r.code, r.index.tolist()) for r in reading.rejections] == [("multiple_phones", list(range(len(pairs))))]


cells = st.one_of(
    st.text(_DAMAGED, min_size=1, max_size=20),
    st.from_regex(r"\A'?\+?[0-9]{6,14}\.0{1,2}\Z"),
    st.from_regex(r"\A[0-9][.,][0-9]{0,14}E\+?1?[0-9]\Z"),
    st.from_regex(r"\A0?[0-9]{6,11}( ?[/,;|&] ?| or | and )\+?[0-9]{1,11}\Z"),
)
columns = st.lists(
    st.tuples(st.none() | cells, st.sampled_from(["DE", "US", "IN", "IT", "BR", "ID", None])), max_size=12
)


@given(columns)
@settings(max_examples=60, deadline=None)
def test_a_row_depends_on_nothing_but_itself(pairs):
    if not pairs:
        assert read_phones(pa.array([], pa.string()), "DE").phones.table().num_rows == 0
        return
    _, repairs, together = _read(pairs)
    for row, (cell, region) in enumerate(pairs):
        padded = pa.array(["x", cell, "y"], pa.string()).slice(1, 1)
        alone = read_phones(padded, region)
        assert alone.phones.table().to_pylist() == together.phones.table().slice(row, 1).to_pylist()
        assert {r.detail for r in alone.repairs} == ({repairs[row]} if row in repairs else set())
        assert {(r.code, r.detail) for r in alone.rejections} == {
            (r.code, r.detail) for r in together.rejections if row in r.index
        }


@given(cells, st.sampled_from(["DE", "US", "IN", "IT", "BR", "ID", None]))
@settings(max_examples=150, deadline=None)
@example("0301234567.0", "DE")
@example("'9.19876543210E+11", "IN")
def test_a_repair_keeps_the_digits_and_needs_no_repair_itself(cell, region):
    reading = read_phones(pa.array([cell]), region)
    for repair in reading.repairs:
        (before,), (after,) = repair.before.to_pylist(), repair.after.to_pylist()
        assert before == cell
        if repair.detail == "scientific":
            written = before.lstrip("'\u2019 ").replace(",", ".").replace(" ", "")
            assert Decimal(written) == Decimal(after)
        elif repair.detail == "decimals":
            assert before.lstrip("'\u2019 ").rpartition(".")[0] == after
        elif repair.detail == "apostrophe":
            assert before.endswith(after)
        again = read_phones(pa.array([after]), region)
        assert [r.detail for r in again.repairs] == []
        if reading.phones.table()["is_valid"][0].as_py():
            assert again.phones.table().to_pylist() == reading.phones.table().to_pylist()
        assert again.phones.table()["e164"][0].as_py() in {None, reading.phones.table()["e164"][0].as_py()}


@given(cells, st.sampled_from(["DE", "US", "IN", "IT", "BR", "ID", None]))
@settings(max_examples=130, deadline=None)
def test_a_cell_that_is_neither_repaired_nor_rejected_reads_as_the_kernel_reads_it(cell, region):
    reading = read_phones(pa.array([cell]), region)

    if not reading.repairs and not reading.rejections:
        assert reading.phones.table().equals(phone.normalize(pa.array([cell]), region))
