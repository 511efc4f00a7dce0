"""The suppression lists that the state keeps: numbers that must not be called, for all campaigns or for one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from leadsieve_connectors.campaigns.contacts import BATCH_ROWS, gathered
from leadsieve_connectors.campaigns.queries import select_one, storable, stored_time
from leadsieve_connectors.campaigns.records import SUPPRESSED, SuppressionFile
from leadsieve_connectors.exceptions import StateError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import duckdb

_FILES = """
    SELECT id, list, campaign, source, sha256, dated, added_at, entries, unreadable FROM suppression_files
"""
#: The most lists that a message names.
_LISTS_SHOWN = 6
_DELETE_FILES = """
    DELETE FROM suppression_files
    WHERE list = $list AND campaign IS NOT DISTINCT FROM $campaign AND ($sha256 IS NULL OR sha256 = $sha256)
"""
_DELETE_SUPPRESSED = """
    DELETE FROM suppressed WHERE file_id IN (
        SELECT id FROM suppression_files
        WHERE list = $list AND campaign IS NOT DISTINCT FROM $campaign AND ($sha256 IS NULL OR sha256 = $sha256)
    )
"""
_OF_LIST = "WHERE list = ? AND campaign IS NOT DISTINCT FROM ?"
_INSERT = """
    INSERT INTO suppression_files (id, list, campaign, source, sha256, dated, added_at, entries, unreadable)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def select_files(
    connection: duckdb.DuckDBPyConnection, condition: str = "", values: Sequence[Any] = ()
) -> list[SuppressionFile]:
    """Return files of suppression lists, as the condition says, in the order in which they were added."""
    found = connection.execute(f"{_FILES} {condition} ORDER BY id", list(values)).fetchall()
    return [_file(row) for row in found]


def _file(row: tuple[Any, ...]) -> SuppressionFile:
    file_id, list_name, campaign, source, sha256, dated, added_at, entries, unreadable = row
    times = dated.replace(tzinfo=UTC), added_at.replace(tzinfo=UTC)
    return SuppressionFile(file_id, list_name, campaign, source, sha256, *times, entries, unreadable)


def files_for(connection: duckdb.DuckDBPyConnection, campaign: str | None) -> list[SuppressionFile]:
    """Return the files that hold for a campaign: those of lists for all, and of its own."""
    return select_files(connection, "WHERE campaign IS NULL OR campaign = ?", [_campaign(campaign)])


def select_suppressed(connection: duckdb.DuckDBPyConnection, files: Sequence[int]) -> Iterator[pa.RecordBatch]:
    """Yield the numbers of some files as `SUPPRESSED`."""
    query = "SELECT file_id, key FROM suppressed WHERE list_contains(?::INTEGER[], file_id)"
    for batch in connection.sql(query, params=[list(files)]).to_arrow_reader(BATCH_ROWS):
        yield pa.RecordBatch.from_arrays(batch.columns, schema=SUPPRESSED)


def insert_file(
    connection: duckdb.DuckDBPyConnection,
    list_name: str,
    keys: Iterable[pa.RecordBatch],
    *,
    campaign: str | None,
    source: str,
    sha256: str,
    dated: datetime,
    added_at: datetime,
    unreadable: int,
    replace: bool,
) -> SuppressionFile:
    """Add numbers as a file of a list, as `State.suppress` says, within the transaction that the caller has begun.

    A file with the same bytes that the list has already is replaced: adding it twice is adding it once.
    """
    connection.execute("CREATE TEMP TABLE staged (key UBIGINT NOT NULL)")
    for table in gathered(keys, ["key"]):
        connection.register("incoming", table)
        connection.execute("INSERT INTO staged SELECT key FROM incoming")
        connection.unregister("incoming")
    name, owner, sha256 = storable(list_name, "list name"), _campaign(campaign), storable(sha256, "digest")
    _delete_files(connection, name, owner, None if replace else sha256)
    file_id = int(select_one(connection, "SELECT coalesce(max(id), 0) + 1 FROM suppression_files", []))
    entries = select_one(connection, "INSERT INTO suppressed SELECT DISTINCT ?::INTEGER, key FROM staged", [file_id])
    times = [stored_time(dated), stored_time(added_at)]
    connection.execute(
        _INSERT, [file_id, name, owner, storable(source, "source name"), sha256, *times, entries, unreadable]
    )
    return select_files(connection, "WHERE id = ?", [file_id])[0]


def remove_list(connection: duckdb.DuckDBPyConnection, list_name: str, campaign: str | None) -> list[SuppressionFile]:
    """Remove a list with all its files; returns these.

    Raises:
        StateError: There is no such list.
    """
    values = (storable(list_name, "list name"), _campaign(campaign))
    files = select_files(connection, _OF_LIST, values)
    if not files:
        kept = sorted({(file.list_name, file.campaign or "") for file in select_files(connection)})
        names = ", ".join(_told(name, owner or None) for name, owner in kept[:_LISTS_SHOWN]) or "none"
        more = f" and {len(kept) - _LISTS_SHOWN} more" if len(kept) > _LISTS_SHOWN else ""
        raise StateError(
            f"there is no suppression list {_told(list_name, campaign)}; name one of these: {names}{more}",
            "invalid_option",
        )
    _delete_files(connection, values[0], values[1])
    return files


def _delete_files(
    connection: duckdb.DuckDBPyConnection, list_name: str, campaign: str | None, sha256: str | None = None
) -> None:
    """Delete the files of a list and their numbers; with a digest, only the files that have it."""
    values = {"list": list_name, "campaign": campaign, "sha256": sha256}
    connection.execute(_DELETE_SUPPRESSED, values)
    connection.execute(_DELETE_FILES, values)


def _campaign(name: str | None) -> str | None:
    return None if name is None else storable(name, "campaign name")


def _told(list_name: str, campaign: str | None) -> str:
    return f"{list_name!r} for " + ("all campaigns" if campaign is None else f"campaign {campaign!r}")
