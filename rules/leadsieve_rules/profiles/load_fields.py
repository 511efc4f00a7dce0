"""The fields of a profile, and what their values must be, read strictly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadsieve_rules.profiles.model import PHONE, RULES, SEVERITIES, FieldRule, Rule
from leadsieve_rules.profiles.zones import take_zone
from leadsieve_rules.wording import quoted

if TYPE_CHECKING:
    from leadsieve_rules.profiles.bound import Bindings
    from leadsieve_rules.profiles.section import Section

_LOWEST = {"text": 0, "integer": -(2**63)}


def read_fields(section: Section, bindings: Bindings) -> dict[str, FieldRule]:
    """Read `[fields]` of a profile.

    Args:
        section: The table.
        bindings: Takes the references to settings.

    Raises:
        InvalidProfile: The table breaks the format.
    """
    if PHONE not in section:
        section.fail(PHONE, "is missing; every profile has this field")
    return {name: _field(name, entry, bindings) for name, entry in section.sections()}


def _field(name: str, entry: Section, bindings: Bindings) -> FieldRule:
    bound = name != PHONE and bindings.take(entry, "required", "boolean", ("fields", name, "required"))
    required = False if bound else entry.flag("required")
    if name == PHONE and "rule" in entry:
        entry.fail("rule", "the phone number's rule is [phone] check")
    field = FieldRule(
        name=name,
        synonyms=entry.texts("synonyms") or (),
        required=required,
        rule=_rule(name, entry.section("rule"), bindings) if "rule" in entry else None,
        severity=entry.choice("severity", SEVERITIES) or ("reject" if required or bound else "warn"),
    )
    entry.done()
    return field


def _rule(field: str, section: Section, bindings: Bindings) -> Rule:
    kind = section.choice("kind", RULES)
    if kind is None:
        section.fail("kind", f"is missing; it takes {' | '.join(RULES)}")
    rule = Rule(kind)
    if kind in _LOWEST:
        low = _LOWEST[kind]
        rule = Rule(kind, low=section.number("min", low=low), high=section.number("max", low=low))
        if rule.low is not None and rule.high is not None and rule.low > rule.high:
            section.fail("min", f"{rule.low} is above max, {rule.high}")
    elif kind == "choice":
        rule = Rule(kind, values=section.texts("values") or (), ignore_case=section.flag("ignore_case"))
        _check_values(section, rule)
    elif kind == "schedule":
        rule = Rule(kind, zone=take_zone(section, bindings, ("fields", field, "rule", "zone")))
    section.done()
    return rule


def _check_values(section: Section, rule: Rule) -> None:
    """Refuse a list that no value can be of, or of which one entry can never be met."""
    if not rule.values:
        section.fail("values", 'is missing or empty; list what the field takes, such as ["hot", "cold"]')
    for value in rule.values:
        if not value or value != value.strip():
            section.fail("values", f"{quoted(value)} is empty or has white space around it; cells are trimmed")
    if rule.ignore_case and len({value.lower() for value in rule.values}) < len(rule.values):
        section.fail("values", "names something twice, apart from capitals and small letters")
