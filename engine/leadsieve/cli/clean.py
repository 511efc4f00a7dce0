"""`leadsieve clean`: sources in, a published folder of accepted, rejected and errors out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

import leadsieve
from leadsieve.cli.reading import reading_options
from leadsieve.cli.report import print_json, printable, progress_bar, speaking
from leadsieve.config import parse_names, parse_pairs, parse_share


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
@click.option("--fail-over", metavar="SHARE", help="Commit nothing where more rows are rejected, such as 5%.")
@click.option(
    "--suppress",
    multiple=True,
    metavar="FILE|@LIST",
    help="Numbers that are never accepted: a file, or a list that the state keeps. Repeats.",
)
@click.option("--suppress-max-age", type=int, metavar="DAYS", help="Refuse suppression lists that are older.")
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
    fail_over: str | None,
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
    with speaking(as_json=as_json, quiet=quiet):
        with progress_bar(quiet=quiet) as progress:
            run = leadsieve.clean(
                sources,
                settings=parse_pairs("--set", settings),
                map=parse_pairs("--map", maps),
                columns=None if columns is None else parse_names("--columns", columns),
                duplicate_statuses=duplicate_statuses and parse_names("--duplicate-statuses", duplicate_statuses),
                format=format_,
                fail_over=parse_share(fail_over) if fail_over is not None else None,
                progress=progress or False,
                **options,
            )
        with run:
            if as_json:
                print_json(run.summary)
            elif not quiet:
                click.echo(printable(_told(run.info, run.out)))


def _told(info: Mapping[str, Any], out: Path | str | None) -> str:
    """Say in a few lines what became of the rows."""
    ledger = info["ledger"]
    lines = [f"{ledger['rows']:,} rows: {ledger['accepted']:,} accepted, {ledger['rejected']:,} rejected"]
    lines += [f"{count:>12,}  {code}" for code, count in ledger["reasons"].items()]
    lines += [f"{count:>12,}  {code} (accepted, with a warning)" for code, count in ledger["warnings"].items()]
    if ledger["blank_records"]:
        lines.append(f"{ledger['blank_records']:>12,}  blank records, which are not rows")
    lines.append(f"published in {out}" if out is not None else "dry run or no --out: nothing was published")
    return "\n".join(lines)
