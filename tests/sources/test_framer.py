"""The framer against its definition, written down one character at a time."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadsieve_connectors.chunk import Fault
from leadsieve_connectors.sources.framer import Framer
from leadsieve_connectors.sources.records import strip_line_end

SIZES = (1, 2, 3, 5, 8, 13, 64, 4 << 20)


def natural_end(text: bytes, start: int, delimiter: bytes) -> tuple[int, int] | None:
    """Return where the line end and where the next record start; None where a quote stays open."""
    place, inside, field_start, closed = start, False, True, False
    while place < len(text):
        char = text[place : place + 1]
        if inside:
            inside, closed = char != b'"', char == b'"'
        elif char == b'"' and (field_start or closed):
            inside, closed = True, False
        elif char in b"\r\n":
            return place, place + (2 if text[place : place + 2] == b"\r\n" else 1)
        else:
            closed = False
        field_start = not inside and char == delimiter
        place += 1
    return None if inside else (len(text), len(text))


def reference(text: bytes, delimiter: bytes, limit: int) -> list[tuple[int, bytes, Fault | None]]:
    """Return (line, record, fault) for all records."""
    records, place, line = [], 0, 1
    while place < len(text):
        match = re.compile(rb"[^\r\n]*(\r\n|\r|\n|$)").match(text, place)
        stop, after = match.start(1), match.end()
        end = natural_end(text, place, delimiter)
        if stop - place > limit:
            record, fault, end = text[place : place + limit], Fault.RECORD_TOO_LARGE, (stop, after)
        elif end is None or end[0] - place > limit:
            record, fault, end = text[place:stop], Fault.UNCLOSED_QUOTE, (stop, after)
        else:
            record, fault = text[place : end[0]], None
        records.append((line, record, fault))
        line += len(re.findall(rb"\r\n|\r|\n", text[place : end[1]]))
        place = end[1]
    return records


def framed(text: bytes, delimiter: str, limit: int, size: int) -> list[tuple[int, bytes, Fault | None]]:
    records = []
    for block in Framer(io.BytesIO(text).read, delimiter=delimiter, chunk_bytes=size, max_record_bytes=limit):
        bounds, lines = block.bounds().tolist(), block.line_numbers().tolist()
        assert len(bounds) == block.records + 1 == len(lines) + 1
        for index in range(block.records):
            record, fault = (
                strip_line_end(block.data[bounds[index] : bounds[index + 1]]),
                block.faults.get(index),
            )
            cut = fault is Fault.RECORD_TOO_LARGE
            records.append((lines[index], record[:limit] if cut else record, fault))
    return records


TEXTS = st.lists(
    st.sampled_from(
        [b"a", b"bc", b",", b'"', b'""', b'"x",', b'x","y\n', b"\n", b"\r", b"\r\n", b'5" pipe,', b'"p\nq"']
    ),
    max_size=60,
).map(b"".join)


@settings(max_examples=1500, deadline=None)
@given(text=TEXTS, limit=st.sampled_from([1, 4, 9, 20, 1000]), size=st.sampled_from(SIZES))
def test_records_are_those_of_the_definition(text, limit, size):
    assert framed(text, ",", limit, size) == reference(text, b",", limit)


@pytest.mark.parametrize("delimiter", [";", "\t", "|", " ", "a"])
def test_a_quote_opens_after_the_delimiter_only(delimiter):
    text = f'1{delimiter}"x\ny"\n2,"z\n'.encode()
    assert framed(text, delimiter, 100, 4) == reference(text, delimiter.encode(), 100)


@pytest.mark.parametrize("size", SIZES[2:])
def test_an_unclosed_quote_costs_its_first_line_only(size):
    text = b'1,"Bob\n' + b"2,Eve\n" * 50
    got = framed(text, ",", 64, size)
    assert got[0] == (1, b'1,"Bob', Fault.UNCLOSED_QUOTE)
    assert got[1:] == [(line, b"2,Eve", None) for line in range(2, 52)]


def test_quotes_that_open_in_every_line_are_scanned_once(monkeypatch):
    from leadsieve_connectors.sources import framer

    walked = []
    inner = framer.Quotes._ends_inside
    monkeypatch.setattr(
        framer.Quotes,
        "_ends_inside",
        lambda self, line, *, inside: walked.append(line) or inner(self, line, inside=inside),
    )
    text = b'x","y\n' * 2000
    got = framed(text, ",", 1 << 20, 4 << 20)
    assert [record for _, record, fault in got if fault is Fault.UNCLOSED_QUOTE] == [b'x","y'] * 2000
    assert len(walked) <= 4 * 2000  # each line begun outside and inside, once before and once at the end of the text


def test_a_record_far_over_the_limit_is_not_held():
    longest = 0

    def read(size: int) -> bytes:
        nonlocal left
        piece = left[:size]
        left = left[size:]
        return piece

    left = b"a,b\n" + b"x" * 500_000 + b"\n1,2\n"
    blocks = []
    for block in Framer(read, delimiter=",", chunk_bytes=1000, max_record_bytes=2000):
        longest = max(longest, len(block.data))
        blocks.append(block)
    assert longest <= 8000
    assert [fault for block in blocks for fault in block.faults.values()] == [Fault.RECORD_TOO_LARGE]
    assert blocks[-1].line_numbers().tolist()[-1] == 3
