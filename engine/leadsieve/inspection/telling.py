"""An inspection, told to people: in lines of 80 columns on a terminal, and as tables in a notebook."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import replace
from textwrap import wrap
from typing import Any

from leadsieve.inspection.command import UNKNOWN, spell_words
from leadsieve.inspection.damage import DAMAGE, Damage
from leadsieve.inspection.model import SAMPLE, Column, Inspection
from leadsieve.markup import block, paragraph, table
from leadsieve.results import WIDTH, tell_ledger
from leadsieve.wording import counted, masked, printable, tell_dialect
from leadsieve_connectors.sources.contents import MAX_COUNTED, Content
from leadsieve_rules.reasons import REASONS

#: A name is shown in so many characters, an example in so many.
_NAME, _EXAMPLE = 22, 24
#: From so many numbers on it is told which regions they could be from.
_ENOUGH = 5
_INDENT, _DEEP = "  ", "    "
_KINDS = {"sheet": "sheets", "file": "files of the archive", "array": "arrays of records"}
_UNITS = {"sheet": "row", "file": "byte", "array": "record"}


def masked_examples(inspection: Inspection) -> Inspection:
    """Mask the examples: a terminal's window and its log are seen by others."""
    columns = tuple(
        replace(column, examples=tuple(masked(example, letters=0) for example in column.examples))
        for column in inspection.columns
    )
    return replace(inspection, columns=columns)


def tell_inspection(inspection: Inspection, *, show_values: bool = False) -> list[str]:
    """Tell an inspection in lines of 80 columns at the most, but for a word that is longer.

    Args:
        inspection: The inspection.
        show_values: Show the examples in full; they may be personal data.
    """
    shown = inspection if show_values else masked_examples(inspection)
    lines = _wrapped(_head(shown), "", _INDENT)
    lines += _wrapped(_told_contents(shown), _INDENT)
    lines += _told_columns(shown.columns)
    if shown.problem is not None:
        lines += _wrapped(f"problem: {shown.problem}", _INDENT)
    lines += _wrapped(_told_region(shown), _INDENT)
    if shown.damage:
        lines.append(f"{_INDENT}damage among {_rows(shown)}:")
        lines += [line for damage in shown.damage for line in _told_damage(damage)]
    lines += _told_verdict(shown)
    for guess in shown.guesses:
        lines += _wrapped(f"to confirm: {guess.option} ({guess.why})", _INDENT)
    return [*lines, *_told_command(shown)]


def tell_together(inspections: Sequence[Inspection], sources: Sequence[str]) -> list[str]:
    """Tell the one command that cleans several sources in one run; nothing where they need different options."""
    options = {inspection.options for inspection in inspections}
    if len(inspections) < 2 or len(options) > 1 or any(inspection.contents for inspection in inspections):
        return []
    return ["", *_command_lines("next, all in one run:", spell_words(sources, options.pop()), "")]


def _head(inspection: Inspection) -> str:
    # The sheets have a line of their own, where there are several.
    dialect = {key: value for key, value in inspection.dialect.items() if key != "sheets"}
    return f"{inspection.name}: {tell_dialect(dialect)}"


def _rows(inspection: Inspection) -> str:
    """Say how many rows were judged, and whether there may be more."""
    rows = int((inspection.sample or {}).get("rows", 0))
    return f"{'the first ' if rows >= SAMPLE else ''}{counted(rows, 'row')}"


def _wrapped(said: str, indent: str, following: str = _DEEP) -> list[str]:
    lines = wrap(printable(said), WIDTH, initial_indent=indent, subsequent_indent=following, break_on_hyphens=False)
    return lines if said else []


def _told_contents(inspection: Inspection) -> str:
    """List the sheets, files or arrays of the file, and which of them this is."""
    if not inspection.contents:
        return ""
    kind = inspection.contents[0].kind
    told = [
        f"{_content(content)}{' (this one)' if _is(content, inspection) else ''}" for content in inspection.contents
    ]
    return f"{_KINDS[kind]}: {', '.join(told)}"


