"""The text of a bad record, as it can be shown."""

from __future__ import annotations

import codecs

#: The raw text of a bad record is cut to so many characters: what one cell of a workbook can hold.
MAX_RAW_CHARS = 32_767


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
