"""Opening the state's file with DuckDB, and closing it: every failure leaves here as a `StateError`."""

from __future__ import annotations

import os
import re
import stat
import time
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from leadsieve_connectors.campaigns.migrations import SCHEMA_VERSION, migrate, show_as_current, stored_version
from leadsieve_connectors.campaigns.steps import step
from leadsieve_connectors.exceptions import StateError, StateLocked

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

#: What DuckDB may take before it spills to the disk, where nothing else is said.
MEMORY_BYTES = 1_000_000_000

_POLL_SECONDS = 0.1
#: DuckDB writes this after the first checksum of its file. Without the test, a file of another kind would
#: make it look for an extension that reads that kind, over the network.
_MAGIC, _MAGIC_AT = b"DUCK", 8
#: Before the first block: DuckDB's three headers.
_HEADER_BYTES = 3 * 4096
#: Of the tables that every version has.
# Binding alone: to ask the catalogue for its tables costs ten times as much.
_BIND_TABLES = "SELECT 1 FROM campaigns, contacts, runs, statuses LIMIT 0"
_HOLDER = re.compile(r"\(PID (\d+)\)")
_DISK = re.compile(
    r"no space left|disk quota|read-only file system|permission denied|input/output error|file too large",
    re.IGNORECASE,
)


def log_path(path: Path) -> Path:
    """Return where DuckDB keeps the write-ahead log of the file `path`."""
    return path.with_name(f"{path.name}.wal")


def spill_path(path: Path) -> Path:
    """Return the folder in which DuckDB may spill what does not fit into memory."""
    return path.with_name(f"{path.name}.tmp")


