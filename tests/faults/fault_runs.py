"""What stands before a faulted run, the runs themselves, and all that they leave behind."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import fault_calls
import forked
import numpy as np
import pyarrow as pa

from leadsieve.publish import published
from leadsieve_connectors.campaigns import RunRecord, State, state_lock

PROCESS = Path(__file__).with_name("fault_process.py")
ROWS = 3_000
#: The first number of the source, whose rows repeat a few of their own.
FIRST = 12_012_000_000
_TUNING = {
    "LEADSIEVE_CHUNK_BYTES": "16384",
    "LEADSIEVE_THREADS": "2",
    "LEADSIEVE_ROW_GROUP_ROWS": "256",
    "OMP_NUM_THREADS": "1",
}
_SECONDS = 180


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run happens.

    Attributes:
        folder: Its working folder, which holds the source.
        out: Its OUT, as the command is given it.
        state: Its state, as the command is given it.
        temporary: Its folder for temporary files.
        lock_seconds: How long it waits for another run.
        wrapper: What `run` starts the command with, such as another view of the file systems.
        seen: How a path that the run is given is reached from here.
    """

    folder: Path
    out: Path = Path("out")
    state: Path = Path("s.duckdb")
    temporary: Path = Path("tmp")
    lock_seconds: int = 60
    wrapper: tuple[str, ...] = ()
    seen: Callable[[Path], Path] = field(default=lambda path: path)

    def real(self, path: Path) -> Path:
        """Return where a path that the run is given is found from here."""
        return self.seen(self.folder / path)

    def environment(self) -> dict[str, str]:
        own = {"LEADSIEVE_LOCK_SECONDS": str(self.lock_seconds), "TMPDIR": str(self.folder / self.temporary)}
        return {**os.environ, **_TUNING, **own}

    def arguments(self, *more: str, source: str = "leads.csv") -> list[str]:
        named = ["--campaign", "c", "--state", str(self.state), "--out", str(self.out)]
        return ["clean", source, "--region", "US", "--quiet", *named, *more]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended: its code (negative: the signal that killed it), what it said, and where it was struck."""

    code: int
    said: str
    struck: str = ""


def write_source(path: Path, first: int = FIRST, rows: int = ROWS) -> None:
    """Write a lead file with duplicates, bad numbers and records of too many cells."""
    lines = []
    for row in range(rows):
        number = first + row - (min(row, 40) if row % 9 == 0 else 0)
        if row % 37 == 5:
            lines.append(f"12{row},bad {row},town")
        elif row % 101 == 7:
            lines.append(f"+{number},too,many,cells")
        else:
            lines.append(f"+{number},name {row},town {row % 50}")
    path.write_text("phone,name,city\n" + "\n".join(lines) + "\n")


def run(place: Place, *more: str, source: str = "leads.csv", stdin: Path | None = None) -> Ended:
    """Run the command to its end."""
    command = ["-m", "leadsieve", *place.arguments(*more, source=source)]
    if not place.wrapper and stdin is None:
        done = forked.run(*command, cwd=place.folder, env=place.environment())
        return Ended(done.returncode, done.stderr)
    with (stdin or Path(os.devnull)).open("rb") as given:
        done = subprocess.run(
            [*place.wrapper, sys.executable, *command],
            cwd=place.folder, env=place.environment(), stdin=given, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, timeout=_SECONDS, check=False,
        )  # fmt: skip
    return Ended(done.returncode, done.stderr)


def run_to_step(place: Place, step: str, number: signal.Signals, *more: str) -> Ended:
    """Run the command and let it send itself a signal when a step is announced."""
    with _started(place, more, step, number) as child:
        _, said = child.communicate("\n")
        return Ended(child.wait(), said, step)


def run_traced(place: Place, log: Path, injection: str | None, *more: str) -> tuple[int, Ended]:
    """Run the command under `strace`, which injects what it is told; return the process's id and how it ended."""
    with _started(place, more) as child:
        assert child.stdout.readline() == "ready\n"
        tracer = fault_calls.attach(child.pid, log, injection)
        _, said = child.communicate("\n")
        tracer.communicate(timeout=_SECONDS)
        return child.pid, Ended(child.wait(), said)


def _started(place: Place, more: Sequence[str], step: str = "-", number: int = 0) -> forked.Child:
    arguments = [step, int(number), *place.arguments(*more)]
    return forked.start(PROCESS, *arguments, cwd=place.folder, env=place.environment())


def _prepare(folder: Path) -> Place:
    (folder / "tmp").mkdir()
    write_source(folder / "leads.csv")
    return Place(folder)


def _absent(folder: Path) -> None:
    _prepare(folder)


def _present(folder: Path) -> None:
    """Lay out an earlier run of the campaign, which stands in OUT and shares numbers with the coming one."""
    place = _prepare(folder)
    write_source(folder / "earlier.csv", FIRST + 500, 200)
    ended = run(place, source="earlier.csv")
    assert ended.code == 0, ended.said


