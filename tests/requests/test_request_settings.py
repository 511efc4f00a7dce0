"""Requests that the system would refuse are not prepared: what is missing is named, all of it at once."""

from __future__ import annotations

import pytest
from request_plans import HEAD, OBJECT, make_plan

from leadsieve.exceptions import UsageError
from leadsieve.requests.plan import require_settings

SETTINGS = """
[settings.agentId]
type = "string"
required = true
[settings.campaignName]
type = "string"
required = true
[settings."redial.enabled"]
type = "boolean"
required = true
[settings.api_key]
type = "string"
required = true
secret = true
[settings.note]
type = "string"
"""


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, ["agentId", "campaignName", "redial.enabled"]),
        ({"agentId": "a"}, ["campaignName", "redial.enabled"]),
        ({"campaignName": "c", "agentId": "a"}, ["redial.enabled"]),
    ],
)
def test_every_missing_setting_is_named_with_how_to_give_it(given, told):
    plan = make_plan(SETTINGS + OBJECT, settings=given)
    with pytest.raises(UsageError) as caught:
        require_settings(plan.profile, plan.settings)
    assert f"profile sixth requires {', '.join(told)} " in caught.value.message
    assert " ".join(f"--set {name}=VALUE" for name in told) in caught.value.message
    assert "api_key" not in caught.value.message


def test_with_every_setting_given_nothing_is_refused():
    given = {"agentId": "a", "campaignName": "c", "redial.enabled": False}
    plan = make_plan(SETTINGS + OBJECT, settings=given)
    require_settings(plan.profile, plan.settings)


def test_a_profile_without_a_request_prepares_none(write):
    plan = make_plan("", head=HEAD)
    with pytest.raises(UsageError, match=r"profile sixth says nothing of requests"):
        require_settings(plan.profile, plan.settings)
    with pytest.raises(UsageError, match=r"profile sixth says nothing of requests"):
        write(plan)
