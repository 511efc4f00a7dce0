"""The records of a text against their definition, written down one character at a time."""

from __future__ import annotations

import csv
import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadsieve_connectors.chunk import Fault
from leadsieve_connectors.sources.text.dialect import Dialect
from leadsieve_connectors.sources.text.records import LOOK_AHEAD, RecordReader

COMMA = Dialect()
LINE = re.compile(rb"([^\r\n]*)(\r\n|\r|\n|$)")


def walk(text: bytes, start: int, *, strict: bool, most: int = 10_000) -> tuple[list[bytes], int] | None:
    """Return the cells of the record from `start` on and where it stops; None where a quote is open, or stray."""
    cells, cell, place, state = [], b"", start, "start"
    while place < len(text):
        char = text[place : place + 1]
        if state == "inside":
            if char == b'"':
                state = "closed"
            else:
                cell += char
        elif state == "closed" and char == b'"':
            cell, state = cell + b'"', "inside"
        elif char == b",":
            cells, cell, state = [*cells, cell], b"", "start"
            if strict and len(cells) >= most:
                return None
        elif char in b"\r\n":
            break
        elif state == "start" and char == b'"':
            state = "inside"
        elif state == "closed" and strict:
            return None
        else:
            # After a closing quote comes text, in which a quote is text as well.
            cell, state = cell + char, "text"
        place += 1
    return None if state == "inside" else ([*cells, cell], place)


def is_stray(line: bytes) -> bool:
    """Tell whether a quote of a record on one line is where csv would join cells, or parts of them, in silence."""
    cells, cell, inside = [], b"", False
    for char in (line[at : at + 1] for at in range(len(line))):
        if char == b"," and not inside:
            cells, cell = [*cells, cell], b""
            continue
        cell += char
        if cell.startswith(b'"'):
            inside = cell[1:].replace(b'""', b"").count(b'"') == 0
    opened = False
    for each in [*cells, cell]:
        if each.startswith(b'"'):
            if re.sub(rb'"(?:[^"]|"")*"', b"", each, count=1).strip():
                return True
        elif each.lstrip().startswith(b'"'):
            return True
        elif each.count(b'"') % 2:
            if opened and each.rstrip().endswith(b'"'):
                return True
            opened |= bool(re.search(rb'"[^"\s][^"]*$', each))
    return False


def stray(text: bytes, start: int, stop: int) -> bool:
    """Tell whether a quote of the record is neither around a cell nor doubled."""
    return not re.fullmatch(rb'(?:"(?:[^"]|"")*"|[^",\r\n]*)(?:,(?:"(?:[^"]|"")*"|[^",\r\n]*))*', text[start:stop])


def ends(text: bytes, stop: int) -> int:
    return LINE.match(text, stop).end()


def define(
    text: bytes, width: int | None, limit: int, most: int = 10_000
) -> list[tuple[int, bytes, list[bytes] | Fault]]:
    """Return (line, raw, cells or fault) of all records."""
    found, start, line = [], 0, 1
    most = most if width is None else 2 * width + 16
    while start < len(text):
        first = LINE.match(text, start)
        stop, cells = first.end(1), None
        here = walk(text[start:stop], 0, strict=False)
        if stop - start > limit:
            cells = Fault.RECORD_TOO_LARGE
        elif here is not None:
            cells = Fault.STRAY_QUOTE if is_stray(text[start:stop]) else here[0]
        else:
            cells = Fault.UNCLOSED_QUOTE
            whole = walk(text, start, strict=True, most=most)
            if whole is not None and whole[1] - start <= LOOK_AHEAD * limit:
                kept = several(text, start, first.end(), whole, width, limit)
                if kept is not None:
                    stop, cells = whole[1], kept
        found.append((line, text[start:stop], cells))
        line += len(re.findall(rb"\r\n|\r|\n", text[start : ends(text, stop)]))
        start = ends(text, stop)
    return found


def several(text, start, second, whole, width, limit) -> list[bytes] | Fault | None:
    """Return the cells or the fault of a record of several lines; None where it is not believed."""
    cells, stop = whole
    lines = [match[1] for match in LINE.finditer(text[second:stop]) if match[0]]
    long = stop - start > limit
    if width is None:
        return Fault.RECORD_TOO_LARGE if long else cells
    if (long or len(lines) + 1 > 8) and width > 1 and all(line.count(b",") + 1 == width for line in lines[:100]):
        return None
    if long:
        return Fault.RECORD_TOO_LARGE
    if len(cells) != width:
        rest, fits = text[second:stop], True
        for _, raw, inner in define(rest, None, limit, 2 * width + 16):
            fits &= isinstance(inner, list) and len(inner) == width and not stray(raw, 0, len(raw))
        if fits:
            return None
    return cells


