"""How messages name a check of a schema, and an exception of its author's code."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from leadsieve_rules.wording import quoted

if TYPE_CHECKING:
    from pandera.polars import Check

# Whose frames of a traceback say nothing to the author of a schema.
_OTHERS = ("polars", "pandera", "leadsieve_rules", "pyarrow", "typeguard", "importlib")


def told_check(check: Check, column: str) -> str:
    """Name a check and its column."""
    where = "of whole rows" if column == "*" else f"of column {quoted(column)}"
    return f"check {quoted(str(check.name or check))} {where}"


def told_exception(exc: BaseException, *, quoting: bool = True) -> str:
    """Name an exception by its kind, its first line, and the line of the author's code that it comes from.

    Args:
        exc: The exception.
        quoting: Whether its own text is told; where cells were at hand, it may hold somebody's name.
    """
    kind, line = type(exc).__name__, place(exc)
    # The text of a KeyError is the quoted form of what it was given.
    text = str(exc.args[0] if isinstance(exc, KeyError) and exc.args else getattr(exc, "msg", None) or exc)
    lines = [one.strip() for one in text.replace("\\n", "\n").splitlines() if one.strip()]
    # Of a regular expression the engine draws a picture first, and then says what is wrong.
    said = next((one for one in lines if one.startswith("error: ")), lines[0] if lines else "")
    text = kind + (f": {said}" if said and quoting else "") + ("" if line is None else f" ({line})")
    return "".join(c if c.isprintable() else " " for c in text)[:400]


def place(exc: BaseException) -> str | None:
    """Return the innermost line of a traceback that is not of the libraries below, as `file, line N`."""
    if isinstance(exc, SyntaxError) and exc.lineno is not None:
        return f"{Path(exc.filename or '?').name}, line {exc.lineno}"
    for frame in reversed(traceback.extract_tb(exc.__traceback__)):
        parts = Path(frame.filename).parts
        if not any(name in parts for name in _OTHERS) and not frame.filename.startswith("<frozen"):
            return f"{Path(frame.filename).name}, line {frame.lineno}"
    return None
