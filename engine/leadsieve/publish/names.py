"""The names of published files: in OUT, in a folder of it, and at a URL under a prefix."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

#: What a prefix looks like: the run's name and eight hex digits that no other start of it has.
PREFIX = re.compile(r"[A-Za-z0-9_-]{1,55}-[0-9a-f]{8}")


def is_plain(name: str) -> bool:
    """Tell whether a name is that of a file in OUT, or in a folder of OUT, and leads nowhere else."""
    parts = name.split("/")
    if len(parts) > 2 or "\0" in name or any(part in {"", ".", ".."} for part in parts):
        return False
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def inner_folders(names: Iterable[str]) -> list[str]:
    """Return the folders of OUT that hold some of these files, sorted."""
    return sorted({name.partition("/")[0] for name in names if "/" in name})


def listing(folder: Path, names: Iterable[str]) -> dict[str, bool]:
    """List a folder, and of the folders in it those that hold some of these files.

    Args:
        folder: The folder.
        names: Plain names.

    Returns:
        The name of everything in it but those folders; whether it is a file, which a link is not.

    Raises:
        OSError: It cannot be listed.
    """
    inner, found = set(inner_folders(names)), {}
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name not in inner or not entry.is_dir(follow_symlinks=False):
                found[entry.name] = entry.is_file(follow_symlinks=False)
                continue
            with os.scandir(entry) as below:
                found.update({f"{entry.name}/{one.name}": one.is_file(follow_symlinks=False) for one in below})
    return found


def find_strangers(folder: Path, names: Collection[str]) -> list[str]:
    """Return what stands in a folder and is none of these files, sorted.

    Args:
        folder: The folder.
        names: Plain names; those of missing files do no harm.

    Raises:
        OSError: It cannot be listed.
    """
    known = frozenset(names)
    return sorted(name for name, is_file in listing(folder, known).items() if name not in known or not is_file)


def prefix_of(run: Mapping[str, Any]) -> str | None:
    """Return the prefix under which a `run.json` names its files; None where they are not as an upload leaves them."""
    parts = [entry["name"].partition("/") for entry in run["files"]]
    prefixes = {prefix for prefix, _, _ in parts}
    if len(prefixes) != 1 or not all(is_plain(name) for _, _, name in parts):
        return None
    (prefix,) = prefixes
    return prefix if PREFIX.fullmatch(prefix) and prefix.startswith(f"{run['run_id']}-") else None


def plain_entries(run: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the files of a `run.json` by their plain names: one that stands at a URL names them with its prefix."""
    prefix, files = prefix_of(run), run["files"]
    return [entry if prefix is None else {**entry, "name": entry["name"].partition("/")[2]} for entry in files]
