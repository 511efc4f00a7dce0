"""The suppression lists of a run: read from files or taken from the state, told, and refused where they must be."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from leadsieve.config import Options
from leadsieve.entries import Reading, read_entries
from leadsieve.exceptions import UsageError
from leadsieve.suppression import (
    ListFile,
    Suppression,
    SuppressionList,
    require_fresh,
    require_readable,
)
from leadsieve.target import Target
from leadsieve.wording import counted
from leadsieve_connectors.campaigns import State, SuppressionFile
from leadsieve_connectors.sources import ReadOptions

_log = logging.getLogger("leadsieve")

#: A list, with the numbers of each of its files.
Part = tuple[SuppressionList, Sequence[npt.NDArray[np.uint64]]]

#: Before the name of a list that the state keeps.
_KEPT = "@"


def run_lists(options: Options, target: Target) -> list[Part]:
    """Return the lists that the user names for a run, but for kept ones where the run's campaign brings these anyway.

    Raises:
        ConnectorError, RulesError, LeadsieveError: A list cannot be read, too much of it cannot, or it is not kept.
    """
    lists = _read_lists(options, target)
    if options.campaign is None and _names(options):
        require_state(options)
        lists += _named_lists(options, open_state(options))
    return lists


def _read_lists(options: Options, target: Target) -> list[Part]:
    """Read the lists that are files of this run alone.

    Raises:
        ConnectorError, RulesError, LeadsieveError: A list cannot be read, or too much of it cannot.
    """
    given = [one for one in options.suppress if not _is_kept(one)]
    if not given:
        return []
    tuning = options.tuning
    reading = Reading(
        region=target.region,
        region_column=options.region_column,
        map=options.map,
        shared=True,
        options=ReadOptions(
            chunk_bytes=tuning.chunk_bytes,
            max_record_bytes=tuning.max_record_bytes,
            max_unpacked_bytes=tuning.max_unpacked_bytes,
            max_unpacked_ratio=tuning.max_unpacked_ratio,
        ),
    )
    parts: list[Part] = []
    for entries in read_entries(given, reading):
        require_readable(entries)
        _log.log(logging.WARNING if entries.doubtful else logging.INFO, "%s: %s", entries.name, entries.told())
        parts.append((SuppressionList(name=entries.name, kept=False, files=(ListFile.of(entries),)), [entries.keys]))
    return parts


def _named_lists(options: Options, state: State) -> list[Part]:
    """Take the kept lists that are named, and hold for all campaigns, from the state."""
    names = _names(options)
    files = state.suppressions_for(None)
    _require_kept(names, files, "all campaigns")
    _log.info("state %s: found, %s bytes", options.state, f"{state.path.stat().st_size:,}")
    return _take(state, [file for file in files if file.list_name in names])


def kept_lists(options: Options, state: State, campaign: str) -> list[Part]:
    """Take every kept list that holds for a campaign from the state.

    Raises:
        UsageError: A list that is named does not hold for it.
        StateError: The state cannot be read.
    """
    files = state.suppressions_for(campaign)
    _require_kept(_names(options), files, f"campaign {campaign!r}")
    return _take(state, files)


def open_state(options: Options) -> State:
    """Return the state that the options name."""
    tuning = options.tuning
    return State(options.state, wait_seconds=tuning.lock_seconds, memory_bytes=tuning.state_memory)


def require_state(options: Options) -> None:
    """Refuse lists that are named as kept where there is no state that keeps any.

    Raises:
        UsageError: One is named, and there is none.
    """
    for name in _names(options):
        if not options.state.exists():
            raise UsageError(
                f"--suppress {_KEPT}{name}: there is no state {options.state} that keeps lists; check --state"
            )


def gather(parts: Sequence[Part], options: Options, now: datetime) -> Suppression | None:
    """Put the lists of a run together, and tell of each what it is.

    Args:
        parts: The lists.
        options: What the user said.
        now: When the run began.

    Returns:
        What rows are judged by; None without a list.

    Raises:
        UsageError: A list is older than the user allows.
    """
    for one, _ in parts:
        _tell(one, now)
    require_fresh([one for one, _ in parts], options.suppress_max_age, now)
    return Suppression(parts) if parts else None


def judged_by(target: Target, parts: Sequence[Part]) -> Target:
    """Return a target of which the lists' content is a part: with other numbers in them, a run is another run."""
    hashes = sorted({file.sha256 for one, _ in parts for file in one.files})
    return replace(target, judging={**target.judging, "suppress": hashes}) if hashes else target


def _is_kept(given: Any) -> bool:
    return isinstance(given, str) and given.startswith(_KEPT)


def _names(options: Options) -> list[str]:
    """Return the names of the kept lists that the user names."""
    return [one.removeprefix(_KEPT) for one in options.suppress if _is_kept(one)]


def _require_kept(names: Sequence[str], files: Sequence[SuppressionFile], whose: str) -> None:
    there = list(dict.fromkeys(file.list_name for file in files))
    for name in names:
        if name not in there:
            known = ", ".join(map(repr, there[:10])) or "none"
            raise UsageError(f"--suppress {_KEPT}{name}: no list of this name is kept for {whose}; there are: {known}")


def _take(state: State, files: Sequence[SuppressionFile]) -> list[Part]:
    """Read the numbers of kept files, and put them together by list."""
    numbers: dict[int, list[npt.NDArray[np.uint64]]] = {file.id: [np.zeros(0, np.uint64)] for file in files}
    for batch in state.suppressed(list(numbers)) if files else ():
        ids, keys = batch.column("file_id").to_numpy(), batch.column("key").to_numpy()
        for one in np.unique(ids).tolist():
            numbers[one].append(keys[ids == one])
    lists: dict[tuple[str, str | None], list[SuppressionFile]] = {}
    for file in files:
        lists.setdefault((file.list_name, file.campaign), []).append(file)
    return [
        (
            SuppressionList(name=name, kept=True, campaign=campaign, files=tuple(map(_described, of_list))),
            [np.concatenate(numbers[file.id]) for file in of_list],
        )
        for (name, campaign), of_list in lists.items()
    ]


def _described(file: SuppressionFile) -> ListFile:
    return ListFile(
        name=file.source, sha256=file.sha256, date=file.dated, entries=file.entries, unreadable=file.unreadable
    )


def _tell(one: SuppressionList, now: datetime) -> None:
    numbers, unreadable = (sum(getattr(file, what) for file in one.files) for what in ("entries", "unreadable"))
    age = one.age_days(now)
    held = "" if not one.kept else f" (kept for {'all campaigns' if one.campaign is None else repr(one.campaign)})"
    dated = "of unknown date" if age is None else f"{age} days old"
    told = f"{counted(numbers, 'number')}, {unreadable:,} unreadable, {dated}"
    _log.info("suppression list %s%s: %s", one.name, held, told)
