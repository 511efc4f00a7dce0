"""Rows of a sheet: numbered, padded, refused where they do not fit, and the same whatever the chunk size."""

from __future__ import annotations

import hashlib
import io

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter

from leadsieve_connectors.chunk import Fault

LEADS = [["Name", "Phone"], ["Ann", 1], [None, " "], ["Bob", 2], [], ["Cid", None], [None, 4]]


@pytest.mark.parametrize("chunk_bytes", [1, 5, 4 << 20])
def test_rows_lines_and_blanks(book, read, chunk_bytes):
    data = book(LEADS)
    found = read(data, chunk_bytes=chunk_bytes)
    assert found.rows == {1: ("Ann", "1"), 2: ("Bob", "2"), 3: ("Cid", None), 4: (None, "4")}
    assert found.lines == [2, 4, 6, 7]
    assert (found.blank, found.bad) == (2, [])
    assert found.nbytes == len(data) == found.source.size
    assert found.source.name == "leads.xlsx#Leads"
    assert found.source.sha256() == hashlib.sha256(data).hexdigest()
    assert found.source.headers == ("Name", "Phone")
    assert found.chunks == (1 if chunk_bytes > 5 else 4 if chunk_bytes == 1 else found.chunks)
    assert found.source.settings == {}


def test_cells_beyond_the_header_make_a_bad_record(book, read):
    rows = [["a", "b"], [1, 2], [1, 2, 3], [1, None, None, "x\ty"], [1, 2, " "], [5, 6], [7, 8], [9]]
    found = read(book(rows))
    assert found.cells == [("1", "2"), ("1", "2"), ("5", "6"), ("7", "8"), ("9", None)]
    assert found.bad == [
        (2, 3, "1\t2\t3", Fault.TOO_MANY_FIELDS),
        (3, 4, "1\t\t\tx\ty", Fault.TOO_MANY_FIELDS),
    ]


def test_columns_without_a_name_have_their_position_s(book, read):
    found = read(book([["a", None, "b", "a"], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5], [1, 2, 3, 4, 5]]))
    assert found.source.schema.names == ["a", "column_2", "b", "a_2", "column_5"]
    assert found.source.headers == ("a", "", "b", "a", "")


def test_merged_header_cells_name_the_first_column(read):
    workbook = openpyxl.Workbook()
    for row in [["Name", "Phones", None], ["Ann", 1, 2], ["Bob", 3, 4], ["Cid", 5, 6]]:
        workbook.active.append(row)
    workbook.active.merge_cells("B1:C1")
    stream = io.BytesIO()
    workbook.save(stream)
    found = read(stream.getvalue())
    assert found.source.schema.names == ["Name", "Phones", "column_3"]
    assert found.cells[0] == ("Ann", "1", "2")


def test_hidden_rows_columns_and_sheets_count(read):
    workbook = openpyxl.Workbook()
    for row in LEADS[:4]:
        workbook.active.append(row)
    workbook.active.row_dimensions[2].hidden = True
    workbook.active.column_dimensions["B"].hidden = True
    stream = io.BytesIO()
    workbook.save(stream)
    assert read(stream.getvalue()).cells == [("Ann", "1"), ("Bob", "2")]


@pytest.mark.parametrize(
    ("options", "names", "first"),
    [
        ({"header": False}, ["column_1", "column_2"], ("Name", "Phone")),
        ({"header": False, "columns": ("x", "y")}, ["x", "y"], ("Name", "Phone")),
        ({"columns": ("x", "y")}, ["x", "y"], ("Ann", "1")),
        ({"skip_rows": 1, "header": False}, ["column_1", "column_2"], ("Ann", "1")),
        ({"skip_rows": 3, "header": True}, ["Bob", "2"], ("Cid", None)),
    ],
)
def test_headers_as_told(book, read, options, names, first):
    found = read(book(LEADS), **options)
    assert found.source.schema.names == names
    assert found.cells[0] == first


def test_a_first_row_with_a_phone_is_no_header(book, read):
    found = read(book([["Ann", 919876543210], ["Bob", 919876543211]]))
    assert found.source.dialect["header"] is False
    assert len(found.cells) == 2


def test_names_that_do_not_fit(book, failure):
    assert failure(book(LEADS), columns=("x",)).code == "invalid_option"


def test_title_rows_are_proposed_and_not_passed_over(book, read):
    rows = [["Leads of May"], [], ["Name", "Phone", "City"], *([f"n{n}", 919876543210 + n, "Pune"] for n in range(9))]
    found = read(book(rows))
    assert found.source.dialect["proposed_skip_rows"] == 2
    assert found.source.headers[0] == "Leads of May"
    found = read(book(rows), skip_rows=2)
    assert found.source.headers == ("Name", "Phone", "City")
    assert found.source.dialect["proposed_skip_rows"] is None
    assert found.lines == list(range(4, 13))


@pytest.mark.parametrize("chunk_bytes", [1, 4 << 20])
@pytest.mark.parametrize("limit", [0, 1, 2, 3, 99])
def test_no_more_rows_than_asked_for(book, opened, limit, chunk_bytes):
    source = opened(book([*LEADS, [1, 2, 3]]), chunk_bytes=chunk_bytes)
    assert sum(chunk.num_rows for chunk in source.chunks(max_rows=limit)) == min(limit, 5)
    assert sum(chunk.num_rows for chunk in opened(book(LEADS), max_rows=2).chunks(max_rows=limit)) == min(limit, 2)


