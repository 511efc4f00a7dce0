"""JSON Lines or one document: told by the first lines, by the name only where they leave it open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadsieve_connectors.sources.json.values import LOOSE, SPACE

if TYPE_CHECKING:
    from collections.abc import Sequence

_LINE_NAMES = (".jsonl", ".ndjson")
_BEGINNINGS = tuple('{["-0123456789tfnN')
_SAMPLE_LINES = 100


def is_lines(sample: bytes, *, whole: bool, name: str) -> bool:
    """Tell whether a text is JSON Lines.

    It is where its first line is a whole object or array and another value follows on the next, or where most
    lines are whole objects, so that a broken first line turns nothing. A text of one line may be either: it is
    a document unless its name says otherwise.

    Args:
        sample: The beginning of the text as UTF-8.
        whole: The sample is all of the text.
        name: The source's name.
    """
    text = sample.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    if not whole:
        lines.pop()
    lines = [line for line in (line.strip(SPACE) for line in lines) if line][:_SAMPLE_LINES]
    named = name.lower().endswith(_LINE_NAMES)
    first = text.lstrip(SPACE)[:1]
    if len(lines) < 2:
        return named and first == "{" and (not whole or bool(_objects(lines)))
    if _is_whole(lines[0]):
        return lines[1].startswith(_BEGINNINGS) or _objects(lines) * 2 > len(lines)
    if first == "[":
        return False
    closed = lines[-1].startswith(("]", "}"))
    return _objects(lines) * 2 > len(lines) or (named and not closed and _objects(lines) > 0)


def _objects(lines: Sequence[str]) -> int:
    """Return how many of the lines are whole objects."""
    return sum(line.startswith("{") and _is_whole(line) for line in lines)


def _is_whole(line: str) -> bool:
    """Tell whether the line is one object or array."""
    if not line.startswith(("{", "[")):
        return False
    try:
        return LOOSE.raw_decode(line)[1] == len(line)
    except (ValueError, RecursionError):
        return False
