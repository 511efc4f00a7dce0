"""What brings an older state forward: one migration a version; and what shows an older one as it would then be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

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
_DISPLACED = {
    "displaced": """
        displaced_by INTEGER NOT NULL,
        campaign_id INTEGER NOT NULL,
        key UBIGINT NOT NULL,
        run_seq INTEGER NOT NULL,
        status UTINYINT NOT NULL,
        mark_seq INTEGER
    """,
}
# Contacts that stand as their runs imported them, pending and with no mark, have no columns that say so: to store what
# is the same for millions costs as much as their numbers do. Every other contact is in `contacts`.
_UNTOUCHED = {"untouched": "campaign_id INTEGER NOT NULL, key UBIGINT NOT NULL, run_seq INTEGER NOT NULL"}
_ALL_CONTACTS = {
    "all_contacts": """
        SELECT campaign_id, key, run_seq, CAST(0 AS UTINYINT) AS status, CAST(NULL AS INTEGER) AS mark_seq
        FROM untouched
        UNION ALL
        SELECT campaign_id, key, run_seq, status, mark_seq FROM contacts
    """,
}


@dataclass(frozen=True, slots=True)
class Migration:
    """What a version adds to the one before it.

    Attributes:
        tables: New tables, to their columns.
        columns: New columns of older tables: their table, to the name, the type, and what an older row has there.
        views: New views, to their queries.
    """

    tables: Mapping[str, str]
    columns: Mapping[str, tuple[tuple[str, str, str], ...]] = field(default_factory=dict)
    views: Mapping[str, str] = field(default_factory=dict)


#: The first leads from version 1 to 2, the next from 2 to 3, and so on. What was released is never changed.
MIGRATIONS: tuple[Migration, ...] = (
    Migration(_MAPPINGS),
    Migration(
        _CHANGES,
        {
            "contacts": (("mark_seq", "INTEGER", "NULL"),),
            "runs": (("undone_at", "TIMESTAMP", "NULL"), ("forgotten", "BIGINT", "0")),
        },
    ),
    Migration(_DISPLACED, {"runs": (("deleted", "BIGINT", "0"),)}),
    Migration(_UNTOUCHED, views=_ALL_CONTACTS),
)
SCHEMA_VERSION = 1 + len(MIGRATIONS)


def stored_version(connection: duckdb.DuckDBPyConnection) -> Any:
    """Return the version that the state says it has."""
    ((version,),) = connection.execute("SELECT max(schema_version) FROM meta").fetchall()
    return version


def migrate(connection: duckdb.DuckDBPyConnection) -> None:
    """Bring the tables to this version, within the transaction that the caller has begun."""
    for migration in MIGRATIONS[stored_version(connection) - 1 :]:
        for table, columns in migration.columns.items():
            for name, kind, value in columns:
                connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind} DEFAULT {value}")
        _create(connection, migration)
    connection.execute("UPDATE meta SET schema_version = ?", [SCHEMA_VERSION])


def show_as_current(connection: duckdb.DuckDBPyConnection) -> None:
    """Let an older state, open to read only, be read as if it had been brought forward.

    Temporary tables and views, which live in memory, stand before what the file lacks.
    """
    lacking = MIGRATIONS[stored_version(connection) - 1 :]
    ((database,),) = connection.execute("SELECT current_database()").fetchall()
    quoted = str(database).replace('"', '""')
    for table in {table for migration in lacking for table in migration.columns}:
        columns = [column for migration in lacking for column in migration.columns.get(table, ())]
        added = ", ".join(f"CAST({value} AS {kind}) AS {name}" for name, kind, value in columns)
        older = f'SELECT *, {added} FROM "{quoted}".main.{table}'  # noqa: S608 - our own names, and a quoted one
        connection.execute(f"CREATE TEMP VIEW {table} AS {older}")
    for migration in lacking:
        _create(connection, migration, temporary=True)


def _create(connection: duckdb.DuckDBPyConnection, migration: Migration, *, temporary: bool = False) -> None:
    create = "CREATE TEMP" if temporary else "CREATE"
    for name, columns in migration.tables.items():
        connection.execute(f"{create} TABLE {name} ({columns})")
    for name, query in migration.views.items():
        connection.execute(f"{create} VIEW {name} AS {query}")
