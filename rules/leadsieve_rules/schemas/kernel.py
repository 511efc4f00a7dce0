"""The kernels of schemas: which cells of a column are surely right, and which cells are equal to each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from leadsieve_rules.cells.words import word
from leadsieve_rules.jit import MachineCode, array, compiled

#: Places are unsigned: numba would look at each whether it counts from the end.
U = np.uint64

_code = MachineCode("schemas-code", [Path(__file__), Path(__file__).parents[1] / "cells" / "words.py"])
_BYTES = array(np.uint8, readonly=True)
_OFFSETS = array(np.int32, readonly=True)
_REALS = array(np.float64, readonly=True)
_FLAGS = array(np.uint8)

#: How many distinct values are told apart, and the slots of the table that finds them, as a power of two.
LIMIT, SLOT_BITS = 1024, 12
#: What `find_blanks` says of a cell.
BLANK, WIDE = 1, 2
#: Forms of values that are read, for `doubt_values`.
WHOLE, REAL, DAY = 0, 1, 2
#: The most digits that surely fit a signed word, and those of which every number has a double of its own.
WHOLE_DIGITS, REAL_DIGITS = 18, 15


@compiled
def _head(data: Any, begin: Any, size: Any) -> Any:
    """Return the first eight bytes of a cell, and zeros where it is shorter."""
    if size >= U(8):
        return word(data, begin)
    if size == U(0):
        return U(0)
    if begin + U(8) <= U(len(data)):
        return word(data, begin) & ((U(1) << (size << U(3))) - U(1))
    value = U(0)
    for at in range(size):
        value |= U(data[begin + U(at)]) << (U(at) << U(3))
    return value


@_code.entry(
    np.int64,
    *(_BYTES, _OFFSETS, array(np.bool_, readonly=True)),
    *(array(np.int16), array(np.uint64), array(np.uint64), array(np.int16), array(np.int32)),
)
def find_codes(data: Any, offsets: Any, nulls: Any, table: Any, heads: Any, tails: Any, codes: Any, firsts: Any) -> Any:
    """Number the distinct cells of a column in the order in which they come.

    Args:
        data: The bytes of all cells.
        offsets: Where each begins, and behind the last where that ends.
        nulls: Which cells are null; empty where none is.
        table: Zeros, `1 << SLOT_BITS`.
        heads: Room for `LIMIT`.
        tails: Likewise.
        codes: Receives the number of each cell.
        firsts: Receives where each distinct cell comes first; `LIMIT`.

    Returns:
        How many distinct cells there are; -1 where they are too many, or too alike to be told apart quickly.
    """
    known, null, patience = 0, -1, 4096 + 2 * len(codes)
    for row in range(len(codes)):
        if len(nulls) and nulls[row]:
            if null < 0:
                if known == LIMIT:
                    return -1
                # Its slot in these is never looked at: no slot of the table leads there.
                null, firsts[known] = known, row
                known += 1
            codes[row] = null
            continue
        begin, end = U(offsets[row]), U(offsets[row + 1])
        size = end - begin
        head = _head(data, begin, size)
        tail = word(data, end - U(8)) if size > U(8) else U(0)
        mixed = (head * U(0x9E3779B97F4A7C15)) ^ ((tail + size) * U(0xD6E8FEB86659FD93))
        mixed ^= mixed >> U(32)
        slot = (mixed * U(0x9E3779B97F4A7C15)) >> U(64 - SLOT_BITS)
        while True:
            code = table[slot] - 1
            if code < 0:
                if known == LIMIT:
                    return -1
                code = known
                table[slot], heads[code], tails[code], firsts[code] = code + 1, head, tail, row
                known += 1
                break
            if heads[code] == head and tails[code] == tail:
                other = U(offsets[firsts[code]])
                if U(offsets[firsts[code] + 1]) - other == size:
                    at = U(8)
                    while at + U(8) < size and data[begin + at] == data[other + at]:
                        at += U(1)
                    if at + U(8) >= size:
                        break
            patience -= 1
            if patience < 0:
                return -1
            slot = (slot + U(1)) & U((1 << SLOT_BITS) - 1)
        codes[row] = code
    return known


@_code.entry(np.int64, _BYTES, _OFFSETS, _FLAGS)
def find_blanks(data: Any, offsets: Any, found: Any) -> Any:
    """Find the cells that are empty or ASCII white space, and those that may begin with white space past ASCII.

    Args:
        data: The bytes of all cells.
        offsets: Where each begins, and behind the last where that ends.
        found: Receives `BLANK`, or `WIDE` for one whose first character but ASCII white space is past ASCII.

    Returns:
        All that was found, together.
    """
    every = 0
    for row in range(len(found)):
        at, end = U(offsets[row]), U(offsets[row + 1])
        # Nearly all cells begin with a sign of ASCII.
        if at < end and 32 < data[at] < 127:
            found[row] = 0
            continue
        while at < end and (data[at] == 32 or 9 <= data[at] <= 13 or 28 <= data[at] <= 31):
            at += U(1)
        one = BLANK if at == end else WIDE if data[at] >= 0x80 else 0
        found[row] = one
        every |= one
    return every


@_code.entry(None, _BYTES, _OFFSETS, np.int64, np.int64, _FLAGS)
def doubt_lengths(data: Any, offsets: Any, low: Any, high: Any, doubts: Any) -> Any:
    """Doubt the cells that have not from `low` to `high` characters.

    Args:
        data: The bytes of all cells, in UTF-8.
        offsets: Where each begins, and behind the last where that ends.
        low: The fewest characters.
        high: The most.
        doubts: Set to 1 for each.
    """
    for row in range(len(doubts)):
        begin, end = offsets[row], offsets[row + 1]
        size = np.int64(end) - begin
        # Most cells need not be looked at: a character has up to four bytes.
        if size > high or (size + 3) >> 2 < low:
            for at in range(begin, end):
                size -= (data[U(at)] & 0xC0) == 0x80
            if size < low or size > high:
                doubts[row] = 1


@compiled
def _is_day(value: Any) -> Any:
    """Tell whether the digits of a year, month and day are a day of the calendar."""
    year, month, day = value // 10000, value // 100 % 100, value % 100
    if year < 1 or month < 1 or month > 12 or day < 1:
        return False
    if month == 2:
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        return day <= (29 if leap else 28)
    return day <= (30 if month in (4, 6, 9, 11) else 31)


@_code.entry(None, _BYTES, _OFFSETS, np.int64, _REALS, _REALS, array(np.int64, readonly=True), _FLAGS)
def doubt_values(data: Any, offsets: Any, form: Any, powers: Any, reals: Any, wholes: Any, doubts: Any) -> Any:
    """Doubt the cells that are no plain number, or no day, between two bounds.

    Args:
        data: The bytes of all cells.
        offsets: Where each begins, and behind the last where that ends.
        form: `WHOLE`: a sign and digits; `REAL`: also a point between digits; `DAY`: 2024-01-31.
        powers: Powers of ten.
        reals: The least and the greatest value of `REAL`.
        wholes: Those of the others, days as the number 20240131.
        doubts: Set to 1 for each.
    """
    for row in range(len(doubts)):
        at, end = U(offsets[row]), U(offsets[row + 1])
        good: Any = at < end
        negative: Any = False
        if form == DAY:
            good = end - at == U(10) and data[at + U(4)] == 45 and data[at + U(7)] == 45
        elif good and (data[at] == 43 or data[at] == 45):
            negative = data[at] == 45
            at += U(1)
        value: Any = 0
        digits, places, begin = 0, -1, at
        while good and at < end:
            byte = data[at]
            if 48 <= byte <= 57:
                value = value * 10 + (np.int64(byte) - 48)
                digits += 1
                places += places >= 0
                good = digits <= WHOLE_DIGITS
            elif form == DAY:
                good = at - begin == U(4) or at - begin == U(7)
            else:
                good = form == REAL and byte == 46 and digits > 0 and places < 0
                places = 0
            at += U(1)
        # To polars, a minus before zero is no unsigned number.
        good = good and not (negative and value == 0)
        if good:
            signed = -value if negative else value
            if form == REAL:
                # Both are exact, so that their quotient is the double that is nearest to the number.
                good = 0 < digits <= REAL_DIGITS and places != 0
                if good:
                    real = signed / powers[max(places, 0)]
                    good = reals[0] <= real <= reals[1]
            else:
                good = digits > 0 and wholes[0] <= signed <= wholes[1] and (form != DAY or _is_day(value))
        if not good:
            doubts[row] = 1
