"""From what stands in a cell's XML to its text, by its type and style."""

from __future__ import annotations

import re
from datetime import datetime, time
from functools import partial
from typing import TYPE_CHECKING

from leadsieve_connectors.sources.excel.markup import DamagedMarkup, unescape
from leadsieve_connectors.sources.excel.numbers import (
    NUMBER,
    NumberFormat,
    clock_text,
    date_text,
    number_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from leadsieve_connectors.sources.excel.strings import Strings

_NUMBER = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_ATTRIBUTE = re.compile(rb' ([a-z]+)="([^"]*)"')
#: A number that is its own text.
_WHOLE_DIGITS = 15
_KEPT = 4096


class Texts(dict[bytes, bytes]):
    """The texts of the cells of one type and style, by what stands in their XML; some are kept.

    Args:
        convert: Makes the text.
        empty: Nothing in the XML is an empty text, not a missing value.
    """

    def __init__(self, convert: Callable[[bytes], bytes], *, empty: bool = False) -> None:
        super().__init__()
        self._convert = convert
        self.empty = empty

    def __missing__(self, value: bytes) -> bytes:
        text = self._convert(value)
        if len(self) < _KEPT:
            self[value] = text
        return text


class CellTexts(dict[bytes, Texts]):
    """The `Texts` of each combination of attributes that cells have, as it stands behind their reference.

    Args:
        strings: The shared strings.
        styles: The number format of each style.
        since_1904: The workbook counts days from 1904.
    """

    def __init__(self, strings: Strings, styles: Sequence[NumberFormat], *, since_1904: bool) -> None:
        super().__init__()
        self._strings, self._styles, self._since_1904 = strings, styles, since_1904

    def __missing__(self, attributes: bytes) -> Texts:
        found = {name: value.decode() for name, value in _ATTRIBUTE.findall(attributes)}
        style = found.get(b"s", "0")
        if not (style.isascii() and style.isdigit()):
            raise DamagedMarkup(f"a cell names the style {style!r}")
        texts = self._texts(found.get(b"t", "n"), int(style))
        if len(self) < _KEPT:
            self[attributes] = texts
        return texts

    def _texts(self, kind: str, style: int) -> Texts:
        if kind == "n":
            # A style that is not in the table shows numbers as they are.
            shown = self._styles[style] if style < len(self._styles) else NUMBER
            return Texts(partial(_number, shown=shown, since_1904=self._since_1904))
        if kind == "s":
            return Texts(self._shared)
        if kind in _CONVERSIONS:
            return Texts(_CONVERSIONS[kind], empty=kind in ("str", "inlineStr"))
        raise DamagedMarkup(f"a cell has the type {kind!r}, which does not exist")

    def _shared(self, value: bytes) -> bytes:
        if not value.isdigit():
            raise DamagedMarkup("a cell names a string by no number")
        return self._strings[int(value)]


def _number(value: bytes, shown: NumberFormat, *, since_1904: bool) -> bytes:
    if shown is NUMBER and len(value) <= _WHOLE_DIGITS and value.isdigit() and value[:1] != b"0":
        return value
    # What is no number, though the cell is said to hold one, is at least not lost.
    if not _NUMBER.fullmatch(value.strip()):
        return value
    return number_text(float(value), shown, since_1904=since_1904).encode()


def _flag(value: bytes) -> bytes:
    return b"FALSE" if value.strip() in (b"0", b"false") else b"TRUE"


def _moment(value: bytes) -> bytes:
    """Return a date that stands in ISO 8601 as it is written everywhere else."""
    text = value.decode()
    try:
        if ":" in text and "T" not in text:
            return clock_text(time.fromisoformat(text)).encode()
        return date_text(datetime.fromisoformat(text)).encode()
    except ValueError:
        return value


_CONVERSIONS: dict[str, Callable[[bytes], bytes]] = {
    "str": unescape,
    "inlineStr": unescape,
    "b": _flag,
    "e": bytes.strip,
    "d": _moment,
}
