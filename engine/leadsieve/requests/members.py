"""What a contact is made of in a request: its members in order, and where each comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers import country_code_for_region

from leadsieve.requests.plan import RequestPlan
from leadsieve_rules.fields.schedules import read_schedules
from leadsieve_rules.profiles import PHONE
from leadsieve_rules.profiles.model import Rule
from leadsieve_rules.profiles.placeholders import whole_name

#: In a contact's template, all custom columns.
_CUSTOM = "custom"
#: How a date and time ends that has its offset from UTC.
_OFFSET = r"(?i)(?:z|[+-]\d{2}(?::?\d{2})?)$"


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a contact.

    Attributes:
        name: What the target system calls it.
        source: The column of the accepted rows that it comes from; None for a table of others.
        rule: What its values must be; None takes any.
        inner: The members of the table; empty where it is none.
    """

    name: str
    source: str | None
    rule: Rule | None = None
    inner: tuple[Member, ...] = ()

    def leaves(self) -> Iterator[tuple[str, str]]:
        """Go through the values that it holds: the name of each, and its column."""
        if self.source is not None:
            yield self.name, self.source
        for member in self.inner:
            for name, source in member.leaves():
                yield f"{self.name}.{name}", source


def contact_members(plan: RequestPlan) -> tuple[Member, ...]:
    """Lay out a contact: the members of `[request.contact]` that the run has columns for, and the custom columns.

    A custom column whose name is that of another member is `NAME_source`, or `NAME_source_2` and so on. One that is
    named like a member of the table of custom columns (`custom_fields.city`) has its own name in that table.

    Args:
        plan: What the requests are made of.
    """
    template = plan.template
    flat = template.format == "csv" or template.contact_as == "list"
    sources = {name: whole_name(value) for name, value in template.contact.items()}
    fields = {name: source for name, source in sources.items() if source in plan.present}
    tables = [name for name, source in sources.items() if source == _CUSTOM]
    if tables and not flat:
        inner = tuple(_custom(plan, {}, plan.profile.custom.container or tables[0]))
        custom = [Member(tables[0], None, None, inner)] if inner else []
    else:
        custom = list(_custom(plan, fields, None))
    members: list[Member] = []
    for name, source in sources.items():
        if source == _CUSTOM:
            members += custom
        elif name in fields and source is not None:
            members.append(Member(name, source, plan.profile.fields[source].rule))
    return tuple(members if tables else [*members, *custom])


def sent_columns(columns: Mapping[str, pa.Array], plan: RequestPlan) -> dict[str, pa.Array]:
    """Return the values of contacts by the names that they are sent under.

    Args:
        columns: The columns of accepted rows that `plan.columns` names, without the origin; numbers in E.164.
        plan: What the requests are made of.

    Returns:
        Name to values, in order: what `row_lengths` takes. A member of a table is under both names with a dot between.
    """
    return {
        name: as_sent(columns[source], source, plan)
        for member in contact_members(plan)
        for name, source in member.leaves()
    }


def sent_phones(e164: pa.Array, form: str, region: str | None) -> pa.Array:
    """Write numbers as the target system takes them.

    Args:
        e164: Numbers in E.164.
        form: "e164", "digits" (E.164 without the plus sign), or "national" (the digits after the country code where
            that is the region's, else E.164).
        region: The region of national numbers; None means that no number is one.
    """
    if form == "digits":
        return pc.utf8_slice_codeunits(e164, 1)
    if form != "national" or region is None:
        return e164
    code = f"+{country_code_for_region(region)}"
    return pc.if_else(pc.starts_with(e164, code), pc.utf8_slice_codeunits(e164, len(code)), e164)


def as_sent(column: pa.Array, source: str, plan: RequestPlan) -> pa.Array:
    """Return the values of a column as they are sent: numbers in the system's form, call times with their offset.

    Args:
        column: A column of accepted rows.
        source: Its name.
        plan: What the requests are made of.
    """
    if source == PHONE:
        return sent_phones(column, plan.profile.phone.format, plan.region)
    field = plan.profile.fields.get(source) if source in plan.present else None
    if field is None or field.rule is None or field.rule.kind != "schedule" or field.rule.zone is None:
        return column
    return _with_offsets(column, field.rule.zone)


def _with_offsets(text: pa.Array, zone: str) -> pa.Array:
    """Write call times that have no offset in UTC: the system does not know in which zone they were meant."""
    text = text.cast(pa.string())
    open_ = pc.fill_null(pc.invert(pc.match_substring_regex(text, _OFFSET)), False)
    instants = read_schedules(text, zone).instants
    written = pc.strftime(instants.cast(pa.timestamp("s", "UTC"), safe=False), "%Y-%m-%dT%H:%M:%SZ")
    return pc.if_else(pc.and_(open_, pc.is_valid(written)), written, text)


def _custom(plan: RequestPlan, taken: Mapping[str, object], table: str | None) -> Iterator[Member]:
    """Go through the custom columns under names that are free."""
    used = {*taken}
    others = {*plan.custom}
    for source in plan.custom:
        name = source.removeprefix(f"{table}.") if table is not None else source
        if name != source and (not name or name in others or name in used):
            name = source
        free, count = name, 1
        while free in used or (free != name and free in others):
            free = f"{name}_source" if count == 1 else f"{name}_source_{count}"
            count += 1
        used.add(free)
        yield Member(free, source)
