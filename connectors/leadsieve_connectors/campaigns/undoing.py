"""Undo: a run or a mark is taken out as if it had not been, unless later changes that hold depend on it."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from leadsieve_connectors.campaigns.displacing import IMPORTED, put_back
from leadsieve_connectors.campaigns.marks import delete_matched
from leadsieve_connectors.campaigns.queries import select_one, select_runs, stored_time
from leadsieve_connectors.campaigns.records import UndoneChange
from leadsieve_connectors.exceptions import StateError

if TYPE_CHECKING:
    from datetime import datetime

    import duckdb

_IDS_SHOWN = 6
_CHANGE = """
    SELECT kind, seq, undone_at, campaign_id, name FROM (
        SELECT 'import' AS kind, run_id AS id, seq, undone_at, campaign_id FROM runs
        UNION ALL
        SELECT 'mark' AS kind, mark_id AS id, seq, undone_at, campaign_id FROM marks
    ) AS changes JOIN campaigns c ON c.id = campaign_id
    WHERE changes.id = ?
"""
_NEAREST = """
    SELECT id FROM (
        SELECT run_id AS id, seq FROM runs WHERE undone_at IS NULL
        UNION ALL
        SELECT mark_id AS id, seq FROM marks WHERE undone_at IS NULL
    ) ORDER BY starts_with(id, ?) DESC, seq DESC LIMIT ?
"""
# What a change cannot be undone before: a query for the latest such change (its id, and a count), and the reason.
_HOLDS_IMPORT = (
    (
        """
        SELECT r.run_id, d.rows FROM dependencies d JOIN runs r ON r.seq = d.run_seq
        WHERE d.on_seq = $seq AND r.undone_at IS NULL ORDER BY r.seq DESC LIMIT 1
        """,
        "run {0} rejected rows as duplicates of its contacts ({1:,})",
    ),
    (
        """
        SELECT m.mark_id, count(*) FROM status_changes s JOIN marks m ON m.seq = s.mark_seq
        WHERE s.run_seq = $seq GROUP BY m.mark_id, m.seq ORDER BY m.seq DESC LIMIT 1
        """,
        "mark {0} gave statuses to its contacts ({1:,})",
    ),
    (
        """
        SELECT r.run_id, count(*) FROM displaced d JOIN runs r ON r.seq = d.displaced_by
        WHERE d.run_seq = $seq GROUP BY r.run_id, r.seq ORDER BY r.seq DESC LIMIT 1
        """,
        "run {0} deleted contacts of it ({1:,})",
    ),
    # What follows concerns a run that deleted contacts: they would have been there for later changes.
    (
        """
        SELECT l.id FROM (
            SELECT campaign_id, run_id AS id, seq FROM runs WHERE undone_at IS NULL
            UNION ALL
            SELECT campaign_id, mark_id AS id, seq FROM marks WHERE undone_at IS NULL
        ) l JOIN runs r ON r.campaign_id = l.campaign_id AND r.seq < l.seq
        WHERE r.seq = $seq AND r.deleted > 0 ORDER BY l.seq DESC LIMIT 1
        """,
        "{0} changed the campaign since, without the contacts that it deleted",
    ),
    (
        f"""
        SELECT r.run_id, count(*) FROM {IMPORTED} c JOIN runs r ON r.seq = c.run_seq
        WHERE c.run_seq > $seq AND c.key IN (SELECT key FROM displaced WHERE displaced_by = $seq)
        GROUP BY r.run_id, r.seq ORDER BY r.seq DESC LIMIT 1
        """,  # noqa: S608 - our own text
        "run {0} has imported numbers since that it deleted ({1:,})",
    ),
)
_HOLDS_MARK = (
    (
        """
        SELECT r.run_id, count(*) FROM displaced d JOIN runs r ON r.seq = d.displaced_by
        JOIN status_changes s ON s.key = d.key AND s.run_seq = d.run_seq
        WHERE s.mark_seq = $seq GROUP BY r.run_id, r.seq ORDER BY r.seq DESC LIMIT 1
        """,
        "run {0} deleted contacts that it gave statuses to ({1:,})",
    ),
    (
        """
        SELECT m.mark_id, count(*)
        FROM status_changes s
        JOIN status_changes l ON l.key = s.key AND l.run_seq = s.run_seq AND l.mark_seq > s.mark_seq
        JOIN marks m ON m.seq = l.mark_seq
        WHERE s.mark_seq = $seq AND s.before_status <> s.after_status
        GROUP BY m.mark_id, m.seq ORDER BY m.seq DESC LIMIT 1
        """,
        "mark {0} gave statuses to the same contacts since ({1:,})",
    ),
    (
        f"""
        SELECT r.run_id, count(*) FROM {IMPORTED} c JOIN runs r ON r.seq = c.run_seq
        WHERE c.run_seq > $seq AND c.key IN (
            SELECT key FROM status_changes WHERE mark_seq = $seq AND before_status <> after_status
        )
        GROUP BY r.run_id, r.seq ORDER BY r.seq DESC LIMIT 1
        """,  # noqa: S608 - our own text
        "run {0} has imported numbers of it since ({1:,})",
    ),
    (
        """
        SELECT r.run_id, d.rows FROM dependencies d JOIN runs r ON r.seq = d.run_seq
        WHERE d.run_seq > $seq AND d.on_seq IN (
            SELECT run_seq FROM status_changes WHERE mark_seq = $seq AND before_status <> after_status
        )
        ORDER BY r.seq DESC LIMIT 1
        """,
        "run {0} has since rejected rows as duplicates of contacts of a run that it changed ({1:,})",
    ),
    (
        """
        SELECT r.run_id FROM runs r JOIN marks m ON m.campaign_id = r.campaign_id
        WHERE m.seq = $seq AND r.seq > m.seq AND r.undone_at IS NULL ORDER BY r.seq DESC LIMIT 1
        """,
        "run {0} was imported into the campaign since, and judged by these statuses",
    ),
)
_HOLDS = {"import": _HOLDS_IMPORT, "mark": _HOLDS_MARK}
_WORDS = {"import": "run", "mark": "mark"}
_MATCH = """
    CREATE TEMP TABLE matched AS
    SELECT c.rowid AS row_at, TRUE AS touched, s.key, s.run_seq, s.before_status, s.before_mark
    FROM status_changes s JOIN contacts c ON c.key = s.key AND c.run_seq = s.run_seq AND c.mark_seq = s.mark_seq
    WHERE s.mark_seq = ?
