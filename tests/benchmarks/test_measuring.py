"""Measuring child processes, in turns, and condensing what was measured."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from benchmarks.jobs import clean, copy, copy_polars
from benchmarks.measure import ChildFailed, Measurement, measure
from benchmarks.rounds import as_rounds, figures, in_turns, ratios
from leadsieve import cli

SPIN = "import time\nwhile time.process_time() < 0.4: pass"


def test_processor_time_is_the_childs_and_waiting_costs_none():
    spinning = measure([sys.executable, "-S", "-c", SPIN])
    waiting = measure([sys.executable, "-S", "-c", "import time; time.sleep(0.4)"])
    assert spinning.cpu >= 0.4
    assert waiting.wall >= 0.4
    assert waiting.cpu < spinning.cpu


def test_peak_memory_is_counted_in_bytes():
    """Measured from a small process: a child's peak begins at its parent's size, and this one may be large."""
    script = (
        "import sys\nfrom benchmarks.measure import measure\n"
        "for code in ('pass', \"x = bytearray(b'x') * 300_000_000\"):\n"
        "    print(measure([sys.executable, '-S', '-c', code]).peak_bytes)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    small, large = map(int, done.stdout.split())
    assert large >= 300_000_000 > small


def test_variables_reach_the_child_and_failures_say_what_it_said():
    script = "import os, sys; sys.exit(os.environ['WHY'])"
    with pytest.raises(ChildFailed, match="status 1: too many cooks"):
        measure([sys.executable, "-c", script], env={"WHY": "too many cooks"})


def test_programs_run_in_turns_each_after_its_preparation(tmp_path):
    log = tmp_path / "log"
    script = "import sys; open(sys.argv[1], 'a').write(sys.argv[2])"

    def preparation(name):
        def prepare():
            with log.open("a") as file:
                file.write(name.lower())
            return [sys.executable, "-S", "-c", script, log, name]

        return prepare

    told = []
    taken = in_turns({name: preparation(name) for name in "AB"}, rounds=3, told=lambda *run: told.append(run[:2]))
    assert log.read_text() == "aAbBaAbBaAbB"
    assert told == [("A", 0), ("B", 0), ("A", 1), ("B", 1), ("A", 2), ("B", 2)]
    assert {name: len(runs) for name, runs in taken.items()} == {"A": 3, "B": 3}


def test_figures_are_medians_and_ratios_are_of_them():
    copied = [Measurement(1.0, 2.0, 100), Measurement(9.0, 9.0, 900), Measurement(2.0, 4.0, 200)]
    cleaned = [Measurement(4.0, 6.0, 300)] * 3
    assert figures(copied, 1_000) == {"rows_a_second": 500, "wall": 2, "cpu": 4, "row": 0.004, "peak_bytes": 200}
    assert ratios(cleaned, copied) == {"cpu_ratio": 1.5, "wall_ratio": 2}
    assert as_rounds(copied)[1] == {"wall": 9, "cpu": 9, "peak_bytes": 900}


@pytest.mark.parametrize("job", [copy, copy_polars])
def test_a_copy_holds_every_row_as_text(tmp_path, job):
    import pyarrow as pa
    import pyarrow.parquet as pq

    from benchmarks.data import lead_file

    source = lead_file(tmp_path, 2_000, 1)
    job(source, tmp_path / "copy.parquet", 1)
    table = pq.read_table(tmp_path / "copy.parquet")
    assert table.num_rows == 2_000
    assert all(pa.types.is_string(kind) or pa.types.is_large_string(kind) for kind in table.schema.types)


def test_cleaning_the_same_file_again_is_a_whole_run_again(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "environ", os.environ.copy())  # the job sets its threads for the process, which is its own
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.setattr(cli, "run", cli.main)  # which would end the process
    source = tmp_path / "leads.csv"
    source.write_text("phone_number\n2025550123\n")
    stamps = []
    for _ in range(2):
        clean(source, tmp_path / "out", 1, profile="voicegenie")
        stamps.append((tmp_path / "out" / "accepted.parquet").stat().st_ino)
    assert stamps[0] != stamps[1]
