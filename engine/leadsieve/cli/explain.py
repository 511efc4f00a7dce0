"""`leadsieve explain`: everything that was decided about one row, and why."""

from __future__ import annotations

import click

import leadsieve
from leadsieve.cli.report import print_json, print_lines, speaking


@click.command()
@click.argument("out", metavar="OUT")
@click.argument("row", metavar="ROW", type=int)
@click.option("--file", metavar="NAME", help="The row's file, or the end of its name, where the run had several.")
@click.option("--profile", metavar="FILE", help="The run's profile, where it is a file of your own.")
@click.option("--schema", metavar="FILE[:NAME]", help="The run's own schema, to be told check by check.")
@click.option("--show-values", is_flag=True, help="Show the cells in full: they may be personal data.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def explain(
    out: str, row: int, file: str | None, profile: str | None, schema: str | None, show_values: bool, as_json: bool
) -> None:
    """Tell everything that was decided about row ROW of the run in OUT, and why.

    Its cells, what each column fills, every rule, the phone number step by step, and what it collided with.
    ROW is the number that the outputs have as lead_row. OUT.failed works too.

    \b
    leadsieve explain out 54
    leadsieve explain out 12 --file leads-2.csv --show-values
    """
    with speaking(as_json=as_json, quiet=True):
        found = leadsieve.explain(out, row, file, profile=profile, schema=schema)
        told = found if show_values else found.masked()
        if as_json:
            print_json(told.to_dict())
        else:
            print_lines(told.lines())
