"""The one place where results are written: the table to stdout, JSON and a chart to the results' folder."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks.report.chart import ChartsMissing, draw
from benchmarks.report.machine import machine, versions
from benchmarks.report.result import Result
from benchmarks.report.table import lay_out

#: Where results are kept; git ignores it.
RESULTS = Path(__file__).parents[1] / "results"


def write(result: Result, folder: Path) -> Path:
    """Print a result's table, and write its JSON and its chart.

    Where the packages that draw charts are not installed, it says how to install them.

    Args:
        result: The result; when and on what it was made is filled in.
        folder: Where the two files go.

    Returns:
        The JSON file.
    """
    now = datetime.now(UTC)
    result = replace(result, made=now.isoformat(timespec="seconds"), machine=machine(), versions=versions())
    click.echo(result.title)
    click.echo(lay_out(result.lines))
    for remark in result.remarks:
        click.echo(remark)
    folder.mkdir(parents=True, exist_ok=True)
    path = _free(folder, f"{result.benchmark}-{now:%Y%m%d-%H%M%S}")
    path.write_text(json.dumps(result.to_dict(), indent=2) + "\n", encoding="utf-8")
    click.echo(f"written: {path}", err=True)
    try:
        click.echo(f"written: {draw(result, path.with_suffix('.svg'))}", err=True)
    except ChartsMissing as missing:
        click.echo(str(missing), err=True)
    return path


def read(path: Path) -> Result:
    """Read a result that was written earlier.

    Raises:
        click.ClickException: The file is none.
    """
    try:
        return Result.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as failure:
        raise click.ClickException(
            f"{path}: this is no result of `python -m benchmarks` ({type(failure).__name__}: {failure}); "
            "give one of the JSON files that it wrote"
        ) from failure


def _free(folder: Path, name: str) -> Path:
    """Give a path that no earlier result has, also where two were made in one second."""
    path, count = folder / f"{name}.json", 1
    while path.exists():
        count += 1
        path = folder / f"{name}-{count}.json"
    return path
