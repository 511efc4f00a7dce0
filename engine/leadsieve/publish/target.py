"""OUT: whether a run may publish there, and what of it may be replaced."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from leadsieve.exceptions import OutputError
from leadsieve.publish.files import EXTRA_FILES, RUN_FILE, cannot_write, read_run
from leadsieve.publish.names import find_strangers


def check_out(out: Path, *, overwrite: bool, run_id: str | None = None) -> Path:
    """Make sure that a folder can be published at `out`, and create the folder that it stands in.

    Args:
        out: Missing, or an empty folder. With `overwrite` also a folder that leadsieve published and in which
            nobody has put anything else.
        overwrite: Whether such a folder may be replaced.
        run_id: A run whose own publication may be replaced without `overwrite`: one that is published again.

    Returns:
        The absolute path of `out`, the links before its last part resolved.

    Raises:
        OutputError: `output_exists` where something stands in the way, `output_failed` where nothing can be
            written there.
    """
    target = locate(out)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise cannot_write(target.parent, exc) from exc
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise OutputError(f"{target}: the folder {target.parent} is not writable; name another --out")
    obstacle = find_obstacle(target, overwrite=overwrite, run_id=run_id)
    if obstacle is not None:
        raise OutputError(f"{target} {obstacle}", "output_exists")
    return target


def locate(out: Path) -> Path:
    """Return the absolute path of `out`, the links before its last part resolved.

    Raises:
        OutputError: `out` is a place that is never replaced.
    """
    try:
        whole = out.name in {"", ".."}
        target = Path(os.path.realpath(out)) if whole else Path(os.path.realpath(out.parent)) / out.name
        str(target).encode()
        working, home = Path.cwd(), Path(os.path.realpath(os.path.expanduser("~")))  # noqa: PTH111 - never raises
    except UnicodeEncodeError as exc:
        raise OutputError(f"{str(out)!r} is not valid Unicode text; name another --out") from exc
    except (OSError, ValueError) as exc:
        raise OutputError(f"{str(out)!r} cannot be a folder: {exc}; name another --out") from exc
    for place, what in ((working, "the working folder"), (home, "the home folder")):
        if target == place or target in place.parents:
            raise OutputError(f"{target} is, or holds, {what}; name a folder in it with --out", "output_exists")
    return target


def find_obstacle(target: Path, *, overwrite: bool, run_id: str | None = None) -> str | None:
    """Say what at `target` keeps a run from being published there; None where nothing does.

    Args:
        target: As `locate` gives it.
        overwrite: Whether a publication may be replaced.
        run_id: A run whose own publication may be replaced in any case.
    """
    try:
        try:
            mode = target.lstat().st_mode
        except FileNotFoundError:
            return None
        if stat.S_ISLNK(mode):
            return "is a symbolic link; name the folder itself with --out"
        if not stat.S_ISDIR(mode):
            return "is a file; name a folder with --out"
        if os.path.ismount(target):
            return "is a mount point, which cannot be replaced; name a folder in it with --out"
        return _find_in(target, overwrite=overwrite, run_id=run_id)
    except (OSError, ValueError) as exc:
        raise cannot_write(target, exc) from exc


def _find_in(target: Path, *, overwrite: bool, run_id: str | None) -> str | None:
    """Say what in a folder keeps a run from replacing it; see `find_obstacle`."""
    with os.scandir(target) as entries:
        if next(entries, None) is None:
            return None
    run = read_run(target)
    if run is None:
        return "is not empty and was not published by leadsieve; name another --out"
    strangers = find_strangers(target, {RUN_FILE, *EXTRA_FILES, *(entry["name"] for entry in run["files"])})
    if strangers:
        return f"holds {strangers[0]!r}, which leadsieve did not publish; move it away or name another --out"
    if overwrite or (run_id is not None and run["run_id"] == run_id):
        return None
    return "holds an earlier run; use --overwrite to replace it, or name another --out"
