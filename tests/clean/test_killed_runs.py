"""A run that is really killed (SIGKILL), then the same command: the result of an undisturbed run."""

import os
import shutil
import signal
import time
from pathlib import Path

import duckdb
import forked
import pytest

import leadsieve as ls
from leadsieve.publish import STEPS
from leadsieve_connectors.campaigns import STATE_STEPS

#: Runs the command and, where a step is named, kills its own process when that step is announced.
_CHILD = """
import logging, os, signal, sys
import leadsieve
class Killer(logging.Handler):
    def emit(self, record):
        if getattr(record, "step", None) == sys.argv[1]:
            os.kill(os.getpid(), signal.SIGKILL)
for name in ("leadsieve.publish", "leadsieve_connectors.campaigns"):
    logging.getLogger(name).addHandler(Killer())
    logging.getLogger(name).setLevel(logging.DEBUG)
options = dict(campaign="c", state="s.duckdb") if sys.argv[2] else {}
leadsieve.clean("leads.csv", region="US", out="out", overwrite=bool(sys.argv[3]), tuning={tuning}, **options)
""".replace("{tuning}", "dict(row_group_rows=256, chunk_bytes=4096, threads=2)")
_TUNING = {"row_group_rows": 256, "chunk_bytes": 4096, "threads": 2}


def _write(path: Path, first: int, rows: int) -> None:
    lines = [f"+1201{2000000 + first + i % (rows - rows // 50)},name {i}" for i in range(rows)]
    path.write_text("phone,name\n" + "\n".join(lines) + "\n")


def _child(folder: Path, step: str, *, campaign: bool, overwrite: bool) -> forked.Child:
    return forked.start("-c", _CHILD, step, "c" if campaign else "", "o" if overwrite else "", cwd=folder)


def _clean(folder: Path, *, campaign: bool, overwrite: bool, source: str = "leads.csv") -> ls.Run:
    options = {"campaign": "c", "state": "s.duckdb"} if campaign else {}
    before = Path.cwd()
    os.chdir(folder)
    try:
        return ls.clean(source, region="US", out="out", overwrite=overwrite, tuning=_TUNING, **options)
    finally:
        os.chdir(before)


def _prepare(folder: Path, *, campaign: bool, overwrite: bool, rows: int) -> None:
    """Lay out what stands before the run: with `overwrite` an earlier run in OUT, and so a state."""
    folder.mkdir()
    _write(folder / "leads.csv", 0, rows)
    if overwrite:
        _write(folder / "earlier.csv", 20, 60)
        _clean(folder, campaign=campaign, overwrite=False, source="earlier.csv")


def _result(folder: Path) -> dict[str, object]:
    """Everything that the run leaves, but for times."""
    left: dict[str, object] = {p.name: None for p in folder.iterdir()}
    left |= {p.name: p.read_bytes() for p in (folder / "out").iterdir() if p.name != "run.json"}
    if (folder / "s.duckdb").exists():
        with duckdb.connect(str(folder / "s.duckdb"), read_only=True) as state:
            left["contacts"] = state.sql("SELECT key, run_seq, status FROM all_contacts ORDER BY ALL").fetchall()
            left["runs"] = state.sql("SELECT seq, run_id, fingerprint, published FROM runs ORDER BY seq").fetchall()
    return left


_EXCHANGED = {"old-set-aside"}  # a step of file systems that cannot exchange two names
_STEPS = [
    *((step, True, overwrite) for step in (*STATE_STEPS, *STEPS) for overwrite in (False, True)),
    *((step, False, overwrite) for step in STEPS for overwrite in (False, True)),
]
_HAPPENS = [
    (step, campaign, overwrite)
    for step, campaign, overwrite in _STEPS
    if step not in _EXCHANGED
    and (campaign or step not in {"staging-marked", "state-committed", "run-marked"})
    and not (overwrite and step in {"state-written", "state-renamed"})  # the state is there already
]


