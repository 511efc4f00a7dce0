"""What all pages of the reference are written with."""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

DESCRIPTIONS: Mapping[str, Mapping[str, Any]] = tomllib.loads(
    (Path(__file__).parents[1] / "descriptions.toml").read_text(encoding="utf-8")
)

_BY_HAND = "This page is made from the code's own tables when the site is built."


def title(text: str, lead: str) -> str:
    """Write the head of a page: its title, and what stands in front."""
    return f"# {text}\n\n{lead}\n\n<small>{_BY_HAND}</small>\n"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Write a table, as lines."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return [*lines, *(f"| {' | '.join(cell(text) for text in row)} |" for row in rows)]


def cell(text: str) -> str:
    """Return text that can stand in a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def escaped(text: str) -> str:
    """Return text as Markdown that shows it; what stands between backquotes is code already."""
    pieces = text.split("`")
    return "`".join(re.sub(r"([*_<\[\]])", r"\\\1", one) if at % 2 == 0 else one for at, one in enumerate(pieces))


def attributes(kind: type) -> dict[str, str]:
    """Return what a class's docstring says of its attributes, in its order."""
    _, _, part = inspect.cleandoc(kind.__doc__ or "").partition("Attributes:\n")
    found: dict[str, list[str]] = {}
    for line in part.splitlines():
        if match := re.fullmatch(r"    (\w+): (.*)", line):
            found[match[1]] = [match[2]]
        elif line.startswith("        ") and found:
            found[list(found)[-1]].append(line.strip())
        elif line.strip():
            break
    return {name: escaped(" ".join(lines)) for name, lines in found.items()}
