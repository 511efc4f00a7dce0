"""What makes a file a rejected file: six columns, all of them, whatever its format and whatever else it has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadsieve_connectors.chunk import Fault

if TYPE_CHECKING:
    from collections.abc import Iterable

FILE, ROW, LINE, RAW, REASON, REASONS = NAMES = (
    "lead_file",
    "lead_row",
    "lead_line",
    "lead_raw",
    "reject_reason",
    "reject_reasons",
)
#: How the codes begin that say that a row repeats another.
DUPLICATE = "duplicate_in_"
#: The one fault that stands behind a reason code; the others' codes do not tell which fault it was.
FAULTS = {
    "bad_encoding": Fault.UNDECODABLE_BYTES,
    "field_too_large": Fault.RECORD_TOO_LARGE,
    "repeated_header": Fault.REPEATED_HEADER,
}


def is_rejected(headers: Iterable[str]) -> bool:
    """Tell whether these are the headers of a rejected file: white space around them does not count."""
    return {header.strip() for header in headers}.issuperset(NAMES)
