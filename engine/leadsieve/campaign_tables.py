"""The tables in which `Campaigns` tells of a state."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from leadsieve_connectors.campaigns import STATUSES, RunRecord, SuppressionFile

TIME = pa.timestamp("s", "UTC")

#: One row a campaign: its runs, and its contacts by status.
CAMPAIGNS = pa.schema(
    [
        ("campaign", pa.string()),
        ("created_at", TIME),
        ("runs", pa.int64()),
        ("contacts", pa.int64()),
        *((status, pa.int64()) for status in STATUSES),
    ]
)
#: One row a run: what it read, what became of the rows, and how many contacts it deleted from the campaign first.
RUNS = pa.schema(
    [
        ("run_id", pa.string()),
        ("committed_at", TIME),
        ("sources", pa.string()),
        ("rows", pa.int64()),
        ("accepted", pa.int64()),
        ("rejected", pa.int64()),
        ("forgotten", pa.int64()),
        ("deleted", pa.int64()),
        ("published", pa.bool_()),
        ("out", pa.string()),
    ]
)
#: What a mark did: contacts changed and unchanged, numbers that the campaign does not hold, unreadable entries.
MARKED = pa.schema(
    [
        ("mark_id", pa.string()),
        ("entries", pa.int64()),
        ("changed", pa.int64()),
        ("unchanged", pa.int64()),
        ("unknown", pa.int64()),
        ("unreadable", pa.int64()),
    ]
)
#: One row an event; `before` and `after` are the statuses of one number, which a run deletes in its last one.
HISTORY = pa.schema(
    [
        ("at", TIME),
        ("kind", pa.string()),
        ("id", pa.string()),
        ("campaign", pa.string()),
        ("contacts", pa.int64()),
        ("before", pa.string()),
        ("after", pa.string()),
        ("undone_at", TIME),
        ("source", pa.string()),
        ("out", pa.string()),
    ]
)
#: The change that was undone, how many contacts that it had deleted are back, and where an undone run's outputs stand.
UNDONE = pa.schema(
    [
        ("id", pa.string()),
        ("kind", pa.string()),
        ("campaign", pa.string()),
        ("contacts", pa.int64()),
        ("restored", pa.int64()),
        ("out", pa.string()),
    ]
)
#: One row a contact; `since` is when it got its status.
CONTACTS = pa.schema(
    [
        ("phone_number", pa.string()),
        ("status", pa.dictionary(pa.int8(), pa.string())),
        ("since", TIME),
        ("run_id", pa.dictionary(pa.int32(), pa.string())),
    ]
)
#: One row for each file that a suppression list is made of.
SUPPRESSIONS = pa.schema(
    [
        ("list", pa.string()),
        ("campaign", pa.string()),
        ("source", pa.string()),
        ("dated", TIME),
        ("added_at", TIME),
        ("entries", pa.int64()),
        ("unreadable", pa.int64()),
        ("sha256", pa.string()),
    ]
)


def run_row(record: RunRecord) -> dict[str, Any]:
    """Return a run as a row of `RUNS`."""
    ledger = record.info["ledger"]
    return {
        "run_id": record.run_id,
        "committed_at": record.committed_at,
        "sources": ", ".join(source["lead_file"] for source in record.info["sources"]),
        **{name: ledger[name] for name in ("rows", "accepted", "rejected")},
        "forgotten": record.forgotten,
        "deleted": record.deleted,
        "published": record.published,
        "out": record.out,
    }


def file_table(files: Iterable[SuppressionFile]) -> pa.Table:
    """Return files of suppression lists as a table of the schema `SUPPRESSIONS`."""
    names = {"list": "list_name"}
    rows = [{name: getattr(one, names.get(name, name)) for name in SUPPRESSIONS.names} for one in files]
    return pa.Table.from_pylist(rows, SUPPRESSIONS)
