"""What a row's number was held against: destinations, limits, lists, duplicates; then when and how it is sent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from leadsieve.explanation.again import Again
from leadsieve.explanation.model import Step
from leadsieve.explanation.published import PublishedRow
from leadsieve.target import Target
from leadsieve.wording import counted
from leadsieve_rules.reasons import REASONS

_DUPLICATES = ("duplicate_in_file", "duplicate_in_run", "duplicate_in_campaign")
_SCOPES = {
    "none": "nothing: duplicates are not looked for",
    "file": "an earlier row of its file",
    "run": "an earlier row of the run",
    "campaign": "an earlier row of the run, then a contact of the campaign",
    "all": "an earlier row of the run, then a contact of any campaign of the state",
}


def destination(published: PublishedRow, target: Target, again: Again | None) -> Iterator[Step]:
    """Say whether the target system may call the number, and takes so long a row."""
    enabled = target.profile.destination
    region, kind = _owner(published, again)
    asked = (
        ("country", "country_not_allowed", enabled.countries, region),
        ("prefix", "prefix_not_allowed", enabled.prefixes, None),
        ("number type", "number_type_not_allowed", enabled.number_types, kind),
    )
    for label, code, values, own in asked:
        if values:
            yield Step(label, _enabled(published, code, ", ".join(values)), own)
    if not any(values for _, _, values, _ in asked):
        yield Step("destination", "every country, prefix and number type is enabled")
    most = target.profile.limits.row_chars
    if most is not None:
        long = [line for line in published.lines if line.detail == "row_too_long"]
        said = f"longer, most of it in {long[0].column}: rejects the row" if long else "within it"
        yield Step("length", f"{said}; the target system takes {most:,} characters a row, headers included")


def _owner(published: PublishedRow, again: Again | None) -> tuple[str | None, str | None]:
    """Return the region and the type of the number."""
    if published.accepted is not None:
        return published.accepted["lead_region"], published.accepted["lead_number_type"]
    if again is None or not again.chunk.table.num_rows:
        return None, None
    phones = again.verdicts.phones
    return phones.region[0].as_py(), phones.number_type[0].as_py()


def _enabled(published: PublishedRow, code: str, values: str) -> str:
    """Say whether the number is among those that are enabled."""
    refused = [line for line in published.lines if line.code == code]
    if refused:
        return f"{refused[0].told}: rejects the row (enabled: {values})"
    if _has_no_number(published):
        return f"not asked: there is no number to call (enabled: {values})"
    return f"it is enabled, as one of {values}"


def _has_no_number(published: PublishedRow) -> bool:
    groups = ("missing_phone", "invalid_phone", "malformed_row")
    return any(REASONS[code].group in groups for code in published.reasons if code in REASONS)


def suppression(published: PublishedRow, again: Again | None) -> Iterator[Step]:
    """Say which lists the number stands in."""
    lists = published.info["suppression"]
    names = ", ".join(one["list"] for one in lists)
    found = [line for line in published.lines if line.code == "suppressed"]
    if found:
        yield Step("suppressed", f"yes: it stands in {found[0].collides}", found[0].value)
    elif not lists:
        yield Step("suppressed", "not looked up: the run had no suppression list")
    elif again is not None and not again.verdicts.phones.keys.any():
        yield Step("suppressed", f"not looked up: no number was read (the run had {names})")
    else:
        yield Step("suppressed", f"no: it is not in {names}")


def duplicates(published: PublishedRow, target: Target | None) -> Iterator[Step]:
    """Say what counts as a duplicate, and what the row collided with."""
    scope = published.info["options"]["duplicates"]
    yield Step("held against", f"{_SCOPES.get(scope, scope)}{_policy(published, target)}")
    found = [line for line in published.lines if line.code in _DUPLICATES]
    if found:
        yield Step("duplicate", f"yes: it collides with {found[0].collides}, which came first", found[0].value)
    elif published.reasons:
        yield Step("duplicate", "not judged, and no later row collides with it: it is rejected for another reason")
    elif scope != "none":
        where = {"file": "its file", "run": "the run"}.get(scope, "the run, and not in the campaign")
        yield Step("duplicate", f"no: it is the first with this number in {where}")


def _policy(published: PublishedRow, target: Target | None) -> str:
    if target is None or published.info["options"]["duplicates"] not in ("campaign", "all"):
        return ""
    rule = target.profile.duplicates
    age = "" if rule.age_days is None else f", for less than {counted(rule.age_days, 'day')}"
    gone = f"; those in {', '.join(rule.delete_first)} are deleted first" if rule.delete_first else ""
    return f" (in status {', '.join(rule.statuses)}{age}{gone})"


def sending(published: PublishedRow) -> Iterator[Step]:
    """Say when the row may be called, and which request holds it; nothing where neither was asked for."""
    accepted = published.accepted
    if accepted is None:
        return
    if "lead_time_zones" in accepted and published.info["options"]["calling_hours"]:
        zones = accepted["lead_time_zones"]
        count = 0 if not zones else zones.count(";") + 1
        yield Step("time zones", zones if 0 < count <= _FEW else f"{count}: too many to list" if count else "not known")
        begin, end = _instant(accepted["lead_call_from"]), _instant(accepted["lead_call_until"])
        hours = published.info["options"]["calling_hours"]
        window = f"from {begin} until {end}" if begin else "no window that is within the hours in all zones"
        yield Step("may be called", f"{window}; calling hours {hours}")
    requests = published.info["requests"]
    if requests is not None and published.position is not None:
        yield from _request(requests["items"], published.position)


#: Time zones that are named.
_FEW = 8


def _instant(value: Any) -> str | None:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}Z"
    return value or None


def _request(items: Sequence[dict[str, Any]], position: int) -> Iterator[Step]:
    before = 0
    for number, item in enumerate(items):
        if position < before + item["rows"]:
            place = position - before + 1
            yield Step("request", f"{item['file']}, number {number + 1} of {len(items)}: contact {place} in it")
            return
        before += item["rows"]
