"""The settings file: `leadsieve.toml`, or `[tool.leadsieve]` of `pyproject.toml`, of the working folder or above it.

It is found and read here, and nowhere understood but for its `[tuning]`: the command line knows its own options.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leadsieve.exceptions import UsageError

_log = logging.getLogger("leadsieve")

FILE_NAME = "leadsieve.toml"
_PROJECT_FILE = "pyproject.toml"


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """What a settings file says.

    Attributes:
        path: Where it is, absolute.
        values: Its keys and values as TOML has them; of `pyproject.toml`, those of `[tool.leadsieve]`.
        passed_over: A `pyproject.toml` beside it whose `[tool.leadsieve]` does not count; None where there is none.
    """

    path: Path
    values: Mapping[str, Any]
    passed_over: Path | None = None

    def resolve(self, path: str) -> str:
        """Return a path that the file names as the working folder has it; URLs and absolute paths stay."""
        path = os.path.expanduser(path)  # noqa: PTH111 - a text in, a text out: a Path would drop a closing slash
        if "://" in path or os.path.isabs(path):  # noqa: PTH117
            return path
        folder = os.path.relpath(self.path.parent, _working_folder())
        return path if folder == os.curdir else os.path.join(folder, path)  # noqa: PTH118

    @property
    def tuning(self) -> Mapping[str, Any]:
        """What stands under `[tuning]`.

        Raises:
            UsageError: It is no table.
        """
        table = self.values.get("tuning", {})
        if not isinstance(table, Mapping):
            raise UsageError(f"{self.path}: tuning={table!r} is no table; write [tuning], and the values below it")
        return table


def find_settings_file() -> SettingsFile | None:
    """Return the first settings file in the working folder or a folder above it; None where there is none.

    A file above the working folder that belongs to somebody else is not followed, and that is logged: in a folder that
    all may write to, anybody could put one.

    Raises:
        UsageError: It is no file, cannot be read, or is not TOML.
    """
    for folder in _folders():
        own, project = folder / FILE_NAME, folder / _PROJECT_FILE
        found = [path for path in (own, project) if _is_ours(path)]
        values = _own_values(own) if own in found else None
        inner = _project_values(project) if project in found else None
        if values is not None:
            return SettingsFile(own, values, None if inner is None else project)
        if inner is not None:
            return SettingsFile(project, inner)
    return None


def _working_folder() -> Path:
    return Path.cwd()


def _folders() -> Iterator[Path]:
    try:
        folder = _working_folder()
    except OSError:  # it was removed
        return
    yield folder
    yield from folder.parents


def _is_ours(path: Path) -> bool:
    """Say whether there is a file that the user, or who owns the machine or the working folder, has put there.

    Raises:
        UsageError: What they have put there under our name is no file: its settings would not count, unnoticed.
    """
    there = os.path.isfile(path)  # noqa: PTH113 - False, not an error, where nobody may look
    if not there and (path.name != FILE_NAME or not os.path.lexists(path)):
        return False
    if path.parent != _working_folder():
        owner = (path.stat() if there else path.lstat()).st_uid
        if owner not in (os.getuid(), 0, _working_folder().stat().st_uid):
            if path.name == FILE_NAME:
                _log.warning("%s belongs to another user, and is not followed; copy it to a folder of your own", path)
            return False
    if not there:
        what = "a link to no file" if path.is_symlink() else "no file"
        raise UsageError(f"{path}: is {what}, so no settings can be read from it; mend that, or move it away")
    return True


def _parse(path: Path, text: bytes) -> Mapping[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text.decode("utf-8-sig"))
    except ValueError as exc:  # of what is not UTF-8 too
        raise UsageError(f"{path}: is not TOML: {exc}; mend it, or move it away") from exc
    except RecursionError as exc:
        raise UsageError(f"{path}: its values stand too deep in one another; mend it, or move it away") from exc


def _own_values(path: Path) -> Mapping[str, Any]:
    try:
        text = path.read_bytes()
    except OSError as exc:
        raise UsageError(f"{path}: cannot be read: {exc.strerror or exc}; mend that, or move it away") from exc
    return _parse(path, text)


def _project_values(path: Path) -> Mapping[str, Any] | None:
    """Return `[tool.leadsieve]`; None where there is none. A file that is no business of ours may be as it likes."""
    try:
        text = path.read_bytes()
    except OSError:
        return None
    if b"tool.leadsieve" not in text:
        return None
    tools = _parse(path, text).get("tool", {})
    values = tools.get("leadsieve") if isinstance(tools, Mapping) else None
    if values is not None and not isinstance(values, Mapping):
        raise UsageError(f"{path}: tool.leadsieve={values!r} is no table; write [tool.leadsieve]")
    return values
