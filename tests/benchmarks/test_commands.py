"""Every command of `python -m benchmarks`, on a handful of rows: its table, its JSON, its chart."""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import sys
import time
from contextlib import redirect_stdout
from importlib.util import find_spec
from io import StringIO
from types import SimpleNamespace

import click
import pytest
from click.testing import CliRunner

import benchmarks.peers
from benchmarks import cleaning, made, phones, readers, rounds
from benchmarks.__main__ import main
from benchmarks.commands import checks, scaling, sweep, text
from benchmarks.data import Shape
from benchmarks.measure import Measurement
from benchmarks.peers import PEERS
from benchmarks.report.write import read
from leadsieve import cli
from leadsieve.config import Tuning

CHARTS = find_spec("altair") is not None and find_spec("vl_convert") is not None


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return tmp_path_factory.mktemp("work")


@pytest.fixture(autouse=True)
def nothing_to_warm_up(monkeypatch):
    """Make the small file, but do not clean it: that is for figures that count."""
    monkeypatch.setattr(cleaning, "WARMING_ROWS", 300)
    monkeypatch.setattr(cleaning, "measure", lambda command: command)


def _run_module(command):
    """Do what `python -m MODULE ...` does, as its own program but in this process; return what it prints."""
    _, _, module, *arguments = map(str, command)
    with pytest.MonkeyPatch.context() as here, redirect_stdout(StringIO()) as printed:
        here.setattr(os, "environ", os.environ.copy())
        here.setattr(sys, "argv", [module, *arguments])
        here.setattr(cli, "run", cli.main)  # which would end the process
        here.delitem(sys.modules, module, raising=False)
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    return printed.getvalue()


@pytest.fixture
def made_here(monkeypatch):
    """Make files in this process: a new one costs half a second (`test_compare` has its own)."""

    def run(command, **_):
        return SimpleNamespace(returncode=0, stdout=_run_module(command))

    monkeypatch.setattr(made, "subprocess", SimpleNamespace(run=run, PIPE=None))


@pytest.fixture
def measured_here(made_here, monkeypatch):
    """Run what is measured in this process too: what commands do with it is the same, whatever it costs."""

    def measure(command, **_):
        wall, cpu = time.perf_counter(), time.process_time()
        _run_module(command)
        return Measurement(time.perf_counter() - wall, time.process_time() - cpu, peak_bytes=1)

    for module in (rounds, readers):
        monkeypatch.setattr(module, "measure", measure)


def invoke(*words: object) -> str:
    done = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def run(work, tmp_path):
    """Run a command, and give what it printed and the result that it wrote."""

    def run(name, *options, files=True):
        where = ["--work", work] if files else []
        printed = invoke(name, "--results", tmp_path, "--rounds", 1, *where, *options)
        (path,) = tmp_path.glob("*.json")
        assert path.name.startswith(f"{name}-")
        text = path.read_text()
        assert "/" not in json.dumps([json.loads(text)[key] for key in ("options", "machine", "versions")])
        result = read(path)
        assert result.lines
        assert result.title in printed
        keys = [tuple(line.labels.items()) for line in result.lines]
        assert len(set(keys)) == len(keys)
        for line in result.lines:
            assert all(value >= 0 for key, value in line.figures.items() if key != "added")
        assert path.with_suffix(".svg").exists() == CHARTS
        return printed, result

    return run


def labels(result, *names):
    return [tuple(line.labels[name] for name in names) for line in result.lines]


def test_compare(run):
    _, result = run("compare", "--rows", 500)
    assert labels(result, "program") == [("DuckDB COPY to Parquet",), ("leadsieve clean",)]
    assert result.lines[0].figures["cpu_ratio"] == 1


@pytest.mark.usefixtures("made_here")
def test_floors(run):
    _, result = run("floors", "--rows", 500)
    copies = ("DuckDB COPY", "polars sink_parquet")
    assert labels(result, "program", "threads") == [(copy, threads) for threads in (1, 2) for copy in copies]


