"""How what was found about a source is told to people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MARKS = {"\t": "tab", " ": "space"}
# What a dialect says that a sentence of its own says better, or that says nothing where it is usual.
_TOLD_ELSEWHERE = frozenset(
    (
        *("format", "encoding", "encoding_how", "encoding_may_be", "byte_order_mark"),
        *("delimiter", "quote", "escape", "sep_line", "also_possible"),
        *("compression", "checksums"),
        *("header", "header_why", "skip_rows", "proposed_skip_rows", "spare_cells"),
    )
)


def tell_dialect(dialect: Mapping[str, Any]) -> str:
    """Say in one line what was found about a source's format.

    Args:
        dialect: A source's `dialect`.

    Example:
        >>> tell_dialect({"format": "csv", "encoding": "cp1252", "encoding_how": "guessed", "delimiter": ";",
        ...               "quote": '"', "header": False, "header_why": "it holds a phone number"})
        "csv, cp1252 (a guess: say it with --encoding), delimiter ';', no header (it holds a phone number)"
    """
    parts = [str(dialect["format"]), *_stored(dialect), *_encoding(dialect), *_cells(dialect), *_header(dialect)]
    parts += [f"{key} {value!r}" for key, value in dialect.items() if key not in _TOLD_ELSEWHERE and value is not None]
    return ", ".join(parts)


def _stored(dialect: Mapping[str, Any]) -> list[str]:
    parts = [f"packed by {dialect['compression']}"] if dialect.get("compression") else []
    if dialect.get("checksums") is False:
        parts.append("without checksums, so that damage in it would pass unseen")
    return parts


def _encoding(dialect: Mapping[str, Any]) -> list[str]:
    if "encoding" not in dialect:
        return []
    others = ", ".join(dialect.get("encoding_may_be") or ())
    how = {
        "guessed": f"a guess{f', may be {others}' if others else ''}: say it with --encoding",
        "proposed": f"by its letters{f', else {others}' if others else ''}",
        "pattern": "by its NUL bytes",
        "told": "as you said",
    }.get(dialect.get("encoding_how", ""), "byte order mark" if dialect.get("byte_order_mark") else "")
    return [f"{dialect['encoding']}{f' ({how})' if how else ''}"]


def _cells(dialect: Mapping[str, Any]) -> list[str]:
    if "delimiter" not in dialect:
        return []
    parts = [f"delimiter {_mark(dialect['delimiter'])}"]
    if dialect.get("sep_line"):
        parts[0] += " (its sep= line says so)"
    elif others := dialect.get("also_possible"):
        parts[0] += f" (may be {', '.join(map(_mark, others))}: say it with --delimiter)"
    if dialect.get("quote") != '"':
        parts.append("no quotes" if dialect.get("quote") is None else f"quote {dialect['quote']!r}")
    if dialect.get("escape") is not None:
        parts.append(f"escape {dialect['escape']!r}")
    return parts


def _header(dialect: Mapping[str, Any]) -> list[str]:
    parts = []
    if dialect.get("skip_rows"):
        parts.append(f"{dialect['skip_rows']} rows passed over")
    if dialect.get("header") is False:
        why = dialect.get("header_why")
        parts.append(f"no header{f' ({why})' if why else ''}")
    if dialect.get("spare_cells"):
        parts.append("each record has one cell more than the header, and it is empty: a column without a name")
    if dialect.get("proposed_skip_rows"):
        parts.append(f"the header seems to stand lower: --skip-rows {dialect['proposed_skip_rows']}")
    return parts


def _mark(character: str) -> str:
    return _MARKS.get(character, repr(character))
