"""The compiled splitter gives exactly what the plain one gives, on any bytes and wherever a window ends."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadsieve_connectors.chunk import Fault
from leadsieve_connectors.sources.text import frame
from leadsieve_connectors.sources.text.dialect import Dialect
from leadsieve_connectors.sources.text.kernel import CompiledSplitter, covers
from leadsieve_connectors.sources.text.split import SLACK, PlainSplitter, Shape

if TYPE_CHECKING:
    from leadsieve_connectors.sources.text.split import Piece

SHAPE = Shape(Dialect(), 3, ("name", "long name", "x"), 1000, marked=False)
DIALECTS = [*map(Dialect, ",;\t| "), Dialect(",", "'"), Dialect("\t", "'"), Dialect(";", None)]


def told(piece: Piece) -> tuple[object, ...]:
    """Give all that a piece holds, to be compared."""
    for column in piece.columns:
        column.validate(full=True)
    return (
        piece.used,
        piece.physical,
        piece.cut,
        piece.lines.tolist(),
        piece.places.tolist(),
        piece.blank.tolist(),
        piece.bad,
        [column.to_pylist() for column in piece.columns],
        [array.dtype for array in (piece.lines, piece.places, piece.blank)],
        [(column.type, column.null_count) for column in piece.columns],
    )


def check(text: bytes, shape: Shape, *, last: bool, slack: bytes = bytes(SLACK)) -> Piece:
    """Split a window both ways, and return what came out."""
    plain = PlainSplitter(shape).split(text + slack, len(text), last=last)
    compiled = CompiledSplitter(shape).split(text + slack, len(text), last=last)
    assert told(compiled) == told(plain)
    return compiled


def check_everywhere(text: bytes, shape: Shape) -> None:
    """Cut the window at every place; what follows stands in the slack, where nobody may use it."""
    for size in range(len(text) + 1):
        check(text[:size], shape, last=False, slack=text[size : size + SLACK].ljust(SLACK, b'"'))
    for slack in (b"\x80" * SLACK, b'"' * SLACK, b'"'.ljust(SLACK, b"x")):
        check(text, shape, last=True, slack=slack)


WORDS = ["", "a", "x y", "é", "€", "😀", "\u3000", "\xa0", " ", "\t", "\x1c", "\0", "\ufeff", "name", "long name", "x"]
BROKEN = [
    b"\xff",
    b"\xc3",
    b"\xe2\x82",
    b"\xed\xa0\x80",
    b"\xed\xb2\x80",
    b"\xf4\x90\x80\x80",
    b"\xc0\x80",
    b"\xf0\x9f",
]
LINE_ENDS = [b"\n", b"\r\n", b"\r"]


@st.composite
def documents(draw: st.DrawFn) -> tuple[bytes, Shape]:
    """Draw records, mostly as they should be, and put anything anywhere."""
    dialect, width = draw(st.sampled_from(DIALECTS)), draw(st.integers(1, 4))
    header = draw(st.sampled_from([None, ("name", "long name", "x", "é"), ("", " ", "", ""), ('x"', "a", '"""', "b")]))
    limit = draw(st.sampled_from([3, 20, 64, 100, 1000, 100_000]))
    shape = Shape(dialect, width, header and header[:width], limit, marked=draw(st.booleans()))
    delimiter, quote = dialect.delimiter.encode(), (dialect.quote or '"').encode()
    odd = [*BROKEN, *LINE_ENDS, delimiter, quote, quote * 2, quote + delimiter, delimiter + quote, b"p" * 60]
    plain = st.sampled_from([word.encode() for word in WORDS] + [b"0123456789" * 4])
    quoted = st.lists(st.one_of(plain, st.sampled_from([quote * 2, delimiter, *LINE_ENDS])), max_size=4).map(
        lambda parts: quote + b"".join(parts) + quote
    )
    record = st.lists(st.one_of(plain, plain, quoted), min_size=width, max_size=width).map(delimiter.join)
    repeated = st.just(delimiter.join(cell.encode() for cell in header or ()))
    lines = st.one_of(record, record, record, repeated, st.lists(st.sampled_from(odd), max_size=5).map(b"".join))
    text = b"".join(draw(st.lists(st.one_of(lines, st.sampled_from(LINE_ENDS)), max_size=25)))
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(st.sampled_from(odd)) + text[at:]
    return text, shape


