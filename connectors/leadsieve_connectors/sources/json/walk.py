"""A walk through a JSON document: every array in it, where it stands, and the small members beside."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.json.columns import MAX_COLUMNS
from leadsieve_connectors.sources.json.elements import Place, measure, read_elements, skip_value
from leadsieve_connectors.sources.json.resync import error_place
from leadsieve_connectors.sources.json.values import PLAIN, STRICT
from leadsieve_connectors.sources.json.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Members whose value may be a JSON document in a string.
EMBEDDED = ("bulkData",)
#: An embedded document is held in memory: no more than so many characters of it.
MAX_EMBEDDED = 64 << 20
#: Arrays are looked for so deep in objects.
MAX_SEARCH_DEPTH = 4
#: A member of the root whose text is longer, in characters, is no setting.
MAX_SETTING = 1 << 16
_KEY = re.compile(r'("(?:[^"\\\x00-\x1f]|\\.)*+")[ \t\n\r]*+:')


@dataclass(frozen=True, slots=True)
class Array:
    """An array of a document.

    Attributes:
        path: The keys and indices that lead to it, joined by dots; empty for the root.
        opening: The bracket with which its elements begin.
        elements: Line, text and value of each element, once; see `elements.read_elements`.
    """

    path: str
    opening: str
    elements: Iterator[tuple[int, str, Any]]


class Walk:
    """A walk through the document that a window stands at.

    Args:
        window: The text.
        name: The source's name, for errors.
        limit: An element of more bytes than this is too large.
        wanted: The path of an array to which the walk must come, however deep it stands.
        base: The path of the document itself, where it stands in another.

    Attributes:
        members: The small scalars and objects among the root's members.
        keys: All keys of the root's members.
    """

    def __init__(self, window: Window, *, name: str, limit: int, wanted: str | None = None, base: str = "") -> None:
        self._window, self._name, self._limit, self._wanted, self._base = window, name, limit, wanted, base
        self.members: dict[str, Any] = {}
        self.keys: list[str] = []

    def arrays(self) -> Iterator[Array]:
        """Walk through the document.

        Yields:
            The arrays in order; what is not read of one is passed over.

        Raises:
            SourceError: `malformed_file`: the text is no JSON document.
        """
        yield from self._value(self._base, "")
        if self._window.next_char():
            raise self._malformed("text stands behind the document's end")

    def _value(self, path: str, outer: str) -> Iterator[Array]:
        char = self._window.next_char()
        if char == "{" and (len(outer) < MAX_SEARCH_DEPTH or self._leads_on(path)):
            yield from self._object(path, outer)
        elif char == "[":
            yield from self._array(path, outer)
        else:
            self._pass_value()

    def _object(self, path: str, outer: str) -> Iterator[Array]:
        window, seen = self._window, set[str]()
        window.go(window.at + 1)
        char = window.next_char()
        while char != "}":
            key = self._key(seen)
            inner = f"{path}.{key}" if path else key
            if not outer:
                self._keep(key)
            if key in EMBEDDED and window.next_char() == '"':
                yield from self._embedded(inner)
            else:
                yield from self._value(inner, outer + "{")
            char = window.next_char()
            if char == ",":
                window.go(window.at + 1)
                char = window.next_char() if window.next_char() == '"' else ""
            elif char != "}":
                char = ""
            if not char:
                raise self._malformed("a comma and a member, or a closing brace, is missing")
        window.go(window.at + 1)

    def _key(self, seen: set[str]) -> str:
        """Return the key at the place, and move behind its colon."""
        window = self._window
        while (match := _KEY.match(window.text, window.at)) is None:
            if len(window.text) - window.at > self._limit or not window.more():
                raise self._malformed("a key in quotes and a colon is missing")
        try:
            key = str(STRICT.decode(match[1]))
        except ValueError:
            raise self._malformed("a key is not JSON") from None
        if key in seen:
            raise self._malformed(f"the key {key!r} stands twice in one object")
        seen.add(key)
        if len(seen) > MAX_COLUMNS:
            message = f"{self._name}: an object has more than {MAX_COLUMNS:,} members; are they leads?"
            raise SourceError(message, "resource_limit")
        window.go(match.end())
        return key

    def _array(self, path: str, outer: str) -> Iterator[Array]:
        window = self._window
        window.go(window.at + 1)
        opening = "[" if window.next_char() == "[" else "{"
        if self._leads_on(path) and (self._wanted or "")[len(path) :].removeprefix(".")[:1].isdecimal():
            yield from self._items(path, outer)
            return
        place = Place(name=self._name, opening=opening, outer=outer, limit=self._limit)
        elements = read_elements(window, place)
        yield Array(path, opening, elements)
        for _ in elements:
            pass

    def _items(self, path: str, outer: str) -> Iterator[Array]:
        """Walk through each element of an array."""
        window, number = self._window, 0
        while window.next_char() != "]":
            if number:
                if window.next_char() != ",":
                    raise self._malformed("a comma or a closing bracket is missing")
                window.go(window.at + 1)
            yield from self._value(f"{path}.{number}" if path else str(number), outer + "[")
            number += 1
        window.go(window.at + 1)

    def _leads_on(self, path: str) -> bool:
        """Tell whether the wanted path goes through this one."""
        return self._wanted is not None and self._wanted != path and self._wanted.startswith(f"{path}." if path else "")

    def _keep(self, key: str) -> None:
        """Take note of a member of the root, if it is small and no array."""
        self.keys.append(key)
        window = self._window
        if window.next_char() == "[":
            return
        text = window.look(MAX_SETTING)
        try:
            value, end = PLAIN.raw_decode(text)
        except (ValueError, RecursionError):
            return
        if end < len(text) or len(text) < MAX_SETTING:
            self.members[key] = value

    def _embedded(self, path: str) -> Iterator[Array]:
        """Walk through the document in the string at the place, if one is there."""
        window, line = self._window, self._window.line
        while True:
            try:
                text, end = STRICT.raw_decode(window.text, window.at)
                break
            except ValueError as error:
                if len(window.text) - window.at > MAX_EMBEDDED:
                    message = f"{self._name}: {path} is a string of more than {MAX_EMBEDDED >> 20} MiB"
                    raise SourceError(f"{message}; give the object itself", "resource_limit") from error
                if error_place(window.text, error, ended=window.ended) is not None or not window.more():
                    raise self._malformed(f"{path} is not a JSON string") from error
        window.go(end)
        if text.lstrip().startswith(("{", "[")):
            data = io.BytesIO(text.encode("utf-8", "surrogatepass"))
            inner = Window(data.read, max(1, len(text)), line=line, counts=False)
            yield from Walk(inner, name=self._name, limit=self._limit, wanted=self._wanted, base=path).arrays()

    def _pass_value(self) -> None:
        """Move behind the value at the place."""
        window = self._window
        size, wrong = measure(window, self._limit)
        if size is None and wrong is None:
            skip_value(window, self._name)
            return
        if size is not None:
            try:
                STRICT.raw_decode(window.text[window.at : window.at + size])
            except (ValueError, RecursionError):
                wrong = 0
        if wrong is not None:
            window.go(window.at + wrong)
            raise self._malformed("no JSON value is there")
        window.go(window.at + (size or 0))

    def _malformed(self, why: str) -> SourceError:
        message = f"{self._name}: line {self._window.line} is not JSON: {why}; correct it there"
        return SourceError(message, "malformed_file")
