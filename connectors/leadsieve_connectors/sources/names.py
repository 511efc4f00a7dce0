"""Unique column names from the headers as a file has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def unique_names(headers: Sequence[str]) -> tuple[str, ...]:
    """Return one unique name for each header, in order.

    White space around a header is trimmed. A column without a name becomes `column_N` (N is its 1-based
    position), a repeated name gets `_2`, `_3`, ...; neither ever takes a name that another header has.

    Args:
        headers: The raw headers.

    Returns:
        As many names, no two alike.

    Example:
        >>> unique_names(["phone", " name ", "", "phone", "phone_2"])
        ('phone', 'name', 'column_3', 'phone_3', 'phone_2')
    """
    trimmed = [header.strip() for header in headers]
    taken = set(trimmed)
    seen: set[str] = set()
    last: dict[str, int] = {}
    names = []
    for position, header in enumerate(trimmed, 1):
        name = header or f"column_{position}"
        if name in seen or (not header and name in taken):
            stem, number = name, last.get(name, 1)
            while name in taken or name in seen:
                number += 1
                name = f"{stem}_{number}"
            last[stem] = number
        seen.add(name)
        names.append(name)
    return tuple(names)
