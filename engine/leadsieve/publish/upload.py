"""The hidden folder of a run whose outputs go to a URL, and the prefix under which they stand there."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import stat
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from leadsieve.exceptions import OutputError
from leadsieve.publish.entry import read_mark, read_note
from leadsieve.publish.files import cannot_write, sync, write_json
from leadsieve.publish.names import PREFIX, prefix_of
from leadsieve.publish.staging import Staging
from leadsieve.publish.steps import step
from leadsieve_connectors.exceptions import SinkError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from leadsieve_connectors.sinks.remote import RemoteFolder

_CLAIM = "upload.json"


class Upload(Staging):
    """A hidden folder whose outputs are uploaded under a prefix of their own.

    It notes the prefix before anything stands under it, so that whatever becomes of the process, the next start knows
    what to remove. A block that ends without a publication takes the prefix back.

    Args:
        target: What the hidden folder is named after; see `hidden_target`.
        run_id: The run's own name.
        remote: OUT.

    Attributes:
        prefix: The name of the folder in OUT.
        unsure: Whether `run.json` may name the prefix, with something left to do.

    Raises:
        OutputError: It cannot be created.
        SinkError: The store takes nothing.
    """

    def __init__(self, target: Path, run_id: str, remote: RemoteFolder) -> None:
        super().__init__(target, run_id)
        self._remote = remote
        self._note = self.path / _CLAIM
        self.prefix = f"{run_id}-{secrets.token_hex(4)}"
        self.unsure = self._published = False

    @classmethod
    def left(cls, staging: Staging, remote: RemoteFolder) -> Self:
        """Return what a dead process left; `prefix` is empty where it came to none, `try_lock` takes it over."""
        upload = cls(staging.target, staging.run_id, remote)
        prefix = read_note(upload._note).get("prefix")
        upload.prefix = prefix if isinstance(prefix, str) and PREFIX.fullmatch(prefix) else ""
        return upload

    def __enter__(self) -> Self:
        super().__enter__()
        try:
            write_json(self._note, {"out": self._remote.name, "prefix": self.prefix})
            try:
                sync(self.path)
            except OSError as exc:
                raise cannot_write(self.path, exc) from exc
            step("upload-noted")
            self._remote.put(self._note, f"{self.prefix}/{_CLAIM}")
            step("prefix-claimed")
        except BaseException:
            self.__exit__(*sys.exc_info())
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        try:
            if not (self.kept or self._published):
                self._take_back()
        finally:
            super().__exit__(kind, exc, tb)

    def send(self, names: list[str]) -> None:
        """Put the outputs under the prefix, and take the claim away.

        Raises:
            SinkError: The store refuses.
        """
        self._remote.put_all([(self.folder / name, f"{self.prefix}/{name}") for name in names])
        self._remote.remove(f"{self.prefix}/{_CLAIM}")
        step("uploaded")

    def send_missing(self, files: list[dict[str, Any]]) -> None:
        """Put those outputs under the prefix that do not stand there with their size.

        Raises:
            SinkError: The store refuses.
        """
        names = {f"{self.prefix}/{entry['name']}": entry for entry in files}
        there = self._remote.sizes(names)
        self._remote.put_all(
            [(self.folder / entry["name"], name) for name, entry in names.items() if there.get(name) != entry["bytes"]]
        )

    def settle(self, standing: Mapping[str, Any] | None) -> None:
        """Remove from the store what this run has no use for: its own prefix, or the one that it replaced.

        Args:
            standing: The `run.json` of OUT.

        Raises:
            SinkError: The store refuses.
        """
        if self.prefix and (standing is None or prefix_of(standing) != self.prefix):
            self._remote.remove_folder(self.prefix)
            return
        self._published = True
        old = read_mark(self).get("old")
        if isinstance(old, str) and PREFIX.fullmatch(old) and old != self.prefix:
            self._remote.remove_folder(old)
        self.unsure = False
        step("old-removed")

    def keep_open(self) -> Callable[[], None]:
        """Let the hidden folder outlive the block for whoever reads in it; returns what removes it."""
        remove = self.detach(self.prefix)
        step("staging-detached")
        return remove

    def _take_back(self) -> None:
        """Remove the prefix; where that cannot be done or is unsafe, leave the note of it to the next start."""
        if not self.unsure:
            try:
                self._remote.remove_folder(self.prefix)
            except SinkError:
                self.unsure = True
        if self.unsure:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.kept = True


def hidden_target(name: str, beside: Path | None) -> Path:
    """Return what the hidden folders of a remote OUT are named after, the same at each start.

    Args:
        name: OUT, without user information.
        beside: The folder of the state, which survives as long as the state does; None: this user's temporary folder.

    Raises:
        OutputError: The temporary folder is not this user's own.
    """
    digest = hashlib.sha256(name.encode()).hexdigest()[:12]
    return (Path(os.path.realpath(beside)) if beside is not None else _private_folder()) / f"upload-{digest}"


def _private_folder() -> Path:
    path = Path(tempfile.gettempdir()).resolve() / f"leadsieve-{os.getuid()}"
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
    except OSError as exc:
        raise cannot_write(path, exc) from exc
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise OutputError(f"{path}: is not a folder that is private to this user; name another folder in TMPDIR")
    return path
