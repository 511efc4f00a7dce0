"""Everything that was decided about one row of a run, and why: from its outputs, and by judging it again.

What is told step by step comes from the functions that judge the rows of a run, given the one row; the verdict comes
from the outputs. Where the two do not agree, that is said, and the outputs are what counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from leadsieve.exceptions import UsageError
from leadsieve.explanation import fields, outcome, rows
from leadsieve.explanation.again import Again, CannotJudge, judge_again, load_target
from leadsieve.explanation.model import Explanation, Section, Step
from leadsieve.explanation.phones import phones
from leadsieve.explanation.published import PublishedRow, find_published
from leadsieve.target import Target, versions
from leadsieve_rules.schemas import UserSchema

__all__ = ["Explanation", "Section", "Step", "explain"]

#: The packages that decide what becomes of a row.
_DECIDING = ("leadsieve", "phonenumbers")


def explain(
    out: Path | str, row: int, file: str | None, *, profile: str | None = None, schema: UserSchema | None = None
) -> Explanation:
    """Explain one row of a publication; see `leadsieve.explain`.

    Raises:
        UsageError: There is no publication, no such row, or a schema that is not the run's.
        ConnectorError: An output cannot be read.
    """
    published = find_published(out, row, file)
    with closing(published.outputs.folder):
        info = published.info
        if schema is not None and (info["schema"] is None or info["schema"]["sha256"] != schema.sha256):
            said = "had no schema" if info["schema"] is None else f"had another one than {schema.name}"
            raise UsageError(f"the run {said}; name the one that it had with --schema, as it was")
        target, again, why = None, None, None
        try:
            target = load_target(info, profile)
            again = judge_again(published, target, schema)
        except CannotJudge as exc:
            why = str(exc)
        return Explanation(
            out=published.outputs.name,
            run_id=info["run_id"],
            lead_file=published.file,
            lead_row=published.row,
            lead_line=rows.line_of(published, again),
            accepted=not published.reasons,
            reasons=published.reasons,
            warnings=published.warnings,
            judged_again=again is not None,
            notes=tuple(_notes(published, again, why)),
            sections=tuple(Section(title, told) for title, steps in _sections(published, target, again)
                           if (told := tuple(steps))),
        )  # fmt: skip


def _notes(published: PublishedRow, again: Again | None, why: str | None) -> Iterator[str]:
    """Say what limits what is told, or does not agree."""
    if again is None:
        yield f"what follows is what the outputs hold, because {why}"
    then, now = published.info["versions"], versions()
    others = [name for name in _DECIDING if then[name] != now[name]]
    for name in others:
        yield f"the run was made with {name} {then[name]}, and this is {now[name]}"
    if again is None:
        return
    if again.differs(published):
        yield "judged again, other things are said of the row than the outputs say; the outputs are what counts"
    if published.info["schema"] is not None and again.own is None:
        told = published.info["schema"]["name"]
        yield f"the checks of {told} are told where the outputs name them; with --schema FILE each is asked again"


def _sections(
    published: PublishedRow, target: Target | None, again: Again | None
) -> Iterator[tuple[str, Iterator[Step]]]:
    """Give what is told, in order; a section without a step is none."""
    yield "Verdict", rows.verdict(published)
    yield "Where it stood", rows.origin(published, again)
    yield "Cells as they came", rows.cells(published, again)
    if _is_malformed(published):
        yield "Fields and number", iter([Step("not judged", "a record that cannot be split has neither")])
        return
    if again is not None:
        yield "Fields", fields.fields(again)
        yield "Prompt", fields.prompt(again)
        yield "Your schema", fields.own_schema(again)
        yield "Phone number", phones(again)
    if target is not None:
        yield "What the target system takes", outcome.destination(published, target, again)
    yield "Suppression lists", outcome.suppression(published, again)
    yield "Duplicates", outcome.duplicates(published, target)
    yield "Calling and sending", outcome.sending(published)


def _is_malformed(published: PublishedRow) -> bool:
    rejected: dict[str, Any] = dict(published.rejected or {})
    return rejected.get("lead_raw") is not None or any(line.column is None and line.rejects for line in published.lines)
