"""Cells trimmed, taken and looked through: the kernels say what the plain ways say, whatever the cells hold."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsieve_rules.cells import columns, trimming
from leadsieve_rules.cells.kernel import LIKE_BYTES, doubt_patterns
from leadsieve_rules.damage import own_code, suspects
from leadsieve_rules.fields import emails
from leadsieve_rules.fields import suspects as texts
from leadsieve_rules.schemas.automaton import automaton

SPACE = st.text(" \t\n\r\x0b\x0c\x1c\x1f\x85\xa0\u2003\u3000\u200b", max_size=3)
TEXT = st.text("aé漢.@-0\x00", max_size=6)
CELL = st.none() | st.builds("{}{}{}".format, SPACE, TEXT, SPACE)
ADDRESS = (
    st.none()
    | st.text("ab1.-@_é", max_size=12)
    | st.sampled_from(
        [
            "a@b.co",
            "a.b+c@d-e.fg",
            "a@b.c0",
            "a..b@c.de",
            ".a@b.co",
            "a@b-.co",
            "a@-b.co",
            "a" * 60 + "@b.co",
            "a@b.co ",
        ]
    )
)
WRONG = st.none() | st.text("aé漢Ã©Â\xa0\x85\ufffd锟斤拷â€™", max_size=40)
BEGINNING = st.none() | st.text("(01+2", max_size=5)
NUMBER = st.none() | st.text("0123456789+.-eE'/,;|& \nor\u2019\uff0c", max_size=20)


def column(cells: list[str | None]) -> pa.Array:
    """A column that is a part of another, as chunks are."""
    return pa.array(["before", *cells, "behind"], pa.string()).slice(1, len(cells))


@given(st.lists(CELL, max_size=12))
def test_trimmed_alike(cells: list[str | None]) -> None:
    quick, plain = trimming._quickly(column(cells)), trimming._plainly(column(cells))
    quick.text.validate(full=True)
    assert quick.text.to_pylist() == plain.text.to_pylist()
    assert quick.changed.tolist() == plain.changed.tolist()


def test_what_needs_no_trimming_is_not_copied() -> None:
    cells = column(["a", "é", "b c"] * 9_000)
    assert trimming.trim(cells).text is cells


@given(st.lists(CELL, max_size=12), st.data())
def test_taken_alike(cells: list[str | None], data: st.DataObject) -> None:
    rows = st.lists(st.integers(0, len(cells) - 1), max_size=20) if cells else st.just([])
    index = np.array(data.draw(rows), np.int64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "KERNEL_ROWS", 0)
        taken = columns.take(column(cells), index)
    taken.validate(full=True)
    assert taken.to_pylist() == [cells[place] for place in index]


@given(st.lists(CELL, min_size=1, max_size=40), st.data())
def test_rows_are_the_same_of_every_column(cells: list[str | None], data: st.DataObject) -> None:
    index = np.flatnonzero(np.array(data.draw(st.lists(st.booleans(), min_size=len(cells), max_size=len(cells)))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "KERNEL_ROWS", 0)
        rows = columns.Rows(index)
        for each in (cells, [None] * len(cells), ["b"] * len(cells)):
            taken = rows.of(column(each))
            taken.validate(full=True)
            assert taken.to_pylist() == [each[place] for place in index]


@given(st.lists(ADDRESS, min_size=1, max_size=12))
def test_addresses_alike(cells: list[str | None]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "KERNEL_ROWS", 0)
        quick = emails.address_mask(column(cells))
    plain = emails.are_emails(pl.Series(cells, dtype=pl.String)).fill_null(value=True)
    assert quick.tolist() == plain.to_list()


@given(st.lists(st.text("ab", max_size=9), max_size=9), st.integers(0, 2 * LIKE_BYTES))
def test_patterns_followed_alike(cells: list[str], longer: int) -> None:
    cells = [*cells[:2], "ab" * longer, *cells[2:]]
    data, offsets = columns.buffers_of(column(cells))
    doubts, ends_in_a = np.zeros(len(cells), np.uint8), automaton("a$")
    assert ends_in_a is not None
    doubt_patterns(ends_in_a.table, ends_in_a.accepts, ends_in_a.start, data, offsets, doubts)
    assert doubts.tolist() == [not cell.endswith("a") for cell in cells]


@given(st.lists(WRONG, min_size=1, max_size=12))
def test_wrong_text_found_alike(cells: list[str | None]) -> None:
    def found(quick: bool) -> list[tuple[str | None, list[int], list[str]]]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(texts, "use_kernel", lambda _: quick)
            return [
                (finding.detail, finding.index.tolist(), finding.values.to_pylist())
                for finding in texts.suspect_findings(column(cells), "x")
            ]

    assert found(quick=True) == found(quick=False)


@given(st.lists(BEGINNING, max_size=12), st.sampled_from(["1", "12"]))
def test_codes_found_alike(cells: list[str | None], code: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(own_code, "use_kernel", lambda _: True)
        found = own_code._begun(column(cells), code)
    assert found.tolist() == [
        place for place, cell in enumerate(cells) if cell is not None and cell.startswith((code, f"({code}"))
    ]


@given(st.lists(NUMBER, max_size=12))
def test_damage_found_alike(cells: list[str | None]) -> None:
    def found(rows: int) -> list[list[int]]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(suspects, "use_kernel", lambda _: rows)
            return [index.tolist() for index in suspects.suspects(column(cells))]

    assert found(rows=True) == found(rows=False)


@given(
    st.lists(st.integers(0, 10**19 - 1).map(lambda number: f"+{number}"), max_size=8),
    st.sampled_from(["", "+", "+1a", "+" + "9" * 20]),
)
def test_digits_read_alike(cells: list[str], wrong: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columns, "KERNEL_ROWS", 0)
        read = columns.read_digits(column(cells), skip=1)
        assert read is not None
        assert read.tolist() == [int(cell) for cell in cells]

        assert columns.read_digits(column([*cells, wrong]), skip=1) is None