def read(text: bytes, width: int | None, limit: int, size: int, dialect: Dialect = COMMA) -> list:
    """Return the same from the reader, given the text in windows that grow by `size` bytes."""
    reader = RecordReader(dialect, limit=limit, width=width)
    found, begin, line, until = [], 0, 1, 0
    skipping = False
    while begin < len(text) or until < len(text):
        until = min(until + size, len(text))
        last = until == len(text)
        if skipping:
            match = LINE.match(text, begin, until)
            if not last and text[match.end(1) : until] in (b"", b"\r"):  # what ends the line is not all here
                begin = until - text[:until].endswith(b"\r")
                continue
            begin, skipping = ends(text, match.end(1)), False
        for record in reader.records(text, begin, until, last=last):
            raw = text[record.start : record.stop]
            if record.cut:
                skipping, raw = True, LINE.match(text, record.start)[1]
            found.append((line, raw, record.fault if record.cells is None else record.cells))
            line, begin = line + record.lines, record.end
        if last and not skipping:
            break
    return found


TEXTS = st.lists(
    st.sampled_from(
        [
            *(b"a", b"bc", b",", b'"', b'""', b'"x",', b'x","y\n', b"\n", b"\r", b"\r\n", b'5" pipe,', b'"p\nq"'),
            *(b"1,2,3\n", b'"1",2,"3"\n', b'4,"', b'",5\n', b"x\n" * 9, b"1,2,3\n" * 9),
        ]
    ),
    max_size=60,
).map(b"".join)


@settings(max_examples=1250, deadline=None)
@given(
    text=TEXTS,
    width=st.sampled_from([None, 1, 2, 3]),
    limit=st.sampled_from([1, 4, 9, 20, 1000]),
    size=st.sampled_from([1, 2, 3, 5, 8, 13, 64, 4 << 20]),
)
def test_records_are_those_of_the_definition(text, width, limit, size):
    assert read(text, width, limit, size) == define(text, width, limit)


@settings(max_examples=500, deadline=None)
@given(text=st.text(alphabet='a," ;\t', max_size=30), delimiter=st.sampled_from(",;\t"))
def test_a_record_on_one_line_is_split_as_by_csv(text, delimiter):
    expected = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), []) or [""]
    found = read(text.encode(), None, 1000, 1000, Dialect(delimiter)) or [(1, b"", [b""])]
    sound = list(csv.reader(io.StringIO(text + f"\n{delimiter}sentinel", newline=""), delimiter=delimiter))[-1] == [
        "",
        "sentinel",
    ]
    if sound and is_stray(text.translate(str.maketrans(delimiter + ",", ",x" if delimiter != "," else ",,")).encode()):
        assert found[0][2] is Fault.STRAY_QUOTE
    elif sound:
        assert [cell.decode() for cell in found[0][2]] == expected
    else:
        assert found[0][2] is Fault.UNCLOSED_QUOTE


