"""`state`: what a campaign adds to a run."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from benchmarks.cleaning import warm_up
from benchmarks.commands.options import PROFILE, plain_failures, shared
from benchmarks.made import make, make_leads
from benchmarks.report import Chart, Line, Result, write
from benchmarks.state import measure_states


@click.command("state")
@shared(rows=10_000_000, rounds=1, threads=2, least=10)
@click.option("--few", type=click.IntRange(10), default=1_000, show_default=True, help="Rows of a small one.")
@click.option(
    "--contacts",
    type=click.IntRange(1, 100_000_000),
    multiple=True,
    default=(1_000_000, 10_000_000, 100_000_000),
    show_default=True,
    help="Contacts of a state, of which 100 million take 1 GB of disk. Repeats.",
)
def command(
    *, rows: int, threads: int, rounds: int, seed: int, results: Path, work: Path, few: int, contacts: tuple[int, ...]
) -> None:
    """Clean a large and a small lead file with no campaign and against states of several sizes: what a state adds."""
    # Of the large file, the last tenth of the numbers is in every state.
    states = [make("benchmarks.state:state_file", work, count, rows - rows // 10) for count in contacts]
    program = [sys.executable, "-m", "benchmarks.jobs", "clean", "--threads", str(threads), "--profile", PROFILE]
    lines: list[Line] = []
    with plain_failures():
        warm_up(work, seed)
        for count in dict.fromkeys((few, rows)):
            lines += measure_states(make_leads(work, count, seed), count, states, work, program, rounds=rounds)
    write(
        Result(
            benchmark="state",
            title="What a campaign's state adds to a run",
            options={
                "rows": rows,
                "few": few,
                "contacts": list(contacts),
                "rounds": rounds,
                "threads": threads,
                "seed": seed,
                "profile": PROFILE,
            },
            lines=lines,
            chart=Chart(kind="bar", x="contacts", y="cpu", panel="rows"),
            remarks=["0 contacts is the run with no campaign; what is added is beside that, the commit included"],
        ),
        results,
    )
