"""A suppressed number is never accepted, whatever else is said of its row."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from leadsieve.kernel import Plan, judge
from leadsieve.outputs import assemble, lay_out
from leadsieve.suppression import ListFile, Suppression, SuppressionList
from leadsieve_connectors.chunk import BAD_RECORDS, Chunk
from leadsieve_rules.columns import map_columns
from leadsieve_rules.profiles import load_profile
from leadsieve_rules.profiles.model import Destinations

_NAMES = ["Phone 1", "Phone 2", "name", "email"]
_CELLS = (
    None, "12", "(202) 555-0123", "+1 202 555 0123 x5", "2025550124", "'2025550124", "2.025550123E+9", "+442079460000",
    "2025550123 / 2025550124", "9.19E+11", "+1 555 123",
)  # fmt: skip
_KEYS = (12025550123, 12025550124, 442079460000, 1555123, 112)


def _suppression(keys):
    file = ListFile(name="dnc", sha256="0" * 64, date=None, entries=len(keys), unreadable=0)
    one = SuppressionList(name="dnc", kept=False, files=(file,))
    return Suppression([(one, [np.array(keys, np.uint64)])])


def _plan(profile, columns, suppression):
    overrides = dict.fromkeys(columns, "phone_number")
    found = map_columns(_NAMES, _NAMES, profile.fields, overrides)
    return Plan(profile, "US", {0: found}, {0: None}, suppression)


def _chunk(rows):
    columns = {name: pa.array([row[at] for row in rows], pa.string()) for at, name in enumerate(_NAMES)}
    numbers = pa.array(range(1, len(rows) + 1), pa.int64())
    return Chunk(0, "a.csv", pa.table(columns), numbers, numbers, BAD_RECORDS.empty_table(), 0, 0)


_CELL = st.sampled_from(_CELLS)
_ROWS = st.lists(st.tuples(_CELL, _CELL, _CELL, st.sampled_from([None, "x@y.org", "no"])), max_size=15)


@settings(max_examples=60)
@given(
    _ROWS,
    st.sets(st.sampled_from(_KEYS)),
    st.sampled_from(["plain", "voicegenie"]),
    st.sampled_from(["valid", "normalise"]),
    st.sampled_from([["Phone 1"], ["Phone 2", "Phone 1"]]),
    st.sampled_from([Destinations(), Destinations(countries=("GB",))]),
)
def test_whatever_the_profile_says(rows, keys, name, check, columns, destination):
    profile = load_profile(name)
    profile = replace(profile, phone=replace(profile.phone, check=check), destination=destination)
    plan = pickle.loads(pickle.dumps(_plan(profile, columns, _suppression(sorted(keys)))))
    chunk = _chunk(rows)
    judged, free = judge(chunk, plan), judge(chunk, replace(plan, suppression=None))
    accepted, without = (one.phones.keys[one.causes == 0].tolist() for one in (judged, free))
    assert not keys & set(accepted)
    # Nothing else changes: the other numbers are accepted as they would be without the list.
    assert accepted == [key for key in without if key not in keys]
    suppressed = [f for f in judged.findings if f.code == "suppressed"]
    hit = sorted(row for finding in suppressed for row in finding.index.tolist())
    assert hit == [row for row, key in enumerate(judged.phones.keys.tolist()) if key in keys]
    assert all(set(finding.collides.to_pylist()) == {"list dnc"} for finding in suppressed)
    rejected = assemble(judged, lay_out([chunk.table.schema], [plan.maps[0]], profile.fields)).rejected
    assert rejected.num_rows == int((judged.causes != 0).sum())


def test_the_finding_names_column_cell_and_list():
    plan = _plan(load_profile("plain"), ["Phone 1", "Phone 2"], _suppression([12025550123]))
    verdicts = judge(_chunk([("12", "(202) 555-0123", None, None)]), plan)
    (finding,) = (f for f in verdicts.findings if f.code == "suppressed")
    assert (finding.column, finding.values.to_pylist(), finding.severity) == ("Phone 2", ["(202) 555-0123"], None)


@settings(max_examples=10)
@given(st.sets(st.integers(2_012_000_000, 2_012_000_400), min_size=1, max_size=200))
def test_on_threads_as_in_one(keys):
    suppression = _suppression([10_000_000_000 + key for key in sorted(keys)])
    asked = np.arange(12_012_000_000, 12_012_000_400, dtype=np.uint64).repeat(60)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(suppression.find, [asked] * 8))
    held = np.isin(asked, np.array([10_000_000_000 + key for key in keys], np.uint64))
    assert all(np.array_equal(one >= 0, held) for one in found)
