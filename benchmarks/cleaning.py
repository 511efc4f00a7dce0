"""Preparing runs of the engine: an empty OUT and, where a campaign counts, a fresh copy of its state each time."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.jobs import command
from benchmarks.made import make, make_leads
from benchmarks.measure import measure
from benchmarks.rounds import Command
from benchmarks.state import CAMPAIGN, fresh_state

#: Enough rows that everything that is compiled is loaded.
WARMING_ROWS = 30_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaning:
    """Runs of the engine on one file.

    Attributes:
        source: The file.
        folder: Where the outputs and the copy of the state are put.
        threads: Worker threads.
        profile: The target system.
        schema: A file with a user's schema, or None.
        state: A state with the campaign, which each run gets a copy of; None for no campaign.
        tuning: What else the engine is tuned by.
    """

    source: Path
    folder: Path
    threads: int
    profile: str
    schema: Path | None = None
    state: Path | None = None
    tuning: Mapping[str, int] = field(default_factory=dict)

    def prepare(self) -> Command:
        """Make everything as it is before a run, outside the measured time, and give the command."""
        out, options = self.folder / "out", ["--profile", self.profile]
        shutil.rmtree(out, ignore_errors=True)
        if self.schema is not None:
            options += ["--schema", str(self.schema)]
        if self.tuning:
            options += ["--tuning", json.dumps(dict(self.tuning))]
        if self.state is not None:
            options += ["--campaign", CAMPAIGN, "--state", str(fresh_state(self.state, self.folder))]
        return command("clean", self.source, out, self.threads, *options)


def campaign_state(folder: Path, contacts: int, rows: int) -> Path | None:
    """Return a state whose campaign holds so many contacts, made once; None for none.

    Of the numbers of a lead file with so many rows, the last tenth is among them.
    """
    return make("benchmarks.state:state_file", folder, contacts, rows - rows // 10) if contacts else None


def warm_up(folder: Path, seed: int, schema: Path | None = None) -> Path:
    """Run the engine once, unmeasured: its first run on a machine compiles the kernels.

    Returns:
        The small lead file that was cleaned.
    """
    leads = make_leads(folder, WARMING_ROWS, seed)
    measure(Cleaning(source=leads, folder=folder, threads=1, profile="plain", schema=schema).prepare())
    return leads
