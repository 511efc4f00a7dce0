"""Email addresses in two steps: a linear pattern for nearly all, and email-validator for what it leaves open.

The pattern takes only what email-validator takes too. What it leaves and what might still be an address (quoted local
parts, other scripts, domains in punycode) is asked once per distinct value; nothing is looked up in the network.
"""

from __future__ import annotations

from functools import cache
from string import ascii_letters, digits
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from leadsieve_rules.cells.columns import buffers_of, use_kernel

if TYPE_CHECKING:
    import polars as pl

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = "[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*"
#: Short enough that no part of it can be too long.
_PLAIN = rf"^{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+[A-Za-z]{{2,}}$"
_PLAIN_BYTES = 64
_WIDE_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x{80}-\x{10FFFF}-]+"
_WIDE_LABEL = r"[A-Za-z0-9\x{80}-\x{10FFFF}-]"
_STOP = "[.\u3002\uff0e\uff61]"
_OPEN = rf'^(?:"[^\r\n]+"|{_WIDE_ATOM}(?:\.{_WIDE_ATOM})*)@(?:{_WIDE_LABEL}+{_STOP})+{_WIDE_LABEL}{{2,}}$'
_OPEN_CHARS = 254


def address_mask(text: pa.Array) -> npt.NDArray[np.bool_]:
    """Tell which cells of a string array are email addresses, by syntax alone; a null is none that is wrong."""
    import polars as pl

    if not use_kernel(len(text)):
        return are_emails(pl.Series(pl.from_arrow(text))).fill_null(value=True).to_numpy()
    from leadsieve_rules.cells.kernel import find_addresses

    data, offsets = buffers_of(text)
    plain = np.empty(len(text), np.bool_)
    if find_addresses(data, offsets, _kinds(), plain):
        rest = np.flatnonzero(~plain)
        cells = pl.Series(pl.from_arrow(text.take(pa.array(rest))))
        plain[rest] = are_emails(cells).fill_null(value=True).to_numpy()
    return plain


@cache
def _kinds() -> npt.NDArray[np.uint8]:
    """Return for each byte what it can be part of."""
    from leadsieve_rules.cells.kernel import ALNUM, ALPHA, ATOM

    kinds = np.zeros(256, np.uint8)
    kinds[list(map(ord, "!#$%&'*+/=?^_`{|}~-" + ascii_letters + digits))] |= ATOM
    kinds[list(map(ord, ascii_letters + digits))] |= ALNUM
    kinds[list(map(ord, ascii_letters))] |= ALPHA
    return kinds


def are_emails(values: pl.Series) -> pl.Series:
    """Tell which values are email addresses, by syntax alone.

    Args:
        values: Strings; null gives null.
    """
    plain = values.str.contains(_PLAIN) & (values.str.len_bytes() <= _PLAIN_BYTES)
    if plain.all():
        return plain
    rest = values.filter(~plain)
    hard = rest.filter((rest.str.len_chars() <= _OPEN_CHARS) & rest.str.contains(_OPEN)).unique().to_list()
    good = [value for value in hard if is_email(value)]
    return plain | values.is_in(good) if good else plain


def is_email(value: str) -> bool:
    """Ask email-validator about one value."""
    from email_validator import EmailNotValidError, validate_email

    try:
        # Reserved domains such as example.test are addresses too: whether mail arrives is not asked.
        validate_email(value, allow_quoted_local=True, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return False
    return True
