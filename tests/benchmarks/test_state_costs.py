"""What a state adds to a run: the states hold the lead file's numbers, and the figures add up."""

from __future__ import annotations

import re
import sys

import numpy as np
import pytest

from benchmarks.data import lead_file, number_keys
from benchmarks.state import CAMPAIGN, measure_states, state_file
from leadsieve_connectors.campaigns import State


def test_states_hold_the_numbers_of_lead_files(tmp_path):
    numbers = set(number_keys(np.arange(2_000)).tolist())
    assert len(numbers) == 2_000
    written = re.findall(r"^\+(1\d{10}),", lead_file(tmp_path, 2_000, 1).read_text(), re.MULTILINE)
    assert len(written) > 1_000
    assert {int(number) for number in written} <= numbers


def test_a_state_is_made_once(tmp_path):
    path = state_file(tmp_path, 300, 50)
    held = {key for batch in State(path).contacts(CAMPAIGN) for key in batch.column("key").to_pylist()}
    assert held == set(number_keys(np.arange(50, 350)).tolist())
    stamp = path.stat().st_mtime_ns
    assert state_file(tmp_path, 300, 50) == path
    assert path.stat().st_mtime_ns == stamp


def test_each_state_is_measured_beside_the_run_with_no_campaign(tmp_path):
    states = []
    for contacts in (20, 300):
        states.append(tmp_path / f"state-{contacts}-0.duckdb")
        states[-1].write_bytes(b"state")
    source, log = tmp_path / "leads.csv", tmp_path / "log"
    program = f"import sys; open({str(log)!r}, 'a').write(' '.join(sys.argv[3:]) + chr(10))"
    lines = measure_states(source, 7, states, tmp_path, [sys.executable, "-c", program], rounds=2)
    run = f"--campaign {CAMPAIGN} --state {tmp_path / 'state-copy.duckdb'}"
    assert log.read_text().splitlines() == ["", run, run] * 2
    assert [line.labels for line in lines] == [{"rows": 7, "contacts": contacts} for contacts in (0, 20, 300)]
    none, *others = (line.figures for line in lines)
    assert none["added"] == 0
    assert all(each["cpu"] - each["added"] == pytest.approx(none["cpu"]) for each in others)
    assert all(len(line.rounds) == 2 for line in lines)