def _content(content: Content) -> str:
    least = "at least " if content.kind == "sheet" and content.size >= MAX_COUNTED else ""
    return f"{content.name or 'the whole document'!r} {least}{counted(content.size, _UNITS[content.kind])}"


def _is(content: Content, inspection: Inspection) -> bool:
    if content.kind == "file":
        # A sheet of a workbook in an archive stands behind it.
        return f"!{content.name}#" in f"{inspection.name}#"
    told = inspection.dialect.get("sheet" if content.kind == "sheet" else "records_path")
    return (told or "") == content.name


def _told_columns(columns: Sequence[Column]) -> Iterator[str]:
    rows = [(_cut(column.name), field_of(column), f"{column.filled:.0%}", _examples(column)) for column in columns]
    head = ("column", "field", "filled", "examples")
    name, field, filled = (max(len(row[place]) for row in (head, *rows)) for place in range(3))
    for row in (head, *rows):
        line = f"{_INDENT}{row[0]:<{name}}  {row[1]:<{field}}  {row[2]:>{filled}}  {row[3]}"
        yield (line if len(line) <= WIDTH else f"{line[: WIDTH - 3]}...").rstrip()


def _cut(name: str) -> str:
    shown = printable(name)
    return shown if len(shown) <= _NAME else f"{shown[: _NAME - 3]}..."


def field_of(column: Column) -> str:
    """Say what a column would fill, how sure that is where it is not, and what it might be (with a question mark)."""
    if column.field is None:
        return "-" if column.proposed is None else f"{column.proposed}?"
    sure = column.confidence is None or column.confidence == 1
    return column.field if sure else f"{column.field} {column.confidence:.0%}"


def _examples(column: Column) -> str:
    return " | ".join(printable(" ".join(example.split())[:_EXAMPLE]) for example in column.examples)


def _told_region(inspection: Inspection) -> str:
    likely = inspection.likely_region
    if likely is None:
        return ""
    numbers = f"{counted(likely.numbers, 'different number')} without a country code"
    if likely.column is not None:
        are = "is" if likely.numbers == 1 else "are"
        return (
            f"likely region: the column {likely.column!r} says it: {likely.share:.0%} of {numbers} {are} valid in the "
            "regions that it names"
        )
    valid = _valid(likely.region, likely.share, likely.chance)
    following = ""
    if likely.next_region is not None:
        following = f"; next {_valid(likely.next_region, likely.next_share, likely.next_chance)}"
    if not likely.sure:
        clearly = f"clearly: perhaps {valid}{following}; or another" if likely.numbers >= _ENOUGH else "clearly"
        return f"region: {numbers} {'does' if likely.numbers == 1 else 'do'} not tell it {clearly}"
    told = f"likely region, from {numbers}: {valid}{following}"
    given = _given_region(inspection)
    return told if given in (None, likely.region) else f"{told}; you said {given}"


def _valid(region: str | None, share: float, chance: float) -> str:
    return f"{region}, where {share:.0%} are valid ({chance:.0%} would be by chance)"


def _given_region(inspection: Inspection) -> str | None:
    options = inspection.options
    return options[options.index("--region") + 1] if "--region" in options else None


def _told_damage(damage: Damage) -> list[str]:
    first = ", ".join(map(str, damage.first))
    where = "records" if damage.column is None else _cut(damage.column)
    verdict = "Rejected" if REASONS[damage.code].rejects else "Accepted with a warning"
    said = f"{where}: {counted(damage.rows, 'row')}, first {first}: {damage.message}. {verdict}."
    return _wrapped(said, _DEEP, _DEEP + _INDENT)


