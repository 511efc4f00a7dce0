"""Checks of pandera as boolean masks: an expression where a check is one, else what pandera's own call gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from pandera.polars import Check

#: The key under which pandera hands whole rows to a check of the dataframe.
ROWS = "*"


def expression(check: Check, frame: pl.DataFrame, key: str) -> pl.Expr | None:
    """Return a check as an expression, where its function is one `select` of expressions and nothing else.

    Args:
        check: A check that is not element-wise.
        frame: Any frame with the columns and dtypes that the check will see; no rows are needed.
        key: The column to check, or `ROWS`.

    Returns:
        The expression, of which each row's value is the check's answer; None where there is none.

    Raises:
        Exception: Whatever the check's function raises.
    """
    import polars as pl
    from pandera.api.polars.types import PolarsData

    chosen: list[tuple[Sequence[Any], Any]] = []

    class Recording(pl.LazyFrame):
        """A frame that remembers what is selected from it."""

        def select(self, *exprs: Any, **named: Any) -> Any:
            result = super().select(*exprs, **named)
            if not named and self is recording:
                chosen.append((exprs, result))
            return result

    if check.element_wise:
        return None
    recording = Recording(frame)
    output = bound(check)(PolarsData(recording, key))
    for exprs, result in chosen:
        if result is output and exprs and all(isinstance(e, pl.Expr) and _is_per_row(e) for e in exprs):
            # The answers that pandera folds into one.
            return exprs[0] if len(exprs) == 1 else pl.all_horizontal(*exprs)
    return None


def _is_per_row(expr: pl.Expr) -> bool:
    """Tell whether an expression surely has one column with a value for each row."""
    try:
        return not expr.meta.has_multiple_outputs() and bool(expr.meta.is_length_preserving())
    except (AttributeError, pl_errors()):
        return False


def pl_errors() -> type[Exception]:
    """Return the base of the exceptions of polars."""
    import polars as pl

    return pl.exceptions.PolarsError


def bound(check: Check) -> Any:
    """Return a check's function with its own arguments bound, as pandera calls it."""
    from functools import partial

    return partial(resolved(check)._check_fn, **check._check_kwargs)  # noqa: SLF001 - pandera has no public way


def resolved(check: Check) -> Check:
    """Make a check find the built-in function that its name stands for.

    A check that was copied or pickled holds a copy of pandera's table of built-in checks, perhaps an empty one;
    pandera looks it up again in `Check.__call__`, which would also make the failure cases.
    """
    from pandera.backends.polars.register import register_polars_backends

    register_polars_backends()
    builtin = getattr(check._check_fn, "__name__", None)  # noqa: SLF001
    if builtin is not None and check.is_builtin_check(builtin):
        check._check_fn = check.get_builtin_check_fn(builtin)  # noqa: SLF001
    return check


def called(check: Check, frame: pl.LazyFrame, key: str) -> pl.LazyFrame | bool:
    """Ask pandera for a check's own answers, one column, before it makes failure cases of them."""
    from pandera.api.polars.types import PolarsData
    from pandera.backends.polars.checks import PolarsCheckBackend

    resolved(check)
    # Not the backend that pandera would choose: narwhals' can be asked for by the environment, and misplaces rows.
    backend: Any = PolarsCheckBackend(check)
    answers: pl.LazyFrame | bool = backend.apply(PolarsData(frame, key))
    return answers
