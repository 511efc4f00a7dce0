"""`sweep`: how a run's costs change with its tuning and with its input, one thing at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from benchmarks.cleaning import Cleaning, campaign_state, warm_up
from benchmarks.commands.options import PROFILE, RULES, plain_failures, shared, show_round
from benchmarks.made import make_leads
from benchmarks.measure import Measurement
from benchmarks.report import Chart, Line, Result, write
from benchmarks.rounds import Preparation, as_rounds, figures, in_turns

_MB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a run is swept over, at one of its values.

    Attributes:
        value: The value, as people read it.
        threads: Worker threads; 0 is as the command says.
        tuning: What else the engine is tuned by.
        shape: The lead file's shape, by the names of `benchmarks.data.Shape`.
        contacts: Contacts that a campaign holds; 0 is no campaign.
    """

    value: str
    threads: int = 0
    tuning: Mapping[str, int] = field(default_factory=dict)
    shape: Mapping[str, int] = field(default_factory=dict)
    contacts: int = 0


#: What can be swept. The first value of each is what its others are compared with.
SWEEPS: Mapping[str, Sequence[Setting]] = {
    "chunk size": [Setting(value=f"{mb} MB", tuning={"chunk_bytes": mb * _MB}) for mb in (8, 1, 2, 4)],
    "threads": [Setting(value=str(count), threads=count) for count in (1, 2, 4)],
    "compression level": [Setting(value=str(level), tuning={"compression_level": level}) for level in (1, 3, 6, 9)],
    "row group rows": [
        Setting(value=f"{rows // 1024} k", tuning={"row_group_rows": rows})
        for rows in (1 << 18, 1 << 16, 1 << 17, 1 << 20)
    ],
    "state size": [
        Setting(value=told, contacts=count)
        for told, count in (("none", 0), ("1 k", 1_000), ("1 M", 1_000_000), ("10 M", 10_000_000))
    ],
    "bad rows": [Setting(value=f"{share} %", shape={"bad": share}) for share in (5, 0, 50, 100)],
    "columns": [Setting(value=str(count), shape={"columns": count}) for count in (6, 12, 24, 48)],
    "row width": [
        Setting(value=told, shape={"note_bytes": note})
        for told, note in (("65 bytes", 0), ("130 bytes", 64), ("260 bytes", 194), ("520 bytes", 454))
    ],
}
#: The share of bad rows must not change the class of the costs.
_MOST_BETWEEN_SHARES = 2.5


@click.command("sweep")
@shared(rows=1_000_000, rounds=3, threads=2, least=10)
@click.option(
    "--over", type=click.Choice(list(SWEEPS)), multiple=True, help="Only over this. Repeats; all unless said otherwise."
)
@click.option(
    "--largest-state", type=click.IntRange(0), default=10_000_000, show_default=True, help="No larger states."
)
def command(
    *,
    rows: int,
    threads: int,
    rounds: int,
    seed: int,
    results: Path,
    work: Path,
    over: tuple[str, ...],
    largest_state: int,
) -> None:
    """Change one thing at a time: tuning (chunk size, threads, ...) and input (bad rows, columns, row width, state)."""
    chosen = {name: SWEEPS[name] for name in SWEEPS if not over or name in over}
    settings = {
        (name, setting.value): setting
        for name, of in chosen.items()
        for setting in of
        if setting.contacts <= largest_state
    }
    with plain_failures():
        warm_up(work, seed, RULES)
        programs = {key: _program(setting, work, rows, seed, threads) for key, setting in settings.items()}
        taken = in_turns(programs, rounds=rounds, told=show_round)
    lines = _lines(taken, rows)
    write(
        Result(
            benchmark="sweep",
            title=f"One thing at a time: {rows:,} rows",
            options={
                "rows": rows,
                "rounds": rounds,
                "threads": threads,
                "seed": seed,
                "profile": PROFILE,
                "schema": RULES.name,
                "over": list(chosen),
            },
            lines=_sorted(lines, chosen),
            chart=Chart(kind="line", x="value", y="cpu", panel="swept"),
            remarks=_remarks(lines),
        ),
        results,
    )


def _program(setting: Setting, work: Path, rows: int, seed: int, threads: int) -> Preparation:
    """Make what a setting needs, and say how it is run."""
    return Cleaning(
        source=make_leads(work, rows, seed, **setting.shape),
        threads=setting.threads or threads,
        profile=PROFILE,
        schema=RULES,
        state=campaign_state(work, setting.contacts, rows),
        tuning=setting.tuning,
        folder=work,
    ).prepare


def _lines(taken: Mapping[tuple[str, str], Sequence[Measurement]], rows: int) -> list[Line]:
    """Give a line for each setting, with the ratio to the first value of what was swept."""
    lines, first = [], dict[str, float]()
    for (name, value), runs in taken.items():
        own = figures(runs, rows)
        base = first.setdefault(name, own["cpu"])
        lines.append(Line({"swept": name, "value": value}, {**own, "cpu_ratio": own["cpu"] / base}, as_rounds(runs)))
    return lines


def _sorted(lines: Sequence[Line], chosen: Mapping[str, Sequence[Setting]]) -> list[Line]:
    """Put the values of each sweep in increasing order: the one that the others are compared with came first."""

    def size(line: Line) -> tuple[int, float]:
        name = str(line.labels["swept"])
        setting = next(one for one in chosen[name] if one.value == line.labels["value"])
        amounts = [setting.threads, setting.contacts, *setting.tuning.values(), *setting.shape.values()]
        return list(chosen).index(name), sum(amounts)

    return sorted(lines, key=size)


def _remarks(lines: Sequence[Line]) -> list[str]:
    """Say what the ratios stand on, and whether bad rows change the class."""
    remarks = ["CPU ratio: to the usual value of what is swept, whose ratio is 1.00"]
    shares = [line.figures["cpu"] for line in lines if line.labels["swept"] == "bad rows"]
    if shares:
        between = max(shares) / min(shares)
        held = "held" if between <= _MOST_BETWEEN_SHARES else "not held"
        remarks.append(
            f"0 to 100 % bad rows: CPU within {between:.2f} times of each other ({_MOST_BETWEEN_SHARES} times: {held})"
        )
    return remarks
