"""From text to digits, compiled: what `phonenumbers` does before it looks at any numbering plan.

`scan_bytes` reads the plain ASCII texts that nearly all columns hold; whatever could mean something else goes to
`scan_text`, which reads every Unicode text: letters, extensions, second numbers, foreign digits.

Indexes are cast to unsigned, which spares numba's test for negative ones.
"""

# ruff: noqa: PLR1714, SIM109 - plain comparisons are what compiles to plain code

from __future__ import annotations

from typing import Any

import numpy as np

from leadsieve_rules.jit import compiled
from leadsieve_rules.phone import tables as t

U = np.uint64
S = np.int64

# What a scan says of a text.
NUMBER = 0  # its digits are read
NO_NUMBER = 1  # no viable phone number
GENERAL = 2  # `scan_text` must read it
FALLBACK = 3  # `phonenumbers` must read it
OVERLONG = 4  # more than 250 characters

BYTE_SEPARATOR, BYTE_PLUS, BYTE_TEXT = t.BYTE_SEPARATOR, t.BYTE_PLUS, t.BYTE_TEXT
BYTE_GENERAL = t.BYTE_GENERAL
MAX_CHARACTERS, MIN_NATIONAL, NO_VALUE = t.MAX_CHARACTERS, t.MIN_NATIONAL, t.NO_VALUE
CLASS_WIDTH, CLASS_SYMBOL, CLASS_FLAGS, CLASS_SECOND = t.CLASS_WIDTH, t.CLASS_SYMBOL, t.CLASS_FLAGS, t.CLASS_SECOND
CLASS_DIGIT, CLASS_KEYPAD = t.CLASS_DIGIT, t.CLASS_KEYPAD
FLAG_START, FLAG_PLUS, FLAG_UNWANTED, FLAG_LETTER = t.FLAG_START, t.FLAG_PLUS, t.FLAG_UNWANTED, t.FLAG_LETTER
SECOND_SLASH, SECOND_SPACE, SECOND_X = t.SECOND_SLASH, t.SECOND_SPACE, t.SECOND_X
AT_PAGE_INDEX, AT_PAGES, AT_CLASSES = t.AT_PAGE_INDEX, t.AT_PAGES, t.AT_CLASSES
AT_VIABLE, AT_EXTENSION, SYMBOLS = t.AT_VIABLE, t.AT_EXTENSION, t.SYMBOLS

# Scratch of `scan_text`: the row of each character's class, whether the text up to each place is viable, and the
# byte at which each character begins.
_PLACES = 256
VIABLE_TO = _PLACES
BYTE_OF = 2 * _PLACES
MARKS = 3 * _PLACES

_LOWER_P, _LOWER_I, _SEMICOLON, _HASH = ord("p"), ord("i"), ord(";"), ord("#")


@compiled
def scan_bytes(text: Any, data: Any, start: Any, stop: Any, digits: Any) -> Any:
    """Read plain text.

    Args:
        text: The character tables.
        data: uint8, the bytes of many texts.
        start: Where this text begins.
        stop: Where it ends; at most 250 bytes later.
        digits: uint8 scratch: the digits' values are put at its beginning.

    Returns:
        What the text is, whether the number begins with a plus, and how many digits it has.
    """
    at = start
    kind = S(t.BYTE_FOREIGN)
    while at < stop:
        kind = S(text[U(data[U(at)])])
        if kind < BYTE_SEPARATOR or kind == BYTE_PLUS:
            break
        if kind == BYTE_GENERAL:
            return S(GENERAL), False, S(0)
        at += 1
    if at >= stop:
        return S(NO_NUMBER), False, S(0)
    plus = kind == BYTE_PLUS
    while at < stop and S(text[U(data[U(at)])]) == BYTE_PLUS:
        at += 1
    first = at
    last = at
    count = S(0)
    foreign = False  # something that ends the number has been seen
    broken = False  # and a digit after it
    while at < stop:
        kind = S(text[U(data[U(at)])])
        if kind < BYTE_SEPARATOR:
            digits[U(count)] = kind
            count += 1
            last = at
            broken |= foreign
        elif kind != BYTE_SEPARATOR:
            if kind == BYTE_TEXT or kind == BYTE_GENERAL:
                return S(GENERAL), False, S(0)
            foreign = True
        at += 1
    # Two digits are a number only if there is nothing else.
    if broken or count < 2 or (count == 2 and (plus or last - first != 1)):
        return S(NO_NUMBER), False, S(0)
    return S(NUMBER), plus, count


@compiled
def decode(data: Any, at: Any, stop: Any) -> Any:
    """Read one character of UTF-8; return its code point (-1 if the bytes are none) and where the next one begins."""
    lead = S(data[U(at)])
    if lead < 0x80:
        return lead, at + 1
    size = S(2) if lead < 0xE0 else S(3) if lead < 0xF0 else S(4)
    if at + size > stop:
        return S(-1), stop
    point = lead & (0x7F >> size)
    for place in range(at + 1, at + size):
        point = point << 6 | S(data[U(place)]) & 0x3F
    return (point if point < 0x110000 else S(-1)), at + size


