"""`leadsieve profiles`: the target systems, and one of them as a template to edit."""

from __future__ import annotations

import sys

import click

import leadsieve
from leadsieve.cli.command import Command
from leadsieve.cli.completion import complete_profile
from leadsieve.cli.report import print_json, print_lines, speaking


@click.command(cls=Command)
@click.argument("name", required=False, shell_complete=complete_profile)
@click.option("--answers", is_flag=True, help="Print the JSON Schemas of the system's answers instead.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON on stdout.")
def profiles(name: str | None, answers: bool, as_json: bool) -> None:
    """List the target systems, or print one as a template to edit.

    A profile's file says what it takes, refuses and answers, and under [profile.assumed] what is our assumption.

    \b
    leadsieve profiles
    leadsieve profiles voicegenie > mine.toml
    leadsieve profiles voicegenie --answers
    """
    with speaking(as_json=as_json, quiet=False):
        if answers:
            if name is None:
                raise leadsieve.UsageError("--answers needs a profile: leadsieve profiles NAME --answers")
            print_json(leadsieve.answer_schemas(name))
            return
        if name is not None:
            text = leadsieve.profile_template(name)
            if sys.stdout.isatty():
                print_lines(text.splitlines())
            else:  # into a file, as it is
                click.echo(text, nl=False)
            return
        found = leadsieve.profiles()
        if as_json:
            print_json([{"name": p.name, "title": p.title, "source": p.source} for p in found])
        else:
            width = max(len(p.name) for p in found)
            for profile in found:
                print_lines([f"{profile.name:<{width}}  {profile.title}"])
