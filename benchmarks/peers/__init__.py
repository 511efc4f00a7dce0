"""Peers: other ways to do the job or a part of it, each as its users would write it, in a program of its own."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Counts:
    """What a peer found.

    Attributes:
        rows: Rows that it read.
        accepted: Rows that it holds good.
        rejected: Rows that it does not; for validation alone, those that fail a check.
    """

    rows: int
    accepted: int
    rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A peer.

    Attributes:
        name: What people call it.
        module: Its program.
        packages: The packages that it imports, by their names there.
        cannot: What of the job it does not do.
        slow: Whether it is given fewer rows, since it takes so long.
        whole: Whether it does as much of the job as can be done with it; else validation alone.
    """

    name: str
    module: str
    packages: tuple[str, ...]
    cannot: str
    slow: bool
    whole: bool = True

    @property
    def missing(self) -> list[str]:
        """The packages that are not installed."""
        return [name for name in self.packages if find_spec(name) is None]


_NO_RUN = "no reason for each fault, no campaign, no proof, no commit; a malformed row ends it or is padded unsaid"
_CHECKS_ONLY = "validation alone: no phone numbers, no duplicates"
PEERS = (
    Peer(
        name="pandas + phonenumbers + pandera",
        module="benchmarks.peers.pandas_phonenumbers",
        packages=("pandas", "phonenumbers", "pandera"),
        cannot=f"{_NO_RUN}; all rows in memory",
        slow=True,
    ),
    Peer(
        name="polars + phonenumbers",
        module="benchmarks.peers.polars_phonenumbers",
        packages=("polars", "phonenumbers"),
        cannot=f"{_NO_RUN}; all rows in memory",
        slow=True,
    ),
    Peer(
        name="DuckDB SQL",
        module="benchmarks.peers.duckdb_sql",
        packages=("duckdb",),
        cannot=f"{_NO_RUN}; a pattern for phones, of one country, that is not exact",
        slow=False,
    ),
    Peer(
        name="frictionless",
        module="benchmarks.peers.frictionless_checks",
        packages=("frictionless",),
        cannot=f"{_CHECKS_ONLY}, no split into accepted and rejected",
        slow=True,
        whole=False,
    ),
    Peer(
        name="Pointblank",
        module="benchmarks.peers.pointblank_checks",
        packages=("pointblank", "polars"),
        cannot=f"{_CHECKS_ONLY}; all rows in memory; malformed rows end it, or are padded unsaid",
        slow=True,
        whole=False,
    ),
)


def run_peer(peer: Callable[[str, str, int], Counts]) -> None:
    """Run one peer: what `python -m MODULE SOURCE OUT THREADS` does; OUT is a folder, and gets `counts.json`."""
    source, out, threads = sys.argv[1:]
    os.environ["POLARS_MAX_THREADS"] = threads  # read when polars is imported, which no peer has done yet
    counts = peer(source, out, int(threads))
    (Path(out) / "counts.json").write_text(json.dumps(asdict(counts)))
