"""Settings: typed, defaulted, refused by name, and never a secret."""

from __future__ import annotations

import pytest

from leadsieve_rules.exceptions import InvalidSetting
from leadsieve_rules.profiles import load_profile, read_profile, resolve_settings

PROFILE = read_profile(
    """
    [profile]
    name = "p"
    title = "P"
    source = "s"
    [fields.phone_number]
    [answer.ok]
    status = 200
    body = "{count}"
    [settings.title]
    type = "string"
    required = true
    pattern = "[a-z]+"
    [settings.count]
    type = "integer"
    default = 3
    [settings.dry]
    type = "boolean"
    [settings.at]
    type = "datetime"
    [settings.key]
    type = "string"
    required = true
    secret = true
    """,
    "p.toml",
)


def test_defaults_and_missing() -> None:
    settings = resolve_settings(PROFILE, {})
    assert settings.values == {"title": None, "count": 3, "dry": None, "at": None}
    assert settings.missing == ("title",)
    assert resolve_settings(PROFILE, {"title": "abc"}).missing == ()


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("title", "abc", "abc"),
        ("count", "12", 12),
        ("count", "-1", -1),
        ("count", 12, 12),
        ("dry", "true", True),
        ("dry", "false", False),
        ("dry", False, False),
        ("at", "2026-03-01T10:30:00+01:00", "2026-03-01T10:30:00+01:00"),
        ("at", "2026-03-01T10:30:00Z", "2026-03-01T10:30:00Z"),
        ("at", "2026-03-01 10:30+05:30", "2026-03-01 10:30+05:30"),
    ],
)
def test_values_are_typed(name: str, given: object, value: object) -> None:
    found = resolve_settings(PROFILE, {name: given}).values[name]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("title", "ABC", r"must match \[a-z\]\+"),
        ("title", "abc\n", "must match"),
        ("title", " ", "required and must not be empty"),
        ("title", 3, "takes a string, not 3"),
        ("count", "1.5", "a whole number"),
        ("count", True, "a whole number"),
        ("count", "", "a whole number"),
        ("count", "٣", "a whole number"),
        ("count", "9" * 30, "a whole number"),
        ("dry", "yes", "true or false"),
        ("dry", 1, "true or false"),
        ("at", "tomorrow", "ISO 8601"),
        ("at", "2026-03-01", "ISO 8601"),
        ("at", "2026-03-01 10:30", "ISO 8601.*without its offset"),
        ("at", "2026-02-30T10:30Z", "there is no such date or time"),
        ("titel", "x", "did you mean 'title'.*title, count, dry, at$"),
        ("key", "hush", "a secret"),
        ("zzz", "x", "it takes title"),
    ],
)
def test_refusals_name_the_setting(name: str, given: object, said: str) -> None:
    with pytest.raises(InvalidSetting, match=said) as caught:
        resolve_settings(PROFILE, {name: given})
    assert caught.value.code == "invalid_option"
    assert "hush" not in caught.value.message


def test_a_profile_without_settings_says_so() -> None:
    with pytest.raises(InvalidSetting, match="it takes none"):
        resolve_settings(load_profile("plain"), {"campaign_name": "x"})


def test_voicegenie_needs_a_campaign_name() -> None:
    assert resolve_settings(load_profile("voicegenie"), {}).missing == ("campaign_name",)
