"""From the paths as given to the files they mean: directories, globs, URLs, stdin."""

from __future__ import annotations

import difflib
import glob
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import fsspec
from fsspec.implementations.local import LocalFileSystem

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.storage import Location, describe, display_name, is_pipe, is_url, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import ExitStack

_STDIN = "-"
_HIDDEN = (".", "_")


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
    elif is_url(path) and not Path(path).exists():
        yield from _remote(path)
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
    try:
        names = [entry.name for entry in place.parent.iterdir()]
    except OSError:
        return f"; there is no folder {place.parent}"
    close = difflib.get_close_matches(place.name, sorted(names), n=3)
    return f"; did you mean {' or '.join(str(place.parent / name) for name in close)}?" if close else "; check the path"


def _remote(url: str) -> Iterator[Location]:
    try:
        fs, path = fsspec.core.url_to_fs(url)
        found = _remote_files(fs, path, url)
    except SourceError:
        raise
    except FileNotFoundError as error:
        raise SourceError(f"{display_name(url)}: no such file; check the URL") from error
    except Exception as error:
        raise SourceError(f"{display_name(url)}: cannot be read: {describe(error)}") from error
    local = isinstance(fs, LocalFileSystem)
    for one in found:
        name = url if one == path else fs.unstrip_protocol(one)
        yield Location(fs, one, display_name(name), local=local)


def _remote_files(fs: Any, path: str, url: str) -> list[str]:
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
        return _listed(url, sorted(info["name"] for info in fs.ls(path, detail=True) if info["type"] == "file"))
    return [path]


def _spool(stream: BinaryIO, name: str, spools: ExitStack) -> Location:
    """Copy what can be read once only to a temporary file of this user's own."""
    spool = spools.enter_context(tempfile.NamedTemporaryFile(prefix="leadsieve-"))  # noqa: SIM115
    shutil.copyfileobj(stream, spool, 1 << 20)
    spool.flush()
    return Location(LocalFileSystem(), spool.name, name, local=True)
