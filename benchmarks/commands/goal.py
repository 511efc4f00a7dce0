"""`goal`: everything that a run does, in the price of a plain copy. The figure that the project stands on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import click

from benchmarks.cleaning import Cleaning, campaign_state, warm_up
from benchmarks.commands.options import PROFILE, RULES, plain_failures, shared, show_round, show_source
from benchmarks.jobs import command as job
from benchmarks.made import make_leads
from benchmarks.measure import Measurement
from benchmarks.report import Chart, Line, Result, write
from benchmarks.rounds import Preparation, as_rounds, figures, in_turns, ratios

COPY = "DuckDB COPY"
CLEAN = "leadsieve"
#: What CPU and wall may be of the copy's: first, and then.
_GOALS = (1.5, 1.0)
_MOST_MEMORY = 1_000_000_000


@click.command("goal")
@shared(rows=10_000_000, rounds=5, least=10)
@click.option(
    "--contacts",
    type=click.IntRange(0, 100_000_000),
    default=10_000_000,
    show_default=True,
    help="Contacts that the campaign already holds; the state is made once and kept.",
)
@click.option(
    "--schema",
    type=click.Path(path_type=Path, exists=True),
    default=RULES,
    help="The user's pandera schema; benchmarks/rules.py, of eight checks, unless said otherwise.",
)
def command(*, rows: int, rounds: int, seed: int, results: Path, work: Path, contacts: int, schema: Path) -> None:
    """Run all that a run does beside DuckDB's plain COPY, in turns, with two threads and with one.

    The engine's run has the profile of a target system, a user's schema, a campaign that holds numbers already, all
    outputs with their hashes, the proof, and the commit. The whole process counts, imports included.
    """
    source = make_leads(work, rows, seed)
    show_source(source, rows)
    with plain_failures():
        warm_up(work, seed, schema)
        state = campaign_state(work, contacts, rows)
        programs: dict[tuple[str, int], Preparation] = {}
        for threads in (2, 1):
            programs[COPY, threads] = partial(job, "copy", source, work / "copy.parquet", threads)
            runs = Cleaning(source=source, folder=work, threads=threads, profile=PROFILE, schema=schema, state=state)
            programs[CLEAN, threads] = runs.prepare
        taken = in_turns(programs, rounds=rounds, told=show_round)
    write(
        Result(
            benchmark="goal",
            title=f"All of a run beside a plain copy: {rows:,} rows, {contacts:,} contacts",
            options={
                "rows": rows,
                "rounds": rounds,
                "seed": seed,
                "profile": PROFILE,
                "schema": schema.name,
                "contacts": contacts,
            },
            lines=_lines(taken, rows),
            chart=Chart(kind="bar", x="program", y="cpu", colour="threads"),
            remarks=list(_judged(taken)),
        ),
        results,
    )


def _lines(taken: Mapping[tuple[str, int], Sequence[Measurement]], rows: int) -> list[Line]:
    return [
        Line(
            {"program": name, "threads": threads},
            {**figures(runs, rows), **ratios(runs, taken[COPY, threads])},
            as_rounds(runs),
        )
        for (name, threads), runs in taken.items()
    ]


def _judged(taken: Mapping[tuple[str, int], Sequence[Measurement]]) -> Iterator[str]:
    """Say which goals hold."""
    for threads in (2, 1):
        of = ratios(taken[CLEAN, threads], taken[COPY, threads])
        most = max(of.values())
        held = [f"{goal:.1f} times: {'held' if most <= goal else 'not held'}" for goal in _GOALS]
        told = f"CPU {of['cpu_ratio']:.2f} and wall {of['wall_ratio']:.2f} times the copy's"
        yield f"{threads} thread{'s' * (threads > 1)}: {told} ({'; '.join(held)})"
    peak = max(run.peak_bytes for (name, _), runs in taken.items() if name == CLEAN for run in runs)
    yield f"memory: {peak / 1e6:,.0f} MB at the most ({'below' if peak < _MOST_MEMORY else 'not below'} 1,000 MB)"
