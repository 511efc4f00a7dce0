"""The rows of a run: read, judged, laid out, written and proven, with nothing published yet."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from leadsieve import corrections, pipeline
from leadsieve.answers import NOTHING, Standing
from leadsieve.config import Options
from leadsieve.duplicates import (
    CONTACT_BYTES,
    ROW_BYTES,
    Contacts,
    Duplicates,
    Finder,
    InMemory,
    Loading,
    Ordinals,
    Outgrown,
    Prefetched,
    Slices,
    candidates,
    row_numbers,
)
from leadsieve.kernel import Plan, Verdicts, judge
from leadsieve.keylog import KeyLog
from leadsieve.keyset import KeySet
from leadsieve.ledger import Ledger
from leadsieve.listing import GroupedErrors, ListedErrors
from leadsieve.outputs import ERRORS, Layout, Parts, assemble
from leadsieve.progress import Callback, Meter
from leadsieve.proof import ACCEPTED_COLUMNS, ENCODED, REJECTED_COLUMNS, prove
from leadsieve.publish import hash_files
from leadsieve.readahead import ReadAhead
from leadsieve.target import Target
from leadsieve_connectors.chunk import Chunk
from leadsieve_connectors.sinks import Sink, open_sink
from leadsieve_connectors.sources import Source
from leadsieve_rules.profiles import PHONE

if TYPE_CHECKING:
    from leadsieve_rules.calling import CallTimes

_log = logging.getLogger("leadsieve")

#: What is done with the keys of the accepted numbers.
Settled: TypeAlias = Callable[[Sequence[npt.NDArray[np.uint64]]], None]

#: A run of no more rows than this asks the state for its own numbers, and does not load all that campaigns hold.
AHEAD_ROWS = 200_000
#: Sources of so many bytes have rows enough that the kernels pay for being loaded.
_LARGE_BYTES = 1_500_000
#: Once one of these is there, it is used for any number of rows.
_KERNELS = ("leadsieve_rules.phone.kernel", "leadsieve_rules.cells.kernel", "leadsieve.keykernel")
#: Of the memory for numbers, one part in so many is for the accepted ones in their order.
_LOG_SHARE = 8


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done, before anything of it is decided, with the memory that it is sure to need."""

    options: Options
    target: Target
    sources: Sequence[Source]
    progress: Callback | None
    started: datetime
    prefetched: Prefetched | None


