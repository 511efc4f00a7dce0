"""`compare`: the engine beside DuckDB's plain COPY of the same file."""

from __future__ import annotations

from pathlib import Path

import click

from benchmarks.cleaning import Cleaning, campaign_state, warm_up
from benchmarks.commands.options import PROFILE, plain_failures, shared, show_round, show_source
from benchmarks.jobs import command as job
from benchmarks.made import make_leads
from benchmarks.report import Chart, Line, Result, write
from benchmarks.rounds import as_rounds, figures, in_turns, ratios

COPY = "DuckDB COPY to Parquet"
CLEAN = "leadsieve clean"


@click.command("compare")
@shared(rows=100_000, rounds=3, threads=2)
@click.option("--profile", default=PROFILE, show_default=True, help="Target system of the engine's runs.")
@click.option("--schema", type=click.Path(path_type=Path, exists=True), help="A user's pandera schema.")
@click.option(
    "--contacts", type=click.IntRange(0), default=0, show_default=True, help="Contacts of a campaign, committed to."
)
def command(
    *,
    rows: int,
    threads: int,
    rounds: int,
    seed: int,
    results: Path,
    work: Path,
    profile: str,
    schema: Path | None,
    contacts: int,
) -> None:
    """Run the engine and DuckDB's plain COPY of the same file in turns."""
    source = make_leads(work, rows, seed)
    show_source(source, rows)
    with plain_failures():
        warm_up(work, seed, schema)
        state = campaign_state(work, contacts, rows)
        runs = Cleaning(source=source, folder=work, threads=threads, profile=profile, schema=schema, state=state)
        programs = {COPY: lambda: job("copy", source, work / "copy.parquet", threads), CLEAN: runs.prepare}
        taken = in_turns(programs, rounds=rounds, told=show_round)
    lines = [
        Line({"program": name}, {**figures(runs, rows), **ratios(runs, taken[COPY])}, as_rounds(runs))
        for name, runs in taken.items()
    ]
    options = {"rows": rows, "rounds": rounds, "threads": threads, "seed": seed, "profile": profile}
    options |= {"contacts": contacts, "schema": schema.name if schema else None}
    write(
        Result(
            benchmark="compare",
            title=f"The engine beside a plain copy of {rows:,} rows",
            options=options,
            lines=lines,
            chart=Chart(kind="bar", x="program", y="cpu"),
        ),
        results,
    )
