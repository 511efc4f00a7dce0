"""Profiles: the built-in ones as documented, a user's own read strictly, every mistake named."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from leadsieve_rules.exceptions import InvalidProfile, UnknownProfile
from leadsieve_rules.profiles import load_profile, profile_names, profile_text, read_profile, settle
from leadsieve_rules.profiles.model import STATUSES, AnswerTemplate, GroupedRows, Rule, SettingRule

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

GROUPED = """
[answer.grouped]
cap = 3
item = "{title}: {rows}"
more = " +{more}"
[answer.grouped.titles]
"Lost" = ["lossy_phone"]
"""
REQUEST = (
    MINIMAL
    + """
[request]
body = { c = '{contacts}' }
[request.contact]
a = "{phone_number}"
"""
)


def changed(old: str, new: str) -> str:
    assert old in MINIMAL
    return MINIMAL.replace(old, new)


def test_the_built_in_profiles() -> None:
    assert profile_names() == ("campaign-import", "dialnexa", "ozonetel", "plain", "voicegenie", "voicegenie-run")


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
    formats = ["csv", "json"]
    [settings.mode]
    type = "string"
    assumed = true
    campaign = true
    [settings."redial.max"]
    type = "integer"
    [settings."redial.waits"]
    type = "integers"
    default = [60, 300]
    at_most = "{redial.max}"
    [profile.assumed]
    "settings.redial.waits.default" = "a minute, then five"
    "answer.grouped.titles.Lost" = "ours"
    "fields.priority.rule.max" = "says so"
    [answer.error.A]
    status = 400
    when = ["no_rows", "empty_file", "empty:redial.waits", "invalid:mode"]
    body = 1
    [answer.at_once]
    status = 202
    body = "{mode}"
    """
    request = """
    [request]
    contact_as = "list"
    note = "One at a time."
    body = { waits = "{redial.waits}", all = ["{columns}", "{contacts}"], id = "{first_campaign_id}", n = 1 }
    later = { n = "{number}" }
    [request.contact]
    Phone = "{phone_number}"
    rank = "{priority}"
    rest = "{custom}"
    """
    head = "[answer]\ncampaign_id = 'c-{hash}'\nrow_seconds = 30\n[answer.ok]"
    profile = read_profile(changed("[answer.ok]", head) + GROUPED + more + request, "x.toml")
    assert (profile.answers.campaign_id, profile.answers.row_seconds) == ("c-{hash}", 30)
    assert profile.answers.grouped == GroupedRows({"Lost": ("lossy_phone",)}, 3, "{title}: {rows}", " +{more}")
    assert profile.answers.at_once == AnswerTemplate(None, 202, (), "{mode}")
    assert profile.answers.errors[0].when == ("no_rows", "empty_file", "empty:redial.waits", "invalid:mode")
    assert profile.limits.formats == ("csv", "json")
    assert profile.settings["mode"].campaign
    assert profile.settings["redial.waits"] == SettingRule(
        "redial.waits", type="integers", default="60,300", at_most="redial.max"
    )
    assert profile.request is not None
    assert (profile.request.format, profile.request.contact_as) == ("json", "list")
    assert profile.request.later == {"n": "{number}"}
    assert list(profile.request.contact) == ["Phone", "rank", "rest"]
    assert profile.bound == {}
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
        ("voicegeni", "did you mean 'voicegenie'.*the profiles are .*dialnexa.*plain"),
        ("quite-another", "the profiles are .*dialnexa.*plain"),
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
        (MINIMAL + "[settings.rows]\ntype = 'string'", "rows: is a name that templates have already"),
        (MINIMAL + "[settings.mapping]\ntype = 'string'", "mapping: is a name that templates have already"),
        (MINIMAL + "[settings.a.b]\ntype = 'string'", r"\[settings.a\] type: is missing"),
        (MINIMAL + "[settings.'a.']\ntype = 'string'", "dots between levels"),
        (
            MINIMAL + "[settings.a]\ntype = 'string'\n[settings.'a.b']\ntype = 'string'",
            r"\[settings\] 'a.b': is below a, which is a setting itself",
        ),
        (MINIMAL + "[settings.x]\ntype = 'integer'\ncampaign = true", "campaign: is for strings.*integer"),
        (MINIMAL + "[settings.x]\ntype = 'string'\nsecret = true\ncampaign = true", "campaign.*a secret"),
        (
            MINIMAL + "[settings.x]\ntype = 'string'\ncampaign = true\n[settings.y]\ntype = 'string'\ncampaign = true",
            r"\[settings\] y: is the campaign's name, and so is x",
        ),
        (MINIMAL + "[settings.x]\ntype = 'string'\nat_most = '{y}'", "at_most: is for lists, and the type is string"),
        (MINIMAL + "[settings.x]\ntype = 'integers'\nat_most = 3", "at_most: must name a setting.*not 3"),
        (
            MINIMAL + "[settings.x]\ntype = 'integers'\nat_most = '{tries}'\n[settings.try]\ntype = 'integer'",
            "at_most: '{tries}' names no setting of type integer.*there are try",
        ),
        (MINIMAL + "[settings.x]\ntype = 'integers'\ndefault = ['a']", r"\[settings.x\] default.*whole numbers"),
        (
            MINIMAL + "[settings.x]\ntype = 'datetime'\ndefault = '2026-03-01T10:30Z'",
            "default: a date and time has no default",
        ),
        (MINIMAL + "[limits]\nformats = ['parket']", r"\[limits\] formats: 'parket'.*did you mean 'parquet'"),
        (
            MINIMAL + "[duplicates]\nscope = 'run'\nrun = true",
            r"\[duplicates\] run: makes the scope, which is said already",
        ),
        (MINIMAL + "[duplicates]\nrun = '{twice}'", r"\[duplicates\] run: '{twice}' names no setting of type boolean"),
        (MINIMAL + "[duplicates]\ncampaign = 1", r"\[duplicates\] campaign: must be true or false"),
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
        (MINIMAL + "[answer.errors]\ncap = 1\nitem = 1\nmore = '{mor}'", r"more: '{mor}'.*did you mean 'more'"),
        (MINIMAL + "[answer.errors]\ncap = 1\nitem = '{more}'", "item: '{more}' is no name"),
        (changed('"{accepted}"', '"{grouped} and so on"'), "'{grouped}' is a list or a table"),
        (changed('"{accepted}"', '"{errors:str}"'), "'{errors:str}' is a list or a table"),
        (changed("[answer.ok]", "[answer]\ncampaign_id = 'c{now}'\n[answer.ok]"), "campaign_id: '{now}' is no name"),
        (changed("[answer.ok]", "[answer]\nrow_seconds = -1\n[answer.ok]"), "row_seconds: must be 0 or more"),
        (MINIMAL + "[answer.error.at_once]\nstatus = 400\nwhen = ['no_rows']\nbody = 1", "name of another answer"),
        (
            MINIMAL + "[answer.error.A]\nstatus = 400\nwhen = ['empty:x']\nbody = 1",
            r"\[answer.error.A\] when: 'empty:x': there is no setting 'x'",
        ),
        (
            MINIMAL + "[answer.error.A]\nstatus = 400\nwhen = ['missing:x']\nbody = 1",
            r"when: 'missing:x' is unknown.*empty:SETTING \| invalid:SETTING",
        ),
        (
            MINIMAL + "[answer.error.A]\nstatus = 400\nwhen = ['empty_fil']\nbody = 1",
            "'empty_fil' is unknown .did you mean 'empty_file'",
        ),
        (MINIMAL + GROUPED.replace("cap = 3", ""), r"\[answer.grouped\] cap: is missing"),
        (MINIMAL + GROUPED.replace("cap = 3", "cap = 0"), "cap: must be 1 or more"),
        (MINIMAL + GROUPED.replace("{rows}", "{row}"), r"\[answer.grouped\] item: '{row}'.*did you mean 'rows'"),
        (MINIMAL + GROUPED.replace('" +{more}"', "3"), r"\[answer.grouped\] more: must be a string"),
        (
            MINIMAL + GROUPED.replace('"lossy_phone"', '"lossy"'),
            r"Lost'?: 'lossy' is unknown.*did you mean 'lossy_phone'",
        ),
        (MINIMAL + GROUPED.replace('"lossy_phone"', ""), "'Lost': lists no reason"),
        (MINIMAL + GROUPED.replace('"lossy_phone"', '"trimmed_value"'), "'trimmed_value' is unknown"),
        (MINIMAL + GROUPED + "Phone = ['invalid_phone']", "'Phone': 'lossy_phone' is under 'Lost' already"),
        (MINIMAL + GROUPED.partition("[answer.grouped.titles]")[0], "titles: is missing"),
        (MINIMAL + "[request]\nbody = '{contacts}'", r"\[request\] body: must be a table"),
        (MINIMAL + "[request]\nbody = { c = '{contacts}' }", r"\[request.contact\] phone_number: is missing"),
        (REQUEST.replace("{phone_number}", "{name}"), r"\[request.contact\] a: '{name}' is no value.*{custom}"),
        (
            REQUEST.replace("{phone_number}", "+{phone_number}"),
            r"\[request.contact\] a: '\+{phone_number}' is no value",
        ),
        (REQUEST.replace("{phone_number}", "{phone_number:str}"), r"a: '{phone_number:str}' is no value"),
        (REQUEST + "b = '{phone_number}'", "b: {phone_number} stands in the contact already"),
        (REQUEST.replace("{contacts}", "{number}"), r'\[request\] body: must hold "{contacts}" once'),
        (REQUEST.replace("'{contacts}'", "['{contacts}', '{contacts}']"), "must hold .* once"),
        (REQUEST.replace("{contacts}", "{contact}"), "body: '{contact}'.*did you mean 'contacts'"),
        (REQUEST.replace("{contacts}", "all {contacts}"), "'{contacts}' is a list or a table"),
        (
            REQUEST.replace("[request.contact]", "later = { d = 1 }\n[request.contact]"),
            r"\[request.later\] d: is no member",
        ),
        (REQUEST.replace("[request.contact]", "later = { c = 1 }\n[request.contact]"), r"\[request\] later: must hold"),
        (REQUEST.replace("[request]", "[request]\nformat = 'xml'"), "format: 'xml' is unknown"),
        (REQUEST.replace("[request]", "[request]\nformat = 'csv'"), "body: '{contacts}' is no name"),
        (
            REQUEST.replace("[request]", "[request]\nformat = 'csv'\ncontact_as = 'list'"),
            "contact_as: is for contacts in a JSON body",
        ),
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


