"""The campaigns of a state, for people: what was imported, what became of it, and how any of it is taken back."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve import publish
from leadsieve.campaign_tables import CAMPAIGNS, CONTACTS, HISTORY, MARKED, RUNS, TIME, UNDONE, file_table, run_row
from leadsieve.config import Options, paths_and_frames
from leadsieve.entries import Reading, Statuses, read_entries, read_statuses
from leadsieve.exceptions import UsageError, translated
from leadsieve.holdings import find_holdings
from leadsieve.prepare import read_options
from leadsieve.suppression import FORGOTTEN, Entries, require_readable
from leadsieve.target import digest
from leadsieve.verification import FINDINGS, Outputs, check_run
from leadsieve.wording import masked
from leadsieve_connectors.campaigns import STATUSES, State, state_lock
from leadsieve_connectors.sinks import open_sink
from leadsieve_rules import phone

_log = logging.getLogger("leadsieve")

_LOCK_SECONDS = 10.0


class Campaigns:
    """The campaigns of one state; every call opens it and closes it again, and gives Arrow tables.

    Args:
        state: The DuckDB file; `LEADSIEVE_STATE` or `leadsieve.duckdb` where None.

    Raises (every method):
        StateError: The state is missing, damaged, locked or in conflict.
    """

    def __init__(self, state: str | os.PathLike[str] | None = None) -> None:
        path = Path(state if state is not None else os.environ.get("LEADSIEVE_STATE", "leadsieve.duckdb"))
        with translated():
            self._state = State(path, wait_seconds=_LOCK_SECONDS)

    @property
    def path(self) -> Path:
        """The real path of the state."""
        return self._state.path

    def list(self) -> pa.Table:
        """Return one row a campaign in the schema `CAMPAIGNS`: its runs, and its contacts by status."""
        with translated():
            counted = [
                {"campaign": one.name, "created_at": one.created_at, "runs": one.runs, "contacts": one.contacts}
                | dict.fromkeys(STATUSES, 0)
                | self._state.statuses(one.name)
                for one in self._state.campaigns()
            ]
        return pa.Table.from_pylist(counted, CAMPAIGNS)

    def show(self, campaign: str) -> pa.Table:
        """Return one row for each run of a campaign that holds, oldest first, in the schema `RUNS`.

        Raises:
            UsageError: There is no such campaign.
        """
        with translated():
            self._require(campaign)
            records = self._state.runs(campaign)
        return pa.Table.from_pylist([run_row(record) for record in records], RUNS)

    def contacts(self, campaign: str) -> pa.Table:
        """Return the contacts of a campaign, in no particular order, in the schema `CONTACTS`.

        Raises:
            UsageError: There is no such campaign.
        """
        with translated():
            return pa.Table.from_batches(self._contacts(campaign), CONTACTS)

    def export(self, campaign: str, to: str | os.PathLike[str]) -> int:
        """Write the contacts of a campaign to a new file, whole or not at all, and return how many there are.

        Args:
            campaign: The campaign.
            to: A `.csv` or `.parquet` file that does not exist yet.

        Raises:
            UsageError: There is no such campaign, the file exists, or its name says no format.
            OutputError: It cannot be written.
        """
        path = Path(to)
        formats: dict[str, Literal["csv", "parquet"]] = {".csv": "csv", ".parquet": "parquet"}
        if path.suffix not in formats:
            raise UsageError(f"{path}: give the file a name that ends in {' or '.join(formats)}")
        if path.exists():
            raise UsageError(f"{path} exists already; name a new file", "output_exists")
        with translated():
            contacts = self._contacts(campaign)
            unfinished = path.with_name(f".{path.name}.leadsieve-export")
            unfinished.unlink(missing_ok=True)
            sink = open_sink(unfinished, CONTACTS, format=formats[path.suffix], bare_columns=("phone_number",))
            try:
                for batch in contacts:
                    sink.write(pa.Table.from_batches([batch]))
                sink.close()
            except BaseException:
                sink.abandon()
                raise
            unfinished.rename(path)
        return sink.rows

    def mark(
        self,
        campaign: str,
        sources: Any,
        *,
        status: str | None = None,
        words: Mapping[str, str] | None = None,
        **reading: Any,
    ) -> pa.Table:
        """Mark what became of a campaign's contacts, as a dialler says; all of it, or nothing.

        Of several rows with one number the last counts; of several contacts with one number the latest is meant.

        Args:
            campaign: The campaign; it must exist.
            sources: As for `clean`: numbers, and in another column their statuses.
            status: The status of every number, where no column says it.
            words: What words of the dialler's mean, such as `{"ANSWERED": "completed"}`, beside those that are known.
            **reading: How the sources are read: `region`, `region_column`, `map`, and the reading options of `clean`.

        Returns:
            One row in the schema `MARKED`.

        Raises:
            UsageError: No such campaign, no status column, or a word that is not known; nothing was marked.
            SourceError: A source cannot be read.
        """
        with translated():
            self._require(campaign)
            found = read_statuses(paths_and_frames(sources), _reading(**reading), words=words, status=status)
            for one in found:
                require_readable(one.entries)
            with self._writing():
                now, sha256 = datetime.now(UTC), _joint_hash([one.entries for one in found])
                mark_id = f"mark-{digest([campaign, sha256, self._state.next_seq()])[:12]}"
                source = ", ".join(one.entries.name for one in found)
                result = self._state.mark(
                    campaign, _last_statuses(found), mark_id=mark_id, marked_at=now, source=source, sha256=sha256
                )
        told = {
            "mark_id": mark_id,
            "entries": sum(one.entries.count for one in found),
            "changed": result.changed,
            "unchanged": result.unchanged,
            "unknown": result.unknown,
            "unreadable": sum(one.entries.unreadable for one in found),
        }
        return pa.Table.from_pylist([told], MARKED)

    def history(self, campaign: str | None = None, *, number: str | None = None, region: str | None = None) -> pa.Table:
        """Return what happened, oldest first, in the schema `HISTORY`: imports, deletions, marks, suppression lists.

        Args:
            campaign: Only what concerns this campaign.
            number: Only what concerns this number.
            region: Country of a number without a country code.

        Raises:
            UsageError: The number cannot be read.
        """
        with translated():
            key = None if number is None else _key(number, region)[0]
            events = self._state.history(campaign, key)
        rows = [{name: getattr(event, name) or None for name in HISTORY.names} for event in events]
        return pa.Table.from_pylist(rows, HISTORY)

    def undo(self, id: str) -> pa.Table:  # noqa: A002 - its name
        """Take a run or a mark back: the state is as if it had not been, and history tells of it.

        Contacts that a run deleted from its campaign before it imported are put back as they were.

        Args:
            id: Of a run (`run_id`) or of a mark.

        Returns:
            One row in the schema `UNDONE`. The run's outputs stay where they are, and are no longer in the campaign.

        Raises:
            StateError: `state_conflict` where later changes depend on it.
        """
        with translated(), self._writing():
            undone = self._state.undo(id, undone_at=datetime.now(UTC))
            if undone.kind == "import" and not undone.published:
                publish.discard(undone.out, undone.staging, undone.id)
        if undone.kind == "import" and undone.published:
            _log.warning(
                "the outputs of run %s in %s are no longer in campaign %r: keep them out of the dialler",
                undone.id,
                undone.out,
                undone.campaign,
            )
        return pa.Table.from_pylist([{name: getattr(undone, name) or None for name in UNDONE.names}], UNDONE)

    def forget(self, number: str, *, region: str | None = None, suppress: bool = False) -> pa.Table:
        """Delete a number from every campaign, with its history; the state is written anew without its bytes.

        Args:
            number: The number.
            region: Country of a number without a country code.
            suppress: Put it on the suppression list `forgotten`, which holds for all campaigns.

        Returns:
            One row for each published file that holds the number, or that could not be looked into, in the schema
            `HOLDINGS`: what is left to delete.

        Raises:
            UsageError: The number cannot be read.
        """
        with translated():
            key, national = _key(number, region)
            runs = [record for info in self._state.campaigns() for record in self._state.runs(info.name)]
            with self._writing():
                known = self._state.forget(key)
                if suppress:
                    self._suppress_one(key)
            for record in known.imported:
                _log.info("deleted from campaign %r, which run %s had brought it to", record.campaign, record.run_id)
            if not known.imported:
                _log.info("no campaign of %s holds it", self.path)
            kept = sorted({one.list_name for one in known.suppressions} | ({FORGOTTEN} if suppress else set()))
            if kept:
                _log.info("it stays suppressed, so that nobody calls it: %s", ", ".join(kept))
            else:
                _log.warning("a later file may bring it back: add --suppress to keep it on the list %r", FORGOTTEN)
            return find_holdings([(record.run_id, record.out) for record in runs], national)

    def check(self) -> pa.Table:
        """Look for any disagreement within the state, and between it and the outputs that it published.

        Returns:
            One row for each, in the schema `FINDINGS`; none where all is well. Outputs that were moved away,
            replaced, or stand in a store are not looked at; how many were is said.
        """
        with translated():
            found = [
                {"where": f"{self.path}, {one.where}", "problem": one.what, "advice": one.advice}
                for one in self._state.check()
            ]
            records = [record for info in self._state.campaigns() for record in self._state.runs(info.name)]
            looked = 0
            for record in records:
                outputs = None if "://" in record.out else Outputs.at(Path(record.out))
                if outputs is not None and outputs.info["run_id"] == record.run_id:
                    looked += 1
                    found += check_run(outputs, record, self._state)
        _log.info(
            "%s: the outputs of %d of %d runs stand on this machine and were compared", self.path, looked, len(records)
        )
        return pa.Table.from_pylist(found, FINDINGS)

    def suppress(
        self,
        list_name: str,
        sources: Any,
        *,
        campaign: str | None = None,
        date: datetime | None = None,
        replace: bool = False,
        **reading: Any,
    ) -> pa.Table:
        """Add numbers to a suppression list, which is begun where there is none: they are never accepted again.

        Every number that can be read is kept, valid or not.

        Args:
            list_name: Its name; any text.
            sources: As for `clean`.
            campaign: The campaign that it holds for, whether it exists yet or not. None: it holds for all.
            date: As of when it is; where None, when each source was last changed, or now where that is not known.
            replace: Take the place of what the list held.
            **reading: How the sources are read, as for `mark`.

        Returns:
            The list's files, in the schema `SUPPRESSIONS`.

        Raises:
            SourceError: A source cannot be read, or over 1 % of its entries cannot.
        """
        if not list_name.strip() or not list_name.isprintable():
            raise UsageError(f"list {list_name!r} is blank or holds control characters; give it a plain name")
        with translated():
            entries = read_entries(paths_and_frames(sources), _reading(**reading))
            for one in entries:
                require_readable(one)
                _log.info("%s: %s", one.name, one.told())
            now = datetime.now(UTC)
            with self._writing(create=True):
                for position, one in enumerate(entries):
                    self._state.suppress(
                        list_name,
                        [pa.record_batch([pa.array(one.keys)], names=["key"])],
                        campaign=campaign,
                        source=one.name,
                        sha256=one.sha256,
                        dated=_dated(date, one, now),
                        added_at=now,
                        unreadable=one.unreadable,
                        replace=replace and position == 0,
                    )
                files = self._state.suppressions()
        return file_table(one for one in files if (one.list_name, one.campaign) == (list_name, campaign))

    def suppressions(self) -> pa.Table:
        """Return the files of all suppression lists, oldest first, in the schema `SUPPRESSIONS`."""
        with translated():
            return file_table(self._state.suppressions())

    def unsuppress(self, list_name: str, *, campaign: str | None = None) -> pa.Table:
        """Remove a suppression list; its numbers may be called again.

        Args:
            list_name: Its name.
            campaign: The campaign that it holds for; None: the list that holds for all.

        Returns:
            The files that it was made of, in the schema `SUPPRESSIONS`.

        Raises:
            UsageError: There is no such list.
        """
        with translated(), self._writing():
            return file_table(self._state.unsuppress(list_name, campaign))

    @contextmanager
    def _writing(self, *, create: bool = False) -> Iterator[None]:
        """Hold the state's lock, with the state whole and of this version."""
        if not create:
            self._state.next_seq()  # a state that is not there gets no lock file either
        with state_lock(self.path, wait_seconds=_LOCK_SECONDS):
            if self._state.ensure():
                _log.info("state %s: new", self.path)
            yield

    def _require(self, campaign: str) -> None:
        if self._state.campaign(campaign) is None:
            others = ", ".join(repr(info.name) for info in self._state.campaigns()[:10]) or "none"
            raise UsageError(f"campaign {campaign!r} does not exist in {self.path}; there are: {others}")

    def _contacts(self, campaign: str) -> Iterator[pa.RecordBatch]:
        self._require(campaign)
        runs = self._state.runs(campaign)
        ids, places = pa.array([run.run_id for run in runs], pa.string()), {run.seq: i for i, run in enumerate(runs)}
        for batch in self._state.contacts(campaign):
            at = pa.array([places[seq] for seq in batch.column("run_seq").to_pylist()], pa.int32())
            numbers = pc.binary_join_element_wise("+", batch.column("key").cast(pa.string()), "")
            since = batch.column("since").cast(TIME, safe=False)
            columns = [numbers, batch.column("status"), since, pa.DictionaryArray.from_arrays(at, ids)]
            yield pa.RecordBatch.from_arrays(columns, schema=CONTACTS)

    def _suppress_one(self, key: int) -> None:
        now = datetime.now(UTC)
        self._state.suppress(
            FORGOTTEN,
            [pa.record_batch([pa.array([key], pa.uint64())], names=["key"])],
            campaign=None,
            source="leadsieve campaign forget",
            # A hash of the number would give it away: there are few enough to try them all.
            sha256=secrets.token_hex(32),
            dated=now,
            added_at=now,
            unreadable=0,
            replace=False,
        )


