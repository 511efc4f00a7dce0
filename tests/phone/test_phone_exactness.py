"""Every column of every number equals what `phonenumbers` says, in every region, by the kernel and without it."""

from __future__ import annotations

from typing import Any

import phone_corpus as corpus
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phone_oracle import COLUMNS, PARSE_ERRORS, TYPES, differences

from leadsieve_rules.phone import SCHEMA, normalize
from leadsieve_rules.phone.reading import read_part

#: In the suite: so many seeds, each of so many rows with a region each and so many with one region for all.
SEEDS, ROWS_BY_ROW, ROWS_BY_COLUMN = 10, 10_000, 41
#: With `-m long`: five million rows, resumable with `-k "seed1007 or seed1008"`.
LONG_SEEDS, LONG_BY_ROW, LONG_BY_COLUMN = 50, 50_000, 204
HOMES: list[str | None] = [*corpus.REGIONS, None]
KINDS = [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())]
REASONS = {None, *PARSE_ERRORS, "TOO_SHORT", "INVALID_LENGTH", "IS_POSSIBLE_LOCAL_ONLY", "NOT_ASSIGNED"}


def array(values: list[str | None], kind: Any) -> Any:
    if pa.types.is_dictionary(kind):
        return pa.array(values, kind.value_type).dictionary_encode()
    return pa.array(values, kind)


def row_by_row(seed: int, rows: int, *, quick: bool = True) -> tuple[pa.Table, list[tuple[str, ...]]]:
    """Judge numbers with a region each; return the table and its differences."""
    raws, regions = corpus.pairs(seed, rows)
    kinds = [KINDS[seed % len(KINDS)], KINDS[(seed // 2) % len(KINDS)]]
    phones = read_part(array(raws, kinds[0]), array(regions, kinds[1]), quick=quick)
    return phones.table(), differences(phones, raws, regions)


def column_by_column(seed: int, rows: int, *, quick: bool = True) -> list[tuple[str, ...]]:
    """Judge columns in one region each, so many rows in all regions and in none; return the differences."""
    found = []
    for place, home in enumerate(HOMES):
        raws = corpus.column(seed, home, rows)
        kind = KINDS[(seed + place) % len(KINDS)]
        found += differences(read_part(array(raws, kind), home, quick=quick), raws, home)
    return found


@pytest.mark.parametrize("seed", range(SEEDS), ids="seed{}".format)
def test_numbers_with_a_region_each(seed: int) -> None:
    table, found = row_by_row(seed, ROWS_BY_ROW)
    assert not found, (len(found), found[:10])
    # The numbers show everything that there is to say.
    assert table.schema == SCHEMA
    assert set(table["reason"].to_pylist()) == REASONS
    assert set(table["number_type"].to_pylist()) == {None, *TYPES.values()}
    assert len(set(table["region"].to_pylist())) > 220
    assert sum(table["is_valid"].to_pylist()) > ROWS_BY_ROW / 6
    extensions = set(table["extension"].to_pylist())
    assert {len(text) for text in extensions if text} == set(range(1, 21))
    assert any(text and not text.isascii() for text in extensions)


@pytest.mark.parametrize("seed", range(SEEDS), ids="seed{}".format)
def test_columns_of_one_region(seed: int) -> None:
    found = column_by_column(seed, ROWS_BY_COLUMN)
    assert not found, (len(found), found[:10])


def test_the_suite_compares_200_000_rows() -> None:
    assert SEEDS * (ROWS_BY_ROW + ROWS_BY_COLUMN * len(HOMES)) >= 200_000
    assert LONG_SEEDS * (LONG_BY_ROW + LONG_BY_COLUMN * len(HOMES)) >= 5_000_000
    assert len(HOMES) == 246


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1000, 1000 + LONG_SEEDS), ids="seed{}".format)
def test_five_million_numbers(seed: int, record_property: Any) -> None:
    _, by_row = row_by_row(seed, LONG_BY_ROW)
    found = by_row + column_by_column(seed, LONG_BY_COLUMN)
    record_property("phone rows", LONG_BY_ROW + LONG_BY_COLUMN * len(HOMES))
    record_property("phone differences", len(found))
    assert not found, (len(found), found[:20])


def test_every_example_of_the_metadata_in_every_spelling() -> None:
    raws, regions = [], []
    for key, _, spellings in corpus.examples():
        raws += spellings
        regions += [key if key in corpus.REGIONS else None] * len(spellings)
    phones = read_part(pa.array(raws), pa.array(regions), quick=True)
    found = differences(phones, raws, regions)
    assert not found, (len(found), found[:10])
    table = phones.table()
    assert len(set(table["region"].to_pylist())) > 240
    assert set(table["number_type"].to_pylist()) >= set(TYPES.values())


@pytest.mark.parametrize("home", ["US", "IT", "AR", None])
def test_every_example_read_elsewhere(home: str | None) -> None:
    raws = [text for _, _, spellings in corpus.examples() for text in spellings]
    found = differences(read_part(pa.array(raws), home, quick=True), raws, home)
    assert not found, (len(found), found[:10])


def test_without_the_kernel() -> None:
    _, by_row = row_by_row(77, 3000, quick=False)
    found = by_row + column_by_column(77, 3, quick=False)
    assert not found, (len(found), found[:10])


_REGION = st.none() | st.sampled_from(["IN", "BR", "US", "xx", "ZZ", "001"])
_PHONE_LIKE = st.text("0123456789+-() x#,;=ext\u0663\uff0b\u00a0/\\A", max_size=30)


@given(st.lists(st.tuples(st.none() | st.text(max_size=25) | _PHONE_LIKE, _REGION), max_size=30))
def test_any_text(pairs: list[tuple[str | None, str | None]]) -> None:
    raws, regions = [raw for raw, _ in pairs], [region for _, region in pairs]
    values, codes = pa.array(raws, pa.string()), pa.array(regions, pa.string())
    assert not differences(read_part(values, codes, quick=True), raws, regions)
    assert not differences(normalize(values, codes), raws, regions)


def test_a_difference_is_reported_with_all_that_reproduces_it() -> None:
    table = read_part(pa.array(["+1 202 555 012\u0663"]), "US", quick=True).table()
    at = COLUMNS.index("is_valid")
    wrong = table.set_column(at, SCHEMA.field(at), pa.array([False]))
    assert differences(table, ["+1 202 555 012\u0663"], "US") == []
    assert differences(wrong, ["+1 202 555 012\u0663"], "US") == [
        ("value '+1 202 555 012\\u0663'", "region US", "is_valid", "got False", "want True")
    ]
