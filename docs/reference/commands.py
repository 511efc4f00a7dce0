"""Commands and settings, from the command line itself."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from reference.markdown import DESCRIPTIONS, attributes, escaped, table, title

if TYPE_CHECKING:
    import click


def commands() -> str:
    """Every command with its help, its options, their defaults and their environment variables."""
    from leadsieve.cli import cli

    pages = [
        title("Commands", "Every command, as `leadsieve COMMAND --help` tells it, with the environment variables.")
    ]
    pages += [_command(names, command) for names, command in _walk(cli)]
    return "\n".join(pages)


def _walk(command: click.Command, *names: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Give a command and all below it, in the order of the help texts."""
    import click

    yield names, command
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            yield from _walk(command.commands[name], *names, name)


def _command(names: Sequence[str], command: click.Command) -> str:
    import click

    from leadsieve.cli.command import Command

    words = " ".join(("leadsieve", *names))
    context = click.Context(command, info_name=words)
    pieces = command.collect_usage_pieces(context)
    lines = [
        f"{'#' * min(2 + max(len(names) - 1, 0), 3)} {words}",
        "",
        f"`{words} {' '.join(pieces)}`".replace("  ", " "),
        "",
    ]
    lines += [_help(inspect.cleandoc(command.help or "")), ""]
    if isinstance(command, click.Group):
        listed = [(f"[`{name}`](#{'-'.join((*words.split(), name))})", _first_sentence(command.commands[name]))
                  for name in command.list_commands(context)]  # fmt: skip
        return "\n".join([*lines, *table(("Command", "What it does"), listed), ""])
    headed = command.by_heading(context) if isinstance(command, Command) else [("Options", command.get_params(context))]
    for heading, options in headed:
        shown = [option for option in options if isinstance(option, click.Option) and "--help" not in option.opts]
        if shown:
            lines += [f"**{heading}**", ""]
            lines += [
                *table(("Option", "What it does", "Environment"), [_option(o, context, command) for o in shown]),
                "",
            ]
    return "\n".join(lines)


def _option(option: click.Option, context: click.Context, command: click.Command) -> tuple[str, str, str]:
    from leadsieve.cli.setting_values import COMMAND_LINE_ONLY, option_key
    from leadsieve.config import variable

    spelled, told = option.get_help_record(context) or ("", "")
    key = option_key(option)
    takes = getattr(command, "_takes", ())
    settable = key not in COMMAND_LINE_ONLY and (takes is None or key in takes)
    return f"`{spelled}`", told, f"`{variable(key)}`" if settable else ""


def _help(text: str) -> str:
    """Turn a help text into Markdown: what click must not wrap is an example."""
    pieces = []
    for paragraph in text.split("\n\n"):
        lines = paragraph.lstrip("\b\n").splitlines()
        if paragraph.startswith("\b") and any(" leadsieve " in f" {line}" for line in lines):
            pieces.append("\n".join(("```sh", *lines, "```")))
        else:
            pieces.append(escaped(" ".join(" ".join(lines).split())))
    return "\n\n".join(pieces)


def _first_sentence(command: click.Command) -> str:
    return escaped(" ".join((command.help or "").split("\n\n")[0].split()))


def settings() -> str:
    """Every environment variable and key of the settings file."""
    from leadsieve.cli.setting_values import COMMAND_LINE_ONLY
    from leadsieve.cli.settings import known_options
    from leadsieve.config import Tuning, variable

    told = attributes(Tuning)
    tuning = [
        (f"`{field.name}`", f"`{variable(field.name)}`", _default(field), told[field.name])
        for field in dataclasses.fields(Tuning)
    ]
    options = [
        (f"`{key}`", f"`{variable(key)}`", escaped(option.help or ""))
        for key, option in sorted(known_options().items())
    ]
    never = [(f"`{key}`", why) for key, why in COMMAND_LINE_ONLY.items() if key not in ("source", "help", "version")]
    others = [(f"`{name}`", text) for name, text in DESCRIPTIONS["variables"].items()]
    lead = (
        "What can stand in `leadsieve.toml`, in `[tool.leadsieve]` of `pyproject.toml`, and in the environment. "
        "[Settings](../yours/settings.md) says how they go together; a key is its option's name with underscores."
    )
    pages = [title("Every setting", lead)]
    pages += ["## Options", "", *table(("Key", "Environment", "What it does"), options), ""]
    pages += ["## Tuning", "", "Under `[tuning]`. No result depends on these, but for the limits named so.", ""]
    pages += [*table(("Key", "Environment", "Default", "What it is"), tuning), ""]
    pages += ["## On the command line only", "", *table(("Option", "Since"), never), ""]
    pages += ["## Other variables", "", *table(("Environment", "What it does"), others), ""]
    return "\n".join(pages)


def _default(field: dataclasses.Field[Any]) -> str:
    """Return a default as one writes it; of threads it depends on the machine."""
    if field.name == "threads":
        return "the processors, 4 at the most"
    size = field.default
    for unit in ("", "KB", "MB", "GB"):
        if not isinstance(size, int) or size % 1024 or not field.name.endswith(("bytes", "memory")):
            return f"`{size}{unit}`"
        size //= 1024
    return f"`{size}TB`"
