"""A run from its sources to its publication: the only place that knows the order of things.

Sources are opened and mapped, their rows are processed into a hidden folder and proven there, and only then is
anything committed or published. A run that was done before is recognised and not done twice.
"""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from leadsieve import publish
from leadsieve.answers import answer, refusal
from leadsieve.config import Options
from leadsieve.duplicates import CampaignKeys, Held
from leadsieve.exceptions import OutputError, SourceError, TooManyRejected, UsageError
from leadsieve.ledger import share_rejected
from leadsieve.manifest import manifest
from leadsieve.prepare import Kept, describe, prepare, read_options
from leadsieve.process import Job, Outcome, Task, process
from leadsieve.progress import Callback
from leadsieve.recognise import KEPT, earlier_run, require_same_result, standing_run, stands
from leadsieve.run import Folder, Part, Run
from leadsieve.target import Target, aim, digest, found_settings
from leadsieve_connectors import exceptions as connectors
from leadsieve_connectors.campaigns import RunRecord, State, state_lock
from leadsieve_connectors.sources import Source, open_sources
from leadsieve_rules.columns import mapping_to_keep
from leadsieve_rules.exceptions import ColumnError

_log = logging.getLogger("leadsieve")


def execute(options: Options, progress: Callback | None) -> Run:
    """Do what the options say; see `leadsieve.clean`.

    Raises:
        LeadsieveError, RulesError, ConnectorError: Nothing was published.
    """
    started = datetime.now(UTC)
    target = aim(options)
    try:
        with open_sources(options.sources, read_options(options)) as sources:
            target = aim(options, found_settings(sources, options.settings))
            return _run_sources(options, target, sources, progress, started)
    except (connectors.SourceError, ColumnError, SourceError) as exc:
        # The target system would have been given no better a file.
        exc.answer = refusal(target.profile, target.settings)  # type: ignore[union-attr]
        raise


def _run_sources(
    options: Options, target: Target, sources: Sequence[Source], progress: Callback | None, started: datetime
) -> Run:
    _require_distinct(sources)
    if options.out is not None:
        publish.locate(options.out)  # refuses what is never replaced, before a row is read
    task = Task(options, target, sources, progress, started)
    if options.campaign is not None:
        return _with_campaign(task, options.campaign)
    job = _settle(task)
    if options.out is None or options.dry_run:
        return _keep(job, None)
    return _publish(job, options.out)


def _settle(task: Task, kept: Kept | None = None) -> Job:
    """Decide all that is decided before the first row."""
    plan, layout = prepare(task.sources, task.options, task.target, kept)
    return Job(task.options, task.target, task.sources, task.progress, task.started, plan, layout)


def _require_distinct(sources: Sequence[Source]) -> None:
    names = [source.name for source in sources]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"source {name} is given more than once; a row is named by its file, so name each once")


def _keep(job: Job, campaign: CampaignKeys | None) -> Run:
    """Run into a temporary folder that belongs to the `Run`."""
    path = Path(tempfile.mkdtemp(prefix="leadsieve-"))
    try:
        outcome = process(job, path, campaign)
        summary, info = _write_down(job, outcome, path, job.target.run_id(job.sources, 0))
        _require_few_rejected(job, info, None)
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise
    return _run(job, Folder(path, owned=True), summary, info)


def _publish(job: Job, out: Path) -> Run:
    """Publish in OUT, with no campaign: the rename is the commit."""
    publish.recover(out, None)
    standing = None if job.options.again else standing_run(job, out)
    if standing is not None:
        return _repeated(job, out, standing)
    overwrite = job.options.overwrite
    target = publish.check_out(out, overwrite=overwrite)
    with publish.Staging(target, job.target.run_id(job.sources, 0)) as staging:
        outcome = process(job, staging.folder, None)
        summary, info = _write_down(job, outcome, staging.folder, staging.run_id)
        _require_few_rejected(job, info, staging)
        publish.commit(staging, overwrite=overwrite)
    return _run(job, Folder(out), summary, info)


def _with_campaign(task: Task, campaign: str) -> Run:
    """Judge against the campaign under the state's lock, and add the accepted rows to it unless the run is dry."""
    options, job = task.options, None
    state = State(options.state, wait_seconds=options.tuning.lock_seconds)
    if not state.path.exists():
        if options.existing_campaign:
            raise UsageError(f"campaign {campaign!r} does not exist: there is no state {options.state}")
        job = _settle(task)  # no state is made for a source whose columns cannot be mapped
        if options.dry_run:
            return _keep(job, None)
    with state_lock(options.state, wait_seconds=options.tuning.lock_seconds):
        created = state.ensure()
        _announce(options, state, campaign, created=created)
        if options.dry_run or options.out is None:
            job = job if created and job is not None else _settle(task, _kept_in(state))
            return _keep(job, _campaign_keys(job, state, campaign, before_run=None, when=job.started))
        return _import(task, state, campaign, options.out, job if created else None)


