"""Options and habits that the commands share."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from benchmarks.made import WORK
from benchmarks.measure import ChildFailed, Measurement
from benchmarks.report.write import RESULTS

Function = TypeVar("Function", bound=Callable[..., Any])

#: The target system of the engine's runs, where there is no choice.
PROFILE = "voicegenie"
#: The user's schema of eight checks.
RULES = Path(__file__).parents[1] / "rules.py"


def shared(
    *, rows: int | None, rounds: int, threads: int | None = None, least: int = 1, files: bool = True
) -> Callable[[Function], Function]:
    """Give a command the options that most have: rows, rounds, threads, seed, and where things are put.

    Args:
        rows: How many rows, unless told otherwise; None where the command has its own way to say so.
        rounds: How many rounds.
        threads: How many threads; None where the command measures several.
        least: The fewest rows that make sense.
        files: Whether the command needs a folder for files.
    """
    options = [
        click.option(
            "--rounds", type=click.IntRange(1), default=rounds, show_default=True, help="Runs of each, in turns."
        ),
        click.option(
            "--seed", type=click.IntRange(0, 2**32), default=1, show_default=True, help="Seed of the lead file."
        ),
        click.option(
            "--results",
            type=click.Path(path_type=Path, file_okay=False),
            default=RESULTS,
            help="Folder for the JSON and the chart; benchmarks/results unless said otherwise.",
        ),
    ]
    if files:
        work = click.option(
            "--work",
            type=click.Path(path_type=Path, file_okay=False),
            default=WORK,
            help="Folder for lead files, states and outputs; benchmarks/work unless said otherwise.",
        )
        options.append(work)
    if threads is not None:
        options.insert(
            0,
            click.option(
                "--threads", type=click.IntRange(1), default=threads, show_default=True, help="Threads of each."
            ),
        )
    if rows is not None:
        options.insert(
            0,
            click.option(
                "--rows", type=click.IntRange(least), default=rows, show_default=True, help="Rows of the lead file."
            ),
        )

    def decorate(function: Function) -> Function:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def show_round(key: Hashable, number: int, taken: Measurement) -> None:
    """Tell on stderr what one run took."""
    name = ", ".join(str(part) for part in key) if isinstance(key, tuple) else str(key)
    click.echo(f"  {number + 1}. {name}: {taken.wall:.2f} s, {taken.cpu:.2f} CPU s", err=True)


def show_source(source: Path, rows: int) -> None:
    """Tell on stderr what is measured on."""
    click.echo(f"{source.name}: {rows:,} rows, {source.stat().st_size / rows:.0f} bytes a row", err=True)


@contextmanager
def plain_failures() -> Iterator[None]:
    """End the command with one line where a measured program failed."""
    try:
        yield
    except ChildFailed as failure:
        raise click.ClickException(str(failure)) from failure
