"""The settings of a profile, read strictly: what a run may be told, and what a value of it must be."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from leadsieve_rules.exceptions import InvalidSetting
from leadsieve_rules.patterns import pattern_fault
from leadsieve_rules.profiles.bound import Bindings
from leadsieve_rules.profiles.model import SETTING_TYPES, SettingRule
from leadsieve_rules.profiles.placeholders import NAME
from leadsieve_rules.profiles.settings import EXPECTED, LISTS, typed
from leadsieve_rules.profiles.templates import COUNT_NAMES, REQUEST_NAMES, STRUCTURE_NAMES
from leadsieve_rules.profiles.zones import take_zone
from leadsieve_rules.wording import quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from leadsieve_rules.profiles.section import Section


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
        if "at_most" in entry:
            rules[name] = replace(rules[name], at_most=_at_most(entry, rules[name], bindings))
    _check_names(section, rules)
    return rules, bindings.found


def _check_names(section: Section, rules: Mapping[str, SettingRule]) -> None:
    """Refuse a name that is another's level too, and a second name of the campaign."""
    for name in rules:
        above = [other for other in rules if name.startswith(f"{other}.")]
        if above:
            section.fail(quoted(name), f"is below {above[0]}, which is a setting itself; choose another name")
    campaign = [name for name, rule in rules.items() if rule.campaign]
    if len(campaign) > 1:
        section.fail(campaign[1], f"is the campaign's name, and so is {campaign[0]}; say so of one")


def _at_most(entry: Section, rule: SettingRule, bindings: Bindings) -> str:
    path = ("settings", rule.name, "at_most")
    if rule.type not in LISTS:
        entry.fail("at_most", f"is for lists, and the type is {rule.type}")
    if not bindings.take(entry, "at_most", "integer", path):
        entry.fail("at_most", f"must name a setting, such as {{tries}}, not {entry.body('at_most')!r}")
    return bindings.found.pop(path)


def _rule(name: str, entry: Section, parent: Section) -> SettingRule:
    if not re.fullmatch(NAME, name):
        parent.fail(quoted(name), "a setting's name is letters, digits and _ only, and dots between levels")
    if name in COUNT_NAMES or name in STRUCTURE_NAMES or name in REQUEST_NAMES:
        parent.fail(name, "is a name that templates have already; choose another")
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
        campaign=entry.flag("campaign"),
    )
    if rule.campaign and (kind != "string" or rule.secret):
        entry.fail("campaign", f"is for strings, and {'this is a secret' if rule.secret else f'the type is {kind}'}")
    for key in ("zone", "at_most"):
        entry.ask(key)  # they may refer to settings that come later
    if "default" in entry:
        rule = replace(rule, default=_default(entry, rule))
    entry.done()
    return rule


def _default(entry: Section, rule: SettingRule) -> str | int | bool:
    default = entry.body("default")
    if rule.secret:
        entry.fail("default", "a secret has no default")
    if rule.type == "datetime":
        entry.fail("default", "a date and time has no default: it would soon be past")
    if rule.type in {"integer", "boolean"} and isinstance(default, str):
        entry.fail("default", f"must be {EXPECTED[rule.type]}, not {default!r}")
    try:
        return typed(rule, default)
    except InvalidSetting as error:
        entry.fail("default", error.message)


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
