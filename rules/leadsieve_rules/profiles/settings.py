"""A run's settings: what a profile asks the user for, checked and typed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from leadsieve_rules.exceptions import InvalidSetting, UnknownRegion
from leadsieve_rules.fields.zones import is_zone
from leadsieve_rules.patterns import matches_whole, pattern_fault
from leadsieve_rules.phone.regions import NUMBER_TYPES, check_region
from leadsieve_rules.profiles.bound import Bindings
from leadsieve_rules.profiles.model import SETTING_TYPES, Profile, SettingRule
from leadsieve_rules.profiles.templates import COUNT_NAMES, STRUCTURE_NAMES
from leadsieve_rules.profiles.zones import take_zone
from leadsieve_rules.wording import did_you_mean, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leadsieve_rules.profiles.section import Section

_EXPECTED = {
    "string": "a string",
    "integer": "a whole number",
    "boolean": "true or false",
    "datetime": "a date and time as ISO 8601, such as 2026-03-01T10:30:00+01:00",
    "time_zone": "an IANA time zone, such as Europe/Berlin",
    "countries": "region codes with commas between, such as IN,US",
    "prefixes": "leading digits of numbers, country code first, with commas between, such as 9198,1212",
    "number_types": f"types of numbers with commas between, of {', '.join(NUMBER_TYPES)}",
}
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
            given, or the default, or None. Dates and times are strings as given; lists have commas between.
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
    for name, value in values.items():
        if profile.settings[name].type == "datetime" and value is not None:
            _check_time(profile.settings[name], str(value), _zone_of(profile, name, values))
    missing = tuple(name for name, value in values.items() if value is None and profile.settings[name].required)
    return Settings(values=values, missing=missing)


def read_settings(section: Section) -> tuple[dict[str, SettingRule], dict[tuple[str, ...], str]]:
    """Read `[settings]` of a profile.

    Returns:
        Name to rule, and where a date and time refers to a setting for its zone.

    Raises:
        InvalidProfile: The table breaks the format.
    """
    rules = {name: _rule(name, entry, section) for name, entry in section.sections()}
    bindings = Bindings(rules)
    for name, entry in section.sections():
        if rules[name].type == "datetime":
            rules[name] = replace(rules[name], zone=take_zone(entry, bindings, ("settings", name, "zone")))
        elif "zone" in entry:
            entry.fail("zone", f"is for a datetime, and the type is {rules[name].type}")
    return rules, bindings.found


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
        if rule.type == "datetime":
            entry.fail("default", "a date and time has no default: it would soon be past")
    entry.ask("zone")
    entry.done()
    return rule


def _pattern(entry: Section, kind: str) -> str | None:
    pattern = entry.value("pattern", str)
    if pattern is None:
        return None
    if kind != "string":
        entry.fail("pattern", f"is for strings, and the type is {kind}")
    fault = pattern_fault(pattern)
    if fault is not None:
        entry.fail("pattern", f"{quoted(pattern)} is no regular expression that runs in linear time: {fault}")
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
    elif rule.type in _LISTS:
        listed = _LISTS[rule.type](value) if isinstance(value, str | list | tuple) else None
        if listed:
            return ",".join(listed)
    elif isinstance(value, str) and (rule.type != "time_zone" or is_zone(value)):
        return _matching(rule, value) if rule.type == "string" else value
    raise _refused(rule, value)


def _refused(rule: SettingRule, value: Any, why: str | None = None) -> InvalidSetting:
    more = "" if why is None else f": {why}"
    return InvalidSetting(f"setting {rule.name} takes {_EXPECTED[rule.type]}, not {value!r}{more}")


def _matching(rule: SettingRule, value: str) -> str:
    if rule.required and not value.strip():
        raise InvalidSetting(f"setting {rule.name} is required and must not be empty")
    if rule.pattern is not None and not matches_whole(rule.pattern, value):
        raise InvalidSetting(f"setting {rule.name} must match {rule.pattern}, which {quoted(value)} does not")
    return value


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


def _countries(value: str | list[Any] | tuple[Any, ...]) -> list[str] | None:
    words = [word.upper() for word in _words(value) or ()]
    try:
        for word in words:
            check_region(word)
    except UnknownRegion as error:
        raise InvalidSetting(error.message) from error
    return words


def _prefixes(value: str | list[Any] | tuple[Any, ...]) -> list[str] | None:
    words = [word.removeprefix("+") for word in _words(value) or ()]
    return words if all(word.isascii() and word.isdigit() for word in words) else None


def _number_types(value: str | list[Any] | tuple[Any, ...]) -> list[str] | None:
    words = [word.upper() for word in _words(value) or ()]
    return words if set(words) <= set(NUMBER_TYPES) else None


_LISTS = {"countries": _countries, "prefixes": _prefixes, "number_types": _number_types}
