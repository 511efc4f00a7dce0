"""Answers: exactly the system's shape, typed, and a pure function of the names."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsieve_rules.profiles import load_profile, read_profile, render, resolve_settings
from leadsieve_rules.profiles.model import CONDITIONS
from leadsieve_rules.profiles.placeholders import fill, problems
from leadsieve_rules.profiles.templates import COUNT_NAMES


def names(**more: Any) -> dict[str, Any]:
    values: dict[str, Any] = dict.fromkeys(COUNT_NAMES, 0)
    values |= {
        "campaign": "c",
        "campaign_id": "cid",
        "run_id": "r",
        "file_name": "f.csv",
        "now": "2026-01-01T00:00:00Z",
    }
    return values | {"errors": [], "reasons": {}, "conditions": []} | more


def voicegenie(**more: Any) -> dict[str, Any]:
    settings = resolve_settings(load_profile("voicegenie"), {"campaign_name": "n"}).values
    return names(**{**settings, "campaign_id": "cid", **more})


@pytest.mark.parametrize(
    ("conditions", "code", "status", "message"),
    [
        ([], None, 200, "Campaign data uploaded successfully"),
        (["nothing_accepted"], "BAD_REQUEST", 400, "Invalid request data"),
        (["request_malformed"], "BAD_REQUEST", 400, "Invalid request data"),
        (["unauthorised"], "UNAUTHORIZED", 401, "Invalid or missing API key"),
        (["body_too_large"], "PAYLOAD_TOO_LARGE", 413, "Request payload exceeds 500MB limit"),
        (
            ["nothing_accepted", "body_too_large"],
            "PAYLOAD_TOO_LARGE",
            413,
            "Request payload exceeds 500MB limit",
        ),
        (["internal_error"], "INTERNAL_SERVER_ERROR", 500, "Failed to process campaign data"),
        (list(CONDITIONS), "UNAUTHORIZED", 401, "Invalid or missing API key"),
    ],
)
def test_the_errors_of_voicegenie(conditions: list[str], code: str | None, status: int, message: str) -> None:
    answer = render(load_profile("voicegenie"), voicegenie(conditions=conditions))
    assert (answer.code, answer.status, answer.body["message"]) == (code, status, message)
    assert answer.body["success"] is (code is None)
    assert answer.body.get("error") == code
    details = {"field": "contacts", "issue": "Phone number format invalid"} if code == "BAD_REQUEST" else None
    assert answer.body.get("details") == details


def test_plain_sums_the_run_up_even_where_nothing_was_accepted() -> None:
    answer = render(
        load_profile("plain"),
        names(rows=2, rejected=2, reasons={"lossy_phone": 2}, conditions=["nothing_accepted"]),
    )
    assert answer.body == {"rows": 2, "accepted": 0, "rejected": 2, "reasons": {"lossy_phone": 2}}


def test_sums_strings_mixed_text_and_braces() -> None:
    profile = read_profile(
        """
        [profile]
        name = "p"
        title = "P"
        source = "s"
        [fields.phone_number]
        [settings.dry]
        type = "boolean"
        [answer.counts]
        skipped = ["missing_phone", "lossy_phone"]
        [answer.ok]
        status = 202
        body = [
            "{rows:str}", "{skipped} of {rows}; {{dry}}={dry}.", "{skipped}",
            "{campaign}", "x{campaign}", 1.5, true,
        ]
        """,
        "p.toml",
    )
    answer = render(profile, names(rows=9, missing_phone=1, lossy_phone=2, dry=True, campaign=None))
    assert answer.status == 202
    assert answer.body == ["9", "3 of 9; {dry}=true.", 3, None, "x", 1.5, True]


def test_a_name_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="campaign_id"):
        render(load_profile("voicegenie"), {k: v for k, v in voicegenie().items() if k != "campaign_id"})


JSON = st.recursive(
    st.booleans() | st.integers() | st.text(st.characters(exclude_characters="{}")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_characters="{}")), inner),
    max_leaves=10,
)


@given(JSON)
def test_a_body_without_placeholders_is_itself(body: Any) -> None:
    assert list(problems(body, ())) == []
    assert fill(body, {}) == body


@given(st.text(alphabet="{}ab:str "))
def test_what_passes_the_check_at_load_can_be_filled(template: str) -> None:
    if not list(problems(template, ["a", "b"])):
        fill(template, {"a": 1, "b": "x"})


@given(JSON)
def test_a_lone_placeholder_gives_the_value_itself(value: Any) -> None:
    assert fill({"k": ["{a}"]}, {"a": value}) == {"k": [value]}
