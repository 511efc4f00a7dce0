"""Forgetting a number: the state is written anew without it, so that its bytes are gone from the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadsieve_connectors.campaigns.creation import beside, create_tables, writing_new
from leadsieve_connectors.campaigns.database import log_path, sync, transaction, translate
from leadsieve_connectors.campaigns.displacing import IMPORTED
from leadsieve_connectors.campaigns.queries import select_runs
from leadsieve_connectors.campaigns.records import Forgotten
from leadsieve_connectors.campaigns.steps import step
from leadsieve_connectors.campaigns.suppressions import select_files
from leadsieve_connectors.exceptions import StateError

if TYPE_CHECKING:
    from pathlib import Path

    import duckdb

_HOLDING = f"SELECT run_seq FROM {IMPORTED} WHERE key = $key"  # noqa: S608 - our own text
_IMPORTING = f"WHERE r.seq IN ({_HOLDING}) ORDER BY r.seq"
_AFFECTED = f"""
    WHERE r.undone_at IS NULL
        AND r.seq IN (SELECT run_seq FROM dependencies WHERE on_seq IN ({_HOLDING}))
        AND r.seq NOT IN ({_HOLDING})
    ORDER BY r.seq
"""  # noqa: S608 - our own text
_MARKS = """
    SELECT mark_id FROM marks WHERE seq IN (SELECT mark_seq FROM status_changes WHERE key = ?) ORDER BY seq
"""
_TAKEN = """
    CREATE TEMP TABLE taken AS
    SELECT run_seq, NULL AS displaced_by FROM old.untouched WHERE key = $key
    UNION ALL
    SELECT run_seq, NULL AS displaced_by FROM old.contacts WHERE key = $key
    UNION ALL
    SELECT run_seq, displaced_by FROM old.displaced WHERE key = $key
"""
_COUNT = """
    UPDATE runs SET
        forgotten = forgotten + (SELECT count(*) FROM taken WHERE run_seq = seq),
        deleted = deleted - (SELECT count(*) FROM taken WHERE displaced_by = seq)
    WHERE seq IN (SELECT run_seq FROM taken) OR seq IN (SELECT displaced_by FROM taken)
"""
#: What is copied whole; `meta` and `statuses` are those of a new state.
_COPIED = ("campaigns", "runs", "dependencies", "marks", "mappings", "suppression_files", "suppressed")
#: What is copied without the number.
_CLEARED = ("untouched", "contacts", "displaced", "status_changes")


def find_traces(connection: duckdb.DuckDBPyConnection, key: int) -> Forgotten:
    """Return what is known of a number that is to be forgotten."""
    return Forgotten(
        imported=tuple(select_runs(connection, _IMPORTING, {"key": key})),
        affected=tuple(select_runs(connection, _AFFECTED, {"key": key})),
        marks=tuple(str(row[0]) for row in connection.execute(_MARKS, [key]).fetchall()),
        suppressions=tuple(
            select_files(connection, "WHERE id IN (SELECT file_id FROM suppressed WHERE key = ?)", [key])
        ),
    )


def rewrite_without(path: Path, key: int, *, memory_bytes: int) -> None:
    """Write a state anew without a number, and put that in its place.

    Killed at any point, the old file or the new one stands there, whole. What the new one leaves out was never in
    it, so that neither its free blocks nor its statistics tell of the number.

    Args:
        path: The state, of this version, whose lock the caller holds and whose log is in it.
        key: The number.
        memory_bytes: What DuckDB may take before it spills to the disk, beside the new file.

    Raises:
        StateError: The new file cannot be written, or the old one not be read; the old one stands as it was.
    """
    import duckdb

    _require_no_log(path)
    try:
        with beside(path) as new:
            step("forget-begun")
            with writing_new(new, memory_bytes=memory_bytes) as connection:
                connection.execute("ATTACH ? AS old (READ_ONLY)", [str(path)])
                create_tables(connection)
                with transaction(connection):
                    _copy(connection, key)
                connection.execute("DETACH old")
            step("forget-written")
            _require_no_log(path)
            new.rename(path)
            step("forget-renamed")
            sync(path.parent)
            step("forget-synced")
    except OSError as exc:
        raise StateError(
            f"state {path}: cannot write it anew: {exc}; make room in {path.parent} and run again", "output_failed"
        ) from exc
    except duckdb.Error as exc:
        raise translate(path, exc) from exc


def _copy(connection: duckdb.DuckDBPyConnection, key: int) -> None:
    for table in _COPIED:
        connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM old.{table}")  # noqa: S608 - our own names
    for table in _CLEARED:
        copy = f"INSERT INTO {table} BY NAME SELECT * FROM old.{table} WHERE key <> ?"  # noqa: S608 - our own names
        connection.execute(copy, [key])
    connection.execute(_TAKEN, {"key": key})
    connection.execute(_COUNT)


def _require_no_log(path: Path) -> None:
    """Make sure that the old file holds everything: its log would be applied to the new one."""
    if log_path(path).exists():
        raise StateError(f"state {path} was written to by another process meanwhile; run again", "state_locked")
