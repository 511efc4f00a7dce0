"""The requests of the five systems, as their pages show them."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest
from request_plans import make_rows, plan_of

from leadsieve.requests.members import as_sent
from leadsieve.requests.plan import require_settings
from leadsieve_rules.profiles import load_profile

PHONE = {"phone_number": ["+918123456788"]}


def request_of(write, name, columns, *, settings, custom=(), region="IN"):
    profile = load_profile(name)
    present = [field for field in profile.fields if field in columns]
    plan = plan_of(profile, settings=settings, present=present, custom=custom, region=region)
    require_settings(plan.profile, plan.settings)
    return write(plan, make_rows(**columns))


def test_voicegenie(write):
    columns = {**PHONE, "name": ["Asha"], "email": ["asha@example.com"], "city": ["Pune"]}
    body = request_of(write, "voicegenie", columns, settings={"campaign_name": "Summer"}, custom=["city"]).body()
    contact = {"phone_number": "+918123456788", "name": "Asha", "email": "asha@example.com"}
    assert body == {"campaign_name": "Summer", "contacts": [{**contact, "custom_fields": {"city": "Pune"}}]}


def test_voicegenie_run(write):
    settings = {
        "campaignName": "Summer",
        "agentId": "0123456789abcdef01234567",
        "isScheduledCall": True,
        "redialConfig.enabled": True,
        "redialConfig.maxAttempts": 2,
        "redialConfig.retryIntervals": "300,900",
    }
    columns = {**PHONE, "scheduledCallDateTime": ["2030-01-01T09:00:00Z"], "city": ["Pune"]}
    found = request_of(write, "voicegenie-run", columns, settings=settings, custom=["city"])
    assert found.body() == {
        "campaignName": "Summer",
        "agentId": "0123456789abcdef01234567",
        "isScheduledCall": True,
        "isContextBasedCall": False,
        "redialConfig": {"enabled": True, "maxAttempts": 2, "retryIntervals": [300, 900]},
        "contacts": [
            {
                "phone_number": "+918123456788",
                "custom_data": {"city": "Pune"},
                "scheduledCallDateTime": "2030-01-01T09:00:00Z",
            }
        ],
    }


def test_voicegenie_run_starts_a_campaign_a_request_and_numbers_them(write):
    plan = plan_of(load_profile("voicegenie-run"), settings={"campaignName": "Summer", "agentId": "a" * 24})
    found = write(plan, make_rows(2_500))
    assert [len(found.body(number)["contacts"]) for number in (1, 2, 3)] == [1_000, 1_000, 500]
    assert [found.body(number)["campaignName"] for number in (1, 2, 3)] == ["Summer", "Summer 2", "Summer 3"]
    assert "campaign of its own" in found.requests.note


def test_campaign_import(write):
    columns = {"phone_number": ["+15551234567"], "name": ["Ann"], "Plan": ["gold, old"]}
    found = request_of(write, "campaign-import", columns, settings={"campaign_id": 7}, custom=["Plan"], region="US")
    assert found.rows() == [["phone_number", "name", "Plan"], ["+15551234567", "Ann", "gold, old"]]
    form = json.loads((found.folder / "requests/form.json").read_bytes())
    assert form == {"campaign_id": 7, "column_mappings": '{"phone_number":"phone_number","name":"name"}'}


def test_ozonetel(write):
    columns = {
        **PHONE,
        "name": ["Ironman"],
        "priority": ["6"],
        "expiry_date": ["2030-12-31"],
        "agent_id": ["Bobby"],
        "skill": ["Skillname"],
    }
    settings = {"userName": "u", "campaignName": "Summer", "callBackUrl": "https://example.com/back"}
    body = request_of(write, "ozonetel", columns, settings=settings).body()
    assert body.pop("bulkData") == {
        "map": ["PhoneNumber", "Name", "Priority", "ExpiryDate", "AgentId", "skill"],
        "data": [["8123456788", "Ironman", 6, "2030-12-31", "Bobby", "Skillname"]],
    }
    assert body == {
        "apiKey": "${APIKEY}",
        "userName": "u",
        "campaignName": "Summer",
        "action": "start",
        "checkDuplicate": "true",
        "checkLeadStatus": "true",
        "callBackUrl": "https://example.com/back",
    }


def test_dialnexa(write):
    columns = {**PHONE, "Name": ["Asha"], "Plan": [None]}
    found = request_of(write, "dialnexa", columns, settings={}, custom=["Name", "Plan"])
    assert found.rows() == [["phone_number", "Name", "Plan"], ["8123456788", "Asha", ""]]
    assert found.names() == ["requests/000001.csv", "requests/timetable.csv"]


LIMITS = [
    ("voicegenie", {"campaign_name": "c"}, 1_000, 1.201),
    ("voicegenie-run", {"campaignName": "c", "agentId": "a" * 24}, 1_000, None),
    ("ozonetel", {"userName": "u", "campaignName": "c"}, 500, 12.001),
]


@pytest.mark.parametrize(("name", "settings", "rows", "seconds"), LIMITS)
def test_requests_hold_as_many_contacts_as_the_system_takes_at_its_pace(write, name, settings, rows, seconds):
    found = write(plan_of(load_profile(name), settings=settings, present=["phone_number"]), make_rows(rows + 1))
    assert [request.rows for request in found.requests.requests] == [rows, 1]
    assert found.requests.requests[1].seconds == (seconds or 0.0)


def test_call_times_without_an_offset_go_out_with_one():
    """A system that is not told the zone would call at another hour."""
    settings = {"campaignName": "s", "agentId": "a" * 24, "isScheduledCall": True, "time_zone": "Asia/Kolkata"}
    present = ["phone_number", "scheduledCallDateTime"]
    plan = plan_of(load_profile("voicegenie-run"), settings=settings, present=present, custom=(), region="IN")
    times = pa.array(["2030-03-01T10:30", "2030-03-01T10:30:00+05:30", "2030-03-01T05:00:00Z", None])
    assert as_sent(times, "scheduledCallDateTime", plan).to_pylist() == [
        "2030-03-01T05:00:00Z",
        "2030-03-01T10:30:00+05:30",
        "2030-03-01T05:00:00Z",
        None,
    ]
