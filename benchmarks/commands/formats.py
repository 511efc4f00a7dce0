"""`formats`: reading each format to strings beside pandas and polars."""

from __future__ import annotations

from pathlib import Path

import click

from benchmarks.commands.options import plain_failures, shared, show_source
from benchmarks.formats import FORMATS, MISSING, READERS
from benchmarks.made import make, make_leads
from benchmarks.readers import lines_of, measure_readers
from benchmarks.report import Chart, Line, Result, write


@click.command("formats")
@shared(rows=1_000_000, rounds=3, threads=2, least=1000)
@click.option("--format", "formats", type=click.Choice(list(FORMATS)), multiple=True, help="Only this format. Repeats.")
def command(
    *, rows: int, threads: int, rounds: int, seed: int, results: Path, work: Path, formats: tuple[str, ...]
) -> None:
    """Read the lead file in each format to strings, beside pandas and polars (fewer rows where a format is slow)."""
    lines: list[Line] = []
    with plain_failures():
        for name, share in FORMATS.items():
            if formats and name not in formats:
                continue
            count = int(rows * share)
            file = make("benchmarks.formats:format_file", make_leads(work, count, seed), name)
            show_source(file, count)
            readers = [reader for reader in READERS if reader != MISSING.get(name)]
            taken = measure_readers(readers, "benchmarks.formats", file, threads=threads, rounds=rounds)
            lines += lines_of(taken, {"format": name, "rows": count}, "reader", count)
    write(
        Result(
            benchmark="formats",
            title="Reading each format to strings: processor time a row",
            options={"rows": rows, "rounds": rounds, "threads": threads, "seed": seed, "formats": list(formats)},
            lines=lines,
            chart=Chart(kind="bar", x="reader", y="row", panel="format"),
        ),
        results,
    )
