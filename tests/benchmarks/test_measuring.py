"""Measuring child processes, and condensing what was measured."""

from __future__ import annotations

import json
import sys

import pytest

from benchmarks.compare import as_json, as_text, compare, figures
from benchmarks.jobs import clean, copy
from benchmarks.measure import ChildFailed, Measurement, measure

SPIN = "import time\nwhile time.process_time() < 0.4: pass"


def test_processor_time_is_the_childs_and_waiting_costs_none():
    spinning = measure([sys.executable, "-S", "-c", SPIN])
    waiting = measure([sys.executable, "-S", "-c", "import time; time.sleep(0.4)"])
    assert spinning.cpu >= 0.4
    assert waiting.wall >= 0.4
    assert waiting.cpu < spinning.cpu


def test_peak_memory_is_counted_in_bytes():
    small = measure([sys.executable, "-S", "-c", "pass"])
    large = measure([sys.executable, "-S", "-c", "x = bytearray(b'x') * 900_000_000"])
    assert large.peak_bytes >= 900_000_000 > small.peak_bytes


def test_variables_reach_the_child_and_failures_say_what_it_said():
    script = "import os, sys; sys.exit(os.environ['WHY'])"
    with pytest.raises(ChildFailed, match="status 1: too many cooks"):
        measure([sys.executable, "-c", script], env={"WHY": "too many cooks"})


def test_programs_run_in_turns(tmp_path):
    log = tmp_path / "log"
    script = "import sys; open(sys.argv[1], 'a').write(sys.argv[2])"
    programs = {name: lambda name=name: [sys.executable, "-S", "-c", script, log, name] for name in "AB"}
    told = []
    taken = compare(programs, rounds=3, told=lambda *run: told.append(run[:2]))
    assert log.read_text() == "ABABAB"
    assert told == [("A", 0), ("B", 0), ("A", 1), ("B", 1), ("A", 2), ("B", 2)]
    assert {name: len(runs) for name, runs in taken.items()} == {"A": 3, "B": 3}


def test_figures_are_medians_and_ratios_stand_on_the_first():
    taken = {
        "copy": [Measurement(1.0, 2.0, 100), Measurement(9.0, 9.0, 900), Measurement(2.0, 4.0, 200)],
        "clean": [Measurement(4.0, 6.0, 300)] * 3,
    }
    copied, cleaned = figures(taken, 1_000)
    assert (copied.rows_a_second, copied.wall, copied.cpu, copied.peak_bytes, copied.ratio) == (
        500,
        2,
        4,
        200,
        1,
    )
    assert (cleaned.rows_a_second, cleaned.ratio) == (250, 1.5)
    header, *lines = as_text([copied, cleaned]).splitlines()
    assert header.split() == ["rows/s", "wall", "s", "CPU", "s", "peak", "MB", "CPU", "ratio"]
    assert lines[1].split() == ["clean", "250", "4.00", "6.00", "0", "1.50"]
    assert json.loads(json.dumps(as_json([copied, cleaned], taken, {"rows": 1_000}))) == {
        "options": {"rows": 1_000},
        "medians": [
            {"name": "copy", "rows_a_second": 500, "wall": 2, "cpu": 4, "peak_bytes": 200, "ratio": 1},
            {"name": "clean", "rows_a_second": 250, "wall": 4, "cpu": 6, "peak_bytes": 300, "ratio": 1.5},
        ],
        "rounds": {
            "copy": [
                {"wall": 1, "cpu": 2, "peak_bytes": 100},
                {"wall": 9, "cpu": 9, "peak_bytes": 900},
                {"wall": 2, "cpu": 4, "peak_bytes": 200},
            ],
            "clean": [{"wall": 4, "cpu": 6, "peak_bytes": 300}] * 3,
        },
    }


def test_the_copy_holds_every_row_as_text(tmp_path):
    import pyarrow.parquet as pq

    from benchmarks.data import lead_file

    source = lead_file(tmp_path, 2_000, 1)
    copy(source, tmp_path / "copy.parquet", threads=1)
    table = pq.read_table(tmp_path / "copy.parquet")
    assert table.num_rows == 2_000
    assert {str(field.type) for field in table.schema} == {"string"}


def test_cleaning_the_same_file_again_is_a_whole_run_again(tmp_path):
    source = tmp_path / "leads.csv"
    source.write_text("phone_number\n2025550123\n")
    stamps = []
    for _ in range(2):
        clean(source, tmp_path / "out", 1, profile="voicegenie", campaign=None, state=None)
        stamps.append((tmp_path / "out" / "accepted.parquet").stat().st_ino)
    assert stamps[0] != stamps[1]
