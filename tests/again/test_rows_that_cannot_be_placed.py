"""A row of a rejected file that does not say which row it was, or says what another says, ends the run with its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import leadsieve as ls

_PUT_BACK = "put back what the rejected file had, or take the row out"
Row = dict[str, str]


def _set(at: int, **cells: str) -> Callable[[list[Row]], list[Row]]:
    def edit(rows: list[Row]) -> list[Row]:
        rows[at] |= cells
        return rows

    return edit


def _number(value: str) -> str:
    return f"row 2 (line 4), column lead_row, '{value}': this is no number of a row; {_PUT_BACK}"


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (
            _set(1, lead_row=""),
            f"row 2 (line 4), column lead_row, '': the row's number in its file is missing; {_PUT_BACK}",
        ),
        (
            _set(1, lead_row=" "),
            f"row 2 (line 4), column lead_row, '': the row's number in its file is missing; {_PUT_BACK}",
        ),
        (
            _set(0, lead_file=""),
            f"row 1 (line 2), column lead_file, '': the name of the row's file is missing; {_PUT_BACK}",
        ),
        (
            _set(0, lead_file=" "),
            f"row 1 (line 2), column lead_file, '': the name of the row's file is missing; {_PUT_BACK}",
        ),
        *((_set(1, lead_row=value), _number(value)) for value in ("n/a", "0", "-3", "1.5", "1e3", "1,234")),
        # Where cells slipped aside, this may be somebody's number or name.
        (_set(1, lead_row="202-555-0123 Smith"), _number("***-***-*123 *****")),
        (_set(1, lead_row="9" * 15), _number("*" * 12 + "999")),
        (_set(1, lead_row="8" * 90), _number("*" * 24 + "...")),
        (
            _set(3, lead_line="x"),
            f"row 4 (line 6), column lead_line, 'x': this is no number of a line; {_PUT_BACK}",
        ),
        (
            _set(4, lead_row="3"),
            (
                "row 5, column lead_row, '3': this row of {file} stands in row 2 already, and each is judged once; "
                "take one of them out"
            ),
        ),
        (
            lambda rows: [*rows, *rows],
            (
                "row 6, column lead_row, '2': this row of {file} stands in row 1 already, and each is judged once; "
                "take one of them out"
            ),
        ),
    ],
)
@pytest.mark.parametrize("chunk_bytes", [64, 1 << 20])
def test_the_row_is_named(tmp_path: Path, again: SimpleNamespace, edit, message: str, chunk_bytes: int) -> None:
    path = again.write(tmp_path / "edited.csv", edit(again.read(again.rejected(tmp_path))))
    with pytest.raises(ls.SourceError) as failure:
        ls.clean(path, region="US", out=tmp_path / "out", tuning={"chunk_bytes": chunk_bytes})
    assert failure.value.message == f"{path}, {message.format(file=tmp_path / 'leads.csv')}"
    assert (failure.value.code, failure.value.exit_code) == ("malformed_file", 3)
    assert not (tmp_path / "out").exists()


def test_a_record_that_cannot_be_read_is_named(tmp_path: Path, again: SimpleNamespace) -> None:
    path = again.rejected(tmp_path)
    path.write_text(path.read_text().replace(",Cid,", "Cid,"))
    with pytest.raises(ls.SourceError) as failure:
        ls.clean(path, region="US")
    assert failure.value.message == (
        f"{path}, row 2 (line 4): the record cannot be read (too few fields), so nothing says which row it was; "
        "correct the record, or take it out"
    )


def test_typed_files_have_no_lines(tmp_path: Path, again: SimpleNamespace) -> None:
    path = again.rejected(tmp_path, kind="parquet")
    table = pq.read_table(path)
    at = table.schema.get_field_index("lead_row")
    for numbers, value in (([2, None, 4, 5, 7], ""), ([2.0, 3.5, 4.0, 5.0, 7.0], "3.5")):
        edited = table.set_column(at, "lead_row", pa.array(numbers))
        pq.write_table(edited, tmp_path / "edited.parquet")
        with pytest.raises(ls.SourceError, match=rf"edited.parquet, row 2, column lead_row, '{value}': "):
            ls.clean(tmp_path / "edited.parquet", region="US")


@pytest.mark.parametrize("numbers", [[2.0, 3.0, 4.0, 5.0, 7.0], ["2.0", " 3 ", "+4", "5.", "07"]])
def test_numbers_as_programs_write_them(tmp_path: Path, again: SimpleNamespace, numbers: list[object]) -> None:
    table = pq.read_table(again.rejected(tmp_path, kind="parquet"))
    at = table.schema.get_field_index("lead_row")
    lines = pa.array([3.0, float("nan"), None, 8.0, 10.0])
    table = table.set_column(at, "lead_row", pa.array(numbers)).set_column(at + 1, "lead_line", lines)
    pq.write_table(table, tmp_path / "edited.parquet")
    with ls.clean(tmp_path / "edited.parquet", region="US") as run:
        rows = again.values(run.rejected)
    assert [(row["lead_row"], row["lead_line"]) for row in rows] == [(2, 3), (3, None), (4, None), (5, 8), (7, 10)]


def test_only_a_header(tmp_path: Path, again: SimpleNamespace) -> None:
    path = again.rejected(tmp_path)
    path.write_text(path.read_text().splitlines()[0] + "\n")
    with pytest.raises(ls.SourceError, match="only a header is there") as failure:
        ls.clean(path)
    assert failure.value.code == "empty_file"
