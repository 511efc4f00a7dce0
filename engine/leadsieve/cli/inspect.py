"""`leadsieve inspect`: what a source is, and the `clean` command to run next."""

from __future__ import annotations

from typing import Any

import click

import leadsieve
from leadsieve.cli.command import Command
from leadsieve.cli.completion import complete_file, complete_profile, complete_region
from leadsieve.cli.reading import reading_options
from leadsieve.cli.report import print_json, print_lines, speaking
from leadsieve.config import parse_names, parse_pairs


@click.command(cls=Command, takes=None)
@click.argument("sources", nargs=-1, metavar="SOURCE...", shell_complete=complete_file)
@click.option(
    "--profile", metavar="NAME|FILE", shell_complete=complete_profile, help="Target system whose fields are looked for."
)
@click.option(
    "--region",
    metavar="COUNTRY",
    shell_complete=complete_region,
    help="Country of numbers without a country code, such as IN or US.",
)
@click.option("--region-column", metavar="C", help="Column that holds each row's country.")
@click.option("--map", "maps", multiple=True, metavar="COLUMN=FIELD", help="Take a field from a column. Repeats.")
@click.option(
    "--schema", metavar="FILE[:NAME]", shell_complete=complete_file, help="Your own pandera schema, as for clean."
)
@reading_options
@click.option("--show-values", is_flag=True, help="Show the examples in full: they may be personal data.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def inspect(
    sources: tuple[str, ...],
    maps: tuple[str, ...],
    columns: str | None,
    show_values: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Say what a source is, from its first 1,000 rows, and which clean command comes next.

    Its format, sheets and columns, the fields that they would fill, the likely country of its numbers, the damage
    in it, and what would be accepted. What is guessed is said to be, and left to you to confirm.

    \b
    leadsieve inspect leads.csv --region IN
    """
    with speaking(as_json=as_json, quiet=False):
        names = None if columns is None else parse_names("--columns", columns)
        found = leadsieve.inspect(sources, map=parse_pairs("--map", maps), columns=names, **options)
        from leadsieve.inspection.telling import masked_examples, tell_inspection, tell_together

        if as_json:
            shown = found if show_values else [masked_examples(inspection) for inspection in found]
            print_json([inspection.to_dict() for inspection in shown])
            return
        for number, inspection in enumerate(found):
            print_lines([*([""] if number else []), *tell_inspection(inspection, show_values=show_values)])
        if together := tell_together(found, sources):
            print_lines(together)
