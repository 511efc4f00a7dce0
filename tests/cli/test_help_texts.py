"""Every help text has an example that can be run, fits the screen, and lists every option once."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import click
import pytest

from leadsieve.cli import cli
from leadsieve.cli.setting_values import option_key


def _commands(command: click.Command, *names: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield names, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from _commands(inner, *names, name)


COMMANDS = dict(_commands(cli))
IDS = [" ".join(names) or "leadsieve" for names in COMMANDS]


def _help(names: tuple[str, ...], width: int) -> str:
    context = click.Context(COMMANDS[names], info_name=" ".join(("leadsieve", *names)), **cli.context_settings)
    context.terminal_width = width
    return COMMANDS[names].get_help(context)


@pytest.mark.parametrize("names", COMMANDS, ids=IDS)
@pytest.mark.parametrize("width", [80, 100])
def test_no_line_is_longer_than_the_screen(names: tuple[str, ...], width: int) -> None:
    text = _help(names, width)
    assert max(map(len, text.splitlines())) <= width
    assert "\x1b" not in text


@pytest.mark.parametrize("names", COMMANDS, ids=IDS)
def test_there_is_an_example_and_it_parses(names: tuple[str, ...], tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"^ +leadsieve (.*)$", _help(names, 100).partition("\n")[2], re.MULTILINE)
    assert examples
    for example in examples:
        words = shlex.split(re.sub(r" >.*", "", example))
        found: click.Command = cli
        said = []
        while isinstance(found, click.Group):
            said.append(words.pop(0))
            found = found.commands[said[-1]]
        assert tuple(said[: len(names)]) == names
        found.make_context(said[-1], words)


@pytest.mark.parametrize("names", COMMANDS, ids=IDS)
def test_every_option_is_told_once(names: tuple[str, ...]) -> None:
    text, command = _help(names, 100), COMMANDS[names]
    options = [p for p in command.params if isinstance(p, click.Option)]
    for option in options:
        assert len(re.findall(rf"^  {re.escape(option.opts[0])}[ \n]", text, re.MULTILINE)) == 1
        assert option.help
    assert text.count("Show this message and exit.") == 1
    assert len({option_key(option) for option in options}) == len(options)


@pytest.mark.parametrize("names", [names for names in COMMANDS if isinstance(COMMANDS[names], click.Group)], ids=str)
def test_every_command_is_listed_with_its_whole_first_sentence(names: tuple[str, ...]) -> None:
    text = " ".join(_help(names, 80).split())
    for name, command in COMMANDS[names].commands.items():  # type: ignore[attr-defined]
        first = " ".join(command.help.split("\n\n")[0].split()).rstrip(".")
        assert f" {name} {first}" in text


def test_the_options_of_clean_stand_under_headings() -> None:
    text = _help(("clean",), 100)
    headings = re.findall(r"^(\S.*):$", text, re.MULTILINE)
    assert headings == ["Target system", "Columns and reading", "Checks", "Duplicates", "Output", "Run"]
