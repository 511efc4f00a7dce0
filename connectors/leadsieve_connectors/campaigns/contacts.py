"""The contacts of a campaign: what each number's status is, or was before a later run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from leadsieve_connectors.campaigns.queries import status_name
from leadsieve_connectors.campaigns.records import CONTACTS, STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import duckdb
    import numpy.typing as npt

#: Rows that are read at a time: for each batch the interpreter's lock is waited for, which others hold meanwhile.
BATCH_ROWS = 1 << 19
#: Rows of one insert; a transaction is as large as the run, this only bounds what is gathered at a time.
_INSERT_ROWS = 1 << 20
#: Past the `seq` of every change.
_SEQ_END = (1 << 31) - 1

# `seq` is the change that gave the contact its status.
_PRESENT = """
    SELECT c.key, c.run_seq, c.status, coalesce(c.mark_seq, c.run_seq) AS seq
    FROM {held} c
    WHERE c.campaign_id = $campaign AND c.run_seq >= $low AND c.run_seq < $high
"""
_AS_OF = """
    WITH later AS (
        SELECT key, run_seq, arg_min(before_status, mark_seq) AS status,
               arg_min(coalesce(before_mark, run_seq), mark_seq) AS seq
        FROM status_changes
        WHERE campaign_id = $campaign AND mark_seq >= $before
        GROUP BY key, run_seq
    )
    SELECT c.key, c.run_seq, coalesce(l.status, c.status) AS status, coalesce(l.seq, c.mark_seq, c.run_seq) AS seq
    FROM {held} c LEFT JOIN later l ON l.key = c.key AND l.run_seq = c.run_seq
    WHERE c.campaign_id = $campaign AND c.run_seq >= $low AND c.run_seq < $high
"""
# Displaced contacts were in the campaign until a run displaced them.
_WITH_DISPLACED = """(
    SELECT campaign_id, key, run_seq, status, mark_seq FROM all_contacts
    UNION ALL
    SELECT campaign_id, key, run_seq, status, mark_seq FROM displaced WHERE displaced_by >= $since
)"""
_WANTED = " AND c.key IN (SELECT key FROM wanted)"
_TIMES = """
    SELECT seq, epoch_us(committed_at) AS at FROM runs
    UNION ALL
    SELECT seq, epoch_us(marked_at) AS at FROM marks
"""
#: No campaign has this id.
_NO_CAMPAIGN = -1
#: No change has this time (microseconds since 1970).
_NO_TIME = np.iinfo(np.int64).min


def select_contacts(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    *,
    before_run: int | None = None,
    run: int | None = None,
    keys: npt.NDArray[np.uint64] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Yield a campaign's contacts as `CONTACTS`, as `State.contacts` and `State.lookup` say.

    Raises:
        duckdb.DataError: A contact refers to a change that the state does not have.
    """
    query, values = _query(connection, name, before_run, run)
    if keys is not None:
        connection.register("wanted", key_table(keys))
        query += _WANTED
    times = _times(connection)
    for batch in connection.sql(query, params=values).to_arrow_reader(BATCH_ROWS):
        yield _contacts(batch, times)


def count_statuses(connection: duckdb.DuckDBPyConnection, name: str, before_run: int | None) -> dict[str, int]:
    """Return a campaign's contacts by status as `State.statuses` says, in the order of `STATUSES`."""
    query, values = _query(connection, name, before_run, None)
    if {"before", "since"} & values.keys():
        counting = f"SELECT status, count(*) FROM ({query}) GROUP BY status"  # noqa: S608 - our own text
    else:
        # Of one status alone the counts of whole segments add up, and nothing is read.
        counting = " UNION ALL ".join(
            f"SELECT {code}, count(*) FROM ({query}) WHERE status {'=' if code < len(STATUSES) else '>='} {code}"  # noqa: S608 - our own text
            for code in range(len(STATUSES) + 1)
        )
    found = sorted(connection.execute(counting, values).fetchall())
    return {status_name(code): count for code, count in found if count}


def _query(
    connection: duckdb.DuckDBPyConnection, name: str, before_run: int | None, run: int | None
) -> tuple[str, dict[str, Any]]:
    """Return the statement for a campaign's contacts, and its values: the plainest that gives them."""
    found = connection.execute("SELECT id FROM campaigns WHERE name = ?", [name]).fetchall()
    campaign_id = int(found[0][0]) if found else _NO_CAMPAIGN
    before = _SEQ_END if before_run is None else before_run
    low, high = (0, before) if run is None else (run, min(run + 1, before))
    values: dict[str, Any] = {"campaign": campaign_id, "low": low, "high": high}
    query, held = _PRESENT, "all_contacts"
    if _marked_since(connection, campaign_id, before):
        query, values["before"] = _AS_OF, before
    since = before if run is None or before_run is not None else run
    if _displaced_since(connection, campaign_id, since):
        held, values["since"] = _WITH_DISPLACED, since
    return query.format(held=held), values


