"""The ledger rendered into the target system's answer: every count of every answer comes from the one ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from leadsieve.kernel import Verdicts, fault_reason, rejects
from leadsieve.ledger import Ledger
from leadsieve.text import as_text
from leadsieve_rules.columns import ColumnMap
from leadsieve_rules.profiles import PHONE, Answer, Profile, Settings, render
from leadsieve_rules.profiles.templates import RUN_NAMES
from leadsieve_rules.reasons import GROUPS, REASONS, message


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
        first = verdicts.causes & (~verdicts.causes + np.uint64(1))
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
            if REASONS[code].group in self._groups:
                item = _item(verdicts, bad["row"], bad["line"]) | _cause(code, detail)
                yield item | {"column": None, "field": None, "value": bad["raw"], PHONE: None}

    def _bits(self) -> np.uint64:
        return np.uint64(sum(int(reason.bit) for reason in REASONS.values() if reason.group in self._groups))


def _item(verdicts: Verdicts, row: int, line: int | None) -> dict[str, Any]:
    return {"file": verdicts.chunk.name, "row": row, "line": line}


def _cause(code: str, detail: str | None) -> dict[str, Any]:
    return {"code": code, "detail": detail, "message": message(code, detail)}


def answer(
    profile: Profile, settings: Settings, ledger: Ledger, listed: ListedErrors, identity: Mapping[str, Any]
) -> Answer:
    """Predict the target system's answer to the sources as given.

    Args:
        profile: The target system.
        settings: Its settings in force.
        ledger: The run's counts.
        listed: The rows that an answer may list.
        identity: `run_id`, `campaign`, `campaign_id`, `file_name` and `now` of the run.

    Returns:
        The answer, in the system's exact shape.
    """
    conditions = ["nothing_accepted"] if ledger.accepted == 0 else []
    return render(profile, _names(settings, ledger, listed.items, identity) | {"conditions": conditions})


def refusal(profile: Profile, settings: Settings) -> Any:
    """Return what the target system would answer to a request that is malformed as a whole; None where unknown."""
    condition = "request_malformed"
    if not any(condition in error.when for error in profile.answers.errors):
        return None
    identity = dict.fromkeys(RUN_NAMES)
    return render(profile, _names(settings, Ledger.of([]), [], identity) | {"conditions": [condition]}).body


def _names(
    settings: Settings, ledger: Ledger, listed: Sequence[Mapping[str, Any]], identity: Mapping[str, Any]
) -> dict[str, Any]:
    """Give every name that an answer's template can hold its value."""
    counts = {code: ledger.reasons[code] for code in REASONS}
    return {
        "rows": ledger.rows,
        "accepted": ledger.accepted,
        "rejected": ledger.rejected,
        "blank_records": ledger.blank_records,
        **counts,
        **{group: ledger.groups[group] for group in GROUPS},
        "reasons": {code: count for code, count in counts.items() if count},
        "errors": listed,
        **identity,
        **{name: value for name, value in settings.values.items() if value is not None or name not in identity},
    }
