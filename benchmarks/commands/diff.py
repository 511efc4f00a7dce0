"""`diff`: two results side by side."""

from __future__ import annotations

from pathlib import Path

import click

from benchmarks.report.diff import compare_results
from benchmarks.report.write import read


@click.command("diff")
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
def command(*, old: Path, new: Path) -> None:
    """Compare two results, JSON files of benchmarks/results: what changed, and whether the rounds can tell it."""
    try:
        click.echo(compare_results(read(old), read(new)))
    except ValueError as failure:
        raise click.ClickException(str(failure)) from failure
