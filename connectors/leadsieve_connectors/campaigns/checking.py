"""Looking through the whole state for what cannot be: each check is a query over all rows, and gives what it finds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from leadsieve_connectors.campaigns.displacing import IMPORTED
from leadsieve_connectors.campaigns.records import STATUSES, Problem

if TYPE_CHECKING:
    import duckdb

_RESTORE = "restore the state from a backup"

# A query for the places and figures of a problem (text, number), what it is, and what to do.
_CHECKS: tuple[tuple[str, str, str], ...] = (
    (
        "SELECT 'table ' || name, count(*) FROM ({references}) GROUP BY name",
        "{1:,} rows refer to a campaign, a run, a mark or a file that is not there",
        _RESTORE,
    ),
    (
        """
        SELECT 'runs and marks', count(*) FROM (
            SELECT seq FROM (SELECT seq FROM runs UNION ALL SELECT seq FROM marks) GROUP BY seq HAVING count(*) > 1
        ) HAVING count(*) > 0
        """,
        "{1:,} positions are taken by more than one change",
        _RESTORE,
    ),
    (
        """
        SELECT 'marks and suppression files', count(*) FROM (
            SELECT mark_id FROM marks GROUP BY mark_id HAVING count(*) > 1
            UNION ALL
            SELECT CAST(id AS VARCHAR) FROM suppression_files GROUP BY id HAVING count(*) > 1
        ) HAVING count(*) > 0
        """,
        "{1:,} ids are taken more than once",
        _RESTORE,
    ),
    (
        """
        SELECT 'suppression list ' || any_value(f.list), count(*) FROM (
            SELECT file_id FROM suppressed GROUP BY file_id, key HAVING count(*) > 1
        ) t JOIN suppression_files f ON f.id = t.file_id GROUP BY f.id
        """,
        "{1:,} of its numbers are there more than once",
        "remove the list and add its files again",
    ),
    (
        """
        SELECT 'suppression list ' || f.list, coalesce(t.entries, 0), f.entries FROM suppression_files f
        LEFT JOIN (SELECT file_id, count(*) AS entries FROM suppressed GROUP BY file_id) t ON t.file_id = f.id
        WHERE coalesce(t.entries, 0) <> f.entries
        """,
        "it holds {1:,} numbers, and was added with {2:,}",
        "remove the list and add its files again",
    ),
    (
        """
        SELECT 'campaign ' || coalesce(c.name, '?'), count(*)
        FROM {imported} t LEFT JOIN campaigns c ON c.id = t.campaign_id
        WHERE t.status >= $statuses GROUP BY c.name
        """,
        "{1:,} contacts have a status that does not exist",
        _RESTORE,
    ),
    (
        """
        SELECT 'mark ' || coalesce(any_value(m.mark_id), '?'), count(*)
        FROM status_changes s LEFT JOIN marks m ON m.seq = s.mark_seq
        WHERE s.before_status >= $statuses OR s.after_status >= $statuses OR s.before_mark >= s.mark_seq
            OR s.run_seq >= s.mark_seq
        GROUP BY s.mark_seq
        """,
        "{1:,} of its changes of status cannot have been",
        _RESTORE,
    ),
    (
        """
        SELECT 'run ' || any_value(r.run_id), count(*) FROM {imported} t JOIN runs r ON r.seq = t.run_seq
        WHERE r.undone_at IS NOT NULL GROUP BY r.seq
        """,
        "it was undone, and {1:,} contacts of it are there",
        _RESTORE,
    ),
    (
        """
        SELECT 'run ' || any_value(r.run_id), count(*) FROM dependencies d JOIN runs r ON r.seq = d.run_seq
        JOIN runs e ON e.seq = d.on_seq
        WHERE r.undone_at IS NOT NULL OR e.undone_at IS NOT NULL OR d.on_seq >= d.run_seq OR d.rows < 1 GROUP BY r.seq
        """,
        "{1:,} of the runs that it depends on cannot be so: undone, or later than itself",
        _RESTORE,
    ),
    (
        """
        SELECT 'mark ' || any_value(m.mark_id), count(*) FROM status_changes s JOIN marks m ON m.seq = s.mark_seq
        WHERE m.undone_at IS NOT NULL GROUP BY m.seq
        """,
        "it was undone, and {1:,} changes of it are there",
        _RESTORE,
    ),
    (
        """
        SELECT 'campaign ' || any_value(c.name), count(*) FROM {imported} t
        JOIN runs r ON r.seq = t.run_seq JOIN campaigns c ON c.id = t.campaign_id
        WHERE r.campaign_id <> t.campaign_id GROUP BY c.id
        """,
        "{1:,} contacts are of a run of another campaign",
        _RESTORE,
    ),
    (
        """
        SELECT 'run ' || r.run_id, coalesce(d.contacts, 0), r.deleted FROM runs r
        LEFT JOIN (SELECT displaced_by, count(*) AS contacts FROM displaced GROUP BY displaced_by) d
            ON d.displaced_by = r.seq
        WHERE coalesce(d.contacts, 0) <> r.deleted
        """,
        "{1:,} contacts are kept that it deleted, and it deleted {2:,}",
        _RESTORE,
    ),
    (
        """
        SELECT 'run ' || any_value(r.run_id), count(*) FROM displaced d JOIN runs r ON r.seq = d.displaced_by
        WHERE r.undone_at IS NOT NULL OR r.campaign_id <> d.campaign_id OR d.run_seq >= r.seq OR d.mark_seq >= r.seq
        GROUP BY r.seq
        """,
        "{1:,} of the contacts that it deleted cannot be so: of another campaign, of a later change, or it was undone",
        _RESTORE,
    ),
    (
        """
        SELECT 'campaign ' || any_value(c.name), count(*) FROM ({chains}) t JOIN campaigns c ON c.id = t.campaign_id
        GROUP BY c.id
        """,
        "the changes of status of {1:,} contacts do not lead to the status that they have",
        _RESTORE,
    ),
)

_REFERENCES = """
    SELECT 'runs' AS name FROM runs WHERE campaign_id NOT IN (SELECT id FROM campaigns)
    UNION ALL SELECT 'marks' FROM marks WHERE campaign_id NOT IN (SELECT id FROM campaigns)
    UNION ALL SELECT 'contacts' FROM all_contacts
        WHERE campaign_id NOT IN (SELECT id FROM campaigns) OR run_seq NOT IN (SELECT seq FROM runs)
            OR (mark_seq IS NOT NULL AND mark_seq NOT IN (SELECT seq FROM marks))
    UNION ALL SELECT 'displaced' FROM displaced
        WHERE campaign_id NOT IN (SELECT id FROM campaigns) OR run_seq NOT IN (SELECT seq FROM runs)
            OR (mark_seq IS NOT NULL AND mark_seq NOT IN (SELECT seq FROM marks))
            OR displaced_by NOT IN (SELECT seq FROM runs)
    UNION ALL SELECT 'status_changes' FROM status_changes
        WHERE campaign_id NOT IN (SELECT id FROM campaigns) OR run_seq NOT IN (SELECT seq FROM runs)
            OR mark_seq NOT IN (SELECT seq FROM marks)
            OR (before_mark IS NOT NULL AND before_mark NOT IN (SELECT seq FROM marks))
    UNION ALL SELECT 'dependencies' FROM dependencies
        WHERE run_seq NOT IN (SELECT seq FROM runs) OR on_seq NOT IN (SELECT seq FROM runs)
    UNION ALL SELECT 'mappings' FROM mappings WHERE run_seq NOT IN (SELECT seq FROM runs)
    UNION ALL SELECT 'suppressed' FROM suppressed WHERE file_id NOT IN (SELECT id FROM suppression_files)
