"""The fields of a row but its number: where each came from, what was done to it, and each rule with its verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from leadsieve.explanation.again import Again
from leadsieve.explanation.model import Step
from leadsieve.kernel import rejects
from leadsieve.own_schema import schema_table
from leadsieve.text import as_text
from leadsieve_rules.columns import COUNTRY_CODE
from leadsieve_rules.findings import Finding
from leadsieve_rules.profiles import PHONE
from leadsieve_rules.profiles.model import FieldRule, Rule
from leadsieve_rules.reasons import message

_MISSING = ("missing_value", "missing_schedule")
_BROKEN = ("invalid_value", "check_failed", "invalid_email", "invalid_schedule", "past_schedule")
#: What text is as it stands.
_NO_PARSE = (None, "None", "String")


def fields(again: Again) -> Iterator[Step]:
    """Tell each field of the target system, and the text of all columns."""
    rules = again.plan.profile.fields
    for name, rule in rules.items():
        if name != PHONE:
            yield from _field(again, name, rule)
    for finding in again.findings:
        if finding.code == "suspect_text":
            yield Step(f"text of {finding.column}", _verdict(finding), _value(finding), name=True)


def _field(again: Again, name: str, rule: FieldRule) -> Iterator[Step]:
    columns = again.columns.columns.get(name, ())
    if not columns:
        yield Step(name, "no column fills it")
    else:
        yield _taken(again, name, columns)
    here = [finding for finding in again.findings if finding.column in (*columns, name)]
    if rule.required:
        yield Step(f"{name}, required", _judged(here, _MISSING) or "it must not be empty: holds")
    if rule.rule is not None and columns:
        filled = again.verdicts.fields[name].null_count == 0
        good = "holds" if filled else "not asked of an empty cell"
        yield Step(f"{name}, rule", _judged(here, _BROKEN) or f"{_asked(rule.rule)}: {good}")


def _taken(again: Again, name: str, columns: tuple[str, ...]) -> Step:
    """Say which cell a field was taken from, and what was done to it."""
    cells = {column: as_text(again.chunk.table.column(column))[0].as_py() for column in columns}
    value = again.verdicts.fields[name][0].as_py()
    column = next((each for each in columns if (cells[each] or "").strip()), columns[0])
    cell = cells[column]
    of_several = f", the first of {len(columns)} that is not empty" if len(columns) > 1 and value is not None else ""
    if value is None:
        told = f"from {' and '.join(columns)}: empty" + ("" if cell is None else ", nothing but white space")
        return Step(name, told)
    trimmed = "; the white space around it was taken off" if value != cell else "; nothing was changed"
    return Step(name, f"from {column}{of_several}{trimmed}", cell, value if value != cell else None, name=True)


def _judged(findings: Iterable[Finding], codes: tuple[str, ...]) -> str:
    return "; ".join(_verdict(finding) for finding in findings if finding.code in codes)


def _verdict(finding: Finding) -> str:
    note = f": {finding.note}" if finding.note else ""
    return f"{message(finding.code, finding.detail)}{note}: {'rejects the row' if rejects(finding) else 'a warning'}"


def _asked(rule: Rule) -> str:
    """Say what a rule asks of a value."""
    if rule.kind == "choice":
        return f"it must be one of {', '.join(rule.values)}" + (" (in any case)" if rule.ignore_case else "")
    if rule.kind in ("text", "integer"):
        what = "a text" if rule.kind == "text" else "a whole number"
        unit = " characters" if rule.kind == "text" else ""
        low = f" from {rule.low:,}" if rule.low is not None else ""
        high = f" up to {rule.high:,}" if rule.high is not None else ""
        return f"it must be {what}{low}{high}{unit if low or high else ''}"
    if rule.kind == "schedule":
        clocks = f", or the clocks of {rule.zone}" if rule.zone else ""
        return f"it must be a future time of ISO 8601, with its offset{clocks}"
    return {"email": "it must be an email address", "date": "it must be a date like 2026-03-01"}[rule.kind]


def _value(finding: Finding) -> str | None:
    return None if finding.values is None else finding.values[0].as_py()


def prompt(again: Again) -> Iterator[Step]:
    """Tell each variable of the prompt."""
    blank = {finding.detail for finding in again.findings if finding.code == "blank_variable"}
    for filling in again.plan.variables.get(again.chunk.file, ()):
        said = "blank in this row: a warning" if filling.variable in blank else "filled"
        if filling.field == PHONE:
            said = "the row's number, told below; a row without one is no call"
        yield Step("{{" + filling.variable + "}}", f"from {filling.field or filling.column}: {said}")


def own_schema(again: Again) -> Iterator[Step]:
    """Tell each check of the user's schema, by name."""
    if again.schema is None or again.own is None or not again.chunk.table.num_rows:
        return
    compiled = again.schema.compiled
    _, layout = schema_table(again.verdicts, compiled, again.columns)
    # A finding names the source's column where one column fills the field.
    fills = {names[0]: field for field, names in again.columns.columns.items() if field != COUNTRY_CODE}
    failed = {(f.code, f.detail, fills.get(f.column, f.column)): f for f in again.own}
    for note in compiled.program(layout).notes:
        finding = failed.get((note.code, note.detail, note.column))
        if finding is None and (note.code == "missing_value" or note.detail in _NO_PARSE):
            continue  # what a schema does not say is no check
        what = {"missing_value": "not empty", "invalid_value": f"read as {note.detail}"}.get(note.code, note.detail)
        where = "the row" if note.column == "*" else note.column
        yield Step(f"{where}, {what or note.code}", "holds" if finding is None else _verdict(finding))
