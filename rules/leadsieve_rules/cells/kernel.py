"""The cell kernels: one pass over the bytes of a column each, without the interpreter lock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from leadsieve_rules.jit import MachineCode, array

#: Places are unsigned: numba would look at each whether it counts from the end.
U = np.uint64

_code = MachineCode("cells-code", [Path(__file__)])
_BYTES = array(np.uint8, readonly=True)
_OFFSETS = array(np.int32, readonly=True)

#: What `find_edges` says of a cell.
EMPTY, MOVED, WIDE = 1, 2, 4
#: Kinds of characters for `find_addresses`.
ATOM, ALNUM, ALPHA = 1, 2, 4
#: A longer address is left to others, since a part of it could be too long.
ADDRESS_BYTES = 64
#: The shortest plain number that is longer than a double's digits.
LONG = 16


@_code.entry(np.int64, _BYTES, _OFFSETS, array(np.int32), array(np.int32), array(np.uint8))
def find_edges(data: Any, offsets: Any, begins: Any, ends: Any, said: Any) -> Any:
    """Find where the text of each cell begins and ends, without ASCII white space around it.

    Args:
        data: The bytes of all cells, in UTF-8.
        offsets: Where each begins, and behind the last where that ends.
        begins: Receives where the text begins.
        ends: Receives where it ends.
        said: Receives `EMPTY`, else `MOVED` where white space was left out and `WIDE` where the text begins or ends
            with a character past ASCII, which may be white space too.

    Returns:
        All that is said, together.
    """
    every = 0
    for row in range(len(begins)):
        first, last = U(offsets[row]), U(offsets[row + 1])
        begin, end = first, last
        while begin < end and (data[begin] == 32 or 9 <= data[begin] <= 13 or 28 <= data[begin] <= 31):
            begin += U(1)
        while end > begin and (data[end - U(1)] == 32 or 9 <= data[end - U(1)] <= 13 or 28 <= data[end - U(1)] <= 31):
            end -= U(1)
        begins[row], ends[row] = begin, end
        if begin == end:
            one = EMPTY
        else:
            one = 0
            if begin != first or end != last:
                one |= MOVED
            if (data[begin] | data[end - U(1)]) >= 0x80:
                one |= WIDE
        said[row] = one
        every |= one
    return every


@_code.entry(np.int64, _BYTES, _OFFSETS, _OFFSETS, array(np.int32), array(np.uint8))
def copy_cells(data: Any, begins: Any, ends: Any, offsets: Any, out: Any) -> Any:
    """Copy pieces of a buffer one behind the other; pieces that touch are copied at once.

    Args:
        data: The buffer.
        begins: Where each piece begins; the pieces come in order.
        ends: Where it ends.
        offsets: Receives where each begins in `out`, and behind the last where that ends.
        out: Receives the pieces.

    Returns:
        How many bytes they are.
    """
    at, first, last = U(0), U(0), U(0)
    for row in range(len(begins)):
        begin, end = U(begins[row]), U(ends[row])
        if begin != last:
            for place in range(last - first):
                out[at + U(place)] = data[first + U(place)]
            at += last - first
            first = begin
        last = end
        offsets[row] = at + begin - first
    for place in range(last - first):
        out[at + U(place)] = data[first + U(place)]
    at += last - first
    offsets[len(begins)] = at
    return at


@_code.entry(np.int64, _BYTES, _OFFSETS, _BYTES, array(np.bool_))
def find_addresses(data: Any, offsets: Any, kinds: Any, plain: Any) -> Any:
    """Find the cells that are plain email addresses: `atom(.atom)*@(label.)+alphas`, of no more than 64 bytes.

    Args:
        data: The bytes of all cells.
        offsets: Where each begins, and behind the last where that ends.
        kinds: For each byte `ATOM`, `ALNUM` and `ALPHA`, together where it is several.
        plain: Receives which cells are.

    Returns:
        How many are not.
    """
    others = 0
    for row in range(len(plain)):
        at, end = U(offsets[row]), U(offsets[row + 1])
        good: Any = end - at <= U(ADDRESS_BYTES)
        # Atoms with dots between them, up to the sign.
        atom: Any = False
        while good and at < end and data[at] != 64:
            if data[at] == 46:
                good = atom
                atom = False
            else:
                atom = (kinds[data[at]] & ATOM) != 0
                good = atom
            at += U(1)
        good = good and atom and at < end
        at += U(1)
        # Labels with dots between them; the last has two letters or more, and nothing else.
        labels, size = 0, 0
        letters: Any = True
        inside: Any = False
        while good and at < end:
            byte = data[at]
            if byte == 46:
                good = inside
                labels, size, letters, inside = labels + 1, 0, True, False
            elif byte == 45:
                good = inside
                size, letters, inside = size + 1, False, False
            else:
                good = (kinds[byte] & ALNUM) != 0
                letters = letters and (kinds[byte] & ALPHA) != 0
                size, inside = size + 1, True
            at += U(1)
        good = good and labels > 0 and size > 1 and letters
        plain[row] = good
        others += not good
    return others


@_code.entry(np.int64, _BYTES, _OFFSETS, _BYTES, np.uint8, array(np.uint8))
def find_signs(data: Any, offsets: Any, signs: Any, tail: Any, found: Any) -> Any:
    """Find the signs that cells hold, and the ends that a spreadsheet may have given to numbers.

    Args:
        data: The bytes of all cells.
        offsets: Where each begins, and behind the last where that ends.
        signs: For each byte the bits of the signs that it may be part of.
        tail: The bit of a cell that ends in `.0` or `00`, or is long and ends in zero.
        found: Receives the bits of each cell.

    Returns:
        How many cells have any.
    """
    count = 0
    for row in range(len(found)):
        begin, end = U(offsets[row]), U(offsets[row + 1])
        bits = np.uint8(0)
        for at in range(begin, end):
            bits |= signs[data[U(at)]]
        if end - begin > U(1) and data[end - U(1)] == 48:
            before = data[end - U(2)]
            if before in (46, 48) or end - begin >= U(LONG):
                bits |= tail
        found[row] = bits
        count += bits != 0
    return count


@_code.entry(np.int64, _BYTES, _OFFSETS, np.int64, array(np.uint64))
def parse_digits(data: Any, offsets: Any, skip: Any, numbers: Any) -> Any:
    """Read the decimal digits of each cell as a number.

    Args:
        data: The bytes of all cells.
        offsets: Where each begins, and behind the last where that ends.
        skip: How many bytes stand before the digits.
        numbers: Receives the numbers.

    Returns:
        How many cells were read: all, or those before the first that holds something else than 1 to 19 digits.
    """
    for row in range(len(numbers)):
        at, end = U(offsets[row]) + U(skip), U(offsets[row + 1])
        if at >= end or end - at > U(19):
            return row
        number = U(0)
        while at < end:
            digit = U(data[at]) - U(48)
            if digit > U(9):
                return row
            number = number * U(10) + digit
            at += U(1)
        numbers[row] = number
    return len(numbers)
