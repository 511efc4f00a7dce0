"""The reasons for which rows were rejected, or accepted with a warning, each with what to do and examples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from leadsieve.reporting.examples import Example
from leadsieve.reporting.figures import Figures
from leadsieve.reporting.tables import cut
from leadsieve.reporting.words import DUPLICATE_GROUPS, percent
from leadsieve_rules.reasons import REASONS, message, remedy

#: Details of a reason, and the first of its rows, that are named.
_DETAILS, _FIRST = 6, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """A reason for which rows were rejected, or accepted with a warning.

    Attributes:
        title: A few words.
        kind: `duplicate` or `fault`, as in the charts.
        rows: Its rows.
        share: What share of all rows they are.
        details: What is wrong, with the rows of each.
        remedy: What to do.
        first: Where the first of them stand.
        examples: Cells.
        several: Whether the run had several files, so that a row is named with its own.
    """

    title: str
    kind: str
    rows: int
    share: str
    details: Sequence[tuple[str, int]]
    remedy: str
    first: str
    examples: Sequence[Example]
    several: bool


def causes(figures: Figures, tallies: str, counts: str) -> list[Cause]:
    """Tell the reasons of the ledger, the most frequent first.

    Args:
        figures: The figures.
        tallies: `causes` or `warned`.
        counts: The counts that belong to them: `reasons` or `warnings`.
    """
    ledger = figures.info["ledger"]
    order = {name: at for at, name in enumerate(dict.fromkeys(file["lead_file"] for file in ledger["files"]))}
    several = len(order) > 1
    found = []
    for code, told in groupby(ledger[tallies], key=lambda tally: tally["code"]):
        each = sorted(told, key=lambda tally: -int(tally["rows"]))
        stands = {(row["lead_file"], row["lead_row"]) for tally in each for row in tally["first"]}
        first = sorted(stands, key=lambda place: (order[place[0]], place[1]))[:_FIRST]
        details = [([message(code, tally["detail"])], [int(tally["rows"])]) for tally in each]
        rows = ledger[counts][code]
        found.append(
            Cause(
                title=REASONS[code].title,
                kind="duplicate" if REASONS[code].group in DUPLICATE_GROUPS else "fault",
                rows=rows,
                share=percent(rows, ledger["rows"]),
                details=[(names[0], numbers[0]) for names, numbers in cut(details, _DETAILS, "kinds")],
                remedy=remedy(code, [tally["detail"] for tally in each]),
                first=", ".join(f"{file} row {row:,}" if several else f"row {row:,}" for file, row in first),
                examples=figures.examples.get(code, ()) if tallies == "causes" else (),
                several=several,
            )
        )
    return sorted(found, key=lambda cause: -cause.rows)