@dataclass(frozen=True, slots=True)
class Job(Task):
    """Everything that is settled before the first row; `standing` is what the campaign holds by then."""

    plan: Plan
    layout: Layout
    standing: Standing = NOTHING

    @property
    def schemas(self) -> dict[str, pa.Schema]:
        """The three outputs' columns by the outputs' names."""
        return {"accepted": self.layout.accepted, "rejected": self.layout.rejected, "errors": ERRORS}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of the rows.

    Attributes:
        ledger: The counts, proven against the files.
        listed: The rejected rows that answers may list.
        grouped: The rejected rows that answers may list by kind.
        keys: The keys of the accepted numbers, in order.
        collided: For each campaign run that rows collided with, by its `seq`, how many rows.
        rows: Rows of each written file by its name.
        hashes: The SHA-256 of each, likewise.
        seconds: How long reading to writing, and the proof, took.
        callable: How many rows may be called when, as JSON values; None where no calling hours were given.
    """

    ledger: Ledger
    listed: ListedErrors
    grouped: GroupedErrors
    keys: Sequence[npt.NDArray[np.uint64]]
    collided: Mapping[int, int]
    rows: dict[str, int]
    hashes: dict[str, str]
    seconds: dict[str, float]
    callable: Mapping[str, Any] | None = None


def want_kernels(sources: Sequence[Source]) -> None:
    """Load the kernels before the first rows of a large run.

    The few rows that a schema is tried on do not ask for them, nor does a chunk of wide rows.
    """
    if sum(_LARGE_BYTES if source.size is None else source.size for source in sources) >= _LARGE_BYTES:
        for name in _KERNELS:
            import_module(name)


def fetch_memory(options: Options, target: Target, sources: Sequence[Source]) -> Prefetched | None:
    """Begin to fetch the memory for the numbers of a large run, where it has threads for that."""
    if options.tuning.threads == 1 or target.scope in ("none", "file"):
        return None
    rows = [source.expected_rows or 0 for source in sources]
    most = max(rows, default=0) if options.rows is None else options.rows
    return Prefetched(_number_bytes(options), sum(min(one, most) for one in rows))


def process(
    job: Job,
    folder: Path,
    contacts: Contacts | None,
    loading: Loading | None = None,
    settled: Settled | None = None,
) -> Outcome:
    """Read, judge and write every row, then prove it.

    Args:
        job: What to do.
        folder: Where the three outputs are written; private to this user.
        contacts: The numbers that campaigns hold; None where none counts.
        loading: A load of them that has begun; it has ended when this returns.
        settled: Given the keys of the accepted numbers, in order, when all rows are judged and not all are written.

    Returns:
        What came of it.

    Raises:
        LeadsieveError, RulesError, ConnectorError: The outputs are not whole.
    """
    try:
        with loading or nullcontext():
            return _write(job, folder, _Counted(job, folder, contacts, loading, passes=1), settled)
    except Outgrown:
        _log.info("the numbers of this run outgrow the memory for them: they are compared in slices, in two readings")
        if job.prefetched is not None:
            job.prefetched.take()
    counted = _Counted(job, folder, contacts, passes=2)
    with Slices(job.target.scope, contacts, folder, key_bytes(job.options)) as slices:
        counted.put_aside(slices)
        return _write(job, folder, counted, settled)


def _write(job: Job, folder: Path, counted: _Counted, settled: Settled | None) -> Outcome:
    """Read, judge and write every row, then prove it."""
    times, threads = _call_times(job), job.options.tuning.threads
    zones: Counter[int] = Counter()
    with _sinks(job, folder) as sinks:

        def write(parts: Parts) -> None:
            zones.update(parts.zones)
            for name, sink in sinks.items():
                sink.write(getattr(parts, name))

        def order(stream: Iterator[Verdicts]) -> Iterator[Verdicts]:
            yield from counted.order(stream)
            # By now what the duplicates were found with is gone.
            if settled is not None:
                settled(counted.keys)

        read = [0] * len(job.sources)
        with closing(_chunks(job.sources, read)) as chunks:
            pipeline.run(
                chunks,
                partial(judge, plan=job.plan),
                order,
                partial(assemble, layout=job.layout, times=times),
                write,
                threads=threads,
            )
        # Each has its last row group to write, and to wait for the disk.
        pipeline.each(lambda sink: sink.close(), sinks.values(), threads=threads)
        written = time.perf_counter()
        # What is read to be proven is hashed beside it.
        with pipeline.beside(partial(hash_files, [sink.path for sink in sinks.values()]), threads=threads) as hashed:
            _prove(job, read, counted, sinks)
            hashes = hashed()
        seconds = {"process": written - counted.begun, "prove": time.perf_counter() - written}
    rows = {sink.path.name: sink.rows for sink in sinks.values()}
    told = None if times is None else times.tell(zones)
    if told is not None:
        _log.info(
            "calling hours %s: accepted rows without a window: %s of no known time zone, %s whose possible time zones "
            "are too far apart",
            job.options.calling_hours,
            f"{told['unknown']:,}",
            f"{told['no_common_window']:,}",
        )
    return Outcome(
        ledger=counted.ledger,
        listed=counted.listed,
        grouped=counted.grouped,
        keys=counted.keys,
        collided=counted.collided,
        rows=rows,
        hashes=hashes,
        seconds=seconds,
        callable=told,
    )


def _prove(job: Job, read: Sequence[int], counted: _Counted, sinks: Mapping[str, Sink]) -> None:
    """Prove that the closed files hold each row that was read exactly once.

    Raises:
        InternalError, SinkError: They do not, or cannot be read.
    """
    threads = job.options.tuning.threads
    with (
        pipeline.ahead(sinks["rejected"].read_back(REJECTED_COLUMNS, encoded=ENCODED), threads=threads) as rejected,
        pipeline.ahead(sinks["accepted"].read_back(ACCEPTED_COLUMNS, encoded=ENCODED), threads=threads) as accepted,
    ):
        numbers = corrections.row_numbers(job.sources)
        prove(read, counted.ledger, counted.keys, accepted, rejected, sinks["errors"].rows, row_numbers=numbers)


def _call_times(job: Job) -> CallTimes | None:
    """Work out when numbers may be called, where calling hours were given."""
    if job.options.calling_hours is None:
        return None
    from leadsieve_rules.calling import call_times, parse_hours

    return call_times(parse_hours(job.options.calling_hours), job.plan.now or job.started)


class _Counted:
    """What is done to the chunks in order, and what adds up on the way.

    Args:
        job: What to do.
        folder: Where may be put what does not fit into memory.
        contacts: The numbers that campaigns hold; None where none counts.
        loading: A load of them that has begun.
        passes: How often the sources are read.
    """

    def __init__(
        self, job: Job, folder: Path, contacts: Contacts | None, loading: Loading | None = None, *, passes: int
    ) -> None:
        names = [source.name for source in job.sources]
        sizes = [source.size for source in job.sources]
        self.begun = time.perf_counter()
        self._job, self._contacts, self._loading = job, contacts, loading
        self._memory = key_bytes(job.options)
        self._bytes = None if None in sizes else sum(size or 0 for size in sizes)
        self._ordinals = Ordinals(names)
        self._slices: Slices | None = None
        self._meter = Meter(job.progress, None if self._bytes is None else passes * self._bytes)
        self.ledger = Ledger.of(names, [source.dialect.get("rejected_file") for source in job.sources])
        self.listed = ListedErrors(job.target.profile, job.plan.maps)
        self.grouped = GroupedErrors(job.target.profile, len(names))
        self.keys = KeyLog(folder, self._memory // _LOG_SHARE)
        self.collided: Counter[int] = Counter()

    def put_aside(self, slices: Slices) -> None:
        """Read all sources, put their rows' numbers aside, and compare them."""
        ordinals = Ordinals([source.name for source in self._job.sources])
        with ExitStack() as open_:
            chunks = open_.enter_context(closing(_chunks(self._job.sources, [0] * len(self._job.sources))))
            kernel = partial(judge, plan=self._job.plan)
            threads = self._job.options.tuning.threads
            for verdicts in open_.enter_context(closing(pipeline.judged(chunks, kernel, threads=threads))):
                good, keys = candidates(verdicts)
                slices.add(keys, ordinals.of(verdicts.chunk.file, row_numbers(verdicts, good)))
                self._meter.add(rows=0, rejected=0, nbytes=verdicts.chunk.nbytes)
        slices.settle(ordinals)
        self._slices = slices

    def order(self, stream: Iterator[Verdicts]) -> Iterator[Verdicts]:
        """Judge the chunks' duplicates, and count what comes of it.

        Raises:
            Outgrown: The numbers do not fit into the memory for them.
        """
        ahead = ReadAhead(stream, AHEAD_ROWS if self._contacts is not None else 1)
        duplicates = Duplicates(self._finder(ahead), self._ordinals, self._contacts)
        for verdicts in ahead:
            judged, keys = duplicates.judge(verdicts)
            self.ledger.add(judged)
            self.listed.add(judged)
            self.grouped.add(judged)
            self.keys.add(keys)
            rows = judged.chunk.num_rows
            self._meter.add(rows=rows, rejected=rows - len(keys), nbytes=judged.chunk.nbytes)
            yield judged
        self.collided = duplicates.collided
        if self._slices is not None:
            self._slices.finish()

    def _finder(self, ahead: ReadAhead) -> Finder | None:
        """Choose how duplicates are found, by what the first rows show."""
        scope = self._job.target.scope
        if scope == "none":
            return None
        if self._slices is not None:
            return self._slices
        room, held, rows = _number_bytes(self._job.options), None, ahead.expect_rows(self._bytes)
        if self._contacts is not None and self._loading is None and ahead.ended:
            keys = [candidates(verdicts)[1] for verdicts in ahead.verdicts]
            held = self._contacts.only(np.concatenate([np.zeros(0, np.uint64), *keys]))
        else:
            contacts = 0 if self._contacts is None else self._contacts.total()
            if rows * ROW_BYTES + contacts * CONTACT_BYTES > room:
                raise Outgrown
            if self._loading is not None:
                ahead.read_until(self._loading.ended)
            held = self._load()
        return InMemory(scope, held, room, rows, self._job.prefetched)

    def _load(self) -> KeySet | None:
        """Load all contacts that count, or wait until they are loaded."""
        begun = None if self._loading is None else self._loading.take()
        if begun is not None or self._contacts is None:
            return begun
        return self._contacts.load()


def key_bytes(options: Options) -> int:
    """Return how much of the memory is for numbers; the rest is for the chunks that are under way."""
    return options.tuning.memory * 3 // 4


def _number_bytes(options: Options) -> int:
    """Return how much of that is for those that are compared; the rest is for the accepted ones in their order."""
    memory = key_bytes(options)
    return memory - memory // _LOG_SHARE


def _chunks(sources: Sequence[Source], read: list[int]) -> Generator[Chunk, None, None]:
    """Read all chunks, and count the rows of each source before anything is done with them."""
    for file, source in enumerate(sources):
        for chunk in source.chunks():
            read[file] += chunk.num_rows
            yield chunk


@contextmanager
def _sinks(job: Job, folder: Path) -> Iterator[dict[str, Sink]]:
    """Open the three outputs; whatever goes wrong, none is left that reads as a whole file."""
    tuning, format_ = job.options.tuning, job.options.data_format
    sinks: dict[str, Sink] = {}
    try:
        for name, schema in job.schemas.items():
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
