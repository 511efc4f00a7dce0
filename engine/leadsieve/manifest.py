"""`run.json`: the whole run as JSON values, in the shape of the published schema `run.schema.json`."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import leadsieve
from leadsieve.config import Options
from leadsieve.prepare import Target
from leadsieve_connectors.sources import Source
from leadsieve_rules.profiles import Answer

#: The packages whose versions decide results or bytes.
_PACKAGES = ("duckdb", "numpy", "pandera", "phonenumbers", "polars", "pyarrow")


def run_fingerprint(options: Options, target: Target, sources: Sequence[Mapping[str, Any]]) -> str:
    """Return the hex SHA-256 that is equal for runs of the same sources with the same options."""
    identity = {
        "options": options.fingerprint(target.text),
        "sources": [[source["bytes"], source["sha256"]] for source in sources],
    }
    return _digest(identity)


def run_name(options: Options, target: Target, sources: Sequence[Source], seq: int) -> str:
    """Return the id of a run, before anything is read: the same run, begun again after a crash, has the same one.

    Args:
        options: What it is told.
        target: The target system.
        sources: Its sources, of which names and sizes count.
        seq: Its place among the runs of its state; 0 without a campaign.

    Returns:
        Twelve hex digits.
    """
    identity = [options.fingerprint(target.text), [[source.name, source.size] for source in sources], seq]
    return _digest(identity)[:12]


def campaign_name_id(name: str) -> str:
    """Return the id that stands for a campaign in predicted answers: twelve hex digits of its name."""
    return _digest(["campaign", name])[:12]


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def manifest(
    *,
    run_id: str,
    fingerprint: str,
    options: Options,
    target: Target,
    sources: Sequence[Mapping[str, Any]],
    ledger: Mapping[str, Any],
    answers: Mapping[str, Answer],
    started: datetime,
    seconds: Mapping[str, float],
) -> dict[str, Any]:
    """Write a run down as JSON values; the caller adds the published `files`.

    Args:
        run_id: Its id.
        fingerprint: What it was told and read.
        options: Its options. Secrets are never among them.
        target: The target system.
        sources: What was read, as `prepare.describe` gives it.
        ledger: The counts.
        answers: The predicted answers by what they answer to.
        started: When it began.
        seconds: How long its stages took.

    Returns:
        A JSON object, as the schema says.
    """
    return {
        "run_id": run_id,
        "fingerprint": fingerprint,
        "options_fingerprint": options.fingerprint(target.text),
        "started": started.isoformat(timespec="seconds"),
        "seconds": {stage: round(value, 3) for stage, value in seconds.items()},
        "versions": _versions(),
        "profile": target.profile.name,
        "settings": dict(target.settings.values),
        "missing_settings": list(target.settings.missing),
        "region": target.region,
        "campaign": options.campaign,
        "options": {**options.judging(target.text), "format": options.format, "fail_over": options.fail_over},
        "sources": list(sources),
        "ledger": dict(ledger),
        "answers": {
            name: {"code": answer.code, "status": answer.status, "body": answer.body}
            for name, answer in answers.items()
        },
    }


def _versions() -> dict[str, str]:
    versions = {"leadsieve": leadsieve.__version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:  # an installation without metadata, such as a zipped application
            versions[package] = "unknown"
    return versions
