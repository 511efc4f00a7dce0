"""The kernel: a pure function that can be pickled and imported alone, and gives the same in pieces as in one."""

import pickle
import subprocess
import sys

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from leadsieve.kernel import Plan, judge
from leadsieve.outputs import assemble, lay_out
from leadsieve_connectors.chunk import BAD_RECORDS, Chunk
from leadsieve_rules.columns import map_columns
from leadsieve_rules.profiles import load_profile

_PROFILE = load_profile("voicegenie")
_NAMES = ["Phone 1", "Phone 2", "name", "email", "Country"]
_MAP = map_columns(_NAMES, _NAMES, _PROFILE.fields, {"Phone 1": "phone_number", "Phone 2": "phone_number"})
_PLAN = Plan(_PROFILE, "US", {0: _MAP}, {0: "Country"})
_CELL = st.sampled_from([None, " ", "12", "(202) 555-0123", " +442079460000 x5", "x@y.org", " z "])
_ROWS = st.lists(st.tuples(_CELL, _CELL, _CELL, _CELL, st.sampled_from([None, "gb", "US", "??"])), max_size=12)


def _chunk(rows: list[tuple[str | None, ...]], first: int = 1) -> Chunk:
    columns = {name: pa.array([row[i] for row in rows], pa.string()) for i, name in enumerate(_NAMES)}
    numbers = pa.array(range(first, first + len(rows)), pa.int64())
    return Chunk(0, "a.csv", pa.table(columns), numbers, numbers, BAD_RECORDS.empty_table(), 0, 0)


def _laid_out(chunk: Chunk):
    layout = lay_out([pa.schema([(name, pa.string()) for name in _NAMES])], [_MAP], _PROFILE.fields)
    parts = assemble(judge(chunk, _PLAN), layout)
    return parts.accepted, parts.rejected, parts.errors


@settings(max_examples=60, deadline=None)
@given(_ROWS, st.integers(0, 12))
def test_judging_in_pieces_is_judging_in_one(rows, cut: int) -> None:
    whole = _laid_out(_chunk(rows))
    pieces = [_laid_out(_chunk(rows[:cut])), _laid_out(_chunk(rows[cut:], cut + 1))]
    for one, two, three in zip(whole, *pieces, strict=True):
        assert one.to_pylist() == [*two.to_pylist(), *three.to_pylist()]


def test_chunk_plan_and_verdicts_survive_pickling() -> None:
    chunk = _chunk([("12", "(202) 555-0123", " n ", "bad", None), (None, None, None, None, "GB")])
    verdicts = judge(*pickle.loads(pickle.dumps((chunk, _PLAN))))
    again = pickle.loads(pickle.dumps(verdicts))
    assert again.causes.tolist() == verdicts.causes.tolist() == judge(chunk, _PLAN).causes.tolist()
    assert [f.code for f in again.findings] == [f.code for f in verdicts.findings]


def test_the_first_good_phone_is_taken() -> None:
    accepted, rejected, errors = _laid_out(
        _chunk(
            [("12", "(202) 555-0123", None, None, None), ("", "13", None, None, None), ("12", "13", None, None, None)]
        )
    )
    assert accepted["phone_number"].to_pylist() == ["+12025550123"]
    assert rejected["lead_row"].to_pylist() == [2, 3]
    told = errors.select(["lead_row", "severity", "code", "column", "value", "message"]).to_pylist()
    short = "The phone number is too short for its country"
    assert [tuple(error.values()) for error in told] == [
        (1, "warn", "invalid_phone", "Phone 1", "12", f"{short}: Phone 2 was taken instead"),
        (2, "warn", "missing_phone", "Phone 1", None, "The phone number is empty: Phone 2 was taken instead"),
        (2, "reject", "invalid_phone", "Phone 2", "13", short),
        (3, "reject", "invalid_phone", "Phone 1", "12", short),
    ]


def test_importing_the_kernel_starts_no_engine() -> None:
    code = "import sys, leadsieve.kernel; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    for module in ("leadsieve.pipeline", "leadsieve.flow", "leadsieve.publish", "duckdb", "fsspec", "click", "pandera"):
        assert module not in loaded