def _import(task: Task, state: State, campaign: str, out: Path, job: Job | None) -> Run:
    """Publish in OUT and add the accepted rows to the campaign; or publish an earlier run again.

    Args:
        task: What to do.
        state: Where the campaign is kept.
        campaign: Its name.
        out: What is published.
        job: The task settled, where the state is new and so keeps no mapping.
    """
    options = task.options
    finished = publish.recover(out, state)
    # With --again only a run that this very command began, and that a crash cut short, is this run.
    known = [r for r in state.runs(campaign) if not options.again or r.run_id in finished]
    record = earlier_run(task, known, out)
    seq = state.next_seq() if record is None else record.seq
    job = job or _settle(task, _kept_in(state) if record is None else _kept_by(record, task.sources))
    if record is not None:
        standing = publish.published(out)
        if standing is not None and standing["run_id"] == record.run_id and stands(job, standing):
            return _repeated(job, out, standing)
        _log.info("this is run %s again: it is published as it was judged then, nothing is imported", record.run_id)
    when = job.started if record is None else record.committed_at
    run_id = job.target.run_id(job.sources, seq) if record is None else record.run_id
    keys = _campaign_keys(job, state, campaign, before_run=seq, when=when)
    own = None if record is None else run_id
    with publish.Staging(publish.check_out(out, overwrite=options.overwrite, run_id=own), run_id) as staging:
        outcome = process(job, staging.folder, keys)
        if record is not None:
            require_same_result(record, outcome, state)
        summary, info = _write_down(job, outcome, staging.folder, run_id)
        _require_few_rejected(job, info, staging)
        entry = None if record is not None else _entry(job, state, campaign, seq, outcome, info)
        publish.commit(staging, overwrite=options.overwrite, entry=entry)
    return _run(job, Folder(out), summary, info, repeated=record is not None)


def _kept_in(state: State) -> Kept:
    """Map headers as the user mapped them last."""
    return lambda source: state.mapping(source.headers)


def _kept_by(record: RunRecord, sources: Sequence[Source]) -> Kept:
    """Map headers as the user had mapped them when a run was committed, whatever was kept or forgotten since."""

    def kept(source: Source) -> Mapping[str, str]:
        mapping = record.info["sources"][sources.index(source)]["mapping"]
        return {name: field for field, found in mapping.items() if found["how"] == "kept" for name in found["columns"]}

    return kept


def _entry(job: Job, state: State, campaign: str, seq: int, outcome: Outcome, info: Mapping[str, Any]) -> publish.Entry:
    record = RunRecord(
        seq=seq,
        run_id=info["run_id"],
        campaign=campaign,
        fingerprint=info["fingerprint"],
        committed_at=job.started,
        manifest=info["files"],
        info={key: info[key] for key in KEPT},
    )
    return publish.Entry(state, record, _key_batches(outcome.keys), _to_keep(job, state))


def _to_keep(job: Job, state: State) -> dict[tuple[str, ...], Mapping[str, str]]:
    """Return how the user mapped which headers in this run, for the next time."""
    mappings: dict[tuple[str, ...], Mapping[str, str]] = {}
    for ordinal, source in enumerate(job.sources):
        columns, headers = job.plan.maps[ordinal], tuple(source.headers)
        # Columns without names say nothing about the next file that has none.
        if "map" in columns.how.values() and any(header.strip() for header in headers):
            mappings[headers] = mapping_to_keep(columns, state.mapping(headers))
    return mappings


def _announce(options: Options, state: State, campaign: str, *, created: bool) -> None:
    """Say which state and campaign a run touches; a new campaign loudly, since a slip of the pen makes one."""
    size = options.state.stat().st_size
    _log.info("state %s: %s, %s bytes", options.state, "new" if created else "found", f"{size:,}")
    found = state.campaign(campaign)
    if found is not None:
        _log.info("campaign %r: %s contacts", campaign, f"{found.contacts:,}")
        return
    others = ", ".join(repr(info.name) for info in state.campaigns()[:10]) or "none"
    if options.existing_campaign:
        raise UsageError(f"campaign {campaign!r} does not exist in {options.state}; there are: {others}")
    _log.warning("NEW CAMPAIGN %r: it is not in the state yet (there are: %s)", campaign, others)