@pytest.mark.usefixtures("measured_here")
def test_goal_judges_each_number_of_threads_and_the_memory(run, work):
    printed, result = run("goal", "--rows", 500, "--contacts", 200)
    assert labels(result, "program", "threads") == [
        ("DuckDB COPY", 2), ("leadsieve", 2), ("DuckDB COPY", 1), ("leadsieve", 1),
    ]  # fmt: skip
    for threads in ("2 threads", "1 thread"):
        assert re.search(
            rf"^{threads}: CPU [\d.]+ and wall [\d.]+ times .*1\.5 times: .*1\.0 times: ", printed, re.MULTILINE
        )
    assert "memory: " in printed
    record = json.loads((work / "out" / "run.json").read_text())
    assert record["profile"] == "voicegenie"
    assert record["campaign"] == "benchmark"
    assert record["schema"]["file"] == "rules.py"
    assert record["ledger"]["reasons"]["check_failed"] > 0
    # The last tenth of the file's own numbers was in the campaign before.
    assert record["ledger"]["reasons"]["duplicate_in_campaign"] > 30
    assert {"accepted.parquet", "rejected.parquet", "errors.parquet", "summary.json"} <= {
        path.name for path in (work / "out").iterdir()
    }


@pytest.mark.usefixtures("made_here")
def test_peers_do_the_same_job_or_say_what_not(run, monkeypatch):
    monkeypatch.setattr(benchmarks.peers, "find_spec", lambda name: None if name == "frictionless" else find_spec(name))
    printed, result = run("peers", "--rows", 500, "--slow-rows", 500)
    assert labels(result, "program") == [("leadsieve",), *((peer.name,) for peer in PEERS)]
    ours, *others = result.lines
    there = {peer.name: peer for peer in PEERS if not peer.missing}
    assert {"pandas + phonenumbers + pandera", "polars + phonenumbers", "DuckDB SQL"} <= set(there)
    for line in others:
        name = line.labels["program"]
        if name not in there:
            assert re.fullmatch(r"not installed: \w+ \(pip install 'leadsieve\[bench\]'\)", line.note)
            assert line.note in printed
            assert not line.figures
        else:
            assert line.note == there[name].cannot
            more = line.figures["accepted"] - ours.figures["accepted"]
            assert (more == 0) if there[name].whole else (more > 0)


def test_those_that_validate_alone_find_the_same_rows(tmp_path):
    """By eye: a row with no name, a short name, a bad address, a web address, an unknown city, a long tag."""
    rows = ["Al,a@b.de,Globex,Miami,hot"] * 2 + [
        ",a@b.de,Globex,Miami,hot", "A,a@b.de,Globex,Miami,hot", "Al,a@b,Globex,Miami,hot",
        "Al,a@b.de,https://x.de,Miami,hot", "Al,a@b.de,Globex,Nowhere,hot", f"Al,a@b.de,Globex,Miami,{'x' * 11}",
    ]  # fmt: skip
    source = tmp_path / "leads.csv"
    source.write_text("phone_number,name,email,company,city,tag\n" + "".join(f"+12025550123,{row}\n" for row in rows))
    peers = [peer for peer in PEERS if not peer.whole and not peer.missing]
    for peer in peers:
        subprocess.run([sys.executable, "-m", peer.module, source, tmp_path, "1"], check=True, capture_output=True)
        counts = json.loads((tmp_path / "counts.json").read_text())
        assert counts == {"rows": 8, "accepted": 2, "rejected": 6}, peer.name
    if not peers:
        pytest.skip("none of them is installed")


@pytest.mark.usefixtures("made_here")
def test_stages_add_up(run):
    _, result = run("stages", "--rows", 500, "--contacts", 100)
    cpu = {line.labels["stage"]: line.figures["cpu"] for line in result.lines}
    *stages, whole, unclocked = cpu.values()
    assert sum(stages) == pytest.approx(whole)
    assert unclocked > 0
    wanted = {"loading code", "reading", "judging", "duplicates and counts", "laying out", "writing", "proving"}
    assert wanted | {"committing"} <= set(cpu)


@pytest.mark.usefixtures("measured_here")
def test_sweep_compares_with_the_usual_value(run, monkeypatch):
    monkeypatch.setattr(sweep, "SWEEPS", {"bad rows": sweep.SWEEPS["bad rows"][:2]})
    printed, result = run("sweep", "--rows", 500, "--over", "bad rows")
    assert labels(result, "swept", "value") == [("bad rows", "0 %"), ("bad rows", "5 %")]
    assert result.lines[1].figures["cpu_ratio"] == 1
    assert "bad rows: CPU within" in printed


