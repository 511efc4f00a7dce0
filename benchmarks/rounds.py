"""Programs in turns, each run in a fresh process; the medians of the rounds are what counts."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

from benchmarks.measure import Measurement, measure

Command = Sequence[str | Path]
#: What prepares a run, outside the measured time, and gives its command.
Preparation = Callable[[], Command]
Key = TypeVar("Key", bound=Hashable)


def in_turns(
    programs: Mapping[Key, Preparation],
    *,
    rounds: int,
    told: Callable[[Key, int, Measurement], None] = lambda *_: None,
) -> dict[Key, list[Measurement]]:
    """Measure programs in turns (A B A B ...), so that a drift of the machine meets all of them.

    Args:
        programs: For each its preparation.
        rounds: How often each is run.
        told: Called after each run with the program, the round from 0, and what it took.

    Returns:
        The measurements of each program, by round.

    Raises:
        ChildFailed: A program ended with an error.
    """
    taken: dict[Key, list[Measurement]] = {key: [] for key in programs}
    for number in range(rounds):
        for key, prepare in programs.items():
            taken[key].append(measure(prepare()))
            told(key, number, taken[key][-1])
    return taken


def figures(runs: Sequence[Measurement], rows: int) -> dict[str, float]:
    """Condense the rounds of one program on so many rows to medians."""
    wall, cpu = (statistics.median(getattr(run, name) for run in runs) for name in ("wall", "cpu"))
    return {
        "rows_a_second": rows / wall,
        "wall": wall,
        "cpu": cpu,
        "row": cpu / rows,
        "peak_bytes": statistics.median(run.peak_bytes for run in runs),
    }


def ratios(runs: Sequence[Measurement], base: Sequence[Measurement]) -> dict[str, float]:
    """Give the ratios of a program's medians to those of another; below 1 is cheaper."""
    return {
        f"{name}_ratio": statistics.median(getattr(run, name) for run in runs)
        / statistics.median(getattr(run, name) for run in base)
        for name in ("cpu", "wall")
    }


def as_rounds(runs: Sequence[Measurement]) -> list[dict[str, float]]:
    """Give each round as plain values."""
    return [asdict(run) for run in runs]
