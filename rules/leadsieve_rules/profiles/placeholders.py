"""Placeholders in JSON values: `{name}` gives the value, `{name:str}` its text, `{{` and `}}` are braces."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from math import isfinite
from typing import Any

_TOKEN = re.compile(r"\{\{|\}\}|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<text>:str)?\}|[{}]")
_BRACES = {"{{": "{", "}}": "}"}


def problems(template: Any, names: Collection[str]) -> Iterator[str]:
    """Go through what is wrong with a template: unknown names, lone braces, values that JSON does not have.

    Args:
        template: A JSON value with placeholders.
        names: The names that it may use.

    Yields:
        The offending pieces, as they stand in the template.
    """
    if isinstance(template, Mapping):
        for key, value in template.items():
            yield from problems(key, ())
            yield from problems(value, names)
    elif isinstance(template, list):
        for value in template:
            yield from problems(value, names)
    elif isinstance(template, str):
        for token in _TOKEN.finditer(template):
            if token[0] not in _BRACES and token["name"] not in names:
                yield token[0]
    elif not isinstance(template, (int, float)) or not isfinite(template):
        yield repr(template)


def fill(template: Any, values: Mapping[str, Any]) -> Any:
    """Put values in the place of placeholders.

    Args:
        template: A JSON value with placeholders, in which `problems` finds nothing.
        values: The value of every name used.

    Returns:
        A new JSON value. A string that is one placeholder becomes the value with its type; others stay
        strings.

    Raises:
        KeyError: A name has no value.

    Example:
        >>> fill({"n": "{rows}", "s": "{rows:str}", "t": "{rows} rows"}, {"rows": 3})
        {'n': 3, 's': '3', 't': '3 rows'}
    """
    if isinstance(template, Mapping):
        return {_text(key, {}): fill(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [fill(value, values) for value in template]
    if not isinstance(template, str):
        return template
    whole = _TOKEN.fullmatch(template)
    if whole and whole["name"] and not whole["text"]:
        return values[whole["name"]]
    return _text(template, values)


def _text(template: str, values: Mapping[str, Any]) -> str:
    return _TOKEN.sub(lambda token: _BRACES.get(token[0]) or _shown(values[token["name"]]), template)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
