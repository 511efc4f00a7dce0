"""`run.json`: the whole run as JSON values, in the shape of the published schema `run.schema.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from leadsieve.config import Options
from leadsieve.suppression import Suppression
from leadsieve.target import Target, versions
from leadsieve_rules.profiles import Answer


def manifest(
    *,
    run_id: str,
    options: Options,
    target: Target,
    sources: Sequence[Mapping[str, Any]],
    suppression: Suppression | None,
    ledger: Mapping[str, Any],
    callable: Mapping[str, Any] | None,  # noqa: A002 - the manifest's own word
    contacts: Mapping[str, Any] | None,
    answers: Mapping[str, Answer],
    requests: Mapping[str, Any] | None,
    workbook: Mapping[str, Any] | None,
    started: datetime,
    seconds: Mapping[str, float],
) -> dict[str, Any]:
    """Write a run down as JSON values; the caller adds the published `files`.

    Args:
        run_id: Its id.
        options: Its options. Secrets are never among them.
        target: The target system.
        sources: What was read, as `prepare.describe` gives it.
        suppression: The numbers that were not to be called; None where no list was given.
        ledger: The counts.
        callable: How many accepted rows may be called when; None where no calling hours were given.
        contacts: What the run does to its campaign; None where it has none.
        answers: The predicted answers by what they answer to.
        requests: The requests that carry the accepted rows; None where none were asked for.
        workbook: The workbook of rejected rows; None where none was asked for.
        started: When it began.
        seconds: How long its stages took.

    Returns:
        A JSON object, as the schema says.
    """
    return {
        "run_id": run_id,
        "fingerprint": target.fingerprint(sources),
        "options_fingerprint": target.options_fingerprint,
        "started": started.isoformat(timespec="seconds"),
        "seconds": {stage: round(value, 3) for stage, value in seconds.items()},
        "versions": versions(),
        "profile": target.profile.name,
        "settings": dict(target.settings.values),
        "missing_settings": list(target.settings.missing),
        "region": target.region,
        "campaign": options.campaign,
        "options": {**target.judging, "format": options.format, "fail_over": dict(options.fail_over)},
        "sources": list(sources),
        "suppression": [] if suppression is None else [one.told(started) for one in suppression.lists],
        "schema": None if options.schema is None else options.schema.to_dict(),
        "prompt": None if options.prompt is None else options.prompt.to_dict(),
        "ledger": dict(ledger),
        "callable": None if callable is None else dict(callable),
        "contacts": None if contacts is None else dict(contacts),
        "answers": {
            name: {"code": answer.code, "status": answer.status, "body": answer.body}
            for name, answer in answers.items()
        },
        "requests": None if requests is None else dict(requests),
        "workbook": None if workbook is None else dict(workbook),
    }
