"""JSON bodies: read back they are the plain form of the accepted rows, whatever the cells hold."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import math
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from request_plans import LIST, OBJECT, Written, make_plan, make_rows

from leadsieve.requests.write import write_requests

NASTY = st.sampled_from(
    [*map(chr, range(0x20)), '"', "\\", "{{", "}", "{name}", "\u2028", "😀", "é", ",", "'", " ", ""]
)
TEXT = st.none() | st.lists(NASTY | st.characters(exclude_categories=["Cs"]), max_size=6).map("".join)
PRIORITY = st.none() | st.sampled_from(["1", "99", "0", "100", "7", "+7", "007", "-3", "7.0", "x", "9" * 30, "٣"])
FLOAT = st.none() | st.floats()
WHOLE = st.none() | st.integers(-(2**63), 2**63 - 1)
FLAG = st.none() | st.booleans()
DAY = st.none() | st.dates()
TAGS = st.none() | st.lists(st.none() | st.floats(), max_size=2)
ROWS = st.lists(st.tuples(TEXT, PRIORITY, TEXT, FLOAT, WHOLE, FLAG, DAY, TAGS), min_size=1, max_size=12)
CUSTOM = {
    "te\"xt": pa.string(),
    "float": pa.float64(),
    "whole": pa.int64(),
    "flag": pa.bool_(),
    "day": pa.date32(),
    "tags": pa.list_(pa.float64()),
}  # fmt: skip


def batch_of(rows):
    name, priority, *custom = zip(*rows, strict=True)
    arrays = {key: pa.array(values, kind) for (key, kind), values in zip(CUSTOM.items(), custom, strict=True)}
    return make_rows(name=pa.array(name, pa.string()), priority=pa.array(priority, pa.string()), **arrays)


def plain(value):
    """Return a cell as JSON is to hold it; None where it holds no value."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dt.date):
        return value.isoformat()
    return None if value == "" else value


def plain_priority(text):
    whole = text is not None and text.isascii() and text.lstrip("+-").isdigit() and len(text) < 19
    return int(text) if whole and 1 <= int(text) <= 99 else plain(text)


def plain_contacts(rows):
    for place, (name, priority, *custom) in enumerate(rows):
        extra = {key: plain(value) for key, value in zip(CUSTOM, custom, strict=True)}
        yield {"phone": f"+91987654{place:04}", "name": plain(name), "priority": plain_priority(priority), **extra}


def is_number(cell):
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def written(plan, *batches):
    with tempfile.TemporaryDirectory() as folder:
        result = Written(write_requests(batches, Path(folder), plan, answer=lambda *_: None), Path(folder))
        assert len(result.data()) == result.requests.requests[0].bytes
        return result.body()


@given(ROWS)
@settings(max_examples=80)
def test_objects_hold_what_the_rows_hold_and_leave_out_what_is_empty(rows):
    expected = []
    for contact in plain_contacts(rows):
        whole = {name: value for name, value in contact.items() if value is not None}
        extra = {name: whole.pop(name) for name in CUSTOM if name in whole}
        expected.append({**whole, **({"extra": extra} if extra else {})})
    assert written(make_plan(OBJECT, custom=tuple(CUSTOM)), batch_of(rows)) == {"contacts": expected}


@given(ROWS)
@settings(max_examples=80)
def test_lists_hold_the_same_in_the_order_of_the_map_with_empty_texts(rows):
    data = [["" if value is None else value for value in contact.values()] for contact in plain_contacts(rows)]
    body = written(make_plan(LIST, custom=tuple(CUSTOM)), batch_of(rows))
    assert body == {"bulk": {"map": ["PhoneNumber", "Name", "Priority", *CUSTOM], "data": data}}
    # To Python 1 is True; to JSON it is not.
    assert [[is_number(cell) for cell in row] for row in body["bulk"]["data"]] == [
        [is_number(cell) for cell in row] for row in data
    ]


