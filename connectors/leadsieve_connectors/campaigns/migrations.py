"""What brings an older state forward: one function a version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import duckdb

#: The first version that keeps mappings; an older one, opened to read only, has none.
MAPPINGS_SINCE = 2


def _add_mappings(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("""
        CREATE TABLE mappings (
            digest VARCHAR NOT NULL,
            headers VARCHAR NOT NULL,
            mapping VARCHAR NOT NULL,
            run_seq INTEGER NOT NULL,
            kept_at TIMESTAMP NOT NULL
        )
    """)


#: The first leads from version 1 to 2, the next from 2 to 3, and so on. What was released is never changed.
MIGRATIONS: tuple[Callable[[duckdb.DuckDBPyConnection], None], ...] = (_add_mappings,)
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
