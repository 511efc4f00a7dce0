"""A folder of a store that fsspec reaches, written to: with patience, proven, and no secret told."""

from __future__ import annotations

import base64
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import fsspec

from leadsieve_connectors.exceptions import SinkError
from leadsieve_connectors.sources.remote import patience
from leadsieve_connectors.sources.remote.handles import reconnect
from leadsieve_connectors.sources.remote.patience import Passing, is_passing, persist, status_of
from leadsieve_connectors.sources.storage import describe, display_name, is_missing, is_refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

_T = TypeVar("_T")
_F = TypeVar("_F")

#: So many requests are under way at once, of what is done to many files: as many connections as S3's library keeps.
_AT_ONCE = 10
#: Of files up to this size: s3fs holds up to 100 MB of each in memory, and larger ones wait for the line anyway.
_SMALL_BYTES = 4 << 20

#: The stores that can be written to, by the beginnings of their URLs.
SCHEMES = frozenset(("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "sftp", "ssh", "memory"))


class NoAnswer(SinkError):
    """A store that broke off: what it was asked for last may have been done, or may be yet."""


class RemoteFolder:
    """A folder of a store.

    Args:
        url: Where it is: a URL of one of the `SCHEMES`. It need not exist; a bucket must.

    Attributes:
        name: As outputs show it, without user information.

    Raises:
        SinkError: There is no connection, or a library is missing.
    """

    def __init__(self, url: str) -> None:
        self.name = display_name(url).rstrip("/")
        self._fs, path = self._persist(lambda: fsspec.core.url_to_fs(url), lambda: None)
        self._path = path.rstrip("/")

    def entries(self) -> list[str]:
        """Return the names of what stands in the folder, sorted; none where the folder is missing."""
        return self._do(lambda: [name for name, _, _ in self._list(self._path)])

    def sizes(self, names: Iterable[str]) -> dict[str, int]:
        """Return the bytes of those of these files that are there; each of their folders is listed once."""
        wanted, found = set(names), {}
        for folder in sorted({name.rpartition("/")[0] for name in wanted}):
            path = self._at(folder) if folder else self._path
            for name, kind, size in self._do(partial(self._list, path)):
                inner = f"{folder}/{name}" if folder else name
                if kind == "file" and inner in wanted:
                    found[inner] = size
        return found

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a small file; None where it is missing."""

        def read() -> bytes | None:
            self._fs.invalidate_cache()
            try:
                return bytes(self._fs.cat_file(self._at(name)))
            except Exception as error:
                if is_missing(error):
                    return None
                raise

        return self._do(read)

    def get(self, name: str, target: Path) -> None:
        """Copy a file of the folder to this machine."""
        self._do(lambda: self._fs.get_file(self._at(name), str(target)))

    def put(self, source: Path, name: str) -> None:
        """Copy a file of this machine into the folder, and prove that it came whole.

        Its size is compared, and its MD5 where the store tells that of the content (gs). S3 checks each request by a
        checksum itself; its ETag is not compared, since with encryption it is no hash of the content.

        Args:
            source: The file.
            name: Its name in the folder; folders in it are made.
        """
        self._do(partial(self._put, self._fs.put_file, source, name))

    def put_all(self, files: Sequence[tuple[Path, str]]) -> None:
        """Copy files of this machine into the folder as `put` does, small ones several at once where the store lets us.

        Args:
            files: Each file, and its name in the folder.

        Raises:
            SinkError: From the first that fails; when it is raised, none is under way any more.
        """
        send = self._fs.put_file
        if hasattr(self._fs, "ftp"):
            # Its `put_file` looks at every part of the path again for every file.
            for folder in sorted({name.rpartition("/")[0] for _, name in files}):
                self._do(partial(self._fs.mkdirs, self._at(folder), exist_ok=True))
            send = self._send_by_ftp
        sizes = self._do(lambda: [source.stat().st_size for source, _ in files])
        for (source, name), size in zip(files, sizes, strict=True):
            if size > _SMALL_BYTES:
                self._do(partial(self._put, send, source, name))
        small = [file for file, size in zip(files, sizes, strict=True) if size <= _SMALL_BYTES]
        self._each(small, lambda file: partial(self._put, send, *file))

    def put_at_once(self, data: bytes, name: str, *, beside: str) -> None:
        """Write or replace a small file in one step: nobody ever sees a part of it.

        Args:
            data: Its bytes.
            name: Its name.
            beside: A name in the folder for a store that needs two steps, writing and renaming.

        Raises:
            NoAnswer: It may stand there, or come to.
            SinkError: It does not.
        """

        def put() -> None:
            if not hasattr(self._fs, "ftp"):
                self._fs.pipe_file(self._at(name), data)
                return
            with self._fs.ftp.open(self._at(beside), "wb") as file:
                file.write(data)
            self._fs.ftp.posix_rename(self._at(beside), self._at(name))

        self._do(put)

    def remove(self, name: str) -> None:
        """Remove a file; one that is missing is fine."""
        self._do(lambda: self._remove(self._at(name)))

    def remove_folder(self, name: str) -> None:
        """Remove a folder in this one, with the files in it and in folders of it; one that is missing is fine."""
        path = self._at(name)
        for inner, kind, _ in self._do(partial(self._list, path)):
            if kind == "directory":
                self._empty(f"{path}/{inner}")
        self._empty(path)

    def _list(self, path: str) -> list[tuple[str, str, int]]:
        """Return name, kind and bytes of what stands in a folder."""
        self._fs.invalidate_cache()
        try:
            entries = self._fs.ls(path, detail=True)
        except FileNotFoundError:
            return []
        found = [(entry["name"].rstrip("/"), entry["type"], int(entry["size"] or 0)) for entry in entries]
        # Buckets mark a folder by an empty object of its own name.
        return sorted((name.rpartition("/")[2], *more) for name, *more in found if name.strip("/") != path.strip("/"))

    def _send_by_ftp(self, source: str, path: str) -> None:
        self._fs.ftp.put(source, path, confirm=False)

    def _put(self, send: Callable[[str, str], None], source: Path, name: str) -> None:
        if hasattr(self._fs, "ftp"):
            self._fs.ftp.get_channel().settimeout(patience.PATIENCE.stall_seconds)
        send(str(source), self._at(name))
        found, size = self._info(name), source.stat().st_size
        if found["size"] != size:
            raise Passing(f"{found['size']} of {size} bytes of {source.name} arrived")
        if "md5Hash" in found and found["md5Hash"] != _md5(source):
            raise Passing(f"{source.name} arrived damaged")

    def _info(self, name: str) -> dict[str, Any]:
        self._fs.invalidate_cache()
        return dict(self._fs.info(self._at(name)))

    def _remove(self, path: str) -> None:
        try:
            self._fs.rm_file(path)
        except Exception as error:
            if not is_missing(error):
                raise

    def _empty(self, path: str) -> None:
        """Remove the files of a folder, and the folder with the last of them."""
        files = [f"{path}/{name}" for name, kind, _ in self._do(partial(self._list, path)) if kind != "directory"]
        self._each(files, lambda file: partial(self._remove, file))
        # Where folders are but parts of names, they go with their files; s3fs would take rmdir for the bucket's.
        if not self._fs.async_impl:
            self._do(partial(self._remove_empty, path))

    def _remove_empty(self, path: str) -> None:
        with suppress(FileNotFoundError):
            self._fs.rmdir(path)

    def _at(self, name: str) -> str:
        return f"{self._path}/{name}"

    def _each(self, files: Sequence[_F], call: Callable[[_F], Callable[[], None]]) -> None:
        """Do something to each of many files; nothing of it is under way any more when this ends, however it does."""
        if not self._fs.async_impl:  # sftp has one connection, which threads cannot share
            for file in files:
                self._do(call(file))
            return
        ended, failures = threading.Event(), list[SinkError]()

        def go_on() -> None:
            if ended.is_set():
                raise SinkError("another file failed")

        def do(file: _F) -> None:
            try:
                go_on()
                self._persist(call(file), go_on)
            except SinkError as error:
                failures.append(error)
                ended.set()

        pool = ThreadPoolExecutor(_AT_ONCE)
        try:
            for _ in pool.map(do, files):
                pass
        finally:  # also where a signal ends the wait
            ended.set()
            pool.shutdown(cancel_futures=True)
        if failures:
            raise failures[0]

    def _do(self, call: Callable[[], _T]) -> _T:
        return self._persist(call, lambda: reconnect(self._fs))

    def _persist(self, call: Callable[[], _T], renew: Callable[[], None]) -> _T:
        try:
            return persist(call, renew)
        except Exception as error:
            # What a library says of a URL may hold its secrets; nothing is chained to what is told of it.
            raise _refused(self.name, error) from None


def _refused(name: str, error: Exception) -> SinkError:
    """Return the error for a folder that a store will not have written or read."""
    status = status_of(error)
    if is_missing(error):
        return SinkError(f"{name}: no such bucket or folder; create it, or name another --out")
    if is_refusal(error):
        answer = "" if status is None else f" (status {status})"
        return SinkError(f"{name}: the server refuses access{answer}; check the credentials, or name another --out")
    if is_passing(error):
        return NoAnswer(f"{name}: the store cannot be reached or breaks off: {describe(error)}; try again later")
    return SinkError(f"{name}: cannot be written: {describe(error)}")


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False))
    return base64.b64encode(digest.digest()).decode()
