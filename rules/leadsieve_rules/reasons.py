"""The table of reasons: every code that a result can hold, loaded once from `reasons.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: The ledger's groups, in the order in which people read them. Every rejecting reason belongs to exactly one.
GROUPS = (
    "missing_phone",
    "invalid_phone",
    "invalid_field",
    "duplicate_in_file",
    "duplicate_in_campaign",
    "suppressed",
    "destination",
    "malformed_row",
)
SEVERITIES = ("reject", "warn")
_TEXTS = ("severity", "title", "message", "remedy")
_KEYS = {*_TEXTS, "group", "details", "remedies", "faults"}


@dataclass(frozen=True, slots=True)
class Reason:
    """One entry of the table.

    Attributes:
        code: The stable name.
        severity: "reject" (the row goes to rejected) or "warn" (it is accepted, and listed).
        group: The ledger's group; None for warnings.
        order: Place in the table, from 0: among the causes of one row, the lowest counts.
        title: A few words, as a heading.
        message: What is wrong, as a sentence without its full stop.
        remedy: What to do next.
        details: A sentence for each detail that has its own.
        remedies: What to do next about each detail for which that is another thing.
        faults: The readers' parse faults that this reason stands for.
    """

    code: str
    severity: str
    group: str | None
    order: int
    title: str
    message: str
    remedy: str
    details: Mapping[str, str] = field(default_factory=dict, hash=False)
    remedies: Mapping[str, str] = field(default_factory=dict, hash=False)
    faults: tuple[str, ...] = ()

    @property
    def bit(self) -> np.uint64:
        """This reason's bit in a row's mask of reasons; the lowest bit set is the first cause."""
        return np.uint64(1 << self.order)

    @property
    def rejects(self) -> bool:
        """Whether the table lets this reason reject a row."""
        return self.severity == "reject"


def load_reasons(text: str) -> dict[str, Reason]:
    """Read the table and check that it is whole.

    Args:
        text: The table as TOML, one section a code, in the order in which causes count.

    Returns:
        Code to reason, in the table's order.

    Raises:
        ValueError: An entry has a key, group or severity that the table does not know or lacks one it needs,
            a parse fault stands under two codes, or there are more codes than a 64-bit mask can hold.
    """
    reasons: dict[str, Reason] = {}
    taken: dict[str, str] = {}
    for order, (code, entry) in enumerate(tomllib.loads(text).items()):
        reasons[code] = _reason(code, order, entry)
        for fault in reasons[code].faults:
            if fault in taken:
                raise ValueError(f"reasons: fault {fault!r} stands under both {taken[fault]!r} and {code!r}")
            taken[fault] = code
    if len(reasons) > 64:
        raise ValueError(f"reasons: {len(reasons)} codes do not fit a mask of 64 bits")
    return reasons


def _reason(code: str, order: int, entry: Mapping[str, Any]) -> Reason:
    if wrong := sorted(entry.keys() - _KEYS) or [key for key in _TEXTS if key not in entry]:
        raise ValueError(f"reasons: [{code}] has an unknown key or lacks one it needs: {wrong[0]!r}")
    severity, group = entry["severity"], entry.get("group")
    if severity not in SEVERITIES:
        raise ValueError(f"reasons: [{code}] has the unknown severity {severity!r}")
    if severity == "reject" and group not in GROUPS:
        raise ValueError(f"reasons: [{code}] has the unknown group {group!r}")
    if severity == "warn" and group is not None:
        raise ValueError(f"reasons: [{code}] warns, so it belongs to no group, but names {group!r}")
    if other := sorted(entry.get("remedies", {}).keys() - entry.get("details", {}).keys()):
        raise ValueError(f"reasons: [{code}] has a remedy for a detail that it does not have: {other[0]!r}")
    return Reason(
        code=code,
        severity=severity,
        group=group,
        order=order,
        title=entry["title"],
        message=entry["message"],
        remedy=entry["remedy"],
        details=dict(entry.get("details", {})),
        remedies=dict(entry.get("remedies", {})),
        faults=tuple(entry.get("faults", ())),
    )


#: Code to reason, in the order in which causes count.
REASONS: Mapping[str, Reason] = load_reasons(
    files("leadsieve_rules").joinpath("reasons.toml").read_text(encoding="utf-8")
)
_BY_FAULT: Mapping[str, Reason] = {fault: reason for reason in REASONS.values() for fault in reason.faults}


def reason_of_fault(name: str) -> Reason:
    """Return the reason that stands for a parse fault of the readers.

    Args:
        name: The fault's name, such as `too_few_fields`.

    Raises:
        KeyError: No reason names this fault.
    """
    return _BY_FAULT[name]


def remedy(code: str, details: Iterable[str | None]) -> str:
    """Say what to do next about a reason that was found with some details.

    Args:
        code: A code of the table.
        details: The findings' details, the most frequent first.

    Returns:
        A sentence for each different thing to do, in the order of the details.

    Raises:
        KeyError: The table does not have this code.

    Example:
        >>> remedy("invalid_phone", ["too_short", "too_long"])
        'Correct the number in the source.'
    """
    reason = REASONS[code]
    return " ".join(dict.fromkeys(reason.remedies.get(detail or "", reason.remedy) for detail in details))


def message(code: str, detail: str | None = None) -> str:
    """Say in one sentence what a code and its detail mean.

    Args:
        code: A code of the table.
        detail: The finding's detail; one without a sentence of its own follows the reason's in brackets.

    Returns:
        The sentence, without a full stop.

    Raises:
        KeyError: The table does not have this code.

    Example:
        >>> message("invalid_phone", "too_short")
        'The phone number is too short for its country'
        >>> message("check_failed", "in_range")
        "The value fails the schema's check (in_range)"
    """
    reason = REASONS[code]
    if detail is None:
        return reason.message
    return reason.details.get(detail, f"{reason.message} ({detail})")
