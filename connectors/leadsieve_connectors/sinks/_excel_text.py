"""Text as Excel keeps it in XML: what XML does not hold is escaped, and what Excel does not hold is told."""

from __future__ import annotations

import re

#: Characters of a cell, counted in UTF-16 as Excel does.
MOST_CHARACTERS = 32_767
#: A carriage return is among them: XML reads it as a line feed.
_UNHELD = "\x00-\x08\x0b-\x1f\ufffe\uffff"
#: An underscore that would begin an escape is escaped itself.
_ESCAPED = re.compile(rf"_(?=x[0-9A-Fa-f]{{4}}[_{_UNHELD}])|[{_UNHELD}]")


def escape(text: str) -> str:
    r"""Return text with Excel's escapes for the characters that XML does not hold.

    Example:
        >>> escape("bell \a, _x0007_")
        'bell _x0007_, _x005F_x0007_'
    """
    return _ESCAPED.sub(lambda match: f"_x{ord(match[0]):04X}_", text)


def holds(text: str) -> bool:
    """Tell whether a cell of Excel's holds a text, given as it is escaped."""
    if 2 * len(text) <= MOST_CHARACTERS:
        return True
    return len(text) + sum(character > "\uffff" for character in text) <= MOST_CHARACTERS