@pytest.mark.parametrize("name", sweep.SWEEPS)
def test_a_sweep_of_tuning_begins_with_what_is_usual(name):
    usual = sweep.SWEEPS[name][0].tuning
    assert Tuning(**usual) == Tuning()


@pytest.mark.parametrize("name", sweep.SWEEPS)
def test_each_value_of_a_sweep_is_another_run(tmp_path, name):
    commands = []
    for setting in sweep.SWEEPS[name]:
        state = tmp_path / f"state-{setting.contacts}.duckdb" if setting.contacts else None
        if state is not None:
            state.write_bytes(b"state")
        runs = cleaning.Cleaning(
            source=tmp_path / f"leads{Shape(**setting.shape).suffix}.csv",
            folder=tmp_path,
            threads=setting.threads or 3,
            profile="plain",
            state=state,
            tuning=setting.tuning,
        )
        commands.append((*map(str, runs.prepare()), str(setting.contacts)))
        assert Tuning(**setting.tuning)
    assert len(set(commands)) == len(commands) >= 3


@pytest.mark.usefixtures("measured_here")
def test_scaling(run):
    _, result = run("scaling", "--rows", 200)
    assert labels(result, "program", "rows") == [("DuckDB COPY", 200), ("leadsieve", 200)]


def test_scaling_says_the_disk_that_it_needs_and_does_not_begin_without(tmp_path, capsys, monkeypatch):
    scaling.require_disk([1_000_000, 10_000_000], 0, tmp_path)
    assert re.search(r"up to 1\.4 GB of disk in .* are free", capsys.readouterr().err)
    monkeypatch.setattr(scaling.shutil, "disk_usage", lambda _: SimpleNamespace(free=1_400_000_000))
    with pytest.raises(click.ClickException, match=r"1\.4 GB of disk are needed"):
        scaling.require_disk([1_000_000, 10_000_000], 0, tmp_path)


def test_phones(run, monkeypatch):
    measure = phones.measure_phones
    monkeypatch.setattr(phones, "measure_phones", lambda _, *how: measure(200, *how))
    _, result = run("phones", "--rows", 20_000, "--sample", 5, files=False)
    assert labels(result, "region") == [("US",), ("IN",), ("GB",), ("BR",)]


@pytest.mark.usefixtures("measured_here")
def test_text(run, monkeypatch):
    monkeypatch.setattr(text, "VARIANTS", text.VARIANTS[-1:])
    _, result = run("text", "--rows", 300)
    assert labels(result, "file", "threads", "reader") == [
        ("lines", threads, reader) for threads in (1, 2) for reader in text.READERS
    ]


@pytest.mark.usefixtures("measured_here")
def test_formats(run):
    _, result = run("formats", "--rows", 1000, "--format", "csv", "--format", "parquet")
    assert labels(result, "format", "reader") == [
        (ending, reader) for ending in ("csv", "parquet") for reader in ("leadsieve", "pandas", "polars")
    ]


@pytest.mark.usefixtures("measured_here")
def test_checks(run, monkeypatch):
    monkeypatch.setattr(checks, "VARIANTS", {"a column": "city"})
    _, result = run("checks", "--rows", 1000)
    assert [name for (name,) in labels(result, "program")] == ["leadsieve", "pandera.polars", "pandera.pandas"]


@pytest.mark.usefixtures("measured_here")
def test_state(run):
    _, result = run("state", "--rows", 100, "--few", 100, "--contacts", 50)
    assert labels(result, "rows", "contacts") == [(100, 0), (100, 50)]


@pytest.mark.usefixtures("measured_here")
def test_diff_compares_two_results(run, tmp_path):
    run("floors", "--rows", 500)
    (path,) = tmp_path.glob("*.json")
    table = invoke("diff", path, path)
    assert table.count("+0.0%") == 4 * 5


def test_help_names_every_command():
    told = invoke("--help")
    assert all(re.search(rf"^  {name} ", told, re.MULTILINE) for name in main.list_commands(None))
    for name in main.list_commands(None):
        assert invoke(name, "--help")


def test_what_measures_loads_nothing_large():
    script = (
        "import sys\nfrom benchmarks.__main__ import main\n"
        "for name in main.list_commands(None): main.get_command(None, name)\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"pyarrow", "numpy", "polars", "pandas", "duckdb", "pandera", "altair", "leadsieve"}
