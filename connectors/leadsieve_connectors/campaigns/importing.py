"""An import: what a run adds to the state, and what it takes out first."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from leadsieve_connectors.campaigns.contacts import insert_contacts
from leadsieve_connectors.campaigns.displacing import displace
from leadsieve_connectors.campaigns.mappings import insert_mappings
from leadsieve_connectors.campaigns.queries import ensure_campaign, insert_run
from leadsieve_connectors.campaigns.steps import step

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import duckdb
    import pyarrow as pa

    from leadsieve_connectors.campaigns.records import RunRecord


def insert_import(
    connection: duckdb.DuckDBPyConnection,
    run: RunRecord,
    keys: Iterable[pa.RecordBatch],
    mappings: Mapping[tuple[str, ...], Mapping[str, str]],
    *,
    depends_on: Mapping[int, int],
    delete_first: Sequence[str],
) -> None:
    """Import a run as `State.commit` says, within the transaction that the caller has begun."""
    campaign_id = ensure_campaign(connection, run)
    deleted = displace(connection, campaign_id, run.seq, delete_first)
    step("contacts-displaced")
    insert_run(connection, campaign_id, replace(run, deleted=deleted), depends_on)
    insert_mappings(connection, run, mappings)
    step("run-inserted")
    insert_contacts(connection, keys, campaign_id, run.seq)
    step("contacts-inserted")
