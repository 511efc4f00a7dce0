"""A workbook holds text as it was given, whatever it looks like, and the same rows give the same bytes."""

import io
import re
import subprocess
import sys
import tempfile
import textwrap
import zipfile
from contextlib import closing
from pathlib import Path

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leadsieve_connectors.exceptions import SinkError
from leadsieve_connectors.sinks import workbook
from leadsieve_connectors.sinks.workbook import Mark, MarkedRow, Written, write_workbook
from leadsieve_connectors.sinks.workbook_texts import read_texts
from leadsieve_connectors.sources import ReadOptions, open_sources
from leadsieve_connectors.sources.excel.markup import unescape

LOOKS_LIKE_MORE = [
    *("=1+1", "+919876543210", "-5", "@SUM(A1)", "'=1", "#N/A", "TRUE", "2026-01-31", "09876", "9.19E+11", "1/2"),
    *("  ", "\t", "\n", " a ", "a\r\nb", "\r", "_x0007_", "_x005F_x0007_", "_x0041\x07", "\x07", "\x00\x1f\x7f\x85"),
    *("\ufffe\uffff", "<b>&amp;]]>", '"', "\U0001f600", "_xD83D_xDE00_", "\u200b\u202e", "मुंबई"),
]
PIECES = st.sampled_from([*LOOKS_LIKE_MORE, "_", "_x", "x0041_", "x00", "0041", "&#13;"])
TEXTS = st.text() | st.lists(PIECES | st.text(max_size=2), max_size=6).map("".join)
NOTHING = MarkedRow(("0", None))


def written(rows: list[MarkedRow], columns: tuple[str, ...] = ("n", "text"), note: str | None = None) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rejected.xlsx"
        write_workbook(path, columns, rows, note=lambda _: note)
        assert [one.name for one in Path(folder).iterdir()] == ["rejected.xlsx"]
        return path.read_bytes()


def boxes(data: bytes) -> str:
    """Return the XML of the boxes that show comments, which openpyxl does not read."""
    return zipfile.ZipFile(io.BytesIO(data)).read("xl/drawings/commentsDrawing1.vml").decode()


