"""One row in the outputs of a run: which of them holds it, and what the errors say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leadsieve.exceptions import UsageError
from leadsieve.verification import Outputs
from leadsieve_connectors.sinks.lookup import Found, find_rows
from leadsieve_connectors.sources.storage import display_name
from leadsieve_rules.reasons import REASONS, message
from leadsieve_rules.wording import listed, quoted

_READ_AS, _PERHAPS = ": read as ", ": perhaps "
_NOWHERE = Found(None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the errors about the row.

    Attributes:
        code: The reason's code.
        detail: Its detail.
        column: The column that it is about; None for a record that could not be parsed.
        rejects: Whether it rejects the row, or only warns.
        value: The cell.
        after: What was read in place of the cell.
        perhaps: What the cell was perhaps meant to be; nothing was changed.
        note: What the message adds to the reason's own, such as what the author of a schema says.
        collides: What the row collided with.
    """

    code: str
    detail: str | None
    column: str | None
    rejects: bool
    value: str | None
    after: str | None
    perhaps: str | None
    note: str | None
    collides: str | None

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> Line:
        """Read a line of the errors output."""
        said = line["message"] or ""
        own = message(line["code"], line["detail"]) if line["code"] in REASONS else ""
        rest = said[len(own) :] if own and said.startswith(own) else f": {said}"
        mark = _READ_AS if _READ_AS in rest else _PERHAPS
        note, sign, after = rest.partition(mark)
        return cls(
            code=line["code"],
            detail=line["detail"],
            column=line["column"],
            rejects=line["severity"] == "reject",
            value=line["value"],
            after=after if sign == _READ_AS else None,
            perhaps=after if sign == _PERHAPS else None,
            note=note.removeprefix(": ") or None,
            collides=line["collides_with"],
        )

    @property
    def told(self) -> str:
        """What is wrong, without any cell."""
        own = message(self.code, self.detail) if self.code in REASONS else self.code
        return own if self.note is None else f"{own}: {self.note}"

    @property
    def title(self) -> str:
        """The reason's heading."""
        return REASONS[self.code].title if self.code in REASONS else self.code


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedRow:
    """A row as the outputs have it.

    Attributes:
        outputs: The publication.
        file: The row's file, as the outputs name it.
        row: Its number there.
        accepted: What accepted holds of it; None where it is not there.
        position: Its place among all accepted rows, from 0; None where it is none.
        rejected: What rejected holds of it; None where it is not there.
        lines: The lines of the errors about it, in order.
        number: The physical line on which it begins; None where the outputs do not say.
    """

    outputs: Outputs
    file: str
    row: int
    accepted: Mapping[str, Any] | None
    position: int | None
    rejected: Mapping[str, Any] | None
    lines: tuple[Line, ...]
    number: int | None

    @property
    def info(self) -> Mapping[str, Any]:
        """The run's `run.json`."""
        return self.outputs.info

    @property
    def source(self) -> Mapping[str, Any]:
        """What it says of the row's file."""
        return source_entry(self.info, self.file)

    @property
    def reasons(self) -> tuple[str, ...]:
        """The codes that reject the row, the first cause first."""
        if self.rejected is not None:
            return tuple(self.rejected["reject_reasons"].split(";"))
        return tuple(dict.fromkeys(line.code for line in self.lines if line.rejects))

    @property
    def warnings(self) -> tuple[str, ...]:
        """The codes of its warnings."""
        return tuple(dict.fromkeys(line.code for line in self.lines if not line.rejects))


def find_published(out: Path | str, row: int, file: str | None) -> PublishedRow:
    """Find a row in a publication.

    Args:
        out: The published folder, or its URL as a string.
        row: The row's number in its file.
        file: The file, or the end of its name; None where the run had only one.

    Raises:
        UsageError: There is no publication, or no such row in it, or its file is not told.
        ConnectorError: An output cannot be read.
    """
    outputs = Outputs.at(out)
    if outputs is None:
        raise UsageError(f"{_where(out)} holds no run that leadsieve published; {_instead(out)}")
    counts = {each["lead_file"]: each["rows"] for each in outputs.info["ledger"]["files"]}
    name = _choose(file, list(counts))
    restored = source_entry(outputs.info, name)["dialect"].get("rejected_file")
    if type(row) is not int or row < 1 or (restored is None and row > counts[name]):
        raise UsageError(
            f"{name} has no row {row!r} in this run: its rows are 1 to {counts[name]:,} (the header and blank records "
            "are none); give one of them"
        )
    found = {part: _find(outputs, part, name, row) for part in ("accepted", "rejected", "errors")}
    accepted, rejected, errors = (_records(found[part]) for part in ("accepted", "rejected", "errors"))
    if restored is not None and not accepted and not rejected:
        raise UsageError(
            f"row {row} of {name} is not among the {counts[name]:,} rows of {restored} that this run judged; give one "
            "of those, or ask the run that the file is of"
        )
    if not accepted and not rejected and not outputs.info.get("failed"):
        raise UsageError(
            f"{outputs.name} holds row {row} of {name} neither as accepted nor as rejected, so it is not whole: "
            f"leadsieve verify {outputs.name} says more"
        )
    numbers = [each["lead_line"] for each in (*rejected, *errors) if each["lead_line"] not in (None, "")]
    return PublishedRow(
        outputs=outputs,
        file=name,
        row=row,
        accepted=next(iter(accepted), None),
        position=found["accepted"].position,
        rejected=next(iter(rejected), None),
        lines=tuple(map(Line.of, errors)),
        number=int(numbers[0]) if numbers else None,
    )


def source_entry(info: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return what a `run.json` says of one of its sources."""
    entry: Mapping[str, Any] = next(entry for entry in info["sources"] if entry["lead_file"] == name)
    return entry


def _find(outputs: Outputs, part: str, name: str, row: int) -> Found:
    entry = outputs.entry(part)
    if entry is None:
        return _NOWHERE
    return find_rows(outputs.folder.file(entry["name"]), text=("lead_file", name), number=("lead_row", row))


def _records(found: Found) -> list[dict[str, Any]]:
    return [] if found.position is None else found.rows.to_pylist()


def _choose(file: str | None, names: Sequence[str]) -> str:
    """Return the file that is meant.

    Raises:
        UsageError: None is, or several are.
    """
    if file is None:
        if len(names) == 1:
            return names[0]
        raise UsageError(f"the run had {len(names):,} files; say which with --file: {listed(names)}")
    wanted = display_name(file)
    ways = (
        [name for name in names if name == wanted],
        [name for name in names if name.endswith(f"/{wanted}")],
        [name for name in names if name.endswith(wanted)] if wanted else [],
    )
    found = next((way for way in ways if way), [])
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(f"--file {quoted(wanted)} is no file of this run; it had {listed(names)}")
    raise UsageError(f"--file {quoted(wanted)} could be {listed(found)}; give more of the name")


def _where(out: Path | str) -> str:
    return display_name(str(out))


def _instead(out: Path | str) -> str:
    """Say what to name instead: the rejected rows of a run that was not published are kept elsewhere."""
    if isinstance(out, Path) and Outputs.at(failed := out.with_name(f"{out.name}.failed")) is not None:
        return f"its rejected rows were kept: leadsieve explain {failed} ROW"
    return "name what clean --out gave"
