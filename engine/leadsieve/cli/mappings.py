"""`leadsieve mappings`: how the user mapped which columns, as the state keeps it, and how to forget it."""

from __future__ import annotations

import click

import leadsieve
from leadsieve.cli.command import Command
from leadsieve.cli.reading import state_option
from leadsieve.cli.report import print_json, print_lines, speaking


@click.command(cls=Command)
@state_option
@click.option("--forget", metavar="ID", help="Forget one: its id, or the beginning of it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def mappings(state: str | None, forget: str | None, as_json: bool) -> None:
    """List the mappings that runs with a campaign have kept, or forget one.

    What --map said is kept for the very same headers, and done again without being said.

    \b
    leadsieve mappings
    leadsieve mappings --forget 3f9a
    """
    with speaking(as_json=as_json, quiet=False):
        if forget is not None:
            gone = leadsieve.forget_mapping(forget, state=state)
            found = [gone]
        else:
            found = leadsieve.mappings(state=state)
        if as_json:
            print_json([_shown(mapping) for mapping in found])
        else:
            print_lines(list(map(_told, found)) or ["no mapping is kept"])


def _shown(mapping: leadsieve.KeptMapping) -> dict[str, object]:
    return {
        "id": mapping.digest,
        "headers": list(mapping.headers),
        "mapping": dict(mapping.mapping),
        "kept_at": mapping.kept_at.isoformat(timespec="seconds"),
    }


def _told(mapping: leadsieve.KeptMapping) -> str:
    columns: dict[str, list[str]] = {}
    for column, field in mapping.mapping.items():
        columns.setdefault(field, []).append(column)
    fields = ", ".join(f"{field} <- {', else '.join(names)}" for field, names in columns.items())
    return f"{mapping.digest[:12]}  {mapping.kept_at:%Y-%m-%d}  {fields}  (headers: {', '.join(mapping.headers)})"
