"""A run from its sources to its publication: the only place that knows the order of things.

Sources are opened and mapped, their rows are processed into a hidden folder and proven there, and only then is
anything committed or published. A run that was done before is recognised and not done twice.
"""

from __future__ import annotations

import json
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from leadsieve import publish
from leadsieve.answers import Standing, refusal
from leadsieve.config import Options
from leadsieve.corrections import require_distinct
from leadsieve.documents import write_down
from leadsieve.duplicates import Contacts, Held, Loading, pays_ahead
from leadsieve.exceptions import OutputError, SourceError, TooManyRejected, UsageError
from leadsieve.limits import passed_limits
from leadsieve.lists import Part as ListPart
from leadsieve.lists import gather, judged_by, kept_lists, open_state, require_state, run_lists
from leadsieve.prepare import Kept, prepare, read_options
from leadsieve.process import Job, Outcome, Task, fetch_memory, key_bytes, process, want_kernels
from leadsieve.progress import Callback
from leadsieve.recognise import KEPT, earlier_run, require_same_result, standing_run, stands
from leadsieve.requests.plan import require_settings
from leadsieve.requests.write import FOLDER as REQUESTS
from leadsieve.results import tell_ledger, tell_run
from leadsieve.run import Folder, Part, Run
from leadsieve.suppression import Suppression
from leadsieve.target import Target, aim, found_settings, load_target
from leadsieve.wording import counted
from leadsieve_connectors import exceptions as connectors
from leadsieve_connectors.campaigns import Ahead, RunRecord, State, state_lock
from leadsieve_connectors.sources import Source, open_sources
from leadsieve_rules.columns import mapping_to_keep
from leadsieve_rules.exceptions import ColumnError, InvalidSetting

_log = logging.getLogger("leadsieve")
#: What came of the rows: a logger of its own, since the command line prints it on stdout.
_results = logging.getLogger("leadsieve.results")

#: Counts a campaign's contacts before the run by their status, once.
_Statuses: TypeAlias = Callable[[str], Mapping[str, int]]


def execute(options: Options, progress: Callback | None) -> Run:
    """Do what the options say; see `leadsieve.clean`.

    Raises:
        LeadsieveError, RulesError, ConnectorError: Nothing was published.
    """
    started = datetime.now(UTC)
    target = _aim(options, started)
    lists = run_lists(options, target)
    try:
        with open_sources(options.sources, read_options(options)) as sources:
            target = judged_by(_aim(options, started, found_settings(sources, options.settings)), lists)
            if options.batches:
                require_settings(target.profile, target.settings)
            return _run_sources(options, target, sources, lists, progress, started)
    except (connectors.SourceError, ColumnError, SourceError) as exc:
        # The target system would have been given no better a file.
        values = target.settings.values
        exc.answer = refusal(  # type: ignore[union-attr]
            target.profile, values, [exc.code], campaign=options.campaign, started=started
        )
        raise


def _aim(options: Options, started: datetime, found: Mapping[str, Any] | None = None) -> Target:
    """Load the target system's profile, as `aim` does; a setting that is refused says what the system would say."""
    try:
        return aim(options, found)
    except InvalidSetting as exc:
        _, profile = load_target(options)
        exc.answer = refusal(  # type: ignore[attr-defined]
            profile, {}, exc.conditions, campaign=options.campaign, started=started
        )
        raise


def _run_sources(
    options: Options,
    target: Target,
    sources: Sequence[Source],
    lists: Sequence[ListPart],
    progress: Callback | None,
    started: datetime,
) -> Run:
    require_distinct(sources)
    # Refuses what is never replaced, and a store that cannot be reached, before a row is read.
    beside = None if options.campaign is None else options.state.parent
    place = None if options.out is None else publish.place(options.out, beside)
    task = Task(options, target, sources, progress, started, fetch_memory(options, target, sources))
    if options.campaign is not None:
        return _with_campaign(task, options.campaign, place, lists)
    job = _settle(task, gather(lists, options, started))
    if place is None or options.dry_run:
        return _keep(job, None)
    return _publish(job, place)


def _settle(task: Task, suppression: Suppression | None, kept: Kept | None = None) -> Job:
    """Decide all that is decided before the first row."""
    want_kernels(task.sources)
    plan, layout = prepare(task.sources, task.options, task.target, kept)
    plan = replace(plan, suppression=suppression, now=task.started)
    return Job(task.options, task.target, task.sources, task.progress, task.started, task.prefetched, plan, layout)


