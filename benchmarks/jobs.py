"""The programs that are compared, each in its own process: `python -m benchmarks.jobs JOB SOURCE OUT`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.rounds import Command


def copy(source: Path, out: Path, threads: int) -> None:
    """Copy a CSV file to Parquet with DuckDB, as text, with no look at the rows: the floor."""
    import duckdb

    connection = duckdb.connect(config={"threads": threads})
    csv = connection.read_csv(str(source), all_varchar=True, header=True, delimiter=",", quotechar='"', escapechar='"')
    csv.write_parquet(str(out), compression="zstd", overwrite=True)


def copy_polars(source: Path, out: Path, threads: int) -> None:
    """Copy a CSV file to Parquet with polars, as text, streaming."""
    import os

    os.environ["POLARS_MAX_THREADS"] = str(threads)

    import polars as pl

    pl.scan_csv(source, infer_schema=False).sink_parquet(out, compression="zstd")


def clean(
    source: Path,
    out: Path,
    threads: int,
    *,
    profile: str,
    schema: Path | None = None,
    campaign: str | None = None,
    state: Path | None = None,
    tuning: Mapping[str, int] | None = None,
) -> None:
    """Clean the file by the command line: accepted, rejected, errors, answer and run record; ends the process."""
    import os

    from leadsieve.cli import run

    tuned = {**(tuning or {}), "threads": threads}
    os.environ |= {f"LEADSIEVE_{name.upper()}": str(value) for name, value in tuned.items()}
    # `again`, since a run that is recognised as done does nothing, and would be measured as a very quick one.
    words = ["clean", source, "--out", out, "--profile", profile, "--region", "US", "--overwrite", "--again", "--quiet"]
    for option, value in {"--schema": schema, "--campaign": campaign, "--state": state}.items():
        words += [] if value is None else [option, value]
    sys.argv = ["leadsieve", *map(str, words)]
    run()


def command(job: str, source: Path, out: Path, threads: int, *more: str | Path) -> Command:
    """Give the command line of a job."""
    return [sys.executable, "-m", "benchmarks.jobs", job, source, out, "--threads", str(threads), *more]


def main() -> None:
    """Run one job."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("job", choices=["copy", "copy_polars", "clean"])
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--profile", default="voicegenie")
    parser.add_argument("--schema", type=Path)
    parser.add_argument("--campaign")
    parser.add_argument("--state", type=Path)
    parser.add_argument("--tuning", type=json.loads, default={})
    given = parser.parse_args()
    if given.job != "clean":
        {"copy": copy, "copy_polars": copy_polars}[given.job](given.source, given.out, given.threads)
        return
    clean(
        given.source,
        given.out,
        given.threads,
        profile=given.profile,
        schema=given.schema,
        campaign=given.campaign,
        state=given.state,
        tuning=given.tuning,
    )


if __name__ == "__main__":
    main()
