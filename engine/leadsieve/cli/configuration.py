"""`leadsieve clean --print-config`: every option and tuning in force, and where it came from."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from leadsieve.cli.command import Command
from leadsieve.cli.report import print_json, print_lines
from leadsieve.cli.setting_values import COMMAND_LINE_ONLY, option_key
from leadsieve.cli.settings import Said, Settings
from leadsieve.config import Options, Tuning, paths_and_frames
from leadsieve.exceptions import translated
from leadsieve.limits import as_limits
from leadsieve.target import Target, aim
from leadsieve_connectors.sources.storage import display_name
from leadsieve_rules.profiles.model import DuplicateRule

#: What a line may be wide, and how wide its first two columns are.
_WIDTH, _NAME, _VALUE = 80, 22, 24
_NONE = "none"
#: What an option that nobody says does.
_DEFAULTS: Mapping[str, str] = {
    **dict.fromkeys(("encoding", "delimiter", "header"), "found"),
    "state": "leadsieve.duckdb",
    "profile": "plain",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One value in force.

    Attributes:
        group: The heading that it stands under.
        name: The option's name, as in settings.
        value: What it is, as text; None is nothing.
        origin: Where it came from.
    """

    group: str
    name: str
    value: str | None
    origin: str


def print_configuration(
    context: click.Context, settings: Settings, options: Mapping[str, Any], *, as_json: bool
) -> None:
    """Print what a run would be told, after it was checked like a run's.

    Args:
        context: Of the command.
        settings: What was said, and where.
        options: The options as `leadsieve.clean` takes them, but for the sources.
        as_json: Print a JSON object.

    Raises:
        UsageError: What no run can do.
    """
    with translated():
        target = aim(_checked(options, settings.tuning))
    rows = list(_rows(context, settings, target))
    file = None if settings.file is None else str(settings.file.path)
    if as_json:
        print_json({"settings_file": file, "values": [dataclasses.asdict(row) for row in rows]})
        return
    lines = [f"settings file: {file or 'none in this folder or above it'}"]
    for number, row in enumerate(rows):
        if not number or row.group != rows[number - 1].group:
            lines += ["", f"{row.group}:"]
        lines += _told(row)
    print_lines(lines)


def _checked(options: Mapping[str, Any], tuning: Tuning) -> Options:
    """Check all that a run checks before it opens anything, but for files of its own: the schema and the prompt."""
    given = {name: value for name, value in options.items() if name not in {"schema", "prompt"}}
    texts = ("columns", "duplicate_statuses")
    return Options(
        **{
            **given,
            **{name: None if given[name] is None else tuple(given[name]) for name in texts},
            "sources": ("-",),
            "state": Path(given["state"] or _DEFAULTS["state"]),
            "out": given["out"] if "://" in str(given["out"]) or given["out"] is None else Path(given["out"]),
            "fail_over": as_limits(given["fail_over"]),
            "suppress": paths_and_frames(given["suppress"]),
            # It may be asked for before it is said where the outputs go.
            "dry_run": True,
            "tuning": tuning,
        }
    )


def _rows(context: click.Context, settings: Settings, target: Target) -> Iterator[Row]:
    assert isinstance(context.command, Command)  # noqa: S101 - it is where the headings are
    for group, options in context.command.by_heading(context):
        for option in options:
            key = option_key(option)
            if key in COMMAND_LINE_ONLY and key not in {"overwrite", "again", "quiet"}:
                continue
            told = settings.said.get(key, ())
            for one in told:
                yield from (Row(group, key, text, one.where) for text in _texts(one))
            if key == "set":
                yield from _own_settings(group, told, target)
            elif not told:
                yield _unsaid(group, key, context.params[str(option.name)], target)
            if key == "profile":
                yield Row(group, "phone_check", target.profile.phone.check, f"profile {target.profile.name}")
    for field in dataclasses.fields(Tuning):
        value = getattr(settings.tuning, field.name)
        is_size = field.name.endswith("_bytes") or field.name == "memory"
        text = _size(value) if is_size else str(value)
        yield Row("Tuning", field.name, text, settings.tuned.get(field.name, "default"))


def _size(value: int) -> str:
    """Return a size as it can be given."""
    for unit, power in (("GB", 30), ("MB", 20), ("KB", 10)):
        if not value % (1 << power):
            return f"{value >> power}{unit}"
    return str(value)


def _texts(said: Said) -> list[str]:
    if isinstance(said.value, bool):
        return ["yes" if said.value else "no"]
    values = said.value if isinstance(said.value, tuple) else (said.value,)
    return [display_name(value) if isinstance(value, str) else str(value) for value in values]


def _own_settings(group: str, told: tuple[Said, ...], target: Target) -> Iterator[Row]:
    """Give the settings that the profile, or the campaign's name, fills in."""
    said = {text.partition("=")[0] for one in told for text in one.value}
    for name, value in target.settings.values.items():
        if value is not None and name not in said:
            rule = target.profile.settings[name]
            origin = "campaign" if rule.campaign and value != rule.default else f"profile {target.profile.name}"
            text = str(value).lower() if isinstance(value, bool) else str(value)
            yield Row(group, "set", f"{name}={text}", origin)


def _unsaid(group: str, key: str, value: Any, target: Target) -> Row:
    """Say what an option is that nobody says."""
    profile = f"profile {target.profile.name}"
    rule, usual = target.profile.duplicates, DuplicateRule()
    if key == "region" and target.region is not None:
        return Row(group, key, target.region, profile)
    if key == "duplicates":
        return Row(group, key, target.scope, profile if rule.scope == target.scope else "default")
    if key == "duplicate_statuses":
        return Row(group, key, ",".join(rule.statuses), "default" if rule.statuses == usual.statuses else profile)
    if key == "duplicate_age" and rule.age_days is not None:
        return Row(group, key, str(rule.age_days), profile)
    if value is None or value == ():
        return Row(group, key, _DEFAULTS.get(key), "default")
    return Row(group, key, ("yes" if value else "no") if isinstance(value, bool) else str(value), "default")


def _told(row: Row) -> Iterator[str]:
    """Lay a value out for people: name, value and origin, on lines of their own where they are long."""
    value = row.value if row.value is not None else _NONE
    line = f"  {row.name:<{_NAME}}  {value:<{_VALUE}}  {row.origin}"
    if len(line) <= _WIDTH:
        yield line
        return
    margin = " " * (_NAME + 4)
    shape: dict[str, Any] = {"width": _WIDTH, "subsequent_indent": margin, "break_long_words": False}
    for lead, text in (
        (f"  {row.name:<{_NAME}}  ", value.replace(",", ", ") if " " not in value else value),
        (margin, f"from {row.origin}"),
    ):
        yield from textwrap.wrap(text, initial_indent=lead, break_on_hyphens=False, **shape)
