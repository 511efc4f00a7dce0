"""One JSON value: parsed strictly, with every number as the text that stands in the file."""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn

#: Whitespace of JSON.
SPACE = " \t\n\r"
#: A value nested deeper than this is refused, so that no result hangs on an interpreter's stack.
MAX_DEPTH = 100
_QUOTE = json.JSONEncoder(ensure_ascii=False)


class Number(str):
    """The literal of a number, where it must be told from a string."""

    __slots__ = ()


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return members


def _refuse(literal: str) -> NoReturn:
    raise ValueError(f"{literal} is not JSON")


def _finite(literal: str) -> float:
    number = float(literal)
    if not math.isfinite(number):
        raise ValueError(f"{literal} is too large a number")
    return number


#: Strict JSON in which each key stands once; numbers are strings. Raises ValueError or RecursionError.
STRICT = json.JSONDecoder(object_pairs_hook=_unique, parse_int=str, parse_float=str, parse_constant=_refuse)
#: The same with numbers told from strings.
LITERAL = json.JSONDecoder(object_pairs_hook=_unique, parse_int=Number, parse_float=Number, parse_constant=_refuse)
#: The same with Python's numbers.
PLAIN = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_refuse)
#: Whatever has the form of JSON: finds where a value ends.
LOOSE = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)


def json_text(value: Any, depth: int = 1) -> str:
    """Return a value of `LITERAL` as compact JSON, its numbers as they stood in the file.

    Args:
        value: The value.
        depth: How deep it stands.

    Raises:
        ValueError: It is nested deeper than `MAX_DEPTH`.

    Example:
        >>> json_text(LITERAL.decode('{"a": [1.0, "é", null]}'))
        '{"a":[1.0,"é",null]}'
    """
    if isinstance(value, Number):
        return value
    if isinstance(value, dict | list):
        if depth > MAX_DEPTH:
            raise ValueError(f"nested deeper than {MAX_DEPTH}")
        if isinstance(value, list):
            return "[" + ",".join([json_text(item, depth + 1) for item in value]) + "]"
        members = [_QUOTE.encode(key) + ":" + json_text(item, depth + 1) for key, item in value.items()]
        return "{" + ",".join(members) + "}"
    return _QUOTE.encode(value)
