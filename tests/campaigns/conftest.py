"""A state with short verbs: change n is made on day n after noon of the first of March, under the id run<n> or mark<n>."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa
import pytest

from leadsieve_connectors.campaigns import STATUSES, RunRecord, State

NOON = datetime(2026, 3, 1, 12, 0, 0, 250, tzinfo=UTC)


def day(number):
    return NOON + timedelta(days=number)


def key_batches(keys):
    return [pa.record_batch({"key": pa.array(keys, pa.uint64())})]


def status_batches(statuses):
    codes = pa.array([STATUSES.index(name) for name in statuses.values()], pa.uint8())
    return [pa.record_batch({"key": pa.array(list(statuses), pa.uint64()), "status": codes})]


class Book:
    """Changes a state, and reads it as plain values."""

    def __init__(self, path, *, as_it_stands=False):
        self.state = State(path, wait_seconds=0.3)
        if not as_it_stands:
            self.state.ensure()

    def commit(self, *keys, campaign="summer", depends_on=None, mappings=None, delete_first=(), ahead=False, **options):
        seq = self.state.next_seq()
        values = {
            "run_id": f"run{seq}",
            "fingerprint": "f",
            "committed_at": day(seq),
            "manifest": [{"name": "accepted.parquet"}],
            "info": {"ledger": {"accepted": len(keys)}},
            "out": f"/data/out{seq}",
            "staging": f"/data/.out{seq}",
        }
        run = RunRecord(seq=seq, campaign=campaign, **{**values, **options})
        given = {"depends_on": depends_on or {}, "delete_first": delete_first}
        if not ahead:
            self.state.commit(run, key_batches(keys), mappings or {}, **given)
            return seq
        with self.state.ahead(campaign, seq, begun_at=run.committed_at, delete_first=delete_first) as begun:
            begun.begin(key_batches(keys))
            self.state.commit(run, [], mappings or {}, **given)
        return seq

    def mark(self, statuses, campaign="summer", **options):
        seq = self.state.next_seq()
        values = {"mark_id": f"mark{seq}", "marked_at": day(seq), "source": "back.csv", "sha256": "ab"}
        return self.state.mark(campaign, status_batches(statuses), **{**values, **options})

    def undo(self, change_id):
        return self.state.undo(change_id, undone_at=day(99))

    def suppress(self, *keys, name="dnc", campaign=None, **options):
        values = {
            "source": "dnc.csv",
            "sha256": str(hash(keys)),
            "dated": day(-30),
            "added_at": day(0),
            "unreadable": 0,
            "replace": False,
        }
        return self.state.suppress(name, key_batches(keys), campaign=campaign, **{**values, **options})

    def held(self, name="summer", **options):
        return sorted(
            (row["key"], row["run_seq"], row["status"], (row["since"] - NOON).days)
            for batch in self.state.contacts(name, **options)
            for row in batch.to_pylist()
        )

    def suppressed(self, campaign=None):
        files = [file.id for file in self.state.suppressions_for(campaign)]
        return sorted(key for batch in self.state.suppressed(files) for key in batch.column("key").to_pylist())

    def sql(self, *statements):
        with duckdb.connect(str(self.state.path)) as connection:
            return [connection.execute(statement).fetchall() for statement in statements]

    def to_version(self, version):
        """Make the state what an older leadsieve left."""
        added = {
            5: [
                "INSERT INTO contacts SELECT * FROM all_contacts WHERE status = 0 AND mark_seq IS NULL",
                "DROP VIEW all_contacts",
                "DROP TABLE untouched",
            ],
            2: ["DROP TABLE mappings"],
            3: [
                *(
                    f"DROP TABLE {t}"
                    for t in ("dependencies", "marks", "status_changes", "suppression_files", "suppressed")
                ),
                "ALTER TABLE contacts DROP COLUMN mark_seq",
                "ALTER TABLE runs DROP COLUMN undone_at",
                "ALTER TABLE runs DROP COLUMN forgotten",
            ],
            4: ["DROP TABLE displaced", "ALTER TABLE runs DROP COLUMN deleted"],
        }
        newer = [statement for number, statements in added.items() if number > version for statement in statements]
        self.sql(*newer, f"UPDATE meta SET schema_version = {version}")


@pytest.fixture(scope="session")
def open_book():
    return Book


@pytest.fixture(scope="session")
def empty(tmp_path_factory):
    return Book(tmp_path_factory.mktemp("empty") / "s.duckdb").state.path


@pytest.fixture
def book(empty, tmp_path):
    """A state of its own: a copy, which is made in a third of the time of a new one."""
    shutil.copy(empty, tmp_path)
    return Book(tmp_path / empty.name)
