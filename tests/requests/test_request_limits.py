"""Every limit of a system holds in every request, and the requests are the same however the rows come in."""

from __future__ import annotations

import itertools
import json
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from request_plans import CSV, LIST, OBJECT, make_plan, make_rows

from leadsieve.exceptions import OutputError, UsageError
from leadsieve.requests.timetable import send_after
from leadsieve.requests.write import write_requests


def with_limits(text, **limits):
    return text + "\n[limits]\n" + "".join(f"{name} = {value}\n" for name, value in limits.items())


def files_of(plan, batches):
    with tempfile.TemporaryDirectory() as folder:
        done = write_requests(batches, Path(folder), plan, answer=lambda *numbers: numbers)
        return done, {path.name: path.read_bytes() for path in (Path(folder) / "requests").iterdir()}


def contacts_of(data):
    if not data.startswith(b"{"):
        return data.decode().splitlines()[1:]
    body = json.loads(data)
    return body["contacts"] if "contacts" in body else body["bulk"]["data"]


def size_of(contact):
    """Return the bytes of a contact with what stands between two of them."""
    if isinstance(contact, str):
        return len(contact.encode()) + 1
    return len(json.dumps(contact, ensure_ascii=False, separators=(",", ":")).encode()) + 2


NAMES = st.lists(st.sampled_from(["", "a", "é" * 20, '"', "x" * 60]), max_size=30)


@given(NAMES, st.sampled_from([OBJECT, LIST, CSV]), st.integers(1, 31), st.integers(170, 500), st.data())
@settings(max_examples=80)
def test_requests_are_as_full_as_the_limits_allow_however_the_rows_are_cut(names, text, rows, limit, data):
    plan = make_plan(with_limits(text, bytes=limit, rows=rows))
    batch = make_rows(name=pa.array(names, pa.string()))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(names)), max_size=4)))
    whole, files = files_of(plan, [batch])
    pieces = [batch.slice(a, b - a) for a, b in itertools.pairwise([0, *cuts, len(names)])]
    assert (whole, files) == files_of(plan, pieces)

    held = [(len(body), contacts_of(body)) for name, body in sorted(files.items()) if name != "timetable.csv"]
    assert [(request.bytes, request.rows) for request in whole.requests] == [(size, len(c)) for size, c in held]
    assert all(size <= limit and 0 < len(contacts) <= rows for size, contacts in held)
    for (size, contacts), (_, following) in itertools.pairwise(held):
        assert len(contacts) == rows or size + size_of(following[0]) > limit

    one = files_of(make_plan(text), [batch])[1]
    every = [contact for name, body in one.items() if name != "timetable.csv" for contact in contacts_of(body)]
    assert [contact for _, contacts in held for contact in contacts] == every


@pytest.mark.parametrize("text", [OBJECT, LIST, CSV])
def test_the_limit_on_bytes_is_met_to_the_byte(write, text):
    size = write(make_plan(text, present=["phone_number"]), make_rows(3)).requests.requests[0].bytes
    for limit, requests in ((size, 1), (size - 1, 2)):
        plan = make_plan(with_limits(text, bytes=limit), present=["phone_number"])
        assert len(write(plan, make_rows(3)).requests.requests) == requests


@pytest.mark.parametrize("text", [OBJECT, LIST, CSV])
@pytest.mark.parametrize("row", [0, 1, 2])
def test_a_contact_that_no_request_can_hold_is_named(tmp_path, text, row):
    names = ["a", "a", "a"]
    names[row] = "x" * 400
    plan = make_plan(with_limits(text, bytes=300))
    with pytest.raises(UsageError, match=rf"^leads\.csv:{row + 1}: .* more than .* sixth .*\(300 bytes\)") as caught:
        write_requests([make_rows(name=names)], tmp_path, plan, answer=lambda *_: None)
    assert caught.value.code == "resource_limit"
    assert list(tmp_path.iterdir()) == []


