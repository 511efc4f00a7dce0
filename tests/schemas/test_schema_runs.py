"""Whole runs with a user's schema: several sources, findings in the source's terms, and runs that end in one error."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from importlib.resources import files

import jsonschema
import pandera.polars as pandera
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import leadsieve as ls
from leadsieve.config import Options
from leadsieve.kernel import judge
from leadsieve.prepare import prepare, read_options
from leadsieve.target import aim
from leadsieve_connectors.sources import open_sources
from leadsieve_rules.schemas import compiling, load_schema, nulls

RULES = """
from __future__ import annotations
import pandera.polars as pa
import polars as pl

class Leads(pa.DataFrameModel):
    phone_number: str = pa.Field(str_startswith="+1202")
    name: str = pa.Field(str_length={"min_value": 2}, metadata={"severity": "warn"})
    score: int = pa.Field(ge=1, le=9, description="scores run from 1 to 9")
    day: pl.Date = pa.Field(nullable=True)

    @pa.check("score", error="7 is not used", ignore_na=False)
    def no_seven(cls, data):
        return data.lazyframe.select(pl.col(data.key) != 7)

    @pa.dataframe_check
    def named_or_scored(cls, data):
        return data.lazyframe.select((pl.col("name") != "X") | (pl.col("score") > 1))