def test_a_cell_that_is_too_long_costs_its_row(package, read):
    rows = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>Name</t></is></c></row>'
        f'<row r="2"><c r="A2" t="inlineStr"><is><t>{"x" * 3000}</t></is></c></row>'
        f'<row r="3"><c r="A3" t="inlineStr"><is><r><t>{"y" * 3000}</t></r></is></c></row>'
        '<row r="4"><c r="A4" t="inlineStr"><is><t>z</t></is></c></row>'
    )
    found = read(package(rows), max_record_bytes=2000)
    assert found.cells == [("z",)]
    assert [(row, line, raw[:1], fault) for row, line, raw, fault in found.bad] == [
        (1, 2, "x", Fault.RECORD_TOO_LARGE),
        (2, 3, "y", Fault.RECORD_TOO_LARGE),
    ]


def test_a_row_that_is_too_long_is_a_row(package, read):
    rows = "".join(
        f'<row r="{line}"><c r="A{line}" t="inlineStr"><is><t>{text}</t></is></c></row>'
        for line, text in ((1, "Name"), (2, "x" * 3000))
    )
    found = read(package(rows), max_record_bytes=2000)
    assert (found.cells, len(found.bad)) == ([], 1)


@given(
    st.dictionaries(
        st.tuples(st.integers(2, 40), st.integers(0, 5) | st.integers(0, 16_383)),
        st.text("ab 1", min_size=1),
        max_size=30,
    ),
    st.sampled_from([1, 30, 4 << 20]),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_cells_that_stand_anywhere(package, read, cells, chunk_bytes):
    names = [f"c{column}" for column in range(8)]
    written: dict[int, dict[int, str]] = {1: dict(enumerate(names)), 41: {0: "end"}, 42: {0: "end"}, 43: {0: "end"}}
    for (line, column), text in cells.items():
        written.setdefault(line, {})[column] = text
    xml = "".join(
        f'<row r="{line}">'
        + "".join(
            f'<c r="{get_column_letter(column + 1)}{line}" t="str"><v>{text}</v></c>'
            for column, text in sorted(row.items())
        )
        + "</row>"
        for line, row in sorted(written.items())
    )
    data = package(xml)
    found = read(data, header=True, chunk_bytes=chunk_bytes)
    width = len(found.source.schema)
    expected, bad, number = {}, [], 0
    for line, row in sorted(written.items())[1:]:
        if not any(text.strip() for text in row.values()):
            continue
        number += 1
        if any(text.strip() for column, text in row.items() if column >= width):
            bad.append((number, line))
        else:
            expected[number] = tuple(row.get(column) for column in range(width))
    assert found.rows == expected
    assert [record[:2] for record in found.bad] == bad
    assert found.blank == 43 - 1 - number
    assert found.bad == read(data, header=True).bad


SHEETS = {"Notes": [["Read me"]], "Leads": LEADS, "Sheet3": []}


def test_the_only_sheet_with_rows_is_taken(book, read):
    found = read(book(SHEETS))
    assert found.source.name == "leads.xlsx#Leads"
    assert found.source.dialect["sheets"] == ["Notes", "Leads", "Sheet3"]


@pytest.mark.parametrize(
    ("sheet", "name"),
    [("Leads", "Leads"), ("leads", "Leads"), ("2", "Leads"), ("More", "More"), ("1", "1"), ("4", "More")],
)
def test_sheets_by_name_and_position(book, read, sheet, name):
    sheets = {"Notes": [["Read me"]], "Leads": LEADS, "1": LEADS, "More": LEADS}
    assert read(book(sheets), sheet=sheet).source.name == f"leads.xlsx#{name}"


def test_several_sheets_with_rows_are_listed(book, failure):
    error = failure(book({**SHEETS, "Old": LEADS[:2]}))
    assert error.code == "ambiguous_sheet"
    assert "'Leads' (5 rows), 'Old' (2 rows)" in error.message
    assert "--sheet 'Leads'" in error.message


@pytest.mark.parametrize("sheet", ["Lead", "0", "4", "-1"])
def test_a_sheet_that_is_not_there(book, failure, sheet):
    error = failure(book(SHEETS), sheet=sheet)
    assert error.code == "missing_sheet"
    assert "'Notes', 'Leads', 'Sheet3'" in error.message


@pytest.mark.parametrize("rows", [[], [["Name", "Phone"]], [[" "], []]])
def test_sheets_without_rows(book, failure, rows):
    assert failure(book(rows)).code == "empty_file"


def test_chart_sheets_are_none(read):
    workbook = openpyxl.Workbook()
    for row in LEADS:
        workbook.active.append(row)
    chart = openpyxl.chart.BarChart()
    chart.add_data(openpyxl.chart.Reference(workbook.active, min_col=2, min_row=1, max_row=3))
    workbook.create_chartsheet("Chart").add_chart(chart)
    stream = io.BytesIO()
    workbook.save(stream)
    assert read(stream.getvalue()).source.dialect["sheets"] == ["Sheet"]


def test_two_sheets_of_an_old_workbook(read, failure):
    xlwt = pytest.importorskip("xlwt")
    workbook = xlwt.Workbook()
    for name in ("Leads", "Old"):
        sheet = workbook.add_sheet(name)
        for row, cells in enumerate(LEADS):
            for column, value in enumerate(cells):
                if value is not None:
                    sheet.write(row, column, value)
    stream = io.BytesIO()
    workbook.save(stream)
    assert failure(stream.getvalue(), "leads.xls").code == "ambiguous_sheet"
    found = read(stream.getvalue(), "leads.xls", sheet="Old")
    assert found.rows == {1: ("Ann", "1"), 2: ("Bob", "2"), 3: ("Cid", None), 4: (None, "4")}
    assert (found.lines, found.blank, found.source.name) == ([2, 4, 6, 7], 2, "leads.xls#Old")
