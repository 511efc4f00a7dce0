"""JSON Schemas of a system's answers, derived from the profile's templates: nothing is said twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from leadsieve_rules.profiles.placeholders import parts, whole_name
from leadsieve_rules.profiles.templates import COUNT_NAMES, ERROR_NAMES, OK, answer_templates

if TYPE_CHECKING:
    from leadsieve_rules.profiles.model import ErrorList, Profile, SettingRule

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_COUNT = {"type": "integer", "minimum": 0}
_STRING: dict[str, Any] = {"type": "string"}
_NULL = {"type": "null"}
_DIGITS = "[0-9]+"
_TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
#: What placeholders look like inside a text; any other may be anything.
_RUN_PATTERNS = {
    "now": _TIME,
    "completion": _TIME,
    "now_plain": "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}",
    "hash": "[0-9a-f]{24}",
}
_SETTING_PATTERNS = {"integer": "[+-]?[0-9]+", "integers": "[+-]?[0-9]+(,[+-]?[0-9]+)*", "boolean": "(true|false)"}
_ANYTHING = r"[\s\S]*"
#: What is special in regular expressions of JSON Schema.
_SPECIAL = frozenset(r"^$\.*+?()[]{}|/")
#: What a run may not have.
_ABSENT = ("campaign", "file_name", "rejected_file")
#: What a listed row may not have: a record that cannot be split has no column, and only some sources have lines.
_ABSENT_OF_ROWS = ("line", "column", "field", "detail", "value", "phone_number")


def answer_schema(profile: Profile, code: str | None) -> dict[str, Any]:
    """Derive the JSON Schema of one answer of a profile.

    Args:
        profile: The target system.
        code: An error's code; None for the good answer, `at_once` for what is said before it.

    Returns:
        A schema of draft 2020-12: what the template says is constant, what it leaves open has its name's type, and
        nothing may be missing or more. What the system requires is never null.

    Raises:
        KeyError: The profile has no such answer.
    """
    template = answer_templates(profile)[OK if code is None else code]
    names = _names(profile)
    schema = {"$schema": _DIALECT, "title": f"{profile.title}: {OK if code is None else code}"}
    return schema | _Derivation(names, _patterns(profile)).of(template.body)


class _Derivation:
    """The schema of a template, by what its names hold.

    Args:
        names: The schema of the value of each name.
        patterns: What the text of a name looks like; one that is not there may be anything.
    """

    def __init__(self, names: Mapping[str, Any], patterns: Mapping[str, str]) -> None:
        self._names, self._patterns = names, patterns

    def of(self, template: Any) -> dict[str, Any]:
        """Return the schema of what a template gives."""
        if isinstance(template, Mapping):
            return _object({self._constant(key): self.of(value) for key, value in template.items()})
        if isinstance(template, list) and template:
            items = [self.of(value) for value in template]
            return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)}
        if not isinstance(template, str):
            return {"const": template}
        name = whole_name(template)
        if name is not None:
            return dict(self._names[name])
        if any(part for part, _ in parts(template)):
            return {"type": "string", "pattern": f"^{self._pattern(template)}$"}
        return {"const": self._constant(template)}

    def _constant(self, template: str) -> str:
        return "".join(text for _, text in parts(template))

    def _pattern(self, template: str) -> str:
        return "".join(
            _escaped(text) if name is None else self._patterns.get(name, _ANYTHING) for name, text in parts(template)
        )


def _names(profile: Profile) -> dict[str, Any]:
    """Return the schema of the value of every name that the profile's answers may use."""
    answers = profile.answers
    names: dict[str, Any] = dict.fromkeys((*COUNT_NAMES, *answers.counts), _COUNT)
    for name in ("campaign", "campaign_id", "run_id", "file_name", "rejected_file"):
        names[name] = _or_null(_STRING) if name in _ABSENT else _STRING
    names |= {name: {"type": "string", "pattern": f"^{pattern}$"} for name, pattern in _RUN_PATTERNS.items()}
    names["reasons"] = {"type": "object", "additionalProperties": _COUNT}
    names["grouped"] = {"type": "array", "items": _STRING}
    names["errors"] = {"type": "array", "items": {}} if answers.listed is None else _errors(answers.listed)
    for name, rule in profile.settings.items():
        if not rule.secret:
            names[name] = _setting(rule, names.get(name))
    return names


def _patterns(profile: Profile) -> dict[str, str]:
    counts = dict.fromkeys((*COUNT_NAMES, *profile.answers.counts), _DIGITS)
    settings = {
        name: _SETTING_PATTERNS.get(rule.type, _ANYTHING) if rule.required or rule.default is not None else _ANYTHING
        for name, rule in profile.settings.items()
    }
    return {**counts, **_RUN_PATTERNS, **settings}


def _setting(rule: SettingRule, of_run: dict[str, Any] | None) -> dict[str, Any]:
    """Return the schema of a setting's value; what the run says of itself stands where it is not given."""
    kinds: dict[str, Any] = {"integer": {"type": "integer"}, "boolean": {"type": "boolean"}}
    kinds["integers"] = {"type": "array", "items": {"type": "integer"}}
    schema: dict[str, Any] = kinds.get(rule.type, _STRING)
    if rule.required or rule.default is not None:
        return schema
    if of_run is None:
        return _or_null(schema)
    return schema if schema == of_run else {"anyOf": [schema, of_run]}


def _errors(listed: ErrorList) -> dict[str, Any]:
    rows: dict[str, Any] = {name: _or_null(_STRING) if name in _ABSENT_OF_ROWS else _STRING for name in ERROR_NAMES}
    rows |= {"row": {"type": "integer", "minimum": 1}, "line": {"type": ["integer", "null"], "minimum": 1}}
    item = _Derivation(rows, {"row": _DIGITS}).of(listed.item)
    if listed.more is None:
        return {"type": "array", "items": item, "maxItems": listed.cap}
    names: dict[str, Any] = dict.fromkeys(ERROR_NAMES, _NULL) | {"more": _COUNT}
    rest = _Derivation(names, dict.fromkeys(ERROR_NAMES, "") | {"more": _DIGITS}).of(listed.more)
    return {"type": "array", "items": {"anyOf": [item, rest]}, "maxItems": listed.cap + 1}


def _object(members: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}


def _or_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {**schema, "type": [schema["type"], "null"]}


def _escaped(text: Iterable[str]) -> str:
    return "".join(f"\\{character}" if character in _SPECIAL else character for character in text)
