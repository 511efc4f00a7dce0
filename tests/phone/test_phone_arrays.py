"""Every kind of Arrow string array, sliced and chunked, gives the same table; everything else is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from leadsieve_rules.exceptions import RulesError, UnknownRegion
from leadsieve_rules.phone import SCHEMA, check_region, normalize
from leadsieve_rules.phone.reading import read_part

RAW = ["98123 45678", None, "+1 202 555 0123", "98123 45678", "x", "", "+44 20 7946 0958 x5"]
PLAIN = pa.array(RAW, pa.string())
KINDS: dict[str, Any] = {
    "large_string": PLAIN.cast(pa.large_string()),
    "string_view": PLAIN.cast(pa.string_view()),
    "dictionary": PLAIN.dictionary_encode(),
    "dictionary of large_string": PLAIN.cast(pa.large_string()).dictionary_encode(),
    "slice": pa.array(["9", None, *RAW, "+1"], pa.string()).slice(2, len(RAW)),
    "slice of dictionary": pa.array([None, "9", *RAW]).dictionary_encode().slice(2),
    "chunks": pa.chunked_array([RAW[:3], [], RAW[3:]], pa.string()),
    "chunks of dictionaries": pa.chunked_array(
        [pa.array(RAW[:3]).dictionary_encode(), pa.array(RAW[3:]).dictionary_encode()]
    ),
}


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("region", ["IN", None])
def test_kinds_of_arrays(kind: str, region: str | None, quick: bool) -> None:
    table = read_part(KINDS[kind], region, quick=quick).table()
    assert table.equals(read_part(PLAIN, region, quick=False).table())
    assert table.schema == SCHEMA


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_region_arrays(kind: str, quick: bool) -> None:
    codes = ["IN", "IN", None, "US", "uk", "", "GB"]
    by_kind = {
        "large_string": pa.array(codes, pa.large_string()),
        "dictionary": pa.array(codes).dictionary_encode(),
        "chunks": pa.chunked_array([codes[:2], codes[2:]]),
    }
    table = read_part(KINDS[kind], by_kind.get(kind, pa.array(codes)), quick=quick).table()
    assert table["reason"].to_pylist() == [
        None,
        "NOT_A_NUMBER",
        None,
        "NOT_ASSIGNED",
        "NOT_A_NUMBER",
        "NOT_A_NUMBER",
        None,
    ]


@pytest.mark.parametrize("empty", [pa.array([], pa.string()), pa.chunked_array([], pa.string()), pa.nulls(0)])
@pytest.mark.parametrize("region", [None, "IN", pa.array([], pa.string())])
@pytest.mark.parametrize("quick", [True, False])
def test_no_rows(empty: Any, region: Any, quick: bool) -> None:
    assert normalize(empty, region).num_rows == 0
    table = read_part(empty, region, quick=quick).table()
    assert table.num_rows == 0
    assert table.schema == SCHEMA


@pytest.mark.parametrize("region", [None, pa.array(["IN", None]), pa.nulls(2)])
@pytest.mark.parametrize("quick", [True, False])
def test_nulls_never_look_valid(region: Any, quick: bool) -> None:
    for row in read_part(pa.nulls(2), region, quick=quick).table().to_pylist():
        assert row == dict.fromkeys(SCHEMA.names) | {
            "is_valid": False,
            "is_possible": False,
            "reason": "NOT_A_NUMBER",
        }


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ("UK", "did you mean GB"),
        ("in", "did you mean IN"),
        ("91", "did you mean IN"),
        ("+1", "did you mean US"),
        ("I", "unknown region 'I'"),
        ("", "two letters"),
        ("001", "unknown region '001'"),
        ("ZZ", "unknown region 'ZZ'"),
    ],
)
def test_an_unknown_region_names_close_ones(region: str, said: str) -> None:
    with pytest.raises(UnknownRegion, match=said.replace("+", r"\+")):
        normalize(PLAIN, region)
    with pytest.raises(UnknownRegion):
        check_region(region)


def test_no_region_passes() -> None:
    check_region(None)
    check_region("IN")


@pytest.mark.parametrize(
    "values", [pa.array([1, 2]), pa.array([b"1"]), pa.array([[]]), pa.array([1]).dictionary_encode()]
)
def test_other_types_are_refused(values: Any) -> None:
    with pytest.raises(RulesError, match="must be strings") as caught:
        normalize(values, None)
    assert caught.value.code == "unsupported_type"


def test_regions_must_be_one_a_row() -> None:
    with pytest.raises(RulesError, match="1 regions for 7 phone numbers"):
        normalize(PLAIN, pa.array(["IN"]))


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize("digits", ["9", "98", "20", "0", "2" * 20])
def test_what_national_numbers_begin_with(digits: str, quick: bool) -> None:
    phones = read_part(pa.array([*RAW, "+39 06 698 12345", "+1 2"]), "IN", quick=quick)
    rows = np.arange(len(phones))[::-1]
    numbers = phones.national_number.to_pylist()
    assert phones.national_begins(rows, digits).tolist() == [(numbers[row] or "").startswith(digits) for row in rows]
