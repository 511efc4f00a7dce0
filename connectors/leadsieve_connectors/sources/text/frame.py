"""Finds the records of a text and the ends of their cells, compiled: 64 bytes at a time as long as all is regular.

A quote is regular where it opens at the start of a cell, doubles the one before it, or closes before a delimiter or a
line end. Then the parity of the quotes tells what stands inside them. Whatever is not regular, or not sound, is looked
at again by itself (`single_record`); what may go on past its line for other reasons than strict quotes, or is too
long, is left to the caller. After each such record the masks begin anew, so that nothing of it reaches the next.

Indexes are cast to unsigned, which spares numba's test for negative ones.
"""

# ruff: noqa: PLR1714 - plain comparisons are what compiles to plain code

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from leadsieve_connectors.jit import MachineCode, array, compiled
from leadsieve_connectors.sources.text.scan import (
    ENDED,
    FOUND,
    FULL,
    after_line_end,
    blank,
    is_utf8,
    like_key,
    walk,
)
from leadsieve_connectors.sources.text.simd import count, lowest, masks, utf8_masks

_HERE = Path(__file__).parent
_code = MachineCode("frame-code", [_HERE / name for name in ("simd.py", "scan.py", "frame.py")])

U = np.uint64
S = np.int64

# The places of the state: what the caller tells of the text (the key is the longest cell of the header: which column
# it has, its size, how many bytes quotes may add, its first bytes and which of them count),
DELIMITER, QUOTE, QUOTED, WIDTH, LIMIT, FEW_LINES, SURE, STOP = range(8)
KEY_CELL, KEY_SIZE, KEY_SPAN, KEY_WORD, KEY_MASK = range(8, 13)
# of a sound record that it decided itself where it stops (-1: of none), where the next starts, its physical lines,
FORCED, NEXT, TAKEN = range(13, 16)
# and what goes on from call to call: where the next record starts, the physical lines before it, and how many records,
# rows and marks there are.
AT, LINES, RECORDS, ROWS, MARKED = range(16, 21)
STATE = 21

# What is wrong with a marked record; a candidate is blank or repeats the header, or not.
TOO_FEW, TOO_MANY, UNDECODABLE, CANDIDATE = range(4)

#: The values of a mark: the record, its row (-1 for none), what is wrong, where its text starts and stops.
MARK = 5

#: So many more cells and records than one block can bring must fit before it is looked at.
MARGIN = 80

_SPACE, _TILDE = 0x20, 0x7E


@compiled
def inside_quotes(quotes: Any) -> Any:
    """Flag the bytes from each quote that opens up to the one that closes."""
    quotes ^= quotes << U(1)
    quotes ^= quotes << U(2)
    quotes ^= quotes << U(4)
    quotes ^= quotes << U(8)
    quotes ^= quotes << U(16)
    return quotes ^ (quotes << U(32))


@compiled
def look(text: Any, block: Any, stop: Any, signs: Any, carried: Any) -> Any:
    """Look at 64 bytes.

    Args:
        text: The text.
        block: Where they start.
        stop: Where the text ends.
        signs: The delimiter, the quote, and whether quotes mean anything.
        carried: What the bytes before leave: all bits if they end inside quotes; and one bit each if they end with a
            quote that closes, with a CR, with what a cell can start after; and the bytes due to end a character.

    Returns:
        One bit each where a cell stops, where a record stops, where a line ends inside quotes, which is a CR, and
        which is not regular (the bits above the first of those are of no worth); and what to carry on.
    """
    delimiter, quote, quoted = signs
    inside, closed, returned, edge, pending = carried
    delimiters, feeds, returns, quotes, high = masks(text, block, delimiter, quote)
    if block + 64 > stop:
        # What else the bytes behind the text seem to be changes nothing: the record that goes on there is left anyway.
        here = (U(1) << U(stop - block)) - U(1)
        delimiters, feeds, returns, quotes = delimiters & here, feeds & here, returns & here, quotes & here
    if not quoted:
        quotes = U(0)
    ends = feeds | returns
    edges = delimiters | ends
    if returns | returned:
        ends ^= feeds & (returns << U(1) | returned)
        returned = returns >> U(63)
    odd, within = U(0), U(0)
    if quotes | inside | closed:
        covered = inside_quotes(quotes) ^ inside
        closing = quotes & ~covered
        after = closing << U(1) | closed
        odd = (quotes & covered & ~(edges << U(1) | edge | after)) | (after & ~(edges | quotes))
        within = ends & covered
        delimiters &= ~covered
        ends &= ~covered
        inside = U(0) - (covered >> U(63))
        closed = closing >> U(63)
    edge = edges >> U(63)
    if high | pending:
        continues, leads, leads3, leads4, wrong = utf8_masks(text, block)
        due = leads << U(1) | leads3 << U(2) | leads4 << U(3) | pending
        odd |= (due ^ continues) | wrong
        pending = leads >> U(63) | leads3 >> U(62) | leads4 >> U(61)
    if odd:
        below = (odd & (U(0) - odd)) - U(1)
        delimiters, ends, within = delimiters & below, ends & below, within & below
    return delimiters | ends, ends, within, returns, odd, (inside, closed, returned, edge, pending)


