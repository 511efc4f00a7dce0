"""One text record: its cells, and its text as it can be shown."""

from __future__ import annotations

import codecs
import re
from functools import lru_cache

#: The raw text of a bad record is cut to so many characters: what one cell of a workbook can hold.
MAX_RAW_CHARS = 32_767


@lru_cache(maxsize=16)
def _field(delimiter: str) -> re.Pattern[str]:
    rest = rf"[^{re.escape(delimiter)}]*+"
    return re.compile(rf'"(?P<quoted>(?:[^"]++|"")*+)(?:"(?P<tail>{rest}))?|(?P<plain>{rest})')


def split_record(text: str, delimiter: str) -> list[str]:
    """Return the cells of one record, by the rules of Python's `csv` module (doubled quotes, not strict).

    Args:
        text: The record without its line end.
        delimiter: The one character between cells.

    Returns:
        The cells; a record without any text is one empty cell.

    Example:
        >>> split_record('1,"a ""b"", c"d,5" pipe', ",")
        ['1', 'a "b", cd', '5" pipe']
    """
    pattern = _field(delimiter)
    cells, position = [], 0
    while True:
        match = pattern.match(text, position)
        assert match is not None, "every text matches"  # noqa: S101
        quoted, tail, plain = match.group("quoted", "tail", "plain")
        cells.append(plain if quoted is None else quoted.replace('""', '"') + (tail or ""))
        position = match.end() + 1
        if position > len(text):
            return cells


def is_blank(text: str, delimiter: str) -> bool:
    """Tell whether all cells of the record are empty or white space."""
    if not text.strip():
        return True
    return not any(cell.strip() for cell in split_record(text, delimiter))


def strip_line_end(record: bytes) -> bytes:
    """Return the record without the one line end that closes it."""
    if record.endswith(b"\r\n"):
        return record[:-2]
    return record[:-1] if record.endswith((b"\n", b"\r")) else record


def raw_text(record: bytes, *, marked: bool = False, cut: bool = False) -> str:
    r"""Return the record's text as it can be shown, at most `MAX_RAW_CHARS` characters of it.

    Args:
        record: UTF-8, in which bytes that are not text may stand.
        marked: The source had another encoding: a byte that was not text stands as the lone surrogate U+DC00
            + byte.
        cut: `record` is the beginning of a longer one.

    Returns:
        The text, with the bytes that are not text written as `\xNN`.

    Example:
        >>> raw_text(b"Zo\xeb")
        'Zo\\xeb'
    """
    decoder = codecs.getincrementaldecoder("utf-8")(_SHOW_MARKED if marked else "backslashreplace")
    whole = not cut and len(record) <= 4 * MAX_RAW_CHARS
    return decoder.decode(record[: 4 * MAX_RAW_CHARS], whole)[:MAX_RAW_CHARS]


def _show(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    mark = error.object[error.start : error.start + 3]
    if len(mark) == 3 and mark[0] == 0xED and 0xB0 <= mark[1] <= 0xB3 and 0x80 <= mark[2] <= 0xBF:
        return f"\\x{(mark[1] & 3) << 6 | mark[2] & 63:02x}", error.start + 3
    return "".join(f"\\x{byte:02x}" for byte in error.object[error.start : error.end]), error.end


_SHOW_MARKED = "leadsieve_show"
codecs.register_error(_SHOW_MARKED, _show)
