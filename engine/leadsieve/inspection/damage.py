"""What was done to the values of a sample before they came, by column: told from the findings of the kernel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from leadsieve.kernel import Verdicts, fault_reason
from leadsieve.ledger import FIRST
from leadsieve_rules.reasons import REASONS, message

#: The reasons that speak of what programs and people did to values and records, not of the leads.
DAMAGE = (
    *("malformed_row", "bad_encoding", "repeated_header"),
    *("lossy_phone", "multiple_phones", "repaired_phone", "suspect_text", "trimmed_value"),
)
_ORDER = {code: order for order, code in enumerate(REASONS)}


@dataclass(frozen=True, slots=True)
class Damage:
    """One kind of damage in one column, or to whole records.

    Attributes:
        column: The column; None for records that could not be read.
        code: The reason's code.
        detail: Its detail; None where it has none.
        message: What is wrong, as a sentence without its full stop.
        rows: Rows of the sample that have it.
        first: The numbers of the first ones.
    """

    column: str | None
    code: str
    detail: str | None
    message: str
    rows: int
    first: tuple[int, ...]


def find_damage(every: Iterable[Verdicts], columns: Sequence[str]) -> tuple[Damage, ...]:
    """Count the damage in a sample.

    Args:
        every: The verdicts of its chunks, in order.
        columns: The source's columns, in order.

    Returns:
        Damage to records first, then by column.
    """
    found: dict[tuple[str | None, str, str | None], list[int]] = {}
    for verdicts in every:
        bad = verdicts.chunk.bad
        for row, fault in zip(bad.column("row").to_pylist(), bad.column("fault").to_pylist(), strict=True):
            code, detail = fault_reason(fault)
            if code in DAMAGE:
                found.setdefault((None, code, detail), []).append(row)
        rows = verdicts.chunk.rows.to_numpy()
        for finding in verdicts.findings:
            if finding.code in DAMAGE:
                key = (finding.column, finding.code, finding.detail)
                found.setdefault(key, []).extend(np.unique(rows[finding.index]).tolist())
    places = {name: place for place, name in enumerate(columns)}
    ordered = sorted(found, key=lambda key: (places.get(key[0] or "", -1), _ORDER[key[1]], key[2] or ""))
    return tuple(
        Damage(*key, message(key[1], key[2]), len(found[key]), tuple(sorted(found[key])[:FIRST])) for key in ordered
    )
