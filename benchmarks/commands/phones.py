"""`phones`: the phone kernel beside phonenumbers row by row."""

from __future__ import annotations

from pathlib import Path

import click

from benchmarks.commands.options import shared
from benchmarks.report import Chart, Line, Result, write


@click.command("phones")
@shared(rows=200_000, rounds=5, least=20_000, files=False)
@click.option(
    "--sample",
    type=click.IntRange(1),
    default=5_000,
    show_default=True,
    help="Of the rows, those that phonenumbers reads.",
)
def command(*, rows: int, rounds: int, seed: int, results: Path, sample: int) -> None:
    """Read the phone numbers of four regions, each of --rows rows, beside phonenumbers row by row."""
    from benchmarks.phones import measure_phones

    lines = [
        Line(
            {"region": cost.region},
            {"row": cost.ours, "theirs": cost.theirs, "faster": cost.ratio, "valid": cost.valid},
            [{"row": ours, "theirs": theirs} for ours, theirs in cost.rounds],
        )
        for cost in measure_phones(rows, min(sample, rows), rounds, seed)
    ]
    write(
        Result(
            benchmark="phones",
            title="Phone numbers: processor time a row, one thread",
            options={"rows": rows, "sample": min(sample, rows), "rounds": rounds, "seed": seed},
            lines=lines,
            chart=Chart(kind="bar", x="region", y="row"),
            remarks=["of the rounds the quickest counts, for both"],
        ),
        results,
    )
