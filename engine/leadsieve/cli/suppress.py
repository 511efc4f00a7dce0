"""`leadsieve suppress`: the suppression lists that a state keeps, for all campaigns or for one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

import leadsieve
from leadsieve.cli.command import Group
from leadsieve.cli.completion import complete_campaign, complete_file
from leadsieve.cli.reading import list_options, state_option
from leadsieve.cli.report import print_table, speaking
from leadsieve.config import parse_names, parse_pairs


@click.group(cls=Group)
def suppress() -> None:
    """Keep lists of numbers that must not be called, for all campaigns of a state or for one.

    \b
    leadsieve suppress add dnc registry.csv --region US
    leadsieve suppress list
    """


@suppress.command()
@click.argument("name", metavar="LIST")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...", shell_complete=complete_file)
@click.option(
    "--campaign",
    metavar="NAME",
    shell_complete=complete_campaign,
    help="The campaign that it holds for.  [default: all]",
)
@click.option(
    "--date",
    "dated",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="As of when.  [default: when SOURCE was last changed]",
)
@click.option("--replace", is_flag=True, help="Take the place of what the list held.")
@list_options
@state_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def add(
    name: str,
    sources: tuple[str, ...],
    dated: datetime | None,
    maps: tuple[str, ...],
    columns: str | None,
    state: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Add the numbers of SOURCE... to a list, which is begun where there is none.

    Every number that can be read is kept, valid or not. Over 1 % of unreadable entries refuse the whole file.

    \b
    leadsieve suppress add dnc registry.csv --region US --date 2026-11-01
    """
    with speaking(as_json=as_json, quiet=False):
        table = leadsieve.Campaigns(state).suppress(
            name,
            list(sources),
            date=dated,
            map=parse_pairs("--map", maps),
            columns=None if columns is None else parse_names("--columns", columns),
            **options,
        )
        print_table(table, as_json=as_json, empty="")


@suppress.command(name="list")
@state_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def list_(state: str | None, as_json: bool) -> None:
    """List the lists, and the files that they are made of.

    \b
    leadsieve suppress list --json
    """
    with speaking(as_json=as_json, quiet=False):
        print_table(leadsieve.Campaigns(state).suppressions(), as_json=as_json, empty="no list is kept")


@suppress.command()
@click.argument("name", metavar="LIST")
@click.option(
    "--campaign",
    metavar="NAME",
    shell_complete=complete_campaign,
    help="The campaign whose list it is.  [default: the list for all]",
)
@state_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def remove(name: str, campaign: str | None, state: str | None, as_json: bool) -> None:
    """Remove a list: its numbers may be called again.

    \b
    leadsieve suppress remove dnc
    """
    with speaking(as_json=as_json, quiet=False):
        print_table(leadsieve.Campaigns(state).unsuppress(name, campaign=campaign), as_json=as_json, empty="")