@pytest.fixture(scope="module")
def lay_out(tmp_path_factory):
    """Lay out a copy of what stands before a run; return what an undisturbed run leaves."""
    kept: dict[tuple[bool, bool, int], tuple[Path, dict[str, object]]] = {}

    def _lay_out(folder: Path, *, campaign: bool, overwrite: bool, rows: int) -> dict[str, object]:
        key = (campaign, overwrite, rows)
        if key not in kept:
            before, after = tmp_path_factory.mktemp("before") / "run", tmp_path_factory.mktemp("after") / "run"
            _prepare(before, campaign=campaign, overwrite=overwrite, rows=rows)
            shutil.copytree(before, after)
            _clean(after, campaign=campaign, overwrite=overwrite)
            kept[key] = before, _result(after)
        shutil.copytree(kept[key][0], folder)
        return kept[key][1]

    return _lay_out


# The usual suite strikes each step once, with a campaign and without, over an earlier run and not, in turn.
_WAYS = {step: [kill for kill in _HAPPENS if kill[0] == step] for step, _, _ in _HAPPENS}
_USUAL = [ways[at % len(ways)] for at, ways in enumerate(_WAYS.values())]


@pytest.mark.parametrize(
    ("step", "campaign", "overwrite"),
    [pytest.param(*kill, marks=[] if kill in _USUAL else pytest.mark.long) for kill in _HAPPENS],
)
def test_killed_at_a_step(tmp_path: Path, lay_out, step: str, campaign: bool, overwrite: bool) -> None:
    folder = tmp_path / "run"
    undisturbed = lay_out(folder, campaign=campaign, overwrite=overwrite, rows=300)
    with _child(folder, step, campaign=campaign, overwrite=overwrite) as child:
        assert child.wait() == -signal.SIGKILL
    _clean(folder, campaign=campaign, overwrite=overwrite)
    assert _result(folder) == undisturbed


@pytest.mark.parametrize("moment", range(0, 12, 4))
def test_killed_at_a_moment_after_the_first_byte(tmp_path: Path, lay_out, moment: int) -> None:
    folder = tmp_path / "run"
    undisturbed = lay_out(folder, campaign=True, overwrite=True, rows=3000)
    with _child(folder, "no step", campaign=True, overwrite=True) as child:
        deadline = time.monotonic() + 60
        while not any(p.stat().st_size for p in folder.glob(".out.leadsieve-*/out/*.parquet")):
            assert time.monotonic() < deadline, "the run never wrote"
            time.sleep(0.001)
        time.sleep(moment * 0.02)
        child.send_signal(signal.SIGKILL)
        child.wait()
    before = {p.name for p in (folder / "out").iterdir()}
    assert {"accepted.parquet", "rejected.parquet", "errors.parquet", "summary.json", "run.json"} == before
    _clean(folder, campaign=True, overwrite=True)
    assert _result(folder) == undisturbed


@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted_leaves_nothing(tmp_path: Path, number: signal.Signals, exit_code: int) -> None:
    _write(tmp_path / "leads.csv", 0, 20_000)
    arguments = ["clean", "leads.csv", "--region", "US", "--campaign", "c", "--out", "out", "--quiet"]
    environment = {**os.environ, "LEADSIEVE_ROW_GROUP_ROWS": "256", "LEADSIEVE_CHUNK_BYTES": "4096"}
    with forked.start("-m", "leadsieve", *arguments, cwd=tmp_path, env=environment) as child:
        while not any(p.stat().st_size for p in tmp_path.glob(".out.leadsieve-*/out/*.parquet")):
            assert child.poll() is None
            time.sleep(0.001)
        child.send_signal(number)
        _, said = child.communicate()
    assert child.returncode == exit_code, said
    assert len(said.splitlines()) == 2, said
    new_campaign, last = said.splitlines()
    assert new_campaign.startswith("NEW CAMPAIGN 'c'")
    assert last.startswith("leadsieve: interrupted: ")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["leads.csv", "leadsieve.duckdb", "leadsieve.duckdb.lock"]