def _campaign_keys(
    job: Job, state: State, campaign: str, *, before_run: int | None, when: datetime
) -> CampaignKeys | None:
    """Load the numbers that make a duplicate, by the profile's statuses and age."""
    scope, rule = job.target.scope, job.target.profile.duplicates
    if scope not in ("campaign", "all"):
        return None
    names = [campaign] if scope == "campaign" else [info.name for info in state.campaigns()]
    held = []
    for name in names:
        runs = {
            run.seq: run.run_id
            for run in state.runs(name)
            if rule.age_days is None or (when - run.committed_at).days < rule.age_days
        }
        held.append(Held(name, state.contacts(name, before_run=before_run), runs))
    return CampaignKeys(held, rule.statuses)


def _write_down(job: Job, outcome: Outcome, folder: Path, run_id: str) -> tuple[Any, dict[str, Any]]:
    """Write `summary.json` and `run.json` beside the outputs, and seal them."""
    campaign = job.options.campaign
    identity = {
        "run_id": run_id,
        "campaign": campaign,
        "campaign_id": f"camp_{run_id if campaign is None else digest(campaign)[:12]}",
        "file_name": Path(job.sources[0].name).name,
        "now": job.started.isoformat(timespec="seconds"),
    }
    predicted = answer(job.target.profile, job.target.settings, outcome.ledger, outcome.listed, identity)
    publish.write_json(folder / "summary.json", predicted.body)
    info = manifest(
        run_id=run_id,
        options=job.options,
        target=job.target,
        sources=describe(job.sources, job.plan),
        ledger=outcome.ledger.to_dict(),
        answers={"raw": predicted},
        started=job.started,
        seconds=outcome.seconds,
    )
    info["files"] = publish.seal(folder, {**outcome.rows, "summary.json": None})
    publish.write_json(folder / "run.json", info)
    return predicted.body, info


def _require_few_rejected(job: Job, info: Mapping[str, Any], staging: publish.Staging | None) -> None:
    """End the run where too many rows are rejected; what was rejected, and why, goes to OUT.failed."""
    limit, share = job.options.fail_over, share_rejected(info["ledger"])
    if limit is None or share <= limit:
        return
    where = ""
    if staging is not None:
        where = _keep_failed(info, staging)
    failure = TooManyRejected(
        f"{share:.2%} of {info['ledger']['rows']:,} rows were rejected, more than the {limit:.2%} allowed: "
        f"nothing was committed{where}"
    )
    failure.answer = info["answers"]["raw"]["body"]
    raise failure


def _keep_failed(info: Mapping[str, Any], staging: publish.Staging) -> str:
    """Publish what was rejected, and why, in OUT.failed, and say where it is."""
    failed = staging.target.with_name(f"{staging.target.name}.failed")
    try:
        publish.recover(failed, None)
        standing = publish.read_run(failed)
        # Only an earlier failure may be replaced: a user's own publication may have this name.
        overwrite = standing is not None and bool(standing.get("failed"))
        with publish.Staging(publish.check_out(failed, overwrite=overwrite), staging.run_id) as aside:
            files = [entry for entry in info["files"] if not entry["name"].startswith("accepted.")]
            publish.move(staging.folder, aside.folder, [entry["name"] for entry in files])
            publish.write_json(aside.folder / "run.json", {**info, "files": files, "failed": True})
            publish.commit(aside, overwrite=overwrite)
    except OutputError as exc:
        return f"; the rejected rows could not be kept: {exc.message}"
    return f"; the rejected rows are in {failed}"


def _repeated(job: Job, out: Path, standing: Mapping[str, Any]) -> Run:
    """Return the run that stands in OUT already, whole and undamaged."""
    _log.info("run %s stands in %s already: nothing is done again (use --again to force it)", standing["run_id"], out)
    _require_few_rejected(job, standing, None)
    return _run(job, Folder(out), json.loads((out / "summary.json").read_bytes()), standing, repeated=True)


def _run(job: Job, folder: Folder, summary: Any, info: Mapping[str, Any], *, repeated: bool = False) -> Run:
    rows = {entry["name"]: entry["rows"] for entry in info["files"]}
    parts = {}
    for name, schema in job.schemas.items():
        file = f"{name}.{job.options.format}"
        parts[name] = Part(folder, file, schema, rows[file])
    return Run(folder, summary=summary, info=info, parts=parts, repeated=repeated)


def _key_batches(keys: Sequence[npt.NDArray[np.uint64]]) -> Iterator[pa.RecordBatch]:
    for piece in keys:
        if len(piece):
            yield pa.RecordBatch.from_arrays([pa.array(piece)], names=["key"])
