"""The answers of a target system, rendered over the names of a run: pure, and every name checked at load."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from leadsieve_rules.profiles.model import PHONE, AnswerTemplate, ErrorList, GroupedRows, Profile
from leadsieve_rules.profiles.placeholders import fill
from leadsieve_rules.reasons import GROUPS, REASONS

#: Counts of the ledger: all rows, and the rejected ones by group and by reason. Where a group and a reason have one
#: name, the name is the group's count. `kept` and `deleted` are the campaign's contacts that stay, and that the import
#: deletes first.
COUNT_NAMES = (
    "rows",
    "accepted",
    "rejected",
    "blank_records",
    "kept",
    "deleted",
    *GROUPS,
    *(code for code in REASONS if code not in GROUPS),
)
#: What the run says of itself. A setting of the same name as one of these takes its place where it is given.
RUN_NAMES = (
    "campaign",
    "campaign_id",
    "run_id",
    "file_name",
    "now",  # ISO 8601 in UTC, with a Z
    "now_plain",  # YYYY-MM-DD HH:MM:SS in UTC
    "completion",  # like `now`: when the last accepted row is called, by `[answer] row_seconds`
    "hash",  # 24 hex digits of the campaign's own
    "rejected_file",
)
#: Lists and tables: the rendered errors, those by kind, and the reasons with their counts above zero.
STRUCTURE_NAMES = ("errors", "grouped", "reasons")
#: Names of one listed row.
ERROR_NAMES = ("file", "row", "line", "column", "field", "code", "detail", "message", "value", PHONE)
#: What a request says beside the run and its settings: the list of contacts, their members' names in order, a file's
#: columns to their fields as JSON text, the number of the request from 1, and the campaign's id as far as it is known.
REQUEST_NAMES = ("contacts", "columns", "mapping", "number", "first_campaign_id")
#: Names whose values are lists and tables: they stand alone in a template, never inside a text.
WHOLE_NAMES = (*STRUCTURE_NAMES, "contacts", "columns")
#: The keys of `render_all` that are no error's code.
OK, AT_ONCE = "ok", "at_once"

_NUMBERS = re.compile(r"[+-]?[0-9]+(,[+-]?[0-9]+)*")


@dataclass(frozen=True, slots=True)
class Answer:
    """What the system would answer.

    Attributes:
        code: The error's code; None for the good answer.
        status: HTTP status.
        body: JSON value.
    """

    code: str | None
    status: int
    body: Any


@dataclass(frozen=True, slots=True)
class Listed:
    """The rejected rows of one kind.

    Attributes:
        rows: How many there are.
        first: File and row number of the first of them; the file is None where the run has one source.
    """

    rows: int
    first: Sequence[tuple[str | None, int]]


def render(profile: Profile, names: Mapping[str, Any]) -> Answer:
    """Render the answer that the system would give.

    Args:
        profile: The target system.
        names: The value of every name of `COUNT_NAMES`, `RUN_NAMES` and `STRUCTURE_NAMES`, of every setting
            of the profile that is no secret, and `conditions`: those of the model's `CONDITIONS` and `SOURCE_CODES`
            that hold, and `empty:NAME` and `invalid:NAME` of settings. `errors` are mappings of `ERROR_NAMES`, of the
            groups of the profile's list and capped beforehand. `grouped` is a `Listed` for each title that has rows,
            capped beforehand, and needed only where the profile groups its errors.

    Returns:
        The first error of the profile of which a condition holds, else the good answer.

    Raises:
        KeyError: A name that the profile uses has no value.
    """
    conditions = frozenset(names["conditions"])
    answers = profile.answers
    chosen = next((error for error in answers.errors if conditions.intersection(error.when)), answers.ok)
    return _answer(chosen, _values(profile, names))


def render_at_once(profile: Profile, names: Mapping[str, Any]) -> Answer | None:
    """Render what the system says at once, where its good answer comes later; None where it comes at once.

    Args:
        profile: The target system.
        names: As for `render`; `conditions` are not asked for.

    Raises:
        KeyError: A name that the profile uses has no value.
    """
    template = profile.answers.at_once
    return None if template is None else _answer(template, _values(profile, names))


def render_all(profile: Profile, names: Mapping[str, Any]) -> dict[str, Answer]:
    """Render every answer of the profile.

    Args:
        profile: The target system.
        names: As for `render`; `conditions` are not asked for.

    Returns:
        Answers by their errors' codes; the good one as `ok`, and what is said at once as `at_once`.

    Raises:
        KeyError: A name that the profile uses has no value.
    """
    values = _values(profile, names)
    return {key: _answer(template, values) for key, template in answer_templates(profile).items()}


def answer_templates(profile: Profile) -> dict[str, AnswerTemplate]:
    """Return the templates of every answer of a profile, by the keys of `render_all`."""
    answers = profile.answers
    found = {OK: answers.ok}
    if answers.at_once is not None:
        found[AT_ONCE] = answers.at_once
    return found | {str(error.code): error for error in answers.errors}


def campaign_id(profile: Profile, hash_: str) -> str:
    """Return the id that the system would give a campaign.

    Args:
        profile: The target system.
        hash_: 24 hex digits of the campaign's own.
    """
    return str(fill(profile.answers.campaign_id, {"hash": hash_}))


def setting_values(profile: Profile, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of settings as templates take them.

    Args:
        profile: The target system.
        values: Settings as `resolve_settings` gives them, and whatever else templates may use.

    Returns:
        The values, in which a list of whole numbers is one and a secret is `${NAME}`, for whoever sends the request
        to fill in.
    """
    found = dict(values)
    for name, rule in profile.settings.items():
        if rule.secret:
            found[name] = f"${{{name.replace('.', '_').upper()}}}"
        elif rule.type == "integers" and isinstance(text := values.get(name), str) and _NUMBERS.fullmatch(text):
            found[name] = [int(number) for number in text.split(",")]
    return found


