"""Placeholders in JSON values: `{name}` gives the value, `{name:str}` its text, `{{` and `}}` are braces."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from math import isfinite
from typing import Any

#: A name, of which dots are part.
NAME = r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*"
_TOKEN = re.compile(rf"\{{\{{|\}}\}}|\{{(?P<name>{NAME})(?P<text>:str)?\}}|[{{}}]")
_BRACES = {"{{": "{", "}}": "}"}


def problems(template: Any, names: Collection[str], whole: Collection[str] = ()) -> Iterator[str]:
    """Go through what is wrong with a template: unknown names, lone braces, values that JSON does not have.

    Args:
        template: A JSON value with placeholders.
        names: The names that it may use.
        whole: Those of them whose values are lists or tables, and have no place inside a text.

    Yields:
        The offending pieces, as they stand in the template.
    """
    if isinstance(template, Mapping):
        for key, value in template.items():
            yield from problems(key, ())
            yield from problems(value, names, whole)
    elif isinstance(template, list):
        for value in template:
            yield from problems(value, names, whole)
    elif isinstance(template, str):
        allowed = names if whole_name(template) else [name for name in names if name not in whole]
        for token in _TOKEN.finditer(template):
            if token[0] not in _BRACES and token["name"] not in allowed:
                yield token[0]
    elif not isinstance(template, (int, float)) or not isfinite(template):
        yield repr(template)


def whole_name(template: Any) -> str | None:
    """Return the name whose value takes the place of a template as it is; None where there is no such name."""
    found = _TOKEN.fullmatch(template) if isinstance(template, str) else None
    return found["name"] if found is not None and not found["text"] else None


def parts(template: str) -> Iterator[tuple[str | None, str]]:
    """Split a text template at its placeholders.

    Yields:
        Name and "" for a placeholder; None and the text itself, with single braces, for what stands between.
    """
    at = 0
    for token in _TOKEN.finditer(template):
        yield None, template[at : token.start()]
        yield (token["name"], "") if token["name"] else (None, _BRACES[token[0]])
        at = token.end()
    yield None, template[at:]


def names_in(template: Any) -> Iterator[str]:
    """Go through the names that a template uses, each as often as it does."""
    if isinstance(template, Mapping):
        for value in template.values():
            yield from names_in(value)
    elif isinstance(template, list):
        for value in template:
            yield from names_in(value)
    elif isinstance(template, str):
        yield from (token["name"] for token in _TOKEN.finditer(template) if token["name"])


def fill(template: Any, values: Mapping[str, Any], *, without_none: bool = False) -> Any:
    """Put values in the place of placeholders.

    Args:
        template: A JSON value with placeholders, in which `problems` finds nothing.
        values: The value of every name used.
        without_none: Leave out a member of a table whose value is one placeholder without a value (None), and a table
            of which nothing is left for that reason.

    Returns:
        A new JSON value. A string that is one placeholder becomes the value with its type; others stay
        strings.

    Raises:
        KeyError: A name has no value.

    Example:
        >>> fill({"n": "{rows}", "s": "{rows:str}", "t": "{rows} rows"}, {"rows": 3})
        {'n': 3, 's': '3', 't': '3 rows'}
        >>> fill({"n": "{rows}", "redial": {"enabled": "{on}"}}, {"rows": 3, "on": None}, without_none=True)
        {'n': 3}
    """
    if isinstance(template, Mapping):
        members = {key: fill(value, values, without_none=without_none) for key, value in template.items()}
        left_out = {key for key, value in members.items() if without_none and _is_nothing(template[key], value)}
        return {_text(key, {}): value for key, value in members.items() if key not in left_out}
    if isinstance(template, list):
        return [fill(value, values, without_none=without_none) for value in template]
    name = whole_name(template)
    if name is not None:
        return values[name]
    return _text(template, values) if isinstance(template, str) else template


def _is_nothing(template: Any, value: Any) -> bool:
    return value is None or (isinstance(template, Mapping) and value == {} and len(template) > 0)


def _text(template: str, values: Mapping[str, Any]) -> str:
    return _TOKEN.sub(lambda token: _BRACES.get(token[0]) or _shown(values[token["name"]]), template)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ",".join(_shown(item) for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
