"""Columns of text judged by themselves: cells that a kernel is sure of not at all, the others once a distinct value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from leadsieve_rules.cells.arrays import int64_array, null_flags, string_array
from leadsieve_rules.cells.columns import buffers_of, take

if TYPE_CHECKING:
    from collections.abc import Callable

    from leadsieve_rules.findings import Finding
    from leadsieve_rules.schemas.programs import Alone

    #: Judges a table of one column: for each note of its program the positions of the rows of which it is said.
    Judge: TypeAlias = Callable[[pa.Table], list[npt.NDArray[np.int64]]]

#: Verdicts that are remembered of a column, and cells that are few enough to be judged as they are.
_REMEMBERED, _FEW = 4096, 64


@dataclass(frozen=True, slots=True)
class Distinct:
    """A column of text as its distinct cells.

    Attributes:
        cells: string array of the distinct cells, in the order in which they first come; null is one of them.
        codes: int16, for each row the position of its cell.
    """

    cells: pa.Array
    codes: npt.NDArray[np.int16]


def distinct(text: pa.Array) -> Distinct | None:
    """Find the distinct cells of a string array.

    Returns:
        None where there are more than `kernel.LIMIT`: that shows after few rows where most cells differ.
    """
    from leadsieve_rules.schemas.kernel import LIMIT, SLOT_BITS, find_codes

    data, offsets = buffers_of(text)
    codes, firsts = np.empty(len(text), np.int16), np.empty(LIMIT, np.int32)
    heads, tails, table = np.empty(LIMIT, np.uint64), np.empty(LIMIT, np.uint64), np.zeros(1 << SLOT_BITS, np.int16)
    count = find_codes(data, offsets, null_flags(text), table, heads, tails, codes, firsts)
    return None if count < 0 else Distinct(text.take(int64_array(firsts[:count].astype(np.int64))), codes)


def findings_alone(alone: Alone, text: pa.Array, judge: Judge, coded: dict[str, Distinct]) -> list[Finding]:
    """Judge a column of text.

    Args:
        alone: The column, compiled.
        text: string array of its cells.
        judge: Judges a table of some of them.
        coded: Receives the column's distinct cells, by its name, where they had to be found.

    Returns:
        What is said of its rows, in the order of the program's notes.
    """
    rows = _doubtful(alone, text, judge)
    cells = text if rows is None else take(text, rows)
    few = distinct(cells) if len(cells) > _FEW else None
    if few is not None and rows is None:
        coded[alone.name] = few
    found = _said(alone, cells, few, judge) if len(cells) else []
    column = pa.chunked_array([text])
    return [
        note.finding(index if rows is None else rows[index], column)
        for note, index in zip(alone.program.notes, found, strict=False)
        if len(index)
    ]


def _doubtful(alone: Alone, text: pa.Array, judge: Judge) -> npt.NDArray[np.int64] | None:
    """Return the positions of the cells of which something may have to be said; None where nothing is known."""
    if alone.sure is None:
        return None
    doubts = alone.sure.doubts(*buffers_of(text))
    nulls = null_flags(text)
    if len(nulls):
        doubts[nulls] = bool(_verdicts(alone, [None], judge)[0])
    return np.flatnonzero(doubts)


def _said(alone: Alone, cells: pa.Array, found: Distinct | None, judge: Judge) -> list[npt.NDArray[np.int64]]:
    """Return for each note the positions of the cells of which it is said; `found` are the distinct ones, if known."""
    if found is None:
        return judge(_table(alone, cells))
    verdicts = _verdicts(alone, found.cells.to_pylist(), judge)
    said = np.zeros((len(alone.program.notes), len(verdicts)), np.bool_)
    for code, places in enumerate(verdicts):
        said[places, code] = True
    some = np.flatnonzero(said.any(axis=0).take(found.codes))
    codes = found.codes.take(some)
    return [some[flags.take(codes)] for flags in said]


def _verdicts(alone: Alone, cells: list[str | None], judge: Judge) -> list[tuple[int, ...]]:
    """Return for each cell the places of the notes that are said of it; those that are not known yet are judged."""
    known = [alone.said.get(cell) for cell in cells]
    new = [place for place, verdict in enumerate(known) if verdict is None]
    if new:
        said: list[list[int]] = [[] for _ in new]
        for place, index in enumerate(judge(_table(alone, string_array([cells[one] for one in new])))):
            for row in index.tolist():
                said[row].append(place)
        fresh = {cells[one]: tuple(places) for one, places in zip(new, said, strict=True)}
        if len(alone.said) + len(fresh) <= _REMEMBERED:
            alone.said.update(fresh)
        known = [fresh[cell] if verdict is None else verdict for cell, verdict in zip(cells, known, strict=True)]
    return [verdict for verdict in known if verdict is not None]


def _table(alone: Alone, cells: pa.Array) -> pa.Table:
    return pa.Table.from_arrays([cells], [alone.name])
