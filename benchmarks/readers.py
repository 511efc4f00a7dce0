"""Readers of one file side by side: each reads it to strings in a process of its own, in turns, by the median."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.measure import measure
from benchmarks.report.result import Label, Line

#: What imports a program and gives a function that reads a file to the end, keeps nothing and counts rows; it takes the
#: file's path and how many threads it may use.
Opener = Callable[[str, int], Callable[[], int]]


@dataclass(frozen=True, slots=True)
class Reading:
    """What reading the file once took.

    Attributes:
        rows: Rows that were read, or failures that were found: what all readers must agree on.
        start: Seconds of processor time before: imports, and loading compiled code.
        cpu: Seconds of processor time of all threads while reading.
        wall: Seconds while reading.
    """

    rows: int
    start: float
    cpu: float
    wall: float


def measure_readers(
    readers: Iterable[str], module: str, source: Path, *, threads: int, rounds: int
) -> dict[str, list[tuple[Reading, int]]]:
    """Measure readers in turns, so that a drift of the machine meets all of them.

    Args:
        readers: Their names, in the module's table.
        module: What `run_reader` is the program of.
        source: The file.
        threads: How many each may use.
        rounds: How often each reads it.

    Returns:
        For each reader its rounds: the reading, and the peak memory of its process in bytes.

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
    return taken


def lines_of(
    taken: Mapping[str, Sequence[tuple[Reading, int]]], labels: Mapping[str, Label], reader: str, rows: int
) -> list[Line]:
    """Give a line for each reader: medians of its rounds, and the ratio to the first reader.

    Args:
        taken: What `measure_readers` gave.
        labels: What the lines are about, beside the reader.
        reader: The label that names the reader.
        rows: Rows of the file.
    """
    lines: list[Line] = []
    for name, runs in taken.items():
        start, cpu, wall = (
            statistics.median(getattr(reading, key) for reading, _ in runs) for key in ("start", "cpu", "wall")
        )
        figures = {"start": start, "cpu": cpu, "wall": wall, "row": cpu / rows}
        figures["peak_bytes"] = statistics.median(peak for _, peak in runs)
        figures["cpu_ratio"] = cpu / (lines[0].figures["cpu"] if lines else cpu)
        rounds = [{"cpu": one.cpu, "wall": one.wall, "start": one.start, "peak_bytes": peak} for one, peak in runs]
        lines.append(Line({**labels, reader: name}, figures, rounds))
    return lines


def run_reader(readers: Mapping[str, Opener]) -> None:
    """Read one file once, with one program: what `python -m MODULE READER FILE THREADS RESULT` does."""
    name, path, threads, result = sys.argv[1:]
    read = readers[name](path, int(threads))
    start, begun = time.process_time(), time.perf_counter()
    rows = read()
    taken = Reading(rows, start, time.process_time() - start, time.perf_counter() - begun)
    Path(result).write_text(json.dumps(asdict(taken)))
