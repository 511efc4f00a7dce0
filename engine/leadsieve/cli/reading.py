"""The options that several commands share: where the state is, and how sources are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from leadsieve.cli.completion import complete_file, complete_region

_Command = TypeVar("_Command", bound=Callable[..., Any])


_OPTIONS = (
    click.option("--encoding", metavar="E", help="Encoding of text sources.  [default: found]"),
    click.option("--delimiter", metavar="D", help="Delimiter of text sources, one character.  [default: found]"),
    click.option("--header/--no-header", default=None, help="The first record names the columns.  [default: found]"),
    click.option("--columns", metavar="A,B,C", help="The columns' names, all of them, in order."),
    click.option("--skip-rows", type=int, default=0, metavar="N", help="Lines before the header, which are not read."),
    click.option("--sheet", metavar="S", help="Which sheet of a workbook, by name or position."),
    click.option("--records-path", metavar="P", help="Where the records stand in a JSON document, such as data.leads."),
)


state_option = click.option(
    "--state",
    metavar="FILE",
    shell_complete=complete_file,
    help="Where campaigns are kept.  [default: leadsieve.duckdb, or LEADSIEVE_STATE]",
)
_LIST_OPTIONS = (
    click.option("--map", "maps", multiple=True, metavar="COLUMN=FIELD", help="Take a field from a column. Repeats."),
    click.option(
        "--region",
        metavar="COUNTRY",
        shell_complete=complete_region,
        help="Country of numbers without a country code, such as IN or US.",
    ),
    click.option("--region-column", metavar="C", help="Column that holds each entry's country."),
)


def list_options(command: _Command) -> _Command:
    """Give a command the options that say how a list of numbers is read."""
    command = reading_options(command)
    for option in reversed(_LIST_OPTIONS):
        command = option(command)
    return command


def reading_options(command: _Command) -> _Command:
    """Give a command the options that say how sources are read."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
