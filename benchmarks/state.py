"""What a campaign adds to a run: the same lead file with none, and against states of several sizes."""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import Measurement, measure

CAMPAIGN = "benchmark"
#: Contacts of one import, of which a state has as many as it needs.
_RUN_KEYS = 10_000_000
_BATCH_KEYS = 1 << 20


@dataclass(frozen=True, slots=True)
class StateCost:
    """What a run against a state took, beside the same run with no campaign.

    Attributes:
        rows: Rows of the lead file.
        contacts: Contacts in the state; 0 is the run with no campaign.
        cpu: Seconds of processor time, with the commit; the median of the rounds.
        added: Of these, more than with no campaign.
        wall: Seconds.
        peak_bytes: The most memory that was resident at once.
    """

    rows: int
    contacts: int
    cpu: float
    added: float
    wall: float
    peak_bytes: int


def measure_states(
    source: Path, rows: int, states: Sequence[Path | None], work: Path, command: Sequence[str], *, rounds: int
) -> list[StateCost]:
    """Clean a lead file with no campaign and then against each state, in turns, each in a process of its own.

    Args:
        source: The lead file.
        rows: Its rows.
        states: The states, as `state_file` gives them; each run gets a copy, so that none grows.
        work: A folder for the copies and the outputs.
        command: The program, up to its own options.
        rounds: How often each is run.

    Returns:
        The costs; the first is that with no campaign.
    """
    taken: dict[Path | None, list[Measurement]] = {None: [], **{state: [] for state in states}}
    for _ in range(rounds):
        for state, runs in taken.items():
            options: list[str | Path] = []
            if state is not None:
                copy = work / "state-copy.duckdb"
                for left in work.glob(f"{copy.name}*"):
                    left.unlink()
                shutil.copyfile(state, copy)
                options = ["--campaign", CAMPAIGN, "--state", copy]
            runs.append(measure([*command, source, work / "state-out", *options]))
    base = statistics.median(run.cpu for run in taken[None])
    return [
        StateCost(
            rows=rows,
            contacts=0 if state is None else int(state.stem.split("-")[1]),
            cpu=(cpu := statistics.median(run.cpu for run in runs)),
            added=cpu - base,
            wall=statistics.median(run.wall for run in runs),
            peak_bytes=max(run.peak_bytes for run in runs),
        )
        for state, runs in taken.items()
    ]


def lay_out(costs: Sequence[StateCost]) -> str:
    """Lay the costs out as a table for people."""
    lines = [f"{'rows':>12}{'contacts':>14}{'CPU s':>9}{'added s':>9}{'wall s':>9}{'peak MB':>9}"]
    lines += [
        f"{cost.rows:12,}{cost.contacts:14,}{cost.cpu:9.2f}{cost.added:9.2f}{cost.wall:9.2f}"
        f"{cost.peak_bytes / 1e6:9,.0f}"
        for cost in costs
    ]
    return "\n".join(lines)


def state_file(folder: Path, contacts: int, first: int) -> Path:
    """Return a state with so many contacts, made in a process of its own if the folder does not hold it yet.

    Args:
        folder: Where states are kept from run to run; 100 million contacts take 0.5 to 1 GB.
        contacts: How many, in imports of 10 million.
        first: The first row of a lead file (see `data`) whose number is in it; the others follow.
    """
    path = folder / f"state-{contacts}-{first}.duckdb"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f".partial-{path.name}"
        for left in folder.glob(f"{partial.name}*"):
            left.unlink()
        subprocess.run([sys.executable, "-m", "benchmarks.state", partial, str(contacts), str(first)], check=True)
        os.replace(partial, path)
    return path


def write_state(path: Path, contacts: int, first: int) -> None:
    """Write a state as the engine does: one commit for each import."""
    from datetime import UTC, datetime

    from leadsieve_connectors.campaigns import RunRecord, State, state_lock

    with state_lock(path, wait_seconds=0):
        state = State(path)
        state.ensure()
        for seq, begin in enumerate(range(0, contacts, _RUN_KEYS), start=1):
            record = RunRecord(
                seq=seq,
                run_id=f"import-{seq}",
                campaign=CAMPAIGN,
                fingerprint=str(seq),
                committed_at=datetime(2026, 1, 1, tzinfo=UTC),
                manifest=[],
                info={},
                published=True,
            )
            state.commit(record, _batches(first + begin, first + min(begin + _RUN_KEYS, contacts)))


def _batches(begin: int, end: int) -> Iterator[object]:
    """Yield the numbers of the rows of a lead file as keys, in no order."""
    import numpy as np
    import pyarrow as pa

    from benchmarks.data import number_keys

    for start in range(begin, end, _BATCH_KEYS):
        keys = number_keys(np.arange(start, min(start + _BATCH_KEYS, end)))
        yield pa.RecordBatch.from_arrays([pa.array(keys)], names=["key"])


def main() -> None:
    """Write a state."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("contacts", type=int)
    parser.add_argument("first", type=int)
    given = parser.parse_args()
    write_state(given.path, given.contacts, given.first)


if __name__ == "__main__":
    main()
