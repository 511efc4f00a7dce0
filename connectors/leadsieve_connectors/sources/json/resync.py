"""Where a broken element of a JSON array ends, so that what follows it is read right.

An end is taken only where the text behind it shows that it is one: the next element parses, the elements after
it parse too, and the bracket that closes them is the array's own, judged by what follows it. Where the broken
element may itself go on, as in a list of objects within it, nothing is guessed.
"""

from __future__ import annotations

import re
from itertools import count
from json import JSONDecodeError

from leadsieve_connectors.sources.json.values import LOOSE, SPACE

#: An error so near to the end of a text, in characters, may mean that the text was cut there.
CUT_SHORT = 16
_BETWEEN = re.compile(r"[ \t\n\r]*+,?[ \t\n\r]*+")
_SPACES = re.compile(r"[ \t\n\r]*+")
_TOKENS = re.compile(r'"(?:[^"\\\n\r]|\\.)*+"?|[{}\[\]]')
_MEMBER = re.compile(r'[ \t\n\r]*+"(?:[^"\\]|\\.)*+"[ \t\n\r]*+:[ \t\n\r]*+', re.DOTALL)
_HALF_MEMBER = re.compile(r'[ \t\n\r]*+(?:"(?:[^"\\]|\\.)*+\\?(?:"[ \t\n\r]*+)?)?', re.DOTALL)
_FIRST_KEY = re.compile(r'\{[ \t\n\r]*+("(?:[^"\\]|\\.)*+")[ \t\n\r]*+:', re.DOTALL)
_CLOSERS = {"{": "}", "[": "]"}
# Within a valid string no quote stands bare, so that an object with members is never part of one.
_STARTS = {
    "{": re.compile(r'[,}][ \t\n\r]*+(?=\{[ \t\n\r]*+")'),
    "[": re.compile(r"[,\]][ \t\n\r]*+(?=\[)"),
}


def error_place(text: str, error: ValueError, *, ended: bool) -> int | None:
    """Return where a text stops being JSON; None where it may only have been cut.

    Args:
        text: The text.
        error: What a decoder said of it.
        ended: Nothing follows the text.
    """
    if not isinstance(error, JSONDecodeError):
        return 0
    cut = error.msg.startswith("Unterminated string") or error.pos >= len(text) - CUT_SHORT
    return None if cut and not ended else error.pos


def find_end(text: str, wrong: int, *, opening: str, outer: str, ended: bool, like: str) -> int | None:
    """Return where the broken element at the start of the text ends; None where it cannot be told.

    Args:
        text: The element and what follows it.
        wrong: Where the text stops being JSON.
        opening: The bracket with which elements begin.
        outer: The brackets around the array, from the outermost.
        ended: Nothing follows the text.
        like: A sound element before it, if there is one: a broken element next to this one shows by its first key.
    """
    # Where the text is still JSON, an object in a list and the end of a list are the broken element's own.
    own = {match.start() for match in _TOKENS.finditer(text, 0, wrong) if match[0] in "{]" and opening == "{"}
    doubtful, at, first = False, 0, _first_key(like) or _first_key(text)
    while match := _STARTS[opening].search(text, at):
        start = match.end()
        if start in own:
            doubtful, at = True, start
            continue
        found, at = _begins(text, start, opening, outer, ended=ended)
        if found or (at == start and first and _first_key(text, start) == first):
            return _closed(text, start, opening, outer, ended=ended) or _without_comma(text, start)
    closed = _closed(text, len(text), opening, outer, ended=ended)
    if closed or doubtful or not ended:
        return closed
    for match in re.finditer("]", text):
        if match.start() not in own and closes(text, match.end(), outer, ended=True):
            return len(text[: match.start()].rstrip(SPACE))
    return None


def _closed(text: str, stop: int, opening: str, outer: str, *, ended: bool) -> int | None:
    """Return where the element's own closing bracket shows its end before `stop`."""
    end = closing(text[:stop])
    return end if end is not None and _goes_on(text, end, opening, outer, ended=ended) else None


def _first_key(text: str, at: int = 0) -> str:
    """Return the first key of the object at `at` as it is written, empty where none is there."""
    match = _FIRST_KEY.match(text, at)
    return "" if match is None else match[1]


def _without_comma(text: str, start: int) -> int:
    before = text[:start].rstrip(SPACE)
    return len(before.removesuffix(",").rstrip(SPACE)) if before.endswith(",") else len(before)


def closing(text: str) -> int | None:
    """Return where the bracket that the text begins with is closed; None where it is not, or not rightly.

    No string goes beyond its line.
    """
    stack: list[str] = []
    for match in _TOKENS.finditer(text):
        token = match[0]
        if token in _CLOSERS:
            stack.append(_CLOSERS[token])
        elif token in ("}", "]") and (not stack or stack.pop() != token):
            return None
        if not stack:
            return match.end() if token in ("}", "]") else None
        if match.start() and not stack:
            return None
    return None


def _goes_on(text: str, end: int, opening: str, outer: str, *, ended: bool) -> bool:
    """Tell whether another element, or the end of the array, stands behind `end`."""
    at = _spaces(text, end, _BETWEEN)
    if at == len(text) or text[at] == opening:
        return True
    if text[at] == "]":
        return closes(text, at + 1, outer, ended=ended)
    try:
        _, end = LOOSE.raw_decode(text, at)
    except (ValueError, RecursionError):
        return False
    at = _spaces(text, end)
    return at == len(text) or text[at] in ",]"


def _begins(text: str, start: int, opening: str, outer: str, *, ended: bool) -> tuple[bool, int]:
    """Tell whether an element of the array begins at `start`, and where to search on if none does."""
    at = start
    for number in count():
        try:
            _, end = LOOSE.raw_decode(text, at)
        except (ValueError, RecursionError):
            return number > 0, start
        if not number and '"' not in text[start:end]:
            return False, end
        at = _spaces(text, end, _BETWEEN)
        separated = "," in text[end:at]
        while text.startswith(",", at):
            at = _spaces(text, at, _BETWEEN)
        if at == len(text):
            return True, at
        if text[at] == "]":
            return closes(text, at + 1, outer, ended=ended), at
        if not separated and text[at] != opening:
            return number > 0, end
    raise AssertionError


def closes(text: str, at: int, outer: str, *, ended: bool) -> bool:
    """Tell whether the text behind an array goes on as the brackets around the array ask for.

    Args:
        text: The text.
        at: Behind the array's closing bracket.
        outer: The brackets around the array, from the outermost.
        ended: Nothing follows the text; where something may, what is out of sight is taken to be right.
    """
    for kind in reversed(outer):
        while True:
            at = _spaces(text, at)
            if at == len(text):
                return not ended
            if text[at] == _CLOSERS[kind]:
                at += 1
                break
            if text[at] != ",":
                return False
            at = _spaces(text, at + 1)
            if kind == "{":
                match = _MEMBER.match(text, at)
                if match is None:
                    return not ended and _HALF_MEMBER.fullmatch(text, at) is not None
                at = match.end()
            try:
                _, at = LOOSE.raw_decode(text, at)
            except (ValueError, RecursionError):
                return not ended
    return _spaces(text, at) == len(text)


def _spaces(text: str, at: int, pattern: re.Pattern[str] = _SPACES) -> int:
    """Return where the white space at `at` ends."""
    match = pattern.match(text, at)
    return at if match is None else match.end()
