"""The command: `python -m benchmarks` compares the engine with a plain copy of the same file."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from benchmarks.compare import Command, as_json, as_text, compare, figures
from benchmarks.measure import ChildFailed, Measurement, measure

WORK = Path(__file__).parent / "work"
COPY = "DuckDB COPY to Parquet"
CLEAN = "leadsieve clean"


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Measure the engine. Without a command: `compare` with its defaults."""
    if context.invoked_subcommand is None:
        context.invoke(compare_command)


@main.command("compare")
@click.option("--rows", type=click.IntRange(1), default=100_000, show_default=True, help="Rows of the lead file.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="Runs of each program, in turns.")
@click.option("--threads", type=click.IntRange(1), default=2, show_default=True, help="Threads of each program.")
@click.option("--seed", type=click.IntRange(0, 2**32), default=1, show_default=True, help="Seed of the lead file.")
@click.option("--profile", default="voicegenie", show_default=True, help="Target system of the engine's runs.")
@click.option("--campaign", help="Judge against this campaign and commit to it, in a fresh state each round.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write every round as JSON to this file.")
def compare_command(
    *,
    rows: int,
    rounds: int,
    threads: int,
    seed: int,
    profile: str,
    campaign: str | None,
    json_file: Path | None,
) -> None:
    """Run the engine and DuckDB's plain COPY of the same file in turns and print their costs."""
    source = make_leads(rows, seed)
    options = ["--threads", str(threads)]
    engine = [*options, "--profile", profile]

    def copying() -> Command:
        return job("copy", source, WORK / "copy.parquet", options)

    def cleaning() -> Command:
        if campaign is None:
            return job("clean", source, WORK / "out", engine)
        state = WORK / "state.duckdb"
        for file in WORK.glob(f"{state.name}*"):
            file.unlink()
        return job("clean", source, WORK / "out", [*engine, "--campaign", campaign, "--state", str(state)])

    click.echo(
        f"{source.name}: {rows:,} rows, {source.stat().st_size / rows:.0f} bytes a row, {threads} threads",
        err=True,
    )
    programs: dict[str, Callable[[], Command]] = {COPY: copying, CLEAN: cleaning}
    try:
        taken = compare(programs, rounds=rounds, told=show_round)
    except ChildFailed as failure:
        raise click.ClickException(str(failure)) from failure
    results = figures(taken, rows)
    click.echo(as_text(results))
    if json_file is not None:
        given = {"rows": rows, "rounds": rounds, "threads": threads, "seed": seed, "profile": profile}
        json_file.write_text(json.dumps(as_json(results, taken, {**given, "campaign": campaign}), indent=2) + "\n")


@main.command("phones")
@click.option("--rows", type=click.IntRange(20_000), default=200_000, show_default=True, help="Rows of each region.")
@click.option(
    "--sample", type=click.IntRange(1), default=5_000, show_default=True, help="Of these, rows that phonenumbers reads."
)
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True, help="Rounds; the quickest counts.")
@click.option("--seed", type=click.IntRange(0, 2**32), default=1, show_default=True, help="Seed of the numbers.")
def phones_command(*, rows: int, sample: int, rounds: int, seed: int) -> None:
    """Read the phone numbers of four regions, beside phonenumbers row by row, and print what a row costs."""
    from benchmarks.phones import measure_phones

    click.echo("region    ns a row  phonenumbers   times   valid")
    for cost in measure_phones(rows, min(sample, rows), rounds, seed):
        figures = f"{cost.ours:>10.1f}{cost.theirs:>14,.0f}{cost.ratio:>8.0f}{cost.valid:>8.1%}"
        click.echo(f"{cost.region:<8}{figures}")


@main.command("text")
@click.option("--rows", type=click.IntRange(1), default=1_000_000, show_default=True, help="Rows of the lead file.")
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True, help="Runs of each reader, in turns.")
@click.option("--seed", type=click.IntRange(0, 2**32), default=1, show_default=True, help="Seed of the lead file.")
def text_command(*, rows: int, rounds: int, seed: int) -> None:
    """Read the lead file to strings, as it is, all quoted and with line ends in cells, beside three other readers."""
    from benchmarks.text import READERS, VARIANTS, variant_file

    source = make_leads(rows, seed)
    files = {variant: variant_file(source, variant) for variant in VARIANTS}
    show_readers([(name, file, list(READERS), threads) for name, file in files.items() for threads in (1, 2)], rounds)


