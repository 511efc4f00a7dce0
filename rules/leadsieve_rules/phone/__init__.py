"""Phone numbers to E.164, exactly as `phonenumbers` reads them, over whole Arrow arrays."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve_rules.exceptions import RulesError
from leadsieve_rules.phone.reference import SCHEMA, judge_all
from leadsieve_rules.phone.regions import REGIONS, check_region

__all__ = ["SCHEMA", "check_region", "normalize"]

#: Rows gathered at once, so that no string column outgrows its 32-bit offsets.
_GATHERED = 1 << 20


def normalize(values: pa.Array | pa.ChunkedArray, region: str | pa.Array | pa.ChunkedArray | None) -> pa.Table:
    """Read phone numbers and say what each of them is.

    Every distinct pair of value and region is judged once in a call.

    Args:
        values: The numbers as written: string, large_string, string_view, or a dictionary of one of them.
        region: The region code in which numbers without a country code are read; or an array of codes, one a
            row, in which null or an unknown code means none; or None.

    Returns:
        A table as long as `values`, in the schema `SCHEMA`:

        - `e164` string: null where the value does not parse; a number that parses has it, valid or not.
        - `is_valid`, `is_possible` bool: `is_valid_number` and `is_possible_number`.
        - `region` string: code of the region that owns the number, "001" for numbers of no region; else null.
        - `number_type` string: libphonenumber's name, such as "FIXED_LINE_OR_MOBILE"; null if not parsed.
        - `country_code` int32: null if not parsed.
        - `national_number` string: the significant digits with their leading zeros; null if not parsed.
        - `extension` string: null where there is none.
        - `reason` string: null where valid; the parse error (`INVALID_COUNTRY_CODE`, `NOT_A_NUMBER`,
          `TOO_SHORT_AFTER_IDD`, `TOO_SHORT_NSN`, `TOO_LONG`); `NOT_ASSIGNED` for a possible number
          that is not valid; else the ValidationResult (`TOO_SHORT`, `TOO_LONG`, `INVALID_LENGTH`,
          `IS_POSSIBLE_LOCAL_ONLY`, `INVALID_COUNTRY_CODE`). A null value is `NOT_A_NUMBER`.

    Raises:
        UnknownRegion: The one region code given is unknown.
        RulesError: The arrays are no strings (`unsupported_type`), or differ in length.

    Example:
        >>> normalize(pa.array(["081234 56789"]), "IN")["e164"].to_pylist()
        ['+918123456789']
    """
    numbers = _encode(values, "phone numbers")
    if region is None or isinstance(region, str):
        check_region(region)
        pairs = [(number, region) for number in numbers.dictionary.to_pylist()]
        rows = _codes(numbers)
    else:
        regions = _encode(region, "regions")
        if len(regions) != len(numbers):
            raise RulesError(f"{len(regions)} regions for {len(numbers)} phone numbers: give one a row")
        pairs, rows = _pair(numbers, regions)
    judged = judge_all([*pairs, (None, None)])
    # A code of -1 (null) becomes the last row, which judges a null.
    rows = np.where(rows < 0, judged.num_rows - 1, rows)
    parts = [judged.take(pa.array(rows[i : i + _GATHERED])) for i in range(0, len(rows), _GATHERED)]
    return pa.concat_tables(parts) if parts else judged.slice(0, 0)


def _pair(
    numbers: pa.DictionaryArray, regions: pa.DictionaryArray
) -> tuple[list[tuple[str, str | None]], npt.NDArray[np.int64]]:
    """Find the distinct pairs of number and region, and each row's pair (-1 where the number is null)."""
    codes = [code if code in REGIONS else None for code in regions.dictionary.to_pylist()]
    by_number, by_region = _codes(numbers), _codes(regions)
    width = len(codes) + 1
    keys = np.where(by_number < 0, -1, by_number * width + by_region + 1)
    distinct, rows = np.unique(keys, return_inverse=True)
    if len(distinct) and distinct[0] < 0:
        distinct, rows = distinct[1:], rows - 1
    known = numbers.dictionary.take(pa.array(distinct // width)).to_pylist()
    pairs = [(raw, [None, *codes][at]) for raw, at in zip(known, (distinct % width).tolist(), strict=True)]
    return pairs, rows.astype(np.int64)


def _encode(values: pa.Array | pa.ChunkedArray, what: str) -> pa.DictionaryArray:
    """Bring any array of strings into one dictionary array of large strings."""
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if not (
        pa.types.is_string(values.type)
        or pa.types.is_large_string(values.type)
        or pa.types.is_string_view(values.type)
        or pa.types.is_null(values.type)
    ):
        raise RulesError(f"{what} must be strings, not {values.type}: cast the array first", "unsupported_type")
    encoded = pc.dictionary_encode(values.cast(pa.large_string()))
    return encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded


def _codes(encoded: pa.DictionaryArray) -> npt.NDArray[np.int64]:
    """Return the dictionary's codes by row, -1 for null."""
    codes: npt.NDArray[np.int64] = encoded.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)
    return codes