"""
CSV = """Mobile,Full Name,score,day
(202) 555-0123,Ann,5,2024-01-01
(202) 555-0124,Bo, 7 ,
(202) 555-0125,X,1,2024-13-01
(303) 555-0126,Cy,10,
12,Di,,
(202) 555-0127,,   ,2024-02-02
"""


@pytest.fixture
def rules(tmp_path):
    (tmp_path / "rules.py").write_text(RULES)
    (tmp_path / "a.csv").write_text(CSV)
    table = pa.table(
        {
            "phone_number": pa.array([12025550130, 12025550131, 12025550132]),
            "name": ["Ed", "Flo", "Gus"],
            "score": pa.array([3.0, 3.5, float("nan")]),
            "day": pa.array([0, None, 1], pa.date32()),
        }
    )
    pq.write_table(table, tmp_path / "b.parquet")
    return tmp_path


def cleaned(rules, **options):
    sources = [rules / "a.csv", rules / "b.parquet"]
    return ls.clean(sources, **{"region": "US", "schema": rules / "rules.py", **options})


EXPECTED = [
    ("a.csv", 2, "score", "reject", "check_failed", "no_seven", " 7 "),
    ("a.csv", 3, "day", "reject", "invalid_value", "Date", "2024-13-01"),
    ("a.csv", 3, "Full Name", "warn", "check_failed", "str_length", "X"),
    ("a.csv", 3, "*", "reject", "check_failed", "named_or_scored", None),
    ("a.csv", 4, "Mobile", "reject", "check_failed", "str_startswith", "(303) 555-0126"),
    ("a.csv", 4, "score", "reject", "check_failed", "less_than_or_equal_to", "10"),
    ("a.csv", 5, "Mobile", "reject", "invalid_phone", "too_short", "12"),
    ("a.csv", 5, "score", "reject", "missing_value", None, None),
    ("a.csv", 5, "score", "reject", "check_failed", "no_seven", None),
    ("a.csv", 6, "Full Name", "warn", "missing_value", None, None),
    ("a.csv", 6, "score", "reject", "missing_value", None, "   "),
    ("a.csv", 6, "score", "reject", "check_failed", "no_seven", "   "),
    ("b.parquet", 2, "score", "reject", "invalid_value", "Int64", "3.5"),
    ("b.parquet", 3, "score", "reject", "missing_value", None, "nan"),
    ("b.parquet", 3, "score", "reject", "check_failed", "no_seven", "nan"),
]


def run_command(*args):
    done = subprocess.run([sys.executable, "-m", "leadsieve", *args], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def told(run):
    names = ["lead_file", "lead_row", "column", "severity", "code", "detail", "value"]
    rows = [tuple(row[name] for name in names) for row in run.errors.to_arrow().to_pylist()]
    return sorted(((row[0].rpartition("/")[2], *row[1:]) for row in rows), key=repr)


def test_two_sources_are_judged_by_one_schema(rules):
    with cleaned(rules) as run:
        assert told(run) == sorted(EXPECTED, key=repr)
        assert run.accepted.to_arrow()["name"].to_pylist() == ["Ann", "Ed"]
        messages = {row["message"] for row in run.errors.to_arrow().to_pylist()}
        assert "The value fails the schema's check (less_than_or_equal_to): scores run from 1 to 9" in messages
        assert "The value fails the schema's check (no_seven): 7 is not used" in messages
        assert run.info["schema"]["file"] == "rules.py"


def test_neither_chunks_nor_threads_change_a_verdict(rules):
    body = "".join(CSV.splitlines(keepends=True)[1:])
    (rules / "a.csv").write_text(CSV.splitlines()[0] + "\n" + body * 40)
    runs = []
    for tuning in ({"chunk_bytes": 1 << 20}, {"chunk_bytes": 64, "threads": 1}, {"chunk_bytes": 500, "threads": 3}):
        with cleaned(rules, tuning=tuning, duplicates="none") as run:
            runs.append((told(run), run.rejected.to_arrow().to_pylist()))
    assert runs[0] == runs[1] == runs[2]
    assert len(runs[0][0]) == 12 * 40 + 3


def test_kernels_change_nothing_in_a_run(rules, monkeypatch):
    body = "".join(CSV.splitlines(keepends=True)[1:])
    (rules / "a.csv").write_text(CSV.splitlines()[0] + "\n" + body * 4000)
    runs = []
    for quick in (True, False):
        if not quick:
            monkeypatch.setattr(compiling, "use_kernel", lambda _: False)
            monkeypatch.setattr(nulls, "use_kernel", lambda _: False)
        with ls.clean(rules / "a.csv", region="US", schema=rules / "rules.py", duplicates="none") as run:
            runs.append((run.errors.to_arrow(), run.rejected.to_arrow(), run.accepted.to_arrow()))
    assert runs[0] == runs[1]
    assert runs[0][0].num_rows == 12 * 4000


def test_the_command_publishes_what_the_library_does(rules):
    out = rules / "out"
    args = [
        "clean",
        str(rules / "a.csv"),
        "--region",
        "US",
        "--schema",
        f"{rules / 'rules.py'}:Leads",
        "--out",
        str(out),
    ]
    run_command(*args)
    info = json.loads((out / "run.json").read_text())
    schema = json.loads(files("leadsieve").joinpath("run.schema.json").read_text())
    jsonschema.validate(info, schema)
    assert info["schema"]["name"] == "rules.py:Leads"
    assert info["options"]["schema"] == info["schema"]["sha256"]
    (rules / "rules.py").write_text(RULES.replace("le=9", "le=8"))
    with ls.clean(str(rules / "a.csv"), region="US", schema=f"{rules / 'rules.py'}:Leads") as other:
        assert other.info["options_fingerprint"] != info["options_fingerprint"]
    (seen,) = ls.inspect(rules / "a.csv", region="US", schema=rules / "rules.py")
    assert seen.sample["accepted"] == 1
    assert f"--schema {rules / 'rules.py'} --out out" in seen.command


def test_an_object_is_taken_as_it_is(rules):
    schema = pandera.DataFrameSchema({"name": pandera.Column(str, pandera.Check.str_length(3))})
    with cleaned(rules, schema=schema) as run:
        assert run.info["schema"] == {"name": "schema 'given'", "file": None, "sha256": run.info["schema"]["sha256"]}
        assert {row[5] for row in told(run)} == {"str_length", "too_short", None}


WRONG = [
    (RULES.replace("score", "scroe"), r"no column 'scroe' in .*a.csv \(did you mean 'score'\?\)"),
    (RULES.replace("    day: pl.Date", "    email: str = pa.Field()\n    day: pl.Date"), "no column 'email' in"),
    (RULES + "    class Config:\n        strict = True\n        add_missing_columns = True\n", "add_missing_columns"),
    (RULES.replace("!= 7", "!= pl.col(data.key).max()"), "it uses max"),
    (RULES.replace("!= 7", "!= 'x'"), "check 'no_seven' of column 'score' raises"),
    ("1 +", "SyntaxError"),
]


@pytest.mark.parametrize(("text", "match"), WRONG, ids=[match[:20] for _, match in WRONG])
def test_a_wrong_schema_is_one_error_before_the_first_row(rules, text, match):
    (rules / "rules.py").write_text(text)
    with pytest.raises(ls.UsageError, match=match) as caught:
        cleaned(rules, out=rules / "out")
    assert caught.value.code == "invalid_schema"
    assert not (rules / "out").exists()


def test_strict_names_what_the_schema_leaves_out(rules):
    (rules / "rules.py").write_text(RULES + "    class Config:\n        strict = True\n")
    with cleaned(rules) as run:
        assert run.ledger["rows"] == 9
    (rules / "a.csv").write_text(CSV.replace("day", "date"))
    with pytest.raises(ls.UsageError, match=r"a.csv has columns that it does not name|no column 'day'"):
        cleaned(rules)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_check_that_raises_in_the_middle_publishes_nothing(rules, threads):
    def small(value):
        if value == 999:
            raise KeyError(value)
        return value < 900

    schema = pandera.DataFrameSchema({"score": pandera.Column(int, pandera.Check(small, element_wise=True))})
    lines = [f"(202) 555-{i:04},n,{5 if i < 1500 else 999}," for i in range(1600)]
    (rules / "a.csv").write_text("Mobile,Full Name,score,day\n" + "\n".join(lines) + "\n")
    with pytest.raises(
        ls.UsageError, match=r"check 'small' of column 'score' raises KeyError .*runs.py, line"
    ) as caught:
        ls.clean(rules / "a.csv", region="US", schema=schema, out=rules / "out", tuning={"threads": threads})
    assert caught.value.code == "invalid_schema"
    assert not (rules / "out").exists()


def test_a_plan_with_a_schema_survives_pickling(rules):
    schema = load_schema(f"{rules / 'rules.py'}:Leads")
    options = Options(sources=(str(rules / "a.csv"),), region="US", schema=schema)
    with open_sources(options.sources, read_options(options)) as sources:
        plan, _ = prepare(sources, options, aim(options))
        (chunk,) = sources[0].chunks()
    (rules / "rules.py").unlink()
    again = pickle.loads(pickle.dumps(plan))
    one, two = ([(f.code, f.column, f.index.tolist()) for f in judge(chunk, p).findings] for p in (plan, again))
    assert one == two
    assert len(one) > 8


HOSTILE = ["^.*$", "*", "a b", "col('x')", "'; DROP TABLE x", "x\u202e", "é", "$1", "{x}", "\U0001f600"]


def test_hostile_names_are_names(rules):
    named = {name: pandera.Column(str, pandera.Check.str_length(2)) for name in HOSTILE[2:]}
    everything = pandera.Check(lambda d: d.lazyframe.select(pl.all_horizontal(pl.all().is_not_null())), name="all")
    frame = pl.DataFrame({"phone_number": ["+12025550123"], **{name: ["x"] for name in HOSTILE}})
    with ls.clean(frame, schema=pandera.DataFrameSchema(named, everything)) as run:
        errors = run.errors.to_arrow().to_pylist()
    assert [error["column"] for error in errors] == HOSTILE[2:]
    assert {error["value"] for error in errors} == {"x"}


def test_a_campaign_repeats_a_run_with_the_same_schema_only(rules):
    options = {"out": rules / "out", "campaign": "c", "state": rules / "s.duckdb"}
    with cleaned(rules, **options) as first:
        pass
    with cleaned(rules, **options) as again:
        assert again.info["run_id"] == first.info["run_id"]
    (rules / "rules.py").write_text(RULES.replace("le=9", "le=10"))
    with cleaned(rules, **options, overwrite=True) as other:
        assert other.info["run_id"] != first.info["run_id"]
