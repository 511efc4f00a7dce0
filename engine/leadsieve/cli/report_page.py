"""`leadsieve report`: one HTML page about a run, to read, print and forward."""

from __future__ import annotations

import click

import leadsieve
from leadsieve.cli.command import Command
from leadsieve.cli.completion import complete_file, complete_folder
from leadsieve.cli.report import print_json, print_lines, speaking
from leadsieve.wording import counted


@click.command(cls=Command)
@click.argument("out", metavar="OUT", shell_complete=complete_folder)
@click.option(
    "--to",
    metavar="FILE",
    shell_complete=complete_file,
    help="Where to write it; else OUT-report.html in the working folder.",
)
@click.option("--show-values", is_flag=True, help="Show the example cells in full: they may be personal data.")
@click.option("--overwrite", is_flag=True, help="Replace a file that is no report; a report is replaced anyway.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def report(out: str, to: str | None, show_values: bool, overwrite: bool, as_json: bool) -> None:
    """Write one HTML page about the run in OUT, with charts: what became of its rows, why, and what to do.

    Each source file's score, overlaps between files and with earlier runs, and examples, masked. The page
    needs no network and has no script. OUT.failed works too. Needs pip install 'leadsieve[report]'.

    \b
    leadsieve report out
    leadsieve report out --to for-the-vendor.html
    """
    with speaking(as_json=as_json, quiet=False):
        page = leadsieve.report(out, to, show_values=show_values, overwrite=overwrite)
        size = page.stat().st_size
        if as_json:
            print_json({"report": str(page), "bytes": size})
        else:
            print_lines([f"{page}: {counted(size, 'byte')}; open it in a browser"])
