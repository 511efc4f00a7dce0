"""The manifest proves a publication: any byte that changes, any file that goes, is noticed."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsieve.exceptions import InternalError, OutputError
from leadsieve.publish import Staging, commit, hash_files, published, seal, write_json


@pytest.fixture
def out(tmp_path):
    with Staging(tmp_path / "out", "one") as staging:
        (staging.folder / "accepted.csv").write_bytes(b"phone_number\n+919876543210\n")
        (staging.folder / "rejected.csv").write_bytes(b"")
        files = seal(staging.folder, {"rejected.csv": 0, "accepted.csv": 1})
        write_json(staging.folder / "run.json", {"run_id": "one", "files": files})
        commit(staging, overwrite=False)
    return tmp_path / "out"


def test_the_manifest_says_name_rows_bytes_and_hash_in_the_order_given(out):
    empty, full = published(out)["files"]
    assert empty == {"name": "rejected.csv", "rows": 0, "bytes": 0, "sha256": hashlib.sha256(b"").hexdigest()}
    content = (out / "accepted.csv").read_bytes()
    assert list(full) == ["name", "rows", "bytes", "sha256"]
    assert full == {"name": "accepted.csv", "rows": 1, "bytes": 27, "sha256": hashlib.sha256(content).hexdigest()}


def test_a_file_that_leadsieve_adds_later_does_no_damage(out):
    (out / "report.html").write_text("a report")
    assert published(out) is not None


@pytest.mark.parametrize("at", range(27))
def test_a_changed_byte_is_noticed(out, at):
    content = bytearray((out / "accepted.csv").read_bytes())
    content[at] ^= 1
    (out / "accepted.csv").write_bytes(content)
    assert published(out) is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda out: (out / "accepted.csv").unlink(),
        lambda out: (out / "rejected.csv").write_bytes(b"x"),
        lambda out: (out / "run.json").unlink(),
        lambda out: (out / "run.json").write_bytes((out / "run.json").read_bytes()[:-10]),
        lambda out: (out / "run.json").write_text("[" * 100_000),
        lambda out: (out / "run.json").write_text("[]"),
        lambda out: (out / "run.json").write_bytes(b"\xff\xfe"),
        lambda out: (out / "run.json").write_text(json.dumps({"run_id": "one", "files": [{"name": "accepted.csv"}]})),
    ],
)
def test_other_damage_is_noticed(out, damage):
    damage(out)
    assert published(out) is None


def test_a_place_without_a_publication(tmp_path):
    (tmp_path / "file").write_text("")
    assert [published(tmp_path / name) for name in (".", "missing", "file", "file/x")] == [None] * 4


@pytest.mark.parametrize("rows", [{}, {"a.csv": 1, "b.csv": 2}, {"b.csv": 1}])
def test_only_what_is_accounted_for_is_sealed(tmp_path, rows):
    (tmp_path / "a.csv").write_text("x")
    with pytest.raises(InternalError, match=r"does not account for '[ab]\.csv'"):
        seal(tmp_path, rows)


def test_hashes_that_are_there_already_are_the_manifest_s_own(tmp_path):
    rows = {"accepted.csv": 1, "rejected.csv": 0}
    for name, count in rows.items():
        (tmp_path / name).write_text("x" * count)
    hashes = hash_files([tmp_path / "accepted.csv"])
    assert hashes == {"accepted.csv": hashlib.sha256(b"x").hexdigest()}
    assert seal(tmp_path, rows, hashes) == seal(tmp_path, rows)
    # Whoever changes a closed file is found out: its hash is that of what was proven.
    (tmp_path / "accepted.csv").write_text("y")
    assert seal(tmp_path, rows, hashes) != seal(tmp_path, rows)


def test_a_file_that_cannot_be_hashed_is_named(tmp_path):
    with pytest.raises(OutputError, match=r"accepted\.csv"):
        hash_files([tmp_path / "accepted.csv"])


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s)
    )
)
def test_json_comes_back_as_it_was_in_the_order_given(tmp_path_factory, value):
    path = tmp_path_factory.getbasetemp() / "value.json"
    write_json(path, value)
    assert path.read_bytes().endswith(b"\n")
    back = json.loads(path.read_bytes())
    assert back == value
    assert list(back) == list(value) if isinstance(value, dict) else True


def test_a_name_that_is_not_unicode_still_makes_json(tmp_path):
    write_json(tmp_path / "a.json", {"lead_file": "b\udc80.csv", "city": "Köln"})
    assert json.loads((tmp_path / "a.json").read_bytes()) == {"lead_file": "b\udc80.csv", "city": "Köln"}
    assert "Köln".encode() in (tmp_path / "a.json").read_bytes()


def test_json_that_cannot_be_written(tmp_path):
    with pytest.raises(OutputError, match="cannot write it") as caught:
        write_json(tmp_path / "missing" / "a.json", {})
    assert caught.value.code == "output_failed"
