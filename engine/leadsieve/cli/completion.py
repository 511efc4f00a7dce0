"""`leadsieve completion`: what lets a shell complete options, profiles, settings, regions and campaigns."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from functools import wraps
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem, get_completion_class

from leadsieve.cli.command import Command
from leadsieve.config import variable

_VARIABLE = "_LEADSIEVE_COMPLETE"
_Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what lets your shell complete leadsieve's commands, options and their values.

    \b
    bash: echo 'eval "$(leadsieve completion bash)"' >> ~/.bashrc
    zsh:  echo 'eval "$(leadsieve completion zsh)"' >> ~/.zshrc
    fish: leadsieve completion fish > ~/.config/fish/completions/leadsieve.fish
    Then open a new shell.

    \b
    leadsieve completion bash
    """
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click has one for each choice
    click.echo(kind(click.Command("leadsieve"), {}, "leadsieve", _VARIABLE).source())


def _silent(complete: Callable[[click.Context, str], Iterable[str]]) -> _Complete:
    """Make a completer of what gives the words: those that begin like what is typed, and none where it fails."""

    @wraps(complete)
    def completer(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        try:
            return [CompletionItem(word) for word in complete(ctx, incomplete) if word.startswith(incomplete)]
        except Exception:  # whoever presses the tab key asks for no error
            return []

    return completer


def complete_file(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Let the shell complete a file's name."""
    return [CompletionItem(incomplete, type="file")]


def complete_folder(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Let the shell complete a folder's name."""
    return [CompletionItem(incomplete, type="dir")]


@_silent
def complete_region(_ctx: click.Context, incomplete: str) -> Iterable[str]:
    """Give the regions that have telephone numbers."""
    from phonenumbers import SUPPORTED_REGIONS

    found = sorted(SUPPORTED_REGIONS)
    return found if incomplete == incomplete.upper() else [region.lower() for region in found]


@_silent
def _profiles(_ctx: click.Context, _incomplete: str) -> Iterable[str]:
    return sorted(path.stem for path in _profile_folder().glob("*.toml"))


def complete_profile(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Give the profiles' names, or let the shell complete the name of a file."""
    return _profiles(ctx, param, incomplete) or complete_file(ctx, param, incomplete)


@_silent
def complete_setting(ctx: click.Context, _incomplete: str) -> Iterable[str]:
    """Give the settings of the profile that is named, or that the environment or the settings file names."""
    import tomllib

    name = str(_said(ctx, "profile") or "plain")
    path = _profile_folder() / f"{name}.toml"
    rules = tomllib.loads((path if path.exists() else Path(name)).read_text(encoding="utf-8")).get("settings", {})
    return [f"{key}=" for key, rule in rules.items() if not rule.get("secret")]


@_silent
def complete_campaign(ctx: click.Context, _incomplete: str) -> Iterable[str]:
    """Give the campaigns of the state, if it can be read at once."""
    path = Path(str(_said(ctx, "state") or "leadsieve.duckdb"))
    if not path.is_file():
        return ()
    from leadsieve_connectors.campaigns import State

    return [one.name for one in State(path, wait_seconds=0.0).campaigns()]


def _said(ctx: click.Context, name: str) -> Any:
    """Return what an option is as far as it is typed, else by the environment or the settings file."""
    from leadsieve.settings_file import find_settings_file

    if value := ctx.params.get(name) or os.environ.get(variable(name)):
        return value
    file = find_settings_file()
    value = None if file is None else file.values.get(name)
    is_path = name == "state" or str(value).endswith(".toml")
    return file.resolve(value) if file is not None and isinstance(value, str) and is_path else value


def _profile_folder() -> Path:
    import leadsieve_rules

    return Path(leadsieve_rules.__file__).parent / "profiles"
