"""The checks that a kernel can follow: which cells of a column of text surely pass all that a schema asks of them.

A kernel only ever says that nothing is to be said of a cell. Whatever it doubts, polars judges.
"""

from __future__ import annotations

import datetime as dt
import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from leadsieve_rules.schemas.automaton import Automaton, automaton

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pandera.polars import Check

    #: The names of checks and their arguments.
    Asked: TypeAlias = list[tuple[str, dict[str, Any]]]

#: More characters than a cell has, and more than any number of a kernel.
_MANY = 1 << 62
_POWERS = 10.0 ** np.arange(23)


@dataclass(frozen=True, slots=True, eq=False)
class Sure:
    """What the cells of a column of text must be, as kernels ask it.

    Attributes:
        lengths: The fewest and the most characters of each check.
        patterns: An automaton for each check.
        form: "whole", "real" or "day" where the cells are read as numbers or days; None where they are text.
        wholes: The least and the greatest whole number, or day as 20240131.
        reals: The least and the greatest real number.
    """

    lengths: tuple[tuple[int, int], ...] = ()
    patterns: tuple[Automaton, ...] = ()
    form: str | None = None
    wholes: tuple[int, int] = (-_MANY, _MANY)
    reals: tuple[float, float] = (-np.inf, np.inf)

    def doubts(self, data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int32]) -> npt.NDArray[np.bool_]:
        """Return which cells may fail a check.

        Args:
            data: The bytes of all cells.
            offsets: Where each begins, and behind the last where that ends.
        """
        from leadsieve_rules.cells.kernel import doubt_patterns
        from leadsieve_rules.schemas.kernel import DAY, REAL, WHOLE, doubt_lengths, doubt_values

        doubts = np.zeros(len(offsets) - 1, np.uint8)
        for low, high in self.lengths:
            doubt_lengths(data, offsets, low, high, doubts)
        for one in self.patterns:
            doubt_patterns(one.table, one.accepts, one.start, data, offsets, doubts)
        if self.form is not None:
            form = {"whole": WHOLE, "real": REAL, "day": DAY}[self.form]
            reals, wholes = np.array(self.reals, np.float64), np.array(self.wholes, np.int64)
            doubt_values(data, offsets, form, _POWERS, reals, wholes, doubts)
        return doubts.view(np.bool_)


def sure(checks: Sequence[Check], dtype: Any) -> Sure | None:
    """Compile the checks of a column of text.

    Args:
        checks: The checks.
        dtype: The column's dtype of polars, as which its cells are read; None takes them as they are.

    Returns:
        None where a kernel cannot follow one of them, or cannot read cells as the dtype.
    """
    import polars as pl

    asked = []
    for check in checks:
        name = getattr(check._check_fn, "__name__", "")  # noqa: SLF001 - pandera has no public way
        if not check.is_builtin_check(name) or check.element_wise:
            return None
        asked.append((name, check._check_kwargs))  # noqa: SLF001
    if dtype is None or dtype == pl.String:
        return _texts(asked)
    if dtype == pl.Date:
        return _days(asked)
    if dtype == pl.Float64:
        return _reals(asked)
    return _wholes(asked, dtype) if dtype.is_integer() else None


def _texts(asked: Asked) -> Sure | None:
    lengths, patterns = [], []
    for name, given in asked:
        if name == "str_length":
            exact, low, high = (given.get(key) for key in ("exact_value", "min_value", "max_value"))
            limits = (
                (exact, exact) if exact is not None else (0 if low is None else low, _MANY if high is None else high)
            )
            if not all(type(limit) is int and 0 <= limit <= _MANY for limit in limits):
                return None
            lengths.append(limits)
        elif (pattern := _pattern(name, given)) is None or (found := automaton(pattern)) is None:
            return None
        else:
            patterns.append(found)
    return Sure(tuple(lengths), tuple(patterns))


def _pattern(name: str, given: dict[str, Any]) -> str | None:
    """Return the pattern that a check looks for, as pandera hands it to polars."""
    value = given.get("pattern") if name in ("str_matches", "str_contains") else given.get("string")
    if isinstance(value, re.Pattern):
        value = value.pattern
    if not isinstance(value, str):
        return None
    if name == "str_matches":
        return value if value.startswith("^") else f"^{value}"
    if name == "str_contains":
        return value
    if not value.isascii():
        return None
    return {"str_startswith": f"^{re.escape(value)}", "str_endswith": f"{re.escape(value)}$"}.get(name)


def _wholes(asked: Asked, dtype: Any) -> Sure | None:
    bits = {"8": 8, "16": 16, "32": 32, "64": 63}.get(str(dtype).lstrip("UInt"))
    if bits is None:
        return None
    # A kernel reads fewer digits than the widest types hold.
    high = min(_MANY, (1 << (bits - dtype.is_signed_integer())) - 1)
    low = -high - 1 if dtype.is_signed_integer() else 0
    bounds = _bounds(asked, low, high, lambda one: one if type(one) is int and abs(one) < _MANY else None)
    return None if bounds is None else Sure(form="whole", wholes=(int(bounds[0]), int(bounds[1])))


def _reals(asked: Asked) -> Sure | None:
    def exact(one: Any) -> float | None:
        return float(one) if type(one) in (int, float) and abs(one) <= 1 << 53 else None

    bounds = _bounds(asked, -np.inf, np.inf, exact, lambda one, way: float(np.nextafter(one, way * np.inf)))
    return None if bounds is None else Sure(form="real", reals=bounds)


def _days(asked: Asked) -> Sure | None:
    def digits(day: Any) -> int | None:
        return day.year * 10000 + day.month * 100 + day.day if type(day) is dt.date else None

    bounds = _bounds(asked, 0, _MANY, digits)
    return None if bounds is None else Sure(form="day", wholes=(int(bounds[0]), int(bounds[1])))


def _bounds(
    asked: Asked,
    low: float,
    high: float,
    read: Callable[[Any], float | None],
    next_to: Callable[[float, int], float] = operator.add,
) -> tuple[float, float] | None:
    """Return the least and the greatest value that pass all checks.

    Args:
        asked: The checks.
        low: The least value before.
        high: The greatest.
        read: Reads the value of a check; None where it cannot be compared.
        next_to: Gives the next value above (1) or below (-1) one that is excluded.

    Returns:
        None where a check does something else than to compare.
    """
    for name, given in asked:
        for way, key, closed in _comparisons(name, given):
            value = read(given.get(key))
            if value is None:
                return None
            value = value if closed else next_to(value, way)
            low, high = (max(low, value), high) if way > 0 else (low, min(high, value))
    known = all(_comparisons(name, given) for name, given in asked)
    return (low, high) if known else None


def _comparisons(name: str, given: dict[str, Any]) -> list[tuple[int, str, bool]]:
    """Return each bound of a check: 1 from below or -1 from above, its argument, and whether it may be reached."""
    closed = name.endswith("_or_equal_to")
    if name in ("greater_than", "greater_than_or_equal_to"):
        return [(1, "min_value", closed)]
    if name in ("less_than", "less_than_or_equal_to"):
        return [(-1, "max_value", closed)]
    if name == "equal_to":
        return [(1, "value", True), (-1, "value", True)]
    if name == "in_range":
        closed_below, closed_above = given.get("include_min", True), given.get("include_max", True)
        return [(1, "min_value", bool(closed_below)), (-1, "max_value", bool(closed_above))]
    return []
