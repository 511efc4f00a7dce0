"""A run's settings: what a profile asks the user for, checked and typed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from leadsieve_rules.exceptions import InvalidSetting
from leadsieve_rules.profiles.model import SETTING_TYPES, Profile, SettingRule
from leadsieve_rules.profiles.templates import COUNT_NAMES, STRUCTURE_NAMES
from leadsieve_rules.wording import did_you_mean, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leadsieve_rules.profiles.section import Section

_EXPECTED = {
    "string": "a string",
    "integer": "a whole number",
    "boolean": "true or false",
    "datetime": "a date and time as ISO 8601, such as 2026-03-01T10:30:00+01:00",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a run.

    Attributes:
        values: Every setting of the profile that is no secret, in the profile's order, with its typed value:
            given, or the default, or None. Dates and times are strings as given.
        missing: Required settings that have no value. Answers are predicted as if they were given.
    """

    values: Mapping[str, str | int | bool | None]
    missing: tuple[str, ...]


def resolve_settings(profile: Profile, given: Mapping[str, object]) -> Settings:
    """Check and type what the user gave.

    Args:
        profile: The target system.
        given: Setting to value: text, as on the command line, or a value of the setting's own type.

    Raises:
        InvalidSetting: The profile does not have a setting, it is a secret, or its value is not of its type
            or pattern.
    """
    for name in given:
        if name not in profile.settings:
            known = [key for key, rule in profile.settings.items() if not rule.secret]
            choices = f"; it takes {', '.join(known)}" if known else "; it takes none"
            raise InvalidSetting(
                f"profile {profile.name} has no setting {quoted(name)}{did_you_mean(name, known)}{choices}"
            )
        if profile.settings[name].secret:
            raise InvalidSetting(f"setting {name} of profile {profile.name} is a secret, never taken: leave it out")
    values: dict[str, str | int | bool | None] = {}
    for name, rule in profile.settings.items():
        if not rule.secret:
            values[name] = _typed(rule, given[name]) if name in given else rule.default
    missing = tuple(name for name, value in values.items() if value is None and profile.settings[name].required)
    return Settings(values=values, missing=missing)


def read_settings(section: Section) -> dict[str, SettingRule]:
    """Read `[settings]` of a profile.

    Raises:
        InvalidProfile: The table breaks the format.
    """
    return {name: _rule(name, entry, section) for name, entry in section.sections()}


def _rule(name: str, entry: Section, parent: Section) -> SettingRule:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        parent.fail(quoted(name), "a setting's name is letters, digits and _ only")
    if name in COUNT_NAMES or name in STRUCTURE_NAMES:
        parent.fail(name, "is a name that answers have already; choose another")
    kind = entry.choice("type", SETTING_TYPES)
    if kind is None:
        entry.fail("type", f"is missing; it takes {' | '.join(SETTING_TYPES)}")
    rule = SettingRule(
        name=name,
        type=kind,
        required=entry.flag("required"),
        pattern=_pattern(entry, kind),
        secret=entry.flag("secret"),
        assumed=entry.flag("assumed"),
    )
    if "default" in entry:
        default = entry.body("default")
        if rule.secret:
            entry.fail("default", "a secret has no default")
        try:
            if kind in {"integer", "boolean"} and isinstance(default, str):
                entry.fail("default", f"must be {_EXPECTED[kind]}, not {default!r}")
            rule = replace(rule, default=_typed(rule, default))
        except InvalidSetting as error:
            entry.fail("default", error.message)
    entry.done()
    return rule


def _pattern(entry: Section, kind: str) -> str | None:
    pattern = entry.value("pattern", str)
    if pattern is None:
        return None
    if kind != "string":
        entry.fail("pattern", f"is for strings, and the type is {kind}")
    try:
        re.compile(pattern)
    except re.error as error:
        entry.fail("pattern", f"{quoted(pattern)} is no regular expression: {error}")
    return pattern


def _typed(rule: SettingRule, value: Any) -> str | int | bool:
    """Bring a value to the setting's type; text is read as the command line gives it."""
    if rule.type == "integer":
        if isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,18}", value):
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    elif rule.type == "boolean":
        if isinstance(value, bool):
            return value
        if value in {"true", "false"}:
            return bool(value == "true")
    elif isinstance(value, str) and (rule.type == "string" or _is_datetime(value)):
        return _matching(rule, value)
    raise InvalidSetting(f"setting {rule.name} takes {_EXPECTED[rule.type]}, not {value!r}")


def _matching(rule: SettingRule, value: str) -> str:
    if rule.required and not value.strip():
        raise InvalidSetting(f"setting {rule.name} is required and must not be empty")
    if rule.pattern is not None and not re.fullmatch(rule.pattern, value):
        raise InvalidSetting(f"setting {rule.name} must match {rule.pattern}, which {quoted(value)} does not")
    return value


def _is_datetime(value: str) -> bool:
    """Whether text is a date and a time by ISO 8601; a date alone is not."""
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return "T" in value or " " in value