"""
# A change without the contact that it left: a run may hold a number more than once, and has one change for all of them.
_LOST = """
    SELECT count(*) FROM status_changes s ANTI JOIN matched m ON m.key = s.key AND m.run_seq = s.run_seq
    WHERE s.mark_seq = ? AND s.before_status <> s.after_status
"""
_INSERT_RESTORED = """
    INSERT INTO contacts (campaign_id, key, run_seq, status, mark_seq)
    SELECT ?, key, run_seq, before_status, before_mark FROM matched
"""


def undo(connection: duckdb.DuckDBPyConnection, change_id: str, undone_at: datetime) -> UndoneChange:
    """Undo a change as `State.undo` says, within the transaction that the caller has begun."""
    found = connection.execute(_CHANGE, [change_id]).fetchall()
    if not found:
        raise StateError(f"there is no run or mark {change_id!r}; {_nearest(connection, change_id)}", "invalid_option")
    kind, seq, undone, campaign_id, campaign = found[0]
    if undone is not None:
        raise StateError(
            f"{_WORDS[kind]} {change_id} was undone already, on {undone.replace(tzinfo=UTC):%Y-%m-%d %H:%M} UTC; "
            "there is nothing to do",
            "state_conflict",
        )
    moment = stored_time(undone_at)
    _refuse(connection, f"{_WORDS[kind]} {change_id}", seq, _HOLDS[kind])
    if kind == "import":
        return _undo_import(connection, change_id, seq, moment)
    contacts = _undo_mark(connection, change_id, seq, moment, campaign_id)
    return UndoneChange(kind=kind, id=change_id, seq=seq, campaign=campaign, contacts=contacts)


def _undo_import(connection: duckdb.DuckDBPyConnection, run_id: str, seq: int, moment: datetime) -> UndoneChange:
    (run,) = select_runs(connection, "WHERE r.seq = ?", [seq])
    contacts = sum(
        int(select_one(connection, f"DELETE FROM {table} WHERE run_seq = ?", [seq]))  # noqa: S608 - our own names
        for table in ("untouched", "contacts")
    )
    restored = put_back(connection, seq)
    connection.execute("DELETE FROM dependencies WHERE run_seq = ?", [seq])
    connection.execute("DELETE FROM mappings WHERE run_seq = ?", [seq])
    connection.execute("UPDATE runs SET undone_at = ?, deleted = 0 WHERE seq = ?", [moment, seq])
    return UndoneChange(
        kind="import",
        id=run_id,
        seq=seq,
        campaign=run.campaign,
        contacts=contacts,
        restored=restored,
        out=run.out,
        staging=run.staging,
        published=run.published,
        manifest=run.manifest,
    )


def _undo_mark(
    connection: duckdb.DuckDBPyConnection, mark_id: str, seq: int, moment: datetime, campaign_id: int
) -> int:
    """Give the contacts of a mark back what they had before; returns how many."""
    import duckdb

    connection.execute(_MATCH, [seq])
    lost = int(select_one(connection, _LOST, [seq]))
    if lost:
        raise duckdb.DataError(f"{lost:,} contacts that mark {mark_id} changed are not as it left them")
    contacts = delete_matched(connection)
    connection.execute("DELETE FROM status_changes WHERE mark_seq = ?", [seq])
    connection.execute(_INSERT_RESTORED, [campaign_id])
    connection.execute("UPDATE marks SET undone_at = ? WHERE seq = ?", [moment, seq])
    return contacts


def _refuse(connection: duckdb.DuckDBPyConnection, what: str, seq: int, holds: tuple[tuple[str, str], ...]) -> None:
    """Refuse to undo what later changes depend on, naming the latest: that is the one to undo first."""
    for query, reason in holds:
        found = connection.execute(query, {"seq": seq}).fetchall()
        if found:
            raise StateError(
                f"{what} cannot be undone: {reason.format(*found[0])}; undo {found[0][0]} first", "state_conflict"
            )


def _nearest(connection: duckdb.DuckDBPyConnection, change_id: str) -> str:
    """List what can be meant: ids that begin so, then the latest."""
    ids = [str(row[0]) for row in connection.execute(_NEAREST, [change_id, _IDS_SHOWN]).fetchall()]
    return f"give the whole id of one: {', '.join(ids)}" if ids else "nothing was imported yet"
