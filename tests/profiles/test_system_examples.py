"""Every example of the five upload systems, field for field, valid by its derived schema, and no other body is."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import jsonschema
import pytest

from leadsieve_rules.profiles import answer_schema, load_profile, profile_names, render, render_all, render_at_once
from leadsieve_rules.profiles.templates import ERROR_NAMES, Listed

AGENT = "65f1a2b3c4d5e6f708192a3b"
RUN_SETTINGS: dict[str, Any] = {
    "campaignName": "Spring",
    "agentId": AGENT,
    "isScheduledCall": "true",
    "redialConfig.enabled": "true",
    "redialConfig.maxAttempts": "3",
    "redialConfig.retryIntervals": "300,900",
}
OZONETEL = {"userName": "u", "campaignName": "Spring"}
ROW = dict.fromkeys(ERROR_NAMES) | {
    "file": "f.csv",
    "row": 4,
    "line": 5,
    "field": "phone_number",
    "code": "invalid_phone",
    "message": "The phone number is not valid",
    "phone_number": "12",
}
ITEM = {
    "row": 4,
    "field": "phone_number",
    "code": "invalid_phone",
    "message": "The phone number is not valid",
    "phone_number": "12",
}


@dataclass(frozen=True)
class Example:
    """One answer as the system documents it, and the run of which it is the answer."""

    profile: str
    body: Any
    code: str | None = None
    status: int = 200
    settings: dict[str, Any] = field(default_factory=dict)
    names: dict[str, Any] = field(default_factory=dict)
    conditions: tuple[str, ...] = ()


def voicegenie_error(status: int, code: str, message: str, conditions: tuple[str, ...], **more: Any) -> list[Example]:
    body = {"success": False, "message": message, "error": code, **more}
    settings: dict[str, dict[str, Any]] = {"voicegenie": {"campaign_name": "Spring"}, "voicegenie-run": RUN_SETTINGS}
    return [Example(name, body, code, status, settings[name], conditions=conditions) for name in settings]


def run_error(code: str, field_: str, issue: str, conditions: tuple[str, ...]) -> Example:
    details = {"field": field_, "issue": issue}
    body = {"success": False, "message": "Invalid request data", "error": "BAD_REQUEST", "details": details}
    return Example("voicegenie-run", body, code, 400, RUN_SETTINGS, conditions=conditions)


def import_error(code: str, status: int, detail: str, conditions: tuple[str, ...]) -> Example:
    return Example("campaign-import", {"detail": detail}, code, status, conditions=conditions)


def ozonetel_error(code: str, message: str, conditions: tuple[str, ...], status: str = "error") -> Example:
    return Example("ozonetel", {"status": status, "message": message}, code, settings=OZONETEL, conditions=conditions)


def dialnexa_error(code: str, conditions: tuple[str, ...], *messages: str, **names: Any) -> Example:
    body = {"statusCode": 400, "message": list(messages), "error": "Bad Request"}
    return Example("dialnexa", body, code, 400, names=names, conditions=conditions)


def call_back(status: str, message: str, uploaded: int, processed: int) -> dict[str, Any]:
    return {
        "data": {
            "totalNoUploaded": str(uploaded),
            "numbersProcessed": str(processed),
            "numbersNotProcessed": str(uploaded - processed),
            "failedFilePath": "out/rejected.csv",
            "transactionId": "129171716445505819319510",
            "status": status,
            "message": message,
            "startDateTime": "2024-07-11 11:45:29",
            "endDateTime": "2024-07-11 11:45:29",
        }
    }


UPLOADED = {"run_id": "129171716445505819319510", "now_plain": "2024-07-11 11:45:29", "rows": 6}
EXAMPLES = [
    Example(
        "voicegenie",
        {
            "success": True,
            "data": {"campaign_id": "cid", "uploaded_count": 150, "failed_count": 0, "errors": []},
            "message": "Campaign data uploaded successfully",
        },
        settings={"campaign_name": "Spring"},
        names={"accepted": 150, "duplicate_in_file": 3, "duplicate_in_campaign": 4},
    ),
    Example(
        "voicegenie",
        {
            "success": True,
            "data": {"campaign_id": "k1", "uploaded_count": 7, "failed_count": 21, "errors": [ITEM] * 21},
            "message": "Campaign data uploaded successfully",
        },
        settings={"campaign_name": "Spring", "campaign_id": "k1"},
        names={
            "accepted": 7,
            "duplicate_in_file": 100,
            "duplicate_in_campaign": 200,
            "errors": [ROW] * 21,
            "invalid_phone": 1,
            "missing_phone": 2,
            "invalid_field": 3,
            "malformed_row": 4,
            "suppressed": 5,
            "destination": 6,
        },
    ),
    *voicegenie_error(401, "UNAUTHORIZED", "Invalid or missing API key", ("unauthorised", "nothing_accepted")),
    *voicegenie_error(500, "INTERNAL_SERVER_ERROR", "Failed to process campaign data", ("internal_error",)),
    *(
        example
        for condition in ("nothing_accepted", "request_malformed")
        for example in voicegenie_error(
            400,
            "BAD_REQUEST",
            "Invalid request data",
            (condition,),
            details={"field": "contacts", "issue": "Phone number format invalid"},
        )
    ),
    voicegenie_error(413, "PAYLOAD_TOO_LARGE", "Request payload exceeds 500MB limit", ("body_too_large",))[0],
    Example(
        "voicegenie-run",
        {
            "success": True,
            "message": "Campaign created and started successfully",
            "data": {
                "campaign": {
                    "_id": "0123456789abcdef01234567",
                    "campaignName": "Spring",
                    "campaignId": "CAMP-2024-001",
                    "status": "in_progress",
                    "agentId": AGENT,
                    "totalContacts": 7,
                    "isScheduledCall": True,
                    "isContextBasedCall": False,
                    "createdAt": "2026-01-01T00:00:00Z",
                    "campaignStartTime": "2026-01-01T00:00:00Z",
                },
                "execution_status": {
                    "calls_queued": 7,
                    "calls_initiated": 0,
                    "estimated_completion": "2026-01-01T00:07:00Z",
                },
                "redial_config": {"enabled": True, "maxAttempts": 3, "retryIntervals": [300, 900]},
            },
        },
        settings=RUN_SETTINGS,
        names={"accepted": 7, "rejected": 3, "campaign_id": "CAMP-2024-001"},
    ),
    run_error("TOO_MANY_CONTACTS", "contacts", "More than 1000 contacts", ("too_many_rows", "nothing_accepted")),
    run_error(
        "BAD_REDIAL_CONFIG",
        "redialConfig",
        "enabled is true or false, maxAttempts a whole number, retryIntervals no more seconds than attempts",
        ("invalid:redialConfig.retryIntervals", "request_malformed"),
    ),
    run_error(
        "BAD_AGENT_ID",
        "agentId",
        "agentId is required, with 24 hexadecimal digits",
        ("request_malformed", "invalid:agentId"),
    ),
    Example(
        "voicegenie",
        {
            "success": False,
            "message": "Invalid request data",
            "error": "BAD_REQUEST",
            "details": {"field": "campaign_name", "issue": "campaign_name is required"},
        },
        "BAD_CAMPAIGN_NAME",
        400,
        conditions=("empty:campaign_name", "request_malformed"),
    ),
    run_error(
        "BAD_CAMPAIGN_NAME",
        "campaignName",
        "campaignName is required",
        ("empty:campaignName", "request_malformed"),
    ),
    Example(
        "campaign-import",
        {
            "success": True,
            "message": "Successfully imported 250 contacts",
            "imported_count": 250,
            "total_contacts": 250,
            "file_name": "contacts.csv",
            "import_date": "2024-02-01T10:30:00Z",
        },
        settings={"campaign_id": "12"},
        names={"accepted": 250, "deleted": 40, "file_name": "contacts.csv", "now": "2024-02-01T10:30:00Z"},
    ),
    Example(
        "campaign-import",
        {
            "success": True,
            "message": "Successfully imported 391 contacts",
            "imported_count": 391,
            "total_contacts": 479,
            "file_name": "f.csv",
            "import_date": "2026-01-01T00:00:00Z",
        },
        settings={"campaign_id": 12},
        names={"accepted": 391, "kept": 88, "deleted": 412, "rejected": 9, "rows": 400},
    ),
    import_error("NOT_FOUND", 404, "Campaign not found", ("unknown_campaign",)),
    import_error("NOT_FOUND", 404, "Campaign not found", ("invalid:campaign_id", "request_malformed")),
    import_error("EMPTY_FILE", 400, "Empty file", ("empty_file", "request_malformed")),
    import_error("EMPTY_FILE", 400, "Empty file", ("nothing_accepted", "no_rows")),
    import_error("INVALID_FILE", 400, "Invalid file format", ("wrong_format",)),
    import_error("INVALID_FILE", 400, "Invalid file format", ("missing_phone_column", "request_malformed")),
    import_error("IMPORT_FAILED", 500, "Import processing failed", ("internal_error",)),
    Example(
        "ozonetel",
        call_back("Success", "File Successfully uploaded.", 6, 2),
        settings=OZONETEL,
        names={**UPLOADED, "accepted": 2, "rejected": 4},
    ),
    *(
        Example(
            "ozonetel",
            call_back("Fail", "File Failed to Upload.", 6, 0),
            "FAIL",
            settings=OZONETEL,
            names={**UPLOADED, "accepted": 2, "rejected": 4},
            conditions=(condition, "request_malformed"),
        )
        for condition in ("missing_phone_column", "map_mismatch")
    ),
    ozonetel_error("UNAUTHORISED", "Invalid userName or apiKey", ("unauthorised",)),
    ozonetel_error("EMPTY_API_KEY", "apiKey should not be empty", ("empty:apiKey", "unauthorised")),
    ozonetel_error("EMPTY_USER_NAME", "userName should not be empty", ("empty:userName", "request_malformed")),
    ozonetel_error("EMPTY_CAMPAIGN_NAME", "campaignName should not be empty", ("empty:campaignName",)),
    ozonetel_error("INVALID_CAMPAIGN_NAME", "Invalid Campaign Name", ("invalid:campaignName", "request_malformed")),
    ozonetel_error("INVALID_CAMPAIGN_NAME", "Invalid Campaign Name", ("unknown_campaign",)),
    ozonetel_error(
        "TOO_MANY_REQUESTS", "too many Requests and failed to add Data to queue", ("too_many_requests", "no_rows")
    ),
    *(
        ozonetel_error("INVALID_DATA", "Please provide valid data", (condition,), "failure")
        for condition in ("no_rows", "empty_file", "too_many_rows", "request_malformed")
    ),
    Example(
        "dialnexa",
        {
            "campaign_id": "cmp_xyz789",
            "leads_created": 150,
            "leads_skipped": 3,
            "message": "150 leads queued successfully. 3 rows skipped due to missing phone_number.",
        },
        names={"accepted": 150, "missing_phone": 3, "campaign_id": "cmp_xyz789", "duplicate_in_file": 5},
    ),
    dialnexa_error(
        "BAD_ROWS",
        ("bad_rows", "nothing_accepted"),
        "Invalid phone number: rows 4, 9, 17",
        grouped={"Invalid phone number": Listed(3, [(None, 4), (None, 9), (None, 17)])},
    ),
    dialnexa_error(
        "BAD_ROWS",
        ("bad_rows",),
        "Invalid phone number: rows 1",
        "Unsupported destination country: rows 2, 3",
        "Unsupported prefix: rows 5",
        "Malformed row: rows 8 and 40 more",
        grouped={
            "Malformed row": Listed(41, [(None, 8)]),
            "Unsupported prefix": Listed(1, [(None, 5)]),
            "Unsupported destination country": Listed(2, [(None, 2), (None, 3)]),
            "Invalid phone number": Listed(1, [(None, 1)]),
            "Invalid value": Listed(0, []),
        },
    ),
    dialnexa_error(
        "NO_ENABLED_COUNTRIES", ("empty:enabled_countries", "request_malformed"), "No enabled countries configured"
    ),
    dialnexa_error(
        "MISSING_PHONE_COLUMN",
        ("missing_phone_column", "request_malformed"),
        "The uploaded file must include a phone_number column",
    ),
    *(
        dialnexa_error("WRONG_FORMAT", (condition,), "File must be a CSV or Excel file (.csv, .xlsx, .xls)")
        for condition in ("wrong_format", "unsupported_format")
    ),
    dialnexa_error(
        "TOO_MANY_COLUMNS", ("too_many_columns",), "The uploaded file may include no more than 15 custom columns"
    ),
    dialnexa_error("EMPTY_FILE", ("no_rows", "nothing_accepted"), "The uploaded file holds no leads"),
    Example(
        "dialnexa",
        {"statusCode": 413, "message": "File too large", "error": "Payload Too Large"},
        "FILE_TOO_LARGE",
        413,
        conditions=("body_too_large", "bad_rows"),
    ),
]
IDS = [f"{example.profile}-{example.code or 'ok'}-{'-'.join(example.conditions)}" for example in EXAMPLES]


@pytest.mark.parametrize("example", EXAMPLES, ids=IDS)
def test_the_answer_is_the_documented_one(example: Example, names_of: Callable[..., dict[str, Any]]) -> None:
    profile = load_profile(example.profile)
    names = names_of(profile, example.settings, **example.names, conditions=example.conditions)
    before = copy.deepcopy(names)
    answer = render(profile, names)
    assert names == before
    assert (answer.code, answer.status) == (example.code, example.status)
    assert answer.body == example.body
    # Python holds 1, 1.0 and True to be equal; JSON text does not.
    assert json.dumps(answer.body, sort_keys=True) == json.dumps(example.body, sort_keys=True)
    validator(example.profile, example.code).validate(answer.body)


def test_every_answer_of_every_system_has_an_example() -> None:
    shown = {(example.profile, example.code) for example in EXAMPLES}
    for name in profile_names():
        if name != "plain":
            answers = load_profile(name).answers
            assert {(name, error.code) for error in (answers.ok, *answers.errors)} <= shown


@pytest.mark.parametrize("example", EXAMPLES, ids=IDS)
def test_any_other_body_is_refused_by_the_schema(example: Example) -> None:
    known = validator(example.profile, example.code)
    wrong = list(mutations(example.body))
    assert len(wrong) > 2
    for body in wrong:
        assert not known.is_valid(body), body


@pytest.mark.parametrize(
    "body",
    [
        call_back("Success", "File Successfully uploaded.", 6, 2) | {"status": "Success"},
        {"data": call_back("Success", "File Successfully uploaded.", 6, 2)["data"] | {"totalNoUploaded": 6}},
        {"data": call_back("Success", "File Successfully uploaded.", 6, 2)["data"] | {"numbersProcessed": "two"}},
        {
            "data": call_back("Success", "File Successfully uploaded.", 6, 2)["data"]
            | {"endDateTime": "2024-07-11T11:45:54Z"}
        },
        call_back("Fail", "File Failed to Upload.", 6, 2),
    ],
)
def test_counts_that_are_strings_are_nothing_else(body: Any) -> None:
    assert not validator("ozonetel", None).is_valid(body)


def test_what_ozonetel_says_at_once(names_of: Callable[..., dict[str, Any]]) -> None:
    profile = load_profile("ozonetel")
    # Also where the call-back fails later: nothing is asked for the conditions.
    names = names_of(profile, OZONETEL, run_id="129171716445505819319510")
    del names["conditions"]
    answer = render_at_once(profile, names)
    assert answer is not None
    expected = {
        "transactionId": "129171716445505819319510",
        "status": "success",
        "message": "queued successfully",
    }
    assert (answer.code, answer.status, answer.body) == (None, 200, expected)
    jsonschema.Draft202012Validator(answer_schema(profile, "at_once")).validate(answer.body)
    assert render_all(profile, names)["at_once"] == answer


@pytest.mark.parametrize("name", [name for name in profile_names() if name != "ozonetel"])
def test_other_systems_answer_once(name: str, names_of: Callable[..., dict[str, Any]]) -> None:
    profile = load_profile(name)
    assert render_at_once(profile, names_of(profile)) is None


@pytest.mark.parametrize("name", profile_names())
def test_all_answers_are_those_that_are_given(name: str, names_of: Callable[..., dict[str, Any]]) -> None:
    profile = load_profile(name)
    names = names_of(profile)
    everything = render_all(profile, names)
    at_once = ["at_once"] if name == "ozonetel" else []
    assert list(everything) == ["ok", *at_once, *(error.code for error in profile.answers.errors)]
    assert everything["ok"] == render(profile, names)
    for error in profile.answers.errors:
        first = next(other for other in profile.answers.errors if error.when[0] in other.when)
        assert render(profile, names | {"conditions": [error.when[0]]}) == everything[str(first.code)]


def validator(profile: str, code: str | None) -> jsonschema.Draft202012Validator:
    schema = answer_schema(load_profile(profile), code)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def mutations(body: Any) -> Iterator[Any]:
    """Yield the body with one member left out, added, or of another type, at every place of it."""
    if isinstance(body, dict):
        yield body | {"extra": 1}
        yield [body]
        for key, value in body.items():
            yield {other: kept for other, kept in body.items() if other != key}
            yield from (body | {key: changed} for changed in mutations(value))
    elif isinstance(body, list):
        yield {"items": body}
        yield [*body, {"unknown": True}]
        yield from ([changed, *body[1:]] for changed in (mutations(body[0]) if body else ()))
    elif isinstance(body, bool):
        yield str(body).lower()
        yield int(body)
    elif isinstance(body, int):
        yield str(body)
        yield body + 0.5
        yield bool(body)
    else:
        yield 1
        yield [body]
        yield {"value": body}
