"""What a run writes beside its rows: the requests that carry them, the target system's answers, and `run.json`."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from leadsieve import publish
from leadsieve.answers import Answers, as_given, identity
from leadsieve.exceptions import InternalError
from leadsieve.limits import passed_limits
from leadsieve.manifest import manifest
from leadsieve.prepare import describe, request_plan
from leadsieve.process import Job, Outcome
from leadsieve.requests.write import Requests, write_requests
from leadsieve.wording import counted
from leadsieve_connectors.sinks import read_back

_log = logging.getLogger("leadsieve")


def write_down(job: Job, outcome: Outcome, folder: Path, run_id: str) -> tuple[Any, dict[str, Any]]:
    """Write what goes beside the outputs, and seal all of them.

    That is the workbook of rejected rows and the requests, where they are wanted, `summary.json` and `run.json`.

    Args:
        job: What was done.
        outcome: What came of it.
        folder: Where the outputs are.
        run_id: The run.

    Returns:
        The content of `summary.json` and of `run.json`.

    Raises:
        UsageError: The accepted rows cannot be sent within the target system's limits.
        OutputError, SinkError: A file cannot be written.
    """
    answers = _answers(job, run_id)
    refused = as_given(job.target.profile, outcome.ledger, job.sources)
    dialects = [source.dialect for source in job.sources]
    predicted = answers.predict(outcome.ledger, outcome.listed, outcome.grouped, dialects, refused)
    publish.write_json(folder / "summary.json", predicted["raw"].body)
    ledger = outcome.ledger.to_dict()
    workbook = _workbook(job, outcome, folder)
    requests = None
    # Nobody sends what is not published.
    if job.options.batches and passed_limits(job.options.fail_over, ledger) is None:
        requests = _requests(job, outcome, folder, answers)
    info = manifest(
        run_id=run_id,
        options=job.options,
        target=job.target,
        sources=describe(job.sources, job.plan),
        suppression=job.plan.suppression,
        ledger=ledger,
        callable=outcome.callable,
        contacts=_contacts(job, outcome),
        answers=predicted,
        requests=_told_requests(requests),
        workbook=workbook,
        started=job.started,
        seconds=outcome.seconds,
    )
    more = {} if workbook is None else {workbook["file"]: workbook["rows"]}
    more |= {} if requests is None else requests.files
    info["files"] = publish.seal(folder, {**outcome.rows, "summary.json": None, **more}, outcome.hashes)
    publish.write_json(folder / "run.json", info)
    return predicted["raw"].body, info


def _answers(job: Job, run_id: str) -> Answers:
    named = identity(
        run_id,
        job.options.campaign,
        file_name=Path(job.sources[0].name).name,
        rejected_file=f"rejected.{job.options.data_format}",
    )
    return Answers(job.target.profile, job.target.settings, named, job.started, job.standing)


def _workbook(job: Job, outcome: Outcome, folder: Path) -> Mapping[str, Any] | None:
    """Write the rejected rows as a workbook too, where that is wanted, and return what is told of it."""
    if job.options.format != "xlsx":
        return None
    from leadsieve.workbook import write_rejected  # openpyxl is loaded for nothing else

    rejected, limit = outcome.ledger.rejected, job.options.tuning.xlsx_rows
    return write_rejected(folder, job.layout, rejected=rejected, limit=limit)


def _requests(job: Job, outcome: Outcome, folder: Path, answers: Answers) -> Requests:
    """Write the accepted rows, as they stand on the disk, as requests.

    Raises:
        InternalError: Not every accepted row is in one of them.
    """
    accepted = outcome.ledger.accepted
    plan = request_plan(job.target, job.layout, job.plan.maps, answers.names(accepted))
    rows = read_back(folder / f"accepted.{job.options.data_format}", job.layout.accepted, plan.columns)
    requests = write_requests(
        rows, folder, plan, answer=lambda number, count, before: answers.of_request(count, before, number).body
    )
    if sum(request.rows for request in requests.requests) != accepted:
        raise InternalError(
            "the requests do not hold each accepted row once, nothing was published; please report this"
        )
    _tell_requests(requests)
    return requests


def _tell_requests(requests: Requests) -> None:
    """Say how many requests there are, and how long it takes to send them."""
    count = len(requests.requests)
    minutes = math.ceil(requests.requests[-1].seconds / 60) if count else 0
    pace = f", to be sent within {counted(minutes, 'minute')} or more (timetable.csv says when)" if minutes else ""
    _log.info("%s in the folder requests%s", counted(count, "request"), pace)
    if requests.note:
        _log.warning("%s", requests.note)


def _told_requests(requests: Requests | None) -> Mapping[str, Any] | None:
    """Return the requests as JSON values; None where none were asked for."""
    if requests is None:
        return None
    return {
        "note": requests.note or None,
        "rows": sum(request.rows for request in requests.requests),
        "items": [
            {
                "file": request.file,
                "rows": request.rows,
                "bytes": request.bytes,
                "send_after_seconds": request.seconds,
                "answer": answer["answer"],
            }
            for request, answer in zip(requests.requests, requests.answers, strict=True)
        ],
    }


def _contacts(job: Job, outcome: Outcome) -> Mapping[str, Any] | None:
    """Say what the run does to its campaign; None where it has none."""
    if job.options.campaign is None:
        return None
    standing = job.standing
    return {"deleted": standing.deleted, "kept": standing.kept, "added": outcome.ledger.accepted}