@compiled
def put_stops(stops: Any, block: Any, cells: Any, at_cell: Any) -> Any:
    """Write where the cells of a block stop, eight at a time, past what there is; return where `cells` goes on."""
    after = at_cell + count(stops)
    while True:
        for step in range(8):
            cells[U(at_cell + step)] = block + lowest(stops)
            stops &= stops - U(1)
        at_cell += 8
        if stops == U(0):
            return after


@compiled
def may_repeat_header(text: Any, at: Any, signs: Any, key: Any, cells: Any, base: Any, regular: Any) -> Any:
    """Tell whether the cell of a record under the longest one of the header may be the same."""
    key_cell, key_size, key_span, key_word, key_mask = key
    _, quote, quoted = signs
    if key_cell > 0:
        at = S(cells[U(base + key_cell - 1)]) + 1
    over = S(cells[U(base + key_cell)]) - at - key_size
    return U(over) <= key_span and like_key(text, at, over, quoted, quote, key_word, key_mask, regular)


@compiled
def may_be_blank(text: Any, at: Any, stop: Any, signs: Any) -> Any:
    """Tell whether all cells of a record may be blank."""
    delimiter, quote, _ = signs
    first = text[U(at)]
    if first > _SPACE and first <= _TILDE and first != delimiter and first != quote:
        return False
    return blank(text, at, stop, delimiter, quote) != 0


@compiled
def regular_records(text: Any, shape: Any, signs: Any, key: Any, so_far: Any, arrays: Any) -> Any:
    """Find records as long as they are regular and sound.

    Args:
        text: The text.
        shape: Where it ends, how many columns there are, the longest record, and how many physical lines are believed.
        signs: See `look`.
        key: The values of the key; see this module's constants.
        so_far: Where the next record starts, the physical lines before it, the records and the rows so far.
        arrays: Those of `find_records`, from `cells` on.

    Returns:
        The new `so_far`, and `ENDED`, `FULL` or `FOUND`: the next record wants a closer look.
    """
    stop, width, limit, few_lines = shape
    at, line, record, row = so_far
    cells, starts, places, lines, blanks, _ = arrays
    base = row * width
    block, at_cell, inner = at, base, S(0)
    carried = U(0), U(0), U(0), U(1), U(0)
    while block < stop:
        if at_cell + MARGIN > cells.size or record + MARGIN > lines.size:
            return (at, line, record, row), S(FULL)
        stops, ends, within, returns, odd, carried = look(text, block, stop, signs, carried)
        first_cell = at_cell
        at_cell = put_stops(stops, block, cells, first_cell)
        while ends:
            bit = ends & (U(0) - ends)
            place = block + lowest(ends)
            ends ^= bit
            if first_cell + count(stops & (bit - U(1))) + 1 - base != width or place - at > limit:
                return (at, line, record, row), S(FOUND)
            after = place + 1
            if returns & bit:
                after = after_line_end(text, place, stop)
            if within != U(0) or inner != 0:
                inner += count(within & (bit - U(1)))
                within &= ~(bit - U(1))
                # At the end of a window the caller decides whether what follows matters.
                if inner >= few_lines or after >= stop:
                    return (at, line, record, row), S(FOUND)
            if may_be_blank(text, at, place, signs) or may_repeat_header(text, at, signs, key, cells, base, True):
                return (at, line, record, row), S(FOUND)
            starts[U(row)], places[U(row)] = at, record
            lines[U(record)], blanks[U(record)] = line, False
            row += 1
            record += 1
            base += width
            line += 1 + inner
            at = after
            inner = S(0)
        inner += count(within)
        if odd != U(0) or inner >= few_lines or block - at > limit:
            return (at, line, record, row), S(FOUND)
        block += 64
    return (at, line, record, row), S(ENDED)


