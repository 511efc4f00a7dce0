"""The statements of the state and how their rows become records. Names are data: they are parameters, never text."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from leadsieve_connectors.campaigns.migrations import MAPPINGS_SINCE, stored_version
from leadsieve_connectors.campaigns.records import STATUSES, CampaignInfo, KeptMapping, RunRecord, digest_headers
from leadsieve_connectors.exceptions import StateError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import duckdb

#: Rows of one insert; a transaction is as large as the run, this only bounds what is gathered at a time.
_INSERT_ROWS = 1 << 20

_RUNS = """
    SELECT r.seq, r.run_id, c.name, r.fingerprint, r.committed_at, r.manifest, r.info, r.out, r.staging,
           r.overwrite, r.published
    FROM runs r JOIN campaigns c ON c.id = r.campaign_id
"""
INSERT_RUN = """
    INSERT INTO runs (
        campaign_id, seq, run_id, fingerprint, committed_at, out, staging, overwrite, manifest, info, published
    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_MAPPINGS = "SELECT headers, mapping, run_seq, kept_at FROM mappings "
_MAPPINGS_LATEST = """
    QUALIFY row_number() OVER (PARTITION BY digest ORDER BY run_seq DESC) = 1
    ORDER BY run_seq DESC, digest
"""
_CAMPAIGNS = """
    SELECT c.id, c.name, c.created_at, count(r.seq)
    FROM campaigns c LEFT JOIN runs r ON r.campaign_id = c.id
"""
_CAMPAIGNS_ORDER = " GROUP BY c.id, c.name, c.created_at ORDER BY c.id"


def select_runs(connection: duckdb.DuckDBPyConnection, condition: str, values: list[Any]) -> list[RunRecord]:
    """Return runs `r` of campaigns `c`, as the rest of the statement says."""
    return [_run(row) for row in connection.execute(_RUNS + condition, values).fetchall()]


def run_values(run: RunRecord) -> list[Any]:
    """Return the columns of a run but its campaign, in the order of `INSERT_RUN`."""
    return [
        run.seq,
        storable(run.run_id, "run id"),
        storable(run.fingerprint, "fingerprint"),
        run.committed_at.astimezone(UTC).replace(tzinfo=None),
        storable(run.out, "path of OUT"),
        storable(run.staging, "path of OUT"),
        run.overwrite,
        json.dumps(run.manifest),
        json.dumps(run.info),
        run.published,
    ]


def _run(row: tuple[Any, ...]) -> RunRecord:
    seq, run_id, campaign, fingerprint, committed_at, manifest, info, out, staging, overwrite, published = row
    return RunRecord(
        seq=seq,
        run_id=run_id,
        campaign=campaign,
        fingerprint=fingerprint,
        committed_at=committed_at.replace(tzinfo=UTC),
        manifest=json.loads(manifest),
        info=json.loads(info),
        out=out,
        staging=staging,
        overwrite=overwrite,
        published=published,
    )


def select_campaigns(connection: duckdb.DuckDBPyConnection, condition: str, values: list[Any]) -> list[CampaignInfo]:
    """Return campaigns `c` with their counts, as the condition says, oldest first."""
    found = connection.execute(_CAMPAIGNS + condition + _CAMPAIGNS_ORDER, values).fetchall()
    infos = []
    for campaign_id, name, created_at, runs in found:
        counts = connection.execute(
            "SELECT status, count(*) FROM contacts WHERE campaign_id = ? GROUP BY status ORDER BY status",
            [campaign_id],
        ).fetchall()
        statuses = {STATUSES[code]: count for code, count in counts}
        infos.append(CampaignInfo(name, created_at.replace(tzinfo=UTC), runs, statuses))
    return infos


def select_mappings(connection: duckdb.DuckDBPyConnection, condition: str, values: list[Any]) -> list[KeptMapping]:
    """Return the latest kept mapping of each list of headers, as the condition says, newest first."""
    if stored_version(connection) < MAPPINGS_SINCE:
        return []
    found = connection.execute(_MAPPINGS + condition + _MAPPINGS_LATEST, values).fetchall()
    return [
        KeptMapping(tuple(json.loads(headers)), json.loads(mapping), run_seq, kept_at.replace(tzinfo=UTC))
        for headers, mapping, run_seq, kept_at in found
    ]


def insert_mappings(
    connection: duckdb.DuckDBPyConnection, run: RunRecord, mappings: Mapping[tuple[str, ...], Mapping[str, str]]
) -> None:
    """Insert what a run keeps: for each list of headers, column to field."""
    kept_at = run.committed_at.astimezone(UTC).replace(tzinfo=None)
    for headers, mapping in mappings.items():
        connection.execute(
            "INSERT INTO mappings (digest, headers, mapping, run_seq, kept_at) VALUES (?, ?, ?, ?, ?)",
            [digest_headers(headers), json.dumps(headers), json.dumps(dict(mapping)), run.seq, kept_at],
        )


def ensure_campaign(connection: duckdb.DuckDBPyConnection, run: RunRecord) -> int:
    """Return the id of the run's campaign, which is created where there is none."""
    name = storable(run.campaign, "campaign name")
    found = connection.execute("SELECT id FROM campaigns WHERE name = ?", [name]).fetchall()
    if found:
        return int(found[0][0])
    created_at: datetime = run.committed_at.astimezone(UTC).replace(tzinfo=None)
    campaign_id = int(select_one(connection, "SELECT coalesce(max(id), 0) + 1 FROM campaigns", []))
    connection.execute("INSERT INTO campaigns VALUES (?, ?, ?)", [campaign_id, name, created_at])
    return campaign_id


def insert_contacts(connection: duckdb.DuckDBPyConnection, table: pa.Table, campaign_id: int, seq: int) -> None:
    """Insert the column `key` of a table as pending contacts of a run."""
    connection.register("incoming", table)
    connection.execute(
        "INSERT INTO contacts (campaign_id, key, run_seq, status) SELECT ?, key, ?, ? FROM incoming",
        [campaign_id, seq, STATUSES.index("pending")],
    )
    connection.unregister("incoming")


def gathered(keys: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Gather small batches, since every insert costs the same few milliseconds."""
    pending: list[pa.RecordBatch] = []
    rows = 0
    for batch in keys:
        pending.append(batch.select(["key"]))
        rows += batch.num_rows
        if rows >= _INSERT_ROWS:
            yield pa.Table.from_batches(pending)
            pending, rows = [], 0
    if rows:
        yield pa.Table.from_batches(pending)


def select_one(connection: duckdb.DuckDBPyConnection, query: str, values: list[Any]) -> Any:
    """Return the one value of a statement that gives one row of one column."""
    ((value,),) = connection.execute(query, values).fetchall()
    return value


def storable(value: str, what: str) -> str:
    """Return text that can be stored; what came from undecodable bytes cannot."""
    try:
        value.encode()
    except UnicodeEncodeError as exc:
        raise StateError(f"the {what} {value!r} is not valid Unicode text; choose another", "invalid_option") from exc
    return value