TYPED = [
    (pa.array([0.1, 2.0, float("-inf")], pa.float32()), [0.1, 2, None]),
    (pa.array(np.array([0.5, 2.0, np.nan], np.float16)), [0.5, 2, None]),
    (pa.array([decimal.Decimal("12.50"), None, decimal.Decimal("-3.00")]), [12.5, None, -3]),
    (pa.array([1, None, 2**64 - 1], pa.uint64()), [1, None, 2**64 - 1]),
    (pa.array([dt.time(9, 30), None, dt.time(0)]), ["09:30:00.000000", None, "00:00:00.000000"]),
    (pa.array(["2026-03-01 09:30:00", None, None]).cast(pa.timestamp("s")), ["2026-03-01T09:30:00", None, None]),
    (pa.array(["Pune", None, "Pune"]).dictionary_encode(), ["Pune", None, "Pune"]),
    (pa.array([b"caf\xe9", b"", None]), ["caf\\xe9", None, None]),
    (pa.nulls(3), [None] * 3),
    (
        pa.array([{"a": [1.5, float("nan")], "d": dt.date(2026, 3, 1)}, None, {"a": None, "d": None}]),
        [{"a": [1.5, None], "d": "2026-03-01"}, None, {"a": None, "d": None}],
    ),
    (
        pa.array([[decimal.Decimal("0.10")], [], None], pa.list_(pa.decimal128(20, 2))),
        [[0.1], [], None],
    ),
    (
        pa.array([{"b": b'\xff"', "t": dt.date(2026, 3, 1), "s": dt.timedelta(seconds=1)}, None, None]),
        [{"b": '\\xff"', "t": "2026-03-01", "s": "0:00:01"}, None, None],
    ),
]


@pytest.mark.parametrize(("column", "values"), TYPED, ids=lambda value: str(getattr(value, "type", "")))
def test_typed_columns_keep_what_json_has_a_form_for(write, column, values):
    contacts = write(make_plan(OBJECT, custom=["c"]), make_rows(c=column)).body()["contacts"]
    assert [contact.get("extra", {}).get("c") for contact in contacts] == values


@pytest.mark.parametrize(
    ("form", "region", "phones"),
    [
        ("e164", "IN", ["+919876543210", "+14155550100", "+390612345678"]),
        ("digits", "IN", ["919876543210", "14155550100", "390612345678"]),
        ("national", "IN", ["9876543210", "+14155550100", "+390612345678"]),
        ("national", "CA", ["+919876543210", "4155550100", "+390612345678"]),
        ("national", "IT", ["+919876543210", "+14155550100", "0612345678"]),
        ("national", None, ["+919876543210", "+14155550100", "+390612345678"]),
    ],
)
def test_numbers_are_written_as_the_system_takes_them(write, form, region, phones):
    plan = make_plan(f'[phone]\nformat = "{form}"\n{OBJECT}', region=region)
    rows = make_rows(phone_number=["+919876543210", "+14155550100", "+390612345678"])
    assert [contact["phone"] for contact in write(plan, rows).body()["contacts"]] == phones


def test_what_no_column_fills_is_left_out_throughout(write):
    rows = make_rows(name=["Asha"], city=["Pune"])
    assert write(make_plan(OBJECT, present=["phone_number"]), rows).body()["contacts"] == [{"phone": "+919876540000"}]
    bulk = write(make_plan(LIST, present=["phone_number", "priority"]), rows).body()["bulk"]
    assert bulk == {"map": ["PhoneNumber", "Priority"], "data": [["+919876540000", ""]]}


INLINE = OBJECT.replace(', extra = "{custom}"', "")
FIRST = LIST.replace("contact = { ", 'contact = { rest = "{custom}", ')