@compiled
def single_record(text: Any, shape: Any, signs: Any, key: Any, sure: Any, marked: Any, so_far: Any, arrays: Any) -> Any:
    """Find one record that ends on the line on which it starts, and judge it.

    Args:
        text: The text.
        shape: See `regular_records`.
        signs: See `look`.
        key: The values of the key; see this module's constants.
        sure: A blank record cannot repeat the header.
        marked: How many marks there are.
        so_far: See `regular_records`.
        arrays: Those of `find_records`, from `cells` on.

    Returns:
        The new `so_far`, how many marks there are now, and `ENDED`, `LEFT` or `FULL` if there is no such record, else
        `FOUND`.
    """
    stop, width, limit, _ = shape
    at, line, record, row = so_far
    cells, starts, places, lines, blanks, marks = arrays
    delimiter, quote, _ = signs
    base = row * width
    place, at_cell, said = walk(text, at, stop, False, limit, signs, cells, base)
    if said != FOUND:
        return so_far, marked, said
    found, emptiness, what = at_cell - base, blank(text, at, place, delimiter, quote), S(-1)
    if emptiness == 1 and sure:
        pass
    elif not is_utf8(text, at, place):
        what = S(UNDECODABLE)
    elif emptiness:
        what = S(CANDIDATE)
    elif found != width:
        what = S(TOO_FEW) if found < width else S(TOO_MANY)
    elif may_repeat_header(text, at, signs, key, cells, base, False):
        what = S(CANDIDATE)
    lines[U(record)], blanks[U(record)] = line, emptiness == 1 and what < 0
    kept = found == width and (what == CANDIDATE or (what < 0 and emptiness == 0))
    if what >= 0:
        mark = marked * MARK
        marks[U(mark)], marks[U(mark + 1)], marks[U(mark + 2)] = record, row if kept else S(-1), what
        marks[U(mark + 3)], marks[U(mark + 4)] = at, place
        marked += 1
    if kept:
        starts[U(row)], places[U(row)] = at, record
        row += 1
    return (after_line_end(text, place, stop), line + 1, record + 1, row), marked, said


@_code.entry(
    np.int64,
    array(np.uint8, readonly=True),
    array(np.int64),
    *(array(np.int32) for _ in range(2)),
    *(array(np.int64) for _ in range(2)),
    array(np.bool_),
    array(np.int64),
)
def find_records(
    text: Any, state: Any, cells: Any, starts: Any, places: Any, lines: Any, blanks: Any, marks: Any
) -> Any:
    """Find the records of a text until something other than the kernel must decide.

    Args:
        text: uint8; 64 bytes follow the text.
        state: int64, see the constants of this module.
        cells: int32: receives where the cells of each row stop.
        starts: int32: receives where each row starts.
        places: int64: receives which of the records each row is.
        lines: int64: receives the physical lines before each record. It says how many records there may be, for which
            `starts` and `places` have room too.
        blanks: bool, as long: receives which records are blank.
        marks: int64, `MARK` times as long: receives what the caller must look at, `MARK` values each; such a record is
            no row, but for candidates with as many cells as there are columns.

    Returns:
        `ENDED`, `LEFT` or `FULL`.
    """
    signs = np.uint8(state[DELIMITER]), np.uint8(state[QUOTE]), state[QUOTED] != 0
    shape = state[STOP], state[WIDTH], state[LIMIT], state[FEW_LINES]
    key = state[KEY_CELL], state[KEY_SIZE], U(state[KEY_SPAN]), U(state[KEY_WORD]), U(state[KEY_MASK])
    so_far = state[AT], state[LINES], state[RECORDS], state[ROWS]
    sure, marked, said = state[SURE] != 0, state[MARKED], S(FOUND)
    arrays = cells, starts, places, lines, blanks, marks
    if state[FORCED] >= 0:
        at, line, record, row = so_far
        _, _, said = walk(text, at, state[FORCED], True, shape[2], signs, cells, row * shape[1])
        if said == FOUND:
            starts[U(row)], places[U(row)] = at, record
            lines[U(record)], blanks[U(record)] = line, False
            so_far = state[NEXT], line + state[TAKEN], record + 1, row + 1
            state[FORCED] = -1
    while said == FOUND:
        so_far, said = regular_records(text, shape, signs, key, so_far, arrays)
        if said == FOUND:
            so_far, marked, said = single_record(text, shape, signs, key, sure, marked, so_far, arrays)
    state[AT], state[LINES], state[RECORDS], state[ROWS] = so_far
    state[MARKED] = marked
    return said
