"""`leadsieve verify`: whether published outputs are what was published, and what their campaign gained by them."""

from __future__ import annotations

import click

import leadsieve
from leadsieve.cli.command import Command
from leadsieve.cli.completion import complete_folder
from leadsieve.cli.reading import state_option
from leadsieve.cli.report import print_findings, speaking


@click.command(cls=Command)
@click.argument("out", metavar="OUT", shell_complete=complete_folder)
@state_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def verify(out: str, state: str | None, as_json: bool) -> None:
    """Compare the outputs in OUT with their run.json, and with the state that they were imported into.

    Every file's size and hash, every count, and every number that the campaign gained. Exit code 4 where
    anything does not agree.

    \b
    leadsieve verify out
    """
    with speaking(as_json=as_json, quiet=False):
        print_findings(leadsieve.verify(out, state=state), as_json=as_json, well=f"{out} is whole and agrees")
