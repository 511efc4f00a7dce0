"""`peers`: the engine beside other ways to do the job, or a part of it."""

from __future__ import annotations

import json
import shutil
import sys
from functools import partial
from pathlib import Path

import click

from benchmarks.cleaning import Cleaning, warm_up
from benchmarks.commands.options import PROFILE, RULES, plain_failures, shared, show_round, show_source
from benchmarks.made import make_leads
from benchmarks.measure import Measurement
from benchmarks.peers import PEERS, Peer
from benchmarks.report import Chart, Line, Result, write
from benchmarks.report.result import Label
from benchmarks.rounds import Command, as_rounds, figures, in_turns

ENGINE = "leadsieve"


@click.command("peers")
@shared(rows=1_000_000, rounds=3, threads=2)
@click.option(
    "--slow-rows",
    type=click.IntRange(1),
    default=100_000,
    show_default=True,
    help="Rows of the lead file for slow peers, which run once.",
)
@click.option("--peer", "only", multiple=True, help="Only peers whose names hold this. Repeats.")
def command(
    *, rows: int, threads: int, rounds: int, seed: int, results: Path, work: Path, slow_rows: int, only: tuple[str, ...]
) -> None:
    """Do the same job with pandas, polars, DuckDB, frictionless and Pointblank, as their users would write it.

    Read, normalise phone numbers, validate by eight checks, drop duplicates, write accepted and rejected rows. What a
    tool cannot do of it is said in the table. A tool that is not installed is left out, and named.
    """
    peers = [peer for peer in PEERS if not only or any(part.lower() in peer.name.lower() for part in only)]
    slow_rows = min(slow_rows, rows)
    source, less = make_leads(work, rows, seed), make_leads(work, slow_rows, seed)
    show_source(source, rows)
    with plain_failures():
        warm_up(work, seed, RULES)
        engine = Cleaning(source=source, folder=work, threads=threads, profile=PROFILE, schema=RULES).prepare
        there = [peer for peer in peers if not peer.missing]
        programs = {peer.name: partial(_prepare, peer, source, work, threads) for peer in there if not peer.slow}
        taken = in_turns({ENGINE: engine, **programs}, rounds=rounds, told=show_round)
        slow = {peer.name: partial(_prepare, peer, less, work, threads) for peer in there if peer.slow}
        taken |= in_turns(slow, rounds=1, told=show_round)
    ours = figures(taken[ENGINE], rows)
    lines = [
        Line(
            {"program": ENGINE, "rows": rows},
            {"accepted": _accepted(work / "out" / "run.json"), **ours, "slower": 1.0},
            as_rounds(taken[ENGINE]),
            "errors with reasons, proof and commit besides",
        )
    ]
    lines += [
        _line(peer, work, slow_rows if peer.slow else rows, taken.get(peer.name, []), ours["rows_a_second"])
        for peer in peers
    ]
    options = {"rows": rows, "slow_rows": slow_rows, "rounds": rounds, "threads": threads, "seed": seed}
    write(
        Result(
            benchmark="peers",
            title="The same job with other tools",
            options={**options, "profile": PROFILE, "schema": RULES.name},
            lines=lines,
            chart=Chart(kind="bar", x="program", y="rows_a_second"),
            remarks=[f"slow ones ran once, on {slow_rows:,} rows; times slower is by rows a second, start included"],
        ),
        results,
    )


def _prepare(peer: Peer, source: Path, work: Path, threads: int) -> Command:
    """Make an empty folder for a peer's outputs, and give its command."""
    out = _folder(peer, work)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    return [sys.executable, "-m", peer.module, source, out, str(threads)]


def _folder(peer: Peer, work: Path) -> Path:
    return work / f"peer-{peer.module.rpartition('.')[2]}"


def _line(peer: Peer, work: Path, rows: int, runs: list[Measurement], ours: float) -> Line:
    labels: dict[str, Label] = {"program": peer.name, "rows": rows}
    if not runs:
        return Line(labels, note=f"not installed: {', '.join(peer.missing)} (pip install 'leadsieve[bench]')")
    own = figures(runs, rows)
    accepted = {"accepted": _accepted(_folder(peer, work) / "counts.json")}
    return Line(labels, {**accepted, **own, "slower": ours / own["rows_a_second"]}, as_rounds(runs), peer.cannot)


def _accepted(path: Path) -> float:
    """Give the share of accepted rows that a program's own record tells."""
    record = json.loads(path.read_text(encoding="utf-8"))
    counts = record.get("ledger", record)
    return float(counts["accepted"] / counts["rows"])
