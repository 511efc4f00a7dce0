"""A run from its sources to its publication: the only place that knows the order of things.

Sources are opened and mapped, chunks go through the kernel and are judged for duplicates in order, the sinks write,
the ledger is proven against what was written, and only then is anything committed or published.
"""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from leadsieve import pipeline, publish
from leadsieve.answers import ErrorList, answer
from leadsieve.config import Options
from leadsieve.duplicates import CampaignKeys, Duplicates, Held
from leadsieve.exceptions import TooManyRejected, UsageError
from leadsieve.kernel import Plan, Verdicts, judge
from leadsieve.ledger import Ledger, Proof
from leadsieve.manifest import campaign_name_id, manifest, run_fingerprint, run_name
from leadsieve.outputs import ERRORS, Layout, assemble
from leadsieve.prepare import Target, aim, describe, prepare, read_options
from leadsieve.progress import Callback, Meter
from leadsieve.run import Part, Run
from leadsieve_connectors.campaigns import RunRecord, State, state_lock
from leadsieve_connectors.chunk import Chunk
from leadsieve_connectors.sinks import Sink, open_sink
from leadsieve_connectors.sources import Source, open_sources
from leadsieve_rules.profiles import PHONE

_log = logging.getLogger("leadsieve")


@dataclass(frozen=True, slots=True)
class _Job:
    """Everything that is settled before the first row."""

    options: Options
    target: Target
    sources: Sequence[Source]
    plan: Plan
    layout: Layout
    progress: Callback | None
    started: datetime

    @property
    def names(self) -> list[str]:
        """The sources' names by ordinal."""
        return [source.name for source in self.sources]


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What came of the rows, before anything is published.

    Attributes:
        ledger: The counts, proven against the files.
        errors: The rows that answers may list.
        keys: The accepted numbers, in order.
        rows: Rows of each written file by its name.
        seconds: How long reading to writing, and the proof, took.
    """

    ledger: Ledger
    errors: ErrorList
    keys: list[npt.NDArray[np.uint64]]
    rows: dict[str, int]
    seconds: dict[str, float]


def execute(options: Options, progress: Callback | None) -> Run:
    """Do what the options say; see `leadsieve.clean`.

    Raises:
        LeadsieveError, RulesError, ConnectorError: Nothing was published.
    """
    started = datetime.now(UTC)
    target = aim(options)
    with open_sources(options.sources, read_options(options)) as sources:
        _require_distinct(sources)
        plan, layout = prepare(sources, options, target)
        job = _Job(options, target, sources, plan, layout, progress, started)
        if options.campaign is None:
            return _publish(job) if options.out is not None and not options.dry_run else _keep(job, None)
        state = State(options.state, wait_seconds=options.tuning.lock_seconds)
        if options.dry_run and not state.path.exists():
            return _rehearse(job, None)
        with state_lock(options.state, wait_seconds=options.tuning.lock_seconds):
            return _rehearse(job, state) if options.dry_run else _import(job, state)


def _require_distinct(sources: Sequence[Source]) -> None:
    names = [source.name for source in sources]
    for name in names:
        if names.count(name) > 1:
            raise UsageError(f"source {name} is given more than once; a row is named by its file, so name each once")


def _keep(job: _Job, campaign: CampaignKeys | None) -> Run:
    """Run into a temporary folder that the caller's `Run` owns."""
    folder = Path(tempfile.mkdtemp(prefix="leadsieve-"))
    try:
        outcome = _process(job, folder, campaign)
        _require_few_rejected(job, outcome)
        summary, info = _write_down(job, outcome, folder, _run_id(job, 0))
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return _run(job, folder, summary, info, owned=True)


