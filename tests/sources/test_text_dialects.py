"""What is found in a text by itself: delimiter, encoding, header; and what each kind of damage costs."""

from __future__ import annotations

import pytest

from leadsieve_connectors.chunk import Fault
from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.records import MAX_RAW_CHARS, raw_text

ROWS = "phone{d}name{d}city\n" + "".join(f"+1415555{i:04d}{{d}}Doe, John; jr|x{{d}}Austin\n" for i in range(40))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(read, delimiter):
    body = ROWS.replace("Doe, John; jr|x", '"Doe, John; jr|x"').format(d=delimiter)
    got = read(body.encode())
    assert got.dialect["delimiter"] == delimiter
    assert got.rows[1] == ("+14155550000", "Doe, John; jr|x", "Austin")
    assert len(got.rows) == 40


def test_the_delimiter_that_is_told_is_taken(read):
    got = read(b"a;b,c\n1;2,3\n", delimiter=";")
    assert got.headers == ("a", "b,c")
    assert got.rows == {1: ("1", "2,3")}


@pytest.mark.parametrize("delimiter", ["", ",,", '"', "\n", "\r", "\0"])
def test_a_delimiter_that_cannot_be_is_an_invalid_option(read, delimiter):
    with pytest.raises(SourceError, match="delimiter") as caught:
        read(b"a,b\n1,2\n", delimiter=delimiter)
    assert caught.value.code == "invalid_option"


@pytest.mark.parametrize("chunk_bytes", [1, 3, 4 << 20])
@pytest.mark.parametrize(
    ("codec", "told", "named", "mark"),
    [
        ("utf-8", None, "utf-8", False),
        ("utf-8-sig", None, "utf-8", True),
        ("utf-8-sig", "utf8", "utf-8", True),
        ("utf-16", None, "utf-16-le", True),
        ("utf-16", "utf-16", "utf-16", True),
        ("utf-16-le", "UTF-16LE", "utf-16-le", False),
        ("utf-16-be", "utf-16-be", "utf-16-be", False),
        ("utf-32", None, "utf-32-le", True),
        ("cp1252", "windows-1252", "cp1252", False),
        ("gb18030", "gb18030", "gb18030", False),
    ],
)
def test_encodings(read, codec, told, named, mark, *, chunk_bytes):
    got = read('name,city\r\nZoë,"Kö\nln"\r\n'.encode(codec), encoding=told, chunk_bytes=chunk_bytes)
    assert got.headers == ("name", "city")
    assert got.rows == {1: ("Zoë", "Kö\nln")}
    assert (got.dialect["encoding"], got.dialect["byte_order_mark"]) == (named, mark)
    assert got.nbytes == got.size


def test_utf16_big_endian_is_known_by_its_mark(read):
    got = read("\ufeffa,b\nZoë,2\n".encode("utf-16-be"))
    assert (got.rows, got.dialect["encoding"]) == ({1: ("Zoë", "2")}, "utf-16-be")


@pytest.mark.parametrize("chunk_bytes", [1, 5, 4 << 20])
@pytest.mark.parametrize(
    ("told", "bad", "raw"),
    [
        ("utf-8", b"Zo\xeb", r"Zo\xeb"),
        ("utf-8", b"\xed\xb3\xbf", r"\xed\xb3\xbf"),
        ("utf-8", b"\xc0\x80\xff", r"\xc0\x80\xff"),
        ("cp1252", b"x\x81\x8dy", r"x\x81\x8dy"),
        ("ascii", b"x\xc3\xa9", r"x\xc3\xa9"),
        ("shift_jis", b"x\xffy", r"x\xffy"),
    ],
)
def test_bytes_that_are_not_text_cost_their_own_record(read, told, bad, raw, chunk_bytes):
    got = read(b'a,b\n1,2\n"\n",' + bad + b"\n3,4\n" + bad + b"\n5,6\n", encoding=told, chunk_bytes=chunk_bytes)
    assert got.rows == {1: ("1", "2"), 3: ("3", "4"), 5: ("5", "6")}
    fault = Fault.UNDECODABLE_BYTES
    assert got.bad == [(2, 3, f'"\n",{raw}', fault), (4, 6, raw, fault)]


