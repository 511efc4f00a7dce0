"""Email addresses in two steps: a linear pattern for nearly all, and email-validator for what it leaves open.

The pattern takes only what email-validator takes too. What it leaves and what might still be an address (quoted local
parts, other scripts, domains in punycode) is asked once per distinct value; nothing is looked up in the network.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from leadsieve_rules.cells.arrays import int64_array, null_flags
from leadsieve_rules.cells.columns import buffers_of, use_kernel

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

    from leadsieve_rules.schemas.automaton import Automaton

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
    from leadsieve_rules.cells.kernel import doubt_patterns

    data, offsets = buffers_of(text)
    doubts, plain = (np.diff(offsets) > _PLAIN_BYTES).view(np.uint8), _followed()
    doubt_patterns(plain.table, plain.accepts, plain.start, data, offsets, doubts)
    nulls = null_flags(text)
    if len(nulls):
        doubts[nulls] = 0
    good: npt.NDArray[np.bool_] = doubts == 0
    rest = np.flatnonzero(doubts)
    if len(rest):
        cells = pl.Series(pl.from_arrow(text.take(int64_array(rest))))
        if hard := _hard_addresses(cells):
            good[rest] = cells.is_in(hard).to_numpy()
    return good


@cache
def _followed() -> Automaton:
    """Return the linear pattern as an automaton."""
    from leadsieve_rules.schemas.automaton import automaton

    found = automaton(_PLAIN)
    assert found is not None, "a plain pattern is followed"  # noqa: S101
    return found


def are_emails(values: pl.Series) -> pl.Series:
    """Tell which values are email addresses, by syntax alone.

    Args:
        values: Strings; null gives null.
    """
    plain = values.str.contains(_PLAIN) & (values.str.len_bytes() <= _PLAIN_BYTES)
    if plain.all():
        return plain
    hard = _hard_addresses(values.filter(~plain))
    return plain | values.is_in(hard) if hard else plain


def _hard_addresses(values: pl.Series) -> list[str]:
    """Return those that are addresses of the values that the linear pattern leaves."""
    hard = values.filter(values.str.contains(_OPEN)).unique().to_list()
    return [value for value in hard if len(value) <= _OPEN_CHARS and is_email(value)]


def is_email(value: str) -> bool:
    """Ask email-validator about one value."""
    from email_validator import EmailNotValidError, validate_email

    try:
        # Reserved domains such as example.test are addresses too: whether mail arrives is not asked.
        validate_email(value, allow_quoted_local=True, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return False
    return True
