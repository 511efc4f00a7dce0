"""History: what happened to a campaign, or to one number, in the order in which it happened."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from leadsieve_connectors.campaigns.displacing import IMPORTED
from leadsieve_connectors.campaigns.queries import read_json, status_name
from leadsieve_connectors.campaigns.records import Event
from leadsieve_connectors.campaigns.suppressions import files_for, select_files

if TYPE_CHECKING:
    import duckdb

_IMPORTS = """
    SELECT r.committed_at, r.run_id, r.seq, c.name, coalesce(held.contacts, 0), r.undone_at, r.out
    FROM runs r JOIN campaigns c ON c.id = r.campaign_id
    LEFT JOIN (
        SELECT run_seq, count(*) AS contacts FROM all_contacts WHERE $key IS NULL OR key = $key GROUP BY run_seq
    ) held ON held.run_seq = r.seq
    WHERE ($campaign IS NULL OR c.name = $campaign)
"""
_OF_KEY = f" AND r.seq IN (SELECT run_seq FROM {IMPORTED} WHERE key = $key)"  # noqa: S608 - our own text
_DELETIONS = """
    SELECT r.committed_at, r.run_id, r.seq, c.name, r.deleted
    FROM runs r JOIN campaigns c ON c.id = r.campaign_id
    WHERE r.deleted > 0 AND ($campaign IS NULL OR c.name = $campaign)
"""
_DELETIONS_OF_KEY = """
    SELECT r.committed_at, r.run_id, r.seq, c.name, d.status, count(*)
    FROM displaced d JOIN runs r ON r.seq = d.displaced_by JOIN campaigns c ON c.id = r.campaign_id
    WHERE d.key = $key AND ($campaign IS NULL OR c.name = $campaign)
    GROUP BY ALL
"""
_MARKS = """
    SELECT m.marked_at, m.mark_id, m.seq, c.name, m.info, m.undone_at, m.source
    FROM marks m JOIN campaigns c ON c.id = m.campaign_id
    WHERE $campaign IS NULL OR c.name = $campaign
"""
_MARKS_OF_KEY = """
    SELECT m.marked_at, m.mark_id, m.seq, c.name, m.source, s.before_status, s.after_status
    FROM status_changes s JOIN marks m ON m.seq = s.mark_seq JOIN campaigns c ON c.id = m.campaign_id
    WHERE s.key = $key AND ($campaign IS NULL OR c.name = $campaign)
"""


def select_events(connection: duckdb.DuckDBPyConnection, campaign: str | None, key: int | None) -> list[Event]:
    """Return what happened, as `State.history` says."""
    if key is None:
        changes = [*_deletions(connection, campaign), *_marks(connection, campaign)]
    else:
        changes = [*_deletions_of_key(connection, campaign, key), *_marks_of_key(connection, campaign, key)]
    # A run deletes before it imports, and is listed so: the order of equal ones stays.
    events = [*changes, *_imports(connection, campaign, key), *_suppressions(connection, campaign, key)]
    return sorted(events, key=lambda event: (event.at, event.seq or 0))


def _imports(connection: duckdb.DuckDBPyConnection, campaign: str | None, key: int | None) -> list[Event]:
    query = _IMPORTS if key is None else _IMPORTS + _OF_KEY
    found = connection.execute(query, {"campaign": campaign, "key": key}).fetchall()
    return [
        Event(
            at=_time(at),
            kind="import",
            id=run_id,
            seq=seq,
            campaign=name,
            contacts=contacts,
            undone_at=_time(undone_at) if undone_at else None,
            out=out,
            after=None if key is None else "pending",
        )
        for at, run_id, seq, name, contacts, undone_at, out in found
    ]


def _deletions(connection: duckdb.DuckDBPyConnection, campaign: str | None) -> list[Event]:
    found = connection.execute(_DELETIONS, {"campaign": campaign}).fetchall()
    return [
        Event(at=_time(at), kind="deletion", id=run_id, seq=seq, campaign=name, contacts=deleted)
        for at, run_id, seq, name, deleted in found
    ]


def _deletions_of_key(connection: duckdb.DuckDBPyConnection, campaign: str | None, key: int) -> list[Event]:
    found = connection.execute(_DELETIONS_OF_KEY, {"campaign": campaign, "key": key}).fetchall()
    return [
        Event(
            at=_time(at),
            kind="deletion",
            id=run_id,
            seq=seq,
            campaign=name,
            contacts=contacts,
            before=status_name(status),
        )
        for at, run_id, seq, name, status, contacts in found
    ]


def _marks(connection: duckdb.DuckDBPyConnection, campaign: str | None) -> list[Event]:
    found = connection.execute(_MARKS, {"campaign": campaign}).fetchall()
    return [
        Event(
            at=_time(at),
            kind="mark",
            id=mark_id,
            seq=seq,
            campaign=name,
            contacts=int(read_json(info)["changed"]),
            undone_at=_time(undone_at) if undone_at else None,
            source=source,
        )
        for at, mark_id, seq, name, info, undone_at, source in found
    ]


def _marks_of_key(connection: duckdb.DuckDBPyConnection, campaign: str | None, key: int) -> list[Event]:
    found = connection.execute(_MARKS_OF_KEY, {"campaign": campaign, "key": key}).fetchall()
    return [
        Event(
            at=_time(at),
            kind="mark",
            id=mark_id,
            seq=seq,
            campaign=name,
            contacts=1,
            source=source,
            before=status_name(before),
            after=status_name(after),
        )
        for at, mark_id, seq, name, source, before, after in found
    ]


def _suppressions(connection: duckdb.DuckDBPyConnection, campaign: str | None, key: int | None) -> list[Event]:
    files = select_files(connection) if campaign is None else files_for(connection, campaign)
    if key is not None:
        holding = connection.execute("SELECT DISTINCT file_id FROM suppressed WHERE key = ?", [key]).fetchall()
        files = [file for file in files if (file.id,) in holding]
    return [
        Event(
            at=file.added_at,
            kind="suppression",
            id=file.list_name,
            seq=None,
            campaign=file.campaign,
            contacts=file.entries if key is None else 1,
            source=file.source,
        )
        for file in files
    ]


def _time(moment: Any) -> datetime:
    stored: datetime = moment.replace(tzinfo=UTC)
    return stored