@pytest.mark.parametrize(
    ("said", "values", "scope"),
    [
        ("", {}, None),
        ("scope = 'all'", {}, "all"),
        ("run = true", {}, "run"),
        ("run = false", {}, "none"),
        ("campaign = false", {}, "none"),
        ("run = false\ncampaign = true", {}, "campaign"),
        ("run = '{a}'", {"a": True}, "run"),
        ("run = '{a}'", {"a": False}, "none"),
        ("run = '{a}'", {"a": None}, "none"),
        ("run = '{a}'\ncampaign = true", {"a": False}, "campaign"),
        ("run = true\ncampaign = '{b}'", {"b": False}, "run"),
        ("run = '{a}'\ncampaign = '{b}'", {"a": True, "b": True}, "campaign"),
        ("run = '{a}'\ncampaign = '{b}'", {"a": False, "b": True}, "campaign"),
        ("run = '{a}'\ncampaign = '{b}'", {"a": True, "b": False}, "run"),
        ("run = '{a}'\ncampaign = '{b}'", {"a": False, "b": False}, "none"),
    ],
)
def test_the_scope_that_settings_make(said: str, values: dict[str, bool], scope: str | None) -> None:
    settings = "[settings.a]\ntype = 'boolean'\n[settings.b]\ntype = 'boolean'\n"
    profile = read_profile(f"{MINIMAL}{settings}[duplicates]\n{said}\nage_days = 3", "x.toml")
    duplicates = settle(profile, {"a": None, "b": None} | values).duplicates
    assert (duplicates.scope, duplicates.age_days) == (scope, 3)


