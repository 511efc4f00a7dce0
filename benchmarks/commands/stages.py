"""`stages`: where a run spends its processor time."""

from __future__ import annotations

import json
import shutil
import statistics
import sys
from pathlib import Path
from typing import Any

import click

from benchmarks.cleaning import WARMING_ROWS, Cleaning, campaign_state, warm_up
from benchmarks.commands.options import PROFILE, RULES, plain_failures, shared, show_source
from benchmarks.made import make_leads
from benchmarks.measure import measure
from benchmarks.report import Chart, Line, Result, write
from benchmarks.stages import LOADING, STAGES
from benchmarks.state import CAMPAIGN, fresh_state

UNCLOCKED = "the same run, unclocked"


@click.command("stages")
@shared(rows=1_000_000, rounds=3)
@click.option(
    "--contacts",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Contacts that a campaign holds; 0 is no campaign.",
)
def command(*, rows: int, rounds: int, seed: int, results: Path, work: Path, contacts: int) -> None:
    """Clock each stage of a run on one thread: its processor time, and that of a row."""
    source = make_leads(work, rows, seed)
    show_source(source, rows)
    with plain_failures():
        warming = warm_up(work, seed, RULES)
        state = campaign_state(work, contacts, rows)
        unclocked = Cleaning(source=source, folder=work, threads=1, profile=PROFILE, schema=RULES, state=state)
        taken, plain = [], []
        for _ in range(rounds):
            taken.append(_measure(warming, source, state, work))
            plain.append(measure(unclocked.prepare()).cpu)
    write(
        Result(
            benchmark="stages",
            title=f"Processor time by stage: {rows:,} rows, one thread",
            options={
                "rows": rows,
                "rounds": rounds,
                "seed": seed,
                "profile": PROFILE,
                "schema": RULES.name,
                "contacts": contacts,
            },
            lines=_lines(taken, plain, rows),
            chart=Chart(kind="bar", x="stage", y="cpu"),
            remarks=[
                f"{LOADING}: imports, compiled code, tables: a run of {WARMING_ROWS:,} rows beforehand, counted whole",
                "a stage's time is without that of the stages within it; together they are the process's",
                f"{UNCLOCKED}: in a fresh process; what it takes more than all stages, only a fresh process does",
            ],
        ),
        results,
    )


def _measure(warming: Path, source: Path, state: Path | None, work: Path) -> dict[str, float]:
    """Run once, in a process of its own."""
    out, result = work / "stages", work / "stages.json"
    shutil.rmtree(out, ignore_errors=True)
    options: dict[str, Any] = {"profile": PROFILE, "schema": str(RULES)}
    if state is not None:
        options |= {"campaign": CAMPAIGN, "state": str(fresh_state(state, work))}
    measure([sys.executable, "-m", "benchmarks.stages", warming, source, out, json.dumps(options), result])
    taken: dict[str, float] = json.loads(result.read_text())
    return taken


def _lines(taken: list[dict[str, float]], plain: list[float], rows: int) -> list[Line]:
    """Give a line for each stage that a run had, one for all of them, and one for the run with no clocks."""
    whole = statistics.median(sum(run.values()) for run in taken)
    lines = []
    for stage in STAGES:
        rounds = [run.get(stage, 0.0) for run in taken]
        if any(rounds):
            lines.append(_line(stage, rounds, rows, whole))
    whole_runs = [sum(run.values()) for run in taken]
    return [*lines, _line("all stages", whole_runs, rows, whole), _line(UNCLOCKED, plain, rows, whole)]


def _line(stage: str, rounds: list[float], rows: int, whole: float) -> Line:
    cpu = statistics.median(rounds)
    return Line(
        {"stage": stage}, {"cpu": cpu, "row": cpu / rows, "share": cpu / whole}, [{"cpu": one} for one in rounds]
    )
