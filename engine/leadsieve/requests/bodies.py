"""The text of requests: what stands before, between and after their contacts, and the contacts, made by the column."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from leadsieve.requests.cells import cell_texts
from leadsieve.requests.json_values import json_values
from leadsieve.requests.members import Member, as_sent, contact_members
from leadsieve.requests.plan import RequestPlan
from leadsieve_connectors.sinks import csv_cells, csv_records
from leadsieve_rules.profiles.placeholders import fill
from leadsieve_rules.profiles.templates import setting_values

#: The setting that names the campaign that contacts are added to.
_CAMPAIGN_ID = "campaign_id"


@dataclass(frozen=True, slots=True)
class Bodies:
    """How the bodies of a run's requests are written.

    Attributes:
        suffix: Of their files.
        between: Bytes between two contacts.
        around: From the number of a request to the bytes before and after its contacts.
        contacts: From accepted rows to their contacts as large_string, each with `between` before it.
        form: From the number of a request to what goes beside its file; None where nothing does.
    """

    suffix: str
    between: bytes
    around: Callable[[int], tuple[bytes, bytes]]
    contacts: Callable[[pa.RecordBatch], pa.Array]
    form: Callable[[int], Mapping[str, Any] | None]


def bodies_of(plan: RequestPlan) -> Bodies:
    """Settle how the bodies of a run's requests are written.

    Args:
        plan: What they are made of.

    Raises:
        UsageError: The profile has no request.
    """
    return _csv_bodies(plan) if plan.template.format == "csv" else _json_bodies(plan)


def to_json(value: Any) -> str:
    """Return a value as JSON without spaces, keys in the order given."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def encoded(text: str) -> bytes:
    """Return JSON text as UTF-8."""
    # A lone surrogate (an argument or a file name that is not UTF-8) has no UTF-8 form; JSON's own escape holds it.
    return text.encode("utf-8", "backslashreplace")


def _json_bodies(plan: RequestPlan) -> Bodies:
    members, between = contact_members(plan), ",\n"
    join = _list if plan.template.contact_as == "list" else _object

    def around(number: int) -> tuple[bytes, bytes]:
        template, names = _template(plan, number), _names(plan, members, number)
        marker, others = "contacts", to_json(fill(template, names | {"contacts": None}))
        while to_json(marker) in others:
            marker += "."
        body = to_json(fill(template, names | {"contacts": [marker]}, without_none=True))
        before, after = body.split(to_json(marker))
        return encoded(before), encoded(after)

    def contacts(batch: pa.RecordBatch) -> pa.Array:
        return _joined(pa.scalar(between, pa.large_string()), join(batch, members, plan))

    return Bodies(".json", between.encode(), around, contacts, lambda _: None)


def _csv_bodies(plan: RequestPlan) -> Bodies:
    members = contact_members(plan)
    headers = csv_cells(pa.array([member.name for member in members], pa.large_string()))
    head = csv_records([headers.slice(place, 1) for place in range(len(headers))])[0].as_py().encode()

    def contacts(batch: pa.RecordBatch) -> pa.Array:
        return csv_records([csv_cells(cell_texts(_sent(batch, member, plan))) for member in members])

    def form(number: int) -> Mapping[str, Any] | None:
        filled: dict[str, Any] = fill(_template(plan, number), _names(plan, members, number), without_none=True)
        return filled or None

    return Bodies(".csv", b"", lambda _: (head, b""), contacts, form)


def _template(plan: RequestPlan, number: int) -> Mapping[str, Any]:
    template = plan.template
    return template.body if number == 1 else {**template.body, **template.later}


def _names(plan: RequestPlan, members: tuple[Member, ...], number: int) -> dict[str, Any]:
    """Give every name of `[request]` but `contacts` its value."""
    settings, fields = plan.settings.values, plan.profile.fields
    given = {name: value for name, value in settings.items() if value is not None or name not in plan.names}
    first = settings.get(_CAMPAIGN_ID)
    if first is None and number > 1:
        first = f"${{{_CAMPAIGN_ID.upper()}}}"
    return {
        **setting_values(plan.profile, {**plan.names, **given}),
        "contacts": None,
        "columns": [member.name for member in members],
        "mapping": to_json({member.name: member.source for member in members if member.source in fields}),
        "number": number,
        "first_campaign_id": first,
    }


def _object(batch: pa.RecordBatch, members: tuple[Member, ...], plan: RequestPlan) -> pa.Array:
    """Write contacts as JSON objects, without the members that have no value."""
    parts = []
    for member in members:
        if member.source is None:
            inner = _object(batch, member.inner, plan)
            value = pc.if_else(pc.equal(inner, "{}"), pa.scalar(None, pa.large_string()), inner)
        else:
            value = json_values(_sent(batch, member, plan), member.rule)
        parts.append(pc.fill_null(_joined(pa.scalar(f",{to_json(member.name)}:", pa.large_string()), value), ""))
    text = _joined(pa.scalar("{", pa.large_string()), *parts, pa.scalar("}", pa.large_string()))
    # Arrow can join without nulls, but then loses the rows in which all are.
    return pc.replace_substring(text, "{,", "{", max_replacements=1)


def _list(batch: pa.RecordBatch, members: tuple[Member, ...], plan: RequestPlan) -> pa.Array:
    """Write contacts as JSON lists, in which no value is an empty text."""
    parts = [pc.fill_null(json_values(_sent(batch, member, plan), member.rule), '""') for member in members]
    text = pc.binary_join_element_wise(*parts, pa.scalar(",", pa.large_string()))
    return _joined(pa.scalar("[", pa.large_string()), text, pa.scalar("]", pa.large_string()))


def _joined(*parts: pa.Array | pa.Scalar) -> pa.Array:
    """Put texts one after the other; null where one of them is."""
    return pc.binary_join_element_wise(*parts, pa.scalar("", pa.large_string()))


def _sent(batch: pa.RecordBatch, member: Member, plan: RequestPlan) -> pa.Array:
    assert member.source is not None  # noqa: S101 - a table is written by its members
    return as_sent(batch.column(member.source), member.source, plan)
