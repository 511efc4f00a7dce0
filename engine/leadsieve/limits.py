"""How many rows may be at fault before a run commits nothing: one limit for all rejected rows, and one a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from leadsieve.exceptions import UsageError
from leadsieve_rules.wording import did_you_mean, quoted

#: The limit on all rejected rows but duplicates and suppressed ones, which no vendor can help.
OVERALL = "overall"
#: Ledger groups that do not count for it.
_SPARED = ("duplicate_in_file", "duplicate_in_campaign", "suppressed")
_SHARE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(%?)\s*")


def parse_limits(texts: Sequence[str]) -> dict[str, float] | None:
    """Read repeated `--fail-over` options: `5%` for all rejected rows, `invalid_phone=2%` for those of one reason.

    Returns:
        Shares by reason, and by `overall`; None where none is given.

    Raises:
        UsageError: A share that is none, or a reason that is named twice.
    """
    limits: dict[str, float] = {}
    for text in texts:
        name, sign, share = text.rpartition("=")
        key = name.strip() if sign else OVERALL
        if key in limits:
            raise UsageError(f"--fail-over names {quoted(key)} twice; give it once")
        limits[key] = _parse_share(share)
    return limits or None


def _parse_share(text: str) -> float:
    match = _SHARE.fullmatch(text)
    share = float(match[1]) / (100 if match[2] else 1) if match else -1.0
    if not 0 <= share <= 1:
        raise UsageError(f"--fail-over {quoted(text)} is not a share; write it like 5% or 0.05")
    return share


def as_limits(given: float | Mapping[str, float] | None) -> dict[str, float]:
    """Return what `fail_over` says as shares by reason and by `overall`, checked.

    Raises:
        UsageError: A share that is none, or a reason that is unknown.
    """
    from leadsieve_rules.reasons import REASONS

    if given is None:
        return {}
    limits = dict(given) if isinstance(given, Mapping) else {OVERALL: given}
    known = (OVERALL, *REASONS)
    for name, share in limits.items():
        if name not in known:
            raise UsageError(
                f"fail_over: there is no reason {quoted(str(name))}{did_you_mean(str(name), known)}; there are "
                f"{', '.join(known)}"
            )
        if type(share) not in {int, float}:
            raise UsageError(f"fail_over {name}={share!r} is not a number; 5% is 0.05")
        if not 0 <= share <= 1:
            raise UsageError(f"fail_over {name}={share} is not a share between 0 and 1; 5% is 0.05")
    return limits


def passed_limits(limits: Mapping[str, float], ledger: Mapping[str, Any]) -> str | None:
    """Say in one clause which limits a run passed, and by how many rows; None where it passed none.

    A reason's rows are those that the ledger counts under it: rejected with it as their first cause, or accepted with
    it as a warning.

    Args:
        limits: Shares of all rows, as `as_limits` gives them.
        ledger: As `Ledger.to_dict` gives it.
    """
    return "; ".join(_passed(limits, ledger)) or None


def _passed(limits: Mapping[str, float], ledger: Mapping[str, Any]) -> Iterator[str]:
    rows = ledger["rows"]
    for name, limit in limits.items():
        count = _count(name, ledger)
        if not rows or count / rows <= limit:
            continue
        allowed = int(limit * rows)
        # A product of floats may miss the whole number that it means by a hair.
        allowed += (allowed + 1) / rows <= limit
        what = "were rejected" if name == OVERALL else f"are {name}"
        yield (
            f"{count:,} of {rows:,} rows ({count / rows:.2%}) {what}, {count - allowed:,} more than the "
            f"{100 * limit:.6g}% allowed"
        )


def _count(name: str, ledger: Mapping[str, Any]) -> int:
    if name == OVERALL:
        return sum(count for group, count in ledger["groups"].items() if group not in _SPARED)
    return int(ledger["reasons"].get(name, 0) + ledger["warnings"].get(name, 0))
