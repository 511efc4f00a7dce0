"""The target systems, and the format of their files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reference.markdown import attributes, escaped, table, title

if TYPE_CHECKING:
    from leadsieve_rules.profiles import Profile


def profiles() -> str:
    """Every target system: its fields, settings, limits, duplicates, answers, and our assumptions."""
    from leadsieve_rules.profiles import load_profile, profile_names

    lead = (
        "What each target system takes, refuses and answers, from its file. `leadsieve profiles NAME` prints the file, "
        "`leadsieve profiles NAME --answers` the JSON Schemas of its answers."
    )
    return "\n".join((title("Profiles", lead), *(_profile(load_profile(name)) for name in profile_names())))


def _profile(profile: Profile) -> str:
    bound = {".".join(keys): setting for keys, setting in profile.bound.items()}
    pages = [f"## {profile.name}", "", f"{escaped(profile.title)}. Source: {escaped(profile.source)}.", ""]
    pages += [*table(("Matter", "Rule"), _facts(profile, bound)), ""]
    pages += ["**Fields**", "", *table(("Field", "Required", "Must be", "Else"), _fields(profile, bound)), ""]
    if profile.settings:
        head = ("Setting", "Type", "Required", "Default", "Note")
        pages += ["**Settings** (`--set KEY=VALUE`)", "", *table(head, _settings(profile)), ""]
    pages += ["**Answers**", "", *table(("Answer", "Status", "When"), _answers(profile)), ""]
    if profile.assumed:
        assumed = table(("Key", "Assumption"), [(f"`{key}`", escaped(text)) for key, text in profile.assumed.items()])
        pages += [
            '??? note "What we assumed where the system says nothing"',
            "",
            *(f"    {one}" for one in assumed),
            "",
        ]
    return "\n".join(pages)


def _facts(profile: Profile, bound: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    region, custom = profile.phone.default_region, profile.custom.max
    valid = profile.phone.check == "valid"
    yield "Numbers must be", "assigned by their country's plan" if valid else "possible; they need not be assigned"
    yield "Numbers are sent as", f"`{profile.phone.format}`"
    yield "Region where none is given", f"`{region}`" if region else "none"
    yield "Columns of your own", "as many as you like" if custom is None else str(custom)
    yield from _limits(profile)
    yield from _duplicates(profile, bound)


def _fields(profile: Profile, bound: Mapping[str, str]) -> Iterator[tuple[str, str, str, str]]:
    for field in profile.fields.values():
        required = _required(field.required, bound.get(f"fields.{field.name}.required"))
        yield f"`{field.name}`", required, _rule(field.rule), field.severity if field.rule else ""


def _settings(profile: Profile) -> Iterator[tuple[str, str, str, str, str]]:
    for setting in profile.settings.values():
        default = "" if setting.default is None else f"`{json.dumps(setting.default)}`"
        yield f"`{setting.name}`", f"`{setting.type}`", "yes" if setting.required else "", default, _note(setting)


def _answers(profile: Profile) -> Iterator[tuple[str, str, str]]:
    answers = profile.answers
    yield "good", str(answers.ok.status), ""
    if answers.at_once:
        yield "at once", str(answers.at_once.status), "before the call-back"
    for error in answers.errors:
        yield f"`{error.code}`", str(error.status), ", ".join(f"`{one}`" for one in error.when)


_LIMITS = {
    "rows": "Contacts a request",
    "bytes": "Bytes a request",
    "row_chars": "Characters a row",
    "per_minute": "Requests a minute",
    "formats": "Formats of files",
    "encodings": "Encodings",
    "delimiters": "Delimiters",
    "columns": "Headers a file must have",
}


def _limits(profile: Profile) -> Iterator[tuple[str, str]]:
    for name, told in _LIMITS.items():
        if value := getattr(profile.limits, name):
            yield told, f"{value:,}" if isinstance(value, int) else ", ".join(f"`{one}`" for one in value)


def _duplicates(profile: Profile, bound: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    rule = profile.duplicates
    for key, what in (("run", "Looked for in the run"), ("campaign", "Looked for in the campaign")):
        if f"duplicates.{key}" in bound:
            yield what, f"where `{bound[f'duplicates.{key}']}` is true"
    yield "A contact makes a duplicate if it is", ", ".join(f"`{one}`" for one in rule.statuses)
    if rule.delete_first:
        yield "Deleted before each import", ", ".join(f"`{one}`" for one in rule.delete_first)


def _required(required: bool, setting: str | None) -> str:
    return f"where `{setting}` is true" if setting else "yes" if required else ""


def _rule(rule: Any) -> str:
    if rule is None:
        return ""
    low, high = ("" if bound is None else str(bound) for bound in (rule.low, rule.high))
    between = f", {low} to {high}" if low or high else ""
    return f"`{rule.kind}`{between}{''.join(f' `{value}`' for value in rule.values)}"


def _note(setting: Any) -> str:
    notes = [
        "a secret: never taken, written as `${" + setting.name.upper() + "}`" if setting.secret else "",
        "the campaign's name where none is given" if setting.campaign else "",
        f"must match `{setting.pattern}`" if setting.pattern else "",
        f"no more entries than `{setting.at_most}`" if setting.at_most else "",
        "an assumption" if setting.assumed else "",
    ]
    return escaped("; ".join(filter(None, notes)))


#: The sections of a profile's file, and the classes that hold what they say.
_SECTIONS = {
    "profile": "Profile",
    "phone": "PhoneRule",
    "fields.NAME": "FieldRule",
    "fields.NAME.rule": "Rule",
    "custom": "CustomRule",
    "settings.NAME": "SettingRule",
    "duplicates": "DuplicateRule",
    "destination": "Destinations",
    "limits": "Limits",
    "answer": "AnswerSet",
    "answer.ok, answer.error.CODE": "AnswerTemplate",
    "answer.errors": "ErrorList",
    "answer.grouped": "GroupedRows",
    "request": "RequestTemplate",
}
#: The keys of a section whose class holds other sections too.
_ONLY = {
    "Profile": ("name", "title", "source", "assumed"),
    "AnswerSet": ("counts", "at_once", "campaign_id", "row_seconds"),
}
#: Keys whose name in the file is another than in the model.
_SPELLED = {"low": "min", "high": "max"}


_CONDITIONS = (
    "What `when` of an error can name, beside `empty:SETTING` and `invalid:SETTING`. The first error of the file whose "
    "condition holds is the answer."
)


def profile_file() -> str:
    """The sections and keys of a profile's file, and the names that its templates can hold."""
    from leadsieve_rules.profiles import model, templates

    pages = [
        title(
            "The profile's file",
            "Every section and key of a profile in TOML. [Write a profile](../yours/profile.md) goes through one.",
        )
    ]
    for section, name in _SECTIONS.items():
        only = _ONLY.get(name)
        keys = {key: text for key, text in attributes(getattr(model, name)).items() if only is None or key in only}
        keys = {key: text for key, text in keys.items() if key not in ("name", "code") or section == "profile"}
        heading = ", ".join(f"[{one}]" for one in section.split(", "))
        pages += [
            f"## {heading}",
            "",
            *table(("Key", "What it says"), [(f"`{_SPELLED.get(k, k)}`", v) for k, v in keys.items()]),
            "",
        ]
    run_names = (*templates.RUN_NAMES, *templates.STRUCTURE_NAMES)
    listed: Sequence[tuple[str, str, Iterable[str]]] = (
        ("Conditions", _CONDITIONS, (*model.CONDITIONS, *model.SOURCE_CODES)),
        ("Counts", "What an answer can hold. A name of a group and a reason is the group's.", templates.COUNT_NAMES),
        ("The run", "What the run says of itself. A setting of the same name takes its place.", run_names),
        ("A listed row", "Names in `item` of `[answer.errors]`.", templates.ERROR_NAMES),
        ("The request", "Names in `[request]`, beside the run's and the settings'.", templates.REQUEST_NAMES),
    )
    for heading, lead, names in listed:
        pages += [f"## {heading}", "", lead, "", ", ".join(f"`{name}`" for name in names), ""]
    return "\n".join(pages)
