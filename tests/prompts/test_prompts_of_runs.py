"""Prompts in runs: rows that leave a variable blank are told, and a variable that nothing fills ends the run early."""

import hashlib
import json
from importlib.resources import files

import jsonschema
import pyarrow as pa
import pytest

import leadsieve as ls

PROMPT = "Hello {{ name }} of {{City}}, is {{email}} yours? \\{{this}} is text. {{phone_number}}"
LEADS = (
    "Mobile,Name,City,email\n"
    "+12025550123,Ann,Rome,a@b.example\n"
    "+12025550124,, ,a@b.example\n"
    "none,Bob,,a@b.example\n"
    "+12025550125,Cid,,\n"
)


@pytest.fixture
def leads(tmp_path):
    (tmp_path / "a.csv").write_text(LEADS)
    (tmp_path / "p.txt").write_text(PROMPT)
    return tmp_path


def _blanks(run):
    lines = run.errors.to_arrow().to_pylist()
    keys = ("lead_file", "lead_row", "column", "detail", "value")
    return [tuple(line[key] for key in keys)[1:] for line in lines if line["code"] == "blank_variable"]


@pytest.mark.parametrize("chunk_bytes", [30, 1 << 20])
def test_rows_that_leave_a_variable_blank_are_told_and_accepted(leads, chunk_bytes):
    with ls.clean(leads / "a.csv", prompt=leads / "p.txt", tuning={"chunk_bytes": chunk_bytes}) as run:
        assert _blanks(run) == [
            (2, "Name", "name", None),
            (2, "City", "City", " "),
            (3, "City", "City", None),
            (4, "City", "City", None),
            (4, "email", "email", None),
        ]
        assert (run.ledger["accepted"], run.ledger["warnings"]["blank_variable"]) == (3, 2)
        assert run.info["prompt"] == {
            "name": str(leads / "p.txt"),
            "sha256": hashlib.sha256(PROMPT.encode()).hexdigest(),
            "variables": ["name", "City", "email", "phone_number"],
        }
        schema = json.loads(files("leadsieve").joinpath("run.schema.json").read_text())
        jsonschema.Draft202012Validator(schema).validate(run.info)


def test_a_field_of_several_columns_is_blank_where_all_are(leads):
    table = pa.table(
        {
            "phone": ["+12025550123", "+12025550124"],
            "m1": ["", "a@b.example"],
            "m2": [None, ""],
            "age": pa.array([None, 7], pa.int64()),
        }
    )
    (leads / "p.txt").write_text("{{email}} {{age}}")
    with ls.clean(table, prompt=leads / "p.txt", map={"m1": "email", "m2": "email"}) as run:
        assert _blanks(run) == [(1, "email", "email", None), (1, "age", "age", None)]


def test_each_source_must_fill_each_variable(leads):
    (leads / "b.csv").write_text("phone,name,email,Town\n+12025550129,Dan,d@b.example,Oslo\n")
    with pytest.raises(ls.UsageError) as caught:
        ls.clean([leads / "a.csv", leads / "b.csv"], prompt=leads / "p.txt", out=leads / "out")
    assert caught.value.code == "invalid_option"
    assert f"no column of {leads / 'b.csv'} fills 'City'" in caught.value.message
    assert not (leads / "out").exists()
    (leads / "b.csv").write_text("phone,name,email,City\n+12025550129,Dan,d@b.example,Oslo\n")
    with ls.clean([leads / "a.csv", leads / "b.csv"], prompt=leads / "p.txt") as run:
        assert run.ledger["warnings"]["blank_variable"] == 2


def test_the_content_of_a_prompt_tells_runs_apart_and_its_name_does_not(leads):
    clean = {"sources": leads / "a.csv", "out": leads / "out"}
    first = ls.clean(**clean, prompt=leads / "p.txt")
    (leads / "q.txt").write_text(PROMPT)
    assert ls.clean(**clean, prompt=leads / "q.txt").repeated
    (leads / "q.txt").write_text(PROMPT + "{{City}}!")
    again = ls.clean(**clean, prompt=leads / "q.txt", overwrite=True)
    assert not again.repeated
    assert again.info["options_fingerprint"] != first.info["options_fingerprint"]
    bare = ls.clean(leads / "a.csv", out=leads / "bare")
    assert (bare.info["prompt"], bare.ledger["warnings"]) == (None, {})


def test_blank_variables_can_end_a_run(leads):
    with pytest.raises(ls.TooManyRejected, match=r"2 of 4 rows \(50.00%\) are blank_variable, 1 more than the 25%"):
        ls.clean(leads / "a.csv", prompt=leads / "p.txt", fail_over={"blank_variable": 0.25})