def _keep(job: Job, contacts: Contacts | None, loading: Loading | None = None) -> Run:
    """Run into a temporary folder that belongs to the `Run`."""
    path = Path(tempfile.mkdtemp(prefix="leadsieve-"))
    try:
        outcome = process(job, path, contacts, loading)
        summary, info = write_down(job, outcome, path, job.target.run_id(job.sources, 0))
        _require_few_rejected(job, info)
    except BaseException:
        shutil.rmtree(path, ignore_errors=True)
        raise
    return _run(job, Folder.temporary(path), summary, info)


def _publish(job: Job, place: publish.Place) -> Run:
    """Publish in OUT, with no campaign: that is the commit."""
    place.recover(None)
    standing = None if job.options.again else standing_run(job, place)
    if standing is not None:
        return _repeated(job, place, standing)
    overwrite = job.options.overwrite
    with place.staging(job.target.run_id(job.sources, 0), overwrite=overwrite) as staging:
        outcome = process(job, staging.folder, None)
        summary, info = write_down(job, outcome, staging.folder, staging.run_id)
        _require_few_rejected(job, info, (place, staging))
        info["files"] = place.commit(staging, overwrite=overwrite)
        folder = place.keep(staging)
    return _run(job, folder, summary, info)


def _with_campaign(task: Task, campaign: str, place: publish.Place | None, lists: Sequence[ListPart]) -> Run:
    """Judge against the campaign under the state's lock, and add the accepted rows to it unless the run is dry."""
    options, job = task.options, None
    state = open_state(options)
    if not state.path.exists():
        if options.existing_campaign:
            raise _unknown_campaign(task, f"campaign {campaign!r} does not exist: there is no state {options.state}")
        require_state(options)
        # No state is made for a source whose columns cannot be mapped.
        job = _settle(task, gather(lists, options, task.started))
        if options.dry_run:
            return _keep(job, None)
    with state_lock(options.state, wait_seconds=options.tuning.lock_seconds), state.held_open() as created:
        _announce(task, state, campaign, created=created)
        if not created or job is None:
            job, lists = None, [*lists, *kept_lists(options, state, campaign)]
        suppression = gather(lists, options, task.started) if job is None else job.plan.suppression
        if options.dry_run or place is None:
            return _rehearse(task, state, campaign, suppression, job)
        return _import(task, state, campaign, place, suppression, job)


def _rehearse(task: Task, state: State, campaign: str, suppression: Suppression | None, job: Job | None) -> Run:
    """Judge against the campaign, and publish and commit nothing; for the arguments see `_import`."""
    statuses = cache(state.statuses)
    contacts = _contacts(task, state, campaign, statuses, before_run=None, when=task.started)
    with _loading(task, contacts) as loading:
        job = _standing(job or _settle(task, suppression, _kept_in(state)), statuses(campaign))
        state.let_go()
        return _keep(job, contacts, loading)


def _import(
    task: Task, state: State, campaign: str, place: publish.Place, suppression: Suppression | None, job: Job | None
) -> Run:
    """Publish in OUT and add the accepted rows to the campaign; or publish an earlier run again.

    Args:
        task: What to do.
        state: Where the campaign is kept.
        campaign: Its name.
        place: Where it is published.
        suppression: The numbers that must not be called.
        job: The task settled, where the state is new and so keeps no mapping.
    """
    options = task.options
    finished = place.recover(state)
    # With --again only a run that this very command began, and that a crash cut short, is this run.
    known = [r for r in state.runs(campaign) if not options.again or r.run_id in finished]
    record = earlier_run(task, known, place)
    seq = state.next_seq() if record is None else record.seq
    when = task.started if record is None else record.committed_at
    statuses = cache(partial(state.statuses, before_run=seq))
    contacts = _contacts(task, state, campaign, statuses, before_run=seq, when=when)
    with _loading(task, contacts if record is None else None) as loading:
        job = job or _settle(task, suppression, _kept_in(state) if record is None else _kept_by(record, task.sources))
        if record is not None:
            standing = place.published()
            if standing is not None and standing["run_id"] == record.run_id and stands(job, standing):
                _warn_of_suppressed(record, suppression, state)
                return _repeated(job, place, standing)
            _log.info(
                "this is run %s again: it is published as it was judged then, nothing is imported; what it did then:",
                record.run_id,
            )
        job = _standing(replace(job, plan=replace(job.plan, now=when)), statuses(campaign))
        run_id = job.target.run_id(job.sources, seq) if record is None else record.run_id
        mappings = _to_keep(job, state)
        state.let_go()
        own = None if record is None else run_id
        with (
            place.staging(run_id, overwrite=options.overwrite, own=own) as staging,
            _ahead(job, place, state, campaign, seq, record) as ahead,
        ):
            begin = None if ahead is None else lambda keys: ahead.begin(_key_batches(keys))
            outcome = process(job, staging.folder, contacts, loading, begin)
            if ahead is not None:
                ahead.wait()
            if record is not None:
                require_same_result(record, outcome, state)
            summary, info = write_down(job, outcome, staging.folder, run_id)
            _require_few_rejected(job, info, (place, staging))
            entry = None if record is not None else _entry(job, state, campaign, seq, outcome, info, mappings)
            info["files"] = place.commit(staging, overwrite=options.overwrite, entry=entry)
            folder = place.keep(staging)
    return _run(job, folder, summary, info, repeated=record is not None)