@settings(max_examples=150, deadline=None)
@given(documents())
def test_any_document_is_split_as_the_plain_splitter_splits_it_wherever_it_is_cut(drawn: tuple[bytes, Shape]) -> None:
    check_everywhere(*drawn)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*b'a,"\r\n'] * 3 + [0x80, 0xC3, 0xA9, 0xFF, 0x20]), max_size=80), st.integers(1, 4))
def test_any_bytes_are_split_as_the_plain_splitter_splits_them(text: list[int], width: int) -> None:
    check_everywhere(bytes(text), replace(SHAPE, width=width, header=("a",) * width))


STRUCTURES = {
    "quoted": b'"a, b",c,d\n',
    "doubled quotes": b'"a ""b"" c","""","d"""\n',
    "empty cells": b',"",\n1,,\n',
    "a line end in a cell": b'1,"a\nb","c\r\nd"\r\n',
    "many lines": b'1,"' + b"\n" * 7 + b'",x\n1,"' + b"\n" * 8 + b'",x\n',
    "lines that fit the columns": b'1,2,"' + b"x,y,z\n" * 7 + b'x"\n1,2,"' + b"x,y,z\n" * 8 + b'x,y,z"\n',
    "text after a quote that holds lines": b'1,"a\nb"c,d\n1,"a\nb" ,d\n',
    "CRLF": b"a,b,c\r\nd,e,f\r\n\r\n",
    "CR": b"a,b,c\rd,e,f\r\r\n",
    "text after a quote": b'"a"b,"c"" d"e"f,g\n',
    "a quote within a cell": b'5" pipe,a"b,""c\n',
    "a quote left open": b'a,"b,c\nd,e,f\n',
    "a quote closed too late": b'a,"b,c\nd,"e",f\n',
    "too few and too many": b"a,b\na,b,c,d\n,\n,,,\n",
    "blank": b'\n,,\n , ,\t\n"","",""\n" ",,\n"""",,\n\xe3\x80\x80,\xc2\xa0,\n',
    "header": b'name,long name,x\n"name","long name","x"\nname,"long" name,x\nname,long name,y\n',
    "characters of all sizes": "é,€,😀\n".encode(),
    "characters that are none": b"\xe2\x82,b,c\n\xc3\n,,\x80\n\xf0\x9f\x98\n\xed\xa0\x80,b,c\n\xc0\xaf,,\nd,e,f\n",
    "long": b"a,b," + b"c" * 130 + b"\n",
}


@pytest.mark.parametrize("structure", STRUCTURES.values(), ids=STRUCTURES.keys())
def test_every_structure_may_cross_the_border_of_a_block(structure: bytes) -> None:
    for pad in range(130):
        # Masks begin anew after a row that is not sound, so this one is.
        for before in (b"p" * pad + b",b,c\n", b'a,b,"' + b"p" * pad + b'"\r\n', b"p" * pad + b","):
            check(before + structure + b"1,2,3\n" + structure, SHAPE, last=False)


@pytest.mark.parametrize(
    "header", [("a", 'q"r"s', "b"), ('"', '""', '"""'), ("", "", ""), (" ", "", "\u3000"), ("a", "b")]
)
def test_a_record_repeats_the_header_by_its_cells(header: tuple[str, ...]) -> None:
    shape = replace(SHAPE, header=header)
    quoted = [f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in header]
    forms = [header, quoted, [*quoted[:-1], f'""{header[-1]}'], [f" {quoted[0]}", *header[1:]], reversed(header)]
    check_everywhere("".join(f"1,2,3\n{','.join(form)}\n" for form in forms).encode(), shape)


def test_a_line_end_of_two_bytes_may_cross_the_border_of_a_block() -> None:
    shape = Shape(Dialect(), 1, None, 1000, marked=False)
    for pad in range(130):
        check(b"p" * pad + b'\r\na\r\n"b\r\nc"\r\nd\r\n', shape, last=True)


