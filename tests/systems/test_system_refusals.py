"""What a system refuses as a whole: the exit code, what the system would answer, and that nothing was published."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner
from system_runs import lines_of

import leadsieve as ls
from leadsieve.cli import cli

AGENT = "65f1a2b3c4d5e6f708192a3b"
LEADS = "phone_number,name\n9876543210,Asha\n9876543211,Vikram\n"
#: The 400 of systems 1 and 2, but for its details.
BAD_REQUEST = {"success": False, "message": "Invalid request data", "error": "BAD_REQUEST"}
PHONES = {"field": "contacts", "issue": "Phone number format invalid"}
NOT_FOUND = {"detail": "Campaign not found"}


def dialnexa(message: str) -> dict[str, Any]:
    return {"statusCode": 400, "message": [message], "error": "Bad Request"}


def refuse(
    folder: Path, *arguments: str, leads: str | bytes = LEADS, name: str = "leads.csv"
) -> tuple[int, dict[str, Any]]:
    """Run a command that is refused, and give its exit code and what it prints as JSON."""
    source, out = folder / name, folder / "out"
    source.write_bytes(leads.encode() if isinstance(leads, str) else leads)
    found = CliRunner().invoke(cli, ["clean", str(source), "--out", str(out), "--json", *arguments])
    told = json.loads(found.stdout)
    assert found.exit_code != 0
    assert found.stderr.splitlines()[-1] == f"leadsieve: {told['code']}: {told['message']}"
    assert not out.exists()
    return found.exit_code, told


def require_documented(profile: str, answer: Any) -> None:
    """Require that an answer has the shape of one of the errors of its system."""
    schemas = [entry["schema"] for code, entry in ls.answer_schemas(profile).items() if code not in ("ok", "at_once")]
    assert any(jsonschema.Draft202012Validator(schema).is_valid(answer) for schema in schemas), answer


@pytest.mark.parametrize("other", [False, True], ids=["no state", "another campaign"])
@pytest.mark.parametrize(
    ("profile", "answer"),
    [
        ("campaign-import", NOT_FOUND),
        ("ozonetel", {"status": "error", "message": "Invalid Campaign Name"}),
    ],
)
def test_an_unknown_campaign_is_not_found_where_an_existing_one_is_asked_for(
    tmp_path: Path, profile: str, answer: dict[str, Any], other: bool
) -> None:
    state = tmp_path / "state.duckdb"
    if other:
        (tmp_path / "earlier.csv").write_text(LEADS)
        ls.clean(tmp_path / "earlier.csv", region="IN", campaign="Summer", state=state, out=tmp_path / "earlier")
    code, told = refuse(
        tmp_path,
        *("--profile", profile, "--region", "IN", "--campaign", "Sumer", "--existing-campaign", "--state", str(state)),
    )
    assert (code, told["answer"]) == (2, answer)
    assert "Sumer" in told["message"]
    assert state.exists() is other
    if other:
        assert [row["campaign"] for row in ls.Campaigns(state).list().to_pylist()] == ["Summer"]


@pytest.mark.parametrize(
    ("profile", "given", "answer"),
    [
        (
            "voicegenie",
            ["campaign_name="],
            {**BAD_REQUEST, "details": {"field": "campaign_name", "issue": "campaign_name is required"}},
        ),
        (
            "voicegenie-run",
            ["campaignName=", f"agentId={AGENT}"],
            {**BAD_REQUEST, "details": {"field": "campaignName", "issue": "campaignName is required"}},
        ),
        *(
            (
                "voicegenie-run",
                ["campaignName=Spring", f"agentId={agent}"],
                {
                    **BAD_REQUEST,
                    "details": {"field": "agentId", "issue": "agentId is required, with 24 hexadecimal digits"},
                },
            )
            for agent in ("", "65f1a2b3", f"{AGENT}00", "65f1a2b3c4d5e6f708192a3g")
        ),
        (
            "voicegenie-run",
            ["redialConfig.maxAttempts=2", "redialConfig.retryIntervals=300,900,1800"],
            {
                **BAD_REQUEST,
                "details": {
                    "field": "redialConfig",
                    "issue": "enabled is true or false, maxAttempts a whole number, "
                    "retryIntervals no more seconds than attempts",
                },
            },
        ),
        ("campaign-import", ["campaign_id=twelve"], NOT_FOUND),
        ("campaign-import", ["campaign_id="], NOT_FOUND),
        ("ozonetel", ["campaignName="], {"status": "error", "message": "campaignName should not be empty"}),
        ("ozonetel", ["userName="], {"status": "error", "message": "userName should not be empty"}),
        ("ozonetel", ["campaignName=Diwali & Co"], {"status": "error", "message": "Invalid Campaign Name"}),
        ("dialnexa", ["enabled_countries="], dialnexa("No enabled countries configured")),
    ],
)
def test_a_setting_that_is_refused_has_the_answer_of_the_system(
    tmp_path: Path, profile: str, given: list[str], answer: dict[str, Any]
) -> None:
    code, told = refuse(tmp_path, "--profile", profile, "--region", "IN", *(f"--set={one}" for one in given))
    assert (code, told["code"], told["answer"]) == (2, "invalid_option", answer)
    assert given[-1].partition("=")[0] in told["message"] or given[0].partition("=")[0] in told["message"]
    require_documented(profile, told["answer"])


def test_a_campaign_whose_name_the_system_does_not_take_is_refused(tmp_path: Path) -> None:
    state = tmp_path / "state.duckdb"
    options = ("--profile", "ozonetel", "--region", "IN", "--campaign", "Diwali & Co", "--state", str(state))
    code, told = refuse(tmp_path, *options)
    assert (code, told["answer"]) == (2, {"status": "error", "message": "Invalid Campaign Name"})
    assert not state.exists()


def test_settings_in_a_request_body_are_refused_alike(tmp_path: Path) -> None:
    redial = {"enabled": True, "maxAttempts": 1, "retryIntervals": [300, 900]}
    body = {
        "campaignName": "Spring",
        "agentId": AGENT,
        "redialConfig": redial,
        "contacts": [{"phone_number": "9876543210"}],
    }
    code, told = refuse(
        tmp_path, "--profile", "voicegenie-run", "--region", "IN", leads=json.dumps(body), name="body.json"
    )
    assert (code, told["answer"]["details"]["field"]) == (2, "redialConfig")
    assert {key: told["answer"][key] for key in BAD_REQUEST} == BAD_REQUEST


_NO_PHONES = "name,city\nAsha,Pune\nVikram,Delhi\n"
_PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n"


@pytest.mark.parametrize(
    ("profile", "name", "leads", "code", "answer"),
    [
        ("voicegenie", "leads.csv", _NO_PHONES, "missing_phone_column", {**BAD_REQUEST, "details": PHONES}),
        ("voicegenie-run", "leads.csv", _NO_PHONES, "missing_phone_column", {**BAD_REQUEST, "details": PHONES}),
        ("campaign-import", "leads.csv", _NO_PHONES, "missing_phone_column", {"detail": "Invalid file format"}),
        ("campaign-import", "leads.csv", "", "empty_file", {"detail": "Empty file"}),
        ("campaign-import", "leads.csv", "phone,name\n", "empty_file", {"detail": "Empty file"}),
        ("campaign-import", "leads.pdf", _PDF, "unsupported_format", {"detail": "Invalid file format"}),
        (
            *("dialnexa", "leads.csv", _NO_PHONES, "missing_phone_column"),
            dialnexa("The uploaded file must include a phone_number column"),
        ),
        (
            *("dialnexa", "leads.pdf", _PDF, "unsupported_format"),
            dialnexa("File must be a CSV or Excel file (.csv, .xlsx, .xls)"),
        ),
        ("ozonetel", "leads.csv", "", "empty_file", {"status": "failure", "message": "Please provide valid data"}),
    ],
)
def test_a_source_that_is_refused_has_the_answer_of_the_system(
    tmp_path: Path, profile: str, name: str, leads: str | bytes, code: str, answer: dict[str, Any]
) -> None:
    exit_code, told = refuse(tmp_path, "--profile", profile, "--region", "IN", leads=leads, name=name)
    assert (exit_code, told["code"], told["answer"]) == (3, code, answer)
    require_documented(profile, told["answer"])


def test_a_call_back_fails_where_no_column_holds_the_phone_numbers(tmp_path: Path) -> None:
    exit_code, told = refuse(tmp_path, "--profile", "ozonetel", "--region", "IN", leads=_NO_PHONES)
    assert (exit_code, told["code"]) == (3, "missing_phone_column")
    data = told["answer"]["data"]
    assert (data["status"], data["message"], data["numbersProcessed"]) == ("Fail", "File Failed to Upload.", "0")
    schema = ls.answer_schemas("ozonetel")["FAIL"]["schema"]
    jsonschema.Draft202012Validator(schema).validate(told["answer"])


def _wide(columns: int) -> str:
    names = [f"variable_{number}" for number in range(1, columns + 1)]
    return ",".join(["phone_number", *names]) + "\n" + ",".join(["9876543210", *names]) + "\n"


def test_more_than_fifteen_custom_columns_are_refused_by_name(tmp_path: Path) -> None:
    code, told = refuse(tmp_path, "--profile", "dialnexa", "--region", "IN", leads=_wide(16))
    assert (code, told["code"]) == (3, "too_many_columns")
    assert all(f"variable_{number}" in told["message"] for number in range(1, 17))
    assert told["answer"]["statusCode"] == 400
    require_documented("dialnexa", told["answer"])


def test_fifteen_custom_columns_are_taken(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text(_wide(15))
    run = ls.clean(tmp_path / "leads.csv", profile="dialnexa", region="IN", out=tmp_path / "out", batches=True)
    header, row = lines_of((tmp_path / "out" / "requests" / "000001.csv").read_bytes())
    assert header == ["phone_number", *row[1:]]
    assert (run.summary["leads_created"], len(header)) == (1, 16)


@pytest.mark.parametrize(
    ("profile", "options", "missing"),
    [
        ("voicegenie", [], ["campaign_name"]),
        ("voicegenie-run", [], ["campaignName", "agentId"]),
        ("voicegenie-run", ["--campaign", "Spring", "--state", "{state}"], ["agentId"]),
        ("campaign-import", [], ["campaign_id"]),
        ("campaign-import", ["--campaign", "Spring", "--state", "{state}"], ["campaign_id"]),
        ("ozonetel", [], ["userName", "campaignName"]),
        ("ozonetel", ["--set", "campaignName=Spring"], ["userName"]),
    ],
)
def test_requests_are_refused_without_required_settings_and_all_are_named(
    tmp_path: Path, profile: str, options: list[str], missing: list[str]
) -> None:
    options = [option.format(state=tmp_path / "state.duckdb") for option in options]
    code, told = refuse(tmp_path, "--profile", profile, "--region", "IN", "--batches", *options)
    assert (code, told["code"]) == (2, "invalid_option")
    named = [name for name in ls_settings(profile) if f"--set {name}=" in told["message"]]
    assert named == missing
    # Secrets are never taken, so none is asked for.
    assert "apiKey" not in told["message"]
    assert "api_key" not in told["message"]
    assert not (tmp_path / "state.duckdb").exists()


def ls_settings(profile: str) -> list[str]:
    return next(list(found.settings) for found in ls.profiles() if found.name == profile)


def test_without_requests_the_answer_is_predicted_as_if_the_settings_were_valid(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text(LEADS)
    run = ls.clean(tmp_path / "leads.csv", profile="voicegenie-run", region="IN", out=tmp_path / "out")
    assert run.info["missing_settings"] == ["campaignName", "agentId"]
    assert run.summary["data"]["campaign"]["totalContacts"] == 2


def test_a_profile_without_requests_writes_none(tmp_path: Path) -> None:
    code, told = refuse(tmp_path, "--region", "IN", "--batches")
    assert (code, told["code"]) == (2, "invalid_option")
    assert "plain" in told["message"]