def read(data: bytes) -> list[str]:
    """Read the second column with the reader that sources are read with."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "a.xlsx").write_bytes(data)
        with (
            open_sources([f"{folder}/a.xlsx"], ReadOptions(header=True)) as (source,),
            closing(source.chunks()) as all_,
        ):
            return [text or "" for chunk in all_ for text in chunk.table.column("text").to_pylist()]


@settings(max_examples=60)
@given(texts=st.lists(TEXTS, min_size=1, max_size=12))
@example(texts=LOOKS_LIKE_MORE)
def test_what_is_written_is_read_back(texts: list[str]) -> None:
    data = written([MarkedRow((str(number), text)) for number, text in enumerate(texts)])
    assert read(data) == texts
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    cells = [row[1] for row in sheet.iter_rows(min_row=2)]
    # openpyxl leaves Excel's escapes as they are written; white space alone it takes for nothing.
    assert [unescape((cell.value or "").encode()).decode() for cell in cells] == texts
    assert {cell.data_type for cell in cells} <= {"s", "n"}
    assert all((cell.data_type == "s") == bool(text) for cell, text in zip(cells, texts, strict=True))
    assert {cell.number_format for cell in cells} == {"@"}


@settings(max_examples=40)
@given(texts=st.lists(TEXTS, min_size=1, max_size=4), notes=st.lists(TEXTS, min_size=1, max_size=4))
def test_every_text_is_found_again_with_its_row(texts: list[str], notes: list[str]) -> None:
    marks = [{1: Mark(severe=True, text=note)} for note in notes]
    rows = [MarkedRow(("0", text), mark) for text, mark in zip(texts, marks, strict=False)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rejected.xlsx"
        write_workbook(path, ("n", "text"), rows, note=lambda _: None)
        found = [(row, text) for numbers, said in read_texts(path) for row, text in zip(numbers, said, strict=True)]
    for number, row in enumerate(rows, 2):
        assert (number, row.cells[1]) in found
        assert (number, row.marks[1].text) in found


def test_the_same_rows_give_the_same_bytes() -> None:
    rows = [MarkedRow(("1", "a"), {1: Mark(severe=True, text="bad")}), NOTHING]
    assert written(rows, note="left out") == written(rows, note="left out")
    assert written(rows) != written(rows[:1])


def test_marked_cells_are_coloured_and_say_why() -> None:
    rows = [
        MarkedRow(("1", None), {1: Mark(severe=True, text="rejected: empty\nwarning: <odd> & _x0007_\x07")}),
        MarkedRow(("2", "b"), {0: Mark(severe=False, text="warning: " + "x" * 2000)}),
    ]
    data = written(rows, note="some are left out")
    sheet = openpyxl.load_workbook(io.BytesIO(data)).active
    comments = {cell.coordinate: cell.comment.text for row in sheet.iter_rows() for cell in row if cell.comment}
    assert comments.keys() == {"A1", "B2", "A3"}
    assert comments["A1"] == "some are left out"
    assert unescape(comments["B2"].encode()).decode() == "rejected: empty\nwarning: <odd> & _x0007_\x07"
    assert (len(comments["A3"]), comments["A3"][-4:]) == (1000, "x...")
    fills = {cell.coordinate: cell.fill.fgColor.rgb for row in sheet.iter_rows() for cell in row if cell.fill.fill_type}
    assert fills.keys() == {"B2", "A3"}
    assert len(set(fills.values())) == 2
    two_lines, many_lines, one_line = (int(height) for height in re.findall(r"height:(\d+)px", boxes(data)))
    assert one_line < two_lines < many_lines


def test_the_sheet_is_ready_to_work_in() -> None:
    rows = [MarkedRow((str(number), "a long cell of text, " * 9)) for number in range(300)]
    book = openpyxl.load_workbook(io.BytesIO(written(rows)))
    sheet = book.active
    assert book.sheetnames == ["rejected"]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:B301")
    assert all(cell.font.bold for cell in sheet[1])
    assert not sheet["A2"].font.bold
    assert 5 < sheet.column_dimensions["A"].width < sheet.column_dimensions["B"].width < 60
    # What is typed below the rows is text, too.
    assert sheet.column_dimensions["B"].number_format == "@"


def test_many_comments_have_boxes_of_their_own() -> None:
    rows = [MarkedRow((str(number), "x"), {1: Mark(severe=True, text=f"no {number}")}) for number in range(2100)]
    sheet = openpyxl.load_workbook(io.BytesIO(data := written(rows))).active
    assert [sheet.cell(number + 2, 2).comment.text for number in range(2100)] == [f"no {n}" for n in range(2100)]
    numbers = [int(found) for found in re.findall(r'v:shape id="_x0000_s(\d+)"', boxes(data))]
    (blocks,) = re.findall(r'idmap v:ext="edit" data="([\d,]+)"', boxes(data))
    assert len(set(numbers)) == 2100
    assert {number // 1024 for number in numbers} == {int(block) for block in blocks.split(",")} == {1, 2, 3}
    assert not any(number % 1024 == 0 for number in numbers)


@pytest.mark.parametrize(
    ("text", "kept"),
    [("x" * 32_767, True), ("x" * 32_768, False), ("\U0001f600" * 16_383, True), ("\U0001f600" * 16_384, False)],
)
def test_a_row_that_excel_cannot_hold_is_left_out(text: str, kept: bool, tmp_path: Path) -> None:
    rows = [MarkedRow(("1", text)), MarkedRow(("2", "b"))]
    done = write_workbook(tmp_path / "a.xlsx", ("n", "text"), rows, note=lambda _: None)
    assert done == Written(rows=1 + kept, too_large=1 - kept, full=False)
    assert read((tmp_path / "a.xlsx").read_bytes()) == ([text, "b"] if kept else ["b"])


def test_a_workbook_ends_before_it_is_too_large_for_its_form(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(workbook, "_MOST_BYTES", 10_000)
    rows = [MarkedRow((str(number), "x" * 1000)) for number in range(20)]
    done = write_workbook(tmp_path / "a.xlsx", ("n", "text"), rows, note=lambda _: None)
    assert done == Written(rows=8, too_large=0, full=True)
    assert len(read((tmp_path / "a.xlsx").read_bytes())) == 8


def test_nothing_is_left_of_a_workbook_that_fails(tmp_path: Path) -> None:
    def rows():
        yield from [NOTHING] * 500
        raise RuntimeError("gone")

    with pytest.raises(RuntimeError, match="gone"):
        write_workbook(tmp_path / "a.xlsx", ("n", "text"), rows(), note=lambda _: None)
    (tmp_path / "b.xlsx").write_text("mine")
    with pytest.raises(SinkError, match="cannot be written"):
        write_workbook(tmp_path / "b.xlsx", ("n", "text"), [NOTHING], note=lambda _: None)
    assert [one.name for one in tmp_path.iterdir()] == ["b.xlsx"]
    with pytest.raises(SinkError, match="cannot be read back"):
        list(read_texts(tmp_path / "b.xlsx"))


def test_a_limit_on_file_sizes_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    script = """
        import resource, sys
        from pathlib import Path
        from leadsieve_connectors.exceptions import SinkError
        from leadsieve_connectors.sinks.workbook import Mark, MarkedRow, write_workbook
        path, limit, marks = Path(sys.argv[1]), int(sys.argv[2]), {0: Mark(True, "bad")} if sys.argv[3] else {}
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        rows = [MarkedRow((f"text {number * 7919}",), marks) for number in range(20_000)]
        try:
            write_workbook(path, ("a",), rows, note=lambda _: None)
        except SinkError as error:
            print(error.code, error.message)
    """
    path = tmp_path / "rejected.xlsx"
    # In the rows, and in the comments put aside.
    for limit, marks in ((20_000, ""), (400_000, "y")):
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script), path, str(limit), marks],
            check=True,
            capture_output=True,
            text=True,
        )
        assert done.stdout.startswith(f"output_failed {path}: cannot be written: File too large.")
        assert done.stderr == ""
        assert list(tmp_path.iterdir()) == []
