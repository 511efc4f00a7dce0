"""`leadsieve campaign`: what the campaigns of a state hold, and how any of it is explained or taken back."""

from __future__ import annotations

import sys
from typing import Any

import click

import leadsieve
from leadsieve.cli.command import Group
from leadsieve.cli.completion import complete_campaign, complete_file, complete_region
from leadsieve.cli.reading import list_options, state_option
from leadsieve.cli.report import print_findings, print_lines, print_table, speaking
from leadsieve.config import parse_names, parse_pairs

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
_region = click.option(
    "--region",
    metavar="COUNTRY",
    shell_complete=complete_region,
    help="Country of a number without a country code, such as IN.",
)


@click.group(cls=Group)
def campaign() -> None:
    """Look into campaigns, mark what became of their contacts, and take back what was done.

    \b
    leadsieve campaign list
    leadsieve campaign history summer
    leadsieve campaign undo 3f9a01c2d4e5
    """


@campaign.command(name="list")
@state_option
@_json
def list_(state: str | None, as_json: bool) -> None:
    """List the campaigns, with their contacts by status.

    \b
    leadsieve campaign list --json
    """
    with speaking(as_json=as_json, quiet=False):
        print_table(leadsieve.Campaigns(state).list(), as_json=as_json, empty="there is no campaign yet")


@campaign.command()
@click.argument("name", shell_complete=complete_campaign)
@state_option
@_json
def show(name: str, state: str | None, as_json: bool) -> None:
    """Show the runs of a campaign, with what each accepted, rejected and deleted.

    \b
    leadsieve campaign show summer
    """
    with speaking(as_json=as_json, quiet=False):
        print_table(leadsieve.Campaigns(state).show(name), as_json=as_json, empty="")


@campaign.command()
@click.argument("name", shell_complete=complete_campaign)
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...", shell_complete=complete_file)
@click.option("--status", metavar="STATUS", help="The status of every number, where no column says it.")
@click.option(
    "--word", "words", multiple=True, metavar="WORD=STATUS", help="What a word of the dialler's means. Repeats."
)
@list_options
@state_option
@_json
def mark(
    name: str,
    sources: tuple[str, ...],
    words: tuple[str, ...],
    maps: tuple[str, ...],
    columns: str | None,
    state: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Mark what became of a campaign's contacts, as the dialler says in SOURCE....

    \b
    leadsieve campaign mark summer results.csv --word 'ANSWERED=completed'
    leadsieve campaign mark summer called.csv --status completed
    """
    with speaking(as_json=as_json, quiet=False):
        table = leadsieve.Campaigns(state).mark(
            name,
            list(sources),
            words=parse_pairs("--word", words),
            map=parse_pairs("--map", maps),
            columns=None if columns is None else parse_names("--columns", columns),
            **options,
        )
        print_table(table, as_json=as_json, empty="")


@campaign.command()
@click.argument("name", required=False, shell_complete=complete_campaign)
@click.option("--number", metavar="NUMBER", help="What happened to one number, in every campaign.")
@_region
@state_option
@_json
def history(name: str | None, number: str | None, region: str | None, state: str | None, as_json: bool) -> None:
    """Tell what happened to a campaign, or to a number.

    \b
    leadsieve campaign history summer
    leadsieve campaign history --number +12025550123
    """
    with speaking(as_json=as_json, quiet=False):
        table = leadsieve.Campaigns(state).history(name, number=number, region=region)
        what = "any campaign" if name is None else f"campaign {name!r}; see leadsieve campaign list"
        empty = f"the state knows nothing of {what if number is None else 'this number'}"
        print_table(table, as_json=as_json, empty=empty)


@campaign.command()
@click.argument("id")
@state_option
@_json
def undo(id: str, state: str | None, as_json: bool) -> None:  # noqa: A002 - its name
    """Take a run or a mark back: the state is then as if it had not been.

    Contacts that a run deleted are put back as they were. Refused where later changes depend on it; undo those
    first. `leadsieve campaign history NAME` lists the ids.

    \b
    leadsieve campaign undo 3f9a01c2d4e5
    """
    with speaking(as_json=as_json, quiet=False):
        print_table(leadsieve.Campaigns(state).undo(id), as_json=as_json, empty="")


@campaign.command()
@click.argument("name", shell_complete=complete_campaign)
@click.option("--to", required=True, metavar="FILE", help="A new .csv or .parquet file.")
@state_option
def export(name: str, to: str, state: str | None) -> None:
    """Write a campaign's contacts to a file: number, status, since when, and the run that imported it.

    \b
    leadsieve campaign export summer --to contacts.csv
    """
    with speaking(as_json=False, quiet=False):
        rows = leadsieve.Campaigns(state).export(name, to)
        print_lines([f"{rows:,} contacts written to {to}"])


@campaign.command()
@click.argument("number")
@_region
@click.option("--suppress", is_flag=True, help="Put it on the suppression list 'forgotten', so that it never returns.")
@state_option
@_json
def forget(number: str, region: str | None, suppress: bool, state: str | None, as_json: bool) -> None:
    """Delete a person's number from every campaign, with its history, and list the published files that hold it.

    The state is written anew, so that the number's bytes are gone from it. NUMBER may be - to read it from stdin.

    \b
    leadsieve campaign forget +12025550123 --suppress
    """
    with speaking(as_json=as_json, quiet=False):
        given = sys.stdin.readline().strip() if number == "-" else number
        table = leadsieve.Campaigns(state).forget(given, region=region, suppress=suppress)
        print_table(table, as_json=as_json, empty="no published file that could be found holds it")


@campaign.command()
@state_option
@_json
def check(state: str | None, as_json: bool) -> None:
    """Look for any disagreement within the state, and between it and the outputs that it published.

    Exit code 4 where anything does not agree.

    \b
    leadsieve campaign check
    """
    with speaking(as_json=as_json, quiet=False):
        print_findings(leadsieve.Campaigns(state).check(), as_json=as_json, well="the state is sound")
