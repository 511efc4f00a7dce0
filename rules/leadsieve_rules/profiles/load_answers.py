"""The answers of a profile, read strictly: a template may use only the names it is given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadsieve_rules.profiles.load_templates import read_template, read_text
from leadsieve_rules.profiles.model import (
    CAMPAIGN_ID,
    CONDITIONS,
    SOURCE_CODES,
    AnswerSet,
    AnswerTemplate,
    ErrorList,
    GroupedRows,
    SettingRule,
)
from leadsieve_rules.profiles.templates import AT_ONCE, COUNT_NAMES, ERROR_NAMES, OK, RUN_NAMES, STRUCTURE_NAMES
from leadsieve_rules.reasons import GROUPS, REASONS
from leadsieve_rules.wording import did_you_mean, quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from leadsieve_rules.profiles.section import Section

#: What an error may depend on in one setting.
_OF_SETTINGS = ("empty", "invalid")


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
    answers = AnswerSet(
        ok=_answer(None, section.section("ok"), names),
        errors=_errors(section.section("error"), names, settings),
        counts=counts,
        listed=_error_list(section.section("errors")) if "errors" in section else None,
        grouped=_grouped(section.section("grouped")) if "grouped" in section else None,
        at_once=_answer(None, section.section(AT_ONCE), names) if AT_ONCE in section else None,
        campaign_id=read_text(section, "campaign_id", ("hash",)) if "campaign_id" in section else CAMPAIGN_ID,
        row_seconds=section.number("row_seconds", low=0) or 0,
    )
    section.done()
    return answers


def _counts(section: Section, settings: Mapping[str, SettingRule]) -> dict[str, tuple[str, ...]]:
    counts: dict[str, tuple[str, ...]] = {}
    for name in section.names():
        if name in COUNT_NAMES or name in RUN_NAMES or name in STRUCTURE_NAMES or name in settings:
            section.fail(name, "is a name that answers have already; choose another")
        counts[name] = section.texts(name, COUNT_NAMES) or ()
    return counts


def _errors(
    section: Section, names: Collection[str], settings: Mapping[str, SettingRule]
) -> tuple[AnswerTemplate, ...]:
    errors = []
    for code, entry in section.sections():
        if code in (OK, AT_ONCE):
            section.fail(code, "is the name of another answer; choose another code")
        when = entry.texts("when") or ()
        if not when:
            entry.fail("when", f"is missing; it lists one or more of {' | '.join(CONDITIONS)}")
        for condition in when:
            _check_condition(entry, condition, settings)
        errors.append(_answer(code, entry, names, when))
    return tuple(errors)


def _check_condition(entry: Section, condition: str, settings: Mapping[str, SettingRule]) -> None:
    kind, colon, name = condition.partition(":")
    known: Collection[str] = (*CONDITIONS, *SOURCE_CODES)
    if colon and kind in _OF_SETTINGS:
        if name in settings:
            return
        entry.fail("when", f"{quoted(condition)}: there is no setting {quoted(name)}{did_you_mean(name, settings)}")
    if condition not in known:
        of_settings = " | ".join(f"{kind}:SETTING" for kind in _OF_SETTINGS)
        choices = f"it takes {' | '.join(known)} | {of_settings}"
        entry.fail("when", f"{quoted(condition)} is unknown{did_you_mean(condition, known)}; {choices}")


def _answer(code: str | None, section: Section, names: Collection[str], when: tuple[str, ...] = ()) -> AnswerTemplate:
    status = section.number("status", low=100, high=599)
    if status is None:
        section.fail("status", "is missing; it takes an HTTP status")
    answer = AnswerTemplate(code=code, status=status, when=when, body=read_template(section, "body", names))
    section.done()
    return answer


def _error_list(section: Section) -> ErrorList:
    listed = ErrorList(
        groups=section.texts("groups", GROUPS) or (),
        cap=section.need("cap", int),
        item=read_template(section, "item", ERROR_NAMES),
        more=read_template(section, "more", (*ERROR_NAMES, "more")) if "more" in section else None,
    )
    if listed.cap < 0:
        section.fail("cap", f"must be 0 or more, not {listed.cap}")
    section.done()
    return listed


def _grouped(section: Section) -> GroupedRows:
    cap = section.number("cap")
    if cap is None:
        section.fail("cap", "is missing; it takes the most row numbers that a kind names, 1 or more")
    grouped = GroupedRows(
        titles=_titles(section.section("titles")),
        cap=cap,
        item=read_text(section, "item", ("title", "rows")),
        more=read_text(section, "more", ("more",)),
    )
    section.done()
    return grouped


def _titles(section: Section) -> dict[str, tuple[str, ...]]:
    """Read which reasons are of which kind; a group of the ledger stands for all its reasons."""
    codes = tuple(code for code, reason in REASONS.items() if reason.rejects)
    known = tuple(dict.fromkeys((*GROUPS, *codes)))
    taken: dict[str, str] = {}
    titles: dict[str, tuple[str, ...]] = {}
    for title in section.names():
        words = section.texts(title, known) or ()
        if not words:
            section.fail(quoted(title), f"lists no reason; it takes {' | '.join(known)}")
        titles[title] = tuple(code for code in codes if code in words or REASONS[code].group in words)
        for code in titles[title]:
            if code in taken:
                section.fail(quoted(title), f"{quoted(code)} is under {quoted(taken[code])} already; name it once")
            taken[code] = title
    if not titles:
        section.fail("titles", "is missing; it names the kinds, each with the reasons that are of it")
    return titles
