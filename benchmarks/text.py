"""Reading a lead file to strings: the text path beside pyarrow, polars and DuckDB, each in a process of its own.

The text path stands there twice: by itself, and with what a run does beside it, which is to find the dialect and to
take the file's hash.

As a program, `python -m benchmarks.text READER FILE THREADS RESULT` reads the file once and writes what it took.
"""

from __future__ import annotations

import csv
import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measure import measure

if TYPE_CHECKING:
    from leadsieve_connectors.sources import Source

VARIANTS = ("plain", "quoted", "lines")
_BATCH_ROWS = 122_880


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
class TextCost:
    """What one reader takes for one file: medians of the rounds.

    Attributes:
        variant: Which file.
        threads: How many threads it may use.
        reader: Its name.
        start: Seconds of processor time before reading.
        cpu: Seconds of processor time.
        wall: Seconds.
        peak_bytes: The most memory that the process had at once.
        row: Nanoseconds of processor time a row.
        ratio: Processor time over that of leadsieve.
    """

    variant: str
    threads: int
    reader: str
    start: float
    cpu: float
    wall: float
    peak_bytes: int
    row: float
    ratio: float


def measure_text(source: Path, variant: str, threads: int, rounds: int) -> Iterator[TextCost]:
    """Measure every reader in turns, so that a drift of the machine meets all of them.

    Raises:
        RuntimeError: Two readers found different numbers of rows.
    """
    result = source.parent / "text.json"
    taken: dict[str, list[tuple[Reading, int]]] = {name: [] for name in READERS}
    for _ in range(rounds):
        for name, runs in taken.items():
            command: list[str | Path] = [sys.executable, "-m", "benchmarks.text", name, source, str(threads), result]
            peak = measure(command, env={"POLARS_MAX_THREADS": str(threads)}).peak_bytes
            runs.append((Reading(**json.loads(result.read_text())), peak))
    result.unlink()
    if len(rows := {reading.rows for runs in taken.values() for reading, _ in runs}) > 1:
        raise RuntimeError(f"the readers found different numbers of rows: {sorted(rows)}")
    base = statistics.median(reading.cpu for reading, _ in next(iter(taken.values())))
    for name, runs in taken.items():
        cpu = statistics.median(reading.cpu for reading, _ in runs)
        yield TextCost(
            variant=variant,
            threads=threads,
            reader=name,
            start=statistics.median(reading.start for reading, _ in runs),
            cpu=cpu,
            wall=statistics.median(reading.wall for reading, _ in runs),
            peak_bytes=int(statistics.median(peak for _, peak in runs)),
            row=cpu / next(iter(rows)) * 1e9,
            ratio=cpu / base,
        )


def lay_out(costs: Iterable[TextCost]) -> str:
    """Lay the costs out as a table for people."""
    head = f"{'file':<8}{'threads':>7}  {'reader':<12}{'start s':>8}{'CPU s':>8}{'wall s':>8}{'peak MB':>9}"
    lines = [f"{head}{'ns a row':>10}{'times':>7}"]
    lines += [
        f"{cost.variant:<8}{cost.threads:>7}  {cost.reader:<12}{cost.start:>8.2f}{cost.cpu:>8.3f}{cost.wall:>8.3f}"
        f"{cost.peak_bytes / 1e6:>9,.0f}{cost.row:>10.0f}{cost.ratio:>7.2f}"
        for cost in costs
    ]
    return "\n".join(lines)


def variant_file(source: Path, variant: str) -> Path:
    """Return the lead file as it is, with all cells quoted, or with two lines in every fourth company's cell."""
    if variant == "plain":
        return source
    path = source.with_name(f"{source.stem}-{variant}.csv")
    if not path.exists():
        partial = path.with_suffix(".partial")
        with source.open(newline="", encoding="utf-8") as file, partial.open("w", newline="", encoding="utf-8") as out:
            rows = csv.reader(file)
            if variant == "quoted":
                csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
            else:
                csv.writer(out, lineterminator="\n").writerows(
                    [*row[:3], f"{row[3]}\nSuite {number % 100}", *row[4:]] if number % 4 == 1 else row
                    for number, row in enumerate(rows)
                )
        os.replace(partial, path)
    return path


def _leadsieve(path: str, _threads: int) -> Callable[[], int]:
    """Read by the text path alone: the source is open and its hash is known."""
    source = _opener(path)()
    source.sha256()
    return lambda: _count(source)


def _leadsieve_whole(path: str, _threads: int) -> Callable[[], int]:
    """Read as a run does: find the dialect, and take the hash on the way."""
    opened = _opener(path)
    return lambda: _count(opened())


def _opener(path: str) -> Callable[[], Source]:
    from leadsieve_connectors.sources import ReadOptions, open_sources

    import_module("leadsieve_connectors.sources.text.kernel")  # which loads the compiled code
    return lambda: open_sources([path], ReadOptions())[0]


def _count(source: Source) -> int:
    return sum(chunk.num_rows for chunk in source.chunks())


def _pyarrow(path: str, threads: int) -> Callable[[], int]:
    import pyarrow as pa
    import pyarrow.csv as pcsv

    pa.set_cpu_count(threads)
    with open(path, newline="", encoding="utf-8") as file:
        columns = next(csv.reader(file))
    options = {
        "read_options": pcsv.ReadOptions(use_threads=threads > 1),
        "parse_options": pcsv.ParseOptions(newlines_in_values=path.endswith("-lines.csv")),
        "convert_options": pcsv.ConvertOptions(column_types=dict.fromkeys(columns, pa.string())),
    }
    return lambda: sum(batch.num_rows for batch in pcsv.open_csv(path, **options))


def _polars(path: str, _threads: int) -> Callable[[], int]:
    import polars as pl

    return lambda: sum(batch.height for batch in pl.scan_csv(path, infer_schema=False).collect_batches())


def _duckdb(path: str, threads: int) -> Callable[[], int]:
    import duckdb

    connection = duckdb.connect(config={"threads": threads})

    def read() -> int:
        csv = connection.read_csv(path, all_varchar=True, header=True, delimiter=",", quotechar='"', escapechar='"')
        return sum(batch.num_rows for batch in csv.to_arrow_reader(_BATCH_ROWS))

    return read


#: For each program what imports it and gives a function that reads the file to the end, keeps nothing and counts rows.
READERS: dict[str, Callable[[str, int], Callable[[], int]]] = {
    "leadsieve": _leadsieve,
    "with hash": _leadsieve_whole,
    "pyarrow": _pyarrow,
    "polars": _polars,
    "duckdb": _duckdb,
}


def main() -> None:
    """Read one file once, with one program."""
    name, path, threads, result = sys.argv[1:]
    read = READERS[name](path, int(threads))
    start, begun = time.process_time(), time.perf_counter()
    rows = read()
    taken = Reading(rows, start, time.process_time() - start, time.perf_counter() - begun)
    Path(result).write_text(json.dumps(asdict(taken)))


if __name__ == "__main__":
    main()
