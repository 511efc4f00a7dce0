"""What a run gives back: the answer, the counts, and the parts as lazy tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from leadsieve.ledger import FIRST
from leadsieve.markup import block, paragraph, table
from leadsieve.parts import Folder, Part
from leadsieve.results import tell_ledger, tell_run, what_to_do
from leadsieve.wording import counted
from leadsieve_rules.reasons import REASONS

__all__ = ["Folder", "Part", "Run"]

#: Of leadsieve's own answer the table itself tells everything.
_OWN = "plain"


class Run:
    """A finished run: what was accepted and rejected, why, and what the target system would answer.

    Without `out`, or with a URL, the parts live in a temporary folder that belongs to the run: use it as a context
    manager, or call `close`, to remove them. A notebook shows the counts, the reasons and where the parts are; no cell
    of the data.

    Attributes:
        summary: The target system's predicted answer (`summary.json`).
        info: The whole run (`run.json`).
        accepted: The clean rows.
        rejected: The rejected rows, as they came, with their reasons.
        errors: Every fault and warning.
        out: What was published: a folder, or a URL as a string, without user information; None where nothing was.
        repeated: Whether this was a run that had been published before: nothing was imported again.
    """

    def __init__(
        self,
        folder: Folder,
        *,
        summary: Mapping[str, Any],
        info: Mapping[str, Any],
        parts: Mapping[str, Part],
        repeated: bool = False,
    ) -> None:
        self._folder = folder
        self.summary = summary
        self.info = info
        self.accepted = parts["accepted"]
        self.rejected = parts["rejected"]
        self.errors = parts["errors"]
        self.out = folder.out
        self.repeated = repeated

    @property
    def ledger(self) -> Mapping[str, Any]:
        """The counts: rows, accepted, rejected, and rejected rows by reason and group."""
        ledger: Mapping[str, Any] = self.info["ledger"]
        return ledger

    def close(self) -> None:
        """Remove the parts, where the run owns them."""
        self._folder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    @property
    def workbook(self) -> Path | None:
        """Where the workbook of rejected rows is on this machine; None where none was asked for."""
        workbook = self.info.get("workbook")
        return None if workbook is None else self._folder.file(workbook["file"])

    def __repr__(self) -> str:
        return "\n".join(tell_run(self.info))

    def _repr_html_(self) -> str:
        """Show what became of the rows, why, and where they are; no cell of the data."""
        lines = tell_run(self.info)
        pieces = [self._told_parts(lines[0])]
        if self.ledger.get("judged_again"):
            again, corrected = self.ledger["judged_again"], self.ledger["corrected"]
            said = (
                f"{counted(again, 'rejected row')} judged again: {corrected:,} corrected, {again - corrected:,} still"
            )
            pieces.append(paragraph(f"{said} rejected"))
        for caption, kind, counts in (
            ("rejected", "causes", "reasons"),
            ("accepted with a warning", "warned", "warnings"),
        ):
            if rows := _reasons(self.ledger, kind, counts):
                pieces.append(table(["reason", "rows", "first", "what to do"], rows, caption=caption))
        # What a run is told of beside its rows stands behind them.
        if beside := lines[len(tell_ledger(self.ledger)) :]:
            pieces.append(paragraph(" ".join(line.strip() for line in beside)))
        if self.info["profile"] != _OWN:
            pieces.append(paragraph(tell_answer(self.info)))
        return block(pieces)

    def _told_parts(self, said: str) -> str:
        parts = {"accepted": self.accepted, "rejected": self.rejected, "errors": self.errors}
        rows = [[name, f"{len(part):,}", self._where(part)] for name, part in parts.items()]
        return table(["part", "rows", "where"], rows, caption=said)

    def _where(self, part: Part) -> str:
        if self._folder.closed:
            return "removed: the run is closed"
        owned = "" if self.out is not None else " (temporary; out= keeps it)"
        return f"{self._folder.place(part.name)}{owned}"


def _reasons(ledger: Mapping[str, Any], kind: str, counts: str) -> list[Sequence[str]]:
    """Return a line for each reason: its title, rows, first rows, and what to do."""
    files = [file["lead_file"] for file in ledger["files"]]
    found = [(code, list(told)) for code, told in groupby(ledger[kind], key=lambda tally: tally["code"])]
    return [
        [REASONS[code].title, f"{ledger[counts][code]:,}", _first(tallies, files), what_to_do(code, tallies)]
        for code, tallies in found
    ]


def _first(tallies: Sequence[Mapping[str, Any]], files: Sequence[str]) -> str:
    """Name the first rows, with their files where there are several."""
    rows = [(files.index(row["lead_file"]), row["lead_row"]) for tally in tallies for row in tally["first"]]
    shown = sorted(set(rows))[:FIRST]
    if len(files) == 1:
        return ", ".join(str(row) for _, row in shown)
    return ", ".join(f"{files[file]} {row}" for file, row in shown)


def tell_answer(info: Mapping[str, Any]) -> str:
    """Say what the target system would answer, by its status and counts: its texts may hold what cells hold."""
    answer = info["answers"]["raw"]
    counts = ", ".join(f"{name} {value}" for name, value in _plain(answer["body"]))
    code = "" if answer["code"] is None else f" {answer['code']}"
    return f"{info['profile']} would answer {answer['status']}{code}{f': {counts}' if counts else ''}"


def _plain(body: Any) -> list[tuple[str, str]]:
    """Return the counts and truths of an answer that stand in no list."""
    found = []
    for name, value in body.items() if isinstance(body, Mapping) else ():
        if isinstance(value, Mapping):
            found += _plain(value)
        elif isinstance(value, bool | int):
            found.append((name, str(value).lower()))
    return found
