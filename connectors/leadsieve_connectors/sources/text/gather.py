"""Gathers the cells of each column into Arrow buffers, compiled; doubled quotes become one on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from leadsieve_connectors.jit import MachineCode, array, compiled
from leadsieve_connectors.sources.text.simd import copy32, lowest, quotes32

_HERE = Path(__file__).parent
_code = MachineCode("gather-code", [_HERE / name for name in ("simd.py", "gather.py")])

U = np.uint64
S = np.int64

#: So many bytes past the end of what is gathered may be written.
OVERRUN = 64


@compiled
def copy(text: Any, at: Any, stop: Any, out: Any, to: Any) -> Any:
    """Copy bytes, in steps of 32; return where the output goes on."""
    copy32(out, to, text, at)
    done = S(32)
    while at + done < stop:
        copy32(out, to + done, text, at + done)
        done += 32
    return to + (stop - at)


@compiled
def copy_quoted(text: Any, at: Any, stop: Any, quote: Any, out: Any, to: Any) -> Any:
    """Copy the value of a cell that starts with a quote; return where the output goes on."""
    at += 1
    while True:
        copy32(out, to, text, at)
        size = lowest(quotes32(text, at, quote))
        if size > 32:
            size = S(32)
        at += size
        to += size
        if size == 32:
            continue
        if at + 1 >= stop:
            return to
        if text[U(at + 1)] != quote:  # closed: what follows is literal
            return copy(text, at + 1, stop, out, to)
        to += 1
        at += 2


@compiled
def gather_column(
    text: Any,
    quote: Any,
    rows: Any,
    begins: Any,
    begin: Any,
    begin_step: Any,
    skip: Any,
    cells: Any,
    cell: Any,
    step: Any,
    offsets: Any,
    offset: Any,
    out: Any,
    to: Any,
) -> Any:
    """Gather one column; see `gather`. Returns where the output goes on and how many cells are empty."""
    first, empty = to, S(0)
    offsets[U(offset)] = 0
    for row in range(rows):
        at = S(begins[U(begin)]) + skip
        stop = S(cells[U(cell)])
        begin += begin_step
        cell += step
        before = to
        if text[U(at)] == quote and at < stop:
            to = copy_quoted(text, at, stop, quote, out, to)
        else:
            to = copy(text, at, stop, out, to)
        empty += S(to == before)
        offsets[U(offset + row + 1)] = to - first
    return to, empty


@_code.entry(
    np.int64,
    array(np.uint8, readonly=True),
    np.uint8,
    *(np.int64 for _ in range(2)),
    *(array(np.int32) for _ in range(3)),
    np.int64,
    *(array(np.int64) for _ in range(2)),
    array(np.uint8),
)
def gather(
    text: Any,
    quote: Any,
    rows: Any,
    width: Any,
    cells: Any,
    starts: Any,
    offsets: Any,
    offsets_step: Any,
    bounds: Any,
    empty: Any,
    out: Any,
) -> Any:
    """Gather the cells of rows, column by column.

    Args:
        text: uint8; 64 bytes follow the text.
        quote: The byte around cells; one that no row has where quotes mean nothing.
        rows: How many rows.
        width: How many columns.
        cells: int32: where the cells of each row stop.
        starts: int32: where each row starts.
        offsets: int32: receives the offsets of each column.
        offsets_step: How far the offsets of one column are from those of the next.
        bounds: int64, one more than columns: receives where each column starts in `out`.
        empty: int64, one a column: receives how many cells are empty.
        out: uint8: receives the columns, one behind the other; `OVERRUN` bytes more than they take.

    Returns:
        The bytes of all columns.
    """
    to = S(0)
    for column in range(width):
        bounds[U(column)] = to
        offset = column * offsets_step
        if column == 0:
            to, none = gather_column(
                text, quote, rows, starts, S(0), S(1), S(0), cells, S(0), width, offsets, offset, out, to
            )
        else:
            to, none = gather_column(
                text, quote, rows, cells, column - 1, width, S(1), cells, column, width, offsets, offset, out, to
            )
        empty[U(column)] = none
    bounds[U(width)] = to
    return to