def test_a_piece_of_rows_is_never_more_than_a_few_megabytes(write, monkeypatch):
    plan, rows = make_plan(with_limits(OBJECT, rows=70)), make_rows(1000)
    expected = write(plan, rows)
    monkeypatch.setattr("leadsieve.requests.write._PIECE_BYTES", 500)
    found = write(plan, rows)
    assert found.requests == expected.requests
    assert all(found.data(number) == expected.data(number) for number in range(1, 16))


def test_a_system_that_deletes_first_gets_one_request_or_none(write, tmp_path):
    text = with_limits(OBJECT, rows=2) + '[duplicates]\ndelete_first = ["pending", "skipped"]\n'
    assert len(write(make_plan(text), make_rows(2)).requests.requests) == 1
    with pytest.raises(UsageError, match="deletes the campaign's pending and skipped contacts"):
        write_requests([make_rows(3)], tmp_path, make_plan(text), answer=lambda *_: None)
    assert not (tmp_path / "requests").exists()


def test_no_accepted_rows_are_no_request(write):
    found = write(make_plan(CSV), make_rows(0))
    assert found.names() == ["requests/timetable.csv"]
    assert (found.requests.requests, found.requests.answers) == ((), ())
    assert found.requests.files == {"requests/timetable.csv": 0}
    assert found.timetable() == []


@pytest.mark.parametrize("per_minute", [1, 2, 5, 7, 50, 60, 999])
def test_no_minute_holds_more_requests_than_the_system_takes(per_minute):
    seconds = [send_after(place, per_minute) for place in range(3 * per_minute + 2)]
    assert seconds[0] == 0
    for place, start in enumerate(seconds):
        assert sum(start <= other <= start + 60 for other in seconds[place:]) <= per_minute
    # And it is not much slower than it has to be.
    assert seconds[per_minute] < 60 + per_minute / 1000 + 0.001


def test_the_timetable_says_what_is_in_each_request_and_when_to_send_it(write):
    plan = make_plan(with_limits(OBJECT, rows=2, per_minute=5))
    found = write(plan, make_rows(3, file="=a.csv"), make_rows(2, file="b.csv"))
    table = [list(row.values()) for row in found.timetable()]
    sizes = [str(len(found.data(number))) for number in (1, 2, 3)]
    assert list(found.timetable()[0]) == ["file", "rows", "bytes", "first_row", "last_row", "send_after_seconds"]
    assert table == [
        ["000001.json", "2", sizes[0], "'=a.csv:1", "'=a.csv:2", "0"],
        ["000002.json", "2", sizes[1], "'=a.csv:3", "b.csv:1", "12.001"],
        ["000003.json", "1", sizes[2], "b.csv:2", "b.csv:2", "24.002"],
    ]
    assert [request.seconds for request in found.requests.requests] == [0.0, 12.001, 24.002]


def test_each_request_has_its_predicted_answer(write):
    text = with_limits(OBJECT, rows=2).replace("contact =", 'note = "each starts a campaign"\ncontact =')
    found = write(make_plan(text), make_rows(3), make_rows(2))
    assert found.requests.answers == (
        {"file": "requests/000001.json", "rows": 2, "answer": [1, 2, 0]},
        {"file": "requests/000002.json", "rows": 2, "answer": [2, 2, 2]},
        {"file": "requests/000003.json", "rows": 1, "answer": [3, 1, 4]},
    )
    assert found.requests.note == "each starts a campaign"
    assert write(make_plan(text), make_rows(2)).requests.note == ""


def test_what_breaks_half_way_leaves_nothing(tmp_path):
    def broken():
        yield make_rows(5)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_requests(broken(), tmp_path, make_plan(with_limits(OBJECT, rows=2)), answer=lambda *_: None)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_stands_already_is_left_alone(tmp_path):
    (tmp_path / "requests").mkdir()
    (tmp_path / "requests" / "mine").touch()
    with pytest.raises(OutputError, match="requests: cannot write it"):
        write_requests([make_rows(1)], tmp_path, make_plan(OBJECT), answer=lambda *_: None)
    assert [path.name for path in (tmp_path / "requests").iterdir()] == ["mine"]