@compiled
def read_classes(plans: Any, text: Any, data: Any, start: Any, stop: Any, marks: Any) -> Any:
    """Put the class row and the byte of every character into the scratch; return what the text is and its length."""
    count = S(0)
    at = start
    after_semicolon = False
    parameters = False
    while at < stop:
        begin = at
        point, at = decode(data, at, stop)
        if point < 0:
            return S(FALLBACK), count
        if count >= MAX_CHARACTERS:
            return S(OVERLONG), count
        # ";phone-context=" and ";isub=" change what is read.
        parameters |= after_semicolon and (point == _LOWER_P or point == _LOWER_I)
        after_semicolon = point == _SEMICOLON
        page = S(text[U(S(plans[AT_PAGE_INDEX]) + (point >> 8))])
        kind = S(text[U(S(plans[AT_PAGES]) + page * 256 + (point & 255))])
        marks[U(count)] = S(plans[AT_CLASSES]) + kind * CLASS_WIDTH
        marks[U(BYTE_OF + count)] = begin - start
        count += 1
    marks[U(BYTE_OF + count)] = stop - start
    return S(FALLBACK) if parameters else S(NUMBER), count


@compiled
def trim(text: Any, count: Any, marks: Any) -> Any:
    """Find the part that could be a number: from the first digit or plus, less its end and any second number."""
    begin = S(0)
    while begin < count and S(text[U(S(marks[U(begin)]) + CLASS_FLAGS)]) & FLAG_START == 0:
        begin += 1
    end = count
    while end > begin and S(text[U(S(marks[U(end - 1)]) + CLASS_FLAGS)]) & FLAG_UNWANTED:
        end -= 1
    for at in range(begin, end):
        if S(text[U(S(marks[U(at)]) + CLASS_SECOND)]) == SECOND_SLASH:
            after = at + 1
            while after < end and S(text[U(S(marks[U(after)]) + CLASS_SECOND)]) == SECOND_SPACE:
                after += 1
            if after < end and S(text[U(S(marks[U(after)]) + CLASS_SECOND)]) == SECOND_X:
                return begin, at
    return begin, end


@compiled
def find_extension(plans: Any, text: Any, begin: Any, end: Any, marks: Any) -> Any:
    """Return where the extension begins: the first place after a viable number; `end` where there is none."""
    width = S(plans[SYMBOLS]) + 1
    state = S(1)
    best = end
    at = end - 1
    while at >= begin:
        symbol = S(text[U(S(marks[U(at)]) + CLASS_SYMBOL)])
        state = S(text[U(S(plans[AT_EXTENSION]) + state * width + symbol)])
        if state == 0:
            break
        if text[U(S(plans[AT_EXTENSION]) + state * width + width - 1)]:
            best = at
        at -= 1
    if best - begin < MIN_NATIONAL or marks[U(VIABLE_TO + best)] == 0:
        return end
    return best


@compiled
def scan_text(plans: Any, text: Any, data: Any, start: Any, stop: Any, digits: Any, marks: Any) -> Any:
    """Read any text.

    Args:
        plans: The numbering plans, for the places of the character tables.
        text: The character tables.
        data: uint8, the bytes of many texts.
        start: Where this text begins.
        stop: Where it ends.
        digits: uint8 scratch: the digits' values are put at its beginning.
        marks: uint16 scratch of `MARKS` values.

    Returns:
        What the text is, whether the number begins with a plus, how many digits it has, and the first byte and the
        number of bytes of the extension's digits (0 where there is none).
    """
    said, count = read_classes(plans, text, data, start, stop, marks)
    if said != NUMBER:
        return said, False, S(0), S(0), S(0)
    begin, end = trim(text, count, marks)
    if end - begin < MIN_NATIONAL:
        return S(NO_NUMBER), False, S(0), S(0), S(0)
    width = S(plans[SYMBOLS]) + 1
    state = S(1)
    marks[U(VIABLE_TO + begin)] = 0
    for at in range(begin, end):
        symbol = S(text[U(S(marks[U(at)]) + CLASS_SYMBOL)])
        state = S(text[U(S(plans[AT_VIABLE]) + state * width + symbol)])
        marks[U(VIABLE_TO + at + 1)] = text[U(S(plans[AT_VIABLE]) + state * width + width - 1)]
    if marks[U(VIABLE_TO + end)] == 0:
        return S(NO_NUMBER), False, S(0), S(0), S(0)
    extension = find_extension(plans, text, begin, end, marks)
    first = S(0)
    size = S(0)
    if extension < end:  # its digits end it, but for one "#"
        tail = end
        if S(text[U(S(marks[U(tail - 1)]) + CLASS_DIGIT)]) == NO_VALUE:
            tail -= 1
        head = tail
        while head > extension and S(text[U(S(marks[U(head - 1)]) + CLASS_DIGIT)]) != NO_VALUE:
            head -= 1
        first = start + S(marks[U(BYTE_OF + head)])
        size = start + S(marks[U(BYTE_OF + tail)]) - first
    plus, read = take_digits(text, begin, extension, digits, marks)
    return S(NUMBER), plus, read, first, size


@compiled
def take_digits(text: Any, begin: Any, end: Any, digits: Any, marks: Any) -> Any:
    """Normalise a viable number: with three letters or more, the letters are keys; else only digits count."""
    plus = False
    while begin < end and S(text[U(S(marks[U(begin)]) + CLASS_FLAGS)]) & FLAG_PLUS:
        plus = True
        begin += 1
    letters = S(0)
    for at in range(begin, end):
        if S(text[U(S(marks[U(at)]) + CLASS_FLAGS)]) & FLAG_LETTER:
            letters += 1
    column = S(CLASS_KEYPAD) if letters >= 3 else S(CLASS_DIGIT)
    count = S(0)
    for at in range(begin, end):
        value = S(text[U(S(marks[U(at)]) + column)])
        if value != NO_VALUE:
            digits[U(count)] = value
            count += 1
    return plus, count
