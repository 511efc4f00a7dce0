"""Values of a profile that a run's settings give: `required = "{scheduled}"` in place of true or false."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from leadsieve_rules.profiles.model import Destinations, DuplicateRule
from leadsieve_rules.profiles.placeholders import whole_name
from leadsieve_rules.wording import did_you_mean, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leadsieve_rules.profiles.model import FieldRule, Profile, SettingRule
    from leadsieve_rules.profiles.section import Section


class Bindings:
    """Collects where a profile's file refers to its settings.

    Args:
        settings: The profile's settings.
    """

    def __init__(self, settings: Mapping[str, SettingRule]) -> None:
        self._settings = settings
        self.found: dict[tuple[str, ...], str] = {}

    def take(self, section: Section, key: str, kind: str, path: tuple[str, ...]) -> bool:
        """Take a key if it refers to a setting, and tell whether it does.

        Args:
            section: The table with the key.
            key: The key, which need not be there.
            kind: The type that the setting must have.
            path: The keys that lead to the value in the model.

        Raises:
            InvalidProfile: It refers to a setting that is not there, is a secret, or is of another type.
        """
        name = whole_name(section.body(key)) if key in section else None
        if name is None:
            return False
        fit = [known for known, rule in self._settings.items() if rule.type == kind and not rule.secret]
        if name not in fit:
            choices = f"; there are {', '.join(fit)}" if fit else f'; add [settings.{name}] with type = "{kind}"'
            value = quoted(f"{{{name}}}")
            section.fail(key, f"{value} names no setting of type {kind}{did_you_mean(name, fit)}{choices}")
        self.found[path] = name
        return True


def settle(profile: Profile, values: Mapping[str, str | int | bool | None]) -> Profile:
    """Put the values of a run's settings where a profile refers to them.

    A field that is required by a setting is only warned of where the setting is not true, and may be empty. A zone or
    a list without a value is none: all destinations are allowed then. Where the profile or a setting says whether
    numbers must not repeat in the run or in the campaign, the scope of duplicates follows.

    Args:
        profile: The target system.
        values: The settings in force, by name.
    """
    given = {path: values[name] for path, name in profile.bound.items()}
    duplicates = _duplicates(profile.duplicates, given)
    if not given:
        return profile if duplicates == profile.duplicates else replace(profile, duplicates=duplicates)
    fields = {name: _field(field, given) for name, field in profile.fields.items()}
    lists = {
        key: tuple(str(value).split(",")) if (value := given[("destination", key)]) else ()
        for key in ("countries", "prefixes", "number_types")
        if ("destination", key) in given
    }
    destination: Destinations = replace(profile.destination, **lists)
    return replace(profile, fields=fields, destination=destination, duplicates=duplicates)


def _duplicates(rule: DuplicateRule, given: Mapping[tuple[str, ...], str | int | bool | None]) -> DuplicateRule:
    """Make the scope of what is said of the run and of the campaign, where anything is."""
    said = {"run": rule.run, "campaign": rule.campaign}
    said |= {key: given[("duplicates", key)] is True for key in said if ("duplicates", key) in given}
    if said["run"] is None and said["campaign"] is None:
        return rule
    return replace(rule, scope="campaign" if said["campaign"] else "run" if said["run"] else "none")


def _field(field: FieldRule, given: Mapping[tuple[str, ...], str | int | bool | None]) -> FieldRule:
    required, zone = ("fields", field.name, "required"), ("fields", field.name, "rule", "zone")
    if required in given:
        wanted = given[required] is True
        field = replace(field, required=wanted, severity=field.severity if wanted else "warn")
    if zone in given and field.rule is not None:
        value = given[zone]
        field = replace(field, rule=replace(field.rule, zone=None if value is None else str(value)))
    return field