def test_a_group_stands_for_all_its_reasons() -> None:
    text = MINIMAL + GROUPED.replace('"Lost" = ["lossy_phone"]', "Bad = ['invalid_phone', 'malformed_row']")
    grouped = read_profile(text, "x.toml").answers.grouped
    assert grouped is not None
    codes = ("malformed_row", "bad_encoding", "field_too_large", "repeated_header")
    assert grouped.titles == {"Bad": (*codes, "lossy_phone", "multiple_phones", "invalid_phone")}


@pytest.mark.parametrize("path", ["settings.'redial", "settings.redial", "settings.redial.ma", "fields.phone_number."])
def test_a_key_path_with_dots_leads_somewhere_or_not(path: str) -> None:
    more = f"[settings.'redial.max']\ntype = 'integer'\n[profile.assumed]\n\"{path}\" = 'x'"
    with pytest.raises(InvalidProfile, match="no such key in this profile"):
        read_profile(MINIMAL + more, "x.toml")


def test_a_file_with_a_form_and_one_without() -> None:
    csv = REQUEST.replace("body = { c = '{contacts}' }", "format = 'csv'")
    request = read_profile(csv, "x.toml").request
    assert request is not None
    assert (request.format, request.body, request.contact) == ("csv", {}, {"a": "{phone_number}"})
    request = read_profile(
        csv.replace("'csv'", "'csv'\nbody = { m = '{mapping}', id = '{campaign}' }"), "x.toml"
    ).request
    assert request is not None
    assert request.body == {"m": "{mapping}", "id": "{campaign}"}


def test_a_secret_stands_in_requests_and_nowhere_else() -> None:
    secret = "[settings.key]\ntype = 'string'\nsecret = true\n"
    request = read_profile(REQUEST.replace("'{contacts}'", "'{contacts}', k = '{key}'") + secret, "x.toml").request
    assert request is not None
    assert request.body["k"] == "{key}"