@contextmanager
def _loading(task: Task, contacts: Contacts | None) -> Iterator[Loading | None]:
    """Begin to load the contacts beside a block, where the run is sure to need them and has threads for it."""
    sizes, options = [source.size for source in task.sources], task.options
    nbytes = sum(size or 0 for size in sizes)
    if contacts is None or options.tuning.threads == 1 or not pays_ahead(contacts, nbytes, key_bytes(options)):
        yield None
        return
    with Loading(contacts) as loading:
        yield loading


@contextmanager
def _ahead(
    job: Job, place: publish.Place, state: State, campaign: str, seq: int, record: RunRecord | None
) -> Iterator[Ahead | None]:
    """Let the import begin while the outputs are finished and proven, where there is one and threads for it.

    Where the outputs are uploaded first, the state would be held for as long as that takes.
    """
    if record is not None or not place.local or job.options.tuning.threads == 1:
        yield None
        return
    rule = job.target.profile.duplicates
    with state.ahead(campaign, seq, begun_at=job.started, delete_first=rule.delete_first) as ahead:
        yield ahead


def _warn_of_suppressed(record: RunRecord, suppression: Suppression | None, state: State) -> None:
    """Say that numbers of a run which stands already must not be called any more: its outputs hold them."""
    if suppression is None:
        return
    batches = state.contacts(record.campaign, run=record.seq)
    found = sum(int(np.count_nonzero(suppression.find(batch.column("key").to_numpy()) >= 0)) for batch in batches)
    if found:
        _log.warning(
            "%s of run %s must not be called any more: take it back with 'leadsieve campaign undo %s', and clean again",
            counted(found, "number"),
            record.run_id,
            record.run_id,
        )


def _kept_in(state: State) -> Kept:
    """Map headers as the user mapped them last."""
    return lambda source: state.mapping(source.headers)


def _kept_by(record: RunRecord, sources: Sequence[Source]) -> Kept:
    """Map headers as the user had mapped them when a run was committed, whatever was kept or forgotten since."""

    def kept(source: Source) -> Mapping[str, str]:
        mapping = record.info["sources"][sources.index(source)]["mapping"]
        return {name: field for field, found in mapping.items() if found["how"] == "kept" for name in found["columns"]}

    return kept


def _entry(
    job: Job,
    state: State,
    campaign: str,
    seq: int,
    outcome: Outcome,
    info: Mapping[str, Any],
    mappings: Mapping[tuple[str, ...], Mapping[str, str]],
) -> publish.Entry:
    record = RunRecord(
        seq=seq,
        run_id=info["run_id"],
        campaign=campaign,
        fingerprint=info["fingerprint"],
        committed_at=job.started,
        manifest=info["files"],
        info={key: info[key] for key in KEPT},
    )
    rule = job.target.profile.duplicates
    return publish.Entry(state, record, _key_batches(outcome.keys), mappings, outcome.collided, rule.delete_first)


def _to_keep(job: Job, state: State) -> dict[tuple[str, ...], Mapping[str, str]]:
    """Return how the user mapped which headers in this run, for the next time."""
    mappings: dict[tuple[str, ...], Mapping[str, str]] = {}
    for ordinal, source in enumerate(job.sources):
        columns, headers = job.plan.maps[ordinal], tuple(source.headers)
        # Columns without names say nothing about the next file that has none.
        if "map" in columns.how.values() and any(header.strip() for header in headers):
            mappings[headers] = mapping_to_keep(columns, state.mapping(headers))
    return mappings


def _standing(job: Job, held: Mapping[str, int]) -> Job:
    """Note what the campaign holds before the run."""
    return replace(job, standing=Standing.of(held, job.target.profile.duplicates.delete_first))


def _unknown_campaign(task: Task, message: str) -> UsageError:
    failure, target = UsageError(message), task.target
    failure.answer = refusal(
        target.profile,
        target.settings.values,
        ["unknown_campaign"],
        campaign=task.options.campaign,
        started=task.started,
    )
    return failure