"""
# The changes of a contact are a chain: the first begins with what the import gave, each other with what the one before
# gave, and the last gives what the contact has, or had when it was deleted. Each row here is a link that does not fit.
# A run may hold a number more than once: its contacts are alike, and have one chain.
_CHAINS = """
    WITH links AS (
        SELECT campaign_id, key, run_seq, mark_seq, before_status, before_mark, after_status
        FROM status_changes
        UNION ALL
        SELECT DISTINCT campaign_id, key, run_seq, $end AS mark_seq, status AS before_status, mark_seq AS before_mark,
               NULL AS after_status
        FROM all_contacts
        WHERE mark_seq IS NOT NULL OR status <> 0 OR key IN (SELECT key FROM status_changes)
        UNION ALL
        SELECT DISTINCT campaign_id, key, run_seq, displaced_by, status, mark_seq, NULL
        FROM displaced
        WHERE mark_seq IS NOT NULL OR status <> 0 OR key IN (SELECT key FROM status_changes)
    )
    SELECT DISTINCT campaign_id, key, run_seq FROM (
        SELECT *, lag(if(before_status = after_status, before_mark, mark_seq)) OVER chain AS earlier_mark,
               lag(after_status) OVER chain AS earlier_status,
               lead(mark_seq) OVER chain AS next_mark
        FROM links
        WINDOW chain AS (PARTITION BY campaign_id, key, run_seq ORDER BY mark_seq)
    )
    WHERE before_mark IS DISTINCT FROM earlier_mark OR before_status <> coalesce(earlier_status, 0)
        OR (after_status IS NOT NULL AND next_mark IS NULL)
