"""The rows of the state as Python and Arrow see them."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

#: What can have become of a contact. The state stores the position, so a new status goes to the end.
STATUSES = ("pending", "in_progress", "completed", "failed", "skipped", "no_answer", "busy", "voicemail")

#: What `State.contacts` gives: all E.164 digits of the number, the run that imported it, what became of it, and
#: since when: when the run was committed, or when the mark was made that gave it this status.
CONTACTS = pa.schema(
    [
        pa.field("key", pa.uint64(), nullable=False),
        pa.field("run_seq", pa.int32(), nullable=False),
        pa.field("status", pa.dictionary(pa.int8(), pa.string()), nullable=False),
        pa.field("since", pa.timestamp("us", "UTC"), nullable=False),
    ]
)

#: What `State.suppressed` gives: the file of a suppression list, and all digits of a number in it.
SUPPRESSED = pa.schema([pa.field("file_id", pa.int32(), nullable=False), pa.field("key", pa.uint64(), nullable=False)])


@dataclass(frozen=True, slots=True)
class CampaignInfo:
    """A campaign and how far it is.

    Attributes:
        name: As it was given; any text.
        created_at: When the first of its runs was committed (UTC).
        runs: How many runs were committed and not undone.
        contacts: How many contacts it holds.
    """

    name: str
    created_at: datetime
    runs: int
    contacts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """One committed run.

    Attributes:
        seq: Position among all changes of the state (runs and marks), from 1; `State.next_seq` gives the next.
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
        forgotten: How many of its contacts were forgotten since; the state counts them.
        deleted: How many contacts it deleted from the campaign before it imported; the state counts them, less those
            that were forgotten since.
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
    forgotten: int = 0
    deleted: int = 0


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


@dataclass(frozen=True, slots=True)
class SuppressionFile:
    """A file of numbers that must not be called, as it was added to a suppression list.

    A list is known by its name and its campaign together, and is made of the files that were added to it.

    Attributes:
        id: What `State.suppressed` calls it.
        list_name: Name of the list; any text.
        campaign: The campaign that it holds for; None: it holds for all.
        source: Where the file was read from, as it was given.
        sha256: Hex SHA-256 of the file's bytes.
        dated: Of when the file is (UTC).
        added_at: When it was added (UTC).
        entries: How many numbers it holds, each counted once.
        unreadable: How many of its entries were no number, and so hold nothing back.
    """

    id: int
    list_name: str
    campaign: str | None
    source: str
    sha256: str
    dated: datetime
    added_at: datetime
    entries: int
    unreadable: int


@dataclass(frozen=True, slots=True)
class MarkResult:
    """What a mark did.

    Attributes:
        seq: Its position among all changes of the state.
        changed: Contacts that have another status now.
        unchanged: Contacts that had this status already.
        unknown: Numbers that are not in the campaign.
    """

    seq: int
    changed: int
    unchanged: int
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoneChange:
    """A change that was undone.

    Attributes:
        kind: "import" or "mark".
        id: Id of the run or the mark.
        seq: Its position among all changes of the state, which no later one takes.
        campaign: Name of the campaign.
        contacts: Contacts that were taken out (import), or given back the status they had before (mark).
        restored: Contacts that the import had deleted, and that were put back.
        out: Absolute path of the folder that the run published or was to publish; empty for a mark.
        staging: Absolute path of the hidden folder with its outputs until then; empty for a mark.
        published: Whether the run's outputs were known to stand at `out`.
        manifest: The run's published files, as in `RunRecord`.
    """

    kind: str
    id: str
    seq: int
    campaign: str
    contacts: int
    restored: int = 0
    out: str = ""
    staging: str = ""
    published: bool = False
    manifest: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was known of a number that is forgotten now.

    Attributes:
        imported: The runs that had imported it, oldest first: their accepted files hold it still.
        affected: Further runs that rejected rows as duplicates of those runs' contacts, oldest first: their
            rejected files may hold it.
        marks: Ids of the marks that had changed its status: their source files hold it.
        suppressions: The suppression files that hold it, and go on holding it so that nobody calls it.
    """

    imported: tuple[RunRecord, ...]
    affected: tuple[RunRecord, ...]
    marks: tuple[str, ...]
    suppressions: tuple[SuppressionFile, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to a campaign, or to one number.

    Attributes:
        at: When (UTC).
        kind: "import", "mark", "deletion" (of contacts, by a run before it imported) or "suppression".
        id: Id of the run or the mark; of a suppression the name of the list.
        seq: Position among all changes of the state; None for a suppression.
        campaign: Name of the campaign; None: the suppression list holds for all.
        contacts: How many contacts it has in its campaign now (import), changed (mark), deleted (deletion) or holds
            back (suppression).
        undone_at: When it was undone (UTC); None where it holds.
        out: Absolute path of the folder that the run publishes.
        source: The file with the statuses or the suppressed numbers, as it was given.
        before: The number's status until then, where the event is a mark or a deletion of one number.
        after: The number's status since, where the event is a mark or an import of one number.
    """

    at: datetime
    kind: str
    id: str
    seq: int | None
    campaign: str | None
    contacts: int
    undone_at: datetime | None = None
    out: str = ""
    source: str = ""
    before: str | None = None
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the state that cannot be.

    Attributes:
        what: What is wrong, with figures.
        where: The run, mark, campaign, list or table that it concerns.
        advice: What to do next.
    """

    what: str
    where: str
    advice: str


def digest_headers(headers: Sequence[str]) -> str:
    """Return the hex SHA-256 of a list of headers: equal only for the same headers in the same order."""
    return hashlib.sha256(json.dumps(list(headers)).encode("ascii")).hexdigest()
