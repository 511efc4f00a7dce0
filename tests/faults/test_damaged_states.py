"""A state that is corrupt, cut short, foreign, half written, or without its log: one error, or the whole of it."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import fault_states
import forked
import pytest
from fault_checks import check_again, check_ending, check_nothing_half_done
from fault_runs import Undisturbed, names, run, run_to_step

from leadsieve_connectors.campaigns import State

_HEADERS = 3 * 4096
_BLOCK = 262_144
_KILL_AFTER_COMMIT = """
import logging, os, signal, sys
from pathlib import Path
sys.path.append({tests!r})
import fault_states
class Killer(logging.Handler):
    def emit(self, record):
        if record.step == "transaction-committed":
            os.kill(os.getpid(), signal.SIGKILL)
logger = logging.getLogger("leadsieve_connectors.campaigns")
logger.setLevel(logging.DEBUG)
logger.addHandler(Killer())
fault_states.commit(Path(sys.argv[1]), int(sys.argv[2]), 5_000)
"""


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state of two runs, the log of a third (`own`), that log when it was applied (`stale`), and another's (`other`)."""
    folder = tmp_path_factory.mktemp("states")
    for name in ("s", "other"):
        State(folder / f"{name}.duckdb").ensure()
        for seq in (1, 2):
            fault_states.commit(folder / f"{name}.duckdb", seq, 5_000)
        kept = (folder / f"{name}.duckdb").read_bytes()
        script = _KILL_AFTER_COMMIT.format(tests=str(Path(__file__).parent))
        done = forked.run("-c", script, folder / f"{name}.duckdb", 3)
        assert done.returncode == -signal.SIGKILL
        assert (folder / f"{name}.duckdb").read_bytes() == kept
    (folder / "s.duckdb.wal").rename(folder / "own")
    (folder / "other.duckdb.wal").rename(folder / "other")
    (folder / "text").write_text("this is no log\n" * 100)
    (folder / "zeros").write_bytes(bytes(1_000))
    (folder / "empty").write_bytes(b"")
    return folder


