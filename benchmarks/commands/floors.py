"""`floors`: what copying the file costs, with no look at the rows."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from benchmarks.commands.options import plain_failures, shared, show_round, show_source
from benchmarks.jobs import command as job
from benchmarks.made import make_leads
from benchmarks.report import Chart, Line, Result, write
from benchmarks.rounds import as_rounds, figures, in_turns

_COPIES = {"DuckDB COPY": "copy", "polars sink_parquet": "copy_polars"}


@click.command("floors")
@shared(rows=1_000_000, rounds=3)
def command(*, rows: int, rounds: int, seed: int, results: Path, work: Path) -> None:
    """Copy the file from CSV to Parquet (zstd, all columns text) with DuckDB and with polars, one thread and two."""
    source = make_leads(work, rows, seed)
    show_source(source, rows)
    programs = {
        (name, threads): partial(job, of, source, work / "copy.parquet", threads)
        for threads in (1, 2)
        for name, of in _COPIES.items()
    }
    with plain_failures():
        taken = in_turns(programs, rounds=rounds, told=show_round)
    lines = [
        Line({"program": name, "threads": threads}, figures(runs, rows), as_rounds(runs))
        for (name, threads), runs in taken.items()
    ]
    write(
        Result(
            benchmark="floors",
            title=f"Copying {rows:,} rows from CSV to Parquet",
            options={"rows": rows, "rounds": rounds, "seed": seed},
            lines=lines,
            chart=Chart(kind="bar", x="program", y="cpu", colour="threads"),
        ),
        results,
    )
