"""Whether a schema fits a source, judged before the first row: its columns, and its checks on what comes first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from leadsieve_rules.exceptions import InvalidSchema
from leadsieve_rules.schemas.columns import expand, matching
from leadsieve_rules.schemas.faults import told_check
from leadsieve_rules.schemas.full import full_masks
from leadsieve_rules.wording import did_you_mean, listed, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    import pyarrow as pa

    from leadsieve_rules.schemas.compiling import CompiledSchema
    from leadsieve_rules.schemas.programs import Test

# What polars calls the expressions whose value in a row comes from other rows; those of one list or text do not.
_BEYOND = re.compile(
    r"(?<!\blist)(?<!\barr)(?<!\bstr)(?<!\bbin)(?<!\bdt)\.(?:sum|mean|median|min|max|std|var|quantile|count|len|"
    r"n_unique|approx_n_unique|unique|unique_counts|is_unique|is_duplicated|is_first_distinct|is_last_distinct|"
    r"first|last|over|rolling|shift|diff|cum_\w+|rolling_\w+|ewm_\w+|rank|sort\w*|arg_\w+|mode|implode|reverse|"
    r"shuffle|sample\w*|forward_fill|backward_fill|interpolate\w*|rle\w*|pct_change|null_count|product|value_counts|"
    r"top_k\w*|bottom_k\w*|gather\w*|skew|kurtosis|hist|qcut|any|all|peak_m\w+|entropy|search_sorted)\("
    r"|(?<![.\w])len\(\)|\bint_range\("
)
_LITERAL = re.compile(r'"[^"]*"')


def require_columns(
    compiled: CompiledSchema, source: str, names: Sequence[str], known: Sequence[str], asked: Sequence[str]
) -> None:
    """Refuse a schema with columns that a source has not, or a strict one for a source that has more.

    Args:
        compiled: The schema.
        source: The source's name.
        names: The columns that rows of the source have, in its order: target fields, then columns that are no field.
        known: The source's own columns.
        asked: The columns that the schema names and the source has under another name already.

    Raises:
        InvalidSchema: It does not fit.
    """
    schema, label = compiled.schema, compiled.label
    found = expand(schema, [*names, *asked], label)
    there = {*names, *asked}
    for name, column in schema.columns.items():
        if column.regex:
            if column.required and not set(matching(column, [*there], label)) - set(schema.columns):
                raise InvalidSchema(
                    f"{label}: no column of {source} has a name like {quoted(name)}; it has {listed(known)}; correct "
                    "the pattern, or write required=False"
                )
        elif name not in there and column.required:
            raise InvalidSchema(
                f"{label}: there is no column {quoted(name)} in {source}{did_you_mean(name, [*known, *names])}; it has "
                f"{listed(known)}; correct the name, map a column with --map, or write required=False"
            )
    extra = [name for name in names if name not in found]
    if schema.strict is True and extra:
        raise InvalidSchema(
            f"{label}: it is strict, and {source} has columns that it does not name: {listed(extra)}; add them to the "
            "schema, or take strict out"
        )
    if schema.ordered:
        _require_order([n for n in names if n in found], list(found), label, source)


def _require_order(there: list[str], wanted: list[str], label: str, source: str) -> None:
    expected = [name for name in wanted if name in there]
    if there != expected:
        raise InvalidSchema(
            f"{label}: it is ordered, and the columns of {source} come as {listed(there)} and not as "
            f"{listed(expected)}; take ordered out"
        )


def require_checks(compiled: CompiledSchema, source: str, table: pa.Table, layout: pa.Schema) -> None:
    """Try every check on a table of a source, without rows or with its first ones.

    Args:
        compiled: The schema.
        source: The source's name.
        table: As for `CompiledSchema.findings`.
        layout: Likewise.

    Raises:
        InvalidSchema: A check raises, gives one verdict for a whole column, or answers otherwise for a row among
            other rows.
    """
    frame = compiled.parsed(table, layout)
    where = f"the first rows of {source}" if frame.height else f"{source} without rows"
    program = compiled.program(layout)
    if compiled.full:
        full_masks(compiled, frame, program)
    for test in program.tests:
        answers = compiled.answer(test, frame, where)
        if not _is_own(test):
            continue
        _require_local_form(compiled, test)
        if frame.height:
            _require_local(compiled, test, frame, answers, where)


def _is_own(test: Test) -> bool:
    """Tell whether a check is of the author's own code and sees more than a cell at a time."""
    name = getattr(test.check._check_fn, "__name__", "")  # noqa: SLF001 - pandera has no public way
    return not test.check.is_builtin_check(name) and not test.check.element_wise


def _require_local_form(compiled: CompiledSchema, test: Test) -> None:
    """Refuse an expression that polars says to look at other rows."""
    if test.mask is None:
        return
    found = _BEYOND.search(_LITERAL.sub("", str(test.mask)))
    if found:
        raise _depends(compiled, test, f": it uses {found[0].strip('.(')}")


def _require_local(compiled: CompiledSchema, test: Test, frame: pl.DataFrame, answers: pl.Series, where: str) -> None:
    """Refuse a check that answers otherwise for the same rows in another order, or in other company."""
    import polars as pl

    half = frame.height // 2
    pieces = [compiled.answer(test, part, where) for part in (frame.head(half), frame.tail(frame.height - half))]
    others = [
        compiled.answer(test, frame.reverse(), where).reverse(),
        pl.concat(pieces),
        compiled.answer(test, pl.concat([frame, frame]), where).head(frame.height),
    ]
    if any(not other.equals(answers, null_equal=True, check_names=False) for other in others):
        raise _depends(compiled, test, f" (tried on {where})")


def _depends(compiled: CompiledSchema, test: Test, why: str) -> InvalidSchema:
    return InvalidSchema(
        f"{compiled.label}: {told_check(test.check, test.column)} judges a row by other rows{why}; a lead file is "
        "judged in pieces, so write it so that each row's answer comes from that row alone"
    )
