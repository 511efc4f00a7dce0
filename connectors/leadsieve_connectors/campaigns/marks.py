"""Marks: statuses that come back from the dialler for a campaign's contacts, and what they were before."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from leadsieve_connectors.campaigns.contacts import gathered
from leadsieve_connectors.campaigns.queries import next_seq, select_one, storable, stored_time
from leadsieve_connectors.campaigns.records import STATUSES, MarkResult
from leadsieve_connectors.exceptions import StateError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    import duckdb
    import pyarrow as pa

_CAMPAIGNS_SHOWN = 10
_LIVE_CAMPAIGNS = """
    SELECT name, id FROM campaigns WHERE id IN (SELECT campaign_id FROM runs WHERE undone_at IS NULL) ORDER BY id
"""
_MATCH = """
    CREATE TEMP TABLE matched AS
    SELECT c.rowid AS row_at, FALSE AS touched, c.key, c.run_seq, CAST(0 AS UTINYINT) AS before_status,
           CAST(NULL AS INTEGER) AS before_mark, i.status AS after_status
    FROM untouched c JOIN given i ON i.key = c.key
    WHERE c.campaign_id = $campaign
    UNION ALL
    SELECT c.rowid, TRUE, c.key, c.run_seq, c.status, c.mark_seq, i.status
    FROM contacts c JOIN given i ON i.key = c.key
    WHERE c.campaign_id = $campaign
"""
# A number has mostly one contact in a campaign, so the few with more are found apart: to take the latest of all costs
# four times as much.
_REPEATED = """
    CREATE TEMP TABLE repeated AS
    SELECT key, max(run_seq) AS latest FROM matched GROUP BY key HAVING count(*) > 1
"""
_KEEP_LATEST = "DELETE FROM matched USING repeated r WHERE matched.key = r.key AND matched.run_seq < r.latest"
# A run that was to look for no duplicates may hold a number more than once: all its contacts have the same status, and
# what became of them is told once.
_FURTHER = """
    SELECT count(*) - count(DISTINCT key) FROM matched WHERE key IN (SELECT key FROM repeated)
"""
_TWICE = "SELECT key FROM given WHERE key IN (SELECT key FROM repeated) GROUP BY key HAVING count(*) > 1 LIMIT 1"
_INSERT_MARK = """
    INSERT INTO marks (seq, mark_id, campaign_id, marked_at, source, sha256, info) VALUES (?, ?, ?, ?, ?, ?, ?)
"""
# Also where the status stays: an earlier mark that gave it cannot be undone as if this one had not confirmed it.
_INSERT_CHANGES = """
    INSERT INTO status_changes (mark_seq, campaign_id, key, run_seq, before_status, before_mark, after_status)
    SELECT $seq, $campaign, key, run_seq, before_status, before_mark, after_status FROM (
        SELECT * EXCLUDE (row_at, touched) FROM matched WHERE key NOT IN (SELECT key FROM repeated)
        UNION ALL
        SELECT DISTINCT * EXCLUDE (row_at, touched) FROM matched WHERE key IN (SELECT key FROM repeated)
    )
"""
# Deleted and inserted anew: an update keeps both of each value in memory until the commit, and cannot spill.
_DELETE_MATCHED = (
    "DELETE FROM untouched WHERE rowid IN (SELECT row_at FROM matched WHERE NOT touched)",
    "DELETE FROM contacts WHERE rowid IN (SELECT row_at FROM matched WHERE touched)",
)
_INSERT_MARKED = """
    INSERT INTO contacts (campaign_id, key, run_seq, status, mark_seq)
    SELECT ?, key, run_seq, after_status, ? FROM matched
"""


def insert_mark(
    connection: duckdb.DuckDBPyConnection,
    campaign: str,
    batches: Iterable[pa.RecordBatch],
    *,
    mark_id: str,
    marked_at: datetime,
    source: str,
    sha256: str,
) -> MarkResult:
    """Mark contacts as `State.mark` says, within the transaction that the caller has begun."""
    campaign_id = _campaign_id(connection, campaign)
    origin = [storable(source, "source name"), storable(sha256, "digest")]
    if connection.execute("SELECT 1 FROM marks WHERE mark_id = ?", [storable(mark_id, "mark id")]).fetchall():
        raise StateError(f"mark {mark_id} is in the state already; give this one another id", "invalid_option")
    given = _take_in(connection, batches)
    connection.execute(_MATCH, {"campaign": campaign_id})
    connection.execute(_REPEATED)
    _require_once(connection)
    connection.execute(_KEEP_LATEST)
    seq = next_seq(connection)
    told = int(select_one(connection, _INSERT_CHANGES, {"seq": seq, "campaign": campaign_id}))
    contacts = told + int(select_one(connection, _FURTHER, []))
    unchanged = int(select_one(connection, "DELETE FROM matched WHERE before_status = after_status", []))
    delete_matched(connection)
    connection.execute(_INSERT_MARKED, [campaign_id, seq])
    result = MarkResult(seq, contacts - unchanged, unchanged, given - told)
    info = {"changed": result.changed, "unchanged": result.unchanged, "unknown": result.unknown}
    connection.execute(_INSERT_MARK, [seq, mark_id, campaign_id, stored_time(marked_at), *origin, json.dumps(info)])
    return result


def delete_matched(connection: duckdb.DuckDBPyConnection) -> int:
    """Delete the contacts in the temporary table `matched`, each of the table that it is in; returns how many."""
    return sum(int(select_one(connection, statement, [])) for statement in _DELETE_MATCHED)


def _campaign_id(connection: duckdb.DuckDBPyConnection, campaign: str) -> int:
    name = storable(campaign, "campaign name")
    ids = dict(connection.execute(_LIVE_CAMPAIGNS).fetchall())
    if name not in ids:
        shown = ", ".join(map(repr, list(ids)[:_CAMPAIGNS_SHOWN])) or "none"
        more = f" and {len(ids) - _CAMPAIGNS_SHOWN} more" if len(ids) > _CAMPAIGNS_SHOWN else ""
        raise StateError(f"there is no campaign {campaign!r}; name one of these: {shown}{more}", "invalid_option")
    return int(ids[name])


def _take_in(connection: duckdb.DuckDBPyConnection, batches: Iterable[pa.RecordBatch]) -> int:
    """Gather the statuses in a temporary table, which spills; returns how many there are."""
    connection.execute("CREATE TEMP TABLE given (key UBIGINT NOT NULL, status UTINYINT NOT NULL)")
    for table in gathered(batches, ["key", "status"]):
        connection.register("incoming", table)
        connection.execute("INSERT INTO given SELECT key, status FROM incoming")
        connection.unregister("incoming")
    query = "SELECT count(*), coalesce(max(status), 0) FROM given"
    ((rows, largest),) = connection.execute(query).fetchall()
    if largest >= len(STATUSES):
        raise StateError(
            f"{largest} is no status; use one of 0 to {len(STATUSES) - 1}: {', '.join(STATUSES)}", "invalid_option"
        )
    return int(rows)


def _require_once(connection: duckdb.DuckDBPyConnection) -> None:
    twice = connection.execute(_TWICE).fetchall()
    if twice:
        message = f"the number that ends in {twice[0][0] % 1000:03} is given a status twice; keep one of them"
        raise StateError(message, "invalid_option")
