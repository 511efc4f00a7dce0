"""The end-to-end cases: each system's messy file, the campaign that it meets, and what came of it in plain values.

What is expected stands in `expected/`, worked out by hand from the systems' own words. What differs from run to run
(ids and times) is replaced here and nowhere else: a value of the right form becomes `<its key>`.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import openpyxl

import leadsieve as ls

HERE = Path(__file__).parent
STATUSES = ("pending", "in_progress", "completed", "failed", "skipped", "no_answer", "busy", "voicemail")
GROUPS = (
    *("missing_phone", "invalid_phone", "invalid_field", "duplicate_in_file", "duplicate_in_campaign"),
    *("suppressed", "destination", "malformed_row"),
)
#: Groups of rows that a system calls bad, where duplicates and suppressed numbers are none.
BAD = ("missing_phone", "invalid_phone", "invalid_field", "destination", "malformed_row")

_ISO = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
_PLAIN = r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"
_FORMS = {
    "campaign_id": r"(cmp_)?[0-9a-f]{24}",
    "_id": r"[0-9a-f]{24}",
    "campaignId": r"CAMP-[0-9a-f]{24}",
    "transactionId": r"[0-9a-f]{12}",
    "ticket": r"[0-9a-f]{12}",
    "id": r"LIST-[0-9a-f]{24}",
    "createdAt": _ISO,
    "campaignStartTime": _ISO,
    "estimated_completion": _ISO,
    "import_date": _ISO,
    "startDateTime": _PLAIN,
    "endDateTime": _PLAIN,
}


@dataclass(frozen=True, eq=False)
class Case:
    """One file and how it is run.

    Attributes:
        name: Of the case and of its expected results.
        profile: The target system.
        file: The source in `inputs/`; a `.json` of `header` and `rows` is made into a workbook where `workbook`.
        options: Of `clean`, beside the profile, the state and the suppression list.
        held: The campaign's contacts before the run: number to status.
        suppressed: The number that must not be called; None where there is no list.
        workbook: Whether the source is made into an .xlsx file.
    """

    name: str
    profile: str
    file: str
    options: Mapping[str, Any]
    held: Mapping[str, str] = field(default_factory=dict)
    suppressed: str | None = None
    workbook: bool = False

    @property
    def expected(self) -> dict[str, Any]:
        return read_expected(self.name)

    @property
    def arguments(self) -> list[str]:
        """The options as the command line takes them."""
        found = ["--profile", self.profile]
        for name, value in self.options.items():
            if name == "settings":
                found += [f"--set={key}={one}" for key, one in value.items()]
            else:
                found += [f"--{name.replace('_', '-')}", str(value)]
        return found


@dataclass(frozen=True)
class Done:
    """What came of a case."""

    case: Case
    run: ls.Run
    out: Path
    sources: Sources

    @property
    def info(self) -> dict[str, Any]:
        return read_json(self.out / "run.json")


@dataclass(frozen=True)
class Sources:
    """The files of a case in a folder of its own."""

    leads: Path
    state: Path
    suppress: Path | None

    @property
    def options(self) -> dict[str, Any]:
        return {"state": self.state, **({} if self.suppress is None else {"suppress": self.suppress})}

    @property
    def arguments(self) -> list[str]:
        suppress = [] if self.suppress is None else ["--suppress", str(self.suppress)]
        return [str(self.leads), "--state", str(self.state), *suppress]


_HELD_IN = {f"98765432{30 + place}": status for place, status in enumerate(STATUSES)}
_HELD_US = {
    **dict.fromkeys(("2025550101", "2025550102", "2025550103"), "pending"),
    "2025550104": "skipped",
    **dict.fromkeys(("2025550105", "2025550106"), "completed"),
    "2025550107": "failed",
    "2025550108": "in_progress",
    "2025550109": "no_answer",
    "2025550110": "busy",
    "2025550111": "voicemail",
}
CASES = (
    Case(
        name="voicegenie",
        profile="voicegenie",
        file="voicegenie.csv",
        options={
            "region": "IN",
            "campaign": "Diwali 2026",
            "settings": {"script_id": "greeting-7", "schedule_time": "2099-01-05T09:30:00+05:30"},
        },
        held=_HELD_IN,
        suppressed="9876543220",
    ),
    Case(
        name="voicegenie-run",
        profile="voicegenie-run",
        file="voicegenie-run.json",
        options={"region": "IN", "campaign": "Renewals"},
        held=_HELD_IN,
        suppressed="9876543220",
    ),
    Case(
        name="campaign-import",
        profile="campaign-import",
        file="campaign-import.csv",
        options={"campaign": "Autumn", "settings": {"campaign_id": 12}},
        held=_HELD_US,
        suppressed="2025550120",
    ),
    Case(
        name="ozonetel",
        profile="ozonetel",
        file="ozonetel.csv",
        options={"region": "IN", "campaign": "Diwali 2026", "settings": {"userName": "ops"}},
        held=_HELD_IN,
        suppressed="9876543220",
    ),
    Case(name="ozonetel-body", profile="ozonetel", file="ozonetel-body.json", options={"region": "IN"}),
    Case(
        name="dialnexa",
        profile="dialnexa",
        file="dialnexa.json",
        options={
            "region": "IN",
            "campaign": "Diwali 2026",
            "settings": {"enabled_countries": "IN,US", "allowed_prefixes": "9198,1202"},
        },
        held=_HELD_IN,
        suppressed="9876543220",
        workbook=True,
    ),
)


def prepare(case: Case, folder: Path) -> Sources:
    """Lay out the case's files, and the campaign as an earlier run and the dialler's results left it."""
    leads = folder / case.file
    if case.workbook:
        leads = leads.with_suffix(".xlsx")
        book = read_json(HERE / "inputs" / case.file)
        write_workbook(leads, [book["header"], *book["rows"]])
    else:
        shutil.copyfile(HERE / "inputs" / case.file, leads)
    state, suppress = folder / "state.duckdb", None
    if case.suppressed is not None:
        suppress = folder / "do-not-call.csv"
        suppress.write_text(f"phone\n{case.suppressed}\n", encoding="utf-8")
    if case.held:
        state.write_bytes(_held_state(case))
    return Sources(leads, state, suppress)


@cache
def _held_state(case: Case) -> bytes:
    """Make the state of a case once; a copy of it is as good as one made anew."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state.duckdb"
        hold(state, case.options["campaign"], case.held, region=case.options.get("region", "US"), folder=Path(folder))
        return state.read_bytes()