def _displaced_since(connection: duckdb.DuckDBPyConnection, campaign_id: int, since: int) -> bool:
    later = "SELECT 1 FROM runs WHERE campaign_id = ? AND seq >= ? AND deleted > 0 LIMIT 1"
    return bool(connection.execute(later, [campaign_id, since]).fetchall())


def _marked_since(connection: duckdb.DuckDBPyConnection, campaign_id: int, before: int) -> bool:
    later = "SELECT 1 FROM marks WHERE campaign_id = ? AND seq >= ? AND undone_at IS NULL LIMIT 1"
    return bool(connection.execute(later, [campaign_id, before]).fetchall())


def _times(connection: duckdb.DuckDBPyConnection) -> npt.NDArray[np.int64]:
    """Return when each change was made, by its `seq`; found here, it costs a tenth of a join."""
    changes = connection.execute(_TIMES).fetchall()
    times = np.full(1 + max((seq for seq, _ in changes), default=0), _NO_TIME, np.int64)
    for seq, at in changes:
        times[seq] = at
    return times


def _contacts(batch: pa.RecordBatch, times: npt.NDArray[np.int64]) -> pa.RecordBatch:
    seqs = _numbers(batch.column("seq"), np.int32)
    low, high = (int(seqs.min()), int(seqs.max())) if len(seqs) else (0, 0)
    known = low >= 0 and high < len(times)
    # Contacts stand as they were imported, so most batches are of one change.
    if known and low == high:
        since = np.full(len(seqs), times[low])
        known = not len(seqs) or times[low] != _NO_TIME
    else:
        since = times.take(seqs, mode="clip")
        known = known and int(since.min()) != _NO_TIME
    if not known:
        import duckdb

        raise duckdb.DataError("it has contacts of a run or a mark that it does not know")
    status = pa.DictionaryArray.from_arrays(batch.column("status").view(pa.int8()), _STATUSES)
    moments = pa.Array.from_buffers(CONTACTS.field("since").type, len(since), [None, pa.py_buffer(since)])
    return pa.RecordBatch.from_arrays([batch.column("key"), batch.column("run_seq"), status, moments], schema=CONTACTS)


def _numbers(column: pa.Array, dtype: type[np.generic]) -> npt.NDArray[Any]:
    """Return an Arrow column without nulls as numpy; `to_numpy` would import pandas."""
    values = np.frombuffer(column.buffers()[1], dtype)
    return values[column.offset : column.offset + len(column)]


def _text(values: Iterable[str]) -> pa.Array:
    """Return ASCII strings as Arrow; `pa.array` would import pandas."""
    encoded = [value.encode("ascii") for value in values]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int32)
    return pa.StringArray.from_buffers(len(encoded), pa.py_buffer(ends), pa.py_buffer(b"".join(encoded)))


_STATUSES = _text(STATUSES)


def key_table(keys: npt.NDArray[np.uint64]) -> pa.Table:
    """Return keys as a table with one column `key`, which shares their memory."""
    keys = np.ascontiguousarray(keys, np.uint64)
    return pa.Table.from_arrays([pa.Array.from_buffers(pa.uint64(), len(keys), [None, pa.py_buffer(keys)])], ["key"])


def insert_contacts(
    connection: duckdb.DuckDBPyConnection, keys: Iterable[pa.RecordBatch], campaign_id: int, seq: int
) -> None:
    """Insert the column `key` of record batches as pending contacts of a run.

    They are sorted, a piece at a time: neighbours that differ little take half the room, and so half the reading.
    """
    for table in gathered(keys, ["key"]):
        connection.register("incoming", key_table(np.sort(_keys(table))))
        connection.execute(
            "INSERT INTO untouched (campaign_id, key, run_seq) SELECT ?, key, ? FROM incoming", [campaign_id, seq]
        )
        connection.unregister("incoming")


def _keys(table: pa.Table) -> npt.NDArray[np.uint64]:
    """Return the column `key`; `to_numpy` would import pandas."""
    chunks = table.column("key").chunks
    return np.concatenate([np.frombuffer(c.buffers()[1], np.uint64, len(c), c.offset * 8) for c in chunks if len(c)])


def gathered(batches: Iterable[pa.RecordBatch], columns: list[str]) -> Iterator[pa.Table]:
    """Gather small batches, since every insert costs the same few milliseconds."""
    pending: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        pending.append(batch.select(columns))
        rows += batch.num_rows
        if rows >= _INSERT_ROWS:
            yield pa.Table.from_batches(pending)
            pending, rows = [], 0
    if rows:
        yield pa.Table.from_batches(pending)
