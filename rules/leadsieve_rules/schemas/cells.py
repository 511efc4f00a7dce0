"""A dtype is a parse: how the cells of a column are read as the dtype that a schema gives it.

A text is read as exactly one value or as none: ISO 8601 for dates and times, true and false in any case, plain
numbers without separators. What would have to be rounded, cut or guessed is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

#: What is no value of text by itself; the rest of `polars` types are.
_UNREADABLE = ("List", "Array", "Struct", "Object", "Binary", "Null", "Duration", "Unknown", "Int128", "Float16")
_DATE = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_TIME = r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?"
_ZONE = r"(?:Z|z|[+-](?:[01]\d|2[0-3]):?[0-5]\d)"


def is_readable(dtype: Any) -> bool:
    """Tell whether a cell can be parsed as a dtype of polars."""
    import polars as pl

    if not isinstance(dtype, pl.DataType | pl.DataType.__class__) or dtype.is_nested():
        return False
    return dtype.base_type().__name__ not in _UNREADABLE


def takes_values(have: pl.DataType, want: Any) -> bool:
    """Tell whether typed cells are taken as their values, and not as text that is parsed.

    Args:
        have: The type of the cells.
        want: The dtype of the schema's column; None takes any.
    """
    import polars as pl

    if want is None or have == pl.Null:
        return True
    if have.is_decimal() and want.base_type() == pl.Decimal:
        return bool(want.scale >= have.scale)  # type: ignore[attr-defined]
    if have.base_type() == want.base_type() == pl.Datetime:
        return (have.time_zone is None) == (want.time_zone is None)  # type: ignore[attr-defined]
    if have.is_integer():
        return bool(want.is_numeric())
    return bool(have.is_float() and want.is_float()) or have.base_type() == want.base_type()


def parsing(name: str, have: pl.DataType, want: Any) -> pl.Expr | None:
    """Return the expression that reads a column's cells as a dtype; null is what is none.

    Args:
        name: The column.
        have: The type of its cells: any that `takes_values`, or strings.
        want: The dtype of the schema's column; None takes the cells as they are.

    Returns:
        None where the cells are taken as they are.
    """
    import polars as pl

    cells = pl.col(name)
    if have.is_float():
        # pandera takes NaN for a null, so it is one for checks too.
        cells = cells.fill_nan(None)
    if want is None or have == want:
        return cells if have.is_float() else None
    if have == pl.Null:
        return cells.cast(want)
    if have.base_type() not in (pl.String, pl.Categorical, pl.Enum):
        return cells.cast(want, strict=False)
    text = cells if have == pl.String else cells.cast(pl.String)
    base = want.base_type()
    if base in (pl.String, pl.Categorical, pl.Enum):
        return text.cast(want, strict=False)
    return _reading(text, want, base).name.keep()


def _reading(text: pl.Expr, want: Any, base: Any) -> pl.Expr:
    import polars as pl

    if base == pl.Boolean:
        word = text.str.to_lowercase()
        return pl.when(word.is_in(["true", "false"])).then(word == "true")
    if base == pl.Date:
        return pl.when(text.str.contains(f"^{_DATE}$")).then(text.str.to_date("%Y-%m-%d", strict=False))
    if base == pl.Time:
        return pl.when(text.str.contains(f"^{_TIME}$")).then(_seconds(text).str.to_time("%H:%M:%S%.f", strict=False))
    if base == pl.Datetime:
        return _datetimes(text, want)
    if base == pl.Decimal:
        exact = rf"^[+-]?(?:\d+(?:\.\d{{0,{want.scale}}}0*)?|\.\d{{1,{max(want.scale, 1)}}}0*)$"
        return pl.when(text.str.contains(exact)).then(text).cast(want, strict=False)
    number = text.cast(want, strict=False)
    return pl.when(number.is_finite()).then(number) if base.is_float() else number


def _datetimes(text: pl.Expr, want: Any) -> pl.Expr:
    """Read dates and times; with a zone just where the dtype has one, since a guess of it would move them."""
    import polars as pl

    form, unit = "%Y-%m-%dT%H:%M:%S%.f", want.time_unit
    if want.time_zone is None:
        moment = pl.when(text.str.contains(f"^{_DATE}[Tt ]{_TIME}$")).then(text)
        whole = pl.when(text.str.contains(f"^{_DATE}$")).then(text + "T00:00:00").otherwise(moment)
        return _seconds(_divided(whole)).str.to_datetime(form, time_unit=unit, strict=False)
    whole = pl.when(text.str.contains(f"^{_DATE}[Tt ]{_TIME}{_ZONE}$")).then(text)
    zoned = _seconds(_divided(whole)).str.replace("[Zz]$", "+00:00")
    moments = zoned.str.to_datetime(f"{form}%:z", time_unit=unit, time_zone="UTC", strict=False)
    return moments.dt.convert_time_zone(want.time_zone)


def _divided(text: pl.Expr) -> pl.Expr:
    """Put a T between date and time."""
    return text.str.replace("^(.{10})[t ]", "${1}T")


def _seconds(text: pl.Expr) -> pl.Expr:
    """Write the seconds of a time that has none."""
    return text.str.replace(rf"(^|T)(\d\d:\d\d)({_ZONE}?)$", "${1}${2}:00${3}")
