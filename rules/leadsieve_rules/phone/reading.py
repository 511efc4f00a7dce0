"""Columns of phone numbers read as a whole: any Arrow strings, by the compiled kernel or by `phonenumbers` itself."""

from __future__ import annotations

import logging
import sys
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve_rules.exceptions import RulesError
from leadsieve_rules.phone.cache import load_tables
from leadsieve_rules.phone.patterns import Unsupported
from leadsieve_rules.phone.phones import Phones, concat
from leadsieve_rules.phone.reference import judge_pairs
from leadsieve_rules.phone.regions import REGIONS, check_region

#: A call with fewer rows than this does not start the kernel, whose import alone takes as long as these rows.
KERNEL_ROWS = 20_000
#: The most rows of one call, so that the E.164 forms fit the offsets of a string array.
MOST_ROWS = 100_000_000

_KERNEL = "leadsieve_rules.phone.kernel"
_LOG = logging.getLogger("leadsieve_rules.phone")

_Strings: TypeAlias = "pa.Array | pa.ChunkedArray"
_Region: TypeAlias = "str | pa.Array | pa.ChunkedArray | None"


def read(values: _Strings, region: _Region) -> Phones:
    """Read phone numbers and say what each of them is, in columns.

    Args:
        values: The numbers as written: string, large_string, string_view, or a dictionary of one of them.
        region: The region code in which numbers without a country code are read; or an array of codes, one a
            row, in which null or an unknown code means none; or None.

    Returns:
        The numbers, as long as `values`.

    Raises:
        UnknownRegion: The one region code given is unknown.
        RulesError: The arrays are no strings (`unsupported_type`), differ in length, or are longer than `MOST_ROWS`.

    Example:
        >>> phones = read(pa.array(["081234 56789", "12"]), "IN")
        >>> phones.e164.to_pylist(), phones.valid.tolist(), phones.keys.tolist()
        (['+918123456789', '+9112'], [True, False], [918123456789, 9112])
    """
    return read_part(values, region, quick=use_kernel(len(values)))


def use_kernel(rows: int) -> bool:
    """Tell whether so many rows are worth the kernel: from `KERNEL_ROWS` on, or once it is there anyway."""
    return rows >= KERNEL_ROWS or _KERNEL in sys.modules


def read_part(values: _Strings, region: _Region, *, quick: bool) -> Phones:
    """Do what `read` does, by the kernel if `quick`, else one by one; the result is the same."""
    _check_strings(values, "phone numbers")
    if len(values) > MOST_ROWS:
        raise RulesError(f"{len(values)} phone numbers in one call: give at most {MOST_ROWS} at a time")
    if region is None or isinstance(region, str):
        check_region(region)
        return _read_in_one_region(values, region, quick=quick)
    _check_strings(region, "regions")
    if len(region) != len(values):
        raise RulesError(f"{len(region)} regions for {len(values)} phone numbers: give one a row")
    numbers, codes = _plain(values), _encoded(_plain(region))
    known = [code if code in REGIONS else None for code in codes.dictionary.to_pylist()]
    return _read_rows(numbers, [*known, None], _codes(codes), quick=quick)


def _read_in_one_region(values: _Strings, region: str | None, *, quick: bool) -> Phones:
    if pa.types.is_dictionary(values.type):
        encoded = _one_array(values)
        if len(encoded.dictionary) < len(encoded):
            # Each distinct value once; a code of -1 (null) is the null behind them.
            distinct = pa.concat_arrays([_plain(encoded.dictionary), pa.nulls(1, _plain(encoded.dictionary).type)])
            worth = quick and use_kernel(len(distinct))
            return _read_in_one_region(distinct, region, quick=worth).take(_codes(encoded) % len(distinct))
    numbers = _plain(values)
    return _read_rows(numbers, [region], np.zeros(len(numbers) if not quick else 1, np.int64), quick=quick)


def _read_rows(numbers: pa.Array, regions: list[str | None], of_row: npt.NDArray[np.int64], *, quick: bool) -> Phones:
    """Read plain strings, each in the region that `of_row` names by its place; a place of -1 is the last one."""
    if quick:
        try:
            return _read_quickly(numbers, regions, of_row)
        except Unsupported as problem:
            _LOG.warning("phone numbers are read one by one, slowly: %s; use another phonenumbers release", problem)
    return _read_slowly(numbers, regions, np.broadcast_to(of_row, len(numbers)))


def _read_quickly(numbers: pa.Array, regions: list[str | None], of_row: npt.NDArray[np.int64]) -> Phones:
    tables = load_tables()
    from leadsieve_rules.phone.kernel import judge_strings

    by_code = {code: place for place, code in enumerate(tables.regions)}
    places = np.array([-1 if code is None else by_code[code] for code in regions], np.int16)
    phones, left = judge_strings(tables, numbers, places[of_row])
    if not len(left):
        return phones
    slow = _read_slowly(numbers.take(pa.array(left)), regions, np.broadcast_to(of_row, len(numbers))[left])
    rows = np.arange(len(numbers))
    rows[left] = np.arange(len(left)) + len(numbers)
    return concat([phones, slow]).take(rows)


def _read_slowly(numbers: pa.Array, regions: list[str | None], of_row: npt.NDArray[np.int64]) -> Phones:
    """Judge each distinct pair of number and region once, by `phonenumbers`."""
    encoded = _encoded(numbers)
    keys = np.where(_codes(encoded) < 0, -1, _codes(encoded) * len(regions) + of_row % len(regions))
    distinct, rows = np.unique(keys, return_inverse=True)
    if len(distinct) == 0:
        return judge_pairs([])
    raws = encoded.dictionary.take(pa.array(distinct // len(regions), mask=distinct < 0)).to_pylist()
    pairs = [(raw, regions[int(key) % len(regions)]) for raw, key in zip(raws, distinct, strict=True)]
    return judge_pairs(pairs).take(rows)


def _check_strings(values: _Strings, what: str) -> None:
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_null)
    if not any(test(kind) for test in tests):
        raise RulesError(f"{what} must be strings, not {values.type}: cast the array first", "unsupported_type")


def _one_array(values: _Strings) -> pa.Array:
    if not isinstance(values, pa.ChunkedArray):
        return values
    if pa.types.is_dictionary(values.type):
        values = values.unify_dictionaries()
    return values.combine_chunks() if values.num_chunks != 1 else values.chunk(0)


def _plain(values: _Strings) -> pa.Array:
    """Bring strings of any kind into one string or large_string array."""
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    fits = not isinstance(values, pa.ChunkedArray) or values.nbytes < np.iinfo(np.int32).max
    if values.type == kind and fits and (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return _one_array(values)
    return _one_array(values.cast(pa.large_string()))


def _encoded(values: pa.Array) -> pa.DictionaryArray:
    return pc.dictionary_encode(values)


def _codes(encoded: pa.DictionaryArray) -> npt.NDArray[np.int64]:
    """Return the dictionary's codes by row, -1 for null."""
    codes: npt.NDArray[np.int64] = encoded.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
    return codes