def _publish(job: _Job) -> Run:
    """Publish in OUT, with no campaign: the rename is the commit."""
    out, overwrite = _out(job), job.options.overwrite
    publish.recover(out, None)
    if not job.options.again:
        standing = publish.published(out)
        if standing is not None and _is_same_run(job, standing):
            return _repeated(job, out, standing)
    with publish.Staging(publish.check_out(out, overwrite=overwrite), _run_id(job, 0)) as staging:
        outcome = _process(job, staging.folder, None)
        _require_few_rejected(job, outcome, staging)
        summary, info = _write_down(job, outcome, staging.folder, staging.run_id)
        publish.commit(staging, overwrite=overwrite)
    return _run(job, out, summary, info)


def _import(job: _Job, state: State) -> Run:
    """Publish in OUT and add the accepted rows to the campaign, under the state's lock."""
    out, overwrite, name = _out(job), job.options.overwrite, _campaign(job)
    created = state.ensure()
    _announce(job, state, created=created)
    publish.recover(out, state)
    record = None if job.options.again else _earlier_run(job, state)
    if record is not None:
        standing = publish.published(out)
        if standing is not None and standing["run_id"] == record.run_id:
            return _repeated(job, out, standing)
        _log.info("this is run %s again: it is published as it was judged then, nothing is imported", record.run_id)
    seq = state.next_seq() if record is None else record.seq
    when = job.started if record is None else record.committed_at
    campaign = _campaign_keys(job, state, before_run=seq, when=when)
    allowed = publish.check_out(out, overwrite=overwrite, run_id=record.run_id if record is not None else None)
    with publish.Staging(allowed, record.run_id if record is not None else _run_id(job, seq)) as staging:
        outcome = _process(job, staging.folder, campaign)
        _require_few_rejected(job, outcome, staging)
        summary, info = _write_down(job, outcome, staging.folder, staging.run_id)
        entry = None
        if record is None:
            new = RunRecord(
                seq=seq,
                run_id=info["run_id"],
                campaign=name,
                fingerprint=info["fingerprint"],
                committed_at=job.started,
                manifest=info["files"],
                info={key: info[key] for key in ("options_fingerprint", "sources", "ledger")},
            )
            entry = publish.Entry(state, new, _key_batches(outcome.keys))
        publish.commit(staging, overwrite=overwrite, entry=entry)
    return _run(job, out, summary, info, repeated=record is not None)


def _rehearse(job: _Job, state: State | None) -> Run:
    """Judge against the campaign and commit nothing; a state that does not exist is not created."""
    campaign = None
    if state is not None:
        state.ensure()
        _announce(job, state, created=False)
        campaign = _campaign_keys(job, state, before_run=None, when=job.started)
    elif job.options.existing_campaign:
        raise UsageError(f"campaign {_campaign(job)!r} does not exist: there is no state {job.options.state}")
    return _keep(job, campaign)


def _run_id(job: _Job, seq: int) -> str:
    return run_name(job.options, job.target, job.sources, seq)


def _out(job: _Job) -> Path:
    assert job.options.out is not None  # noqa: S101 - the caller has looked
    return job.options.out


def _campaign(job: _Job) -> str:
    assert job.options.campaign is not None  # noqa: S101 - the caller has looked
    return job.options.campaign


def _announce(job: _Job, state: State, *, created: bool) -> None:
    """Say which state and campaign a run touches; a new campaign loudly, since a slip of the pen makes one."""
    name, size = _campaign(job), job.options.state.stat().st_size
    _log.info("state %s: %s, %s bytes", job.options.state, "new" if created else "found", f"{size:,}")
    found = state.campaign(name)
    if found is not None:
        _log.info("campaign %r: %s contacts", name, f"{found.contacts:,}")
        return
    others = ", ".join(repr(info.name) for info in state.campaigns()[:10]) or "none"
    if job.options.existing_campaign:
        raise UsageError(f"campaign {name!r} does not exist in {job.options.state}; there are: {others}")
    _log.warning("NEW CAMPAIGN %r: it is not in the state yet (there are: %s)", name, others)


