"""The statements for runs and campaigns, and how rows become records. Names are data: parameters, never text."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from leadsieve_connectors.campaigns.records import STATUSES, CampaignInfo, RunRecord
from leadsieve_connectors.exceptions import StateError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb

_RUNS = """
    SELECT r.seq, r.run_id, c.name, r.fingerprint, r.committed_at, r.manifest, r.info, r.out, r.staging,
           r.overwrite, r.published, r.forgotten, r.deleted
    FROM runs r JOIN campaigns c ON c.id = r.campaign_id
"""
_INSERT_RUN = """
    INSERT INTO runs (
        campaign_id, seq, run_id, fingerprint, committed_at, out, staging, overwrite, manifest, info, published,
        deleted
    ) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
# A campaign is there as long as a run of it is; its row stays, so that its history has a name.
_CAMPAIGNS = """
    SELECT c.id, c.name, min(r.committed_at), count(*)
    FROM campaigns c JOIN runs r ON r.campaign_id = c.id AND r.undone_at IS NULL
"""
_CONTACTS = "SELECT count(*) FROM all_contacts WHERE campaign_id = ?"
_CAMPAIGNS_ORDER = " GROUP BY c.id, c.name ORDER BY min(r.seq)"


def select_runs(
    connection: duckdb.DuckDBPyConnection, condition: str, values: list[Any] | dict[str, Any]
) -> list[RunRecord]:
    """Return runs `r` of campaigns `c`, as the rest of the statement says."""
    return [_run(row) for row in connection.execute(_RUNS + condition, values).fetchall()]


def _run_values(run: RunRecord) -> list[Any]:
    """Return the columns of a run but its campaign, in the order of `_INSERT_RUN`."""
    return [
        run.seq,
        storable(run.run_id, "run id"),
        storable(run.fingerprint, "fingerprint"),
        stored_time(run.committed_at),
        storable(run.out, "path of OUT"),
        storable(run.staging, "path of OUT"),
        run.overwrite,
        json.dumps(run.manifest),
        json.dumps(run.info),
        run.published,
        run.deleted,
    ]


def _run(row: tuple[Any, ...]) -> RunRecord:
    seq, run_id, campaign, fingerprint, committed_at, manifest, info, out, staging, *rest = row
    overwrite, published, forgotten, deleted = rest
    return RunRecord(
        seq=seq,
        run_id=run_id,
        campaign=campaign,
        fingerprint=fingerprint,
        committed_at=committed_at.replace(tzinfo=UTC),
        manifest=read_json(manifest),
        info=read_json(info),
        out=out,
        staging=staging,
        overwrite=overwrite,
        published=published,
        forgotten=forgotten,
        deleted=deleted,
    )


def select_campaigns(connection: duckdb.DuckDBPyConnection, condition: str, values: list[Any]) -> list[CampaignInfo]:
    """Return campaigns `c` with their counts, as the condition says, oldest first."""
    found = connection.execute(_CAMPAIGNS + condition + _CAMPAIGNS_ORDER, values).fetchall()
    return [
        # Of one campaign alone the counts of whole segments add up, and nothing is read.
        CampaignInfo(name, created_at.replace(tzinfo=UTC), runs, int(select_one(connection, _CONTACTS, [campaign_id])))
        for campaign_id, name, created_at, runs in found
    ]


def ensure_campaign(connection: duckdb.DuckDBPyConnection, campaign: str, begun_at: datetime) -> int:
    """Return the id of a campaign, which is created where there is none."""
    name = storable(campaign, "campaign name")
    found = connection.execute("SELECT id FROM campaigns WHERE name = ?", [name]).fetchall()
    if found:
        return int(found[0][0])
    campaign_id = int(select_one(connection, "SELECT coalesce(max(id), 0) + 1 FROM campaigns", []))
    connection.execute("INSERT INTO campaigns VALUES (?, ?, ?)", [campaign_id, name, stored_time(begun_at)])
    return campaign_id


def insert_run(
    connection: duckdb.DuckDBPyConnection, campaign_id: int, run: RunRecord, depends_on: Mapping[int, int]
) -> None:
    """Insert a run, and of how many rows of it collided with the contacts of which earlier runs."""
    connection.execute(_INSERT_RUN, [campaign_id, *_run_values(run)])
    for seq, rows in depends_on.items():
        connection.execute("INSERT INTO dependencies (run_seq, on_seq, rows) VALUES (?, ?, ?)", [run.seq, seq, rows])


def next_seq(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the `seq` that the next change takes; that of an undone one is never taken again."""
    query = "SELECT coalesce(max(seq), 0) + 1 FROM (SELECT seq FROM runs UNION ALL SELECT seq FROM marks)"
    return int(select_one(connection, query, []))


def select_one(connection: duckdb.DuckDBPyConnection, query: str, values: list[Any] | dict[str, Any]) -> Any:
    """Return the one value of a statement that gives one row of one column."""
    ((value,),) = connection.execute(query, values).fetchall()
    return value


def read_json(text: str) -> Any:
    """Return what a stored JSON text holds.

    Raises:
        duckdb.DataError: It is none: the state is damaged.
    """
    import duckdb

    try:
        return json.loads(text)
    except ValueError as exc:
        raise duckdb.DataError(f"it keeps a text that is not JSON ({exc})") from exc


def status_name(code: int) -> str:
    """Return a stored status by its name.

    Raises:
        duckdb.DataError: There is none: the state is damaged.
    """
    import duckdb

    if code >= len(STATUSES):
        raise duckdb.DataError(f"it keeps the status {code}, which does not exist")
    return STATUSES[code]


def stored_time(moment: datetime) -> datetime:
    """Return an aware time as the state keeps it: in UTC, and without saying so."""
    return moment.astimezone(UTC).replace(tzinfo=None)


def storable(value: str, what: str) -> str:
    """Return text that can be stored; what came from undecodable bytes cannot."""
    try:
        value.encode()
    except UnicodeEncodeError as exc:
        raise StateError(f"the {what} {value!r} is not valid Unicode text; choose another", "invalid_option") from exc
    return value
