"""What the environment and the settings file say of the options, and which of all that is said counts.

An option takes what is said nearest: on the command line, else by `LEADSIEVE_` and its name in capitals, else in the
settings file. `--set` and `--fail-over` do so for each of their keys, and the lists of `--suppress` add up: a list that
somebody has to keep to is never dropped because another one was named.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import click
from click.core import ParameterSource

from leadsieve.cli.setting_values import (
    COMMAND_LINE_ONLY,
    MERGED,
    from_environment,
    from_file,
    key_of_pair,
    option_key,
    refused,
)
from leadsieve.config import Tuning, variable
from leadsieve.exceptions import UsageError
from leadsieve.settings_file import SettingsFile, find_settings_file
from leadsieve_rules.wording import did_you_mean

#: Variables that are no options and no tuning.
_OTHER_VARIABLES = frozenset(("LEADSIEVE_DEBUG", "LEADSIEVE_CACHE_DIR"))
_KEY = "leadsieve.settings"
_log = logging.getLogger("leadsieve")


@dataclass(frozen=True, slots=True)
class Said:
    """What one place says of one option.

    Attributes:
        value: As click gives it for the command line: text, number, yes or no, or a tuple of texts.
        where: "option --region", "environment LEADSIEVE_REGION", or the settings file's path.
    """

    value: Any
    where: str


@dataclass(frozen=True, slots=True)
class Settings:
    """What is said of a command's options, and where.

    Attributes:
        file: The settings file; None where there is none.
        said: By option, what counts of it, nearest first: one place, or several where what they say adds up.
        tuning: How to use the machine.
        tuned: By tuning that is no default, where it came from.
        unknown: What to warn of: variables that look like settings and are none.
    """

    file: SettingsFile | None
    said: Mapping[str, tuple[Said, ...]]
    tuning: Tuning
    tuned: Mapping[str, str]
    unknown: tuple[str, ...] = field(default=())

    def tell(self) -> None:
        """Log what came from the environment and the settings file."""
        for line in self.unknown:
            _log.warning("%s", line)
        if self.file is not None:
            names = self._from(str(self.file.path), tuning=True)
            over = "" if self.file.passed_over is None else f" (not from {self.file.passed_over} beside it)"
            if names or over:
                _log.info("settings from %s%s: %s", self.file.path, over, ", ".join(names) or "none")
        if names := [variable(name) for name in self._from("environment ")]:
            _log.info("settings from the environment: %s", ", ".join(names))

    def _from(self, where: str, *, tuning: bool = False) -> list[str]:
        names = [name for name, told in self.said.items() if any(one.where.startswith(where) for one in told)]
        return names + [name for name, origin in self.tuned.items() if tuning and origin.startswith(where)]

    def blame(self, message: str) -> str:
        """Return what to add to a failure's message: where the options that it names were said, if not beside it."""
        places: dict[str, list[str]] = {}
        for name, told in self.said.items():
            for one in told:
                if not one.where.startswith("option ") and _named(message, name, one.value):
                    places.setdefault(one.where, []).append(name)
        return "".join(f" ({', '.join(dict.fromkeys(names))}: from {where})" for where, names in places.items())


def _named(message: str, name: str, value: Any) -> bool:
    """Say whether a message speaks of an option, or quotes what was said of it."""
    texts = [value] if isinstance(value, str) else value if isinstance(value, tuple) else ()
    words = [f"--{name.replace('_', '-')}", *filter(None, texts)]
    # What ends a file's name, such as .xlsx, is no value of an option.
    return any(re.search(rf"(?<![\w.-]){re.escape(word)}(?![\w-])", message) for word in words)


def settings_of(context: click.Context) -> Settings:
    """Return the settings of the command that runs, whose arguments are parsed."""
    found: Settings = context.meta[_KEY]
    return found


def present_settings() -> Settings | None:
    """Return the settings of the command that runs; None where none does, or it is of a kind that takes none."""
    context = click.get_current_context(silent=True)
    return None if context is None else context.meta.get(_KEY)


def apply_settings(context: click.Context, takes: Iterable[str] | None) -> None:
    """Fill in what the command line leaves open, from the environment and the settings file, and keep where from.

    Args:
        context: Of a command whose arguments are parsed.
        takes: The options that it takes from there; None is all of them.

    Raises:
        UsageError: What is said there is no option, or no value of it.
    """
    options = {option_key(p): p for p in context.command.params if isinstance(p, click.Option)}
    taken = [key for key in options if key not in COMMAND_LINE_ONLY and (takes is None or key in takes)]
    file = find_settings_file()
    in_file = {} if file is None else from_file(file, known_options())
    tuning, tuned = Tuning.found(None, os.environ, file)
    unknown = tuple(_unknown_variables(os.environ))
    said: dict[str, tuple[Said, ...]] = {}
    for key, option in options.items():
        told = []
        assert option.name is not None  # noqa: S101 - click names every option
        if context.get_parameter_source(option.name) is ParameterSource.COMMANDLINE:
            told.append(Said(context.params[option.name], f"option {_spelled(option, context)}"))
        if key in taken:
            if (text := os.environ.get(variable(key))) is not None and text:
                value = from_environment(variable(key), option, text)
                told.append(Said(value, f"environment {variable(key)}"))
            if file is not None and key in in_file:
                told.append(Said(in_file[key], str(file.path)))
        if told:
            adds_up = key in MERGED and option.multiple
            said[key] = _adding_up(key, told) if adds_up else (told[0],)
            values = [one.value for one in said[key]]
            context.params[option.name] = sum(values, ()) if adds_up else values[0]
    context.meta[_KEY] = Settings(file, said, tuning, tuned, unknown)


def _adding_up(key: str, told: list[Said]) -> tuple[Said, ...]:
    """Return what counts of an option of which all that is said adds up: of each key, what is said nearest."""
    seen: set[str] = set()
    counting = []
    for one in told:
        texts = tuple(text for text in one.value if key_of_pair(key, text) not in seen)
        seen.update(key_of_pair(key, text) for text in texts)
        if texts:
            counting.append(Said(texts, one.where))
    return tuple(counting)


def _spelled(option: click.Option, context: click.Context) -> str:
    """Return an option as it was given: `--no-header` is the other name of `--header`."""
    value = context.params[str(option.name)]
    return max(option.secondary_opts if value is False and option.secondary_opts else option.opts, key=len)


@cache
def known_options() -> Mapping[str, click.Option]:
    """Return every option that can be set from the environment and the settings file, by its name there."""
    from leadsieve.cli.clean import clean
    from leadsieve.cli.inspect import inspect

    found = {option_key(p): p for command in (inspect, clean) for p in command.params if isinstance(p, click.Option)}
    return {key: option for key, option in found.items() if key not in COMMAND_LINE_ONLY}


def _unknown_variables(environ: Mapping[str, str]) -> Iterator[str]:
    """Say which variables look like settings and are none.

    Raises:
        UsageError: One is an option that is taken from the command line only.
    """
    known = {variable(key) for key in (*known_options(), *Tuning.__dataclass_fields__)} | _OTHER_VARIABLES
    for name in sorted(environ):
        key = name.removeprefix("LEADSIEVE_").lower()
        if not name.startswith("LEADSIEVE_") or name in known or name.startswith("LEADSIEVE_TEST"):
            continue
        if key in COMMAND_LINE_ONLY:
            if environ[name]:
                raise UsageError(f"environment {name}: {refused(key)}; unset it")
            continue
        yield f"environment {name} is no setting{did_you_mean(name, known)}, and was passed over"
