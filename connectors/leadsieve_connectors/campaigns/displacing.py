"""Contacts that a run deletes from its campaign before it imports: they are set aside, and can be put back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadsieve_connectors.campaigns.queries import select_one
from leadsieve_connectors.campaigns.records import STATUSES
from leadsieve_connectors.exceptions import StateError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import duckdb

#: Every contact that runs which hold have imported, whether it is in its campaign still or was displaced.
IMPORTED = """(
    SELECT campaign_id, key, run_seq, status, mark_seq FROM all_contacts
    UNION ALL
    SELECT campaign_id, key, run_seq, status, mark_seq FROM displaced
)"""
_SET_ASIDE = """
    INSERT INTO displaced (displaced_by, campaign_id, key, run_seq, status, mark_seq)
    SELECT $seq, campaign_id, key, run_seq, status, mark_seq FROM all_contacts
    WHERE campaign_id = $campaign AND list_contains($statuses::UTINYINT[], status)
"""
_DELETE = (
    "DELETE FROM contacts WHERE campaign_id = $campaign AND list_contains($statuses::UTINYINT[], status)",
    "DELETE FROM untouched WHERE campaign_id = $campaign AND list_contains($statuses::UTINYINT[], 0)",
)
_PUT_BACK = """
    INSERT INTO contacts (campaign_id, key, run_seq, status, mark_seq)
    SELECT campaign_id, key, run_seq, status, mark_seq FROM displaced WHERE displaced_by = ?
"""


def displace(connection: duckdb.DuckDBPyConnection, campaign_id: int, seq: int, statuses: Sequence[str]) -> int:
    """Set aside a campaign's contacts in some statuses, within the transaction that the caller has begun.

    Args:
        connection: The state.
        campaign_id: The campaign.
        seq: The run that deletes them.
        statuses: Names of statuses.

    Returns:
        How many there were.

    Raises:
        StateError: `invalid_option`: there is no such status.
    """
    unknown = next((name for name in statuses if name not in STATUSES), None)
    if unknown is not None:
        raise StateError(f"{unknown!r} is no status; use one of these: {', '.join(STATUSES)}", "invalid_option")
    if not statuses:
        return 0
    meant = {"campaign": campaign_id, "statuses": [STATUSES.index(name) for name in statuses]}
    count = int(select_one(connection, _SET_ASIDE, {**meant, "seq": seq}))
    for statement in _DELETE:
        connection.execute(statement, meant)
    return count


def put_back(connection: duckdb.DuckDBPyConnection, seq: int) -> int:
    """Put the contacts that a run deleted back as they were; returns how many."""
    count = int(select_one(connection, _PUT_BACK, [seq]))
    connection.execute("DELETE FROM displaced WHERE displaced_by = ?", [seq])
    return count