"""
#: Past the `seq` of every change.
_SEQ_END = (1 << 31) - 1

_COUNTS = """
    SELECT r.run_id, r.info, r.manifest, r.forgotten, r.undone_at IS NULL, coalesce(t.contacts, 0)
    FROM runs r LEFT JOIN (SELECT run_seq, count(*) AS contacts FROM {imported} GROUP BY run_seq) t
        ON t.run_seq = r.seq
    ORDER BY r.seq
"""
_TEXTS = (
    ("mark", "SELECT mark_id, info FROM marks"),
    ("mapping", "SELECT digest, headers FROM mappings UNION ALL SELECT digest, mapping FROM mappings"),
)


def find_problems(connection: duckdb.DuckDBPyConnection) -> list[Problem]:
    """Return everything in the state that cannot be, as `State.check` says."""
    problems: list[Problem] = []
    for query, what, advice in _CHECKS:
        statement = query.replace("{references}", _REFERENCES).replace("{chains}", _CHAINS)
        statement = statement.replace("{imported}", IMPORTED)
        values = {"statuses": len(STATUSES), "end": _SEQ_END}
        used = {name: value for name, value in values.items() if f"${name}" in statement}
        found = sorted(connection.execute(statement, used).fetchall())
        problems += [Problem(what.format(*row), str(row[0]), advice) for row in found]
    return [*problems, *_wrong_names(connection), *_wrong_counts(connection), *_unreadable_texts(connection)]


def _wrong_names(connection: duckdb.DuckDBPyConnection) -> list[Problem]:
    """Find out whether the state's codes mean the statuses that they mean here."""
    stored = connection.execute("SELECT code, name FROM statuses ORDER BY code").fetchall()
    if stored == list(enumerate(STATUSES)):
        return []
    return [Problem("its statuses are not the ones that this version knows", "table statuses", _RESTORE)]


def _wrong_counts(connection: duckdb.DuckDBPyConnection) -> list[Problem]:
    """Compare the contacts of each run with what its ledger says that it accepted."""
    problems, statement = [], _COUNTS.replace("{imported}", IMPORTED)
    for run_id, info, manifest, forgotten, live, contacts in connection.execute(statement).fetchall():
        where, kept = f"run {run_id}", _parsed(info)
        if kept is None or _parsed(manifest) is None:
            problems.append(Problem("what was kept of its run.json is not JSON", where, _RESTORE))
            continue
        ledger = kept.get("ledger") if isinstance(kept, dict) else None
        accepted = ledger.get("accepted") if isinstance(ledger, dict) else None
        if live and isinstance(accepted, int) and contacts != accepted - forgotten:
            what = f"it has {contacts:,} contacts, and accepted {accepted:,} of which {forgotten:,} were forgotten"
            problems.append(Problem(what, where, _RESTORE))
    return problems


def _unreadable_texts(connection: duckdb.DuckDBPyConnection) -> list[Problem]:
    problems = []
    for kind, query in _TEXTS:
        for name, text in connection.execute(query).fetchall():
            if _parsed(text) is None:
                problems.append(Problem("what was kept of it is not JSON", f"{kind} {name}", _RESTORE))
    return problems


def _parsed(text: str) -> Any:
    """Return what a JSON text holds; None where it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return None
