"""CSV files: every cell as it is, in the system's order, and a form for what goes with them."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from request_plans import CSV, make_plan, make_rows

from leadsieve.requests.write import write_requests

NASTY = st.sampled_from([",", '"', "\n", "\r", "\r\n", "=1+1", "@x", "'", " ", "é", "😀", "\u2028", "\t", "\0", "{{"])
TEXT = st.none() | st.lists(NASTY | st.text("ab", max_size=2), max_size=4).map("".join)


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=10), st.integers(1, 4))
def test_cells_are_read_back_as_they_were_and_each_file_has_the_header(rows, limit):
    names, cities = zip(*rows, strict=True)
    batch = make_rows(name=pa.array(names, pa.string()), **{"ci,ty": pa.array(cities, pa.string())})
    plan = make_plan(f"{CSV}\n[limits]\nrows = {limit}", custom=["ci,ty"])
    found = []
    with tempfile.TemporaryDirectory() as folder:
        done = write_requests([batch], Path(folder), plan, answer=lambda *_: None)
        for request in done.requests:
            data = (Path(folder) / request.file).read_bytes()
            assert len(data) == request.bytes
            header, *lines = csv.reader(io.StringIO(data.decode(), newline=""), strict=True)
            assert header == ["phone_number", "name", "ci,ty"]
            assert len(lines) == request.rows <= limit
            found += lines
    assert found == [[f"+91987654{n:04}", name or "", city or ""] for n, (name, city) in enumerate(rows)]


def test_typed_cells_are_written_plainly(write):
    rows = make_rows(a=[1.0, 0.5, float("nan")], b=[True, None, False], c=[[1], [], None], d=["=SUM(A1)", "'", "-"])
    written = write(make_plan(CSV, custom=["a", "b", "c", "d"], present=["phone_number"]), rows).rows()
    assert written == [
        ["phone_number", "a", "b", "c", "d"],
        ["+919876540000", "1", "true", "[1]", "=SUM(A1)"],
        ["+919876540001", "0.5", "", "[]", "'"],
        ["+919876540002", "", "false", "", "-"],
    ]


def test_a_file_of_one_column_is_no_other_case(write):
    assert write(make_plan(CSV, present=["phone_number"]), make_rows(2)).data() == (
        b"phone_number\n+919876540000\n+919876540001\n"
    )


FORM = """
[settings.campaign_id]
type = "integer"
required = true
[request]
format = "csv"
contact = { "Phone Number" = "{phone_number}", name = "{name}" }
body = { campaign_id = "{campaign_id}", column_mappings = "{mapping}" }
[limits]
rows = 1
"""


def test_a_form_goes_beside_the_files_with_the_columns_that_hold_fields(write):
    rows = make_rows(name=["A", "B"], **{"Phone Number": ["1", "2"]})
    found = write(make_plan(FORM, settings={"campaign_id": "12"}, custom=["Phone Number"]), rows)
    assert found.names() == [f"requests/{name}" for name in ("000001.csv", "000002.csv", "form.json", "timetable.csv")]
    assert set(found.requests.files) == set(found.names())
    assert found.requests.files["requests/form.json"] is None
    form = json.loads((found.folder / "requests/form.json").read_bytes())
    assert form == {"campaign_id": 12, "column_mappings": '{"Phone Number":"phone_number","name":"name"}'}
    assert found.rows(2) == [["Phone Number", "name", "Phone Number_source"], ["+919876540001", "B", "2"]]


@pytest.mark.parametrize("body", ["", "body = {}"])
def test_without_a_body_there_is_no_form(write, body):
    assert "requests/form.json" not in write(make_plan(CSV + body), make_rows(1)).names()


def test_a_later_form_that_is_another_stands_beside_its_own_file(write):
    text = FORM.replace('"{mapping}" }', '"{mapping}" }\nlater = { column_mappings = "part {number}" }')
    found = write(make_plan(text, settings={"campaign_id": 12}), make_rows(3))
    forms = {name: json.loads((found.folder / name).read_bytes()) for name in found.names() if "form" in name}
    assert {name: form["column_mappings"] for name, form in forms.items()} == {
        "requests/form.json": '{"Phone Number":"phone_number","name":"name"}',
        "requests/000002.form.json": "part 2",
        "requests/000003.form.json": "part 3",
    }