@main.command("formats")
@click.option("--rows", type=click.IntRange(1000), default=1_000_000, show_default=True, help="Rows of the lead file.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="Runs of each reader, in turns.")
@click.option("--seed", type=click.IntRange(0, 2**32), default=1, show_default=True, help="Seed of the lead file.")
@click.option("--format", "formats", multiple=True, help="Only this format. Repeats.")
def formats_command(*, rows: int, rounds: int, seed: int, formats: tuple[str, ...]) -> None:
    """Read the lead file in each format to strings, beside pandas and polars (fewer rows where a format is slow)."""
    from benchmarks.formats import FORMATS, MISSING, READERS, format_file

    works = []
    for name, share in FORMATS.items():
        if not formats or name in formats:
            file = format_file(make_leads(int(rows * share), seed), name)
            works.append((name, file, [reader for reader in READERS if reader != MISSING.get(name)], 2))
    show_readers(works, rounds, module="benchmarks.formats")


@main.command("checks")
@click.option("--rows", type=click.IntRange(1000), default=1_000_000, show_default=True, help="Rows of the lead file.")
@click.option("--rounds", type=click.IntRange(1), default=3, show_default=True, help="Runs of each program, in turns.")
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True, help="Threads of each program.")
@click.option("--seed", type=click.IntRange(0, 2**32), default=1, show_default=True, help="Seed of the lead file.")
def checks_command(*, rows: int, rounds: int, threads: int, seed: int) -> None:
    """Judge the lead file by a schema of 8 checks, beside pandera's own validation; then a column that all fails."""
    from benchmarks.checks import CHECKERS, VARIANTS, lay_out, variant_file
    from benchmarks.readers import ReaderCost, measure_readers

    source = make_leads(rows, seed)
    costs: list[ReaderCost] = []
    try:
        for label, failing in VARIANTS.items():
            file = variant_file(source, failing)
            costs += measure_readers(CHECKERS, "benchmarks.checks", file, label, threads=threads, rounds=rounds)
    except ChildFailed as failure:
        raise click.ClickException(str(failure)) from failure
    click.echo(lay_out(costs, rows))


@main.command("state")
@click.option("--rows", type=click.IntRange(10), default=10_000_000, show_default=True, help="Rows of the lead file.")
@click.option("--few", type=click.IntRange(10), default=1_000, show_default=True, help="Rows of a small one.")
@click.option(
    "--contacts",
    type=click.IntRange(1, 100_000_000),
    multiple=True,
    default=(1_000_000, 10_000_000, 100_000_000),
    show_default=True,
    help="Contacts of a state. Repeats.",
)
@click.option("--rounds", type=click.IntRange(1), default=1, show_default=True, help="Runs against each, in turns.")
@click.option("--threads", type=click.IntRange(1), default=2, show_default=True, help="Threads of each run.")
@click.option("--seed", type=click.IntRange(0, 2**32), default=1, show_default=True, help="Seed of the lead file.")
@click.option(
    "--folder", type=click.Path(path_type=Path), default=WORK, help="Where the states are kept; 100 million take 1 GB."
)
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the figures as JSON to this file.")
def state_command(
    *,
    rows: int,
    few: int,
    contacts: tuple[int, ...],
    rounds: int,
    threads: int,
    seed: int,
    folder: Path,
    json_file: Path | None,
) -> None:
    """Clean a large and a small lead file with no campaign and against states of several sizes: what a state adds."""
    from benchmarks.state import StateCost, lay_out, measure_states, state_file

    # Of the large file, the last tenth of the numbers is in every state.
    states = [state_file(folder, count, rows - rows // 10) for count in contacts]
    program = [sys.executable, "-m", "benchmarks.jobs", "clean", "--threads", str(threads)]
    costs: list[StateCost] = []
    try:
        # Once before, unmeasured: a machine's first run of some size compiles the kernels.
        measure([*program, make_leads(30_000, seed), folder / "state-out"])
        for count in (few, rows):
            costs += measure_states(make_leads(count, seed), count, states, folder, program, rounds=rounds)
    except ChildFailed as failure:
        raise click.ClickException(str(failure)) from failure
    click.echo(lay_out(costs))
    if json_file is not None:
        given = {"rounds": rounds, "threads": threads, "seed": seed}
        json_file.write_text(json.dumps({"options": given, "costs": [asdict(cost) for cost in costs]}, indent=2) + "\n")


def show_readers(
    works: Sequence[tuple[str, Path, Sequence[str], int]], rounds: int, module: str = "benchmarks.text"
) -> None:
    """Measure (label, file, readers, threads) one after the other, and print the table."""
    from benchmarks.readers import ReaderCost, lay_out, measure_readers

    costs: list[ReaderCost] = []
    try:
        for label, file, readers, threads in works:
            click.echo(f"  {file.name}, {threads} threads", err=True)
            costs += measure_readers(readers, module, file, label, threads=threads, rounds=rounds)
    except ChildFailed as failure:
        raise click.ClickException(str(failure)) from failure
    click.echo(lay_out(costs))


def make_leads(rows: int, seed: int) -> Path:
    """Return the lead file, made in a process of its own if it is not kept yet, and now in the page cache."""
    made = subprocess.run(
        [sys.executable, "-m", "benchmarks.data", WORK, str(rows), str(seed)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    source = Path(made.stdout.strip())
    with source.open("rb") as file:
        while file.read(1 << 24):
            pass
    return source


def job(name: str, source: Path, out: Path, options: list[str]) -> Command:
    """Give the command line of one job."""
    return [sys.executable, "-m", "benchmarks.jobs", name, source, out, *options]


def show_round(name: str, number: int, taken: Measurement) -> None:
    """Tell on stderr what one run took."""
    click.echo(f"  {number + 1}. {name}: {taken.wall:.2f} s, {taken.cpu:.2f} CPU s", err=True)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
