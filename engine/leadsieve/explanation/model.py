"""What is told about one row: steps under headings, which show, mask and write themselves as JSON values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from textwrap import wrap
from typing import Any

from leadsieve import markup
from leadsieve.results import WIDTH
from leadsieve.wording import masked, printable

_INDENT, _DEEPER = "  ", "    "
#: Of a cell, so many characters are shown; JSON has all of them.
_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was seen, done or decided.

    Attributes:
        label: What it is about: a column, a field, a rule, a step.
        told: What is said of it; holds nothing that came from a cell.
        value: The cell, or what was read in it; None where there is nothing to show.
        after: What became of it; None where nothing else did.
        name: Whether the value may be somebody's name or address, so that all its letters are masked.
    """

    label: str
    told: str = ""
    value: str | None = None
    after: str | None = None
    name: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Steps that belong together, in order."""

    title: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Explanation:
    """Everything that was decided about one row of a run.

    Attributes:
        out: The publication, as it was named.
        run_id: Its run.
        lead_file: The row's file, as the outputs name it.
        lead_row: Its row number there, from 1.
        lead_line: The physical line on which it begins; None where that is not known, or there are no lines.
        accepted: Whether it was accepted.
        reasons: The codes that reject it, the first cause first.
        warnings: The codes of its warnings.
        judged_again: Whether the row was read and judged again, so that all steps are told.
        notes: What limits what is told, or does not agree with the outputs; the outputs are what counts.
        sections: What was decided, step by step.
    """

    out: str
    run_id: str
    lead_file: str
    lead_row: int
    lead_line: int | None
    accepted: bool
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    judged_again: bool
    notes: tuple[str, ...]
    sections: tuple[Section, ...]

    @property
    def steps(self) -> Iterator[Step]:
        """All steps, in order."""
        return (step for section in self.sections for step in section.steps)

    def to_dict(self) -> dict[str, Any]:
        """Return the explanation as plain JSON values, with the cells as they are."""
        values = asdict(self)
        return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()} | {
            "sections": [{"title": one.title, "steps": [asdict(step) for step in one.steps]} for one in self.sections]
        }

    def masked(self) -> Explanation:
        """Return the explanation with its cells masked: of a number the last three digits are left."""
        sections = (Section(one.title, tuple(map(_masked, one.steps))) for one in self.sections)
        return replace(self, sections=tuple(sections))

    def lines(self) -> list[str]:
        """Tell it in lines of 80 columns at the most; nothing in them commands a terminal."""
        lines = _wrapped(self.headline, "")
        for note in self.notes:
            lines += _wrapped(f"Note: {note}", "")
        for section in self.sections:
            lines += ["", section.title]
            for step in section.steps:
                lines += _wrapped(f"{step.label}: {_told(step)}", _INDENT)
        return lines

    @property
    def headline(self) -> str:
        """The row and its verdict, in one line."""
        verdict = "accepted" if self.accepted else f"rejected ({', '.join(self.reasons)})"
        warned = f", with a warning ({', '.join(self.warnings)})" if self.warnings else ""
        return f"{self.lead_file}, row {self.lead_row:,}: {verdict}{warned}"

    def __repr__(self) -> str:
        return "\n".join(self.masked().lines())

    def _repr_html_(self) -> str:
        hidden = self.masked()
        told = [("note", "", note) for note in hidden.notes]
        told += [(one.title, step.label, _told(step)) for one in hidden.sections for step in one.steps]
        return markup.table(("about", "step", "what was decided"), told, caption=hidden.headline)


def _masked(step: Step) -> Step:
    hide: Callable[[str], str] = (lambda text: masked(text, letters=0)) if step.name else masked
    return replace(
        step,
        value=None if step.value is None else hide(step.value),
        after=None if step.after is None else hide(step.after),
    )


def _told(step: Step) -> str:
    parts = []
    if step.value is not None:
        parts.append(_quoted(step.value) + (f" becomes {_quoted(step.after)}" if step.after is not None else ""))
    if step.told:
        # A sentence of its own follows a colon.
        parts.append(f"{': ' if step.told[0].isupper() else ', '}{step.told}" if parts else step.told)
    return "".join(parts)


def _quoted(value: str) -> str:
    return f'"{value}"' if len(value) <= _SHOWN else f'"{value[:_SHOWN]}" and {len(value) - _SHOWN:,} characters more'


def _wrapped(said: str, indent: str) -> list[str]:
    # Escaped first: what a character is written as takes room too.
    return wrap(printable(said), WIDTH, initial_indent=indent, subsequent_indent=_DEEPER, break_on_hyphens=False)
