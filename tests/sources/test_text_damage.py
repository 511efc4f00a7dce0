"""Random documents with random damage: what was not damaged comes out as it went in, and nothing is lost in silence."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from leadsieve_connectors.sources.text.dialect import Dialect
from leadsieve_connectors.sources.text.kernel import CompiledSplitter
from leadsieve_connectors.sources.text.split import PlainSplitter, Shape
from leadsieve_connectors.sources.text.window import Window

COLUMNS = 3
LIMIT = 400
SPLITTERS = (PlainSplitter, CompiledSplitter)

# What a cell begins with is no delimiter, line end or quote: a quote left open before could end there neatly, and then
# no reader can know what was meant.
BEGIN = st.sampled_from(["a", "1", "é", " ", "+91 98", "\x00", "Zoë", "ab" * 40])
REST = st.lists(st.sampled_from([*'a1 ,;"\n\r\té', "\r\n", '""', "x" * 30, "\N{GRINNING FACE}"]), max_size=6).map(
    "".join
)
CELL = st.one_of(st.just(""), BEGIN, st.builds("{}{}".format, BEGIN, REST))
PLAIN = st.one_of(st.just(""), BEGIN)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])
QUOTING = st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
DAMAGE = st.sampled_from(["short", "long", "bad byte", "open quote", "unclosed quote", "too large", "junk"])


@dataclass
class Row:
    """One row of a document: its cells, how it is written, and whether it is damaged."""

    cells: list[str]
    text: bytes
    damaged: bool


def written(cells: list[str], quoting: int, end: str) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=quoting).writerow(cells)
    return (out.getvalue().removesuffix("\r\n") + end).encode()


@st.composite
def rows(draw) -> Row:
    damage = draw(st.one_of(st.none(), st.none(), DAMAGE))
    end, quoting = draw(ENDS), draw(QUOTING)
    # A damaged row stands on one line: of a longer one, the rest would look like rows of its own.
    cells = draw(st.lists(CELL if damage is None else PLAIN, min_size=COLUMNS, max_size=COLUMNS))
    cells[0] = cells[0] if cells[0].strip() else "1"
    if damage == "short":
        cells = cells[: draw(st.integers(1, COLUMNS - 1))]
    elif damage == "long":
        cells = [*cells, *draw(st.lists(PLAIN, min_size=1, max_size=3))]
    elif damage == "too large":
        cells[1] = "y" * (LIMIT + 1)
    elif damage == "junk":
        return Row(
            cells, draw(st.sampled_from(["----- page 2 -----", '"junk', "a,b,c,d,e,f,g"])).encode() + end.encode(), True
        )
    text = written(cells, quoting, end)
    if damage is None:
        assume(len(text) <= LIMIT)  # a longer one is damage too
    if damage == "bad byte":
        text = b"\xff" + text
    elif damage == "open quote":
        text = written(cells[:2], csv.QUOTE_MINIMAL, ",") + b'"' + (cells[2] + "z" + end).encode()
    elif damage == "unclosed quote":
        text = written([*cells[:2], "last"], csv.QUOTE_ALL, "")[:-1] + end.encode()
    return Row(cells, text, damage is not None)


class Pieces:
    """A text stream that gives its text in pieces of its own choice."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = [piece for piece in pieces if piece]

    def read(self, _size: int) -> bytes:
        return self._pieces.pop(0) if self._pieces else b""


def read(splitter, pieces: list[bytes]) -> tuple[list[tuple[int, tuple]], list[int], int]:
    """Split a text that comes in pieces; return (line, cells) of good rows, lines of bad ones, and the blanks."""
    good, bad, blank, line = [], [], 0, 1
    window = Window(Pieces(pieces), 1)
    while window.more():
        piece = splitter.split(window.text, window.size, last=window.last)
        window.drop(piece.used)
        cells = list(zip(*(column.to_pylist() for column in piece.columns), strict=True))
        good += [(line + int(piece.lines[place]), row) for place, row in zip(piece.places.tolist(), cells, strict=True)]
        bad += [line + int(piece.lines[place]) for place in sorted(piece.bad)]
        blank += int(piece.blank.sum())
        line += piece.physical
        if piece.cut:
            window.skip_line()
    assert window.offset == sum(map(len, pieces))
    return good, bad, blank


def judge(document: list[Row], result) -> None:
    """Compare what was read with what was written."""
    good, bad, _ = result
    expected, lines, line = [], [], 1
    for row in document:
        count = len(io.StringIO(row.text.decode("utf-8", "replace"), newline=None).readlines())
        if row.damaged:
            lines.append(range(line, line + count))
        else:
            expected.append((line, tuple(cell or None for cell in row.cells)))
        line += count
    of_damaged = {each for span in lines for each in span}
    assert [(at, cells) for at, cells in good if at not in of_damaged] == expected
    assert all(at in of_damaged for at in bad)
    assert all(any(at in span for at in bad) for span in lines), "damage that nobody was told of"


def shape() -> Shape:
    return Shape(dialect=Dialect(), width=COLUMNS, header=("h1", "h2", "h3"), limit=LIMIT, marked=False)


@settings(max_examples=500, deadline=None)
@given(document=st.lists(rows(), min_size=1, max_size=8), step=st.integers(1, 200))
def test_undamaged_rows_are_exact_and_damage_is_told(document, step):
    text = b"".join(row.text for row in document)
    for splitter in SPLITTERS:
        judge(document, read(splitter(shape()), [text[at : at + step] for at in range(0, len(text), step)]))


@settings(max_examples=60, deadline=None)
@given(document=st.lists(rows(), min_size=1, max_size=4))
def test_it_does_not_matter_where_a_window_ends(document):
    text = b"".join(row.text for row in document)
    for splitter in SPLITTERS:
        made = splitter(shape())
        whole = read(made, [text])
        judge(document, whole)
        assert all(read(made, [text[:cut], text[cut:]]) == whole for cut in range(len(text)))
