"""`leadsieve clean`: sources in, a published folder of accepted, rejected and errors out."""

from __future__ import annotations

from typing import Any

import click

import leadsieve
from leadsieve.cli.pandas import forgo_pandas
from leadsieve.cli.reading import reading_options
from leadsieve.cli.report import print_json, print_lines, progress_bar, speaking
from leadsieve.config import parse_names, parse_pairs
from leadsieve.limits import parse_limits


@click.command()
@click.argument("sources", nargs=-1, metavar="SOURCE...")
@click.option(
    "--profile", metavar="NAME|FILE", help="Target system: a name that `leadsieve profiles` lists, or a file."
)
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting of the target system. Repeats.")
@click.option("--region", metavar="CC", help="Country of numbers without a country code, such as IN or US.")
@click.option("--region-column", metavar="C", help="Column that holds each row's country.")
@click.option(
    "--campaign", metavar="NAME", help="Campaign to judge duplicates against and to add the accepted rows to."
)
@click.option(
    "--state", metavar="FILE", help="Where campaigns are kept.  [default: leadsieve.duckdb, or LEADSIEVE_STATE]"
)
@click.option("--out", metavar="OUT", help="Folder or URL to publish; must be missing or empty.")
@click.option("--map", "maps", multiple=True, metavar="COLUMN=FIELD", help="Take a field from a column. Repeats.")
@click.option("--format", "format_", type=click.Choice(["parquet", "csv"]), default="parquet", show_default=True)
@click.option(
    "--duplicates",
    type=click.Choice(["none", "file", "run", "campaign", "all"]),
    help="What a number must not repeat.  [default: campaign where one is named, else run]",
)
@click.option("--duplicate-statuses", metavar="A,B", help="Only contacts in these statuses make a duplicate.")
@click.option("--duplicate-age", type=int, metavar="DAYS", help="Only contacts that changed in so many days do.")
@click.option(
    "--schema", metavar="FILE[:NAME]", help="Your own pandera schema: a Python file, which is run, or pandera's YAML."
)
@click.option("--calling-hours", metavar="HH:MM-HH:MM", help="Say when each accepted number may be called, in UTC.")
@click.option(
    "--fail-over",
    multiple=True,
    metavar="SHARE|REASON=SHARE",
    help="Commit nothing where more rows are rejected, such as 5%, or are at fault for a reason, such as "
    "invalid_phone=2%. Repeats.",
)
@click.option("--prompt", metavar="FILE", help="A prompt with {{name}} placeholders, which the columns must fill.")
@click.option(
    "--suppress",
    multiple=True,
    metavar="FILE|@LIST",
    help="Numbers that are never accepted: a file, or a list that the state keeps. Repeats.",
)
@click.option("--suppress-max-age", type=int, metavar="DAYS", help="Refuse suppression lists that are older.")
@click.option(
    "--batches", is_flag=True, help="Write the accepted rows as requests too, within the target system's limits."
)
@click.option("--overwrite", is_flag=True, help="Replace what leadsieve published in OUT before.")
@click.option("--again", is_flag=True, help="Import a second time what was imported before.")
@click.option("--existing-campaign", is_flag=True, help="Fail where the campaign does not exist.")
@reading_options
@click.option("--rows", type=int, metavar="N", help="Read only the first N rows of each source.")
@click.option("--dry-run", is_flag=True, help="Do everything but publish and commit.")
@click.option("--json", "as_json", is_flag=True, help="Print summary.json, or the failure, on stdout.")
@click.option("--quiet", is_flag=True, help="Print errors only, and that a campaign is new.")
def clean(
    sources: tuple[str, ...],
    settings: tuple[str, ...],
    maps: tuple[str, ...],
    columns: str | None,
    duplicate_statuses: str | None,
    format_: Any,
    fail_over: tuple[str, ...],
    as_json: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Clean lead files for a target system.

    \b
    Every row of SOURCE... ends once in accepted or rejected, with its row number and reasons.
    SOURCE is a file, folder, glob or URL, or - for stdin.

    \b
    leadsieve clean leads.csv --region IN --out out
    leadsieve clean a.csv b.parquet --profile voicegenie --campaign summer --region US --out out
    """
    forgo_pandas()
    with speaking(as_json=as_json, quiet=quiet):
        with progress_bar(quiet=quiet) as progress:
            run = leadsieve.clean(
                sources,
                settings=parse_pairs("--set", settings),
                map=parse_pairs("--map", maps),
                columns=None if columns is None else parse_names("--columns", columns),
                duplicate_statuses=duplicate_statuses and parse_names("--duplicate-statuses", duplicate_statuses),
                format=format_,
                fail_over=parse_limits(fail_over),
                progress=progress or False,
                **options,
            )
        with run:
            if as_json:
                print_json(run.summary)
            elif not quiet:
                print_lines(_told(run))


def _told(run: leadsieve.Run) -> list[str]:
    """Say what became of the rows, and where they are."""
    where = f"published in {run.out}" if run.out is not None else "dry run or no --out: nothing was published"
    return [*repr(run).splitlines(), where]
