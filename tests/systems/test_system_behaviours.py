"""What sets one system apart: its flags, deletions, formats of numbers, limits, and what it says of them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from system_runs import HERE, hold, lines_of, read_json, rejected_of, require_balance, require_valid, write_workbook

import leadsieve as ls
from leadsieve.cli import cli

AGENT = "65f1a2b3c4d5e6f708192a3b"
RUN = {"campaignName": "Spring", "agentId": AGENT}
Cleaner = Callable[..., ls.Run]


def numbers(count: int, first: int = 9_876_500_000) -> list[str]:
    return [str(number) for number in range(first, first + count)]


@pytest.fixture
def clean(tmp_path: Path) -> Cleaner:
    """Clean rows of phone and name for a system, requests and all; what its answers say adds up to the ledger."""

    def clean(
        profile: str, *rows: str, text: str | None = None, name: str = "leads.csv", balance: bool = True, **options: Any
    ) -> ls.Run:
        source = tmp_path / name
        source.write_text(text if text is not None else "phone_number,name\n" + "".join(f"{row}\n" for row in rows))
        options = {"region": "IN", "out": tmp_path / "out", "batches": True, **options}
        run = ls.clean(source, profile=profile, **options)
        if balance:
            require_balance(profile, run.info)
        require_valid(profile, run.info["answers"])
        return run

    return clean


def bodies(out: Path) -> list[Any]:
    return [read_json(path) for path in sorted((out / "requests").glob("*.json"))]


@pytest.mark.parametrize(
    ("duplicate", "lead_status", "accepted", "rejected"),
    [
        (True, True, ["A"], {"2": "duplicate_in_file", "3": "duplicate_in_campaign"}),
        (True, False, ["A", "C"], {"2": "duplicate_in_file"}),
        (False, True, ["A"], {"2": "duplicate_in_file", "3": "duplicate_in_campaign"}),
        (False, False, ["A", "B", "C"], {}),
    ],
)
def test_the_two_flags_of_ozonetel(
    tmp_path: Path, clean: Cleaner, duplicate: bool, lead_status: bool, accepted: list[str], rejected: dict[str, str]
) -> None:
    state = tmp_path / "state.duckdb"
    hold(state, "Spring", {"9876543212": "completed"}, region="IN", folder=tmp_path)
    flags = {"checkDuplicate": duplicate, "checkLeadStatus": lead_status}
    rows = ("9876543210,A", "+919876543210,B", "9876543212,C")
    run = clean("ozonetel", *rows, campaign="Spring", state=state, settings={"userName": "ops", **flags})
    assert rejected_of(run) == rejected
    (body,) = bodies(tmp_path / "out")
    assert [row[1] for row in body["bulkData"]["data"]] == accepted
    assert {name: body[name] for name in flags} == {name: str(flag).lower() for name, flag in flags.items()}
    assert run.info["contacts"] == {"deleted": {}, "kept": {"completed": 1}, "added": len(accepted)}


@pytest.mark.parametrize("cell", ["5551234567", "1-555-123-4567", "(555) 123-4567", "+15551234567"])
def test_campaign_import_normalises_without_asking_whether_a_number_is_assigned(clean: Cleaner, cell: str) -> None:
    run = clean("campaign-import", f'"{cell}",Al', region=None, settings={"campaign_id": 12})
    (request,) = run.info["requests"]["items"]
    assert run.accepted.to_arrow()["phone_number"].to_pylist() == ["+15551234567"]
    assert (request["rows"], request["answer"]["imported_count"]) == (1, 1)


def test_the_systems_that_ask_for_assigned_numbers_do_not_take_it(clean: Cleaner) -> None:
    run = clean("voicegenie", "5551234567,Al", "2025550123,Bo", region="US", batches=False)
    assert rejected_of(run) == {"1": "invalid_phone"}


@pytest.mark.parametrize(
    ("header", "field"),
    [
        *(((name, "name", "email"), "phone_number") for name in ("phone", "phone_number", "mobile", "cell")),
        *((("phone", name, "email"), "name") for name in ("name", "full_name", "contact_name")),
        *((("phone", "name", name), "email") for name in ("email", "email_address")),
        *((("phone", name, "email"), "company") for name in ("company", "organization")),
    ],
)
def test_campaign_import_detects_the_names_that_the_system_detects(
    tmp_path: Path, header: tuple[str, str, str], field: str
) -> None:
    (tmp_path / "leads.csv").write_text(",".join([*header, "Plan"]) + "\n5551234567,Al,al@example.com,Gold\n")
    with ls.clean(tmp_path / "leads.csv", profile="campaign-import", dry_run=True) as run:
        (source,) = run.info["sources"]
        detected = {name: found["columns"] for name, found in source["mapping"].items()}
        assert len(detected[field]) == 1
        assert sorted(name for names in detected.values() for name in names) == sorted(header)


def test_a_dry_run_of_an_import_says_what_it_deletes_keeps_and_adds(tmp_path: Path) -> None:
    held = numbers(500)
    state, source = tmp_path / "state.duckdb", tmp_path / "contacts.csv"
    statuses = {number: "pending" if place < 412 else "completed" for place, number in enumerate(held)}
    hold(state, "Autumn", statuses, region="IN", folder=tmp_path)
    # 390 new ones and one that is pending go in; nine that are completed and stay do not.
    source.write_text(
        "phone\n" + "".join(f"{number}\n" for number in [*numbers(390, 9_876_510_000), held[0], *held[-9:]])
    )
    arguments = [
        str(source),
        "--profile",
        "campaign-import",
        "--region",
        "IN",
        "--campaign",
        "Autumn",
        "--state",
        str(state),
    ]
    found = CliRunner().invoke(cli, ["clean", *arguments, "--dry-run"])
    assert "deletes 412 pending, keeps 88 completed, adds 391" in " ".join(found.stdout.split())
    for times in range(2):  # again, for a dry run has deleted nothing
        run = ls.clean(
            source,
            profile="campaign-import",
            region="IN",
            campaign="Autumn",
            state=state,
            dry_run=times == 0,
            out=tmp_path / "out",
        )
        assert run.summary["message"] == "Successfully imported 391 contacts"
        assert (run.summary["imported_count"], run.summary["total_contacts"]) == (391, 479)
        require_balance("campaign-import", run.info)
        run.close()
    (counted,) = ls.Campaigns(state).list().to_pylist()
    assert (counted["pending"], counted["completed"], counted["contacts"]) == (391, 88, 479)


def test_contacts_that_an_import_deletes_come_back_when_it_is_taken_back(tmp_path: Path, clean: Cleaner) -> None:
    state = tmp_path / "state.duckdb"
    held = {"9876543210": "pending", "9876543211": "skipped", "9876543212": "busy"}
    hold(state, "Autumn", held, region="IN", folder=tmp_path)

    def contacts() -> dict[str, str]:
        return {row["phone_number"][3:]: row["status"] for row in ls.Campaigns(state).contacts("Autumn").to_pylist()}

    run = clean(
        "campaign-import",
        "9876543210,A",
        "9876543212,B",
        "9876543213,C",
        campaign="Autumn",
        state=state,
        settings={"campaign_id": 1},
    )
    assert contacts() == {"9876543210": "pending", "9876543212": "busy", "9876543213": "pending"}
    ls.Campaigns(state).undo(run.info["run_id"])
    assert contacts() == held


def test_no_call_time_is_asked_for_where_calls_are_not_scheduled(tmp_path: Path) -> None:
    source, out = HERE / "inputs" / "voicegenie-run.json", tmp_path / "out"
    run = ls.clean(source, profile="voicegenie-run", region="IN", out=out, settings={"isScheduledCall": False})
    assert [row for row, reason in rejected_of(run).items() if reason.endswith("schedule")] == []
    assert run.summary["data"]["campaign"]["isScheduledCall"] is False


@pytest.mark.parametrize(("zone", "accepted"), [(None, 1), ("Asia/Kolkata", 2)])
def test_a_zone_reads_call_times_without_an_offset(
    tmp_path: Path, clean: Cleaner, zone: str | None, accepted: int
) -> None:
    text = (
        "phone_number,scheduledCallDateTime\n9876543210,2099-01-05T10:00:00\n9876543211,2099-01-05T10:00:00Z\n"
        "9876543212,2020-01-05T10:00:00\n9876543213,10 o'clock\n"
    )
    settings = {**RUN, "isScheduledCall": True, **({} if zone is None else {"time_zone": zone})}
    run = clean("voicegenie-run", text=text, settings=settings)
    assert run.summary["data"]["campaign"]["totalContacts"] == accepted
    (body,) = bodies(tmp_path / "out")
    # Ten o'clock in Kolkata; the system is not told the zone, so the time that is sent must have an offset.
    sent = {} if zone is None else {"+919876543210": "2099-01-05T04:30:00Z"}
    sent["+919876543211"] = "2099-01-05T10:00:00Z"
    assert {contact["phone_number"]: contact["scheduledCallDateTime"] for contact in body["contacts"]} == sent
    past = "invalid_schedule" if zone is None else "past_schedule"
    assert rejected_of(run) == ({"1": "invalid_schedule"} if zone is None else {}) | {
        "3": past,
        "4": "invalid_schedule",
    }


def test_every_request_of_voicegenie_run_starts_a_campaign_of_its_own(tmp_path: Path, clean: Cleaner) -> None:
    settings = {
        **RUN,
        "redialConfig.enabled": True,
        "redialConfig.maxAttempts": 2,
        "redialConfig.retryIntervals": [60, 90],
    }
    run = clean("voicegenie-run", *(f"{number},N" for number in numbers(2001)), settings=settings)
    sent = bodies(tmp_path / "out")
    assert [(body["campaignName"], len(body["contacts"])) for body in sent] == [
        ("Spring", 1000),
        ("Spring 2", 1000),
        ("Spring 3", 1),
    ]
    assert all(body["redialConfig"] == {"enabled": True, "maxAttempts": 2, "retryIntervals": [60, 90]} for body in sent)
    assert [contact["phone_number"] for body in sent for contact in body["contacts"]] == [
        f"+91{number}" for number in numbers(2001)
    ]
    assert "starts a campaign of its own" in run.info["requests"]["note"]
    answers = [item["answer"]["data"] for item in run.info["requests"]["items"]]
    assert [answer["campaign"]["totalContacts"] for answer in answers] == [1000, 1000, 1]
    unsplit = run.info["answers"]["unsplit"]
    assert (unsplit["status"], unsplit["body"]["error"], unsplit["body"]["details"]["field"]) == (
        400,
        "BAD_REQUEST",
        "contacts",
    )
    campaign = answers[0]["campaign"]
    done = datetime.fromisoformat(answers[0]["execution_status"]["estimated_completion"])
    assert (done - datetime.fromisoformat(campaign["createdAt"])).total_seconds() == 60 * 1000


def test_each_campaign_of_voicegenie_run_is_answered_with_its_own_name(clean: Cleaner) -> None:
    run = clean("voicegenie-run", *(f"{number},N" for number in numbers(1001)), settings=RUN)
    told = [item["answer"]["data"]["campaign"] for item in run.info["requests"]["items"]]
    assert [campaign["campaignName"] for campaign in told] == ["Spring", "Spring 2"]


@pytest.mark.parametrize(
    ("given", "sent"),
    [({}, [None, "${CAMPAIGN_ID}", "${CAMPAIGN_ID}"]), ({"campaign_id": "c-17"}, ["c-17", "c-17", "c-17"])],
)
def test_later_requests_of_voicegenie_add_to_the_campaign_of_the_first(
    tmp_path: Path, clean: Cleaner, given: dict[str, str], sent: list[str | None]
) -> None:
    settings = {"campaign_name": "Spring", **given}
    run = clean("voicegenie", *(f"{number},N" for number in numbers(2500)), settings=settings)
    found = bodies(tmp_path / "out")
    assert [body.get("campaign_id") for body in found] == sent
    assert [body["campaign_name"] for body in found] == ["Spring"] * 3
    assert [item["answer"]["data"]["uploaded_count"] for item in run.info["requests"]["items"]] == [1000, 1000, 500]
    # A thousand contacts a request are advised, not enforced.
    assert set(run.info["answers"]) == {"raw", "accepted"}


def test_more_contacts_than_ozonetel_takes_at_once_are_refused_as_given_and_split(clean: Cleaner) -> None:
    run = clean(
        "ozonetel", *(f"{number},N" for number in numbers(501)), settings={"userName": "ops", "campaignName": "Spring"}
    )
    assert run.info["answers"]["unsplit"]["body"] == {"status": "failure", "message": "Please provide valid data"}
    assert [item["rows"] for item in run.info["requests"]["items"]] == [500, 1]


def test_files_of_dialnexa_stay_within_ten_megabytes(tmp_path: Path, clean: Cleaner) -> None:
    rows = [f"{number},{'x' * 990}" for number in numbers(10_300)]
    run = clean("dialnexa", *rows)
    items = run.info["requests"]["items"]
    assert len(items) == 2
    assert all(item["bytes"] <= 10_000_000 for item in items)
    assert items[0]["bytes"] + 1_003 > 10_000_000  # one more line would have been too many
    lines = [lines_of((tmp_path / "out" / item["file"]).read_bytes()) for item in items]
    assert [line[0] for line in lines] == [["phone_number", "name"]] * 2
    assert [phone for line in lines for phone, _ in line[1:]] == numbers(10_300)
    assert run.info["answers"]["unsplit"]["status"] == 413


def test_dialnexa_skips_rows_without_a_number_and_fails_for_no_duplicate(clean: Cleaner) -> None:
    run = clean("dialnexa", "9876543210,A", ",B", "9876543210,C", "  ,D", "9876543211,E")
    assert run.summary["leads_created"] == 2
    assert run.summary["leads_skipped"] == 2
    assert run.summary["message"] == "2 leads queued successfully. 2 rows skipped due to missing phone_number."
    assert run.info["answers"]["raw"]["status"] == 200


def test_dialnexa_takes_neither_json_nor_what_it_cannot_name(clean: Cleaner) -> None:
    run = clean("dialnexa", text=json.dumps([{"phone_number": "9876543210"}]), name="leads.json")
    unsplit = run.info["answers"]["unsplit"]
    assert (unsplit["status"], unsplit["body"]["message"]) == (
        400,
        ["File must be a CSV or Excel file (.csv, .xlsx, .xls)"],
    )


def test_numbers_are_national_only_where_the_region_is_their_own(tmp_path: Path, clean: Cleaner) -> None:
    clean("dialnexa", "+919876543210,A", "+12025550123,B", region="US")
    lines = lines_of((tmp_path / "out" / "requests" / "000001.csv").read_bytes())
    assert [line[0] for line in lines[1:]] == ["+919876543210", "2025550123"]


def test_the_errors_of_an_answer_are_capped_and_say_so_and_the_errors_file_is_not(clean: Cleaner) -> None:
    run = clean("voicegenie", "9876543210,A", *(f"12,{place}" for place in range(130)), batches=False)
    data = run.summary["data"]
    assert (data["uploaded_count"], data["failed_count"], len(data["errors"])) == (1, 130, 101)
    assert [item["row"] for item in data["errors"][:100]] == list(range(2, 102))
    assert data["errors"][100]["row"] is None
    assert "30" in data["errors"][100]["message"]
    assert run.errors.to_arrow().num_rows == 130


def test_row_numbers_in_an_answer_are_capped_and_say_so(tmp_path: Path) -> None:
    (tmp_path / "leads.csv").write_text("phone_number,name\n9876543210,A\n" + "12,B\n" * 130)
    with ls.clean(tmp_path / "leads.csv", profile="dialnexa", region="IN", dry_run=True) as run:
        (message,) = run.summary["message"]
        assert message == f"Invalid phone number: rows {', '.join(map(str, range(2, 102)))} and 30 more"


def test_row_numbers_are_told_file_by_file_and_duplicates_between_files_are_no_bad_rows(tmp_path: Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("phone_number,name\n9876543210,A\n12,B\n,C\n+442079460958,D\n")
    second.write_text("phone_number,name\n12,A\n9876543210,B\n9876543211,C\nN/A,D\n")
    with ls.clean(
        [first, second], profile="dialnexa", region="IN", settings={"enabled_countries": "IN"}, dry_run=True
    ) as run:
        assert run.summary["message"] == [
            f"Invalid phone number: rows 2 ({first})",
            f"Invalid phone number: rows 1, 4 ({second})",
            f"Unsupported destination country: rows 4 ({first})",
        ]
        assert run.ledger["reasons"]["duplicate_in_run"] == run.ledger["groups"]["duplicate_in_file"] == 1
        assert run.info["answers"]["accepted"]["body"]["leads_created"] == 2


def test_importing_a_file_again_replaces_what_nobody_was_called_of(tmp_path: Path) -> None:
    state, source = tmp_path / "state.duckdb", tmp_path / "contacts.csv"
    hold(state, "Autumn", {"9876543210": "completed", "9876543211": "pending"}, region="IN", folder=tmp_path)
    source.write_text("phone\n9876543210\n9876543212\n9876543213\n")
    found = []
    for times in range(3):
        out = tmp_path / str(times)
        options = {"region": "IN", "campaign": "Autumn", "state": state, "out": out, "again": True}
        found.append(ls.clean(source, profile="campaign-import", **options))
        require_balance("campaign-import", found[-1].info)
    assert [run.info["contacts"]["deleted"] for run in found] == [{"pending": 1}, {"pending": 2}, {"pending": 2}]
    assert [(run.summary["imported_count"], run.summary["total_contacts"]) for run in found] == [(2, 3)] * 3


@pytest.mark.parametrize(
    ("profile", "settings", "status", "told"),
    [
        ("voicegenie", {"campaign_name": "Spring"}, 400, {"success": False, "error": "BAD_REQUEST"}),
        ("voicegenie-run", RUN, 400, {"success": False, "error": "BAD_REQUEST"}),
        ("campaign-import", {"campaign_id": 12}, 200, {"success": True, "imported_count": 0, "total_contacts": 0}),
        ("dialnexa", {}, 400, {"statusCode": 400, "message": ["Invalid phone number: rows 1, 2"]}),
    ],
)
def test_where_no_row_is_accepted(
    tmp_path: Path, profile: str, settings: dict[str, Any], status: int, told: dict[str, Any]
) -> None:
    (tmp_path / "leads.csv").write_text("phone_number\n12\nN/A\n")
    run = ls.clean(
        tmp_path / "leads.csv", profile=profile, region="IN", settings=settings, batches=True, out=tmp_path / "out"
    )
    assert run.info["answers"]["raw"]["status"] == status
    assert {key: run.summary[key] for key in told} == told
    assert (run.info["requests"]["rows"], run.info["requests"]["items"]) == (0, [])
    require_valid(profile, run.info["answers"])


def test_a_call_back_fails_where_rows_do_not_fit_the_map(clean: Cleaner) -> None:
    bulk = {
        "map": ["PhoneNumber", "Name"],
        "data": [["9876543210", "A"], ["9876543211", "B", "C"], ["9876543212", "D"]],
    }
    body = {"userName": "ops", "campaignName": "Spring", "bulkData": bulk}
    with_one = clean("ozonetel", text=json.dumps(body), name="body.json", balance=False)
    assert rejected_of(with_one) == {"2": "malformed_row"}
    raw, accepted = (with_one.info["answers"][name]["body"]["data"] for name in ("raw", "accepted"))
    assert (accepted["status"], accepted["totalNoUploaded"], accepted["numbersProcessed"]) == ("Success", "2", "2")
    counts = (raw["totalNoUploaded"], raw["numbersProcessed"], raw["numbersNotProcessed"])
    assert (*counts, raw["status"], raw["message"]) == ("3", "0", "3", "Fail", "File Failed to Upload.")


def test_a_workbook_gives_dates_and_priorities_as_ozonetel_takes_them(tmp_path: Path) -> None:
    header = ["PhoneNumber", "Name", "Priority", "ExpiryDate"]
    write_workbook(tmp_path / "leads.xlsx", [header, [9876543210, "A", 6, date(2099, 12, 31)]])
    settings = {"userName": "ops", "campaignName": "Spring"}
    options = {"profile": "ozonetel", "region": "IN", "settings": settings, "batches": True}
    run = ls.clean(tmp_path / "leads.xlsx", out=tmp_path / "out", **options)
    assert rejected_of(run) == {}
    (body,) = bodies(tmp_path / "out")
    assert body["bulkData"] == {"map": header, "data": [["9876543210", "A", 6, "2099-12-31"]]}


def test_an_import_takes_no_workbook(tmp_path: Path) -> None:
    write_workbook(tmp_path / "leads.xlsx", [["phone", "name"], ["5551234567", "Al"]])
    with ls.clean(tmp_path / "leads.xlsx", profile="campaign-import", dry_run=True) as run:
        unsplit = run.info["answers"]["unsplit"]
        assert (unsplit["status"], unsplit["body"]) == (400, {"detail": "Invalid file format"})
        assert run.summary["imported_count"] == 1


def test_ozonetel_calls_an_upload_of_bad_rows_a_success_in_which_none_was_processed(clean: Cleaner) -> None:
    with_one = clean(
        "ozonetel", "12,A", "9876543210,B", "N/A,C", settings={"userName": "ops", "campaignName": "Spring"}
    )
    data = with_one.summary["data"]
    counts = (data["totalNoUploaded"], data["numbersProcessed"], data["numbersNotProcessed"])
    assert (*counts, data["status"]) == ("3", "1", "2", "Success")


def test_sixty_thousand_contacts_stream_into_requests_that_keep_every_limit(tmp_path: Path, clean: Cleaner) -> None:
    count, most, per_minute = 60_000, 500, 5
    run = clean(
        "ozonetel",
        *(f"{number},N" for number in numbers(count)),
        settings={"userName": "ops", "campaignName": "Spring"},
    )
    items = run.info["requests"]["items"]
    assert [item["rows"] for item in items] == [most] * (count // most)
    assert run.info["requests"]["rows"] == run.ledger["accepted"] == count
    assert sorted(path.name for path in (tmp_path / "out" / "requests").iterdir()) == [
        *(f"{number:06}.json" for number in range(1, count // most + 1)),
        "timetable.csv",
    ]
    sent = (read_json(tmp_path / "out" / item["file"])["bulkData"]["data"] for item in items)
    assert [row[0] for row in itertools.chain.from_iterable(sent)] == numbers(count)
    table = lines_of((tmp_path / "out" / "requests" / "timetable.csv").read_bytes())
    seconds = [float(row[table[0].index("send_after_seconds")]) for row in table[1:]]
    assert seconds == [item["send_after_seconds"] for item in items]
    assert seconds[0] == 0
    assert all(later - sooner >= 60 for sooner, later in zip(seconds, seconds[per_minute:], strict=False))
    # And nobody waits longer than the limit asks for, give or take a second a minute.
    assert seconds[-1] <= (len(items) - 1) / per_minute * 61


@pytest.mark.parametrize(
    ("profile", "text", "told"),
    [
        ("campaign-import", "phone;name\n+12025550123;A\n", {"detail": "Invalid file format"}),
        ("campaign-import", "phone,name\n+12025550123,A\n", None),
        (
            "dialnexa",
            "Mobile No\n+12025550123\n",
            {"message": ["The uploaded file must include a phone_number column"]},
        ),
        ("dialnexa", "phone_number\n+12025550123\n", None),
    ],
)
def test_a_file_that_the_system_could_not_read_as_it_is(
    tmp_path: Path, profile: str, text: str, told: dict[str, Any] | None
) -> None:
    """The run reads it all the same; the prepared request is in the form that the system takes."""
    (tmp_path / "leads.csv").write_text(text)
    with ls.clean(tmp_path / "leads.csv", profile=profile) as run:
        assert run.info["answers"]["raw"]["status"] == 200
        unsplit = run.info["answers"].get("unsplit")
    if told is None:
        assert unsplit is None
    else:
        assert {key: unsplit["body"][key] for key in told} == told


def test_an_unknown_campaign_is_nothing_wrong_with_the_request(tmp_path: Path) -> None:
    """A system that documents no such answer has none predicted, rather than one about phone numbers."""
    (tmp_path / "leads.csv").write_text("phone_number\n+12025550123\n")
    with pytest.raises(ls.UsageError) as failure:
        ls.clean(
            tmp_path / "leads.csv",
            profile="voicegenie",
            campaign="nowhere",
            existing_campaign=True,
            state=tmp_path / "state.duckdb",
            out=tmp_path / "out",
        )
    assert failure.value.answer is None
