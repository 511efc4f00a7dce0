"""A stable name for a schema object: a digest of its columns, its checks, and the code of their functions."""

from __future__ import annotations

import functools
import hashlib
import pickle
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pandera.polars import Check, DataFrameSchema

_SCALARS = (type(None), bool, int, float, complex, str, bytes)
_COLUMN = ("nullable", "required", "regex", "coerce", "title", "description", "metadata")
_CHECK = ("name", "error", "title", "description", "ignore_na", "element_wise", "raise_warning", "statistics")


def schema_digest(schema: DataFrameSchema) -> str:
    """Return the hex SHA-256 of all that decides how a schema judges, the same in every process.

    Functions count by their byte code, constants, defaults and what they refer to outside of themselves, not by
    where they stand.
    """
    whole = [
        [(name, column.dtype, *(getattr(column, key) for key in _COLUMN)) for name, column in schema.columns.items()],
        [[_told(check) for check in column.checks] for column in schema.columns.values()],
        [_told(check) for check in schema.checks or []],
        (schema.dtype, schema.strict, schema.ordered, schema.coerce, schema.metadata),
        (type(schema).__qualname__, [type(column).__qualname__ for column in schema.columns.values()]),
    ]
    return hashlib.sha256(_plain(whole, ()).encode()).hexdigest()


def _told(check: Check) -> list[Any]:
    function = check._check_fn  # noqa: SLF001 - pandera has no public way
    arguments = check._check_kwargs  # noqa: SLF001
    built_in = check.is_builtin_check(getattr(function, "__name__", ""))
    code = function.__name__ if built_in else function
    return [type(check).__qualname__, *(getattr(check, key) for key in _CHECK), arguments, code]


def _plain(value: Any, above: tuple[int, ...]) -> str:
    """Write a value down so that equal ones are written alike, whatever the process and its hash seed.

    Args:
        value: What a schema is made of.
        above: The identities of what it stands in: a function that calls itself is written once.
    """
    if isinstance(value, _SCALARS):
        return f"{type(value).__name__}:{value!r}"
    if id(value) in above:
        return f"above:{len(above) - above.index(id(value))}"
    above = (*above, id(value))
    if isinstance(value, list | tuple):
        return f"[{','.join(_plain(one, above) for one in value)}]"
    if isinstance(value, set | frozenset):
        return f"{{{','.join(sorted(_plain(one, above) for one in value))}}}"
    if isinstance(value, dict):
        return f"{{{','.join(f'{_plain(k, above)}={_plain(v, above)}' for k, v in value.items())}}}"
    return _plain_code(value, above)


def _plain_code(value: Any, above: tuple[int, ...]) -> str:
    """Write down what runs, by what it does."""
    if isinstance(value, types.CodeType):
        names = (value.co_names, value.co_varnames[: value.co_argcount])
        return _plain(["code", value.co_code, value.co_consts, names], above)
    if isinstance(value, types.MethodType):
        return _plain(["method", value.__func__], above)
    if isinstance(value, functools.partial):
        return _plain(["partial", value.func, value.args, value.keywords], above)
    if isinstance(value, types.FunctionType):
        return _plain(["function", *_function(value)], above)
    if isinstance(value, types.ModuleType):
        return f"module:{value.__name__}"
    if isinstance(value, type) or (callable(value) and hasattr(value, "__qualname__")):
        return f"{value.__module__}.{value.__qualname__}"
    return _other(value)


def _function(function: types.FunctionType) -> list[Any]:
    code = function.__code__
    names = {name for one in _codes(code) for name in one.co_names}
    outside = {name: function.__globals__[name] for name in sorted(names) if name in function.__globals__}
    cells = [cell.cell_contents for cell in function.__closure__ or () if _is_full(cell)]
    return [code, function.__defaults__, function.__kwdefaults__, cells, outside]


def _codes(code: types.CodeType) -> list[types.CodeType]:
    """Return a function's code and that of the functions inside it."""
    inner = [one for const in code.co_consts if isinstance(const, types.CodeType) for one in _codes(const)]
    return [code, *inner]


def _is_full(cell: types.CellType) -> bool:
    try:
        cell.cell_contents  # noqa: B018 - asking is the test
    except ValueError:
        return False
    return True


def _other(value: Any) -> str:
    """Write down an object by its pickled state, else by its kind alone."""
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    try:
        return f"{kind}:{hashlib.sha256(pickle.dumps(value, 4)).hexdigest()}"
    except Exception:  # whatever the object's own code raises
        return kind
