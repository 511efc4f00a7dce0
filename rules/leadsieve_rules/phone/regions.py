"""Region codes as libphonenumber knows them."""

from __future__ import annotations

from difflib import get_close_matches

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_REGIONS, PhoneNumberType

from leadsieve_rules.exceptions import UnknownRegion
from leadsieve_rules.wording import quoted

#: Every region code that a national number can be read in.
REGIONS: frozenset[str] = frozenset(SUPPORTED_REGIONS)
#: libphonenumber's names of the types that a number can have.
NUMBER_TYPES: tuple[str, ...] = tuple(PhoneNumberType.to_string(kind) for kind in PhoneNumberType.values())
#: What people write for a region whose code is another one.
_SLIPS = {"UK": "GB"}


def check_region(region: str | None) -> None:
    """Refuse a region code that libphonenumber does not know.

    Args:
        region: A code such as "IN"; None (no region) passes.

    Raises:
        UnknownRegion: The code is not one of libphonenumber's; the message names the closest ones.
    """
    if region is None or region in REGIONS:
        return
    close = _close_codes(region.strip().upper())
    hint = f": did you mean {' or '.join(close)}?" if close else "; it takes two letters, such as IN or US"
    raise UnknownRegion(f"unknown region {quoted(region)}{hint}")


def _close_codes(code: str) -> list[str]:
    if code in REGIONS:
        return [code]
    if code in _SLIPS:
        return [_SLIPS[code]]
    calling = code.removeprefix("+")
    if calling.isascii() and calling.isdigit():
        owners = COUNTRY_CODE_TO_REGION_CODE.get(int(calling), ())
        return [owner for owner in owners[:1] if owner in REGIONS]
    return get_close_matches(code, sorted(REGIONS), n=3, cutoff=0.5)
