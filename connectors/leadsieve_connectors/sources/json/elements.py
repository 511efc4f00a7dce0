"""The elements of an array in a stream of text: each with its line, and a broken one costs itself only.

Between elements the array is forgiving, as no value stands there: a comma may be missing, and one may stand
before the closing bracket. Where what should be an element ends is found by `resync.find_end`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.json.records import is_too_large
from leadsieve_connectors.sources.json.resync import CUT_SHORT, closing, error_place, find_end
from leadsieve_connectors.sources.json.values import LOOSE, STRICT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadsieve_connectors.sources.json.window import Window

_BETWEEN = re.compile(r"[ \t\n\r]*+,?[ \t\n\r]*+")
_SPACES = re.compile(r"[ \t\n\r]*+")
_OUTSIDE = re.compile(r'["{}\[\]]')
_INSIDE = re.compile(r'["\\\n\r]')
_SCALAR_END = re.compile(r"[ \t\n\r,{}\[\]]")
# So many characters are looked at, at least, to find the end of a broken element.
_MIN_LOOK = 1 << 16

#: In place of a value: there is none, for the text is not strict JSON.
BROKEN = object()
#: In place of a value: the element is too large; its text is the beginning.
TOO_LARGE = object()


@dataclass(frozen=True, slots=True)
class Place:
    """Where an array stands.

    Attributes:
        name: The source's name, for errors.
        opening: The bracket with which its elements begin: `{` or `[`.
        outer: The brackets around the array, from the outermost.
        limit: An element of more bytes than this is too large.
    """

    name: str
    opening: str
    outer: str
    limit: int


def read_elements(window: Window, place: Place) -> Iterator[tuple[int, str, Any]]:
    """Read an array from behind its opening bracket to behind its closing one.

    Args:
        window: Stands behind the opening bracket.
        place: Where the array stands.

    Yields:
        Line, text and value of each element: a value of `values.STRICT`, `BROKEN` or `TOO_LARGE`.

    Raises:
        SourceError: `malformed_file`: the array is never closed, or it cannot be told where an element ends.
    """
    begin, before = window.line, ""
    char = window.next_char()
    while char != "]":
        if not char:
            message = (
                f"{place.name}: the text ends inside the array that begins on line {begin}; "
                "give the whole file, or close the array"
            )
            raise SourceError(message, "malformed_file")
        line = window.line
        # A second comma: nothing stands where an element should.
        text, value = ("", BROKEN) if char == "," else _element(window, place, before)
        if type(value) is dict:
            before = text
        yield line, text, value
        char = _pass_comma(window)
    window.go(window.at + 1)


def read_single(window: Window, place: Place) -> Iterator[tuple[int, str, Any]]:
    """Read the one value that stands at the place, as `read_elements` reads those of an array."""
    window.next_char()
    line = window.line
    yield line, *_element(window, place, "")


def _pass_comma(window: Window) -> str:
    """Move over white space and one comma, and return the character there, empty at the end of the text."""
    while True:
        match = _BETWEEN.match(window.text, window.at)
        end = window.at if match is None else match.end()
        if end < len(window.text):
            window.go(end)
            return window.text[end]
        if not window.more():
            window.go(len(window.text))
            return ""


def _element(window: Window, place: Place, before: str) -> tuple[str, Any]:
    """Return text and value of the element at the place, and move behind it; see `_odd_element`."""
    while True:
        try:
            value, end = STRICT.raw_decode(window.text, window.at)
        except (ValueError, RecursionError):
            return _odd_element(window, place, before)
        size = end - window.at
        # A number may go on beyond what is in sight.
        if end < len(window.text) or not window.more():
            break
    text, end = window.text, window.at + size
    if size <= place.limit and text[end : end + 1] != "," and not _is_followed(window, size, place):
        return _odd_element(window, place, before)
    text, at = window.text, window.at
    element = text[at : at + size]
    window.go(at + size)
    return element, TOO_LARGE if is_too_large(element, place.limit) else value


def _is_followed(window: Window, size: int, place: Place) -> bool:
    """Tell whether what may follow an element of `size` characters does, or the end of the text."""
    while True:
        match = _SPACES.match(window.text, window.at + size)
        if match is not None and match.end() < len(window.text):
            return window.text[match.end()] in (",", "]", place.opening)
        if not window.more():
            return True


def _odd_element(window: Window, place: Place, before: str) -> tuple[str, Any]:
    """Return text and value of an element that is broken or only half in sight, and move behind it.

    Args:
        window: Stands at the element.
        place: Where the array stands.
        before: The last sound element before it.
    """
    size, wrong = measure(window, place.limit)
    if size is None and wrong is None:
        begin = window.text[window.at : window.at + place.limit]
        skip_value(window, place.name)
        return begin, TOO_LARGE
    if size is not None and (size > place.limit or _is_followed(window, size, place)):
        return _take(window, place, size)
    text, ended = _look(window, _longest(place.limit))
    wrong = (size if wrong is None else wrong) or 0
    end = find_end(text, wrong, opening=place.opening, outer=place.outer, ended=ended, like=before)
    if end is None:
        message = (
            f"{place.name}: it cannot be told where the broken record that begins on line {window.line} ends; "
            "correct it there"
        )
        raise SourceError(message, "malformed_file")
    return _take(window, place, end)


def measure(window: Window, limit: int) -> tuple[int | None, int | None]:
    """Return how long the value at the place is, or else where in it the text stops being JSON.

    What is found depends on fixed lengths of text, never on how much of it happens to be in sight.

    Args:
        window: Stands at the value's first character.
        limit: How long a value may be.

    Returns:
        Two times None where the value is too long to be held.
    """
    longest = _longest(limit)
    length = min(1 << 10, longest)
    while True:
        text, ended = _look(window, length)
        size, wrong = _measure(text, ended=ended)
        # A number may go on beyond what was looked at.
        if wrong is not None or ended or (size is not None and size < length):
            return size, wrong
        if length == longest:
            return None, None
        length = min(4 * length, longest)


def _longest(limit: int) -> int:
    return max(limit, _MIN_LOOK) + CUT_SHORT


def _look(window: Window, length: int) -> tuple[str, bool]:
    """Return the next `length` characters, and whether nothing follows them."""
    text = window.look(length + 1)
    return text[:length], len(text) <= length


def _measure(text: str, *, ended: bool) -> tuple[int | None, int | None]:
    try:
        return LOOSE.raw_decode(text)[1], None
    except RecursionError:
        size = closing(text)
        return size, len(text) if ended and size is None else None
    except ValueError as error:
        return None, error_place(text, error, ended=ended)


def _take(window: Window, place: Place, size: int) -> tuple[str, Any]:
    """Return text and value of the element of `size` characters at the place, and move behind it."""
    element = window.text[window.at : window.at + size]
    window.go(window.at + size)
    if is_too_large(element, place.limit):
        return element, TOO_LARGE
    try:
        value, end = STRICT.raw_decode(element)
    except (ValueError, RecursionError):
        return element, BROKEN
    return element, value if end == size else BROKEN


def skip_value(window: Window, name: str) -> None:
    """Move behind a value that is too large to be held, by its quotes and brackets.

    Args:
        window: Stands at the value's first character.
        name: The source's name, for errors.

    Raises:
        SourceError: `malformed_file`: it never ends.
    """
    line, depth, inside = window.line, 0, False
    scalar = window.text[window.at] not in '{["'
    if scalar:
        window.go(window.at + 1)
    while True:
        pattern = _SCALAR_END if scalar else _INSIDE if inside else _OUTSIDE
        match = pattern.search(window.text, window.at)
        if match is None:
            window.go(len(window.text))
            if window.more():
                continue
            message = f"{name}: what begins on line {line} never ends; correct it there, or give the whole file"
            raise SourceError(message, "malformed_file")
        if scalar:
            window.go(match.start())
            return
        char = match[0]
        window.go(match.end())
        if inside:
            inside = char == "\\"
            if inside and (window.at < len(window.text) or window.more()):
                window.go(window.at + 1)
        elif char == '"':
            inside = True
        else:
            depth += 1 if char in "{[" else -1
        if not inside and not depth:
            return
