"""When a stored file was last changed, as the many file systems write it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# What a file system may call it; the first that it gives and that can be read counts.
_MARKS = ("mtime", "last_modified", "updated", "created")


def of_nanoseconds(count: int) -> datetime:
    """Return the time so many nanoseconds after 1970, in UTC, to the second."""
    return datetime.fromtimestamp(count // 1_000_000_000, UTC)


def find_modified(marks: Mapping[str, str]) -> datetime | None:
    """Return when a remote file was last changed, in UTC, to the second; None where its store does not say.

    Args:
        marks: What the store says of the file, as text: ISO 8601, or as headers of the web have it.

    Example:
        >>> find_modified({"etag": "x", "last_modified": "Sun, 01 Nov 2026 09:30:00 GMT"}).isoformat()
        '2026-11-01T09:30:00+00:00'
    """
    for mark in _MARKS:
        found = _read(marks.get(mark, ""))
        if found is not None:
            zoned = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
            return zoned.astimezone(UTC).replace(microsecond=0)
    return None


def _read(text: str) -> datetime | None:
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            return parse(text)
        except (ValueError, OverflowError):
            continue
    return None
