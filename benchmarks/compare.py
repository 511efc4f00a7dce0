"""Compare programs on one lead file: in turns, each run in a fresh process, by the median of the rounds."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.measure import Measurement, measure

Command = Sequence[str | Path]


@dataclass(frozen=True, slots=True)
class Figures:
    """The medians of one program's rounds.

    Attributes:
        name: The program.
        rows_a_second: Rows of the source over wall seconds.
        wall: Seconds.
        cpu: Seconds of processor time, user and system.
        peak_bytes: The most memory that was resident at once.
        ratio: Processor time over that of the first program compared; below 1 is cheaper.
    """

    name: str
    rows_a_second: float
    wall: float
    cpu: float
    peak_bytes: int
    ratio: float


def compare(
    programs: Mapping[str, Callable[[], Command]],
    *,
    rounds: int,
    told: Callable[[str, int, Measurement], None] = lambda *_: None,
) -> dict[str, list[Measurement]]:
    """Measure programs in turns (A B A B ...), so that a drift of the machine meets all of them.

    Args:
        programs: For each name what prepares a run and gives its command.
        rounds: How often each is run.
        told: Called after each run with the name, the round and what it took.

    Returns:
        The measurements of each program, by round.
    """
    taken: dict[str, list[Measurement]] = {name: [] for name in programs}
    for number in range(rounds):
        for name, command in programs.items():
            taken[name].append(measure(command()))
            told(name, number, taken[name][-1])
    return taken


def figures(taken: Mapping[str, Sequence[Measurement]], rows: int) -> list[Figures]:
    """Condense rounds to medians; the first program is the one that the ratios stand on."""
    base = statistics.median(run.cpu for run in next(iter(taken.values())))
    return [
        Figures(
            name=name,
            rows_a_second=rows / statistics.median(run.wall for run in runs),
            wall=statistics.median(run.wall for run in runs),
            cpu=statistics.median(run.cpu for run in runs),
            peak_bytes=int(statistics.median(run.peak_bytes for run in runs)),
            ratio=statistics.median(run.cpu for run in runs) / base,
        )
        for name, runs in taken.items()
    ]


def as_text(results: Sequence[Figures]) -> str:
    """Lay the figures out as a table for people."""
    width = max(len(result.name) for result in results)
    lines = [f"{'':{width}}  {'rows/s':>11}  {'wall s':>8}  {'CPU s':>8}  {'peak MB':>8}  {'CPU ratio':>9}"]
    lines += [
        f"{result.name:{width}}  {result.rows_a_second:11,.0f}  {result.wall:8.2f}  {result.cpu:8.2f}"
        f"  {result.peak_bytes / 1e6:8,.0f}  {result.ratio:9.2f}"
        for result in results
    ]
    return "\n".join(lines)


def as_json(
    results: Sequence[Figures], taken: Mapping[str, Sequence[Measurement]], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Give the figures, every round behind them and the options as plain JSON values."""
    return {
        "options": dict(given),
        "medians": [asdict(result) for result in results],
        "rounds": {name: [asdict(run) for run in runs] for name, runs in taken.items()},
    }
