"""A few cells behind each reason, to show what is meant: masked, unless they are asked for in full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from leadsieve.wording import masked
from leadsieve_connectors.sources.arrays import string_array
from leadsieve_rules.reasons import REASONS

#: Examples of a reason, and lines of a batch that are looked at for them: a file can say the same a million times.
_EXAMPLES, _LOOKED_AT = 5, 200
#: Characters of a cell that are looked at, and those that are shown of one in full.
_READ, _SHOWN = 200, 80
#: Where the value is a number: a few letters in it are a word such as "n/a", and no name.
_NUMBERS = frozenset(
    code
    for code, reason in REASONS.items()
    if reason.group
    in ("invalid_phone", "destination", "suppressed", "duplicate_in_file", "duplicate_in_campaign")
)  # fmt: skip


def having(batch: pa.RecordBatch, column: str, value: str) -> pa.RecordBatch:
    """Return the rows with a value in a column of text; to compare with a scalar would import pandas."""
    return batch.filter(pc.is_in(batch.column(column), value_set=string_array([value])))


@dataclass(frozen=True, slots=True)
class Example:
    """A cell, and where it stands.

    Attributes:
        file: Its file.
        row: Its row there.
        column: Its column; None for a record that could not be parsed.
        value: The cell as it may be shown.
        collides: What the row collided with.
    """

    file: str
    row: int
    column: str | None
    value: str
    collides: str | None


class Examples:
    """The first different cells of each reason.

    Args:
        show_values: Keep them in full.

    Attributes:
        found: The examples by the reason's code.
    """

    def __init__(self, *, show_values: bool) -> None:
        self._show_values = show_values
        self.found: dict[str, list[Example]] = {}

    def add(self, lines: pa.RecordBatch) -> None:
        """Look through lines of the errors that reject rows."""
        filled = lines.filter(pc.is_valid(lines.column("value")))
        for code in pc.unique(filled.column("code")).to_pylist():
            kept = self.found.setdefault(code, [])
            if len(kept) < _EXAMPLES:
                taken = having(filled, "code", code).slice(0, _LOOKED_AT)
                # A record that could not be parsed may be a megabyte.
                read = pc.utf8_slice_codeunits(taken.column("value"), 0, _READ)
                self._take(kept, code, taken.set_column(taken.schema.get_field_index("value"), "value", read))

    def _take(self, kept: list[Example], code: str, lines: pa.RecordBatch) -> None:
        seen = {example.value for example in kept}
        for line in lines.to_pylist():
            shown = self._shown(code, line)
            if shown not in seen:
                seen.add(shown)
                kept.append(
                    Example(line["lead_file"], int(line["lead_row"]), line["column"], shown, line["collides_with"])
                )
            if len(kept) == _EXAMPLES:
                return

    def _shown(self, code: str, line: Mapping[str, Any]) -> str:
        value: str = line["value"]
        if self._show_values:
            return value if len(value) <= _SHOWN else f"{value[:_SHOWN]}..."
        return masked(value) if code in _NUMBERS else masked(value, letters=0)
