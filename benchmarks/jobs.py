"""The programs that are compared, each in its own process: `python -m benchmarks.jobs JOB SOURCE OUT`."""

from __future__ import annotations

import argparse
from pathlib import Path


def copy(source: Path, out: Path, threads: int) -> None:
    """Copy a CSV file to Parquet with DuckDB, as text, with no look at the rows: the floor."""
    import duckdb

    connection = duckdb.connect(config={"threads": threads})
    csv = connection.read_csv(str(source), all_varchar=True, header=True, delimiter=",", quotechar='"', escapechar='"')
    csv.write_parquet(str(out), compression="zstd", overwrite=True)


def clean(source: Path, out: Path, threads: int, *, profile: str, campaign: str | None, state: Path | None) -> None:
    """Clean the file with the engine: accepted, rejected, errors, answer and run record."""
    import os

    os.environ["LEADSIEVE_THREADS"] = str(threads)

    import leadsieve

    # `again`, since a run that is recognised as done does nothing, and would be measured as a very quick one.
    run = leadsieve.clean(
        source,
        profile=profile,
        region="US",
        campaign=campaign,
        state=state,
        out=out,
        overwrite=True,
        again=True,
        progress=False,
    )
    if run.repeated:
        raise RuntimeError("the run was recognised as done and did nothing: there is nothing to measure")


def main() -> None:
    """Run one job."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("job", choices=["copy", "clean"])
    parser.add_argument("source", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--profile", default="voicegenie")
    parser.add_argument("--campaign")
    parser.add_argument("--state", type=Path)
    given = parser.parse_args()
    if given.job == "copy":
        copy(given.source, given.out, given.threads)
    else:
        clean(
            given.source,
            given.out,
            given.threads,
            profile=given.profile,
            campaign=given.campaign,
            state=given.state,
        )


if __name__ == "__main__":
    main()