def _campaign_keys(job: _Job, state: State, *, before_run: int | None, when: datetime) -> CampaignKeys | None:
    """Load the numbers that make a duplicate, by the profile's statuses and age."""
    if job.options.scope not in ("campaign", "all"):
        return None
    rule = job.target.profile.duplicates
    names = [_campaign(job)] if job.options.scope == "campaign" else [info.name for info in state.campaigns()]
    held = []
    for name in names:
        runs = {
            run.seq: run.run_id
            for run in state.runs(name)
            if rule.age_days is None or (when - run.committed_at).days < rule.age_days
        }
        held.append(Held(name, state.contacts(name, before_run=before_run), runs))
    return CampaignKeys(held, rule.statuses)


def _earlier_run(job: _Job, state: State) -> RunRecord | None:
    """Find the newest run of the campaign with the same sources and options."""
    for record in reversed(state.runs(_campaign(job))):
        if _is_same_run(job, {**record.info, "fingerprint": record.fingerprint}):
            return record
    return None


def _is_same_run(job: _Job, earlier: Mapping[str, Any]) -> bool:
    """Tell whether an earlier run had the same options and sources; sizes are compared before anything is hashed."""
    if earlier.get("options_fingerprint") != job.options.fingerprint(job.target.text):
        return False
    if [source["bytes"] for source in earlier["sources"]] != [source.size for source in job.sources]:
        return False
    identity = [{"bytes": source.size, "sha256": source.sha256()} for source in job.sources]
    return bool(earlier["fingerprint"] == run_fingerprint(job.options, job.target, identity))


def _process(job: _Job, folder: Path, campaign: CampaignKeys | None) -> _Outcome:
    """Read, judge and write every row, then prove it."""
    clock = time.perf_counter
    begun = clock()
    names, layout = job.names, job.layout
    ledger, errors, proof = Ledger.of(names), ErrorList(job.target.profile, job.plan.maps), Proof(names)
    duplicates = Duplicates(job.options.scope, names, job.plan.maps, campaign)
    sizes = [source.size for source in job.sources]
    meter = Meter(job.progress, None if None in sizes else sum(size or 0 for size in sizes))
    keys: list[npt.NDArray[np.uint64]] = []

    def order(verdicts: Verdicts) -> Verdicts:
        judged, accepted = duplicates.judge(verdicts)
        ledger.add(judged)
        errors.add(judged)
        keys.append(accepted)
        chunk = judged.chunk
        proof.read(chunk.file, chunk.num_rows)
        meter.add(rows=chunk.num_rows, rejected=chunk.num_rows - len(accepted), nbytes=chunk.nbytes)
        return judged

    with _sinks(job, folder) as sinks:

        def write(verdicts: Verdicts) -> None:
            parts = assemble(verdicts, layout)
            for name, sink in sinks.items():
                sink.write(getattr(parts, name))

        chunks = _chunks(job.sources)
        with closing(chunks):
            pipeline.run(chunks, partial(judge, plan=job.plan), order, write, threads=job.options.tuning.threads)
        for sink in sinks.values():
            sink.close()
    written = clock()
    counted = {
        name: proof.written(sinks[name].read_back(["lead_file", "lead_row"])) for name in ("accepted", "rejected")
    }
    proof.conclude(ledger, counted["accepted"], counted["rejected"])
    seconds = {"process": written - begun, "prove": clock() - written}
    return _Outcome(ledger, errors, keys, {sink.path.name: sink.rows for sink in sinks.values()}, seconds)


def _chunks(sources: Sequence[Source]) -> Generator[Chunk, None, None]:
    for source in sources:
        yield from source.chunks()


@contextmanager
def _sinks(job: _Job, folder: Path) -> Iterator[dict[str, Sink]]:
    """Open the three outputs; whatever goes wrong, none is left that reads as a whole file."""
    schemas = {"accepted": job.layout.accepted, "rejected": job.layout.rejected, "errors": ERRORS}
    tuning, format_ = job.options.tuning, job.options.format
    sinks: dict[str, Sink] = {}
    try:
        for name, schema in schemas.items():
            sinks[name] = open_sink(
                folder / f"{name}.{format_}",
                schema,
                format=format_,
                row_group_rows=tuning.row_group_rows,
                compression_level=tuning.compression_level,
                # In accepted the number is ours, and its plus sign is the point of it.
                bare_columns=(PHONE,) if name == "accepted" else (),
            )
        yield sinks
    except BaseException:
        for sink in sinks.values():
            sink.abandon()
        raise


