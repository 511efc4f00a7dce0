"""The possible time zones of a number are those that `phonenumbers.timezone` gives, for every kind of number."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import phone_oracle  # noqa: F401 - compiles upstream's patterns once, a third of the time of these tests
import phonenumbers
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from phone_corpus import PLANS, national
from phonenumbers import PhoneNumber, PhoneNumberType, timezone
from phonenumbers.phonenumberutil import is_number_type_geographical
from phonenumbers.timezone import time_zones_for_number
from phonenumbers.tzdata import TIMEZONE_DATA

from leadsieve_rules.calling import ZONE_SETS, prefixes, zone_sets
from leadsieve_rules.phone import Phones, read
from leadsieve_rules.phone.phones import FACTS, TYPES

_FIXED = TYPES.index("FIXED_LINE")


def zones(phones: Phones) -> list[tuple[str, ...]]:
    return [ZONE_SETS[place] for place in zone_sets(phones.facts, phones.keys).tolist()]


def asked(e164: str, country: int) -> tuple[str, ...]:
    """Ask upstream about a number, of which parsing would take most of the time."""
    digits = e164[1 + len(str(country)) :]
    zeros = len(digits) - len(digits.lstrip("0"))
    number = PhoneNumber(country, int(digits or "0"))
    if zeros:
        number.italian_leading_zero = True
        number.number_of_leading_zeros = min(zeros, len(digits) - 1)
    return tuple(time_zones_for_number(number))


def test_numbers_of_every_plan_and_type() -> None:
    draw = random.Random("zones")
    every = list(PLANS.values())
    texts = []
    while len(texts) < 100_000:
        plan = every[len(texts) % len(every)]
        texts.append(f"+{plan.code}{national(draw, plan)}")
    phones = read(pa.array(texts), None)
    held = phones.filter(phones.parsed)
    assert len(held) > 95_000
    kinds = set(held.number_type.cast(pa.string()).to_pylist())
    assert kinds == set(TYPES)
    got = zones(held)
    numbers = zip(held.e164.to_pylist(), held.facts["country"].tolist(), got, strict=True)
    assert [(e164, found) for e164, country, found in numbers if found != asked(e164, country)] == []
    # What is compared is worth comparing: most of the sets come up.
    assert len(set(got)) > 0.9 * len(ZONE_SETS)


def _made(digits: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Make fixed lines of digits, whether any plan has them or not; the first digit stands for the country code."""
    facts = np.zeros(len(digits), FACTS)
    facts["type"], facts["country"] = _FIXED, [int(text[0]) for text in digits]
    facts["national"] = [len(text) - 1 for text in digits]
    return facts, np.array([int(text) for text in digits], np.uint64)


def _longest(digits: str, data: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    for length in range(len(digits), 0, -1):
        if digits[:length] in data:
            return data[digits[:length]]
    return ZONE_SETS[0]


def _looked_up(digits: list[str], data: Mapping[str, tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Look numbers up by their digits alone, whatever their country code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prefixes, "TIMEZONE_DATA", data)
        tables = prefixes._tables.__wrapped__()
        general = np.full(len(tables.general), prefixes._BY_PREFIX, np.int16)
        patch.setattr(prefixes, "_tables", lambda: replace(tables, general=general))
        return [ZONE_SETS[place] for place in zone_sets(*_made(digits)).tolist()]


def test_every_border_of_every_prefix() -> None:
    near: set[str] = set()
    for prefix in TIMEZONE_DATA:
        for text in (prefix, str(int(prefix) + 1), str(int(prefix) - 1)):
            near.update(text[:length] for length in range(1, len(text) + 1))
            near.update(text + "0" * count for count in (1, 2, 5, 14 - len(text)))
            near.update(text + "9" * count for count in (1, 5, 14 - len(text)))
    digits = sorted(text for text in near if text[0] != "0")
    assert len(digits) > 20_000
    got = _looked_up(digits, TIMEZONE_DATA)
    assert [
        (text, found) for text, found in zip(digits, got, strict=True) if found != _longest(text, TIMEZONE_DATA)
    ] == []


_DIGITS = st.integers(1, 9).flatmap(lambda most: st.text("0189", min_size=most, max_size=most)).map("1{}".format)


@settings(max_examples=40)
@given(
    st.dictionaries(_DIGITS.map(lambda text: text[:9]), st.sampled_from(ZONE_SETS[:5]), max_size=30),
    st.lists(_DIGITS, min_size=1),
)
@example({"1" * 8: ZONE_SETS[1], "1" * 9: ZONE_SETS[2]}, ["1" * 9, "1" * 8 + "2", "1" * 8 + "0", "1" * 8])
def test_any_prefixes(data: dict[str, tuple[str, ...]], digits: list[str]) -> None:
    asked_for = [*digits, *data, *(text[:-1] for text in data if len(text) > 1)]
    assert _looked_up(asked_for, data) == [_longest(text, data) for text in asked_for]


@pytest.mark.parametrize("code", ["7", "44", "800", "881"])
def test_zones_of_a_country_code(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Upstream takes one digit more than it counts, so the first of several is never looked up alone.
    data = {"7": ZONE_SETS[1], "4": ZONE_SETS[2], "8": ZONE_SETS[3], "88": ZONE_SETS[4]}
    for module in (timezone, prefixes):
        monkeypatch.setattr(module, "TIMEZONE_DATA", data)
    wanted = {"7": ZONE_SETS[1], "881": ZONE_SETS[4]}.get(code, ("Etc/Unknown",))
    assert timezone._country_level_time_zones_for_number(PhoneNumber(int(code))) == wanted
    assert prefixes._zones_of_country_code(code) == wanted


@pytest.mark.parametrize(
    ("number", "wanted"),
    [
        ("+919812345678", ("Asia/Calcutta",)),
        ("+9779841234567", ("Asia/Katmandu",)),
        ("+12125551234", ("America/New_York",)),
        ("+18002345678", 42),  # toll-free: somewhere in the numbering plan of North America
        ("+5511987654321", ("America/Sao_Paulo",)),  # Brazil's mobile numbers have area codes
        ("+6281234567890", ("Asia/Jakarta",)),  # so upstream says of all of Indonesia's
        ("+628001234567", ("Asia/Jakarta", "Asia/Jayapura", "Asia/Makassar")),
        ("+61412345678", 8),
        ("+79161234567", 16),
        ("+80012345678", ("Etc/Unknown",)),
        ("+1212555", ("Etc/Unknown",)),
    ],
)
def test_what_is_known_of_a_number(number: str, wanted: tuple[str, ...] | int) -> None:
    (found,) = zones(read(pa.array([number]), None))
    assert found == tuple(time_zones_for_number(phonenumbers.parse(number)))
    assert wanted in (found, len(found))


def test_geographical_is_upstream_s_word() -> None:
    general = prefixes._tables().general.reshape(len(TYPES), 1000)
    for place, name in enumerate(TYPES):
        kind = getattr(PhoneNumberType, name)
        for plan in PLANS.values():
            by_prefix = kind != PhoneNumberType.UNKNOWN and is_number_type_geographical(kind, int(plan.code))
            assert (general[place, int(plan.code)] == prefixes._BY_PREFIX) == by_prefix


def test_no_rows() -> None:
    assert len(zone_sets(np.zeros(0, FACTS), np.zeros(0, np.uint64))) == 0
