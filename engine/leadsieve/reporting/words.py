"""How a report puts figures and codes into words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache

#: What people call the ledger's groups.
GROUP_TITLES = {
    "missing_phone": "No phone number",
    "invalid_phone": "Phone number not usable",
    "invalid_field": "Another field not usable",
    "duplicate_in_file": "Duplicate in these files",
    "duplicate_in_campaign": "Already in the campaign",
    "suppressed": "Must not be called",
    "destination": "Destination not enabled",
    "malformed_row": "Row cannot be read",
}
#: Groups of rows that are good by themselves, but are there already.
DUPLICATE_GROUPS = ("duplicate_in_file", "duplicate_in_campaign")
#: English, whatever the locale.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
#: Region of numbers that belong to no country, as phonenumbers has it.
_WORLD = "001"


def percent(part: int, whole: int) -> str:
    """Say what share a part is; "0 %" and "100 %" are said of nothing and of all only.

    Example:
        >>> percent(964_426, 1_000_000), percent(1, 1_000_000), percent(999_999, 1_000_000), percent(0, 0)
        ('96.4 %', 'under 0.1 %', 'over 99.9 %', '0 %')
    """
    if not part:
        return "0 %"
    if part == whole:
        return "100 %"
    share = 100 * part / whole
    if share < 0.1:
        return "under 0.1 %"
    return "over 99.9 %" if share > 99.9 else f"{share:.1f} %"


def moment(text: str) -> str:
    """Write a time of ISO 8601 in UTC for people.

    Example:
        >>> moment("2026-03-01T09:05:00+00:00")
        '1 March 2026, 09:05 UTC'
    """
    when = datetime.fromisoformat(text)
    return f"{when.day} {_MONTHS[when.month - 1]} {when.year}, {when:%H:%M} UTC"


def several(names: Sequence[str], most: int) -> str:
    """List names, or the first of them and how many more there are.

    Example:
        >>> several(["a.csv", "b.csv", "c.csv"], 2)
        'a.csv, b.csv and 1 more'
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def country(code: str | None) -> str:
    """Return a country's name with its code.

    Example:
        >>> country("IN"), country("001"), country(None)
        ('India (IN)', 'International numbers', 'unknown')
    """
    if not code:
        return "unknown"
    if code == _WORLD:
        return "International numbers"
    name = _country_names().get(code)
    return code if name is None else f"{name} ({code})"


@cache
def _country_names() -> dict[str, str]:
    """Return the English names of countries, from the tables of phonenumbers."""
    from phonenumbers.geodata.locale import LOCALE_DATA

    names = {}
    for code, told in LOCALE_DATA.items():
        name = told.get("en", "")
        # "*aa" says that the name is that in the language aa.
        name = told.get(name[1:], "") if name.startswith("*") else name
        if name:
            names[code] = name
    return names


def number_type(name: str | None) -> str:
    """Return the name of a number's type.

    Example:
        >>> number_type("FIXED_LINE_OR_MOBILE"), number_type("VOIP")
        ('fixed line or mobile', 'VoIP')
    """
    if not name:
        return "unknown"
    return {"VOIP": "VoIP", "UAN": "company number (UAN)"}.get(name, name.replace("_", " ").lower())


def file_size(count: int | None) -> str:
    """Say how large a file is.

    Example:
        >>> file_size(65_672_576), file_size(812), file_size(None)
        ('65.7 MB', '812 bytes', '')
    """
    if count is None:
        return ""
    for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count:,} bytes"
