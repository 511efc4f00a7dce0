"""Phone numbers to E.164, exactly as `phonenumbers` reads them, over whole Arrow arrays."""

from __future__ import annotations

import pyarrow as pa

from leadsieve_rules.phone.phones import SCHEMA, Phones, concat
from leadsieve_rules.phone.reading import KERNEL_ROWS, read, read_part, use_kernel
from leadsieve_rules.phone.regions import check_region

__all__ = ["KERNEL_ROWS", "SCHEMA", "Phones", "check_region", "concat", "normalize", "read"]

#: Rows read at once, so that no string column outgrows its 32-bit offsets.
_READ_AT_ONCE = 1 << 20


def normalize(values: pa.Array | pa.ChunkedArray, region: str | pa.Array | pa.ChunkedArray | None) -> pa.Table:
    """Read phone numbers and say what each of them is.

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
    quick = use_kernel(len(values))
    tables = []
    for start in range(0, max(len(values), 1), _READ_AT_ONCE):
        here = region if region is None or isinstance(region, str) else region.slice(start, _READ_AT_ONCE)
        tables.append(read_part(values.slice(start, _READ_AT_ONCE), here, quick=quick).table())
    return pa.concat_tables(tables)
