"""Which quotes a text may be written with, by the fields that start with one."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from leadsieve_connectors.sources.text.dialect import Dialect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ENOUGH = 3


def quotings(window: bytes, delimiter: str) -> Iterator[Dialect]:
    r"""Yield the dialects other than doubled double quotes that the quoted fields speak for.

    - Backslashes escape quotes where that makes fields whole that doubling leaves broken.
    - Single quotes are quotes where about as many fields as there are lines stand in them and hardly any has one at its
      start alone (as an apostrophe, or a spreadsheet's guard, has; more may where several hold delimiters), and double
      quotes are not.
    - No quotes at all are any where fields start with one (as inches or nicknames do) and hardly any is whole.

    Args:
        window: The beginning of the text.
        delimiter: What separates its cells.
    """
    whole, broken, _ = _quoted(window, delimiter, '"', escaped=False)
    if _escaped(window, delimiter, '"'):
        yield Dialect(delimiter, '"', "\\")
    if b"'" in window:
        lines = window.count(b"\n") or window.count(b"\r")
        single, apart, needed = _quoted(window, delimiter, "'", escaped=False)
        if (
            single >= max(2, 0.8 * lines, 10 * (whole + broken))
            and apart <= (0.3 if needed >= _ENOUGH else 0.1) * single
        ):
            yield Dialect(delimiter, "'")
            if _escaped(window, delimiter, "'"):
                yield Dialect(delimiter, "'", "\\")
    if broken >= _ENOUGH and 5 * whole <= broken and _open_ended(window, delimiter) >= 0.8 * broken:
        yield Dialect(delimiter, None)


def _open_ended(window: bytes, delimiter: str) -> int:
    """Count the fields that start with a double quote and do not end with one, quotes being text."""
    d = re.escape(delimiter.encode())
    return len(re.findall(rb'(?:(?<=%b)|(?<=[\r\n])|\A)"(?:(?!%b)[^\r\n])*+(?<!")(?=%b|[\r\n]|\Z)' % (d, d, d), window))


def _escaped(window: bytes, delimiter: str, quote: str) -> bool:
    """Tell whether backslashes before quotes make fields whole that doubling leaves broken."""
    if b"\\" + quote.encode() not in window:
        return False
    whole, broken, _ = _quoted(window, delimiter, quote, escaped=False)
    whole_escaped, broken_escaped, _ = _quoted(window, delimiter, quote, escaped=True)
    return broken_escaped < broken or (whole_escaped < whole and broken_escaped <= broken)


def _quoted(window: bytes, delimiter: str, quote: str, *, escaped: bool) -> tuple[int, int, int]:
    """Count the fields that start with the quote.

    Returns:
        How many end with it, how many do not, and how many of the first hold delimiters.
    """
    separator = delimiter.encode()
    if quote.encode() not in window:
        return 0, 0, 0
    found = list(_starts(separator, quote.encode(), escaped=escaped).finditer(window))
    whole = [match[1] for match in found if match[1] is not None]
    return len(whole), len(found) - len(whole), sum(separator in cell for cell in whole)


def _inside(quote: bytes, *, escaped: bool) -> bytes:
    q = re.escape(quote)
    return rb"(?:[^%b\\]++|%b%b|\\.|\\)*+" % (q, q, q) if escaped else rb"(?:[^%b]++|%b%b)*+" % (q, q, q)


@lru_cache(maxsize=64)
def _starts(delimiter: bytes, quote: bytes, *, escaped: bool) -> re.Pattern[bytes]:
    d, q = re.escape(delimiter), re.escape(quote)
    return re.compile(
        rb"(?:(?<=%b)|(?<=[\r\n])|\A)%b(?:(%b)%b(?=%b|[\r\n]|\Z))?" % (d, q, _inside(quote, escaped=escaped), q, d),
        re.DOTALL,
    )


def raw_cells(dialect: Dialect) -> Callable[[bytes], list[bytes]]:
    """Return what splits one record into its cells as they are written, quotes and all."""
    d = re.escape(dialect.delimiter.encode())
    plain = rb"[^%b]*+" % d if len(dialect.delimiter.encode()) == 1 else rb"(?:(?!%b).)*+" % d
    if dialect.quote is not None:
        q = re.escape(dialect.quote.encode())
        inside = _inside(dialect.quote.encode(), escaped=dialect.escape is not None)
        plain = rb"(?:%b%b%b(?=%b)|%b)" % (q, inside, q, d, plain)
    cell, end = re.compile(rb"(%b)%b" % (plain, d), re.DOTALL), dialect.delimiter.encode()
    return lambda record: cell.findall(record + end)
