"""What stands in cells comes out as the same text, whoever wrote the workbook and whatever reads it."""

# ruff: noqa: DTZ001 - the cells of a workbook have no time zone
from __future__ import annotations

import datetime as dt
import io
import random

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont

from leadsieve_connectors.sources.excel.markup import unescape
from leadsieve_connectors.sources.excel.numbers import Kind, NumberFormat, number_text, read_format

VALUES = [
    ("text", "text"),
    ("  007 ", "  007 "),
    ("a\nb\tc", "a\nb\tc"),
    ("Köln & <Söhne> \U0001f600", "Köln & <Söhne> \U0001f600"),
    ("0123456789012345678", "0123456789012345678"),
    (919876543210, "919876543210"),
    (919876543210.0, "919876543210"),
    (0, "0"),
    (-0.0, "0"),
    (-5, "-5"),
    (1.5, "1.5"),
    (0.123456789, "0.123456789"),
    (1e-7, "0.0000001"),
    (123456789012345, "123456789012345"),
    (1234567890123456, "1.234567890123456E+15"),
    (9198765432101234567, "9.198765432101235E+18"),
    (1e15, "1E+15"),
    (-1e22, "-1E+22"),
    (True, "TRUE"),
    (False, "FALSE"),
    (dt.date(2026, 1, 31), "2026-01-31"),
    (dt.datetime(2026, 1, 31), "2026-01-31"),
    (dt.datetime(2026, 1, 31, 10, 30), "2026-01-31T10:30:00"),
    (dt.datetime(2026, 1, 31, 23, 59, 59, 500000), "2026-01-31T23:59:59.500"),
    (dt.date(1900, 1, 5), "1900-01-05"),
    (dt.date(1900, 3, 1), "1900-03-01"),
    (dt.date(9999, 12, 31), "9999-12-31"),
    (dt.time(10, 30), "10:30:00"),
    (dt.time(0, 0), "00:00:00"),
    (dt.timedelta(hours=30, minutes=5), "30:05:00"),
    ("#N/A", "#N/A"),
    ("#REF!", "#REF!"),
    ("#DIV/0!", "#DIV/0!"),
]


def test_every_kind_of_value_of_xlsx(book, read):
    found = read(book([["Name", "Value"], *([f"n{place}", value] for place, (value, _) in enumerate(VALUES))]))
    assert [row[1] for row in found.cells] == [text for _, text in VALUES]
    assert (found.bad, found.blank) == ([], 0)


def test_every_kind_of_value_of_xls_is_the_same(read):
    xlwt = pytest.importorskip("xlwt")
    workbook = xlwt.Workbook()
    sheet = workbook.add_sheet("Leads")
    sheet.write(0, 0, "Name")
    sheet.write(0, 1, "Value")
    styles = {
        dt.datetime: xlwt.easyxf(num_format_str="yyyy-mm-dd hh:mm"),
        dt.date: xlwt.easyxf(num_format_str="DD/MM/YYYY"),
        dt.time: xlwt.easyxf(num_format_str="h:mm"),
        dt.timedelta: xlwt.easyxf(num_format_str="[h]:mm:ss"),
    }
    expected = []
    for value, text in VALUES:
        row = len(expected) + 1
        if isinstance(value, str) and value.startswith("#"):
            sheet.row(row).set_cell_error(1, {"#N/A": 42, "#REF!": 23, "#DIV/0!": 7}[value])
        elif type(value) in styles:
            day = dt.timedelta(days=1)
            written = value / day if isinstance(value, dt.timedelta) else value
            if isinstance(value, dt.datetime):
                # xlwt would leave fractions of seconds out.
                written = (value - dt.datetime(1899, 12, 30)) / day
            sheet.write(row, 1, written, styles[type(value)])
        else:
            sheet.write(row, 1, value)
        sheet.write(row, 0, f"n{row}")
        expected.append(text)
    stream = io.BytesIO()
    workbook.save(stream)
    found = read(stream.getvalue(), "leads.xls")
    assert found.source.dialect["format"] == "xls"
    assert [row[1] for row in found.cells] == expected


