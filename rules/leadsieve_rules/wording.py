"""How names are shown in one-line messages: quoted, listed, and with the name that was probably meant."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_SHOWN = 12


def quoted(text: str) -> str:
    """Quote a name as a shell takes it; characters that would break the line are escaped."""
    line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    return "'" + line.replace("'", "'\"'\"'") + "'"


def listed(names: Collection[str]) -> str:
    """List the first dozen names, quoted, and say how many more there are."""
    shown = ", ".join(quoted(name) for name in list(names)[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """Return ` (did you mean ...?)` for the closest known name, or nothing where none is close.

    Example:
        >>> did_you_mean("phone_nmber", ["name", "phone_number"])
        " (did you mean 'phone_number'?)"
    """
    by_fold = {name.casefold(): name for name in known}
    close = get_close_matches(given.casefold(), by_fold, n=1, cutoff=0.55)
    return f" (did you mean {quoted(by_fold[close[0]])}?)" if close else ""