def run_case(case: Case, folder: Path) -> Done:
    """Run a case through the library, requests and all, and publish it."""
    sources, out = prepare(case, folder), folder / "out"
    run = ls.clean(sources.leads, profile=case.profile, out=out, batches=True, **sources.options, **case.options)
    return Done(case, run, out, sources)


def hold(state: Path, campaign: str, held: Mapping[str, str], *, region: str, folder: Path) -> None:
    """Bring contacts into a campaign with an earlier run, and mark what the dialler says became of them."""
    earlier, called = folder / "earlier.csv", folder / "called.csv"
    earlier.write_text("phone\n" + "".join(f"{number}\n" for number in held), encoding="utf-8")
    ls.clean(earlier, region=region, campaign=campaign, state=state, out=folder / "earlier")
    marked = [f"{number},{status}\n" for number, status in held.items() if status != "pending"]
    called.write_text("phone,status\n" + "".join(marked), encoding="utf-8")
    told = ls.Campaigns(state).mark(campaign, called, region=region).to_pylist()[0]
    assert (told["changed"], told["unknown"], told["unreadable"]) == (len(marked), 0, 0)


def write_workbook(path: Path, rows: list[list[Any]]) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for place, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            if value is not None:
                sheet.cell(place, column, value)
    # A row of empty cells between others stays a row of the sheet.
    book.save(path)
    book.close()


def read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def read_expected(name: str) -> dict[str, Any]:
    found: dict[str, Any] = read_json(HERE / "expected" / f"{name}.json")
    return found