@contextmanager
def reading(
    path: Path, *, wait_seconds: float, memory_bytes: int = MEMORY_BYTES
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a state to read, for the length of a block; an older one is shown as if it were of this version.

    Args:
        path: Real path of the state.
        wait_seconds: How long to wait for a foreign process that has it open for writing.
        memory_bytes: What DuckDB may take before it spills to the disk.

    Raises:
        StateLocked: It has it open still.
        StateError: There is no such state, or it is damaged, of another kind or of a newer version.
    """
    with _opened(path, read_only=True, wait_seconds=wait_seconds, memory_bytes=memory_bytes) as connection:
        with translating(path):
            if stored_version(connection) < SCHEMA_VERSION:
                show_as_current(connection)
        yield connection


@contextmanager
def writing(
    path: Path, *, wait_seconds: float, memory_bytes: int = MEMORY_BYTES
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a state to read and write, for the length of a block, and sync it to the disk afterwards.

    An older state is first brought forward, whole or not at all. DuckDB gives its log and its spill folder the
    process's default mode, so the mode's mask is narrowed meanwhile: whatever is created in this time is private to
    its owner.

    Args:
        path: Real path of the state, whose lock the caller holds.
        wait_seconds: How long to wait for a foreign process that has it open.
        memory_bytes: What DuckDB may take before it spills to the disk.

    Raises:
        StateLocked: It has it open still.
        StateError: As for `reading`, or it cannot be written.
    """
    opened = opened_to_write(path, wait_seconds=wait_seconds, memory_bytes=memory_bytes)
    with private_files(), opened as connection:
        yield connection


@contextmanager
def opened_to_write(path: Path, *, wait_seconds: float, memory_bytes: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a state like `writing`, but leave it to the block when the mode's mask is to be narrowed."""
    opened = _opened(path, read_only=False, wait_seconds=wait_seconds, memory_bytes=memory_bytes)
    with opened as connection, translating(path):
        if stored_version(connection) < SCHEMA_VERSION:
            with private_files():
                _bring_forward(connection)
        yield connection
    sync(path)


@contextmanager
def private_files() -> Iterator[None]:
    """Make whatever the process creates during a block private to its owner."""
    mask = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(mask)


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Commit what a block does, or undo all of it where the block or the commit fails."""
    import duckdb

    connection.begin()
    try:
        yield
        with private_files():
            connection.commit()
    except BaseException:
        with suppress(duckdb.Error):  # a failed commit has ended the transaction already
            connection.rollback()
        raise


def sync(path: Path) -> None:
    """Make a file, or the entries of a folder, outlive a loss of power.

    Raises:
        StateError: The disk refuses.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    except OSError as exc:
        raise StateError(
            f"state {path}: cannot sync it to the disk: {exc}; look after the disk and run again",
            "output_failed",
        ) from exc


def connect(path: Path, *, read_only: bool, memory_bytes: int = MEMORY_BYTES) -> duckdb.DuckDBPyConnection:
    """Open or create a DuckDB file with few threads, bounded memory and nothing from the network."""
    import duckdb

    return duckdb.connect(
        str(path),
        read_only=read_only,
        config={
            "threads": "2",
            "memory_limit": f"{memory_bytes}B",
            "temp_directory": str(spill_path(path)),
            "preserve_insertion_order": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
        },
    )


def _bring_forward(connection: duckdb.DuckDBPyConnection) -> None:
    with transaction(connection):
        step("migration-begun")
        migrate(connection)
        step("migration-applied")
    step("migration-committed")


@contextmanager
def _opened(
    path: Path, *, read_only: bool, wait_seconds: float, memory_bytes: int
) -> Iterator[duckdb.DuckDBPyConnection]:
    import duckdb

    _require_database(path)
    complete = not log_path(path).exists()  # what the log adds may not be in the file yet
    # Only what is written needs it: a thread may open a state to read while another creates outputs.
    private = nullcontext if read_only else private_files
    with private():
        connection = _connect_waiting(path, read_only=read_only, wait_seconds=wait_seconds, memory_bytes=memory_bytes)
    try:
        with translating(path):
            _require_version(path, connection)
            if complete:
                _require_length(path, connection)
        yield connection
    finally:
        with suppress(duckdb.Error), private():  # a failed write was reported already, and closing repeats it
            connection.close()


@contextmanager
def translating(path: Path) -> Iterator[None]:
    """Say what failures of DuckDB in a block mean for the state `path`."""
    import duckdb

    try:
        yield
    except duckdb.Error as exc:
        raise translate(path, exc) from exc
    except RuntimeError as exc:
        # DuckDB looks for signals while it works, and drops what their handlers raise.
        if "Query interrupted" in str(exc):
            raise KeyboardInterrupt from exc
        raise


def _require_database(path: Path) -> None:
    """Look at the file itself first: DuckDB creates what is missing and guesses at what is foreign."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):  # to open a pipe would wait for its other end
            what = "folder" if stat.S_ISDIR(mode) else "device or a pipe"
            raise StateError(f"state {path} is a {what}; name a file with --state", "invalid_option")
        with path.open("rb") as file:
            head = file.read(_MAGIC_AT + len(_MAGIC))
    except FileNotFoundError as exc:
        raise StateError(f"state {path} does not exist; check --state, or run a campaign to create it") from exc
    except OSError as exc:
        raise StateError(f"state {path}: cannot read it: {exc}; check its permissions", "output_failed") from exc
    if head[_MAGIC_AT:] != _MAGIC:
        raise StateError(f"state {path} is not a DuckDB file; restore it from a backup, or name another --state")


def _connect_waiting(
    path: Path, *, read_only: bool, wait_seconds: float, memory_bytes: int
) -> duckdb.DuckDBPyConnection:
    import duckdb

    deadline = time.monotonic() + wait_seconds
    while True:
        try:
            return connect(path, read_only=read_only, memory_bytes=memory_bytes)
        except duckdb.Error as exc:
            failure = translate(path, exc)
            if not isinstance(failure, StateLocked) or time.monotonic() >= deadline:
                raise failure from exc
        time.sleep(_POLL_SECONDS)


def _require_version(path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    import duckdb

    foreign = f"state {path} is a DuckDB file, but not a state of leadsieve; name another --state"
    try:
        version = stored_version(connection)
        # Others too keep their version so, and what is old is brought forward.
        connection.execute(_BIND_TABLES)
    except (duckdb.CatalogException, duckdb.BinderException) as exc:
        raise StateError(foreign) from exc
    if not isinstance(version, int) or version < 1:
        raise StateError(f"state {path} does not say its version; restore it from a backup, or name another --state")
    if version > SCHEMA_VERSION:
        raise StateError(
            f"state {path} has version {version}, newer than the {SCHEMA_VERSION} that this leadsieve knows; "
            "upgrade leadsieve"
        )


def _require_length(path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    """Find now that a file was cut short, rather than when a missing block is asked for.

    The blocks in use are the least that a whole file holds; free ones at its end may have been given back.
    """
    ((size, used),) = connection.execute("SELECT block_size, used_blocks FROM pragma_database_size()").fetchall()
    least, found = _HEADER_BYTES + size * used, path.stat().st_size
    if found < least:
        raise StateError(
            f"state {path} is cut short: {found:,} bytes instead of {least:,} or more; restore it from a backup, "
            "or name another --state"
        )


def translate(path: Path, exc: Exception) -> StateError:
    """Return what a failure of DuckDB means for the state `path`, in one line."""
    import duckdb

    text = " ".join(str(exc).split())
    holder = _HOLDER.search(text)
    if isinstance(exc, duckdb.ConnectionException) and "different configuration" in text:
        return StateLocked(
            f"state {path} is open in this very process ({os.getpid()}); close that connection and run again"
        )
    if "Could not set lock" in text:
        who = f"process {holder[1]}" if holder else "another process"
        return StateLocked(f"state {path} is held open by {who}; close it there and run again")
    if isinstance(exc, duckdb.OutOfMemoryException):
        return StateError(
            f"state {path}: out of memory or spill space: {text}; free some and run again", "resource_limit"
        )
    if _DISK.search(text):
        return StateError(f"state {path}: the disk refuses: {text}; look after the disk and run again", "output_failed")
    return StateError(f"state {path} is damaged: {text}; restore it from a backup, or name another --state")
