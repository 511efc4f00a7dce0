"""A new state: written whole under a temporary name, synced, and only then renamed.

A DuckDB file whose process is killed within its first writes never opens again, so none is
ever begun in place.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from leadsieve_connectors.campaigns.database import MEMORY_BYTES, connect, spill_path, sync, translate
from leadsieve_connectors.campaigns.migrations import migrate
from leadsieve_connectors.campaigns.records import STATUSES
from leadsieve_connectors.campaigns.steps import step
from leadsieve_connectors.exceptions import StateError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

# Version 1; a new state takes the same way from here as an old one, so that both have the same tables.
# No index on contacts: an ART index costs ten times the rest of a commit and a gigabyte at 100 M keys.
_TABLES = """
CREATE TABLE meta (schema_version INTEGER NOT NULL);
CREATE TABLE statuses (code UTINYINT NOT NULL, name VARCHAR NOT NULL);
CREATE TABLE campaigns (id INTEGER PRIMARY KEY, name VARCHAR NOT NULL UNIQUE, created_at TIMESTAMP NOT NULL);
CREATE TABLE runs (
    seq INTEGER PRIMARY KEY,
    run_id VARCHAR NOT NULL UNIQUE,
    campaign_id INTEGER NOT NULL,
    fingerprint VARCHAR NOT NULL,
    committed_at TIMESTAMP NOT NULL,
    out VARCHAR NOT NULL,
    staging VARCHAR NOT NULL,
    overwrite BOOLEAN NOT NULL,
    manifest VARCHAR NOT NULL,
    info VARCHAR NOT NULL,
    published BOOLEAN NOT NULL
);
CREATE TABLE contacts (
    campaign_id INTEGER NOT NULL,
    key UBIGINT NOT NULL,
    run_seq INTEGER NOT NULL,
    status UTINYINT NOT NULL
);
"""


def create(path: Path) -> None:
    """Create the state `path`, private to its owner; the caller holds its lock and found it missing.

    Raises:
        StateError: It cannot be written.
    """
    import duckdb

    try:
        with beside(path) as new:
            with writing_new(new) as connection:
                create_tables(connection)
            step("state-written")
            new.rename(path)
            step("state-renamed")
            sync(path.parent)
    except OSError as exc:
        raise StateError(
            f"state {path}: cannot create it: {exc}; make room in {path.parent} or name another --state",
            "output_failed",
        ) from exc
    except duckdb.Error as exc:
        raise translate(path, exc) from exc


def remove_leftovers(path: Path) -> None:
    """Remove what killed processes left beside the state; the caller holds its lock, so nobody uses it."""
    for entry in path.parent.iterdir():
        if entry.name.startswith(_prefix(path)):
            shutil.rmtree(entry, ignore_errors=True)
    shutil.rmtree(spill_path(path), ignore_errors=True)


def _prefix(path: Path) -> str:
    return f".{path.name}.creating-"


@contextmanager
def beside(path: Path) -> Iterator[Path]:
    """Give a file's name in a private folder beside the state, which is removed after the block."""
    folder = Path(tempfile.mkdtemp(prefix=_prefix(path), dir=path.parent))
    try:
        yield folder / "state.duckdb"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def writing_new(new: Path, *, memory_bytes: int = MEMORY_BYTES) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a new file for the length of a block, and make it whole, private to its owner and synced."""
    connection = connect(new, read_only=False, memory_bytes=memory_bytes)
    try:
        yield connection
        connection.execute("CHECKPOINT")
    finally:
        connection.close()
    new.chmod(0o600)
    sync(new)
    sync(new.parent)


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the tables of this version in an empty file."""
    connection.execute(_TABLES)
    connection.execute("INSERT INTO meta VALUES (1)")
    connection.executemany("INSERT INTO statuses VALUES (?, ?)", list(enumerate(STATUSES)))
    migrate(connection)
