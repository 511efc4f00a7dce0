"""`leadsieve inspect`: what a source is, and the `clean` command to run next."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

import leadsieve
from leadsieve.cli.reading import reading_options
from leadsieve.cli.report import print_json, print_lines, speaking
from leadsieve.config import parse_names, parse_pairs
from leadsieve.wording import masked, printable, tell_dialect

if TYPE_CHECKING:
    from leadsieve.inspection import Column


@click.command()
@click.argument("sources", nargs=-1, metavar="SOURCE...")
@click.option("--profile", metavar="NAME|FILE", help="Target system whose fields are looked for.")
@click.option("--region", metavar="CC", help="Country of numbers without a country code, such as IN or US.")
@click.option("--region-column", metavar="C", help="Column that holds each row's country.")
@click.option("--map", "maps", multiple=True, metavar="COLUMN=FIELD", help="Take a field from a column. Repeats.")
@click.option("--schema", metavar="FILE[:NAME]", help="Your own pandera schema, as for clean.")
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
    """Say what a source is: dialect, columns, proposed mapping, verdicts on the first 1,000 rows.

    \b
    leadsieve inspect leads.csv --region IN
    """
    with speaking(as_json=as_json, quiet=False):
        names = None if columns is None else parse_names("--columns", columns)
        found = leadsieve.inspect(sources, map=parse_pairs("--map", maps), columns=names, **options)
        if not show_values:
            found = [_masked(inspection) for inspection in found]
        if as_json:
            print_json([inspection.to_dict() for inspection in found])
            return
        for number, inspection in enumerate(found):
            print_lines([*([""] if number else []), *_told(inspection)])


def _masked(inspection: leadsieve.Inspection) -> leadsieve.Inspection:
    """Mask the examples: a terminal's window and its log are seen by others."""
    columns = tuple(
        replace(column, examples=tuple(masked(example, letters=0) for example in column.examples))
        for column in inspection.columns
    )
    return replace(inspection, columns=columns)


def _told(inspection: leadsieve.Inspection) -> list[str]:
    lines = [
        f"{inspection.name}: {tell_dialect(inspection.dialect)}",
        f"  {'column':<24} {'field':<16} {'filled':>6}  examples",
    ]
    for column in inspection.columns:
        examples = " | ".join(printable(" ".join(example.split())[:24]) for example in column.examples)
        name = printable(column.name[:24])
        lines.append(f"  {name:<24} {_field(column):<16} {column.filled:>6.0%}  {examples}"[:110])
    if inspection.problem is not None:
        lines.append(f"  problem: {inspection.problem}")
    elif inspection.sample is not None:
        from leadsieve.results import tell_ledger

        ledger = inspection.sample
        lines.append(
            f"  of the first {ledger['rows']:,} rows {ledger['accepted']:,} would be accepted (duplicates not judged)"
        )
        lines += tell_ledger(ledger)[1:]
    lines.append(f"  next: {inspection.command}")
    return lines


def _field(column: Column) -> str:
    """Say what a column would fill, how sure that is where it is not, and what it might be (with a question mark)."""
    if column.field is None:
        return "-" if column.proposed is None else f"{column.proposed}?"
    sure = column.confidence is None or column.confidence == 1
    return column.field if sure else f"{column.field} {column.confidence:.0%}"
