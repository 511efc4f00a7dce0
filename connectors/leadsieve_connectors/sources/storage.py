"""Stored bytes by fsspec: read with errors in plain words, hashed on the way, watched for changes."""

from __future__ import annotations

import hashlib
import io
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadsieve_connectors.exceptions import SourceChanged, SourceError
from leadsieve_connectors.sources.dates import find_modified, of_nanoseconds
from leadsieve_connectors.sources.encodings import read_pieces
from leadsieve_connectors.sources.remote.file import RemoteFile
from leadsieve_connectors.sources.remote.handles import HandleReader, reconnect
from leadsieve_connectors.sources.remote.patience import is_passing, persist, status_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from types import TracebackType

    from leadsieve_connectors.sources.remote.file import Reader
    from leadsieve_connectors.sources.remote.http import HttpReader

_READ_BYTES = 4 << 20
# So much is asked of a remote file at once: read in order, and read here and there.
_BLOCK_BYTES = 4 << 20
_PART_BYTES = 256 << 10
# What tells one version of a remote file from the next, where its file system says so.
_MARKS = ("size", "etag", "mtime", "last_modified", "updated", "created", "generation", "version_id")
# Here the part before @ is a container, not a user.
_CONTAINERS = re.compile(r"^(abfss?|wasbs?)://", re.IGNORECASE)
_USER = re.compile(r"(?<=://)[^/?#\s]*@")
_QUERY = re.compile(r"(?<=[^\s?])\?[^\s]*")
_GONE = (404, 410)
_NOT_LET_IN = frozenset(("AuthenticationException", "NoCredentialsError", "PasswordRequiredException"))
_URL = re.compile(r"\w[\w+.-]*://[^\s'\"<>()]+")


def is_url(path: str) -> bool:
    """Tell whether the path is one of fsspec's URLs."""
    return "://" in path or "::" in path


def display_name(path: str) -> str:
    """Return the path as outputs show it: as given, URLs without user information and query.

    Example:
        >>> display_name("https://me:secret@host/leads.csv?signature=abc")
        'https://host/leads.csv'
    """
    shown = "::".join(_clean(part) for part in path.split("::")) if is_url(path) else path
    # A file's name may be no text at all; outputs are.
    return shown.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _clean(url: str) -> str:
    if not _CONTAINERS.match(url):
        url = _USER.sub("", url, count=1)
    return _QUERY.sub("", url)


def describe(error: BaseException) -> str:
    """Return what an error says, on one line and without the secrets of any URL in it."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return _URL.sub(lambda match: display_name(match[0]), " ".join(text.split())) or type(error).__name__


def unreadable(name: str, error: BaseException) -> SourceError:
    """Return the error for a source whose bytes cannot be had."""
    if isinstance(error, SourceError):
        return error
    if is_url(name):
        return _unreadable_url(name, error)
    if isinstance(error, PermissionError):
        return SourceError(f"{name}: permission denied; make the file readable for this user")
    if isinstance(error, FileNotFoundError):
        return SourceError(f"{name}: no such file")
    return SourceError(f"{name}: cannot be read: {describe(error)}")


def _unreadable_url(name: str, error: BaseException) -> SourceError:
    status = status_of(error)
    if is_missing(error):
        return SourceError(f"{name}: no such file; check the URL")
    if is_refusal(error):
        answer = "" if status is None else f" (status {status})"
        return SourceError(f"{name}: the server refuses access{answer}; check the credentials, or the link's age")
    advice = "; try again later" if is_passing(error) else ""
    return SourceError(f"{name}: cannot be read: {describe(error)}{advice}")


def is_refusal(error: BaseException) -> bool:
    """Tell whether an error says that a server does not let this user in."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    return isinstance(error, PermissionError) or status_of(error) in (401, 403, 407) or bool(kinds & _NOT_LET_IN)


def is_missing(error: BaseException) -> bool:
    """Tell whether an error says that there is no such file."""
    return isinstance(error, FileNotFoundError) or status_of(error) in _GONE


