"""The rows of the state as Python and Arrow see them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

#: What can have become of a contact. The state stores the position, so a new status goes to the end.
STATUSES = ("pending", "in_progress", "completed", "failed", "skipped", "no_answer", "busy", "voicemail")

#: What `State.contacts` gives: all E.164 digits of the number, the run that imported it, what became of it.
CONTACTS = pa.schema(
    [
        pa.field("key", pa.uint64(), nullable=False),
        pa.field("run_seq", pa.int32(), nullable=False),
        pa.field("status", pa.dictionary(pa.int8(), pa.string()), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True)
class CampaignInfo:
    """A campaign and how far it is.

    Attributes:
        name: As it was given; any text.
        created_at: When its first run was committed (UTC).
        runs: How many runs were committed.
        statuses: Contacts by status, in the order of `STATUSES`; a status without contacts is not in it.
    """

    name: str
    created_at: datetime
    runs: int
    statuses: Mapping[str, int]

    @property
    def contacts(self) -> int:
        """All contacts of the campaign."""
        return sum(self.statuses.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One committed run.

    Attributes:
        seq: Position among all runs of the state, from 1; `State.next_seq` gives the next.
        run_id: The run's own name, unique in the state.
        campaign: Name of the campaign it imported into.
        fingerprint: Equal for runs of the same sources with the same options.
        committed_at: When (an aware time; the state keeps it in UTC).
        manifest: The published files: JSON objects with `name`, `rows`, `bytes` and `sha256`.
        info: What else the state keeps of the run's `run.json`, as a JSON object.
        out: Absolute path of the folder that the run publishes.
        staging: Absolute path of the hidden folder that holds its outputs until then.
        overwrite: Whether a folder that stands at `out` may be replaced.
        published: Whether the outputs are known to stand at `out`.
    """

    seq: int
    run_id: str
    campaign: str
    fingerprint: str
    committed_at: datetime
    manifest: list[dict[str, Any]]
    info: dict[str, Any]
    out: str = ""
    staging: str = ""
    overwrite: bool = False
    published: bool = False


@dataclass(frozen=True, slots=True)
class KeptMapping:
    """How the user mapped the columns of a list of headers, the last time.

    Attributes:
        headers: The headers exactly as a source had them, in order; only the very same list is mapped by it.
        mapping: Column to field; several columns of one field in order of preference.
        run_seq: `seq` of the run that kept it.
        kept_at: When that run was committed (UTC).
    """

    headers: tuple[str, ...]
    mapping: Mapping[str, str]
    run_seq: int
    kept_at: datetime

    @property
    def digest(self) -> str:
        """What it is called by: the hex SHA-256 of its headers."""
        return digest_headers(self.headers)


def digest_headers(headers: Sequence[str]) -> str:
    """Return the hex SHA-256 of a list of headers: equal only for the same headers in the same order."""
    return hashlib.sha256(json.dumps(list(headers)).encode("ascii")).hexdigest()
