"""The rejected rows as a workbook to edit: each with what the errors output says of its cells, joined as a stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from leadsieve.exceptions import InternalError
from leadsieve.outputs import ERRORS, Layout
from leadsieve.wording import counted
from leadsieve_connectors.sinks import guard, read_back
from leadsieve_connectors.sinks.csv import read_csv
from leadsieve_connectors.sinks.workbook import (
    MOST_CHARACTERS,
    MOST_COLUMNS,
    Mark,
    MarkedRow,
    Written,
    fits,
    write_workbook,
)

#: Its name in OUT.
WORKBOOK = "rejected.xlsx"
_SOURCE, _ERRORS = "rejected.csv", "errors.csv"
_REASON = "reject_reason"
_SEVERITIES = {"reject": "rejected", "warn": "warning"}
_SAID = ("lead_file", "lead_row", "column", "severity", "message", "collides_with")
_Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class _Said:
    """What the errors output says of one row: lines of it."""

    key: _Key
    lines: tuple[Mapping[str, Any], ...]


def write_rejected(folder: Path, layout: Layout, *, rejected: int, limit: int) -> dict[str, Any]:
    """Write `rejected.xlsx` beside the closed `rejected.csv` and `errors.csv`, as a copy of its rows for editing.

    Cells are those of `rejected.csv`, formula guard and all. A cell that the errors name is coloured and has their
    messages as its comment; what they say of no column of the sources stands on `reject_reason`.

    Args:
        folder: Where the outputs are; private to this user.
        layout: The outputs' columns.
        rejected: How many rows `rejected.csv` has.
        limit: No more rows than this are taken, from the first.

    Returns:
        What is told of it, as JSON values: `file`, `rows`, `rejected`, `row_limit`, `left_out`, `note`.

    Raises:
        InternalError: The errors say nothing of a rejected row.
        SinkError: A file cannot be read or written.
    """
    names = layout.rejected.names
    columns: list[str] = guard(pa.array(names, pa.string())).to_pylist()
    unfit = _unfit(columns)
    if unfit is not None:
        columns = columns[names.index("lead_file") :]

    def note(written: Written) -> str | None:
        return _note(written, rejected, limit, unfit)

    marked = islice(_marked(folder, layout), limit if unfit is None else 0)
    written = write_workbook(folder / WORKBOOK, columns, marked, note=note)
    return {
        "file": WORKBOOK,
        "rows": written.rows,
        "rejected": rejected,
        "row_limit": limit,
        "left_out": rejected - written.rows,
        "note": note(written),
    }


def _unfit(columns: list[str]) -> str | None:
    """Say why Excel cannot hold these columns, so none of their rows; None where it can."""
    if len(columns) > MOST_COLUMNS:
        return f"{len(columns):,} columns are more than Excel's {MOST_COLUMNS:,}"
    if not fits(columns):
        return f"a column's name is longer than Excel's {MOST_CHARACTERS:,} characters"
    return None


def _note(written: Written, rejected: int, limit: int, unfit: str | None) -> str | None:
    """Say which of the rejected rows are left out, and why; None where none is."""
    if written.rows == rejected:
        return None
    of = counted(rejected, "rejected row")
    if unfit is not None:
        return f"{WORKBOOK} has none of {of}: {unfit}; {_SOURCE} has all"
    seen = written.rows + written.too_large
    why = " (it can hold no more)" if written.full else " (xlsx_rows)" if seen == limit < rejected else ""
    told = f"{WORKBOOK} has the first {seen:,} of {of}{why}" if seen < rejected else f"{WORKBOOK} has {of}"
    if written.too_large:
        told += f", but not {written.too_large:,} with a cell of more than Excel's {MOST_CHARACTERS:,} characters"
    return f"{told}; {_SOURCE} has all"


def _marked(folder: Path, layout: Layout) -> Iterator[MarkedRow]:
    """Join the rejected rows, as they stand in their file, with what the errors say of each."""
    names = layout.rejected.names
    places = {name: place for place, name in enumerate(names)}
    # The errors name a source's own column, which the outputs may have renamed.
    renamed = {theirs: ours for columns in layout.verbatim for ours, theirs in columns.items()}
    where = {theirs: places[ours] for theirs, ours in renamed.items()}
    file, row = places["lead_file"], places["lead_row"]
    every, said = _said(folder), None
    for cells in _cells(folder, names):
        key = (cells[file] or "", int(cells[row] or 0))
        # Both files are in the same order, and each rejected row is in both.
        while said is None or said.key != key:
            said = next(every, None)
            if said is None:
                raise InternalError(
                    f"{key[0]}, row {key[1]}: it was rejected, and {_ERRORS} does not say why; please report this"
                )
        yield MarkedRow(cells, _marks(said, where, places[_REASON]))


def _marks(said: _Said, where: Mapping[str, int], otherwise: int) -> dict[int, Mark]:
    """Gather by cell what is said of a row: the worst decides on the colour, all is told."""
    told: dict[int, list[str]] = {}
    severe: set[int] = set()
    for line in said.lines:
        place = where.get(line["column"], otherwise)
        collides = f" ({line['collides_with']})" if line["collides_with"] else ""
        told.setdefault(place, []).append(f"{_SEVERITIES[line['severity']]}: {line['message']}{collides}")
        if line["severity"] == "reject":
            severe.add(place)
    return {place: Mark(place in severe, "\n".join(lines)) for place, lines in told.items()}


def _said(folder: Path) -> Iterator[_Said]:
    """Read what the errors say, row by row, of those rows that are rejected."""
    batches = read_back(folder / _ERRORS, ERRORS, _SAID)
    lines = (line for batch in batches for piece in _pieces(batch) for line in piece.to_pylist())
    for key, group in groupby(lines, key=lambda line: (line["lead_file"] or "", line["lead_row"])):
        found = tuple(group)
        if any(line["severity"] == "reject" for line in found):
            yield _Said(key, found)


def _cells(folder: Path, names: list[str]) -> Iterator[tuple[str | None, ...]]:
    """Read the rejected rows as their file has them: text, with the guard on."""
    text = pa.schema([(name, pa.string()) for name in names])
    for batch in read_csv(folder / _SOURCE, text, names, guarded=()):
        for piece in _pieces(batch):
            yield from zip(*(column.to_pylist() for column in piece.columns), strict=True)


def _pieces(batch: pa.RecordBatch, rows: int = 1024) -> Iterator[pa.RecordBatch]:
    """Cut a batch: as Python objects it is many times as large."""
    for start in range(0, batch.num_rows, rows):
        yield batch.slice(start, rows)
