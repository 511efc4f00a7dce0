"""How an option's value is written in the environment and in the settings file, and read into what click gives."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from pathlib import PurePath
from typing import Any

import click

from leadsieve.config import parse_names
from leadsieve.exceptions import UsageError
from leadsieve.settings_file import SettingsFile
from leadsieve_rules.wording import did_you_mean, quoted

#: Options that are tables of the settings file, and KEY=VALUE with commas between in the environment.
PAIRS = frozenset(("map", "set", "fail_over"))
#: Options of which what several places say adds up, by key.
MERGED = frozenset(("set", "fail_over", "suppress"))
#: Options that are text with commas between on the command line, and may be arrays in the settings file.
_NAMES = frozenset(("columns", "duplicate_statuses"))
#: Options that name files, which the settings file names from its own folder.
_PATHS = frozenset(("state", "out", "prompt", "schema", "profile", "suppress"))
_TRUTH = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
_WHOLE = re.compile(r"\s*[+-]?\d{1,18}\s*")
_YAML = re.compile(r".*\.ya?ml(:\w+)?\s*", re.IGNORECASE | re.DOTALL)
#: What is said for one run, where it is started, and never by what lies about; and why.
COMMAND_LINE_ONLY: Mapping[str, str] = {
    "source": "it says what this one run reads",
    "sources": "it says what this one run reads",
    "overwrite": "it replaces what was published before",
    "again": "it imports a second time",
    "show_values": "it shows personal data",
    "json": "a program that reads the result must know of it",
    "quiet": "it hides what was decided",
    "print_config": "it keeps the command from running",
    "help": "it keeps the command from running",
    "version": "it keeps the command from running",
}


def option_key(option: click.Parameter) -> str:
    """Return what settings call an option: its own name, with underscores."""
    return max(option.opts, key=len).lstrip("-").replace("-", "_")


def refused(key: str) -> str:
    """Say why an option is not taken from the environment or the settings file."""
    what = "SOURCE" if key.startswith("source") else f"--{key.replace('_', '-')}"
    return f"{what} is taken from the command line only, since {COMMAND_LINE_ONLY[key]}"


def from_environment(name: str, option: click.Option, text: str) -> Any:
    """Read an option's value from an environment variable.

    Args:
        name: The variable's name.
        option: The option.
        text: What the variable holds: as on the command line; `1` or `0` for one without a value; what repeats with
            commas between, and double quotes around what holds one.

    Raises:
        UsageError: It is no value of the option.
    """
    where = f"environment {name}"
    if option.multiple:
        return parse_names(where, text)
    if option.is_flag:
        if text.strip().lower() not in _TRUTH:
            raise UsageError(f"{where}={quoted(text)} is neither yes nor no; give 1 or 0")
        return _TRUTH[text.strip().lower()]
    if isinstance(option.type, type(click.INT)):
        if not _WHOLE.fullmatch(text):
            raise UsageError(f"{where}={quoted(text)} is not a whole number; write it like 100")
        return int(text)
    _require_choice(where, option, text, "=")
    _require_no_code(where, option_key(option), text)
    return text


def from_file(file: SettingsFile, options: Mapping[str, click.Option]) -> dict[str, Any]:
    """Read the options' values from the settings file, each as click gives it for the command line.

    Args:
        file: The settings file.
        options: Every option that can stand in it, by its name there.

    Raises:
        UsageError: A key that is no option, or a value that is none of it.
    """
    values = {}
    for key, value in file.values.items():
        if key == "tuning":
            continue
        if key in COMMAND_LINE_ONLY:
            raise UsageError(f"{file.path}: {key}: {refused(key)}; take it out")
        if key not in options:
            known = sorted((*options, "tuning"))
            raise UsageError(
                f"{file.path}: {key} is no setting{did_you_mean(key, known)}; there are {', '.join(known)}"
            )
        values[key] = _value(file, key, options[key], value)
    return values


def key_of_pair(option: str, text: str) -> str:
    """Return what makes two values of an option the same matter: a setting's key, a limit's reason, or all of it."""
    if option == "fail_over":
        return text.rpartition("=")[0].strip() or "overall"
    return text.partition("=")[0] if option == "set" else text


def _value(file: SettingsFile, key: str, option: click.Option, value: Any) -> Any:
    where = f"{file.path}: {key}"
    if key in PAIRS:
        return tuple(_pairs(where, key, value))
    if option.multiple:
        texts = tuple(_texts(where, (value,) if isinstance(value, str) else value, f'{key} = ["a.csv", "b.csv"]'))
        return tuple(_path(file, key, text) for text in texts)
    if key in _NAMES:
        return value if isinstance(value, str) else _joined(_texts(where, value, f'{key} = ["one", "another"]'))
    if option.is_flag:
        return _kind(where, value, bool, "neither true nor false", f"{key} = true")
    if isinstance(option.type, type(click.INT)):
        return _kind(where, value, int, "not a whole number", f"{key} = 100")
    text = _kind(where, value, str, "not text", f'{key} = "..."')
    _require_choice(where, option, text, " = ")
    _require_no_code(where, key, text)
    return _path(file, key, text) if key in _PATHS else text


def _kind(where: str, value: Any, kind: type, fault: str, example: str) -> Any:
    if type(value) is not kind:
        raise UsageError(f"{where} = {_shown(value)} is {fault}; write it like {example}")
    return value


def _texts(where: str, values: Any, example: str) -> Iterator[str]:
    if not isinstance(values, list | tuple):
        raise UsageError(f"{where} = {_shown(values)} is no list; write it like {example}")
    for value in values:
        yield _kind(f"{where}, one of it", value, str, "not text", example)


def _pairs(where: str, key: str, table: Any) -> Iterator[str]:
    """Return a table as the command line's KEY=VALUE; a limit on all rows may stand alone."""
    if key == "fail_over" and type(table) in {str, int, float}:
        yield _plain(where, table)
        return
    if not isinstance(table, Mapping):
        raise UsageError(f"{where} = {_shown(table)} is no table; write [{key}], and a line KEY = VALUE for each")
    for name, value in table.items():
        if key == "set" and isinstance(value, Mapping):
            yield from _pairs(where, key, {f"{name}.{inner}": deep for inner, deep in value.items()})
        elif key == "map":
            yield f"{name}={_kind(f'{where}: {quoted(name)}', value, str, 'not the name of a field', _MAP)}"
        else:
            yield f"{name}={_plain(f'{where}: {name}', value)}"


