"""What a campaign adds to a run: the same lead file with none, and against states of several sizes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from benchmarks.report import Line
from benchmarks.rounds import Command, as_rounds, figures, in_turns

CAMPAIGN = "benchmark"
#: Contacts of one import, of which a state has as many as it needs.
_RUN_KEYS = 10_000_000
_BATCH_KEYS = 1 << 20


def measure_states(
    source: Path, rows: int, states: Sequence[Path], work: Path, command: Sequence[str], *, rounds: int
) -> list[Line]:
    """Clean a lead file with no campaign and then against each state, in turns, each in a process of its own.

    Args:
        source: The lead file.
        rows: Its rows.
        states: The states, as `state_file` gives them; each run gets a copy, so that none grows.
        work: A folder for the copies and the outputs.
        command: The program, up to its own options.
        rounds: How often each is run.

    Returns:
        A line for each number of contacts, of which the first, 0, is the run with no campaign.
    """

    def prepare(state: Path | None) -> Command:
        options: list[str | Path] = []
        if state is not None:
            options = ["--campaign", CAMPAIGN, "--state", fresh_state(state, work)]
        return [*command, source, work / "state-out", *options]

    sizes = {0: None, **{int(state.stem.split("-")[1]): state for state in states}}
    taken = in_turns({size: partial(prepare, state) for size, state in sizes.items()}, rounds=rounds)
    measured = {size: figures(runs, rows) for size, runs in taken.items()}
    return [
        Line(
            {"rows": rows, "contacts": size},
            {**measured[size], "added": measured[size]["cpu"] - measured[0]["cpu"]},
            as_rounds(runs),
        )
        for size, runs in taken.items()
    ]


def fresh_state(state: Path, folder: Path) -> Path:
    """Copy a state, and wait until the copy is on the disk, so that nothing of it is written during a run."""
    copy = folder / "state-copy.duckdb"
    for left in folder.glob(f"{copy.name}*"):
        left.unlink()
    shutil.copyfile(state, copy)
    with copy.open("rb") as file:
        os.fsync(file.fileno())
    return copy


def state_file(folder: Path, contacts: int, first: int) -> Path:
    """Return a state with so many contacts, made now if the folder does not hold it yet.

    Args:
        folder: Where states are kept from run to run; 100 million contacts take 0.5 to 1 GB.
        contacts: How many, in imports of 10 million.
        first: The first row of a lead file (see `data`) whose number is in it; the others follow.
    """
    from leadsieve_connectors.campaigns.migrations import SCHEMA_VERSION

    # One of an older version would be brought forward in every run that is measured.
    path = folder / f"state-{contacts}-{first}-v{SCHEMA_VERSION}.duckdb"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        begun = folder / f".partial-{path.name}"
        for left in folder.glob(f"{begun.name}*"):
            left.unlink()
        write_state(begun, contacts, first)
        os.replace(begun, path)
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