def _reading(
    *,
    region: str | None = None,
    region_column: str | None = None,
    map: Mapping[str, str] | None = None,  # noqa: A002 - the option's own name
    columns: Sequence[str] | None = None,
    **options: Any,
) -> Reading:
    """Settle how a list is read, from options as `clean` has them."""
    given = Options(
        sources=("-",),
        map=dict(map or {}),
        region=region,
        columns=None if columns is None else tuple(columns),
        **options,
    )
    return Reading(
        region=region and region.upper(), region_column=region_column, map=given.map, options=read_options(given)
    )


def _dated(date: datetime | None, entries: Entries, now: datetime) -> datetime:
    return entries.modified or now if date is None else date.replace(tzinfo=date.tzinfo or UTC)


def _key(number: str, region: str | None) -> tuple[int, str]:
    """Read one number: its key, and its national number."""
    phones = phone.read(pa.array([number], pa.string()), region and region.upper())
    national = phones.table()["national_number"][0].as_py()
    if not phones.keys[0] or national is None:
        raise UsageError(
            f"{masked(number)} cannot be read as a phone number; write it like +12025550123, or add --region"
        )
    return int(phones.keys[0]), national


def _joint_hash(entries: Sequence[Entries]) -> str:
    return entries[0].sha256 if len(entries) == 1 else digest([one.sha256 for one in entries])


def _last_statuses(found: Sequence[Statuses]) -> Iterator[pa.RecordBatch]:
    """Put the statuses of several sources together: of a number that stands in several, the last one's."""
    keys = np.concatenate([one.entries.keys for one in found])[::-1]
    codes = np.concatenate([one.codes for one in found])[::-1].astype(np.uint8)
    distinct, last = np.unique(keys, return_index=True)
    yield pa.record_batch([pa.array(distinct), pa.array(codes[last])], names=["key", "status"])
