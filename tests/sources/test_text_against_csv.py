"""The text source against Python's `csv` on random documents, whatever sizes it is read in."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from leadsieve_connectors.chunk import Fault
from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources import ReadOptions, open_sources

if TYPE_CHECKING:
    from pathlib import Path

CHUNK_SIZES = (1, 2, 3, 7, 16, 61, 4 << 20)
HEADER = "a,b,c\n"
PIECES = st.sampled_from(
    [
        "a",
        "1",
        ",",
        '"',
        '""',
        '"x"',
        "\n",
        "\r",
        "\r\n",
        " ",
        "é",
        "\N{ZERO WIDTH NO-BREAK SPACE}",
        "\x00",
        "x,y,z\n",
    ]
)
CELLS = st.one_of(
    st.sampled_from(["", "1", "bob", " ", 'q"q']),
    st.lists(PIECES, max_size=5).map(lambda parts: '"' + "".join(parts).replace('"', '""') + '"'),
)
RECORDS = st.lists(st.lists(CELLS, min_size=1, max_size=4).map(",".join), max_size=12)
# Every quote of them opens, closes or doubles. What becomes of others, which `csv` reads as it can, is the business of
# the definition in `test_text_records`.
DOCUMENTS = st.tuples(RECORDS, st.sampled_from(["\n", "\r\n", "\r"])).map(lambda made: made[1].join(made[0]))


def read(path: Path, **options: object) -> tuple[list[tuple], list[tuple], int]:
    """Return the rows (row, line, cells), the bad records and the number of blank records of a file."""
    good, bad, blank = [], [], 0
    with open_sources([str(path)], ReadOptions(**options)) as sources:
        (source,) = sources
        for chunk in source.chunks():
            numbers = sorted(chunk.rows.to_pylist() + chunk.bad["row"].to_pylist())
            assert numbers == list(range(len(good) + len(bad) + 1, len(good) + len(bad) + 1 + chunk.num_rows))
            assert chunk.table.schema == source.schema
            cells = zip(*(column.to_pylist() for column in chunk.table.columns), strict=True)
            good += zip(chunk.rows.to_pylist(), chunk.lines.to_pylist(), cells, strict=True)
            bad += [tuple(record.values()) for record in chunk.bad.to_pylist()]
            blank += chunk.blank_records
    return good, bad, blank


def oracle(text: str) -> tuple[list[tuple], list[tuple], int]:
    """Return the same by Python's `csv`, for text in which every quote is closed."""
    csv.field_size_limit(1 << 30)
    lines = io.StringIO(text, newline="").readlines()
    reader = csv.reader(lines)
    header = next(reader)
    good, bad, blank, row, line = [], [], 0, 0, reader.line_num + 1
    for cells in reader:
        raw = "".join(lines[line - 1 : reader.line_num])
        raw = raw[:-2] if raw.endswith("\r\n") else raw[:-1] if raw.endswith(("\r", "\n")) else raw
        if not any(cell.strip() for cell in cells):
            blank += 1
        else:
            row += 1
            if len(cells) < len(header):
                bad.append((row, line, raw, Fault.TOO_FEW_FIELDS))
            elif len(cells) > len(header):
                bad.append((row, line, raw, Fault.TOO_MANY_FIELDS))
            elif cells == header:
                bad.append((row, line, raw, Fault.REPEATED_HEADER))
            else:
                good.append((row, line, tuple(cell or None for cell in cells)))
        line = reader.line_num + 1
    return good, bad, blank


def every_row_ends_in_a_delimiter(text: str) -> bool:
    """Tell whether each of three rows or more has an empty cell more than the header, which is how some files are."""
    rows = [cells for cells in csv.reader(io.StringIO(text, newline="")) if any(cell.strip() for cell in cells)][1:]
    return len(rows) >= 3 and all(len(cells) == 4 and not cells[-1].strip() for cells in rows)


def outcome(path: Path, **options: object) -> object:
    try:
        return read(path, **options)
    except SourceError as error:
        return error.code, error.message


@settings(max_examples=220, deadline=None)
@given(body=DOCUMENTS, chunk_bytes=st.sampled_from(CHUNK_SIZES))
def test_same_records_rows_lines_and_faults(tmp_path_factory, body, chunk_bytes):
    text = HEADER + body
    path = tmp_path_factory.getbasetemp() / "random.csv"
    path.write_bytes(text.encode())
    expected = oracle(text)
    assume(not every_row_ends_in_a_delimiter(text))
    got = outcome(path, chunk_bytes=chunk_bytes, delimiter=",", header=True, encoding="utf-8")
    assert got == expected or (got[0] == "empty_file" and not expected[0] and not expected[1])


NASTY = st.lists(
    st.sampled_from(
        [
            *(b"a", b"1,2,3\n", b",", b'"', b'""', b'"x",', b"\n", b"\r", b"\r\n", b"\xff", "é".encode()),
            *(b"\xef\xbb\xbf", b"0123456789" * 3, b'x","y\n', b"a,b,c\n", b"\x00", b" , \n"),
        ]
    ),
    max_size=50,
).map(b"".join)


@settings(max_examples=220, deadline=None)
@given(body=NASTY, max_record_bytes=st.sampled_from([8, 20, 50, 1 << 20]))
def test_results_do_not_depend_on_the_chunk_size(tmp_path_factory, body, max_record_bytes):
    path = tmp_path_factory.getbasetemp() / "nasty.csv"
    path.write_bytes(HEADER.encode() + body)
    results = [
        outcome(path, chunk_bytes=size, max_record_bytes=max_record_bytes, delimiter=",") for size in CHUNK_SIZES
    ]
    assert all(result == results[0] for result in results[1:])


@pytest.mark.parametrize("max_rows", [0, 1, 2, 3, 4, 5, 9])
@pytest.mark.parametrize("chunk_bytes", CHUNK_SIZES)
def test_max_rows_is_exact_and_counts_the_blanks_before_the_last_row(tmp_path, max_rows, chunk_bytes):
    path = tmp_path / "leads.csv"
    path.write_text("\na,b\n\n1,2\n\n3\n,\n4,5\n\n\n6,7\n")
    good, bad, blank = read(path, max_rows=max_rows, chunk_bytes=chunk_bytes)
    assert [row for row, *_ in sorted(good + bad)] == list(range(1, min(max_rows, 4) + 1))
    assert blank == [0, 2, 3, 4, 6, 6, 6, 6, 6, 6][max_rows]
