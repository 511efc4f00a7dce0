"""`checks`: a user's schema beside pandera's own validation."""

from __future__ import annotations

from pathlib import Path

import click

from benchmarks.checks import CHECKERS, VARIANTS
from benchmarks.commands.options import plain_failures, shared, show_source
from benchmarks.made import make, make_leads
from benchmarks.readers import lines_of, measure_readers
from benchmarks.report import Chart, Line, Result, write


@click.command("checks")
@shared(rows=1_000_000, rounds=3, threads=1, least=1000)
def command(*, rows: int, threads: int, rounds: int, seed: int, results: Path, work: Path) -> None:
    """Judge the lead file by a schema of 8 checks, beside pandera's own validation; then a column that all fails."""
    source = make_leads(work, rows, seed)
    lines: list[Line] = []
    with plain_failures():
        for label, failing in VARIANTS.items():
            file = make("benchmarks.checks:variant_file", source, failing)
            show_source(file, rows)
            taken = measure_readers(CHECKERS, "benchmarks.checks", file, threads=threads, rounds=rounds)
            lines += lines_of(taken, {"failing": label}, "program", rows)
    write(
        Result(
            benchmark="checks",
            title=f"A schema of 8 checks on {rows:,} rows",
            options={"rows": rows, "rounds": rounds, "threads": threads, "seed": seed},
            lines=lines,
            chart=Chart(kind="bar", x="program", y="cpu", colour="failing"),
        ),
        results,
    )
