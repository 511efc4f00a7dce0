"""The command: `python -m benchmarks` measures the engine, its floors and its peers, and compares earlier results."""

from __future__ import annotations

from importlib import import_module

import click

#: The commands, in the order in which they are told; each is `command` in the module of its name.
_COMMANDS = (
    *("compare", "floors", "goal", "peers", "stages", "sweep", "scaling"),
    *("phones", "text", "formats", "checks", "state", "diff"),
)


class _Commands(click.Group):
    """The commands, of which only the one that is called is loaded, since what measures must be small."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's own name
        """Name them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load one."""
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"benchmarks.commands.{cmd_name}").command
        return command


@click.group(cls=_Commands, invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Measure the engine on this machine.

    Each command prints a table, and writes it with every round as JSON, and as a chart, into benchmarks/results; `diff`
    compares two of these. Lead files and states are made once and kept in benchmarks/work. Without a command:
    `compare` with its defaults.
    """
    if context.invoked_subcommand is None:
        command = _Commands.get_command(context.command, context, "compare")  # type: ignore[arg-type]
        assert command is not None
        context.invoke(command)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
