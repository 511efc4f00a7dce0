"""Published files: written, sealed into a manifest, and proven against it later."""

from __future__ import annotations

import hashlib
import json
import os
from concurrent.futures import ThreadPoolExecutor
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypedDict

from leadsieve.exceptions import InternalError, OutputError
from leadsieve.publish.names import inner_folders, is_plain, listing
from leadsieve.publish.steps import step

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

#: What makes a folder a publication; written last.
RUN_FILE = "run.json"
#: What leadsieve may add to a publication later, without an entry in its manifest.
EXTRA_FILES = ("report.html",)

#: So many files of inner folders are synced at once: a disk makes those good together that ask together.
_AT_ONCE = 16
_NO_HASHES: Mapping[str, str] = MappingProxyType({})


class ManifestEntry(TypedDict):
    """One published file: its name in OUT, rows (None where it has none), bytes and hex SHA-256."""

    name: str
    rows: int | None
    bytes: int
    sha256: str


def to_json(value: Any) -> bytes:
    """Return a value as indented UTF-8 JSON, keys in the order given."""
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    # A lone surrogate (a file name that is not UTF-8) has no UTF-8 form; JSON's own escape holds it.
    return text.encode("utf-8", "backslashreplace")


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented UTF-8 JSON, keys in the order given, and sync it.

    Raises:
        OutputError: The file cannot be written.
    """
    data = to_json(value)
    try:
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as exc:
        raise cannot_write(path, exc) from exc


def seal(folder: Path, rows: Mapping[str, int | None], hashes: Mapping[str, str] = _NO_HASHES) -> list[ManifestEntry]:
    """Count, hash and sync the closed output files of a run, and the folders that hold them.

    Args:
        folder: Where they are; it holds these files and no others.
        rows: Rows of each file by its name, `NAME` or `FOLDER/NAME`; None where it has none. The order is the
            manifest's.
        hashes: What `hash_files` gave for some of them since they were closed.

    Returns:
        The manifest.

    Raises:
        OutputError: A file cannot be read or synced.
        InternalError: The folder holds other files than these.
    """
    try:
        require_just(folder, rows)
        entries = _entries(folder, rows, hashes)
        sync_folders(folder, rows)
    except OSError as exc:
        raise cannot_write(folder, exc) from exc
    step("files-sealed")
    return entries


def require_just(folder: Path, names: Collection[str]) -> None:
    """Make sure that a folder holds these files and nothing else.

    Raises:
        InternalError: It does not, or a name is not plain.
        OSError: It cannot be listed.
    """
    there = listing(folder, names)
    wrong = [name for name in names if not there.get(name) or not is_plain(name)]
    wrong += there.keys() - set(names)
    if wrong:
        raise InternalError(f"the run does not account for {min(wrong)!r} as it wrote it; please report this")


def published(out: Path) -> dict[str, Any] | None:
    """Read the `run.json` of a publication that is whole and undamaged.

    Args:
        out: A folder, or a place where there is none.

    Returns:
        The content of its `run.json`; None where `out` is no publication, or one of its files is missing or
        is not the one that was published.
    """
    run = read_run(out)
    if run is None:
        return None
    try:
        for entry in run["files"]:
            path = out / entry["name"]
            if path.stat().st_size != entry["bytes"] or sha256(path) != entry["sha256"]:
                return None
    except (OSError, KeyError):
        return None
    return run


def read_run(out: Path) -> dict[str, Any] | None:
    """Read the `run.json` of a folder that leadsieve published, whatever became of its other files.

    Returns:
        Its content; None where there is none, or it is not leadsieve's.
    """
    try:
        run = parse_run((out / RUN_FILE).read_bytes())
    except OSError:
        return None
    return run if run is not None and all(is_plain(entry["name"]) for entry in run["files"]) else None


def parse_run(data: bytes) -> dict[str, Any] | None:
    """Return what a `run.json` holds; None where it is not leadsieve's. Its files' names may be anything."""
    try:
        run = json.loads(data)
    except (ValueError, RecursionError):
        return None
    if not isinstance(run, dict) or not isinstance(run.get("run_id"), str) or not isinstance(run.get("files"), list):
        return None
    entries = [entry.get("name") if isinstance(entry, dict) else None for entry in run["files"]]
    return run if all(isinstance(name, str) for name in entries) else None


def move(source: Path, target: Path, names: Collection[str]) -> None:
    """Move sealed files from one folder of a file system to another, where `FOLDER` of `FOLDER/NAME` is made.

    Raises:
        OutputError: The system refuses.
    """
    try:
        for inner in inner_folders(names):
            (target / inner).mkdir(exist_ok=True)
        for name in names:
            (source / name).rename(target / name)
    except OSError as exc:
        raise cannot_write(target, exc) from exc


def sync(path: Path) -> None:
    """Make a file, or the entries of a folder, outlive a loss of power."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_folders(folder: Path, names: Iterable[str]) -> None:
    """Make the entries of a folder, and of those in it that hold some of these files, outlive a loss of power."""
    for inner in inner_folders(names):
        sync(folder / inner)
    sync(folder)


def cannot_write(path: Path, exc: OSError | ValueError) -> OutputError:
    """Return the error for an output that the system refuses."""
    why = getattr(exc, "strerror", None) or str(exc)
    return OutputError(f"{path}: cannot write it: {why}; make room or name another --out")


def hash_files(paths: Iterable[Path]) -> dict[str, str]:
    """Return the hex SHA-256 of closed files by their names.

    Raises:
        OutputError: One cannot be read.
    """
    hashes = {}
    for path in paths:
        try:
            hashes[path.name] = sha256(path)
        except OSError as exc:
            raise cannot_write(path, exc) from exc
    return hashes


def _entries(folder: Path, rows: Mapping[str, int | None], hashes: Mapping[str, str]) -> list[ManifestEntry]:
    """Hash and sync files; those of inner folders, which may be many thousands, several at once."""

    def entry(name: str) -> ManifestEntry:
        path = folder / name
        sync(path)
        sha = hashes.get(name) or sha256(path)
        return {"name": name, "rows": rows[name], "bytes": path.stat().st_size, "sha256": sha}

    many = [name for name in rows if "/" in name]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        done = dict(zip(many, pool.map(entry, many), strict=True))
    return [done.get(name) or entry(name) for name in rows]


def sha256(path: Path) -> str:
    """Return the hex SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
