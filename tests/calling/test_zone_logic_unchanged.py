"""The logic of `phonenumbers.timezone` is the one that is replicated: its data may change, its functions may not."""

from __future__ import annotations

import inspect
import json

import phone_logic
import phonenumbers
import pytest
from phonenumbers import timezone

#: Digests of what `time_zones_for_number` reaches beyond what the phone kernel replicates, as of phonenumbers 9.0.43.
KNOWN = {
    "phonenumberutil.is_number_type_geographical": "d10943f5ac5bc939",
    "timezone.UNKNOWN_TIMEZONE": "fb609713b7c65ecf",
    "timezone._UNKNOWN_TIME_ZONE_LIST": "f3a9add58ccefff5",
    "timezone._country_level_time_zones_for_number": "8b6ee82309a6afa7",
    "timezone.time_zones_for_geographical_number": "9056320c6c082a78",
    "timezone.time_zones_for_number": "2a269efe1ce45416",
}
#: Read from upstream as it is, or only part of how upstream writes things down.
DATA = frozenset(
    (
        "phonenumberutil._GEO_MOBILE_COUNTRIES",
        "phonenumberutil._GEO_MOBILE_COUNTRIES_WITHOUT_MOBILE_AREA_CODES",
        "timezone.TIMEZONE_DATA",
        "timezone.TIMEZONE_LONGEST_PREFIX",
        "util.U_PLUS",
    )
)


def digests(sources: dict[str, str] | None = None) -> dict[str, str]:
    """Return the digest of everything that upstream's look-up reaches and the phone kernel does not."""
    by_phones = json.loads(phone_logic.RECORD.read_text("utf-8"))["digests"]
    found = phone_logic.digests(phone_logic.Logic(sources))
    return {name: value for name, value in found.items() if name not in by_phones and name not in DATA}


@pytest.fixture(autouse=True)
def follow_time_zones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phone_logic, "ROOTS", (("timezone", "time_zones_for_number"),))


def test_the_logic_is_the_one_that_was_replicated() -> None:
    assert digests() == KNOWN, (
        f"the time zones of phonenumbers {phonenumbers.__version__} are looked up in another way than of 9.0.43: "
        "bring leadsieve_rules.calling.prefixes in line, run this folder's tests, and write the new digests here"
    )


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ("cc[:(1 + prefix_len)]", "cc[:prefix_len]", "timezone._country_level_time_zones_for_number"),
        ("e164_num[1:(1 + prefix_len)]", "e164_num[:prefix_len]", "timezone.time_zones_for_geographical_number"),
        ("ntype == PhoneNumberType.UNKNOWN", "ntype is None", "timezone.time_zones_for_number"),
        ('u("Etc/Unknown")', 'u("Etc/UTC")', "timezone.UNKNOWN_TIMEZONE"),
    ],
)
def test_a_change_upstream_is_noticed(before: str, after: str, named: str) -> None:
    source = inspect.getsource(timezone)
    assert before in source
    changed = digests({"timezone": source.replace(before, after)})
    assert {name for name in KNOWN if changed.get(name) != KNOWN[name]} == {named}


def test_other_data_is_no_change_of_logic() -> None:
    source = inspect.getsource(timezone)
    assert digests({"timezone": source.replace("{'4411'", "{'4412'")}) == KNOWN