def _write_down(job: _Job, outcome: _Outcome, folder: Path, run_id: str) -> tuple[Any, dict[str, Any]]:
    """Write `summary.json` and `run.json` beside the outputs, and seal them."""
    sources = describe(job.sources, job.plan)
    fingerprint = run_fingerprint(job.options, job.target, sources)
    identity = {
        "run_id": run_id,
        "campaign": job.options.campaign,
        "campaign_id": f"camp_{run_id if job.options.campaign is None else campaign_name_id(job.options.campaign)}",
        "file_name": Path(job.names[0]).name,
        "now": job.started.isoformat(timespec="seconds"),
    }
    predicted = answer(job.target.profile, job.target.settings, outcome.ledger, outcome.errors, identity)
    publish.write_json(folder / "summary.json", predicted.body)
    info = manifest(
        run_id=run_id,
        fingerprint=fingerprint,
        options=job.options,
        target=job.target,
        sources=sources,
        ledger=outcome.ledger.to_dict(),
        answers={"raw": predicted},
        started=job.started,
        seconds=outcome.seconds,
    )
    info["files"] = publish.seal(folder, {**outcome.rows, "summary.json": None})
    publish.write_json(folder / "run.json", info)
    return predicted.body, info


def _require_few_rejected(job: _Job, outcome: _Outcome, staging: publish.Staging | None = None) -> None:
    """End the run where too many rows are rejected; what was rejected, and why, goes to OUT.failed."""
    limit, share = job.options.fail_over, outcome.ledger.share_rejected
    if limit is None or share <= limit:
        return
    where = ""
    if staging is not None:
        failed = staging.target.with_name(f"{staging.target.name}.failed")
        with publish.Staging(publish.check_out(failed, overwrite=True), staging.run_id) as aside:
            for name in (f"rejected.{job.options.format}", f"errors.{job.options.format}"):
                (staging.folder / name).rename(aside.folder / name)
            rows = {name: count for name, count in outcome.rows.items() if not name.startswith("accepted")}
            _write_down(job, replace(outcome, rows=rows), aside.folder, aside.run_id)
            publish.commit(aside, overwrite=True)
        where = f"; the rejected rows are in {failed}"
    raise TooManyRejected(
        f"{share:.2%} of {outcome.ledger.rows:,} rows were rejected, more than the {limit:.2%} allowed: "
        f"nothing was committed{where}"
    )


def _run(
    job: _Job, folder: Path, summary: Any, info: Mapping[str, Any], *, owned: bool = False, repeated: bool = False
) -> Run:
    schemas = {"accepted": job.layout.accepted, "rejected": job.layout.rejected, "errors": ERRORS}
    rows = {entry["name"]: entry["rows"] for entry in info["files"]}
    parts = {}
    for name, schema in schemas.items():
        file = next(known for known in rows if known.startswith(f"{name}."))
        parts[name] = Part(folder / file, schema, rows[file])
    return Run(folder, summary=summary, info=info, parts=parts, owned=owned, repeated=repeated)


def _repeated(job: _Job, out: Path, standing: Mapping[str, Any]) -> Run:
    """Return the run that stands in OUT already, whole and undamaged."""
    _log.info("run %s stands in %s already: nothing is done again (use --again to force it)", standing["run_id"], out)
    summary = json.loads((out / "summary.json").read_bytes())
    return _run(job, out, summary, standing, repeated=True)


def _key_batches(keys: Sequence[npt.NDArray[np.uint64]]) -> Iterator[pa.RecordBatch]:
    for piece in keys:
        if len(piece):
            yield pa.RecordBatch.from_arrays([pa.array(piece)], names=["key"])
