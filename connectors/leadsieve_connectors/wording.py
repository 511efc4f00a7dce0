"""What a library says of data that it cannot take, without the data: cells hold what no log may show."""

from __future__ import annotations

import re

#: Values as libraries quote them, what follows a record that could not be split, and long numbers.
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\[[^]]*\]""", re.DOTALL)
_RECORD = re.compile(r"(columns, got \d+):.*", re.DOTALL)
_NUMBER = re.compile(r"\d{5,}")


def without_cells(error: BaseException) -> str:
    """Return what an error says, on one line, without the values that it quotes.

    Example:
        >>> without_cells(ValueError("Could not convert 'Ann Lee' with type str"))
        "Could not convert '...' with type str"
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = _NUMBER.sub("...", _QUOTED.sub("'...'", _RECORD.sub(r"\1", str(error))))
    return " ".join(text.split()) or type(error).__name__
