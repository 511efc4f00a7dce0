"""A run's settings: what a profile asks the user for, checked and typed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leadsieve_rules.exceptions import InvalidSetting, UnknownRegion
from leadsieve_rules.fields.zones import is_zone
from leadsieve_rules.patterns import matches_whole
from leadsieve_rules.phone.regions import NUMBER_TYPES, check_region
from leadsieve_rules.wording import did_you_mean, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leadsieve_rules.profiles.model import Profile, SettingRule

#: What a setting of each type takes, for messages.
EXPECTED = {
    "string": "a string",
    "integer": "a whole number",
    "boolean": "true or false",
    "datetime": "a date and time as ISO 8601, such as 2026-03-01T10:30:00+01:00",
    "time_zone": "an IANA time zone, such as Europe/Berlin",
    "integers": "whole numbers with commas between, such as 60,300,900",
    "countries": "region codes with commas between, such as IN,US",
    "prefixes": "leading digits of numbers, country code first, with commas between, such as 9198,1212",
    "number_types": f"types of numbers with commas between, of {', '.join(NUMBER_TYPES)}",
}
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
#: What is added where a date and time is refused for more than its form.
_FAULTS = {
    "no_offset": "without its offset from UTC it could be any of many times",
    "dst_gap": "clocks are put forward over it, so there is no such time",
    "impossible": "there is no such date or time",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a run.

    Attributes:
        values: Every setting of the profile that is no secret, in the profile's order, with its typed value:
            given, or the default, or None. Dates and times are strings as given; lists are text with commas
            between.
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
        InvalidSetting: The profile does not have a setting, it is a secret, its value is not of its type or pattern,
            or a list has more entries than another setting allows. `conditions` says which setting is refused, as
            answers take it.
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
            values[name] = typed(rule, given[name]) if name in given else rule.default
    for name, value in values.items():
        if profile.settings[name].type == "datetime" and value is not None:
            _check_time(profile.settings[name], str(value), _zone_of(profile, name, values))
        _check_length(profile.settings[name], values)
    missing = tuple(name for name, value in values.items() if value is None and profile.settings[name].required)
    return Settings(values=values, missing=missing)


def typed(rule: SettingRule, value: Any) -> str | int | bool:
    """Bring a value to the setting's type; text is read as the command line gives it.

    Args:
        rule: The setting.
        value: Text, or a value of the setting's own type.

    Raises:
        InvalidSetting: The value is not of the type or the pattern.
    """
    if rule.type == "integer":
        if isinstance(value, str) and _INTEGER.fullmatch(value):
            return int(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    elif rule.type == "boolean":
        if isinstance(value, bool):
            return value
        if value in {"true", "false"}:
            return bool(value == "true")
    elif rule.type in LISTS:
        try:
            listed = LISTS[rule.type](value) if isinstance(value, str | list | tuple) else None
        except UnknownRegion as error:
            raise _invalid(rule, value, f"setting {rule.name}: {error.message}") from error
        if listed:
            return ",".join(listed)
    elif isinstance(value, str) and (rule.type != "time_zone" or is_zone(value)):
        return _matching(rule, value) if rule.type == "string" else value
    raise _refused(rule, value)


def _refused(rule: SettingRule, value: Any, why: str | None = None) -> InvalidSetting:
    more = "" if why is None else f": {why}"
    return _invalid(rule, value, f"setting {rule.name} takes {EXPECTED[rule.type]}, not {value!r}{more}")


def _invalid(rule: SettingRule, value: Any, message: str) -> InvalidSetting:
    """Return the refusal of a value, with what answers may depend on."""
    empty = not value.strip() if isinstance(value, str) else value in ([], ())
    return InvalidSetting(message, conditions=(f"{'empty' if empty else 'invalid'}:{rule.name}",))


def _matching(rule: SettingRule, value: str) -> str:
    if rule.required and not value.strip():
        raise _invalid(rule, value, f"setting {rule.name} is required and must not be empty")
    if rule.pattern is not None and not matches_whole(rule.pattern, value):
        message = f"setting {rule.name} must match {rule.pattern}, which {quoted(value)} does not"
        raise _invalid(rule, value, message)
    return value


def _check_length(rule: SettingRule, values: Mapping[str, str | int | bool | None]) -> None:
    """Refuse a list with more entries than another setting allows."""
    value, most = values[rule.name], values[rule.at_most] if rule.at_most is not None else None
    if most is None or value is None:
        return
    count = len(str(value).split(","))
    if count > int(most):
        message = (
            f"setting {rule.name} has {'1 entry' if count == 1 else f'{count} entries'}, more than "
            f"{rule.at_most}={most} allows; give fewer, or raise {rule.at_most}"
        )
        raise _invalid(rule, value, message)


def _check_time(rule: SettingRule, value: str, zone: str | None) -> None:
    """Refuse what is no date and time, by the same reading as call times of contacts."""
    from leadsieve_rules.fields.schedules import schedule_fault

    fault = schedule_fault(value, zone)
    if fault is not None:
        raise _refused(rule, value, _FAULTS.get(fault))


def _zone_of(profile: Profile, name: str, values: Mapping[str, str | int | bool | None]) -> str | None:
    bound = profile.bound.get(("settings", name, "zone"))
    if bound is None:
        return profile.settings[name].zone
    zone = values[bound]
    return None if zone is None else str(zone)


def _words(value: str | list[Any] | tuple[Any, ...]) -> list[str] | None:
    """Split a list at its commas; None where it holds something else than words."""
    words = value.split(",") if isinstance(value, str) else list(value)
    if not all(isinstance(word, str) for word in words):
        return None
    words = [word.strip() for word in words]
    return list(dict.fromkeys(words)) if all(words) else None


def _integers(value: str | list[Any] | tuple[Any, ...]) -> list[str] | None:
    words = [word.strip() for word in value.split(",")] if isinstance(value, str) else list(value)
    numbers = [
        int(word) if isinstance(word, str) and _INTEGER.fullmatch(word) else word if type(word) is int else None
        for word in words
    ]
    return None if None in numbers else [str(number) for number in numbers]


def _countries(value: str | list[Any] | tuple[Any, ...]) -> list[str] | None:
    words = [word.upper() for word in _words(value) or ()]
    for word in words:
        check_region(word)
    return words


def _prefixes(value: str | list[Any] | tuple[Any, ...]) -> list[str] | None:
    words = [word.removeprefix("+") for word in _words(value) or ()]
    return words if all(word.isascii() and word.isdigit() for word in words) else None


def _number_types(value: str | list[Any] | tuple[Any, ...]) -> list[str] | None:
    words = [word.upper() for word in _words(value) or ()]
    return words if set(words) <= set(NUMBER_TYPES) else None


#: How the lists are read: to their entries; None where one cannot be.
LISTS = {"integers": _integers, "countries": _countries, "prefixes": _prefixes, "number_types": _number_types}