_MAP = '"Mobile No" = "phone_number"'


def _plain(where: str, value: Any) -> str:
    """Return a value as the command line has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, list) and all(type(one) in {str, int} for one in value):
        return ",".join(map(str, value))
    # What it says is not shown: it may be a secret that somebody has put there.
    raise UsageError(f"{where} is no text, number, true, false, or list of texts or whole numbers; write it as one")


def _joined(texts: Iterable[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(texts)
    return line.getvalue()


def _path(file: SettingsFile, key: str, text: str) -> str:
    if text.startswith("@") and key == "suppress":
        return text
    if key == "profile" and PurePath(text).suffix != ".toml" and PurePath(text).name == text:
        return text
    return file.resolve(text)


def _require_choice(where: str, option: click.Option, text: str, sign: str) -> None:
    if isinstance(option.type, click.Choice) and text not in option.type.choices:
        known = [str(choice) for choice in option.type.choices]
        raise UsageError(
            f"{where}{sign}{quoted(text)} is unknown{did_you_mean(text, known)}; there are {', '.join(known)}"
        )


def _require_no_code(where: str, key: str, text: str) -> None:
    """Refuse a schema that is Python: code runs where the command line names it, and nowhere else."""
    if key == "schema" and not _YAML.fullmatch(text):
        raise UsageError(
            f"{where}: {quoted(text)} is not YAML; a schema in Python is a program, which is named on the command line "
            f"only: --schema {text}"
        )


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return quoted(value) if isinstance(value, str) else str(value)