def _told_verdict(inspection: Inspection) -> list[str]:
    sample = inspection.sample
    if sample is None:
        return []
    taken = " ".join(guess.option for guess in inspection.guesses)
    damaged = sum(cause["rows"] for cause in sample["causes"] if cause["code"] in DAMAGE)
    said = f"verdict on {_rows(inspection)}{f', with {taken}' if taken else ''}: "
    said += f"{sample['accepted']:,} accepted, {sample['rejected']:,} rejected"
    said += f" ({damaged:,} of them for the damage above)" if damaged else ""
    if inspection.duplicates:
        said += f"; {inspection.duplicates:,} of the accepted would be rejected as duplicates"
    others: dict[str, Any] = {
        **sample,
        **{kind: [tally for tally in sample[kind] if tally["code"] not in DAMAGE] for kind in ("causes", "warned")},
    }
    return [*_wrapped(said, _INDENT), *(f"{_INDENT}{line}" for line in _narrow(tell_ledger(others)[1:]))]


def _narrow(lines: Sequence[str]) -> Iterator[str]:
    """Wrap lines once more, so that there is room before them."""
    for line in lines:
        indent = line[: len(line) - len(line.lstrip())]
        yield from wrap(
            line, WIDTH - len(_INDENT), subsequent_indent=indent or _DEEP, break_on_hyphens=False, drop_whitespace=True
        )


def _told_command(inspection: Inspection) -> list[str]:
    conditions = []
    if _given_region(inspection) == UNKNOWN:
        conditions.append(f"with the numbers' country in place of {UNKNOWN}")
    if inspection.guesses:
        conditions.append("once you have confirmed the above")
    if inspection.problem is not None and inspection.sample is None:
        conditions.append("it would be refused: see the problem")
    condition = f" ({'; '.join(conditions)})" if conditions else ""
    lines = _command_lines(f"next{condition}:", inspection.command, _INDENT)
    for more in inspection.perhaps:
        lines += _wrapped(f"perhaps also: {more}", _INDENT)
    return lines


def _command_lines(head: str, command: str, indent: str) -> list[str]:
    """Write a command below its heading: on several lines where it is long, which a shell takes as one."""
    heading = _wrapped(head, indent)
    if not command.startswith("leadsieve clean "):
        return [*heading, f"{indent}{_INDENT}{command}"]
    lines = [f"{indent}{_INDENT}"]
    for piece in _pieces(shlex.split(command)):
        if len(lines[-1]) + len(piece) + 3 > WIDTH and lines[-1].strip():
            lines[-1] += "\\"
            lines.append(f"{indent}{_DEEP}")
        lines[-1] += f"{piece} "
    return [*heading, *(line.rstrip() for line in lines)]


def _pieces(words: Sequence[str]) -> Iterator[str]:
    """Quote the words of a command, each option with its value."""
    pending: list[str] = []
    for word in words:
        if pending and (word.startswith("--") or len(pending) == 2 or not pending[0].startswith("--")):
            yield printable(shlex.join(pending))
            pending = []
        pending.append(word)
    yield printable(shlex.join(pending))


def markup(inspection: Inspection) -> str:
    """Write an inspection as tables of HTML; its examples are masked."""
    shown = masked_examples(inspection)
    rows = [[column.name, field_of(column), f"{column.filled:.0%}", _examples(column)] for column in shown.columns]
    pieces = [table(["column", "field", "filled", "examples"], rows, caption=_head(shown))]
    if shown.damage:
        damages = [
            [damage.column or "records", f"{damage.rows:,}", ", ".join(map(str, damage.first)), damage.message]
            for damage in shown.damage
        ]
        pieces.append(table(["column", "rows", "first", "damage"], damages, caption="damage"))
    problem = "" if shown.problem is None else f"problem: {shown.problem}"
    verdict = " ".join(line.strip() for line in _told_verdict(shown))
    guesses = [f"to confirm: {guess.option} ({guess.why})" for guess in shown.guesses]
    perhaps = [f"perhaps also: {more}" for more in shown.perhaps]
    said = [_told_contents(shown), problem, _told_region(shown), verdict, *guesses, f"next: {shown.command}", *perhaps]
    return block([*pieces, *map(paragraph, filter(None, said))])