@dataclass(frozen=True, slots=True)
class Location:
    """A file of a file system, and what it is called in outputs.

    Attributes:
        fs: The fsspec file system.
        path: The file's path there.
        name: As outputs show it.
        local: The path is one of this machine.
        member: Which file of the archive at `path` is meant; None means the only one, or that it is no archive.
        copied: The path is a temporary copy of what can be read once only; its dates say nothing.
    """

    fs: Any
    path: str
    name: str
    local: bool
    member: str | None = None
    copied: bool = False

    def identity(self) -> tuple[tuple[str, str], ...]:
        """Return what changes when the file does.

        Raises:
            SourceError: The file is not there or cannot be looked at.
        """
        try:
            if not self.local:
                return persist(self.look, lambda: reconnect(self.fs))
            found = Path(self.path).stat()
        except Exception as error:
            # What a library says of a URL may hold its secrets; nothing is chained to what is told of it.
            raise unreadable(self.name, error) from (error if self.local else None)
        return (("size", str(found.st_size)), ("mtime", str(found.st_mtime_ns)), ("inode", str(found.st_ino)))

    def look(self) -> tuple[tuple[str, str], ...]:
        """Return what changes when the remote file does, asked for once; failures come as they are."""
        if is_http(self.fs):
            info = self._http().probe()
        else:
            self.fs.invalidate_cache()
            found = dict(self.fs.info(self.path))
            info = {key.lower().replace("lastmodified", "last_modified"): value for key, value in found.items()}
        return tuple((mark, str(info[mark])) for mark in _MARKS if info.get(mark) is not None)

    def reader(self, marks: Mapping[str, str], *, in_order: bool) -> Reader:
        """Return what reads the remote file.

        Args:
            marks: Its identity.
            in_order: Most is read in order.
        """
        return self._http(marks, in_order=in_order) if is_http(self.fs) else HandleReader(self.fs, self.path)

    def _http(self, marks: Mapping[str, str] | None = None, *, in_order: bool = True) -> HttpReader:
        from leadsieve_connectors.sources.remote.http import HttpReader

        return HttpReader(self.fs, self.path, marks, in_order=in_order)


def is_http(fs: Any) -> bool:
    """Tell whether a file system is fsspec's of the web."""
    return "http" in ((fs.protocol,) if isinstance(fs.protocol, str) else fs.protocol)


