"""`leadsieve clean`: sources in, a published folder of accepted, rejected and errors out."""

from __future__ import annotations

from typing import Any

import click

import leadsieve
from leadsieve.cli.command import Command
from leadsieve.cli.completion import (
    complete_campaign,
    complete_file,
    complete_folder,
    complete_profile,
    complete_region,
    complete_setting,
)
from leadsieve.cli.garbage import collecting_from_the_first_rows
from leadsieve.cli.memory import share_memory
from leadsieve.cli.pandas import forgo_pandas
from leadsieve.cli.reading import reading_options, state_option
from leadsieve.cli.report import print_json, print_lines, progress_bar, speaking
from leadsieve.cli.settings import settings_of
from leadsieve.config import parse_names, parse_pairs
from leadsieve.limits import parse_limits

#: The options in the order in which one reads them.
_HEADINGS = {
    "Target system": ("profile", "set", "region", "region_column", "campaign", "existing_campaign", "state"),
    "Columns and reading": (
        *("map", "columns", "header", "skip_rows", "rows", "encoding", "delimiter", "sheet", "records_path"),
    ),
    "Checks": ("schema", "suppress", "suppress_max_age", "fail_over", "prompt", "calling_hours"),
    "Duplicates": ("duplicates", "duplicate_statuses", "duplicate_age"),
    "Output": ("out", "format", "batches", "overwrite"),
    "Run": ("dry_run", "again", "json", "quiet", "print_config", "help"),
}


@click.command(cls=Command, takes=None, headings=_HEADINGS)
@click.argument("sources", nargs=-1, metavar="SOURCE...", shell_complete=complete_file)
@click.option(
    "--profile",
    metavar="NAME|FILE",
    shell_complete=complete_profile,
    help="Target system: a name that `leadsieve profiles` lists, or a file.",
)
@click.option(
    "--set",
    "settings_given",
    multiple=True,
    metavar="KEY=VALUE",
    shell_complete=complete_setting,
    help="A setting of the target system. Repeats.",
)
@click.option(
    "--region",
    metavar="COUNTRY",
    shell_complete=complete_region,
    help="Country of numbers without a country code, such as IN or US.",
)
@click.option("--region-column", metavar="C", help="Column that holds each row's country.")
@click.option(
    "--campaign",
    metavar="NAME",
    shell_complete=complete_campaign,
    help="Campaign to judge duplicates against and to add the accepted rows to.",
)
@state_option
@click.option(
    "--out", metavar="OUT", shell_complete=complete_folder, help="Folder or URL to publish; must be missing or empty."
)
@click.option("--map", "maps", multiple=True, metavar="COLUMN=FIELD", help="Take a field from a column. Repeats.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["parquet", "csv", "xlsx"]),
    default="parquet",
    show_default=True,
    help="Of the files in OUT; xlsx is csv, and a workbook of the rejected rows to edit.",
)
@click.option(
    "--duplicates",
    type=click.Choice(["none", "file", "run", "campaign", "all"]),
    help="What a number must not repeat.  [default: campaign where one is named, else run]",
)
@click.option("--duplicate-statuses", metavar="A,B", help="Only contacts in these statuses make a duplicate.")
@click.option("--duplicate-age", type=int, metavar="DAYS", help="Only contacts that changed in so many days do.")
@click.option(
    "--schema",
    metavar="FILE[:NAME]",
    shell_complete=complete_file,
    help="Your own pandera schema: a Python file, which is run, or pandera's YAML.",
)
@click.option("--calling-hours", metavar="HH:MM-HH:MM", help="Say when each accepted number may be called, in UTC.")
@click.option(
    "--fail-over",
    multiple=True,
    metavar="SHARE|REASON=SHARE",
    help="Commit nothing where more rows are rejected, such as 5%, or are at fault for a reason, such as "
    "invalid_phone=2%. Repeats.",
)
@click.option(
    "--prompt",
    metavar="FILE",
    shell_complete=complete_file,
    help="A prompt with {{name}} placeholders, which the columns must fill.",
)
@click.option(
    "--suppress",
    multiple=True,
    metavar="FILE|@LIST",
    shell_complete=complete_file,
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
@click.option("--print-config", is_flag=True, help="Run nothing; print every option in force, and where it came from.")
def clean(
    sources: tuple[str, ...],
    settings_given: tuple[str, ...],
    maps: tuple[str, ...],
    columns: str | None,
    duplicate_statuses: str | None,
    format_: Any,
    fail_over: tuple[str, ...],
    as_json: bool,
    quiet: bool,
    print_config: bool,
    **options: Any,
) -> None:
    """Clean lead files for a target system.

    Every row of SOURCE... ends once in accepted or rejected, with its row number and reasons.
    SOURCE is a file, folder, glob or URL, or - for stdin.

    \b
    leadsieve clean leads.csv --region IN --out out
    leadsieve clean a.csv b.parquet --profile voicegenie --region US --out out
    leadsieve clean leads.csv --region IN --campaign summer --out out
    leadsieve clean leads.csv --map 'Mobile No=phone_number' --region IN --dry-run

    Each option but SOURCE, --overwrite, --again and those on printing can also be said by an environment variable
    (--region by LEADSIEVE_REGION) or in leadsieve.toml; --print-config shows where each value comes from.
    """
    share_memory()
    forgo_pandas()
    context = click.get_current_context()
    settings = settings_of(context)
    with speaking(as_json=as_json, quiet=quiet):
        options |= {
            "settings": parse_pairs("--set", settings_given),
            "map": parse_pairs("--map", maps),
            "columns": None if columns is None else parse_names("--columns", columns),
            "duplicate_statuses": duplicate_statuses and parse_names("--duplicate-statuses", duplicate_statuses),
            "format": format_,
            "fail_over": parse_limits(fail_over),
        }
        if print_config:
            from leadsieve.cli.configuration import print_configuration

            print_configuration(context, settings, options, as_json=as_json)
            return
        with progress_bar(quiet=quiet) as shown, collecting_from_the_first_rows(shown) as progress:
            run = leadsieve.clean(sources, progress=progress, tuning=settings.tuning, **options)
        with run:
            if as_json:
                print_json(run.summary)
            elif not quiet:
                print_lines(_told(run, dry_run=options["dry_run"]))


def _told(run: leadsieve.Run, *, dry_run: bool) -> list[str]:
    """Say what became of the rows, and where they are."""
    nowhere = f"{'dry run' if dry_run else 'no --out'}: nothing was published"
    where = f"published in {run.out}" if run.out is not None else nowhere
    return [*repr(run).splitlines(), where]
