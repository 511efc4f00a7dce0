"""The kernel of the Parquet sink: which cells of a column are equal, found in one pass over their bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from leadsieve_connectors.jit import MachineCode, array, compiled

#: Places are unsigned: numba would look at each whether it counts from the end.
U = np.uint64

_code = MachineCode("sinks-code", [Path(__file__)])
_BYTES = array(np.uint8, readonly=True)
_INTS = array(np.int32, readonly=True)

#: What `state` holds: the next row, how many values are known, what is left of the patience.
ROW, COUNT, PATIENCE = range(3)
STATE = 3
#: What stands for a cell's code: it is null, there is no more room for values, or for their bytes, or all is hopeless.
NULL, FULL, LONG, HOPELESS = -1, -2, -3, -4
#: What stands in `seen` for a cell that no row had yet.
UNSEEN = -5
#: So many bytes of a cell are looked at at once.
_SHORT = 16


@compiled
def _word(data: Any, at: Any) -> Any:
    """Read eight bytes, wherever they stand; the compiler makes one load of it."""
    low = U(data[at]) | U(data[at + U(1)]) << U(8) | U(data[at + U(2)]) << U(16) | U(data[at + U(3)]) << U(24)
    high = U(data[at + U(4)]) | U(data[at + U(5)]) << U(8) | U(data[at + U(6)]) << U(16) | U(data[at + U(7)]) << U(24)
    return low | high << U(32)


@compiled
def _some(data: Any, at: Any, end: Any) -> Any:
    """Read up to eight bytes, one by one; zeros behind the end."""
    value, shift = U(0), U(0)
    while at < end and shift < U(64):
        value |= U(data[at]) << shift
        at += U(1)
        shift += U(8)
    return value


@compiled
def _low(word: Any, size: Any) -> Any:
    """Return the first bytes of a word, up to eight."""
    return word if size >= U(8) else word & ((U(1) << ((size & U(7)) << U(3))) - U(1))


@compiled
def _is_null(bits: Any, at: Any) -> Any:
    return (U(bits[at >> U(3)]) >> (at & U(7))) & U(1) == U(0)


@compiled
def _mixed(mark: Any, word: Any) -> Any:
    mark = (mark ^ word) * U(0x9E3779B97F4A7C15)
    return mark ^ (mark >> U(32))


@compiled
def _equal(data: Any, begin: Any, values: Any, other: Any, size: Any) -> Any:
    """Tell whether a cell and a value of its size, both longer than `_SHORT`, are the same behind that."""
    at, last = U(_SHORT), size - U(8)
    while at < last:
        if _word(data, begin + at) != _word(values, other + at):
            return False
        at += U(8)
    return _word(data, begin + last) == _word(values, other + last)


@compiled
def _code_of(
    data: Any,
    offsets: Any,
    valid: Any,
    valid_from: Any,
    cell: Any,
    state: Any,
    table: Any,
    words: Any,
    ends: Any,
    values: Any,
) -> Any:
    """Return the number of a cell's value, after having learnt it if need be, or why there is none."""
    if len(valid) and _is_null(valid, cell + U(valid_from)):
        return NULL
    begin, end = U(offsets[cell]), U(offsets[cell + U(1)])
    size = end - begin
    # No branch on the size of a short cell: that of the next one can seldom be foretold.
    if begin + U(_SHORT) <= U(len(data)):
        head, tail = (
            _low(_word(data, begin), size),
            _low(_word(data, begin + U(8)), size - U(8) if size > U(8) else U(0)),
        )
    else:
        head, tail = _some(data, begin, end), _some(data, begin + U(8), end)
    mark = _mixed(head, tail * U(0xD6E8FEB86659FD93) + size)
    at = begin + U(_SHORT)
    while at < end:
        mark = _mixed(mark, _word(data, min(at, end - U(8))))
        at += U(8)
    # Every byte tells in the upper half of the product, which not every one does in the lower.
    mask = U(len(table) - 1)
    slot = (mark * U(0x9E3779B97F4A7C15)) >> U(32) & mask
    while table[slot]:
        code = table[slot] - 1
        at = U(code)
        other = U(ends[at])
        differs = (words[at + at] ^ head) | (words[at + at + U(1)] ^ tail) | ((U(ends[at + U(1)]) - other) ^ size)
        if differs == U(0) and (size <= U(_SHORT) or _equal(data, begin, values, other, size)):
            return code
        state[PATIENCE] -= 1
        slot = (slot + U(1)) & mask
    count = state[COUNT]
    to = U(ends[U(count)])
    if state[PATIENCE] < 0:
        return HOPELESS
    if len(table) < 4 * (count + 1):
        return FULL
    if to + size > U(len(values)):
        return LONG
    for step in range(size):
        values[to + U(step)] = data[begin + U(step)]
    at = U(count)
    words[at + at], words[at + at + U(1)], ends[at + U(1)] = head, tail, to + size
    table[slot] = count + 1
    state[COUNT] = count + 1
    return count


@_code.entry(
    np.int64,
    *(_BYTES, _INTS, _BYTES, np.int64),
    *(_INTS, _BYTES, np.int64, array(np.int32)),
    *(array(np.int64), array(np.int32), array(np.uint64), array(np.int32), array(np.uint8), array(np.int32)),
)
def find_codes(
    data: Any,
    offsets: Any,
    valid: Any,
    valid_from: Any,
    places: Any,
    placed: Any,
    placed_from: Any,
    seen: Any,
    state: Any,
    table: Any,
    words: Any,
    ends: Any,
    values: Any,
    codes: Any,
) -> Any:
    """Number the distinct cells of a piece of a column in the order in which they first come, as in earlier pieces.

    Args:
        data: The bytes of all cells.
        offsets: Where each begins, and behind the last where that ends.
        valid: Bits that tell which cells are not null; empty where none is.
        valid_from: Where the bits begin.
        places: Which cell stands in each row; empty where each stands in its own.
        placed: Bits that tell which places are not null; empty where none is.
        placed_from: Where these begin.
        seen: `UNSEEN` for each cell that places may name; empty where there are none.
        state: `STATE` words, in which the next call finds what this one leaves.
        table: Slots, a power of two; zeros at first. A quarter of them is used.
        words: Receives the first 16 bytes of each distinct value.
        ends: Receives where the bytes of each begin, and behind the last where these end; begins with 0.
        values: Receives the bytes of the distinct values.
        codes: Receives the number of each row's value, or `NULL`.

    Returns:
        0, or `FULL`, `LONG` or `HOPELESS`: with more room the next call goes on at the row where this one stopped.
    """
    row, rows = U(state[ROW]), U(len(codes))
    while True:
        if len(places) and not len(placed):
            while row < rows and seen[U(places[row])] >= 0:
                codes[row] = seen[U(places[row])]
                row += U(1)
        if row == rows:
            return 0
        if not len(places):
            code = _code_of(data, offsets, valid, valid_from, row, state, table, words, ends, values)
        elif len(placed) and _is_null(placed, row + U(placed_from)):
            code = NULL
        else:
            cell = U(places[row])
            code = seen[cell]
            if code == UNSEEN:
                code = _code_of(data, offsets, valid, valid_from, cell, state, table, words, ends, values)
                if code >= NULL:
                    seen[cell] = code
        if code < NULL:
            state[ROW] = row
            return code
        codes[row] = code
        row += U(1)