@pytest.mark.parametrize("limit", range(55, 75))
def test_the_longest_record_is_as_long_as_the_limit(limit: int) -> None:
    shape = replace(SHAPE, limit=limit)
    check_everywhere(
        b"a,b," + b"c" * 60 + b'\n"' + b"d" * 50 + b'\n123456789",e,f\n' + b"g" * 200 + b"\n1,2,3\n", shape
    )


@pytest.mark.parametrize(
    ("text", "width"),
    [
        (b"\n" * 9_000, 1),
        (b"a\n" * 9_000, 1),
        (b"," * 9_000 + b"\n", 3),
        (b",,x\n" * 9_000, 3),
        (b"a,b\n" * 9_000, 3),
        (("é" * 40_000 + ",b\n").encode(), 3),
    ],
    ids=["blank lines", "short rows", "one record of many cells", "short cells", "ragged", "a long text to show"],
)
def test_records_and_cells_may_be_as_many_as_bytes_allow(text: bytes, width: int) -> None:
    check(text, Shape(Dialect(), width, None, 1 << 20, marked=False), last=True)


def test_windows_of_one_splitter_do_not_touch_each_other() -> None:
    texts = [b"a,b,c\n" * 500, b'"x\ny",,\n1,2\n' * 300, b"name,long name,x\n1,2,3\n" * 100]
    splitter, plain = CompiledSplitter(SHAPE), PlainSplitter(SHAPE)
    with ThreadPoolExecutor(3) as pool:
        pieces = list(pool.map(lambda text: splitter.split(text + bytes(SLACK), len(text), last=True), texts * 20))
    wanted = [told(plain.split(text, len(text), last=True)) for text in texts]
    assert [told(piece) for piece in pieces] == wanted * 20


def test_white_space_is_what_strip_takes_off() -> None:
    characters = [chr(point) for point in range(sys.maxunicode + 1) if not 0xD800 <= point < 0xE000]
    characters = [character for character in characters if character not in '\r\n,"']
    text = "\n".join([*characters, ""]).encode()
    piece = CompiledSplitter(Shape(Dialect(), 1, None, 100, marked=False)).split(
        text + bytes(SLACK), len(text), last=True
    )
    blank = [character for character, flag in zip(characters, piece.blank.tolist(), strict=True) if flag]
    assert blank == [character for character in characters if character.isspace()]
    assert piece.columns[0].to_pylist() == [character for character in characters if not character.isspace()]


def test_what_is_utf8_is_what_decodes() -> None:
    leads = [bytes([first, second]) for first in (0x41, *range(0x80, 0x100)) for second in range(0x7E, 0x100)]
    lines = [b"." + lead + tail for lead in leads for tail in (b"", b"\x80", b"\x80\xbf", b"\x80\x80\x80", b"a")]
    piece = CompiledSplitter(Shape(Dialect(), 1, None, 100, marked=False)).split(
        b"\n".join([*lines, bytes(SLACK)]), sum(map(len, lines)) + len(lines), last=True
    )
    broken = [place for place, line in enumerate(lines) if line.decode(errors="replace").encode() != line]
    assert list(piece.bad) == broken
    assert {fault for _, fault in piece.bad.values()} == {Fault.UNDECODABLE_BYTES}


@pytest.mark.parametrize(
    ("dialect", "covered"),
    [
        (Dialect(), True),
        (Dialect("\t", None), True),
        (Dialect("|", "'"), True),
        (Dialect("¦"), False),
        (Dialect(",", '"', "\\"), False),
    ],
)
def test_the_dialects_that_are_compiled(dialect: Dialect, covered: bool) -> None:
    assert covers(dialect) is covered


def test_a_window_past_32_bits_is_left_to_the_plain_splitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leadsieve_connectors.sources.text.kernel._MAX_BYTES", 5)
    monkeypatch.setattr(frame, "find_records", None)
    assert check(b"a,b,c\n", SHAPE, last=True).used == 6
