"""How many rows a source seems to have before they are read: near the truth, or nothing."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from leadsieve_connectors.sources import ReadOptions, open_sources

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 40_000
TEXT = "phone,name\n" + "".join(f"+1415{row:07d},Lead {row}\n" for row in range(ROWS))
QUOTED = "phone,note\r\n" + "".join(f'"+1415{row:07d}","one\r\ntwo ""{row}"""\r\n' for row in range(ROWS))


def expected_rows(path: Path) -> int | None:
    with open_sources([str(path)], ReadOptions()) as sources:
        return sources[0].expected_rows


@pytest.mark.parametrize(
    ("text", "encoding"), [(TEXT, "utf-8"), (TEXT, "utf-16"), (QUOTED, "utf-8"), (QUOTED, "cp1252")]
)
def test_a_text_s_rows_are_told_by_its_first_records(tmp_path, text: str, encoding: str) -> None:
    (tmp_path / "leads.csv").write_bytes(text.encode(encoding))
    assert expected_rows(tmp_path / "leads.csv") == pytest.approx(ROWS, rel=0.1)


def test_of_a_packed_text_nothing_is_told(tmp_path) -> None:
    (tmp_path / "leads.csv.gz").write_bytes(gzip.compress(TEXT.encode()))
    assert expected_rows(tmp_path / "leads.csv.gz") is None


def test_a_parquet_file_says_it_itself(tmp_path) -> None:
    pq.write_table(pa.table({"phone": [f"+1415{row:07d}" for row in range(ROWS)]}), tmp_path / "leads.parquet")
    assert expected_rows(tmp_path / "leads.parquet") == ROWS


def test_what_does_not_say_it_is_not_guessed_at(tmp_path) -> None:
    (tmp_path / "leads.jsonl").write_text('{"phone": "+14155550100"}\n' * 10)
    assert expected_rows(tmp_path / "leads.jsonl") is None
    with open_sources([pa.table({"phone": ["+14155550100"]})], ReadOptions()) as sources:
        assert sources[0].expected_rows is None


def test_rejected_rows_are_counted_for_the_files_that_they_came_from(tmp_path, leadsieve) -> None:
    for name, bad in (("a", 3), ("b", 5)):
        lines = ["phone,name", "+14155550100,Ann", *[f"12,{row}" for row in range(bad)], ""]
        (tmp_path / f"{name}.csv").write_text("\n".join(lines))
    done = leadsieve("clean", "a.csv", "b.csv", "--out", "out", "--duplicates", "none", folder=tmp_path)
    assert done.code == 0, done.stderr
    with open_sources([str(tmp_path / "out" / "rejected.parquet")], ReadOptions()) as sources:
        assert [source.expected_rows for source in sources] == [3, 5]
