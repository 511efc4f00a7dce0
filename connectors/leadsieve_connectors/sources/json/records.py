"""From one JSON value to one record: objects with flattened members, or lists of cells."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol

from leadsieve_connectors.chunk import Fault
from leadsieve_connectors.sources.json.values import LITERAL, json_text
from leadsieve_connectors.sources.records import raw_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from leadsieve_connectors.sources.json.columns import Key

#: Members whose own members become columns, by the target systems' names for them.
FLATTENED = ("custom_fields", "custom_data")
_FLATTENED = frozenset(FLATTENED)
# A byte that was not text, or an escape that may be half of a surrogate pair.
_SUSPECT = re.compile(r"[\ud800-\udfff]|\\u[dD][89a-fA-F]")
_BAD_BYTES = re.compile(r"[\ud800-\udfff]")


class RecordReader(Protocol):
    """Makes records of values."""

    def read(self, value: Any, text: str) -> Any:
        """Return the record, or the `Fault` for which it is none.

        Args:
            value: A value of `values.STRICT`.
            text: The text that it was parsed from.
        """
        ...


class ObjectReader:
    """Reads objects: members by their keys, those of flattened members by the pair of keys.

    Args:
        make: What is made of each at once, while it is at hand; the objects themselves are many and slow to keep.
    """

    def __init__(self, make: Callable[[dict[Key, Any]], Any]) -> None:
        self._make = make

    def read(self, value: Any, text: str) -> Any:
        """Return the record, or the fault for which it is none; see `RecordReader`."""
        if type(value) is not dict:
            return Fault.NOT_A_RECORD
        if ("\\" in text or not text.isascii()) and not is_text(text):
            return Fault.UNDECODABLE_BYTES
        if text.find("{", 1) >= 0 or "[" in text or not _FLATTENED.isdisjoint(value):
            try:
                value = _flat(value, text)
            except (ValueError, RecursionError):
                return Fault.INVALID_JSON
        return self._make(value)


class RowReader:
    """Reads lists of cells.

    Args:
        width: How many columns there are.
    """

    def __init__(self, width: int) -> None:
        self._width = width

    def read(self, value: Any, text: str) -> list[Any] | Fault:
        """Return the record, or the fault for which it is none; see `RecordReader`."""
        if type(value) is not list:
            return Fault.NOT_A_RECORD
        if not is_text(text):
            return Fault.UNDECODABLE_BYTES
        if not any(cell.strip() if type(cell) is str else cell is not None for cell in value):
            return []
        if len(value) != self._width:
            return Fault.TOO_FEW_FIELDS if len(value) < self._width else Fault.TOO_MANY_FIELDS
        if not any(isinstance(cell, dict | list) for cell in value):
            return value
        try:
            exact = LITERAL.decode(text)
            cells = zip(value, exact, strict=True)
            return [json_text(known, 2) if isinstance(cell, dict | list) else cell for cell, known in cells]
        except (ValueError, RecursionError):
            return Fault.INVALID_JSON


def _flat(record: dict[str, Any], text: str) -> dict[Key, Any]:
    """Return the record with flattened members, and with JSON text in place of what stays nested."""
    exact: dict[str, Any] | None = None
    flat: dict[Key, Any] = {}
    for key, value in record.items():
        if key in _FLATTENED and (value is None or isinstance(value, dict)):
            for inner, item in (value or {}).items():
                if isinstance(item, dict | list):
                    exact = exact or LITERAL.decode(text)
                    item = json_text(exact[key][inner], 3)  # noqa: PLW2901
                flat[key, inner] = item
        elif isinstance(value, dict | list):
            exact = exact or LITERAL.decode(text)
            flat[key] = json_text(exact[key], 2)
        else:
            flat[key] = value
    return flat


def is_text(text: str) -> bool:
    """Tell whether what the JSON text says can be written as UTF-8."""
    if not _SUSPECT.search(text):
        return True
    try:
        # Valid pairs of escapes become one character; a half of one, or a bad byte, cannot be encoded.
        json_text(LITERAL.decode(text)).encode()
    except UnicodeEncodeError:
        return False
    except (ValueError, RecursionError):
        return not _BAD_BYTES.search(text)
    return True


def broken(text: str) -> Fault:
    """Return the fault of a text that is not strict JSON."""
    return Fault.UNDECODABLE_BYTES if _BAD_BYTES.search(text) else Fault.INVALID_JSON


def is_too_large(text: str, limit: int) -> bool:
    """Tell whether the text takes more than `limit` bytes."""
    if len(text) * 4 <= limit:
        return False
    return len(text) > limit or (not text.isascii() and len(to_bytes(text)) > limit)


def to_bytes(text: str) -> bytes:
    """Return the bytes of a text that was decoded with bad bytes as lone surrogates."""
    return text.encode("utf-8", "surrogateescape")


def shown(text: str, *, marked: bool, limit: int | None = None) -> str:
    """Return a bad record's text as it can be shown; see `sources.records.raw_text`.

    Args:
        text: The record, decoded with bad bytes as lone surrogates.
        marked: The source has another encoding than UTF-8.
        limit: The text is cut to so many bytes, as that of a record that is too large; None does not cut.
    """
    if limit is None:
        return raw_text(to_bytes(text), marked=marked)
    return raw_text(to_bytes(text[:limit])[:limit], marked=marked, cut=True)
