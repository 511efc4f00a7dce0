"""`scaling`: how time and memory grow with the rows, beside a plain copy."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click

from benchmarks.cleaning import Cleaning, campaign_state, warm_up
from benchmarks.commands.options import PROFILE, RULES, plain_failures, shared, show_round
from benchmarks.jobs import command as job
from benchmarks.made import make_leads
from benchmarks.report import Chart, Line, Result, write
from benchmarks.rounds import Preparation, as_rounds, figures, in_turns, ratios

COPY = "DuckDB COPY"
CLEAN = "leadsieve"
#: Bytes a row of a lead file, of its outputs while two sets of them stand, and of a contact in a state and its copy.
_FILE_BYTES, _OUT_BYTES, _STATE_BYTES = 68, 70, 25


@click.command("scaling")
@click.option(
    "--rows",
    "sizes",
    type=click.IntRange(10, 128_000_000),
    multiple=True,
    default=(1_000_000, 10_000_000, 100_000_000),
    show_default=True,
    help="Rows of a lead file. Repeats.",
)
@shared(rows=None, rounds=1, threads=2)
@click.option(
    "--contacts",
    type=click.IntRange(0, 100_000_000),
    default=0,
    show_default=True,
    help="Contacts that a campaign holds; 0 is no campaign.",
)
def command(
    *, sizes: tuple[int, ...], threads: int, rounds: int, seed: int, results: Path, work: Path, contacts: int
) -> None:
    """Clean lead files of several sizes beside DuckDB's plain COPY: seconds and memory by rows.

    The files are written piece by piece, and stay in the folder of --work; the disk that all of it needs is said first.
    """
    require_disk(sizes, contacts, work)
    lines: list[Line] = []
    with plain_failures():
        warm_up(work, seed, RULES)
        for rows in sorted(sizes):
            lines += _measure(rows, work, threads=threads, rounds=rounds, seed=seed, contacts=contacts)
    options = {"rows": sorted(sizes), "rounds": rounds, "threads": threads, "seed": seed, "contacts": contacts}
    write(
        Result(
            benchmark="scaling",
            title="Processor time by rows",
            options={**options, "profile": PROFILE, "schema": RULES.name},
            lines=lines,
            chart=Chart(kind="line", x="rows", y="cpu", colour="program"),
            remarks=["the ratios are to the copy of the same rows"],
        ),
        results,
    )


def require_disk(sizes: Sequence[int], contacts: int, folder: Path) -> None:
    """Say how much disk a scaling run needs, and refuse to begin where there is less.

    Raises:
        click.ClickException: There is less.
    """
    folder.mkdir(parents=True, exist_ok=True)
    needed = sum(sizes) * _FILE_BYTES + max(sizes) * _OUT_BYTES + contacts * _STATE_BYTES * (len(sizes) + 1)
    free = shutil.disk_usage(folder).free
    click.echo(f"up to {needed / 1e9:.1f} GB of disk in {folder}, of which {free / 1e9:.1f} GB are free", err=True)
    if needed > free:
        raise click.ClickException(
            f"{needed / 1e9:.1f} GB of disk are needed in {folder}; free some, or give fewer --rows"
        )


def _measure(rows: int, work: Path, *, threads: int, rounds: int, seed: int, contacts: int) -> list[Line]:
    """Measure the copy and the engine on one size."""
    source = make_leads(work, rows, seed)
    state = campaign_state(work, contacts, rows)
    clean = Cleaning(source=source, folder=work, threads=threads, profile=PROFILE, schema=RULES, state=state)
    programs: dict[str, Preparation] = {
        COPY: partial(job, "copy", source, work / "copy.parquet", threads),
        CLEAN: clean.prepare,
    }
    taken = in_turns(programs, rounds=rounds, told=lambda name, *run: show_round((name, f"{rows:,} rows"), *run))
    return [
        Line({"program": name, "rows": rows}, {**figures(runs, rows), **ratios(runs, taken[COPY])}, as_rounds(runs))
        for name, runs in taken.items()
    ]