def other_text(value: object) -> str | None:
    """Write what another reader of workbooks gave."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return number_text(float(value))
    if isinstance(value, dt.datetime):
        whole = value.time() == dt.time(0)
        return (
            value.date().isoformat() if whole else value.isoformat("T", "milliseconds" if value.microsecond else "auto")
        )
    if isinstance(value, dt.timedelta):
        return number_text(value / dt.timedelta(days=1), NumberFormat(Kind.DURATION))
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


def random_rows(seed: int, count: int) -> list[list[object]]:
    random.seed(seed)
    pick = [value for value, _ in VALUES if not str(value).startswith("#")]
    makers = [
        lambda: random.choice(pick),
        lambda: random.randint(-(10**17), 10**17),
        lambda: random.uniform(-1e6, 1e6),
        lambda: 10 ** random.uniform(-12, 20),
        lambda: dt.datetime(1904, 1, 2) + dt.timedelta(seconds=random.randint(0, 4 * 10**9)),
        lambda: None,
        lambda: f"Name {random.randint(0, 50)}",
    ]
    return [["n", *(random.choice(makers)() for _ in range(7))] for _ in range(count)]


@pytest.mark.parametrize("since_1904", [False, True])
def test_calamine_and_openpyxl_read_the_same(since_1904, read):
    calamine = pytest.importorskip("python_calamine")
    workbook = openpyxl.Workbook()
    workbook.epoch = dt.datetime(1904, 1, 1) if since_1904 else dt.datetime(1899, 12, 30)
    rows = [["c", *"abcdefg"], *random_rows(7, 400)]
    if since_1904:
        early = dt.date(1904, 1, 2)
        for row in rows[1:]:
            for place, value in enumerate(row):
                if isinstance(value, dt.date) and dt.date(*value.timetuple()[:3]) < early:
                    row[place] = None
    for row in rows:
        workbook.active.append(row)
    stream = io.BytesIO()
    workbook.save(stream)
    mine = read(stream.getvalue()).cells
    theirs = openpyxl.load_workbook(stream, read_only=True, data_only=True).active.iter_rows(values_only=True)
    assert mine == [tuple(map(other_text, row)) for row in list(theirs)[1:]]
    stream.seek(0)
    theirs = calamine.load_workbook(stream).get_sheet_by_index(0).to_python()
    assert mine == [tuple(map(other_text, row)) for row in theirs[1:]]


def test_rich_text_is_joined_and_readings_are_left_out(book, package, read):
    bold = TextBlock(InlineFont(b=True), "cd")
    assert read(book([["Name"], [CellRichText("ab", bold, " ef")], ["x"]])).cells[0] == ("abcd ef",)
    strings = (
        "<si><t>Name</t></si><si><r><t>東</t></r><r><t xml:space='preserve'> 京</t></r><rPh sb='0' eb='1'><t>ヒガシ</t></rPh>"
        "<phoneticPr fontId='1'/></si><si><t>x</t></si>"
    )
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>{n - 1}</v></c></row>' for n in (1, 2, 3))
    inline = '<row r="4"><c r="A4" t="inlineStr"><is><r><t>a</t></r><rPh sb="0" eb="1"><t>b</t></rPh><r><t>c</t></r></is></c></row>'
    assert read(package(rows + inline, strings=strings)).cells == [("東 京",), ("x",), ("ac",)]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("a_x000D_b", "a\rb"),
        ("a_x005F_x000D_b", "a_x000D_b"),
        ("_xD83D__xDE00_", "\U0001f600"),
        ("_xD83D_", "_xD83D_"),
        ("a_x00g0_ _x41_", "a_x00g0_ _x41_"),
        ("_x0041_", "A"),
    ],
)
def test_escaped_characters(package, read, written, text):
    assert unescape(written.encode()).decode() == text
    strings = f"<si><t>Name</t></si><si><t>{written}</t></si>"
    rows = (
        '<row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2" t="s"><v>1</v></c></row>'
        f'<row r="3"><c r="A3" t="inlineStr"><is><t>{written}</t></is></c></row>'
        f'<row r="4"><c r="A4" t="str"><f>1</f><v>{written}</v></c></row>'
    )
    assert read(package(rows, strings=strings), header=True).cells == [(text,)] * 3


@pytest.mark.parametrize(
    ("code", "value", "text"),
    [
        ("0000000000", 123456789, "0123456789"),
        ("00000", 1234567, "1234567"),
        ("00000\\ 00000", 123456789, "0123456789"),
        ("000-000-0000", 123456789, "0123456789"),
        ('"+"000000000000', 919876543210, "+919876543210"),
        ("\\+0", 919876543210, "+919876543210"),
        ("+0", 919876543210, "+919876543210"),
        ("0", 919876543210, "919876543210"),
        ("0000", -5, "-5"),
        ("0000", 1.5, "1.5"),
        ("0000", 1e15, "1E+15"),
        ("0.00", 5, "5"),
        ("#,##0", 1234, "1234"),
        ("0.00E+00", 919876543210, "919876543210"),
        ("General", 1.0, "1"),
        ("@", 12, "12"),
        ('0 "days"', 3, "3"),
        ("[Red]0", 3, "3"),
        ("yyyy-mm-dd", 60, "60"),
        ("yyyy-mm-dd", -5, "-5"),
        ("yyyy-mm-dd", 1e10, "10000000000"),
        ("yyyy-mm-dd", 46053, "2026-01-31"),
        ("[$-409]mmm\\ d", 46053, "2026-01-31"),
        ("mm:ss", 0.5, "12:00:00"),
        ("[mm]:ss", 1.5, "36:00:00"),
        ("[h]:mm", -0.5, "-12:00:00"),
    ],
)
def test_number_formats(book, read, code, value, text):
    found = read(book([["Name", "Value"], ["x", value], ["y", "z"]], {"B2": code}))
    assert found.cells[0] == ("x", text)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_s_text_is_the_number_and_never_another_one(value):
    text = number_text(value)
    assert float(text) == value
    digits = text.lstrip("-")
    if digits.isdigit():
        assert len(digits) <= 15


@given(st.text('dmyhs0#[]"\\_*;@+-. aG', max_size=12), st.floats(-1e6, 3e6))
def test_every_format_gives_some_text(code, value):
    assert number_text(value, read_format(200, code))


def test_formulas_give_the_values_they_had(package, read):
    rows = (
        '<row r="1"><c r="A1" t="str"><v>Name</v></c><c r="B1" t="str"><v>Phone</v></c></row>'
        '<row r="2"><c r="A2" t="str"><f>A1</f><v>x</v></c><c r="B2"><f t="shared" ref="B2:B3" si="0">1+1</f><v>2</v></c></row>'
        '<row r="3"><c r="A3" t="str"><f>A1</f><v></v></c><c r="B3"><f t="shared" si="0"/><v>3</v></c></row>'
        '<row r="4"><c r="A4" t="e"><f>NA()</f><v>#N/A</v></c><c r="B4" t="b"><f>1=1</f><v>1</v></c></row>'
        '<row r="5"><c r="A5" t="str"><v>z</v></c><c r="B5"><f>1+1</f><v></v></c></row>'
        '<row r="6"><c r="A6" t="str"><v>z</v></c><c r="B6"><f>1+1</f></c></row>'
    )
    found = read(package(rows))
    assert found.cells == [("x", "2"), (None, "3"), ("#N/A", "TRUE"), ("z", None), ("z", None)]
    assert found.source.dialect["formulas_without_value"] == 2


def test_dates_that_are_written_as_text(package, read):
    values = ["2026-01-31", "2026-01-31T10:30:00", "2026-01-31T00:00:00", "10:30:00", "soon"]
    rows = '<row r="1"><c r="A1" t="str"><v>When</v></c></row>' + "".join(
        f'<row r="{n}"><c r="A{n}" t="d"><v>{value}</v></c></row>' for n, value in enumerate(values, 2)
    )
    expected = ["2026-01-31", "2026-01-31T10:30:00", "2026-01-31", "10:30:00", "soon"]
    assert [cell for (cell,) in read(package(rows)).cells] == expected
