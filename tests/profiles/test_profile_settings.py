"""Settings: typed, defaulted, refused by name, and never a secret."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest

from leadsieve_rules.exceptions import InvalidSetting
from leadsieve_rules.profiles import load_profile, read_profile, render, resolve_settings

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
    [settings."re.tries"]
    type = "integer"
    [settings."re.waits"]
    type = "integers"
    at_most = "{re.tries}"
    [settings.where]
    type = "countries"
    [settings.key]
    type = "string"
    required = true
    secret = true
    """,
    "p.toml",
)


def test_defaults_and_missing() -> None:
    settings = resolve_settings(PROFILE, {})
    assert settings.values == dict.fromkeys(["title", "count", "dry", "at", "re.tries", "re.waits", "where"]) | {
        "count": 3
    }
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
        ("re.waits", "60", "60"),
        ("re.waits", " 60, +5 ,-1,0,60", "60,5,-1,0,60"),
        ("re.waits", [60, 5], "60,5"),
        ("re.waits", ["60", 5], "60,5"),
        ("re.tries", 0, 0),
        ("where", "in, US", "IN,US"),
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
        ("re.waits", "60;5", "whole numbers with commas between, such as 60,300,900, not '60;5'"),
        ("re.waits", "60,", "whole numbers"),
        ("re.waits", "", "whole numbers"),
        ("re.waits", [], "whole numbers"),
        ("re.waits", [True], "whole numbers"),
        ("re.waits", [1.0], "whole numbers"),
        ("re.waits", 60, "whole numbers"),
        ("re", {"tries": 3}, "no setting 're'"),
        ("where", "UK", "setting where: .*GB"),
        ("titel", "x", "did you mean 'title'.*title, count, dry, at, re.tries, re.waits, where$"),
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


@pytest.mark.parametrize(
    ("given", "conditions"),
    [
        ({"title": ""}, ("empty:title",)),
        ({"title": " "}, ("empty:title",)),
        ({"title": "ABC"}, ("invalid:title",)),
        ({"count": "x"}, ("invalid:count",)),
        ({"count": ""}, ("empty:count",)),
        ({"at": "tomorrow"}, ("invalid:at",)),
        ({"where": ""}, ("empty:where",)),
        ({"where": []}, ("empty:where",)),
        ({"where": "XX"}, ("invalid:where",)),
        ({"where": "IN,"}, ("invalid:where",)),
        ({"re.waits": "1,2", "re.tries": 1}, ("invalid:re.waits",)),
        ({"key": "hush"}, ()),
        ({"other": ""}, ()),
    ],
)
def test_a_refusal_says_what_answers_may_depend_on(given: dict[str, object], conditions: tuple[str, ...]) -> None:
    with pytest.raises(InvalidSetting) as caught:
        resolve_settings(PROFILE, given)
    assert caught.value.conditions == conditions
    copied = pickle.loads(pickle.dumps(caught.value))
    assert (copied.message, copied.code, copied.conditions) == (caught.value.message, "invalid_option", conditions)


@pytest.mark.parametrize(
    ("waits", "tries", "said"),
    [
        ("1", 1, None),
        ("1,2,3", 3, None),
        ("1,2,3", None, None),
        ("1", 0, r"setting re.waits has 1 entry, more than re.tries=0 allows; give fewer, or raise re.tries"),
        ([1, 2, 3], "2", r"setting re.waits has 3 entries, more than re.tries=2 allows"),
    ],
)
def test_a_list_is_no_longer_than_another_setting_says(waits: object, tries: object, said: str | None) -> None:
    given = {"re.waits": waits} | ({} if tries is None else {"re.tries": tries})
    if said is None:
        assert resolve_settings(PROFILE, given).values["re.waits"] is not None
        return
    with pytest.raises(InvalidSetting, match=said):
        resolve_settings(PROFILE, given)


@pytest.mark.parametrize(
    ("profile", "given", "condition"),
    [
        ("dialnexa", {"enabled_countries": ""}, "empty:enabled_countries"),
        ("ozonetel", {"userName": ""}, "empty:userName"),
        ("ozonetel", {"campaignName": " "}, "empty:campaignName"),
        ("ozonetel", {"campaignName": "Spring!"}, "invalid:campaignName"),
        ("ozonetel", {"campaignName": "Frühling"}, "invalid:campaignName"),
        ("campaign-import", {"campaign_id": "x1"}, "invalid:campaign_id"),
        ("voicegenie-run", {"agentId": "65f1a2"}, "invalid:agentId"),
        (
            "voicegenie-run",
            {"redialConfig.maxAttempts": "1", "redialConfig.retryIntervals": "60,300"},
            "invalid:redialConfig.retryIntervals",
        ),
    ],
)
def test_what_a_system_refuses_in_a_setting_has_its_answer(
    profile: str, given: dict[str, str], condition: str, names_of: Callable[..., dict[str, Any]]
) -> None:
    system = load_profile(profile)
    with pytest.raises(InvalidSetting) as caught:
        resolve_settings(system, given)
    assert caught.value.conditions == (condition,)
    answer = render(system, names_of(system, conditions=[*caught.value.conditions, "request_malformed"]))
    assert answer.code is not None
    first = next(error for error in system.answers.errors if error.code == answer.code)
    assert condition in first.when


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("plain", ()),
        ("voicegenie", ("campaign_name",)),
        ("voicegenie-run", ("campaignName", "agentId")),
        ("campaign-import", ("campaign_id",)),
        ("ozonetel", ("userName", "campaignName")),
        ("dialnexa", ()),
    ],
)
def test_what_each_system_needs(name: str, missing: tuple[str, ...]) -> None:
    assert resolve_settings(load_profile(name), {}).missing == missing


@pytest.mark.parametrize("name", ["Spring 2026", "a_B-9 (x). + $5 % :"])
def test_names_that_ozonetel_takes(name: str) -> None:
    assert resolve_settings(load_profile("ozonetel"), {"campaignName": name}).values["campaignName"] == name
