"""A country-code column beside the phone column: which region each row's national number is read in."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from leadsieve_rules.phone.regions import REGIONS

#: The region of numbers that belong to no country, such as +800.
_NOWHERE = "001"
_DIGITS = r"^[(]?(?:\+|00)?\s*(?P<code>[1-9][0-9]{0,2})(?:\.0+)?[)]?$"
#: Country code, or region code, as text: the region whose rules its national numbers follow, and the country code.
_KNOWN: dict[str, tuple[str, int]] = {
    **{str(code): (regions[0], code) for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()},
    **{
        region: (region, code)
        for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()
        for region in regions
        if region in REGIONS
    },
    "UK": ("GB", 44),
}


@dataclass(frozen=True, slots=True)
class Countries:
    """What a country-code column says, row by row; all arrays are as long as the column.

    Attributes:
        region: string array: the region in which the row's number is read; null is none.
        code: int32 array: the country code that the column names; null where it is empty or names none.
        prefix: string array: "+800" and the like, to put before a number that has no plus; else null.
        unknown: bool array: cells that are filled, but name no country.
    """

    region: pa.Array
    code: pa.Array
    prefix: pa.Array
    unknown: pa.Array


def read_countries(column: pa.Array, region: str | pa.Array | None) -> Countries:
    """Read a country-code column.

    A cell is a country code (`91`, `+91`, `0091`, `(91)`, `91.0`) or a region code (`IN`, in any case). A country code
    that several countries share means the main one of them, as in libphonenumber: 1 is the United States. An
    empty cell leaves the row to the default region. A cell that names no country leaves the row without one: its
    number is not read in a country that may be the wrong one.

    Args:
        column: string array, trimmed, null where empty.
        region: The default region: one for all, one a row, or None.

    Returns:
        The region of each row, and what else the reader of the numbers needs.

    Example:
        >>> read_countries(pa.array(["0091", "gb", None, "India"]), "US").region.to_pylist()
        ['IN', 'GB', 'US', None]
    """
    cells = pc.dictionary_encode(column)
    names = cells.dictionary
    digits = pc.extract_regex(names, _DIGITS)
    names = pc.if_else(digits.is_valid(), pc.fill_null(digits.field("code"), ""), pc.utf8_upper(names))
    entries = [_KNOWN.get(name) for name in names.to_pylist()]
    own = [entry[0] if entry and entry[0] != _NOWHERE else None for entry in entries]
    prefixes = [f"+{entry[1]}" if entry and entry[0] == _NOWHERE else None for entry in entries]
    default = region if isinstance(region, pa.Array) else pa.scalar(region, pa.string())
    code = pa.array([entry[1] if entry else None for entry in entries], pa.int32()).take(cells.indices)
    filled = column.is_valid()
    return Countries(
        region=pc.if_else(filled, pa.array(own, pa.string()).take(cells.indices), default),
        code=code,
        prefix=pa.array(prefixes, pa.string()).take(cells.indices),
        unknown=pc.and_(filled, code.is_null()),
    )
