"""What each source file of a run is worth: how many of its rows are good, and how many are there already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from leadsieve.ledger import group_of
from leadsieve.reporting.figures import Figures, sums


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What became of the rows of one file, or of several together.

    Attributes:
        file: Its name.
        rows: Rows read.
        accepted: Rows accepted.
        faulty: Rows rejected for what stands in them.
        within: Rows that repeat a number of the same file.
        across: Rows that repeat a number of an earlier file of the run.
        held: Rows whose number a campaign held.
        suppressed: Rows with a number that must not be called.
        repeated: Rows of later files that repeat a number of this one.
    """

    file: str
    rows: int
    accepted: int
    faulty: int
    within: int
    across: int
    held: int
    suppressed: int
    repeated: int

    @property
    def rejected(self) -> int:
        """Rows rejected."""
        return self.rows - self.accepted

    @property
    def duplicates(self) -> int:
        """Rows whose number was there already."""
        return self.within + self.across + self.held


def scores(figures: Figures) -> list[Score]:
    """Score the files of a run, in the order in which they were read; a file that was read twice is scored once."""
    rows: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    for file in figures.info["ledger"]["files"]:
        rows[file["lead_file"]] += file["rows"]
        accepted[file["lead_file"]] += file["accepted"]
    groups: Counter[tuple[str, str]] = Counter()
    for (name, code), count in figures.reasons.items():
        groups[str(name), str(code) if code == "duplicate_in_run" else group_of(str(code))] += count
    repeated = sums(figures.others, 1)
    found = []
    for name in rows:
        good_but = {
            "within": groups[name, "duplicate_in_file"],
            "across": groups[name, "duplicate_in_run"],
            "held": groups[name, "duplicate_in_campaign"],
            "suppressed": groups[name, "suppressed"],
        }
        faulty = rows[name] - accepted[name] - sum(good_but.values())
        found.append(
            Score(
                file=name,
                rows=rows[name],
                accepted=accepted[name],
                faulty=faulty,
                repeated=repeated[name,],
                **good_but,
            )
        )
    return found


def together(several: Iterable[Score], name: str) -> Score:
    """Add scores up under a name."""
    listed = list(several)
    return Score(
        file=name,
        rows=sum(one.rows for one in listed),
        accepted=sum(one.accepted for one in listed),
        faulty=sum(one.faulty for one in listed),
        within=sum(one.within for one in listed),
        across=sum(one.across for one in listed),
        held=sum(one.held for one in listed),
        suppressed=sum(one.suppressed for one in listed),
        repeated=sum(one.repeated for one in listed),
    )
