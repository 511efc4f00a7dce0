"""What each upload system takes: fields, limits, settings, requests; and that every assumption is told once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from leadsieve_rules.columns import map_columns
from leadsieve_rules.profiles import load_profile, profile_names, resolve_settings, settle
from leadsieve_rules.profiles.model import STATUSES, Limits, Rule
from leadsieve_rules.profiles.placeholders import fill
from leadsieve_rules.profiles.templates import RUN_NAMES, setting_values

SYSTEMS = [name for name in profile_names() if name != "plain"]


@pytest.mark.parametrize(
    ("name", "check", "format_", "region"),
    [
        ("voicegenie", "valid", "e164", None),
        ("voicegenie-run", "valid", "e164", None),
        ("campaign-import", "normalise", "e164", "US"),
        ("ozonetel", "valid", "national", None),
        ("dialnexa", "valid", "national", None),
    ],
)
def test_how_numbers_are_judged_and_sent(name: str, check: str, format_: str, region: str | None) -> None:
    phone = load_profile(name).phone
    assert (phone.check, phone.format, phone.default_region) == (check, format_, region)


@pytest.mark.parametrize(
    ("name", "limits", "columns", "container"),
    [
        ("voicegenie", Limits(rows=1000, bytes=500_000_000, per_minute=50), None, "custom_fields"),
        ("voicegenie-run", Limits(rows=1000), None, "custom_data"),
        ("campaign-import", Limits(formats=("csv",), encodings=("utf-8",), delimiters=(",",)), None, None),
        ("ozonetel", Limits(rows=500, row_chars=2000, per_minute=5), None, None),
        ("dialnexa", Limits(bytes=10_000_000, formats=("csv", "xlsx", "xls"), columns=("phone_number",)), 15, None),
    ],
)
def test_limits(name: str, limits: Limits, columns: int | None, container: str | None) -> None:
    profile = load_profile(name)
    assert (profile.limits, profile.custom.max, profile.custom.container) == (limits, columns, container)


@pytest.mark.parametrize(
    ("name", "headers", "columns"),
    [
        ("campaign-import", ["cell", "full_name", "email_address", "organization", "Plan"], 4),
        ("campaign-import", ["mobile", "contact_name", "email", "company", "x"], 4),
        ("campaign-import", ["Phone Number", "name", "email", "company", "x"], 4),
        ("ozonetel", ["PhoneNumber", "Name", "Priority", "ExpiryDate", "AgentId", "skill"], 6),
        ("ozonetel", ["phone_number", "name", "priority", "expiry_date", "agent_id", "Skillname"], 6),
        ("voicegenie-run", ["phone_number", "name", "email", "scheduledCallDateTime", "city"], 4),
        ("voicegenie-run", ["phone", "name", "email", "scheduled_call_date_time", "city"], 4),
        ("dialnexa", ["phone_number", "name", "email"], 1),
    ],
)
def test_the_systems_own_headers_are_their_fields(name: str, headers: list[str], columns: int) -> None:
    profile = load_profile(name)
    found = map_columns(headers, headers, profile.fields, {}).columns
    assert list(found) == list(profile.fields)
    assert [names[0] for names in found.values()] == headers[:columns]


def test_fields_that_reject() -> None:
    fields = load_profile("ozonetel").fields
    assert (fields["priority"].rule, fields["priority"].severity) == (Rule("integer", 1, 99), "reject")
    assert (fields["expiry_date"].rule, fields["expiry_date"].severity) == (Rule("date"), "reject")
    for name in SYSTEMS:
        required = [field.name for field in load_profile(name).fields.values() if field.required]
        assert required == ["phone_number"]


@pytest.mark.parametrize(
    ("given", "required", "zone", "severity"),
    [
        ({}, False, None, "warn"),
        ({"isScheduledCall": "true"}, True, None, "reject"),
        ({"isScheduledCall": "true", "time_zone": "Asia/Kolkata"}, True, "Asia/Kolkata", "reject"),
    ],
)
def test_call_times_of_voicegenie_run(given: dict[str, str], required: bool, zone: str | None, severity: str) -> None:
    profile = load_profile("voicegenie-run")
    field = settle(profile, resolve_settings(profile, given).values).fields["scheduledCallDateTime"]
    assert (field.required, field.rule, field.severity) == (required, Rule("schedule", zone=zone), severity)


@pytest.mark.parametrize(
    ("name", "given", "scope", "statuses", "delete_first"),
    [
        ("voicegenie", {}, None, STATUSES, ()),
        ("voicegenie-run", {}, None, STATUSES, ()),
        ("dialnexa", {}, None, STATUSES, ()),
        (
            "campaign-import",
            {},
            None,
            ("in_progress", "completed", "failed", "no_answer", "busy", "voicemail"),
            ("pending", "skipped"),
        ),
        ("ozonetel", {}, "campaign", STATUSES, ()),
        ("ozonetel", {"checkDuplicate": "false"}, "campaign", STATUSES, ()),
        ("ozonetel", {"checkLeadStatus": "false"}, "run", STATUSES, ()),
        ("ozonetel", {"checkDuplicate": "false", "checkLeadStatus": "false"}, "none", STATUSES, ()),
    ],
)
def test_duplicates(
    name: str, given: dict[str, str], scope: str | None, statuses: tuple[str, ...], delete_first: tuple[str, ...]
) -> None:
    profile = load_profile(name)
    rule = settle(profile, resolve_settings(profile, given).values).duplicates
    assert (rule.scope, rule.statuses, rule.delete_first) == (scope, statuses, delete_first)
    assert {*rule.statuses, *rule.delete_first} == set(STATUSES)


def test_the_route_of_dialnexa() -> None:
    profile = load_profile("dialnexa")
    destination = settle(profile, resolve_settings(profile, {}).values).destination
    assert (destination.countries, destination.prefixes) == ((), ())
    given = {"enabled_countries": "in, US", "allowed_prefixes": "+9198,1212"}
    destination = settle(profile, resolve_settings(profile, given).values).destination
    assert (destination.countries, destination.prefixes) == (("IN", "US"), ("9198", "1212"))


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("voicegenie", "campaign_name"),
        ("voicegenie-run", "campaignName"),
        ("ozonetel", "campaignName"),
        ("campaign-import", None),
        ("dialnexa", None),
    ],
)
def test_which_setting_is_the_name_of_the_campaign(name: str, setting: str | None) -> None:
    found = [rule.name for rule in load_profile(name).settings.values() if rule.campaign]
    assert found == ([] if setting is None else [setting])


REQUESTS: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    (
        "voicegenie",
        {"campaign_name": "Spring", "script_id": "s-1", "schedule_time": "2026-03-01T10:30:00+01:00"},
        {},
        {
            "campaign_name": "Spring",
            "script_id": "s-1",
            "schedule_time": "2026-03-01T10:30:00+01:00",
            "contacts": ["CONTACTS"],
        },
    ),
    (
        "voicegenie",
        {"campaign_name": "Spring"},
        {"first_campaign_id": "${CAMPAIGN_ID}", "number": 2},
        {"campaign_id": "${CAMPAIGN_ID}", "campaign_name": "Spring", "contacts": ["CONTACTS"]},
    ),
    (
        "voicegenie-run",
        {
            "campaignName": "Spring",
            "agentId": "65f1a2b3c4d5e6f708192a3b",
            "isScheduledCall": "true",
            "isContextBasedCall": "false",
            "redialConfig.enabled": "true",
            "redialConfig.maxAttempts": "3",
            "redialConfig.retryIntervals": "300,900",
            "time_zone": "Asia/Kolkata",
        },
        {"number": 2},
        {
            "campaignName": "Spring 2",
            "agentId": "65f1a2b3c4d5e6f708192a3b",
            "isScheduledCall": True,
            "isContextBasedCall": False,
            "redialConfig": {"enabled": True, "maxAttempts": 3, "retryIntervals": [300, 900]},
            "contacts": ["CONTACTS"],
        },
    ),
    (
        "voicegenie-run",
        {"campaignName": "Spring", "agentId": "65f1a2b3c4d5e6f708192a3b"},
        {},
        {
            "campaignName": "Spring",
            "agentId": "65f1a2b3c4d5e6f708192a3b",
            "isScheduledCall": False,
            "isContextBasedCall": False,
            "redialConfig": {"enabled": False},
            "contacts": ["CONTACTS"],
        },
    ),
    (
        "campaign-import",
        {"campaign_id": "12"},
        {},
        {"campaign_id": 12, "column_mappings": '{"Phone Number":"phone_number"}'},
    ),
    (
        "ozonetel",
        {"userName": "u", "campaignName": "Spring"},
        {},
        {
            "apiKey": "${APIKEY}",
            "userName": "u",
            "campaignName": "Spring",
            "action": "start",
            "checkDuplicate": "true",
            "checkLeadStatus": "true",
            "bulkData": {
                "map": ["PhoneNumber", "Name", "Priority", "ExpiryDate", "AgentId", "skill"],
                "data": ["CONTACTS"],
            },
        },
    ),
    (
        "ozonetel",
        {"userName": "u", "campaignName": "Spring", "checkDuplicate": "false", "callBackUrl": "https://example.org/b"},
        {"number": 2},
        {
            "apiKey": "${APIKEY}",
            "userName": "u",
            "campaignName": "Spring",
            "action": "start",
            "checkDuplicate": "false",
            "checkLeadStatus": "true",
            "callBackUrl": "https://example.org/b",
            "bulkData": {
                "map": ["PhoneNumber", "Name", "Priority", "ExpiryDate", "AgentId", "skill"],
                "data": ["CONTACTS"],
            },
        },
    ),
    ("dialnexa", {}, {}, {}),
]


@pytest.mark.parametrize(("name", "given", "of_request", "body"), REQUESTS)
def test_requests_are_what_the_system_takes(
    name: str, given: dict[str, Any], of_request: dict[str, Any], body: dict[str, Any]
) -> None:
    profile = load_profile(name)
    request = profile.request
    assert request is not None
    values = dict.fromkeys(RUN_NAMES) | setting_values(profile, resolve_settings(profile, given).values)
    values |= {"first_campaign_id": None, "number": 1, "contacts": ["CONTACTS"], "columns": list(request.contact)}
    values |= {"mapping": '{"Phone Number":"phone_number"}', **of_request}
    template = {**request.body, **(request.later if values["number"] > 1 else {})}
    filled = fill(template, values, without_none=True)
    assert json.dumps(filled, sort_keys=True) == json.dumps(body, sort_keys=True)


@pytest.mark.parametrize(
    ("name", "format_", "contact_as", "columns"),
    [
        ("voicegenie", "json", "object", ["phone_number", "name", "email", "custom_fields"]),
        (
            "voicegenie-run",
            "json",
            "object",
            ["phone_number", "name", "email", "custom_data", "scheduledCallDateTime"],
        ),
        ("campaign-import", "csv", "object", ["phone_number", "name", "email", "company"]),
        ("ozonetel", "json", "list", ["PhoneNumber", "Name", "Priority", "ExpiryDate", "AgentId", "skill"]),
        ("dialnexa", "csv", "object", ["phone_number"]),
    ],
)
def test_contacts_are_what_the_system_takes(name: str, format_: str, contact_as: str, columns: list[str]) -> None:
    request = load_profile(name).request
    assert request is not None
    assert (request.format, request.contact_as, list(request.contact)) == (format_, contact_as, columns)
    assert bool(request.note) is (name == "voicegenie-run")


# Every (A) of the description of the systems, and what else they do not say: where it stands in the profile.
ASSUMED = {
    "voicegenie": ["answer.counts.failed_count", "answer.errors.item", "answer.error.BAD_REQUEST.when"],
    "voicegenie-run": [
        "answer.ok.body.data.campaign.totalContacts",
        "answer.ok.body.data.execution_status.calls_queued",
        "answer.error",
        "fields.scheduledCallDateTime.severity",
        "settings.redialConfig.retryIntervals.at_most",
        "answer.row_seconds",
    ],
    "campaign-import": [
        "phone.check",
        "phone.default_region",
        "duplicates.statuses",
        "answer.error",
        "answer.error.NOT_FOUND.when",
    ],
    "ozonetel": [
        "phone.format",
        "settings.checkDuplicate.default",
        "settings.checkLeadStatus",
        "settings.checkLeadStatus.default",
    ],
    "dialnexa": ["phone.format", "answer.error", "answer.grouped.titles.Malformed row", "duplicates"],
}


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_assumption_is_told_with_its_place(name: str) -> None:
    profile = load_profile(name)
    assert set(ASSUMED[name]) <= set(profile.assumed)
    for said in profile.assumed.values():
        assert said == said.strip()
        assert not said.endswith(".")
    for setting in (rule.name for rule in profile.settings.values() if rule.assumed):
        assert f"settings.{setting}" in profile.assumed