@pytest.mark.parametrize(
    ("text", "custom", "members"),
    [
        (INLINE, ["city", "phone"], ["phone", "name", "city", "phone_source"]),
        (INLINE, ["phone", "phone_source"], ["phone", "name", "phone_source_2", "phone_source"]),
        (LIST, ["Name", "city"], ["PhoneNumber", "Name", "Priority", "Name_source", "city"]),
        (FIRST, ["city"], ["city", "PhoneNumber", "Name", "Priority"]),
    ],
)
def test_custom_columns_without_a_table_stand_beside_the_fields_under_names_that_are_free(write, text, custom, members):
    body = write(make_plan(text, custom=custom), make_rows(name=["Asha"], **{name: ["x"] for name in custom})).body()
    assert (list(body["contacts"][0]) if "contacts" in body else body["bulk"]["map"]) == members


@pytest.mark.parametrize(
    ("custom", "inner"),
    [
        (["custom_fields.city", "age"], ["city", "age"]),
        (["custom_fields.city", "city"], ["custom_fields.city", "city"]),
        (["custom_fields.", "custom_fields.phone"], ["custom_fields.", "phone"]),
        (["custom_data.city"], ["custom_data.city"]),
    ],
)
def test_columns_named_like_members_of_the_table_get_their_own_names_in_it(write, custom, inner):
    plan = make_plan('[custom]\ncontainer = "custom_fields"\n' + OBJECT, custom=custom)
    body = write(plan, make_rows(**{name: ["x"] for name in custom})).body()
    assert list(body["contacts"][0]["extra"]) == inner


SETTINGS = """
[settings.apiKey]
type = "string"
secret = true
[settings.campaignName]
type = "string"
[settings.campaign_id]
type = "string"
[settings.check]
type = "boolean"
default = true
[settings."redial.intervals"]
type = "integers"
[settings.when]
type = "string"
[request]
contact = { phone = "{phone_number}" }
[request.body]
key = "{apiKey}"
campaign_id = "{first_campaign_id}"
name = "{campaignName}"
check = "{check:str}"
when = "{when}"
run = "{run_id} {number}"
contacts = "{contacts}"
[request.body.redial]
intervals = "{redial.intervals}"
[request.later]
name = "{campaignName} {number}"
[limits]
rows = 1
"""


def test_a_body_is_filled_with_settings_and_run_and_later_ones_with_what_is_other_in_them(write):
    told = {"campaignName": 'Sum"mer\u2028', "redial.intervals": [60, 300]}
    plan = make_plan(SETTINGS, settings=told, run_id="r1")
    found = write(plan, make_rows(2))
    first = {
        "key": "${APIKEY}",
        "name": 'Sum"mer\u2028',
        "check": "true",
        "run": "r1 1",
        "contacts": [{"phone": "+919876540000"}],
        "redial": {"intervals": [60, 300]},
    }
    later = {"campaign_id": "${CAMPAIGN_ID}", "name": 'Sum"mer\u2028 2', "run": "r1 2"}
    assert list(found.body(1)) == list(first)
    assert found.body(1) == first
    assert found.body(2) == first | later | {"contacts": [{"phone": "+919876540001"}]}
    given = write(make_plan(SETTINGS, settings={**told, "campaign_id": "c9"}), make_rows(2))
    assert [given.body(number)["campaign_id"] for number in (1, 2)] == ["c9", "c9"]


@pytest.mark.parametrize("name", ["contacts", "contacts.", '"contacts"', "{contacts}", "\\", "\udcff"])
def test_a_setting_that_looks_like_a_mark_is_but_a_text(write, name):
    found = write(make_plan(SETTINGS, settings={"campaignName": name}), make_rows(1))
    assert found.body()["name"] == name
    assert found.body()["contacts"] == [{"phone": "+919876540000"}]


def test_bodies_are_compact_with_one_contact_a_line(write):
    data = write(make_plan(OBJECT), make_rows(3, name=["Zoë", None, None])).data()
    lines = data.decode().splitlines()
    assert lines[0] == '{"contacts":[{"phone":"+919876540000","name":"Zoë"},'
    assert lines[1:] == ['{"phone":"+919876540001"},', '{"phone":"+919876540002"}]}']
    assert json.loads(data)