def outcomes(folder: Path, cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    (folder / "cases.json").write_text(json.dumps(cases))
    script = Path(fault_states.__file__)
    done = forked.run(script, folder)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def check(
    folder: Path, cases: list[dict[str, Any]], may_hold: list[int], what: str, note: Callable[[str, Any], None]
) -> None:
    """Make sure that each damaged state is refused in one line, or holds exactly one of these numbers of runs."""
    whole = {str(seq): [5_000, sum(range(seq * 10**7, seq * 10**7 + 5_000))] for seq in (1, 2, 3)}
    allowed = [{seq: each for seq, each in whole.items() if int(seq) <= runs} for runs in may_hold]
    for case, found in zip(cases, outcomes(folder, cases), strict=True):
        note("fault", (f"state file, {what}", found["came"]))
        assert found.get("errors", "") == "", (case, found)
        if found["came"] == "used":
            assert found["held"] in allowed, (case, found)
        else:
            assert found["came"] == "state_corrupt", (case, found)
            assert "\n" not in found["said"]
            assert ".duckdb" in found["said"]


def bits(seed: int, count: int, size: int) -> list[list[list[int]]]:
    """Choose single bits of a file: in its headers, in the heads of its blocks, anywhere."""
    draw = random.Random(seed)
    blocks = max(1, (size - _HEADERS) // _BLOCK)
    places = [
        lambda: draw.choice([0, 4096, 8192]) + draw.randrange(128),
        lambda: draw.randrange(min(_HEADERS, size)),
        lambda: _HEADERS + draw.randrange(blocks) * _BLOCK + draw.randrange(3_000),
        lambda: draw.randrange(size),
    ]
    return [[[min(places[at % 4](), size - 1), draw.randrange(8)]] for at in range(count)]


@pytest.mark.parametrize(
    ("seed", "count"), [(1, 6), *(pytest.param(s, 150, marks=pytest.mark.long) for s in range(2, 6))]
)
def test_corrupt(laid_out: Path, seed: int, count: int, record_property: Callable[[str, Any], None]) -> None:
    size = (laid_out / "s.duckdb").stat().st_size
    # Free blocks hold nothing, so a bit there changes nothing.
    check(laid_out, [{"flips": each} for each in bits(seed, count, size)], [2], "a bit flipped", record_property)


@pytest.mark.parametrize("filled", [False, True])
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
def test_cut_short_or_half_written(
    laid_out: Path, seed: int, filled: bool, record_property: Callable[[str, Any], None]
) -> None:
    size, draw = (laid_out / "s.duckdb").stat().st_size, random.Random(seed)
    edges = [0, 1, 8, 11, 12, 4096, 4100, 8192, _HEADERS, _HEADERS + 1, _HEADERS + _BLOCK, size - 1]
    lengths = edges if seed == 1 else [draw.randrange(size) for _ in range(80)]
    cases = [{"cut": length, "filled": filled} for length in lengths]
    check(laid_out, cases, [2], "half written" if filled else "cut short", record_property)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
def test_logs(laid_out: Path, seed: int, record_property: Callable[[str, Any], None]) -> None:
    """A log whose transaction cannot be read whole counts as never committed: its outputs were not published."""
    size, draw = (laid_out / "own").stat().st_size, random.Random(seed)
    many = 2 if seed == 1 else 120
    logs = [{"log": name} for name in (None, "own", "other", "text", "zeros", "empty")]
    cut = [{"log": "own", "cut_log": draw.randrange(size)} for _ in range(many)]
    flipped = [{"log": "own", "flips_log": [[draw.randrange(size), draw.randrange(8)]]} for _ in range(many)]
    early = [{"log": "own", "flips_log": [[draw.randrange(300), draw.randrange(8)]]} for _ in range(many)]
    check(laid_out, logs + cut + flipped + early, [2, 3], "its log lost, foreign or damaged", record_property)


def _sqlite(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE meta (schema_version INTEGER)")
        connection.execute("INSERT INTO meta VALUES (2)")
    connection.close()


def _duckdb(*statements: str) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with duckdb.connect(str(path)) as connection:
            for statement in statements:
                connection.execute(statement)

    return write


#: What may stand at `--state`, and the code that says so.
FOREIGN: dict[str, tuple[Callable[[Path], Any], str]] = {
    "empty": (Path.touch, "state_corrupt"),
    "text": (lambda path: path.write_text("phone,name\n" * 2_000), "state_corrupt"),
    "sqlite": (_sqlite, "state_corrupt"),
    "duckdb-without-tables": (_duckdb(), "state_corrupt"),
    "duckdb-of-another": (_duckdb("CREATE TABLE t AS SELECT 1 AS a"), "state_corrupt"),
    "duckdb-with-version-1": (
        _duckdb("CREATE TABLE meta (schema_version INTEGER)", "INSERT INTO meta VALUES (1)"),
        "state_corrupt",
    ),
    "duckdb-with-version-2": (
        _duckdb("CREATE TABLE meta (schema_version INTEGER)", "INSERT INTO meta VALUES (2)"),
        "state_corrupt",
    ),
    "duckdb-with-a-text-as-version": (
        _duckdb("CREATE TABLE meta (schema_version VARCHAR)", "INSERT INTO meta VALUES ('x')"),
        "state_corrupt",
    ),
    "folder": (Path.mkdir, "invalid_option"),
    "pipe": (os.mkfifo, "invalid_option"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "invalid_option"),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_foreign(tmp_path: Path, kind: str, record_property: Callable[[str, Any], None]) -> None:
    make, code = FOREIGN[kind]
    path = tmp_path / "s.duckdb"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    found = json.loads(forked.run(fault_states.__file__, path).stdout)
    record_property("fault", (f"state file, {kind}", found["came"]))
    assert found["came"] == code, found
    assert "\n" not in found["said"]
    assert before is None or path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) in (["s.duckdb", "s.duckdb.lock"], ["s.duckdb"])


@pytest.mark.parametrize(
    "damage",
    [
        "flipped",
        pytest.param("cut", marks=pytest.mark.long),
        pytest.param("text", marks=pytest.mark.long),
        pytest.param("log", marks=pytest.mark.long),
    ],
)
def test_a_run_on_a_damaged_state(
    before: Callable[[str], Undisturbed], laid_out: Path, damage: str, record_property: Callable[[str, Any], None]
) -> None:
    place = before("present").lay_out()
    state = place.real(place.state)
    whole = state.read_bytes()
    if damage == "flipped":
        state.write_bytes(whole[:100] + bytes([whole[100] ^ 1]) + whole[101:])
    elif damage == "cut":
        state.write_bytes(whole[: len(whole) // 2])
    elif damage == "text":
        state.write_text("hello\n" * 100)
    else:
        shutil.copy(laid_out / "other", state.with_name("s.duckdb.wal"))
    harmed, listed = state.read_bytes(), names(place)
    ended = run(place, *before("present").options)
    assert (check_ending(ended), ended.code) == ("state_corrupt", 4)
    assert state.read_bytes() == harmed
    assert names(place) == listed
    record_property("fault", (f"a run on a state that is damaged: {damage}", f"exit {ended.code}"))

    state.write_bytes(whole)
    state.with_name("s.duckdb.wal").unlink(missing_ok=True)
    check_again(place, before("present"))


@pytest.mark.parametrize(
    "share", [0.0, pytest.param(0.5, marks=pytest.mark.long), pytest.param(None, marks=pytest.mark.long)]
)
def test_a_log_that_is_lost_after_a_kill(
    before: Callable[[str], Undisturbed], share: float | None, record_property: Callable[[str, Any], None]
) -> None:
    place = before("present").lay_out()
    ended = run_to_step(place, "transaction-committed", signal.SIGKILL, *before("present").options)
    assert ended.code == -signal.SIGKILL
    log = place.real(place.state).with_name("s.duckdb.wal")
    if share is None:
        log.unlink()
    else:
        os.truncate(log, int(log.stat().st_size * share))
    came = check_nothing_half_done(place, before("present"), ended)
    assert came == "nothing"
    record_property("fault", ("killed after the commit, then its log lost or cut", "whole again"))
    check_again(place, before("present"))
