"""The answers and the request of a profile, read strictly: a template may use only the names it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leadsieve_rules.profiles.model import (
    CONDITIONS,
    AnswerSet,
    AnswerTemplate,
    ErrorList,
    FieldRule,
    RequestTemplate,
    SettingRule,
)
from leadsieve_rules.profiles.placeholders import problems
from leadsieve_rules.profiles.templates import COUNT_NAMES, ERROR_NAMES, RUN_NAMES, STRUCTURE_NAMES
from leadsieve_rules.reasons import GROUPS
from leadsieve_rules.wording import did_you_mean, quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from leadsieve_rules.profiles.section import Section


def read_answers(section: Section, settings: Mapping[str, SettingRule]) -> AnswerSet:
    """Read `[answer]`.

    Args:
        section: The table.
        settings: The profile's settings, whose names the templates may use.

    Raises:
        InvalidProfile: The table breaks the format, or a template uses an unknown name.
    """
    counts = _counts(section.section("counts"), settings)
    open_ = tuple(name for name, rule in settings.items() if not rule.secret)
    names = (*COUNT_NAMES, *RUN_NAMES, *STRUCTURE_NAMES, *open_, *counts)
    if "ok" not in section:
        section.fail("ok", "is missing; every profile has a good answer")
    errors = section.section("error")
    answers = AnswerSet(
        ok=_answer(None, section.section("ok"), names),
        errors=tuple(_answer(code, entry, names) for code, entry in errors.sections()),
        counts=counts,
        listed=_error_list(section.section("errors")) if "errors" in section else None,
    )
    section.done()
    return answers


def read_request(
    section: Section, fields: Mapping[str, FieldRule], settings: Mapping[str, SettingRule]
) -> RequestTemplate | None:
    """Read `[request]`.

    Args:
        section: The table; an empty one is no request.
        fields: The profile's fields, whose names the contact's template may use, beside `custom`.
        settings: The profile's settings, whose names the body's template may use, beside `contacts`.

    Raises:
        InvalidProfile: The table breaks the format, or a template uses an unknown name.
    """
    if not section:
        return None
    open_ = [name for name, rule in settings.items() if not rule.secret]
    request = RequestTemplate(
        body=_template(section, "body", (*RUN_NAMES, *open_, "contacts")),
        contact=_template(section, "contact", (*fields, "custom")),
    )
    section.done()
    return request


def _counts(section: Section, settings: Mapping[str, SettingRule]) -> dict[str, tuple[str, ...]]:
    counts: dict[str, tuple[str, ...]] = {}
    for name in section.names():
        if name in COUNT_NAMES or name in RUN_NAMES or name in STRUCTURE_NAMES or name in settings:
            section.fail(name, "is a name that answers have already; choose another")
        counts[name] = section.texts(name, COUNT_NAMES) or ()
    return counts


def _answer(code: str | None, section: Section, names: Collection[str]) -> AnswerTemplate:
    when: tuple[str, ...] = ()
    if code is not None:
        when = section.texts("when", CONDITIONS) or ()
        if not when:
            section.fail("when", f"is missing; it lists one or more of {' | '.join(CONDITIONS)}")
    status = section.number("status", low=100, high=599)
    if status is None:
        section.fail("status", "is missing; it takes an HTTP status")
    answer = AnswerTemplate(code=code, status=status, when=when, body=_template(section, "body", names))
    section.done()
    return answer


def _error_list(section: Section) -> ErrorList:
    listed = ErrorList(
        groups=section.texts("groups", GROUPS) or (),
        cap=section.need("cap", int),
        item=_template(section, "item", ERROR_NAMES),
    )
    if listed.cap < 0:
        section.fail("cap", f"must be 0 or more, not {listed.cap}")
    section.done()
    return listed


def _template(section: Section, key: str, names: Collection[str]) -> Any:
    template = section.body(key)
    for wrong in problems(template, names):
        hint = did_you_mean(wrong.strip("{}").removesuffix(":str"), names)
        section.fail(key, f"{quoted(wrong)} is no name or value for this template{hint}")
    return template
