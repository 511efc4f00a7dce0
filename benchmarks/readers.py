"""Readers of one file side by side: each reads it to strings in a process of its own, in turns, by the median."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.measure import measure

#: What imports a program and gives a function that reads a file to the end, keeps nothing and counts rows; it takes the
#: file's path and how many threads it may use.
Opener = Callable[[str, int], Callable[[], int]]


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading the file once took.

    Attributes:
        rows: Rows that were read.
        start: Seconds of processor time before: imports, and loading compiled code.
        cpu: Seconds of processor time of all threads while reading.
        wall: Seconds while reading.
    """

    rows: int
    start: float
    cpu: float
    wall: float


@dataclass(frozen=True, slots=True)
class ReaderCost:
    """What one reader takes for one file: medians of the rounds.

    Attributes:
        file: Which file.
        threads: How many threads it may use.
        reader: Its name.
        start: Seconds of processor time before reading.
        cpu: Seconds of processor time.
        wall: Seconds.
        peak_bytes: The most memory that the process had at once.
        row: Nanoseconds of processor time a row.
        ratio: Processor time over that of leadsieve.
    """

    file: str
    threads: int
    reader: str
    start: float
    cpu: float
    wall: float
    peak_bytes: int
    row: float
    ratio: float


def measure_readers(
    readers: Iterable[str], module: str, source: Path, label: str, *, threads: int, rounds: int
) -> Iterator[ReaderCost]:
    """Measure readers in turns, so that a drift of the machine meets all of them.

    Args:
        readers: Their names, in the module's table; the ratios stand on the first.
        module: What `run_reader` is the program of.
        source: The file.
        label: What to call it.
        threads: How many each may use.
        rounds: How often each reads it.

    Raises:
        RuntimeError: Two readers found different numbers of rows.
    """
    result = source.parent / "reading.json"
    taken: dict[str, list[tuple[Reading, int]]] = {name: [] for name in readers}
    for _ in range(rounds):
        for name, runs in taken.items():
            command: list[str | Path] = [sys.executable, "-m", module, name, source, str(threads), result]
            peak = measure(command, env={"POLARS_MAX_THREADS": str(threads)}).peak_bytes
            runs.append((Reading(**json.loads(result.read_text())), peak))
    result.unlink()
    if len(rows := {reading.rows for runs in taken.values() for reading, _ in runs}) > 1:
        raise RuntimeError(f"the readers found different numbers of rows: {sorted(rows)}")
    base = statistics.median(reading.cpu for reading, _ in next(iter(taken.values())))
    for name, runs in taken.items():
        cpu = statistics.median(reading.cpu for reading, _ in runs)
        yield ReaderCost(
            file=label,
            threads=threads,
            reader=name,
            start=statistics.median(reading.start for reading, _ in runs),
            cpu=cpu,
            wall=statistics.median(reading.wall for reading, _ in runs),
            peak_bytes=int(statistics.median(peak for _, peak in runs)),
            row=cpu / next(iter(rows)) * 1e9,
            ratio=cpu / base,
        )


def lay_out(costs: Iterable[ReaderCost]) -> str:
    """Lay the costs out as a table for people."""
    head = f"{'file':<8}{'threads':>7}  {'reader':<12}{'start s':>8}{'CPU s':>8}{'wall s':>8}{'peak MB':>9}"
    lines = [f"{head}{'ns a row':>10}{'times':>7}"]
    lines += [
        f"{cost.file:<8}{cost.threads:>7}  {cost.reader:<12}{cost.start:>8.2f}{cost.cpu:>8.3f}{cost.wall:>8.3f}"
        f"{cost.peak_bytes / 1e6:>9,.0f}{cost.row:>10.0f}{cost.ratio:>7.2f}"
        for cost in costs
    ]
    return "\n".join(lines)


def run_reader(readers: Mapping[str, Opener]) -> None:
    """Read one file once, with one program: what `python -m MODULE READER FILE THREADS RESULT` does."""
    name, path, threads, result = sys.argv[1:]
    read = readers[name](path, int(threads))
    start, begun = time.process_time(), time.perf_counter()
    rows = read()
    taken = Reading(rows, start, time.process_time() - start, time.perf_counter() - begun)
    Path(result).write_text(json.dumps(asdict(taken)))
