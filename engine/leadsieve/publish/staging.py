"""The hidden, locked folder beside OUT in which a run's outputs come to be."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Self

from leadsieve.exceptions import OutputError
from leadsieve.publish.files import cannot_write, sync
from leadsieve.publish.steps import step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import TracebackType

_RUN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Staging:
    """A run's hidden folder; a context manager that removes it unless a committed run needs it.

    The kernel lets go of the lock when the process dies, which tells a folder that nobody will finish.

    Args:
        target: Where its outputs are to stand, as `check_out` gives it.
        run_id: The run's own name: up to 64 letters, digits, `-` and `_`.

    Attributes:
        target: Where its outputs are to stand.
        run_id: The run's own name.
        path: The hidden folder.
        folder: The folder in it that the outputs are written into and that becomes OUT.
        aside: Where in it a replaced folder goes, if names cannot be exchanged.
        mark: The file in it that names the state whose run may need it.
        kept: Whether it stays when the block ends: a committed run may need it.

    Raises:
        OutputError: It cannot be created.
    """

    def __init__(self, target: Path, run_id: str) -> None:
        if _RUN_ID.fullmatch(run_id) is None:
            raise ValueError(f"not a run id: {run_id!r}")
        self.target = target
        self.run_id = run_id
        self.path = target.with_name(f"{_prefix(target)}{run_id}")
        self.folder = self.path / "out"
        self.aside = self.path / "old"
        self.mark = self.path / "commit.json"
        self.kept = False
        self._handle = -1

    def __enter__(self) -> Self:
        try:
            self._create()
        except FileExistsError as exc:
            raise OutputError(f"{self.path}: the same run is under way; wait for it to end and run again") from exc
        except OSError as exc:
            raise cannot_write(self.path, exc) from exc
        try:
            step("staging-created")
        except BaseException:  # a signal: the block is not entered yet that would remove it
            self.remove()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        if self.kept:
            self.release()
        else:
            self.remove()

    def try_lock(self) -> bool:
        """Take over a folder that a dead process left; False where one still holds it, or it is gone."""
        try:
            handle = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            return False
        self._handle = handle
        return True

    def remove(self) -> None:
        """Remove the folder and let go of it; what cannot be removed now is tried again at the next start."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.release()

    def release(self) -> None:
        """Let go of the folder, and leave it as it is."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def detach(self, name: str) -> Callable[[], None]:
        """Give the folder another name and let it outlive the block, locked as long as somebody reads in it.

        Args:
            name: What stands in the place of the run's name; `path`, `folder` and the others change with it.

        Returns:
            What removes the folder and lets go of it.

        Raises:
            OutputError: The system refuses.
        """
        try:
            path = self.path.rename(self.path.with_name(f"{_prefix(self.target)}{name}"))
        except OSError as exc:
            raise cannot_write(self.path, exc) from exc
        self.path, self.folder, self.aside, self.mark = path, path / "out", path / "old", path / "commit.json"
        handle, self._handle, self.kept = self._handle, -1, True
        return partial(_discard, path, handle)

    def _create(self) -> None:
        self.path.mkdir(mode=0o700)
        # Between these two lines another process may take the folder for a dead run's and remove it.
        try:
            self._require_lock()
            self.folder.mkdir()
            sync(self.path)
        except BaseException:  # a signal too: no block was entered that would remove it
            if self._handle >= 0:
                self.remove()
            else:
                with suppress(OSError):  # another process may hold it, and then it is not empty
                    self.path.rmdir()
            raise

    def _require_lock(self) -> None:
        if not self.try_lock():
            raise OutputError(f"{self.path}: another run has just cleaned this up; run again")


def stale(target: Path) -> Iterator[Staging]:
    """Find the hidden folders beside OUT that no process holds, and lock each for as long as it is looked at.

    Args:
        target: OUT, as `locate` gives it.

    Yields:
        Locked hidden folders; each is released when the next is asked for.
    """
    prefix = _prefix(target)
    with suppress(FileNotFoundError, NotADirectoryError):
        for entry in sorted(target.parent.iterdir()):
            run_id = entry.name.removeprefix(prefix)
            if run_id == entry.name or _RUN_ID.fullmatch(run_id) is None or not _is_folder(entry):
                continue
            staging = Staging(target, run_id)
            if staging.try_lock():
                try:
                    yield staging
                finally:
                    staging.release()


def _discard(path: Path, handle: int) -> None:
    shutil.rmtree(path, ignore_errors=True)
    os.close(handle)


def _prefix(target: Path) -> str:
    return f".{target.name}.leadsieve-"


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
