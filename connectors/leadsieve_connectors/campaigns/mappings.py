"""How the user mapped which headers: what runs keep for the next time."""

from __future__ import annotations

import json
from datetime import UTC
from typing import TYPE_CHECKING, Any

from leadsieve_connectors.campaigns.queries import read_json, stored_time
from leadsieve_connectors.campaigns.records import KeptMapping, RunRecord, digest_headers
from leadsieve_connectors.exceptions import StateError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import duckdb

#: How much of a digest messages show, and the most of the kept mappings that they list.
_DIGEST_SHOWN, _MAPPINGS_SHOWN = 12, 6
_MAPPINGS = "SELECT headers, mapping, run_seq, kept_at FROM mappings "
_MAPPINGS_LATEST = """
    QUALIFY row_number() OVER (PARTITION BY digest ORDER BY run_seq DESC) = 1
    ORDER BY run_seq DESC, digest
"""


def select_mappings(connection: duckdb.DuckDBPyConnection, condition: str, values: list[Any]) -> list[KeptMapping]:
    """Return the latest kept mapping of each list of headers, as the condition says, newest first."""
    found = connection.execute(_MAPPINGS + condition + _MAPPINGS_LATEST, values).fetchall()
    return [
        KeptMapping(tuple(read_json(headers)), read_json(mapping), run_seq, kept_at.replace(tzinfo=UTC))
        for headers, mapping, run_seq, kept_at in found
    ]


def insert_mappings(
    connection: duckdb.DuckDBPyConnection, run: RunRecord, mappings: Mapping[tuple[str, ...], Mapping[str, str]]
) -> None:
    """Insert what a run keeps: for each list of headers, column to field."""
    for headers, mapping in mappings.items():
        connection.execute(
            "INSERT INTO mappings (digest, headers, mapping, run_seq, kept_at) VALUES (?, ?, ?, ?, ?)",
            [
                digest_headers(headers),
                json.dumps(headers),
                json.dumps(dict(mapping)),
                run.seq,
                stored_time(run.committed_at),
            ],
        )


def find_mapping(connection: duckdb.DuckDBPyConnection, digest_prefix: str) -> KeptMapping:
    """Return the one kept mapping whose digest begins so.

    Raises:
        StateError: None does, or several do.
    """
    kept = select_mappings(connection, "", [])
    meant = [mapping for mapping in kept if digest_prefix and mapping.digest.startswith(digest_prefix.lower())]
    if len(meant) != 1:
        what = f"{len(meant)} mappings" if meant else "no mapping"
        do = "give more of it" if meant else "give the beginning of one"
        raise StateError(
            f"the state keeps {what} under {digest_prefix!r}; {do}: {_digests(meant or kept)}", "invalid_option"
        )
    return meant[0]


def _digests(kept: Sequence[KeptMapping]) -> str:
    """List the digests of kept mappings, so far as one types them."""
    shown = ", ".join(mapping.digest[:_DIGEST_SHOWN] for mapping in kept[:_MAPPINGS_SHOWN]) or "nothing is kept"
    more = len(kept) - _MAPPINGS_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown
