"""`text`: reading CSV to strings beside three other readers."""

from __future__ import annotations

from pathlib import Path

import click

from benchmarks.commands.options import plain_failures, shared, show_source
from benchmarks.made import make, make_leads
from benchmarks.readers import lines_of, measure_readers
from benchmarks.report import Chart, Line, Result, write
from benchmarks.text import READERS, VARIANTS


@click.command("text")
@shared(rows=1_000_000, rounds=5)
def command(*, rows: int, rounds: int, seed: int, results: Path, work: Path) -> None:
    """Read the lead file to strings, as it is, all quoted and with line ends in cells, beside three other readers."""
    source = make_leads(work, rows, seed)
    lines: list[Line] = []
    with plain_failures():
        for variant in VARIANTS:
            file = make("benchmarks.text:variant_file", source, variant)
            show_source(file, rows)
            for threads in (1, 2):
                taken = measure_readers(READERS, "benchmarks.text", file, threads=threads, rounds=rounds)
                lines += lines_of(taken, {"file": variant, "threads": threads}, "reader", rows)
    write(
        Result(
            benchmark="text",
            title=f"Reading {rows:,} rows of CSV to strings",
            options={"rows": rows, "rounds": rounds, "seed": seed},
            lines=lines,
            chart=Chart(kind="bar", x="reader", y="row", colour="threads", panel="file"),
        ),
        results,
    )