def _announce(task: Task, state: State, campaign: str, *, created: bool) -> None:
    """Say which state and campaign a run touches; a new campaign loudly, since a slip of the pen makes one."""
    options = task.options
    size = options.state.stat().st_size
    _log.info("state %s: %s, %s bytes", options.state, "new" if created else "found", f"{size:,}")
    found = state.campaign(campaign)
    if found is not None:
        _log.info("campaign %r: %s contacts", campaign, f"{found.contacts:,}")
        return
    others = ", ".join(repr(info.name) for info in state.campaigns()[:10]) or "none"
    if options.existing_campaign:
        raise _unknown_campaign(task, f"campaign {campaign!r} does not exist in {options.state}; there are: {others}")
    _log.warning("NEW CAMPAIGN %r: it is not in the state yet (there are: %s)", campaign, others)


def _contacts(
    task: Task, state: State, campaign: str, statuses: _Statuses, *, before_run: int | None, when: datetime
) -> Contacts | None:
    """Say which contacts make a duplicate, by the profile's statuses and age; none of them is read yet."""
    scope, rule = task.target.scope, task.target.profile.duplicates
    if scope not in ("campaign", "all"):
        return None
    names = [campaign] if scope == "campaign" else [info.name for info in state.campaigns()]
    alone = open_state(task.options)  # what is held open ends while a thread of its own reads
    return Contacts(
        held=[
            Held(name, {run.seq: run.run_id for run in state.runs(name)}, rule.delete_first if name == campaign else ())
            for name in names
        ],
        total=lambda: sum(sum(statuses(name).values()) for name in names),
        read=lambda: chain.from_iterable(alone.contacts(name, before_run=before_run) for name in names),
        lookup=lambda keys: chain.from_iterable(alone.lookup(name, keys, before_run=before_run) for name in names),
        statuses=rule.statuses,
        after=None if rule.age_days is None else _days_before(when, rule.age_days),
    )


def _days_before(when: datetime, days: int) -> datetime | None:
    """Return the time so many days before another; None where the calendar does not go so far back."""
    try:
        return when - timedelta(days=days)
    except OverflowError:
        return None


def _require_few_rejected(
    job: Job, info: Mapping[str, Any], written: tuple[publish.Place, publish.Staging] | None = None
) -> None:
    """End the run where too many rows are rejected; what was rejected, and why, goes to OUT.failed."""
    passed = passed_limits(job.options.fail_over, info["ledger"])
    if passed is None:
        return
    for line in tell_ledger(info["ledger"]):
        _log.info("%s", line)
    where = "" if written is None else _keep_failed(info, *written)
    failure = TooManyRejected(f"{passed}: nothing was committed{where}")
    failure.answer = info["answers"]["raw"]["body"]
    raise failure


def _keep_failed(info: Mapping[str, Any], place: publish.Place, staging: publish.Staging) -> str:
    """Publish what was rejected, and why, in OUT.failed, and say where it is."""
    try:
        failed = place.failed()
        failed.recover(None)
        standing = failed.standing()
        # Only an earlier failure may be replaced: a user's own publication may have this name.
        overwrite = standing is not None and bool(standing.get("failed"))
        with failed.staging(staging.run_id, overwrite=overwrite) as aside:
            files = [entry for entry in info["files"] if not entry["name"].startswith(("accepted.", REQUESTS))]
            publish.move(staging.folder, aside.folder, [entry["name"] for entry in files])
            publish.write_json(aside.folder / "run.json", {**info, "files": files, "failed": True})
            failed.commit(aside, overwrite=overwrite)
    except (OutputError, connectors.SinkError) as exc:
        return f"; the rejected rows could not be kept: {exc.message}"
    return f"; the rejected rows are in {failed.name}"


def _repeated(job: Job, place: publish.Place, standing: Mapping[str, Any]) -> Run:
    """Return the run that stands in OUT already."""
    run_id, proven = standing["run_id"], place.proven
    _log.info(
        "run %s stands in %s already (%s): nothing is done again (use --again to force it); what it did then:",
        run_id,
        place.name,
        proven,
    )
    _require_few_rejected(job, standing)
    folder = place.reopen(standing)
    return _run(job, folder, json.loads(folder.file("summary.json").read_bytes()), standing, repeated=True)


def _run(job: Job, folder: Folder, summary: Any, info: Mapping[str, Any], *, repeated: bool = False) -> Run:
    for line in tell_run(info):
        _results.info("%s", line)
    rows = {entry["name"]: entry["rows"] for entry in publish.plain_entries(info)}
    parts = {}
    for name, schema in job.schemas.items():
        file = f"{name}.{job.options.data_format}"
        parts[name] = Part(folder, file, schema, rows[file])
    return Run(folder, summary=summary, info=info, parts=parts, repeated=repeated)


def _key_batches(keys: Sequence[npt.NDArray[np.uint64]]) -> Iterator[pa.RecordBatch]:
    for piece in keys:
        if len(piece):
            yield pa.RecordBatch.from_arrays([pa.array(piece)], names=["key"])
