"""The kind of command that leadsieve's are: options from settings too, and help in the order in which one reads it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import click

from leadsieve.cli.setting_values import option_key
from leadsieve.cli.settings import apply_settings

#: What every command takes from the environment and the settings file, where it has the option.
_SHARED = ("state", "region")
#: A command's first sentence is listed whole, on as many lines as it takes.
_SENTENCE = 200


class Command(click.Command):
    """A command whose options can come from the environment and the settings file.

    Args:
        takes: The names of those that can; None is all that are not for the command line only.
        headings: Names of options under the headings of the help text; None is one heading for all. An option that is
            not listed stands under the last.
    """

    def __init__(
        self,
        *args: Any,
        takes: Iterable[str] | None = _SHARED,
        headings: Mapping[str, Sequence[str]] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._takes, self._headings = takes, headings

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the command line; what it leaves open is filled in."""
        rest = super().parse_args(ctx, args)
        if not ctx.resilient_parsing:
            apply_settings(ctx, self._takes)
        return rest

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, under their headings."""
        if self._headings is None:
            super().format_options(ctx, formatter)
            return
        for heading, options in self.by_heading(ctx):
            with formatter.section(heading):
                formatter.write_dl([record for option in options if (record := option.get_help_record(ctx))])

    def by_heading(self, ctx: click.Context) -> Iterator[tuple[str, list[click.Parameter]]]:
        """Give the options under each heading of the help text, in its order."""
        options = {option_key(p): p for p in self.get_params(ctx) if isinstance(p, click.Option)}
        headings = {heading: list(names) for heading, names in (self._headings or {"Options": ()}).items()}
        listed = {name for names in headings.values() for name in names}
        last = list(headings)[-1]
        headings[last] = [*(name for name in options if name not in listed), *headings[last]]
        for heading, names in headings.items():
            yield heading, [options[name] for name in names if name in options]


class ReaderGone(Exception):
    """Whoever read the output has gone; click would make of the operating system's error an exit with code 1."""


class Group(click.Group):
    """A command of commands, which its help lists in their order, or under headings.

    Args:
        headings: Names of commands under the headings of the help text; one that is not listed stands under the last.
    """

    command_class = Command

    def __init__(self, *args: Any, headings: Mapping[str, Sequence[str]] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._headings = headings

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as exc:
            raise ReaderGone from exc

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click gives it
        """Return the commands in the order of their headings, else as they were added."""
        listed = [name for names in (self._headings or {}).values() for name in names if name in self.commands]
        return [*listed, *(name for name in self.commands if name not in listed)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - as above
        """Write the commands, each with the first sentence of its help, under their headings."""
        headings = {heading: list(names) for heading, names in (self._headings or {"Commands": ()}).items()}
        listed = [name for names in headings.values() for name in names]
        headings[list(headings)[-1]] += [name for name in self.commands if name not in listed]
        for heading, names in headings.items():
            with formatter.section(heading):
                formatter.write_dl(
                    [
                        (name, self.commands[name].get_short_help_str(_SENTENCE))
                        for name in names
                        if name in self.commands
                    ]
                )