def _large(folder: Path) -> None:
    """Lay out a state of two million contacts, some of which the coming run repeats."""
    place = _prepare(folder)
    state = State(place.real(place.state))
    with state_lock(state.path, wait_seconds=0):
        state.ensure()
        for seq, (campaign, first) in enumerate([("other", FIRST), ("c", FIRST + 2_500)], 1):
            keys = np.arange(first, first + 1_000_000, dtype=np.uint64)
            record = RunRecord(
                seq=seq,
                run_id=f"large{seq}",
                campaign=campaign,
                fingerprint="f",
                committed_at=datetime(2026, 1, 1, tzinfo=UTC),
                manifest=[],
                info={"ledger": {"accepted": len(keys)}, "sources": [], "options_fingerprint": "f"},
            )
            state.commit(record, [pa.record_batch({"key": keys})])
            state.mark_published(record.run_id)


def _recovering(folder: Path) -> None:
    """Lay out what a run leaves that is killed between the state's commit and its publication."""
    _present(folder)
    assert run_to_step(Place(folder), "state-committed", signal.SIGKILL, "--overwrite").code == -signal.SIGKILL


#: What stands before the run, and the options that it needs.
LAYOUTS: Mapping[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "absent": (_absent, ()),
    "present": (_present, ("--overwrite",)),
    "large": (_large, ()),
    "recovering": (_recovering, ("--overwrite",)),
}


@dataclass(frozen=True, slots=True)
class Undisturbed:
    """A layout, and what an undisturbed run makes of it.

    Attributes:
        folder: Where it is laid out for a run; what the state keeps are absolute paths, so always here.
        master: What stands there before the run.
        options: The options that the run needs.
        before: All that is left before the run, as `left` gives it.
        after: All that is left after it.
        calls: Its system calls that change something, from the first write on; none where they cannot be traced.
    """

    folder: Path
    master: Path
    options: tuple[str, ...]
    before: dict[str, Any]
    after: dict[str, Any]
    calls: list[fault_calls.Call]

    def lay_out(self) -> Place:
        """Lay out once more what stands before the run."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.master, self.folder)
        return Place(self.folder)


def undisturbed(name: str, base: Path) -> Undisturbed:
    """Lay out what stands before, and run once from there with nothing in the way."""
    lay_out, options = LAYOUTS[name]
    folder, master = base / "run", base / "master"
    folder.mkdir(parents=True)
    lay_out(folder)
    shutil.copytree(folder, master)
    place = Place(folder)
    before, calls = left(place), []
    if fault_calls.why_not() is None:
        pid, ended = run_traced(place, base / "calls", None, *options)
        calls = fault_calls.calls_below(base / "calls", folder, pid)
    else:
        ended = run(place, *options)
    assert (ended.code, ended.said.replace(NEW, "")) == (0, ""), ended
    return Undisturbed(folder, master, options, before, left(place), calls)


#: What is said of a new campaign even by `--quiet`.
NEW = "NEW CAMPAIGN 'c': it is not in the state yet (there are: none)\n"


def left(place: Place) -> dict[str, Any]:
    """Return all that stands there but for times: names, published bytes, and what the state holds."""
    out, state = place.real(place.out), place.real(place.state)
    found: dict[str, Any] = {"names": names(place)}
    if out.exists():
        found["whole"] = published(out) is not None
        found |= {path.name: path.read_bytes() for path in out.iterdir() if path.name != "run.json"}
        info = json.loads((out / "run.json").read_bytes())
        found["run.json"] = {key: value for key, value in info.items() if key not in {"started", "seconds"}}
    if state.exists():
        found["state"] = held(state, (place.folder / place.out).parent, place.folder)
    return found


def names(place: Place) -> list[str]:
    """List every file and folder below those of the run; not the lock's file, which stays once it was there."""
    tops = {place.folder, place.real(place.out).parent, place.real(place.state).parent, place.real(place.temporary)}
    found = {path.relative_to(top) for top in tops for path in top.rglob("*")}
    return sorted(str(path) for path in found if path.name != "s.duckdb.lock")


def held(state: Path, *folders: Path) -> dict[str, Any]:
    """Read all tables of a state, whatever its version: large ones as counts and sums; times and folders left out."""
    tables: dict[str, Any] = {}
    with opened_copy(state) as connection:
        listed = connection.sql("SELECT table_name, estimated_size FROM duckdb_tables() ORDER BY 1").fetchall()
        for table, size in listed:
            described = connection.sql(f"DESCRIBE {table}").fetchall()
            columns = ", ".join(
                f"({name} IS NULL) AS {name}" if kind == "TIMESTAMP" else name for name, kind, *_ in described
            )
            if size > 1_000:
                row = f"(SELECT {columns} FROM {table}) AS each"
                query = f"SELECT count(*), sum(hash(each)), bit_xor(hash(each)) FROM {row}"
            else:
                query = f"SELECT {columns} FROM {table} ORDER BY ALL"
            tables[table] = [tuple(map(_plain(folders), row)) for row in connection.sql(query).fetchall()]
    return tables


@contextmanager
def opened_copy(state: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a copy of a state and its log, so that the look changes nothing."""
    with tempfile.TemporaryDirectory() as aside:
        for path in (state, state.with_name(f"{state.name}.wal")):
            if path.exists():
                shutil.copy(path, aside)
        with duckdb.connect(str(Path(aside) / state.name)) as connection:
            yield connection


def _plain(folders: Sequence[Path]) -> Callable[[Any], Any]:
    def plain(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        for folder in folders:
            value = value.replace(str(folder), "")
        return re.sub(r'"seconds": \{[^}]*\}', "", value)

    return plain
