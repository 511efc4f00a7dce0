"""The rows of a run: read, judged, laid out, written and proven, with nothing published yet."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from leadsieve import pipeline
from leadsieve.answers import ListedErrors
from leadsieve.config import Options
from leadsieve.duplicates import CampaignKeys, Duplicates
from leadsieve.kernel import Plan, Verdicts, judge
from leadsieve.ledger import Ledger
from leadsieve.outputs import ERRORS, Layout, Parts, assemble
from leadsieve.progress import Callback, Meter
from leadsieve.proof import ACCEPTED_COLUMNS, REJECTED_COLUMNS, prove
from leadsieve.target import Target
from leadsieve_connectors.chunk import Chunk
from leadsieve_connectors.sinks import Sink, open_sink
from leadsieve_connectors.sources import Source
from leadsieve_rules.profiles import PHONE


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done, before anything of it is decided."""

    options: Options
    target: Target
    sources: Sequence[Source]
    progress: Callback | None
    started: datetime


@dataclass(frozen=True, slots=True)
class Job(Task):
    """Everything that is settled before the first row."""

    plan: Plan
    layout: Layout

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
        keys: The keys of the accepted numbers, in order.
        rows: Rows of each written file by its name.
        seconds: How long reading to writing, and the proof, took.
    """

    ledger: Ledger
    listed: ListedErrors
    keys: list[npt.NDArray[np.uint64]]
    rows: dict[str, int]
    seconds: dict[str, float]


def process(job: Job, folder: Path, campaign: CampaignKeys | None) -> Outcome:
    """Read, judge and write every row, then prove it.

    Args:
        job: What to do.
        folder: Where the three outputs are written.
        campaign: The numbers that campaigns hold; None where none counts.

    Returns:
        What came of it.

    Raises:
        LeadsieveError, RulesError, ConnectorError: The outputs are not whole.
    """
    begun = time.perf_counter()
    counted = _Counted(job, campaign)
    with _sinks(job, folder) as sinks:

        def write(parts: Parts) -> None:
            for name, sink in sinks.items():
                sink.write(getattr(parts, name))

        read = [0] * len(job.sources)
        chunks = _chunks(job.sources, read)
        with closing(chunks):
            pipeline.run(
                chunks,
                partial(judge, plan=job.plan),
                counted.order,
                partial(assemble, layout=job.layout),
                write,
                threads=job.options.tuning.threads,
            )
        for sink in sinks.values():
            sink.close()
        written = time.perf_counter()
        accepted = sinks["accepted"].read_back(ACCEPTED_COLUMNS)
        rejected = sinks["rejected"].read_back(REJECTED_COLUMNS)
        prove(read, counted.ledger, counted.keys, accepted, rejected, sinks["errors"].rows)
        seconds = {"process": written - begun, "prove": time.perf_counter() - written}
    return Outcome(
        counted.ledger, counted.listed, counted.keys, {sink.path.name: sink.rows for sink in sinks.values()}, seconds
    )


class _Counted:
    """What is done to the chunks in order, and what adds up on the way."""

    def __init__(self, job: Job, campaign: CampaignKeys | None) -> None:
        names = [source.name for source in job.sources]
        sizes = [source.size for source in job.sources]
        self.ledger = Ledger.of(names)
        self.listed = ListedErrors(job.target.profile, job.plan.maps)
        self.keys: list[npt.NDArray[np.uint64]] = []
        self._duplicates = Duplicates(job.target.scope, names, campaign)
        self._meter = Meter(job.progress, None if None in sizes else sum(size or 0 for size in sizes))

    def order(self, verdicts: Verdicts) -> Verdicts:
        """Judge the next chunk's duplicates, and count it."""
        judged, keys = self._duplicates.judge(verdicts)
        self.ledger.add(judged)
        self.listed.add(judged)
        self.keys.append(keys)
        rows = judged.chunk.num_rows
        self._meter.add(rows=rows, rejected=rows - len(keys), nbytes=judged.chunk.nbytes)
        return judged


def _chunks(sources: Sequence[Source], read: list[int]) -> Generator[Chunk, None, None]:
    """Read all chunks, and count the rows of each source before anything is done with them."""
    for file, source in enumerate(sources):
        for chunk in source.chunks():
            read[file] += chunk.num_rows
            yield chunk


@contextmanager
def _sinks(job: Job, folder: Path) -> Iterator[dict[str, Sink]]:
    """Open the three outputs; whatever goes wrong, none is left that reads as a whole file."""
    tuning, format_ = job.options.tuning, job.options.format
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
