"""The rejected rows that answers list: the first ones with their cells, and row numbers by kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from leadsieve.kernel import Verdicts, fault_reason, rejects
from leadsieve.ledger import group_of
from leadsieve.text import as_text
from leadsieve_rules.columns import ColumnMap
from leadsieve_rules.profiles import PHONE, Profile
from leadsieve_rules.profiles.templates import Listed
from leadsieve_rules.reasons import REASONS, message


class ListedErrors:
    """The first rejected rows that an answer lists, up to its cap.

    Args:
        profile: Says which ledger groups are listed, and how many rows at the most.
        maps: The sources' column maps by ordinal.
    """

    def __init__(self, profile: Profile, maps: Mapping[int, ColumnMap]) -> None:
        listed = profile.answers.listed
        self._groups = frozenset(listed.groups) if listed is not None else frozenset[str]()
        self._room = listed.cap if listed is not None else 0
        self._maps = maps
        self.items: list[dict[str, Any]] = []

    def add(self, verdicts: Verdicts) -> None:
        """Take the chunk's listed rows, by row, while there is room."""
        if self._room <= 0:
            return
        items = sorted([*self._judged(verdicts), *self._bad(verdicts)], key=lambda item: int(item["row"]))
        self.items += items[: self._room]
        self._room -= len(items[: self._room])

    def _judged(self, verdicts: Verdicts) -> Iterator[dict[str, Any]]:
        """Yield the first cause of each of the first listed rows that parsed."""
        first = _first_causes(verdicts)
        wanted = np.flatnonzero(first & self._bits())[: self._room]
        columns = self._maps[verdicts.chunk.file].columns
        field_of = {name: field for field, names in columns.items() for name in names}
        cells = [as_text(verdicts.chunk.table.column(name)) for name in verdicts.phone_columns]
        left = set(wanted.tolist())
        for finding in verdicts.findings:
            if not left or not rejects(finding):
                continue
            places = np.flatnonzero(np.isin(finding.index, wanted)).tolist()
            for place, index in zip(places, finding.index[places].tolist(), strict=True):
                if index in left and int(first[index]) == int(REASONS[finding.code].bit):
                    left.discard(index)
                    value = None if finding.values is None else finding.values[place].as_py()
                    item = _item(verdicts, verdicts.chunk.rows[index].as_py(), verdicts.chunk.lines[index].as_py())
                    item |= {"column": finding.column, "field": field_of.get(finding.column, finding.column)}
                    item |= _cause(finding.code, finding.detail)
                    yield item | {"value": value, PHONE: cells[verdicts.taken[index]][index].as_py()}

    def _bad(self, verdicts: Verdicts) -> Iterator[dict[str, Any]]:
        """Yield the first listed records that could not be parsed."""
        for bad in verdicts.chunk.bad.slice(0, self._room).to_pylist():
            code, detail = fault_reason(bad["fault"])
            if group_of(code) in self._groups:
                item = _item(verdicts, bad["row"], bad["line"]) | _cause(code, detail)
                yield item | {"column": None, "field": None, "value": bad["raw"], PHONE: None}

    def _bits(self) -> np.uint64:
        return _bits(code for code in REASONS if group_of(code) in self._groups)


def _item(verdicts: Verdicts, row: int, line: int | None) -> dict[str, Any]:
    return {"file": verdicts.chunk.name, "row": row, "line": line}


def _cause(code: str, detail: str | None) -> dict[str, Any]:
    return {"code": code, "detail": detail, "message": message(code, detail)}


class GroupedErrors:
    """The rejected rows by the kinds that an answer tells apart: how many, and the numbers of the first.

    Args:
        profile: Says which reasons are of which kind, and how many row numbers of a kind are named.
        files: How many sources there are.
    """

    def __init__(self, profile: Profile, files: int) -> None:
        grouped = profile.answers.grouped
        self._cap = grouped.cap if grouped is not None else 0
        self._codes = {} if grouped is None else {title: _codes(names) for title, names in grouped.titles.items()}
        self._several = files > 1
        self._rows: dict[str, list[tuple[str | None, int]]] = {title: [] for title in self._codes}
        self._counts = dict.fromkeys(self._codes, 0)

    @property
    def kinds(self) -> dict[str, Listed]:
        """The rows of each kind."""
        return {title: Listed(self._counts[title], tuple(self._rows[title])) for title in self._codes}

    def add(self, verdicts: Verdicts) -> None:
        """Take the rows of the next chunk."""
        if not self._codes:
            return
        name = verdicts.chunk.name if self._several else None
        first, bad = _first_causes(verdicts), verdicts.chunk.bad
        codes = [fault_reason(fault)[0] for fault in bad.column("fault").to_pylist()]
        numbers = bad.column("row").to_pylist()
        for title, wanted in self._codes.items():
            index = np.flatnonzero(first & _bits(wanted))
            spoilt = [row for row, code in zip(numbers, codes, strict=True) if code in wanted]
            self._counts[title] += len(index) + len(spoilt)
            room = self._cap - len(self._rows[title])
            if room > 0:
                rows = sorted([*(verdicts.chunk.rows[at].as_py() for at in index[:room].tolist()), *spoilt[:room]])
                self._rows[title] += [(name, row) for row in rows[:room]]


def _codes(names: Iterable[str]) -> frozenset[str]:
    """Return reason codes as they are, and for a group of the ledger all its reasons' codes."""
    wanted = set(names)
    return frozenset(code for code in REASONS if wanted & {code, group_of(code)})


def _first_causes(verdicts: Verdicts) -> npt.NDArray[np.uint64]:
    """Return for each row that parsed the bit of the first cause that rejects it; 0 where none does."""
    return verdicts.causes & (~verdicts.causes + np.uint64(1))


def _bits(codes: Iterable[str]) -> np.uint64:
    return np.uint64(sum(int(REASONS[code].bit) for code in codes))
