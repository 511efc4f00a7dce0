"""Paths that name a file inside an archive: `a.zip!leads.csv`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_MARK = "!"


def split_member(path: str, is_file: Callable[[str], bool]) -> tuple[str, str] | None:
    """Split a path that is no file itself into the archive that is one and its member.

    Args:
        path: The path as given; names of files and of members may hold `!` too.
        is_file: Tells whether a path is a file that exists.

    Returns:
        The archive's path, the longest that exists, and the member's name; None where there is none.

    Example:
        >>> split_member("new!/a.zip!leads.csv", {"new!/a.zip"}.__contains__)
        ('new!/a.zip', 'leads.csv')
    """
    end = path.rfind(_MARK)
    while end > 0:
        archive, member = path[:end], path[end + 1 :]
        if member and is_file(archive):
            return archive, member
        end = path.rfind(_MARK, 0, end)
    return None