class StoredFile:
    """One stored file that is read more than once and must stay the same meanwhile.

    Args:
        location: Where it is.

    Raises:
        SourceError: It cannot be looked at.
    """

    def __init__(self, location: Location) -> None:
        self.location = location
        self.name = location.name
        self._identity = location.identity()
        self._sha256: str | None = None

    @property
    def inner_name(self) -> str:
        """What may tell the format by its ending: the name."""
        return self.name

    @property
    def content_size(self) -> int | None:
        """Bytes that reading gives, where that is known before."""
        return self.size

    @property
    def facts(self) -> Mapping[str, Any]:
        """What a source's dialect says of how it is stored: nothing."""
        return {}

    @property
    def size(self) -> int | None:
        """Bytes as stored; None where unknown."""
        size = dict(self._identity).get("size")
        return None if size is None else int(size)

    @property
    def modified(self) -> datetime | None:
        """When the file was last changed, in UTC; None where that is not known."""
        marks = dict(self._identity)
        if self.location.copied:
            return None
        return of_nanoseconds(int(marks["mtime"])) if self.location.local else find_modified(marks)

    def open(self, *, take_hash: bool = False) -> Stream:
        """Open the bytes for reading from the start.

        Args:
            take_hash: Take the SHA-256 while reading, if it is not known yet.

        Raises:
            SourceError: The file cannot be opened.
        """
        raw = self._open(in_order=True)
        return Stream(self, raw, hashlib.sha256() if take_hash and self._sha256 is None else None)

    def open_raw(self) -> Any:
        """Open the bytes as a file that can be read from any place.

        Raises:
            SourceError: The file cannot be opened.
        """
        return self._open(in_order=False)

    def _open(self, *, in_order: bool) -> Any:
        if not self.location.local:
            reader = self.location.reader(dict(self._identity), in_order=in_order)
            raw = RemoteFile(reader, self.size, self._check_once, self._refused)
            return io.BufferedReader(raw, _BLOCK_BYTES if in_order else _PART_BYTES)
        try:
            return self.location.fs.open(self.location.path, "rb")
        except Exception as error:
            raise unreadable(self.name, error) from error

    def pieces(self, start: int) -> list[bytes]:
        """Return pieces spread over what follows the first `start` bytes, for a look at what is deep in the file.

        Raises:
            SourceError: The file cannot be read.
        """
        if self.size is None or self.size <= start:
            return []
        try:
            with self.open_raw() as raw:
                return read_pieces(raw, self.size, start=start)
        except OSError as error:
            raise unreadable(self.name, error) from error

    def check(self) -> None:
        """Make sure that the file is still the one that was opened.

        Raises:
            SourceChanged: It is not.
        """
        if not self.location.local:
            try:
                persist(self._check_once, lambda: reconnect(self.location.fs))
            except Exception as error:
                raise unreadable(self.name, error) from None
            return
        try:
            now = self.location.identity()
        except SourceError as error:
            raise self._went_away() from error
        self._compare(now)

    def _check_once(self) -> None:
        """Check as `check` does, but without patience: other failures come as they are."""
        try:
            now = self.location.look()
        except Exception as error:
            if is_missing(error):
                raise self._went_away() from None
            raise
        self._compare(now)

    def _refused(self, error: Exception) -> SourceError:
        if is_missing(error):
            return self._went_away()
        if not is_passing(error):
            # S3 refuses to read on in a version that is not the latest any more.
            self.check()
        return unreadable(self.name, error)

    def _went_away(self) -> SourceChanged:
        return SourceChanged(f"{self.name}: went away while it was read; run again")

    def _compare(self, now: tuple[tuple[str, str], ...]) -> None:
        moved = [mark for mark, value in self._identity if dict(now).get(mark) != value]
        if moved:
            message = f"{self.name}: changed while it was read ({', '.join(moved)}); run again when it is complete"
            raise SourceChanged(message)

    def ended(self, digest: str | None) -> None:
        """Take note of a read to the end, and of the hash that was taken on the way.

        Raises:
            SourceChanged: The file changed meanwhile.
        """
        self.check()
        self._sha256 = digest or self._sha256

    def sha256(self) -> str:
        """Return the hex SHA-256 of the bytes, reading them where no full read has happened yet.

        Raises:
            SourceError: They cannot be read.
            SourceChanged: The file changed meanwhile.
        """
        if self._sha256 is None:
            with self.open(take_hash=True) as stream:
                while stream.read(_READ_BYTES):
                    pass
                stream.end()
        assert self._sha256 is not None  # noqa: S101
        return self._sha256


class Stream:
    """An open `StoredFile`, read in order."""

    def __init__(self, stored: StoredFile, raw: Any, digest: Any) -> None:
        self._stored, self._raw, self._digest = stored, raw, digest
        #: Stored bytes read so far.
        self.taken = 0

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._raw.close()

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; empty at the end only.

        Raises:
            SourceError: The bytes cannot be read.
        """
        try:
            data = bytes(self._raw.read(size))
        except SourceError:
            raise
        except Exception as error:
            raise unreadable(self._stored.name, error) from error
        self.taken += len(data)
        if self._digest is not None:
            self._digest.update(data)
        return data

    def read_fully(self, size: int) -> bytes:
        """Return `size` bytes, fewer only where the file has no more."""
        pieces, missing = [], size
        while missing and (piece := self.read(missing)):
            pieces.append(piece)
            missing -= len(piece)
        return b"".join(pieces)

    def end(self) -> None:
        """Say that all bytes have been read.

        Raises:
            SourceChanged: The file changed meanwhile.
        """
        self._stored.ended(None if self._digest is None else self._digest.hexdigest())


def is_pipe(path: Path) -> bool:
    """Tell whether the path is a pipe or a device, which can be read once only."""
    mode = path.stat().st_mode
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))
