"""The cell kernels: one pass over the bytes of a column each, without the interpreter lock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from leadsieve_rules.cells.words import HIGHS, copy, has_zero, word
from leadsieve_rules.jit import MachineCode, array, compiled

#: Places are unsigned: numba would look at each whether it counts from the end.
U = np.uint64

_HERE = Path(__file__).parent
_code = MachineCode("cells-code", [_HERE / name for name in ("kernel.py", "words.py")])
_BYTES = array(np.uint8, readonly=True)
_OFFSETS = array(np.int32, readonly=True)

#: Cells that differ by no more bytes are followed together.
LIKE_BYTES = 64
#: What `find_edges` says of a cell.
EMPTY, MOVED, WIDE = 1, 2, 4
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
        # Nearly all cells begin and end with a sign of ASCII.
        if first < last and 32 < data[first] < 127 and 32 < data[last - U(1)] < 127:
            begins[row], ends[row], said[row] = first, last, 0
            continue
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
            copy(out, at, data, first, last - first)
            at += last - first
            first = begin
        last = end
        offsets[row] = at + begin - first
    copy(out, at, data, first, last - first)
    at += last - first
    offsets[len(begins)] = at
    return at


@_code.entry(np.int64, _BYTES, _OFFSETS, _OFFSETS, _OFFSETS, array(np.int32), array(np.uint8))
def copy_runs(data: Any, offsets: Any, begins: Any, ends: Any, places: Any, out: Any) -> Any:
    """Copy runs of cells that stand next to each other, one run behind the other.

    Args:
        data: The bytes of all cells.
        offsets: Where each begins, and behind the last where that ends.
        begins: The first cell of each run.
        ends: The cell behind its last.
        places: Receives where each cell begins in `out`, and behind the last where that ends.
        out: Receives the cells.

    Returns:
        How many bytes they are.
    """
    at, row = U(0), U(0)
    for run in range(len(begins)):
        begin, cells = U(begins[run]), U(ends[run]) - U(begins[run])
        first, size = U(offsets[begin]), U(offsets[begin + cells]) - U(offsets[begin])
        shift = np.int32(at - first)
        for cell in range(cells):
            places[row + U(cell)] = offsets[begin + U(cell)] + shift
        copy(out, at, data, first, size)
        at, row = at + size, row + cells
    places[row] = at
    return at


@_code.entry(np.int64, _BYTES, np.int64, _OFFSETS, _OFFSETS, array(np.uint8))
def copy_bits(valid: Any, valid_from: Any, begins: Any, ends: Any, bits: Any) -> Any:
    """Copy the bits of runs of cells.

    Args:
        valid: A bit for each cell.
        valid_from: Where the first cell has its bit.
        begins: The first cell of each run.
        ends: The cell behind its last.
        bits: Receives the bits.

    Returns:
        How many of them are not set.
    """
    row, unset, eight = U(0), 0, U(0)
    for run in range(len(begins)):
        for cell in range(valid_from + begins[run], valid_from + ends[run]):
            bit = U(valid[U(cell) >> U(3)]) >> U(cell & 7) & U(1)
            eight |= bit << (row & U(7))
            unset += bit == U(0)
            row += U(1)
            if row & U(7) == U(0):
                bits[(row - U(1)) >> U(3)], eight = eight, U(0)
    if row & U(7):
        bits[row >> U(3)] = eight
    return unset


@compiled
def _follow(table: Any, data: Any, at: Any, end: Any, state: Any) -> Any:
    while at < end:
        state = table[(U(state) << U(8)) | U(data[at])]
        at += U(1)
    return state


@_code.entry(None, _BYTES, _BYTES, np.uint8, _BYTES, _OFFSETS, array(np.uint8))
def doubt_patterns(table: Any, accepts: Any, start: Any, data: Any, offsets: Any, doubts: Any) -> Any:
    """Doubt the cells that an automaton does not accept; four are followed at once, since each step waits.

    Args:
        table: For each state and byte the next state.
        accepts: For each state whether a cell may end in it.
        start: The first state.
        data: The bytes of all cells.
        offsets: Where each begins, and behind the last where that ends.
        doubts: Set to 1 for each.
    """
    rows, row = len(doubts), 0
    while row + 4 <= rows:
        begin0, begin1, begin2, begin3, end = (
            U(offsets[row]),
            U(offsets[row + 1]),
            U(offsets[row + 2]),
            U(offsets[row + 3]),
            U(offsets[row + 4]),
        )
        size0, size1, size2, size3 = begin1 - begin0, begin2 - begin1, begin3 - begin2, end - begin3
        common, longest = min(size0, size1, size2, size3), max(size0, size1, size2, size3)
        if begin3 + longest > U(len(data)) or longest - common > U(LIKE_BYTES):
            for each in range(row, row + 4):
                doubts[each] |= accepts[_follow(table, data, U(offsets[each]), U(offsets[each + 1]), start)] ^ 1
            row += 4
            continue
        state0, state1, state2, state3 = start, start, start, start
        for step in range(common):
            at = U(step)
            state0 = table[(U(state0) << U(8)) | U(data[begin0 + at])]
            state1 = table[(U(state1) << U(8)) | U(data[begin1 + at])]
            state2 = table[(U(state2) << U(8)) | U(data[begin2 + at])]
            state3 = table[(U(state3) << U(8)) | U(data[begin3 + at])]
        # A shorter cell stays where it ended while the others go on.
        for step in range(common, longest):
            at = U(step)
            after0 = table[(U(state0) << U(8)) | U(data[begin0 + at])]
            after1 = table[(U(state1) << U(8)) | U(data[begin1 + at])]
            after2 = table[(U(state2) << U(8)) | U(data[begin2 + at])]
            after3 = table[(U(state3) << U(8)) | U(data[begin3 + at])]
            state0 = after0 if at < size0 else state0
            state1 = after1 if at < size1 else state1
            state2 = after2 if at < size2 else state2
            state3 = after3 if at < size3 else state3
        doubts[row] |= accepts[state0] ^ 1
        doubts[row + 1] |= accepts[state1] ^ 1
        doubts[row + 2] |= accepts[state2] ^ 1
        doubts[row + 3] |= accepts[state3] ^ 1
        row += 4
    while row < rows:
        doubts[row] |= accepts[_follow(table, data, U(offsets[row]), U(offsets[row + 1]), start)] ^ 1
        row += 1


@compiled
def _may_have_pairs(eight: Any, after: Any) -> Any:
    """Return a word that is not 0 where a continuation ends and a character past ASCII begins, or one of two leads.

    Args:
        eight: Eight bytes.
        after: The bytes after each of them.
    """
    pairs = eight & ~(eight << U(1)) & after & (after << U(1)) & HIGHS
    return pairs | has_zero(eight ^ U(0xC2C2C2C2C2C2C2C2)) | has_zero(eight ^ U(0xEFEFEFEFEFEFEFEF))


@_code.entry(np.int64, _BYTES, _OFFSETS, array(np.int64))
def find_wide_pairs(data: Any, offsets: Any, rows: Any) -> Any:
    """Find the cells with two characters past ASCII one after the other, a control character, or a lost one.

    Args:
        data: The bytes of all cells, in UTF-8.
        offsets: Where each begins, and behind the last where that ends.
        rows: Receives the positions of the cells, ascending.

    Returns:
        How many they are.
    """
    count, row, at, last = 0, U(0), U(offsets[0]), U(offsets[len(offsets) - 1])
    while at < last:
        while at + U(32) < last:
            word0, word1, word2, word3 = (
                word(data, at),
                word(data, at + U(8)),
                word(data, at + U(16)),
                word(data, at + U(24)),
            )
            if (word0 | word1 | word2 | word3) & HIGHS:
                pairs = _may_have_pairs(word0, word(data, at + U(1))) | _may_have_pairs(word1, word(data, at + U(9)))
                pairs |= _may_have_pairs(word2, word(data, at + U(17))) | _may_have_pairs(word3, word(data, at + U(25)))
                if pairs:
                    break
            at += U(32)
        for place in range(at, min(at + U(8), last - U(1))):
            one, two = data[U(place)], data[U(place) + U(1)]
            # A continuation and the character after it; U+0080 to U+009F; U+FFFD.
            if (one & 0xC0 == 0x80 and two >= 0xC0) or (one == 0xC2 and two < 0xA0) or (one == 0xEF and two == 0xBF):
                while U(offsets[row + U(1)]) <= U(place):
                    row += U(1)
                if count == 0 or rows[count - 1] != row:
                    rows[count] = row
                    count += 1
        at += U(8)
    return count


@_code.entry(np.int64, _BYTES, _OFFSETS, _BYTES, np.int64, array(np.int64))
def find_beginnings(data: Any, offsets: Any, text: Any, before: Any, rows: Any) -> Any:
    """Find the cells that begin with a text.

    Args:
        data: The bytes of all cells.
        offsets: Where each begins, and behind the last where that ends.
        text: The bytes of the text.
        before: A byte that may stand before it.
        rows: Receives the positions of the cells, ascending.

    Returns:
        How many they are.
    """
    count, size = 0, U(len(text))
    for row in range(len(offsets) - 1):
        at, end = U(offsets[row]), U(offsets[row + 1])
        at += U(at < end and data[at] == before)
        if at + size <= end:
            same: Any = True
            for place in range(size):
                same = same and data[at + U(place)] == text[U(place)]
            if same:
                rows[count] = row
                count += 1
    return count


@compiled
def _may_have_signs(eight: Any) -> Any:
    """Return a word that is not 0 where eight bytes hold more than digits, blanks, points, dashes, plus and brackets.

    Those from 0x40 on (letters, bars, all past ASCII), below 0x20, and of the others `&'`, `,`, `/` and `;`.
    """
    few = eight & U(0xC0C0C0C0C0C0C0C0) | has_zero(eight & U(0xE0E0E0E0E0E0E0E0))
    few |= has_zero((eight ^ U(0x2626262626262626)) & U(0xFEFEFEFEFEFEFEFE)) | has_zero(eight ^ U(0x2C2C2C2C2C2C2C2C))
    return few | has_zero(eight ^ U(0x2F2F2F2F2F2F2F2F)) | has_zero(eight ^ U(0x3B3B3B3B3B3B3B3B))


@_code.entry(np.int64, _BYTES, _OFFSETS, _BYTES, np.uint8, array(np.uint8))
def find_signs(data: Any, offsets: Any, signs: Any, tail: Any, found: Any) -> Any:
    """Find the signs that cells hold, and the ends that a spreadsheet may have given to numbers.

    Args:
        data: The bytes of all cells.
        offsets: Where each begins, and behind the last where that ends.
        signs: For each byte the bits of the signs that it may be part of; only for what `_may_have_signs` knows.
        tail: The bit of a cell that ends in a point and zeros, or is long and ends in zero.
        found: Receives the bits of each cell.

    Returns:
        How many cells have any.
    """
    count = 0
    for row in range(len(found)):
        begin, end = U(offsets[row]), U(offsets[row + 1])
        bits, at, some = np.uint8(0), begin, U(begin + U(8) > end)
        while at + U(8) < end and some == U(0):
            some = _may_have_signs(word(data, at))
            at += U(8)
        if some == U(0):
            some = _may_have_signs(word(data, end - U(8)))
        if some != U(0):
            for place in range(begin, end):
                bits |= signs[data[U(place)]]
        if begin < end and data[end - U(1)] == 48:
            at = end - U(1)
            while at > begin and data[at] == 48:
                at -= U(1)
            if data[at] == 46 or end - begin >= U(LONG):
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