@pytest.mark.parametrize(
    ("dialect", "text", "cells"),
    [
        (Dialect("§"), 'a§"b§c"§d', ["a", "b§c", "d"]),
        (Dialect("§"), "a§§Â§\u00a7x", ["a", "", "Â", "", "x"]),
        (Dialect("→"), '↑→"→"', ["↑", "→"]),
        (Dialect(";", "'"), "'a;b';\"c;'d''e'", ["a;b", '"c', "d'e"]),
        (Dialect("\t", None), '6" pipe\t"a\tb"', ['6" pipe', '"a', 'b"']),
        (Dialect(",", '"', "\\"), r'"a \"b\", c","d\\","e\n","C:\x"', ['a "b", c', "d\\", r"e\n", r"C:\x"]),
        (Dialect(",", '"', "\\"), r'"a""b",c\"d', ['a"b', r"c\"d"]),
        (Dialect("."), 'a."b.c".d', ["a", "b.c", "d"]),
        (Dialect("^"), 'a^"b^c"^d', ["a", "b^c", "d"]),
        (Dialect("]"), 'a]"b]c"]d', ["a", "b]c", "d"]),
        (Dialect(" "), 'a "b c"  d', ["a", "b c", "", "d"]),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_any_single_character_separates(dialect, text, cells, size):
    found = read((text + "\n" + text).encode(), len(cells), 1000, size, dialect)
    assert [[cell.decode() for cell in record[2]] for record in found] == [cells, cells]


@pytest.mark.parametrize(
    ("text", "cells"),
    [
        ('1,"a" ,c', ["1", "a ", "c"]),
        ('5" pipe,6" nail,c', ['5" pipe', '6" nail', "c"]),
        ('5" pipe,b,6"', ['5" pipe', "b", '6"']),
        ('5"x7",b,c', ['5"x7"', "b", "c"]),
        ('"he said "hi"",b,c', None),
        ('"a"b,c,d', None),
        ('""https://x",b', None),
        ('"$64.02,"Shirt, Stripe",b', None),
        ('$48.00"Pillow, Wooden Paddles",b', None),
        ('a"b,c,d"', None),
        ('1, "b", c', None),
        ('1, "b, c', None),
    ],
)
def test_a_quote_that_would_join_cells_in_silence_is_a_fault(text, cells):
    ((_, _, found),) = read(text.encode(), 3, 1000, 1000)
    assert found is Fault.STRAY_QUOTE if cells is None else [cell.decode() for cell in found] == cells


@pytest.mark.parametrize("size", [5, 64, 1000])
def test_an_unclosed_quote_costs_its_first_line_only(size):
    text = b'1,"Bob\n' + b"2,Eve\n" * 50 + b'3,"Al, jr"\n'
    got = read(text, 2, 64, size)
    assert got[0] == (1, b'1,"Bob', Fault.UNCLOSED_QUOTE)
    assert got[1:-1] == [(line, b"2,Eve", [b"2", b"Eve"]) for line in range(2, 52)]
    assert got[-1] == (52, b'3,"Al, jr"', [b"3", b"Al, jr"])


@pytest.mark.parametrize(
    ("text", "records"),
    [
        # Strictly closed and of the right width: csv's reading.
        ('1,"a\nb",c\n', [["1", "a\nb", "c"]]),
        ('1,"a\n\n\nb, x",c\n', [["1", "a\n\n\nb, x", "c"]]),
        # A quoted cell of a later row would close it: that quote is stray, so it does not.
        ('1,"a,c\n2,"b, x",c\n', ["unclosed_quote", ["2", "b, x", "c"]]),
        ('"1","a","c\n"2","b","c"\n', ["unclosed_quote", ["2", "b", "c"]]),
        # It closes neatly but does not fit the columns, and what it would swallow does.
        ('1,"a,c\n2,b,c\n3,", b",c\n', ["unclosed_quote", ["2", "b", "c"], ["3", ", b", "c"]]),
        # Too wide as a whole, and its second line would only fit with a stray quote: one record, at fault.
        ('1,"a\nb",c,d\n', [["1", "a\nb", "c", "d"]]),
        # Many lines that each fit the columns are not a cell.
        (
            '1,"a,c\n' + "2,b,c\n" * 8 + '3,pipe 6",c\n',
            ["unclosed_quote", *[["2", "b", "c"]] * 8, ["3", 'pipe 6"', "c"]],
        ),
        # Many lines that do not are.
        ('1,"a\n' + "x\n" * 20 + 'b",c\n', [["1", "a\n" + "x\n" * 20 + "b", "c"]]),
    ],
)
def test_a_record_goes_on_only_where_that_explains_the_text_best(text, records):
    got = [
        cells if isinstance(cells, str) else [cell.decode() for cell in cells]
        for _, _, cells in read(text.encode(), 3, 1000, 9)
    ]
    assert got == records


def test_a_closed_cell_over_the_limit_is_one_record():
    text = b'1,"' + b"some words\n" * 500 + b'",c\n2,b,c\n'
    assert [record[2] for record in read(text, 3, 1000, 64)] == [Fault.RECORD_TOO_LARGE, [b"2", b"b", b"c"]]


@pytest.mark.parametrize("line", [b'x","y\n', b'x,"y\n', b'""\n"', b'"\n'])
def test_quotes_that_open_in_every_line_are_read_in_linear_time(line, monkeypatch):
    read_bytes = 0
    inner = RecordReader._closing

    def counting(self, text, place, stop):
        nonlocal read_bytes
        close = inner(self, text, place, stop)
        read_bytes += close - place
        return close

    monkeypatch.setattr(RecordReader, "_closing", counting)
    text = line * 5000
    read(text, 2, 1 << 20, len(text))
    assert read_bytes <= 25 * len(text)
