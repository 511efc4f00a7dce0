"""Profiles: the built-in ones as documented, a user's own read strictly, every mistake named."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from leadsieve_rules.exceptions import InvalidProfile, UnknownProfile
from leadsieve_rules.profiles import load_profile, profile_names, profile_text, read_profile
from leadsieve_rules.profiles.model import STATUSES, Rule

if TYPE_CHECKING:
    from pathlib import Path

MINIMAL = """
[profile]
name = "mine"
title = "Mine"
source = "me"
[fields.phone_number]
required = true
[answer.ok]
status = 200
body = { n = "{accepted}" }
"""


def changed(old: str, new: str) -> str:
    assert old in MINIMAL
    return MINIMAL.replace(old, new)


def test_the_built_in_profiles() -> None:
    assert profile_names() == ("plain", "voicegenie")


@pytest.mark.parametrize("name", profile_names())
def test_built_in_profiles_load_under_their_own_name_and_pickle(name: str) -> None:
    profile = load_profile(name)
    assert profile.name == name
    assert read_profile(profile_text(name), "copy.toml") == profile
    assert pickle.loads(pickle.dumps(profile)) == profile


def test_voicegenie_is_as_documented() -> None:
    profile = load_profile("voicegenie")
    assert list(profile.fields) == ["phone_number", "name", "email"]
    assert [name for name, rule in profile.fields.items() if rule.required] == ["phone_number"]
    assert profile.fields["email"].rule == Rule("email")
    assert profile.fields["email"].severity == "warn"
    assert (profile.phone.check, profile.phone.format, profile.phone.default_region) == (
        "valid",
        "e164",
        None,
    )
    assert (profile.custom.max, profile.custom.container) == (None, "custom_fields")
    assert list(profile.settings) == ["campaign_id", "campaign_name", "script_id", "schedule_time", "api_key"]
    assert [name for name, rule in profile.settings.items() if rule.required] == ["campaign_name", "api_key"]
    assert [name for name, rule in profile.settings.items() if rule.secret] == ["api_key"]
    assert profile.duplicates.statuses == STATUSES
    assert profile.duplicates.scope is None
    assert (profile.limits.rows, profile.limits.bytes, profile.limits.per_minute) == (1000, 500_000_000, 50)
    assert "answer.error.BAD_REQUEST.when" in profile.assumed
    assert profile.request is not None


def test_plain_knows_no_system() -> None:
    profile = load_profile("plain")
    assert list(profile.fields) == ["phone_number", "name", "email", "company"]
    assert profile.settings == {}
    assert profile.assumed == {}


def test_a_file_is_loaded_by_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MINIMAL, encoding="utf-8")
    profile = load_profile(str(path))
    assert profile.name == "mine"
    assert profile.fields["phone_number"].severity == "reject"
    assert profile_text(str(path)) == MINIMAL


def test_everything_a_profile_can_say() -> None:
    more = """
    [phone]
    check = "normalise"
    format = "national"
    default_region = "US"
    [fields.priority]
    synonyms = ["rank"]
    rule = { kind = "integer", min = 1, max = 99 }
    severity = "reject"
    [custom]
    max = 0
    [duplicates]
    scope = "all"
    statuses = []
    age_days = 30
    delete_first = ["pending"]
    [destination]
    countries = ["IN"]
    prefixes = ["9198"]
    number_types = ["MOBILE"]
    [limits]
    row_chars = 2000
    [settings.mode]
    type = "string"
    assumed = true
    """
    profile = read_profile(MINIMAL + more, "x.toml")
    assert profile.phone.check == "normalise"
    assert profile.fields["priority"].rule == Rule("integer", 1, 99)
    assert profile.fields["priority"].synonyms == ("rank",)
    assert profile.custom.max == 0
    assert (profile.duplicates.statuses, profile.duplicates.age_days) == ((), 30)
    assert profile.duplicates.delete_first == ("pending",)
    assert profile.destination.number_types == ("MOBILE",)
    assert profile.limits.row_chars == 2000
    assert profile.settings["mode"].assumed


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("voicegeni", "did you mean 'voicegenie'.*plain, voicegenie"),
        ("quite-another", "plain, voicegenie"),
        ("nowhere/mine.toml", "cannot be read: No such file"),
        ("mine.toml", "cannot be read: No such file"),
        (".", "unknown profile|cannot be read"),
        ("", "unknown profile"),
    ],
)
def test_unknown_profiles(name: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnknownProfile, match=said) as caught:
        load_profile(name)
    assert caught.value.code == "invalid_profile"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[profile\n", "x.toml.*not TOML.*line 1"),
        (changed('name = "mine"\n', ""), r"\[profile\] name: is missing; it takes a string"),
        (
            changed('title = "Mine"', 'title = "Mine"\ntitel = "x"'),
            r"\[profile\] titel.*did you mean 'title'",
        ),
        (changed('title = "Mine"', "title = 3"), r"\[profile\] title: must be a string, not 3"),
        (
            changed("required = true", "required = 1"),
            r"\[fields.phone_number\] required: must be true or false",
        ),
        (changed("[fields.phone_number]", "[fields.phone]"), r"\[fields\] phone_number: is missing"),
        (changed("required = true", 'rule = { kind = "text" }'), r"\[fields.phone_number\] rule"),
        (MINIMAL + "[fieds.x]\n", "fieds: is no key.*did you mean 'fields'"),
        (MINIMAL + "[phone]\ncheck = 'vaild'", r"\[phone\] check: 'vaild' is unknown.*did you mean 'valid'"),
        (MINIMAL + "[phone]\ndefault_region = 'UK'", r"\[phone\] default_region.*GB"),
        (MINIMAL + "[fields.x]\nrule = 'email'", r"\[fields.x\] rule: must be a table"),
        (MINIMAL + "[fields.x]\nrule = { kind = 'emial' }", r"\[fields.x.rule\] kind.*did you mean 'email'"),
        (MINIMAL + "[fields.x]\nrule = { min = 1 }", r"\[fields.x.rule\] kind: is missing"),
        (MINIMAL + "[fields.x]\nrule = { kind = 'email', min = 1 }", r"\[fields.x.rule\] min: is no key"),
        (MINIMAL + "[fields.x]\nrule = { kind = 'text', min = 3, max = 2 }", r"3 is above max, 2"),
        (MINIMAL + "[fields.x]\nrule = { kind = 'text', min = -1 }", r"must be 0 or more"),
        (MINIMAL + "[fields.x]\nsynonyms = ['a', 'a']", "names something twice"),
        (MINIMAL + "[fields.x]\nsynonyms = [1]", "must hold strings"),
        (MINIMAL + "[duplicates]\nstatuses = ['done']", r"\[duplicates\] statuses: 'done' is unknown"),
        (MINIMAL + "[duplicates]\nage_days = 0", r"age_days: must be 1 or more"),
        (MINIMAL + "[destination]\ncountries = ['XX']", r"\[destination\] countries"),
        (MINIMAL + "[destination]\nprefixes = ['+91']", r"\[destination\] prefixes.*digits"),
        (MINIMAL + "[destination]\nnumber_types = ['mobile']", r"did you mean 'MOBILE'"),
        (MINIMAL + "[limits]\nrows = 0", r"\[limits\] rows"),
        (MINIMAL + "[profile.assumed]\n'limits.bytes' = 'x'", r"\[profile.assumed\] 'limits.bytes'"),
        (MINIMAL + "[settings.x]\n", r"\[settings.x\] type: is missing"),
        (MINIMAL + "[settings.rows]\ntype = 'string'", "rows: is a name that answers have already"),
        (MINIMAL + "[settings.'a b']\ntype = 'string'", "letters, digits and _"),
        (MINIMAL + "[settings.x]\ntype = 'integer'\npattern = 'a'", "pattern: is for strings"),
        (MINIMAL + "[settings.x]\ntype = 'string'\npattern = '('", "no regular expression"),
        (
            MINIMAL + "[settings.x]\ntype = 'integer'\ndefault = '3'",
            r"\[settings.x\] default: must be a whole number",
        ),
        (MINIMAL + "[settings.x]\ntype = 'boolean'\ndefault = 1", r"\[settings.x\] default.*true or false"),
        (MINIMAL + "[settings.x]\ntype = 'string'\nsecret = true\ndefault = 'k'", "a secret has no default"),
        (changed("[answer.ok]", "[answer.good]"), r"\[answer\] ok: is missing"),
        (changed("status = 200\n", ""), r"\[answer.ok\] status: is missing"),
        (changed("status = 200", "status = 20"), r"\[answer.ok\] status: must be 100 to 599"),
        (changed('body = { n = "{accepted}" }', ""), r"\[answer.ok\] body: is missing"),
        (changed("{accepted}", "{acepted}"), r"\[answer.ok\] body: '{acepted}'.*did you mean 'accepted'"),
        (changed("{accepted}", "{accepted"), r"\[answer.ok\] body: '{' is no name"),
        (changed('"{accepted}"', "2024-01-01"), r"\[answer.ok\] body.*datetime.date"),
        (changed('"{accepted}"', "nan"), r"\[answer.ok\] body: 'nan'"),
        (
            MINIMAL + "[settings.key]\ntype = 'string'\nsecret = true\n"
            "[answer.error.A]\nstatus = 401\nwhen = ['unauthorised']\nbody = '{key}'",
            r"\[answer.error.A\] body: '{key}'",
        ),
        (MINIMAL + "[answer.error.A]\nstatus = 400\nbody = 1", r"\[answer.error.A\] when: is missing"),
        (MINIMAL + "[answer.error.A]\nstatus = 400\nwhen = ['bad']\nbody = 1", r"when: 'bad' is unknown"),
        (MINIMAL + "[answer.counts]\nrows = ['accepted']", r"\[answer.counts\] rows: is a name"),
        (MINIMAL + "[answer.counts]\nfailed = ['lossy']", r"failed: 'lossy' is unknown.*did you mean"),
        (
            MINIMAL + "[answer.errors]\ncap = 3\nitem = '{phone}'",
            r"item: '{phone}'.*did you mean 'phone_number'",
        ),
        (MINIMAL + "[answer.errors]\ncap = -1\nitem = 1", "cap: must be 0 or more"),
        (MINIMAL + "[request]\nbody = '{contacts}'", r"\[request\] contact: is missing"),
        (MINIMAL + "[request]\nbody = '{contacts}'\ncontact = '{name}'", r"\[request\] contact: '{name}'"),
    ],
)
def test_a_mistake_is_named_with_file_section_and_key(text: str, said: str) -> None:
    with pytest.raises(InvalidProfile, match=said) as caught:
        read_profile(text, "x.toml")
    assert "'x.toml'" in caught.value.message
    assert "\n" not in caught.value.message


def test_a_file_that_is_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes(b'[profile]\nname = "caf\xe9"')
    with pytest.raises(InvalidProfile, match="not UTF-8 at byte 21"):
        load_profile(str(path))


def test_a_minimal_profile_is_enough() -> None:
    assert read_profile(MINIMAL, "x.toml").duplicates.statuses == STATUSES
