"""Strict reading of one TOML table: every key is asked for by name and type; a leftover is an error."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn, TypeVar

from leadsieve_rules.exceptions import InvalidProfile
from leadsieve_rules.wording import did_you_mean, quoted

_T = TypeVar("_T")
_NAMES = {str: "a string", int: "a whole number", bool: "true or false", dict: "a table", list: "a list"}


class Section:
    """One table of a profile's file, of which every key must be asked for before `done`.

    Args:
        file: The file's name, for messages.
        path: The table's key path; empty for the file itself.
        table: Its content.
    """

    def __init__(self, file: str, path: str, table: Mapping[str, Any]) -> None:
        self.file, self.path, self._table = file, path, table
        self._asked: set[str] = set()

    def fail(self, key: str, problem: str) -> NoReturn:
        """Raise `InvalidProfile` for a key of this table."""
        section = f"[{self.path}] " if self.path else ""
        raise InvalidProfile(f"profile {quoted(self.file)}: {section}{key}: {problem}")

    def value(self, key: str, kind: type[_T], *, required: bool = False) -> _T | None:
        """Return a value of exactly this type; None where the key is absent."""
        self._asked.add(key)
        if key not in self._table:
            if required:
                self.fail(key, f"is missing; it takes {_NAMES[kind]}")
            return None
        found = self._table[key]
        if type(found) is not kind:
            self.fail(key, f"must be {_NAMES[kind]}, not {found!r}")
        return found

    def need(self, key: str, kind: type[_T]) -> _T:
        """Return a value of exactly this type, which must be there."""
        found = self.value(key, kind, required=True)
        assert found is not None  # noqa: S101 - `required` raises
        return found

    def flag(self, key: str) -> bool:
        """Return a boolean, false where absent."""
        return self.value(key, bool) or False

    def number(self, key: str, *, low: int = 1, high: int | None = None) -> int | None:
        """Return a whole number within bounds, None where absent."""
        found = self.value(key, int)
        if found is not None and (found < low or (high is not None and found > high)):
            self.fail(key, f"must be {low} or more, not {found}" if high is None else f"must be {low} to {high}")
        return found

    def choice(self, key: str, known: tuple[str, ...], default: str | None = None) -> str | None:
        """Return one word of a closed vocabulary."""
        found = self.value(key, str)
        if found is not None and found not in known:
            self._unknown(key, found, known)
        return default if found is None else found

    def texts(self, key: str, known: tuple[str, ...] | None = None) -> tuple[str, ...] | None:
        """Return a list of distinct strings, of a closed vocabulary where one is given; None where absent."""
        found = self.value(key, list)
        if found is None:
            return None
        for item in found:
            if type(item) is not str:
                self.fail(key, f"must hold strings, not {item!r}")
            if known is not None and item not in known:
                self._unknown(key, item, known)
        if len(set(found)) < len(found):
            self.fail(key, "names something twice")
        return tuple(found)

    def body(self, key: str) -> Any:
        """Return a JSON value, which must be there."""
        self._asked.add(key)
        if key not in self._table:
            self.fail(key, "is missing; it takes a table, a list or a value")
        return self._table[key]

    def ask(self, key: str) -> None:
        """Take a key as known, whatever it holds; it is read elsewhere."""
        self._asked.add(key)

    def section(self, key: str) -> Section:
        """Return a table below this one; an absent one is empty."""
        return Section(self.file, f"{self.path}.{key}" if self.path else key, self.value(key, dict) or {})

    def names(self) -> tuple[str, ...]:
        """Return the keys of this table, whose keys are names."""
        return tuple(self._table)

    def has(self, path: str) -> bool:
        """Whether a key path below this table leads to something; keys may hold dots themselves."""
        return _leads(self._table, path)

    def sections(self) -> Iterator[tuple[str, Section]]:
        """Go through this table, whose keys are names and whose values are tables."""
        for key in self._table:
            yield key, self.section(key)

    def __contains__(self, key: str) -> bool:
        return key in self._table

    def __bool__(self) -> bool:
        return bool(self._table)

    def done(self) -> None:
        """Refuse a key that was never asked for.

        Raises:
            InvalidProfile: The table has such a key.
        """
        for key in self._table:
            if key not in self._asked:
                self.fail(key, f"is no key of the profile format{did_you_mean(key, self._asked)}")

    def _unknown(self, key: str, found: str, known: tuple[str, ...]) -> NoReturn:
        self.fail(key, f"{quoted(found)} is unknown{did_you_mean(found, known)}; it takes {' | '.join(known)}")


def _leads(found: Any, path: str) -> bool:
    if not isinstance(found, Mapping):
        return False
    return path in found or any(
        path.startswith(f"{key}.") and _leads(found[key], path[len(key) + 1 :]) for key in found
    )
