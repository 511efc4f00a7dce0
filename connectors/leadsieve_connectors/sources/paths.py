"""From the paths as given to the files they mean: directories, globs, URLs, stdin."""

from __future__ import annotations

import difflib
import glob
import os
import re
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import fsspec
from fsspec.implementations.local import LocalFileSystem

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.packed.paths import split_member
from leadsieve_connectors.sources.remote.handles import reconnect
from leadsieve_connectors.sources.remote.patience import persist
from leadsieve_connectors.sources.storage import (
    Location,
    describe,
    display_name,
    is_http,
    is_missing,
    is_pipe,
    is_url,
    unreadable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import ExitStack

    from leadsieve_connectors.sources.remote.http import HttpReader

_STDIN = "-"
_HIDDEN = (".", "_")
# Here fsspec takes what follows a ? for options of the connection; another pattern says the same.
_ANY_LETTER = "[!\x01]"
_SSH = ("sftp://", "ssh://")
_EXTRAS = {"http": "http", "https": "http", "s3": "s3", "s3a": "s3", "sftp": "sftp", "ssh": "sftp"} | {
    "gs": "gcs",
    "gcs": "gcs",
    "az": "azure",
    "abfs": "azure",
    "abfss": "azure",
}


def expand(path: str, spools: ExitStack) -> Iterator[Location]:
    """Give the files that a path means, in order of their names.

    Args:
        path: A file, a directory (its files, without those below and without names that begin with `.` or
            `_`), a glob, a URL that fsspec knows, or `-` for stdin. A path that exists is itself before it
            is a glob.
        spools: Takes the temporary files, which are private and hold what can be read once only.

    Raises:
        SourceError: It means no file.
    """
    if path == _STDIN:
        if sys.stdin is None:
            raise SourceError("stdin (-) is closed; pipe the leads into it, or name a file")
        yield _spool(sys.stdin.buffer, path, spools)
    elif is_url(path) and not os.path.exists(path):  # noqa: PTH110, a signed URL may be too long for Path
        yield from _remote(path, spools)
    else:
        yield from _local(path, spools)


def _local(path: str, spools: ExitStack) -> Iterator[Location]:
    place = Path(path)
    try:
        if place.is_dir():
            names = sorted(str(entry) for entry in place.iterdir() if entry.is_file())
            yield from (_local_file(name) for name in _listed(path, names))
        elif place.exists() and is_pipe(place):
            with place.open("rb") as pipe:
                yield _spool(pipe, path, spools)
        elif place.exists():
            yield _local_file(path)
        elif (split := split_member(path, os.path.isfile)) is not None:
            yield replace(_local_file(split[0]), member=split[1])
        elif glob.has_magic(path):
            found = glob.glob(path, recursive=True)  # noqa: PTH207
            names = sorted(name for name in found if Path(name).is_file())
            if not names:
                raise SourceError(f"{path}: no file matches; check the pattern")
            yield from (_local_file(name) for name in names)
        else:
            raise SourceError(f"{path}: no such file{_did_you_mean(place)}")
    except OSError as error:
        raise unreadable(path, error) from error


def _local_file(path: str) -> Location:
    return Location(LocalFileSystem(), str(Path(path).absolute()), display_name(path), local=True)


def _listed(path: str, names: list[str]) -> list[str]:
    shown = [name for name in names if not name.rpartition("/")[2].startswith(_HIDDEN)]
    if not shown:
        raise SourceError(f"{display_name(path)}: the directory holds no file; name the files", "empty_file")
    return shown


def _did_you_mean(place: Path) -> str:
    book, mark, sheet = str(place).rpartition("#")
    if mark and Path(book).is_file():
        return f"; name the sheet of a workbook by itself: {book} --sheet '{sheet}'"
    try:
        names = [entry.name for entry in place.parent.iterdir()]
    except OSError:
        return f"; there is no folder {place.parent}"
    close = difflib.get_close_matches(place.name, sorted(names), n=3)
    return f"; did you mean {' or '.join(str(place.parent / name) for name in close)}?" if close else "; check the path"


def _remote(url: str, spools: ExitStack) -> Iterator[Location]:
    name = display_name(url)
    try:
        fs, path = persist(
            lambda: fsspec.core.url_to_fs(url.replace("?", _ANY_LETTER) if url.startswith(_SSH) else url)
        )
        if is_http(fs):
            yield _web(Location(fs, path, name, local=False), spools)
            return
        found = persist(lambda: _remote_files(fs, path, url), lambda: reconnect(fs))
    except ImportError as error:
        raise SourceError(f"{name}: cannot be read: {describe(error)}{_extra(url)}") from None
    except ValueError as error:
        raise SourceError(f"{name}: cannot be read: {describe(error)}") from None
    except Exception as error:
        # What a library says of a URL may hold its secrets; nothing is chained to what is told of it.
        raise unreadable(name, error) from None
    local = isinstance(fs, LocalFileSystem)
    for one in found:
        yield Location(fs, one, name if one == path else _named(fs, one, url), local=local)


def _web(location: Location, spools: ExitStack) -> Location:
    """Return what can be read in parts as it is; the rest is copied, once, since a second answer may be another."""
    from leadsieve_connectors.sources.remote.http import HttpReader

    reader = HttpReader(location.fs, location.path)
    try:
        persist(reader.probe)
    except Exception as error:
        if "*" in location.name and is_missing(error):
            message = f"{location.name}: no such file, and the web lists no files for a pattern; name each"
            raise SourceError(message) from None
        raise
    return location if reader.in_parts else _spool_web(location, reader, spools)


def _spool_web(location: Location, reader: HttpReader, spools: ExitStack) -> Location:
    spool = spools.enter_context(tempfile.NamedTemporaryFile(prefix="leadsieve-"))  # noqa: SIM115

    def write(data: bytes) -> None:
        try:
            spool.write(data)
            spool.flush()
        except OSError as error:
            what = f"{location.name}: cannot be copied to {tempfile.gettempdir()}: {describe(error)}"
            advice = "make room there, or name another folder in TMPDIR"
            raise SourceError(f"{what}; {advice}", "resource_limit") from None

    def save() -> None:
        spool.seek(0)
        spool.truncate()
        reader.save(write)

    try:
        persist(save)
    except Exception as error:
        raise unreadable(location.name, error) from None
    return Location(LocalFileSystem(), spool.name, location.name, local=True, copied=True)


def _extra(url: str) -> str:
    extra = _EXTRAS.get(url.partition(":")[0].lower())
    return "" if extra is None else f"; install leadsieve[{extra}]"


def _named(fs: Any, path: str, url: str) -> str:
    """Return how outputs show a file that was found in a folder or by a pattern."""
    server = re.match(r"\w+://[^/]+", display_name(url))
    if hasattr(fs, "host") and server:
        return server[0] + path
    return display_name(fs.unstrip_protocol(path))


def _remote_files(fs: Any, path: str, url: str) -> list[str]:
    fs.invalidate_cache()
    try:
        kind = fs.info(path)["type"]
    except FileNotFoundError:
        if not glob.has_magic(path):
            raise
        found = sorted(name for name, info in fs.glob(path, detail=True).items() if info["type"] == "file")
        if not found:
            raise SourceError(f"{display_name(url)}: no file matches; check the pattern") from None
        return found
    if kind == "directory":
        entries = fs.ls(path, detail=True)
        # Buckets mark a folder by an empty object of its own name.
        names = [entry["name"] for entry in entries if entry["type"] == "file"]
        return _listed(url, sorted(name for name in names if name.rstrip("/") != path.rstrip("/")))
    return [path]


def _spool(stream: BinaryIO, name: str, spools: ExitStack) -> Location:
    """Copy what can be read once only to a temporary file of this user's own."""
    spool = spools.enter_context(tempfile.NamedTemporaryFile(prefix="leadsieve-"))  # noqa: SIM115
    shutil.copyfileobj(stream, spool, 1 << 20)
    spool.flush()
    return Location(LocalFileSystem(), spool.name, name, local=True, copied=True)