def test_half_a_surrogate_pair_costs_its_own_record(read):
    data = "a,b\n1,2\n".encode("utf-16-le") + b"\x3d\xd8" + ",x\n5,6\n".encode("utf-16-le")
    for chunk_bytes in (1, 2, 3, 1 << 20):
        got = read(data, encoding="utf-16-le", chunk_bytes=chunk_bytes)
        assert got.rows == {1: ("1", "2"), 3: ("5", "6")}
        assert got.bad == [(2, 3, r"\x3d\xd8,x", Fault.UNDECODABLE_BYTES)]


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [
        (b"", "empty_file", "empty"),
        (b"\n \r\n,,\n", "empty_file", "empty"),
        (b"\xef\xbb\xbf", "empty_file", "empty"),
        (b"\xff\xfe", "empty_file", "empty"),
        (b"a,b\n", "empty_file", "only a header"),
        (b"a,b\n,\n \n\n" + b"\n" * 200_000, "empty_file", "only a header"),
        (b'a,"b\n1,2\n', "malformed_file", "never closed"),
        (b'a,"b"c\n1,2\n1,2\n', "malformed_file", "neither opens nor closes"),
        (b"a" * 2000 + b"\n1\n", "malformed_file", "longer than 1000 bytes"),
    ],
)
def test_a_text_without_header_or_rows_is_refused(read, data, code, words):
    with pytest.raises(SourceError, match=words) as caught:
        read(data, max_record_bytes=1000)
    assert caught.value.code == code
    assert "leads.csv" in caught.value.message
    assert "\n" not in caught.value.message


def test_a_header_may_be_quoted_and_span_lines(read):
    got = read(b'\n"Mobile\r\nNo.", Name ,,Name\r\n1,2,3,4\r\n5,6,7,8')
    assert got.headers == ("Mobile\r\nNo.", " Name ", "", "Name")
    assert got.columns == ["Mobile\r\nNo.", "Name", "column_3", "Name_2"]
    assert (got.lines, got.blank) == ([4, 5], 1)


def test_cells_come_as_they_are(read):
    got = read(b'a,b\n001, x \n"",NA\n\x00,nan\n"\xef\xbb\xbf1",null\n\xef\xbb\xbf2,"\n"\n')
    assert list(got.rows.values()) == [
        ("001", " x "),
        (None, "NA"),
        ("\0", "nan"),
        ("\ufeff1", "null"),
        ("\ufeff2", "\n"),
    ]


def test_what_is_blank_is_not_a_row(read):
    got = read('a,b,c\n1,2,3\n\n,,\n \t,\u3000,\n ,\n,,,,,\n"","\n"\n4,5,6\n'.encode(), delimiter=",")
    assert got.rows == {1: ("1", "2", "3"), 2: ("4", "5", "6")}
    assert (got.blank, got.lines, got.bad) == (6, [2, 10], [])


def test_bad_records_show_their_text(read):
    got = read(b'a,b\r\n1\r\n"x\r\ny",2,3\r\na,b\r\n"a",b\r\n4,5\r\n7,"8')
    assert got.rows == {5: ("4", "5")}
    assert got.bad == [
        (1, 2, "1", Fault.TOO_FEW_FIELDS),
        (2, 3, '"x\r\ny",2,3', Fault.TOO_MANY_FIELDS),
        (3, 5, "a,b", Fault.REPEATED_HEADER),
        (4, 6, '"a",b', Fault.REPEATED_HEADER),
        (6, 8, '7,"8', Fault.UNCLOSED_QUOTE),
    ]


@pytest.mark.parametrize("chunk_bytes", [7, 1000, 4 << 20])
@pytest.mark.parametrize("long", [b"x" * 300_000, b"\xc3\xa9" * 150_000])
def test_the_text_of_a_huge_record_is_cut(read, chunk_bytes, long):
    if chunk_bytes == 7:
        long = long[:3000]
    got = read(b"a,b\n1," + long + b"\n2,3\n", max_record_bytes=len(long) - 10, chunk_bytes=chunk_bytes)
    assert got.rows == {2: ("2", "3")}
    ((row, line, raw, fault),) = got.bad
    assert (row, line, fault) == (1, 2, Fault.RECORD_TOO_LARGE)
    assert raw == ("1," + long.decode())[: len(raw)]
    assert len(raw) == MAX_RAW_CHARS or chunk_bytes == 7
    assert got.nbytes == got.size


def test_raw_text_is_at_most_what_a_workbook_cell_holds():
    assert raw_text("\N{GRINNING FACE}".encode() * 40_000) == "\N{GRINNING FACE}" * MAX_RAW_CHARS
    assert len(raw_text(b"\xff" * 100_000)) == MAX_RAW_CHARS


@pytest.mark.parametrize("lines", [4, 2**31, 2**63 - 1, 2**63, 10**30])
def test_more_lines_to_skip_than_there_are_leave_nothing(read, lines):
    with pytest.raises(SourceError, match="give a file with a header and leads") as caught:
        read(b"a,b\n1,2\n3,4\n", skip_rows=lines)
    assert caught.value.code == "empty_file"