def _answer(template: AnswerTemplate, values: Mapping[str, Any]) -> Answer:
    return Answer(code=template.code, status=template.status, body=fill(template.body, values))


def _values(profile: Profile, names: Mapping[str, Any]) -> dict[str, Any]:
    """Give every name that an answer's template can hold the value that it shows."""
    answers = profile.answers
    values = setting_values(profile, names)
    for name, added in answers.counts.items():
        values[name] = sum(names[part] for part in added)
    if answers.listed is not None:
        values["errors"] = _listed(answers.listed, names)
    if answers.grouped is not None:
        values["grouped"] = list(_grouped(answers.grouped, names["grouped"]))
    return values


def _listed(listed: ErrorList, names: Mapping[str, Any]) -> list[Any]:
    items = [fill(listed.item, row) for row in names["errors"]]
    more = sum(names[group] for group in listed.groups) - len(items)
    if listed.more is not None and more > 0:
        items.append(fill(listed.more, dict.fromkeys(ERROR_NAMES) | {"more": more}))
    return items


def _grouped(grouped: GroupedRows, kinds: Mapping[str, Listed]) -> Iterator[str]:
    """Say the row numbers of each kind, one text a file; how many more there are follows the last."""
    for title in grouped.titles:
        kind = kinds.get(title)
        if kind is None or not kind.rows:
            continue
        files: dict[str | None, list[int]] = {}
        for file, row in kind.first:
            files.setdefault(file, []).append(row)
        left = kind.rows - len(kind.first)
        for place, (file, rows) in enumerate(files.items(), 1):
            more = fill(grouped.more, {"more": left}) if left and place == len(files) else ""
            listed = ", ".join(map(str, rows))
            # Nobody knows which files the others are in, so they come after the name of the last one.
            text = fill(grouped.item, {"title": title, "rows": listed if file is not None else listed + more})
            yield text if file is None else f"{text} ({file}){more}"