def plain(value: Any) -> Any:
    """Replace what differs from run to run: ids and times of the right form become `<their key>`."""
    if isinstance(value, dict):
        return {key: _placed(key, inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def _placed(key: str, value: Any) -> Any:
    form = _FORMS.get(key)
    if form is not None and isinstance(value, str) and re.fullmatch(form, value):
        return f"<{key}>"
    return plain(value)


def requests_of(out: Path, info: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the requests of a run: what `run.json` says of each, and its file as JSON or as the lines of a CSV."""
    found = []
    for item in info["requests"]["items"]:
        data = (out / item["file"]).read_bytes()
        assert len(data) == item["bytes"]
        content = {"body": json.loads(data)} if item["file"].endswith(".json") else {"lines": lines_of(data)}
        found.append({key: item[key] for key in ("file", "rows", "send_after_seconds", "answer")} | content)
    return found


def lines_of(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


def form_of(out: Path) -> Any:
    """Return what goes beside the files of a run's requests, with the column mappings read; None where nothing does."""
    path = out / "requests" / "form.json"
    if not path.exists():
        return None
    form = read_json(path)
    return form | {key: json.loads(form[key]) for key in ("column_mappings",) if key in form}


def rejected_of(run: ls.Run) -> dict[str, str]:
    """Return the first cause of each rejected row by its number."""
    rows = run.rejected.to_arrow().select(["lead_row", "reject_reason"]).to_pylist()
    return {str(row["lead_row"]): row["reject_reason"] for row in rows}


def require_valid(profile: str | Path, answers: Mapping[str, Mapping[str, Any]]) -> None:
    """Require that each answer of `run.json` is valid by the schema that is derived from its template."""
    schemas = ls.answer_schemas(profile)
    for name, answer in answers.items():
        code = "at_once" if name == "at_once" else answer["code"] or "ok"
        assert answer["status"] == schemas[code]["status"]
        jsonschema.Draft202012Validator(schemas[code]["schema"]).validate(answer["body"])


def require_balance(profile: str, info: Mapping[str, Any]) -> None:
    """Require that every count of every answer adds up to the one ledger."""
    ledger = info["ledger"]
    assert ledger["rows"] == ledger["accepted"] + ledger["rejected"]
    assert ledger["rejected"] == sum(ledger["groups"].values()) == sum(ledger["reasons"].values())
    assert tuple(ledger["groups"]) == GROUPS
    answers = {name: answer["body"] for name, answer in info["answers"].items()}
    items = (info["requests"] or {"items": []})["items"]
    kept = 0 if info["contacts"] is None else sum(info["contacts"]["kept"].values())
    nothing = {"rows": 0, "accepted": 0, "rejected": 0, "groups": dict.fromkeys(GROUPS, 0)}
    clean = nothing | {"rows": ledger["accepted"], "accepted": ledger["accepted"]}
    _BALANCE[profile](answers["raw"], ledger, kept)
    _BALANCE[profile](answers["accepted"], clean, kept)
    if info["requests"] is not None:
        assert sum(item["rows"] for item in items) == ledger["accepted"]
    for item in items:
        one = nothing | {"rows": item["rows"], "accepted": item["rows"]}
        _BALANCE[profile](item["answer"], one, kept)
        kept += item["rows"]


def _voicegenie(body: Any, ledger: Mapping[str, Any], kept: int) -> None:
    groups = ledger["groups"]
    failed = sum(groups[group] for group in (*BAD, "suppressed"))
    assert body["data"]["uploaded_count"] == ledger["accepted"]
    assert body["data"]["failed_count"] == failed
    listed = [item for item in body["data"]["errors"] if item["code"] != "more_rows"]
    assert len(listed) == min(failed, 100)
    assert failed + groups["duplicate_in_file"] + groups["duplicate_in_campaign"] == ledger["rejected"]


def _voicegenie_run(body: Any, ledger: Mapping[str, Any], kept: int) -> None:
    counts = (body["data"]["campaign"]["totalContacts"], body["data"]["execution_status"]["calls_queued"])
    assert counts == (ledger["accepted"], ledger["accepted"])


def _campaign_import(body: Any, ledger: Mapping[str, Any], kept: int) -> None:
    assert (body["imported_count"], body["total_contacts"]) == (ledger["accepted"], kept + ledger["accepted"])


def _ozonetel(body: Any, ledger: Mapping[str, Any], kept: int) -> None:
    told = [body["data"][key] for key in ("totalNoUploaded", "numbersProcessed", "numbersNotProcessed")]
    assert told == [str(ledger[key]) for key in ("rows", "accepted", "rejected")]


def _dialnexa(body: Any, ledger: Mapping[str, Any], kept: int) -> None:
    groups = ledger["groups"]
    bad = sum(groups[group] for group in BAD if group != "missing_phone")
    if bad:
        named = [int(row) for kind in body["message"] for row in kind.partition(": rows ")[2].split(", ")]
        assert len(named) == len(set(named)) == bad
    else:
        assert (body["leads_created"], body["leads_skipped"]) == (ledger["accepted"], groups["missing_phone"])


_BALANCE = {
    "voicegenie": _voicegenie,
    "voicegenie-run": _voicegenie_run,
    "campaign-import": _campaign_import,
    "ozonetel": _ozonetel,
    "dialnexa": _dialnexa,
}
