"""How what was found is told to people: a source's dialect, personal data masked, nothing that commands a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MARKS = {"\t": "tab", " ": "space"}
#: Of the digits of a masked value, so many at its end are shown; of any masked value, so many characters.
_SHOWN_DIGITS, _SHOWN = 3, 24
#: More letters than this may be somebody's name or address; fewer, where a number is due, are a word such as "n/a".
_FEW_LETTERS = 4
#: Characters that count as printable and show nothing, so that two names could look the same: fillers, joiners and
#: variation selectors. Controls, bidirectional overrides and zero-width spaces do not count as printable anyway.
_UNSEEN = frozenset(
    map(
        chr,
        (
            *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800, 0x3164, 0xFFA0),
            *range(0xFE00, 0xFE10),
            *range(0xE0100, 0xE01F0),
        ),
    )
)
# What a dialect says that a sentence of its own says better, or that says nothing where it is usual.
_TOLD_ELSEWHERE = frozenset(
    (
        *("format", "encoding", "encoding_how", "encoding_may_be", "byte_order_mark"),
        *("delimiter", "quote", "escape", "sep_line", "also_possible"),
        *("compression", "checksums"),
        *("header", "header_why", "skip_rows", "proposed_skip_rows", "spare_cells"),
        *("reader", "sheet", "sheets", "rejected_file"),
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
    parts += _sheet(dialect)
    parts += [f"{key} {value!r}" for key, value in dialect.items() if key not in _TOLD_ELSEWHERE and value is not None]
    again = dialect.get("rejected_file")
    return ", ".join(parts) if again is None else f"rows of the rejected file {again}, {', '.join(parts)}"


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


def _sheet(dialect: Mapping[str, Any]) -> list[str]:
    sheet, sheets = dialect.get("sheet"), dialect.get("sheets") or ()
    if sheet is None:
        return []
    among = f" of {', '.join(map(repr, sheets))}" if len(sheets) > 1 else ""
    return [f"sheet {sheet!r}{among}"]


def _mark(character: str) -> str:
    return _MARKS.get(character, repr(character))


def masked(value: str, *, letters: int = _FEW_LETTERS) -> str:
    """Return a value as logs and terminals may show it: of its digits the last three, of its letters only a few.

    Args:
        value: Any text.
        letters: All letters are shown where there are no more than so many; 0 where the value may be a name.

    Returns:
        At most 24 characters of it, and "..." where there are more.

    Example:
        >>> masked("+1 (202) 555-0123"), masked("9.19E+11"), masked("john@example.org")
        ('+* (***) ***-*123', '*.*9E+11', '****@*******.***')
    """
    digits = sum(map(str.isdigit, value))
    hide_letters = sum(map(str.isalpha, value)) > letters
    shown = []
    for character in value:
        hidden = hide_letters and character.isalpha()
        if character.isdigit():
            hidden, digits = digits > _SHOWN_DIGITS, digits - 1
        shown.append("*" if hidden else character)
    text = "".join(shown)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def printable(text: str) -> str:
    r"""Return one line of text with everything escaped that could command a terminal or lie about what stands there.

    Control characters and line ends, characters that change the direction of writing, and those that show nothing.

    Example:
        >>> printable("a\x1b[2Jb\u202ec")
        'a\\x1b[2Jb\\u202ec'
    """
    if text.isprintable() and (text.isascii() or not _UNSEEN.intersection(text)):
        return text
    return "".join(_escaped(c) if c in _UNSEEN or not c.isprintable() else c for c in text)


def printable_json(text: str) -> str:
    """Return JSON text with the same escaped in JSON's own way, so that it stays the same value; line ends stay."""
    kept = text.replace("\n", "")
    if kept.isprintable() and (kept.isascii() or not _UNSEEN.intersection(kept)):
        return text
    return "".join(_json_escaped(c) if c != "\n" and (c in _UNSEEN or not c.isprintable()) else c for c in text)


def _json_escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def counted(count: int, what: str) -> str:
    """Say how many there are of something whose plural takes an s.

    Example:
        >>> counted(1, "number"), counted(1200, "number")
        ('1 number', '1,200 numbers')
    """
    return f"{count:,} {what}{'s' * (count != 1)}"
