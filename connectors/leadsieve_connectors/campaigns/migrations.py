"""What brings an older state forward: one function a version; and what shows an older one as it would then be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

_MAPPINGS = {
    "mappings": """
        digest VARCHAR NOT NULL,
        headers VARCHAR NOT NULL,
        mapping VARCHAR NOT NULL,
        run_seq INTEGER NOT NULL,
        kept_at TIMESTAMP NOT NULL
    """,
}
# No keys: they would be ART indexes, which cost more than all the rest and forbid to update their rows twice.
_CHANGES = {
    "dependencies": "run_seq INTEGER NOT NULL, on_seq INTEGER NOT NULL, rows BIGINT NOT NULL",
    "marks": """
        seq INTEGER NOT NULL,
        mark_id VARCHAR NOT NULL,
        campaign_id INTEGER NOT NULL,
        marked_at TIMESTAMP NOT NULL,
        source VARCHAR NOT NULL,
        sha256 VARCHAR NOT NULL,
        info VARCHAR NOT NULL,
        undone_at TIMESTAMP
    """,
    "status_changes": """
        mark_seq INTEGER NOT NULL,
        campaign_id INTEGER NOT NULL,
        key UBIGINT NOT NULL,
        run_seq INTEGER NOT NULL,
        before_status UTINYINT NOT NULL,
        before_mark INTEGER,
        after_status UTINYINT NOT NULL
    """,
    "suppression_files": """
        id INTEGER NOT NULL,
        list VARCHAR NOT NULL,
        campaign VARCHAR,
        source VARCHAR NOT NULL,
        sha256 VARCHAR NOT NULL,
        dated TIMESTAMP NOT NULL,
        added_at TIMESTAMP NOT NULL,
        entries BIGINT NOT NULL,
        unreadable BIGINT NOT NULL
    """,
    "suppressed": "file_id INTEGER NOT NULL, key UBIGINT NOT NULL",
}
#: What version 3 adds to older tables, and what an older row has there.
_COLUMNS = {
    "contacts": (("mark_seq", "INTEGER", "NULL"),),
    "runs": (("undone_at", "TIMESTAMP", "NULL"), ("forgotten", "BIGINT", "0")),
}


def _add_mappings(connection: duckdb.DuckDBPyConnection) -> None:
    _create(connection, _MAPPINGS)


def _add_changes(connection: duckdb.DuckDBPyConnection) -> None:
    for table, columns in _COLUMNS.items():
        for name, kind, value in columns:
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind} DEFAULT {value}")
    _create(connection, _CHANGES)


#: The first leads from version 1 to 2, the next from 2 to 3, and so on. What was released is never changed.
MIGRATIONS: tuple[Callable[[duckdb.DuckDBPyConnection], None], ...] = (_add_mappings, _add_changes)
SCHEMA_VERSION = 1 + len(MIGRATIONS)


def stored_version(connection: duckdb.DuckDBPyConnection) -> Any:
    """Return the version that the state says it has."""
    ((version,),) = connection.execute("SELECT max(schema_version) FROM meta").fetchall()
    return version


def migrate(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring the tables to this version, within the transaction that the caller has begun."""
    for migration in MIGRATIONS[stored_version(connection) - 1 :]:
        migration(connection)
    connection.execute("UPDATE meta SET schema_version = ?", [SCHEMA_VERSION])


def show_as_current(connection: duckdb.DuckDBPyConnection) -> None:
    """Let an older state, open to read only, be read as if it had been brought forward.

    Temporary tables and views, which live in memory, stand before what the file lacks.
    """
    version = stored_version(connection)
    if version < 2:
        _create(connection, _MAPPINGS, temporary=True)
    if version < 3:
        ((database,),) = connection.execute("SELECT current_database()").fetchall()
        quoted = str(database).replace('"', '""')
        for table, columns in _COLUMNS.items():
            added = ", ".join(f"CAST({value} AS {kind}) AS {name}" for name, kind, value in columns)
            older = f'SELECT *, {added} FROM "{quoted}".main.{table}'  # noqa: S608 - our own names, and a quoted one
            connection.execute(f"CREATE TEMP VIEW {table} AS {older}")
        _create(connection, _CHANGES, temporary=True)


def _create(connection: duckdb.DuckDBPyConnection, tables: dict[str, str], *, temporary: bool = False) -> None:
    for name, columns in tables.items():
        connection.execute(f"CREATE {'TEMP ' if temporary else ''}TABLE {name} ({columns})")
