"""One record of a text, compiled: its cells byte by byte, and what it may be.

Indexes are cast to unsigned, which spares numba's test for negative ones.
"""

# ruff: noqa: PLR1714, SIM109 - plain comparisons are what compiles to plain code

from __future__ import annotations

from typing import Any

import numpy as np

from leadsieve_connectors.jit import compiled
from leadsieve_connectors.sources.text.simd import load8, utf8_masks

U = np.uint64
S = np.int64

# Why a search for records ends.
ENDED = 0  # the next record does not end before the text does
LEFT = 1  # the next record is the caller's to decide
FULL = 2  # an array is full
FOUND = 3  # there is a record

_LF, _CR, _SPACE = 0x0A, 0x0D, 0x20


@compiled
def space_at(text: Any, at: Any) -> Any:
    """Return how many bytes the white-space character at a place takes; 0 where there is none."""
    byte = S(text[U(at)])
    if byte <= _SPACE:
        return S(1) if (9 <= byte <= 13) or byte >= 28 else S(0)
    if byte < 0xC2 or byte > 0xE3:
        return S(0)
    second = S(text[U(at + 1)])
    if byte == 0xC2:
        return S(2) if second == 0x85 or second == 0xA0 else S(0)
    third = S(text[U(at + 2)])
    if byte == 0xE1:
        return S(3) if second == 0x9A and third == 0x80 else S(0)
    if byte == 0xE2 and second == 0x80:
        return S(3) if (0x80 <= third <= 0x8A) or third == 0xA8 or third == 0xA9 or third == 0xAF else S(0)
    if byte == 0xE2:
        return S(3) if second == 0x81 and third == 0x9F else S(0)
    return S(3) if byte == 0xE3 and second == 0x80 and third == 0x80 else S(0)


@compiled
def blank(text: Any, at: Any, stop: Any, delimiter: Any, quote: Any) -> Any:
    """Return 1 if the record is blank, 2 if it may be (quotes stand in it), else 0."""
    said = S(1)
    while at < stop:
        byte = text[U(at)]
        if byte == delimiter:
            at += 1
        elif byte == quote:
            said = S(2)
            at += 1
        else:
            size = space_at(text, at)
            if size == 0:
                return S(0)
            at += size
    return said


@compiled
def is_utf8(text: Any, at: Any, stop: Any) -> Any:
    """Tell whether the bytes are UTF-8."""
    pending = U(0)
    while at < stop:
        continues, leads, leads3, leads4, wrong = utf8_masks(text, at)
        if stop - at < 64:
            here = (U(1) << U(stop - at)) - U(1)
            continues, wrong = continues & here, wrong & here
            leads, leads3, leads4 = leads & here, leads3 & here, leads4 & here
        # What is due behind the text is an error too.
        due = leads << U(1) | leads3 << U(2) | leads4 << U(3) | pending
        if (due ^ continues) | wrong:
            return False
        pending = leads >> U(63) | leads3 >> U(62) | leads4 >> U(61)
        at += 64
    return pending == U(0)


@compiled
def walk(text: Any, at: Any, stop: Any, forced: Any, limit: Any, signs: Any, cells: Any, at_cell: Any) -> Any:
    """Find the cells of one record, byte by byte.

    Args:
        text: The text.
        at: Where the record starts.
        stop: Where the text ends.
        forced: The record is known to stop there too, whatever line ends stand in it.
        limit: The longest record.
        signs: The delimiter, the quote, and whether quotes mean anything.
        cells: int32: receives where each cell stops.
        at_cell: Where in `cells`.

    Returns:
        Where the record stops, where `cells` goes on, and `FOUND`, or why it is not: `ENDED`, `LEFT`, `FULL`.
    """
    delimiter, quote, quoted = signs
    place = at
    begins, leading, inside, closed, strays = quoted, True, False, False, S(0)
    while place < stop:
        byte = text[U(place)]
        if inside:
            if byte == quote:
                if place + 1 < stop and text[U(place + 1)] == quote:
                    place += 1
                else:
                    inside, closed = False, True
            elif (byte == _LF or byte == _CR) and not forced:
                return place, at_cell, S(LEFT)
        elif byte == delimiter:
            if at_cell + 2 > cells.size:
                return place, at_cell, S(FULL)
            cells[U(at_cell)] = place
            at_cell += 1
            begins, leading, closed = quoted, True, False
            place += 1
            continue
        elif (byte == _LF or byte == _CR) and not forced:
            break
        elif begins and byte == quote:
            inside = True
        elif not forced:
            # What follows a quoted cell, a quote behind a space, two in plain cells: the caller tells what is stray.
            strays += byte == quote and quoted
            if (closed and byte != _SPACE) or strays > 1 or (leading and byte == quote and quoted):
                return place, at_cell, S(LEFT)
            leading = leading and byte <= _SPACE
        begins = False
        place += 1
    if place >= stop and not forced:
        return place, at_cell, S(ENDED)
    if place - at > limit and not forced:
        return place, at_cell, S(LEFT)
    if at_cell + 2 > cells.size:
        return place, at_cell, S(FULL)
    cells[U(at_cell)] = place
    return place, at_cell + 1, S(FOUND)


@compiled
def like_key(text: Any, at: Any, over: Any, quoted: Any, quote: Any, key_word: Any, key_mask: Any, regular: Any) -> Any:
    """Tell whether a cell may hold the longest cell of the header: its first bytes.

    Args:
        text: The text.
        at: Where the cell starts.
        over: How many bytes longer than the header's it is; as many as quotes may take.
        quoted: Whether quotes mean anything.
        quote: The byte around cells.
        key_word: The first eight bytes of the header's cell.
        key_mask: Which of them count.
        regular: A quoted cell holds no quotes but doubled ones.
    """
    if quoted and text[U(at)] == quote:
        return over >= 2 and (not regular or (load8(text, at + 1) ^ key_word) & key_mask == U(0))
    return over == 0 and (load8(text, at) ^ key_word) & key_mask == U(0)


@compiled
def after_line_end(text: Any, place: Any, stop: Any) -> Any:
    """Return where the line after the line end at a place starts."""
    pair = text[U(place)] == _CR and place + 1 < stop and text[U(place + 1)] == _LF
    return place + 2 if pair else place + 1
