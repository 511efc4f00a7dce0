"""A publication with folders of files: sealed, proven, replaced and moved as a whole; its names lead nowhere else."""

from __future__ import annotations

import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsieve.exceptions import InternalError, OutputError
from leadsieve.publish import (
    Entry,
    Staging,
    check_out,
    commit,
    files,
    find_strangers,
    move,
    names,
    plain_entries,
    published,
    read_run,
    seal,
    write_json,
)
from leadsieve_connectors.campaigns import RunRecord, State

ROWS = {"requests/000002.json": 7, "accepted.csv": 1, "requests/000001.json": 8, "timetables/all.csv": None}


def fill(folder, rows=ROWS):
    for name in rows:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(f"{name}\n")


def publish(out, run_id="one", rows=ROWS, *, overwrite=False, exchange=True):
    with Staging(check_out(out, overwrite=overwrite), run_id) as staging:
        fill(staging.folder, rows)
        write_json(staging.folder / "run.json", {"run_id": run_id, "files": seal(staging.folder, rows)})
        commit(staging, overwrite=overwrite, exchange=exchange)
    return out


def all_files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_each_file_is_in_the_manifest_in_the_order_given(tmp_path):
    fill(tmp_path)
    sealed = seal(tmp_path, ROWS)
    assert [(entry["name"], entry["rows"]) for entry in sealed] == list(ROWS.items())
    for entry in sealed:
        text = f"{entry['name']}\n".encode()
        assert (entry["bytes"], entry["sha256"]) == (len(text), hashlib.sha256(text).hexdigest())


def test_every_file_is_synced_before_its_folder_and_that_before_the_outputs(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(files, "sync", lambda path: synced.append(str(path.relative_to(tmp_path))))
    fill(tmp_path)
    seal(tmp_path, ROWS)
    assert sorted(synced[:4]) == sorted(ROWS)
    assert synced[4:] == ["requests", "timetables", "."]


def test_many_files_are_sealed_as_few_are(tmp_path):
    rows = {f"requests/{number:06}.json": number for number in range(300)}
    fill(tmp_path, rows)
    one_by_one = [files.sha256(tmp_path / name) for name in rows]
    assert [entry["sha256"] for entry in seal(tmp_path, rows)] == one_by_one


def test_one_of_many_files_that_cannot_be_synced(tmp_path, monkeypatch):
    def refuse(path):
        if path.name == "000123.json":
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(files, "sync", refuse)
    rows = {f"requests/{number:06}.json": number for number in range(300)}
    fill(tmp_path, rows)
    with pytest.raises(OutputError, match="Input/output error"):
        seal(tmp_path, rows)


def add_file(out):
    (out / "requests" / "mine.txt").write_text("mine")


def add_folder(out):
    (out / "requests" / "deeper").mkdir()


def add_empty_folder(out):
    (out / "empty").mkdir()


def add_link(out):
    (out / "requests" / "link").symlink_to("000001.json")


def replace_file_by_link(out):
    (out / "requests" / "000001.json").unlink()
    (out / "requests" / "000001.json").symlink_to("000002.json")


def replace_folder_by_link(out):
    (out / "requests").rename(out.parent / "requests of mine")
    (out / "requests").symlink_to(out.parent / "requests of mine")


def replace_folder_by_file(out):
    remove_folder(out)
    (out / "requests").write_text("mine")


def remove_file(out):
    (out / "requests" / "000001.json").unlink()


def remove_folder(out):
    empty_folder(out)
    (out / "requests").rmdir()


def empty_folder(out):
    for path in (out / "requests").iterdir():
        path.unlink()


def change_byte(out):
    (out / "requests" / "000001.json").write_text("requests/000001.jsoM\n")


#: What happens to a publication, and what of it leadsieve did not publish.
CHANGES = [
    (add_file, "requests/mine.txt"),
    (add_folder, "requests/deeper"),
    (add_empty_folder, "empty"),
    (add_link, "requests/link"),
    (replace_file_by_link, "requests/000001.json"),
    (replace_folder_by_link, "requests"),
    (replace_folder_by_file, "requests"),
    (remove_file, None),
    (remove_folder, None),
    (empty_folder, None),
    (change_byte, None),
]


@pytest.mark.parametrize("change", [change for change, _ in CHANGES if change is not change_byte])
def test_only_what_is_accounted_for_is_sealed(tmp_path, change):
    (tmp_path / "out").mkdir()
    fill(tmp_path / "out")
    change(tmp_path / "out")
    with pytest.raises(InternalError, match=r"does not account for '[\w/.]+'"):
        seal(tmp_path / "out", ROWS)


@pytest.mark.parametrize("name", ["../x", "requests/../x", "/x", "a/b/c", "requests//x", "requests/", "./x", "."])
def test_names_that_lead_elsewhere_are_not_sealed(tmp_path, name):
    out = tmp_path / "out"
    for folder in (out, out / "requests", out / "a" / "b"):
        folder.mkdir(parents=True, exist_ok=True)
    if not Path(os.path.normpath(out / name)).is_dir() and not name.startswith("/"):
        (out / name).write_text("mine")
    with pytest.raises(InternalError, match="does not account for"):
        seal(out, {name: 1})


@pytest.mark.parametrize(("change", "stranger"), CHANGES)
def test_what_keeps_a_publication_from_being_replaced(tmp_path, change, stranger):
    out = publish(tmp_path / "out")
    change(out)
    known = {"run.json", *ROWS}
    assert find_strangers(out, known) == ([] if stranger is None else [stranger])
    if stranger is None:
        publish(out, "two", {"accepted.csv": 1}, overwrite=True)
        assert all_files(out) == {"run.json", "accepted.csv"}
        return
    with pytest.raises(OutputError, match=f"holds '{stranger}', which leadsieve did not publish") as caught:
        check_out(out, overwrite=True)
    assert caught.value.code == "output_exists"


@pytest.mark.parametrize("change", [remove_file, remove_folder, empty_folder, change_byte, replace_folder_by_file])
def test_damage_in_a_folder_is_noticed(tmp_path, change):
    out = publish(tmp_path / "out")
    assert published(out)["run_id"] == "one"
    change(out)
    assert published(out) is None


@pytest.mark.parametrize("exchange", [True, False])
def test_publications_with_and_without_folders_replace_each_other(tmp_path, exchange):
    for run_id, rows in (("one", ROWS), ("two", {"accepted.csv": 1}), ("three", ROWS), ("four", {"requests/x": 1})):
        publish(tmp_path / "out", run_id, rows, overwrite=True, exchange=exchange)
        assert published(tmp_path / "out")["run_id"] == run_id
        assert all_files(tmp_path / "out") == {"run.json", *rows}
        assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_file_that_is_added_to_a_folder_after_sealing_is_not_published(tmp_path):
    with Staging(tmp_path / "out", "one") as staging:
        fill(staging.folder)
        write_json(staging.folder / "run.json", {"run_id": "one", "files": seal(staging.folder, ROWS)})
        (staging.folder / "requests" / "000003.json").write_text("late")
        with pytest.raises(InternalError, match=r"'requests/000003\.json'"):
            commit(staging, overwrite=False)
    assert list(tmp_path.iterdir()) == []


def test_sealed_files_are_moved_with_their_folders(tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    target.mkdir()
    fill(source)
    kept = [name for name in ROWS if name != "accepted.csv"]
    move(source, target, kept)
    assert (all_files(source), all_files(target)) == ({"accepted.csv"}, set(kept))
    with pytest.raises(OutputError, match="cannot write it"):
        move(source, target, kept)


@pytest.mark.parametrize(
    "name",
    [
        "requests/../../victim", "../victim", "requests/..", "requests/.", "./victim", "a/b/c", "/etc/hostname", "//x",
        "requests/", "/", "", ".", "..", "requests/x\0y", "requests\0/x", "\ud800/x", "requests/\ud800",
    ],
)  # fmt: skip
def test_hostile_names_in_a_damaged_run_json(tmp_path, name):
    out = publish(tmp_path / "out")
    (tmp_path / "victim").write_text("mine")
    run = json.loads((out / "run.json").read_bytes())
    run["files"][0]["name"] = name
    (out / "run.json").write_text(json.dumps(run))
    assert read_run(out) is None
    assert published(out) is None
    with pytest.raises(OutputError, match="was not published by leadsieve"):
        check_out(out, overwrite=True)
    at_a_url = {"run_id": "one", "files": [{"name": f"one-00000000/{name}"}]}
    assert names.prefix_of(at_a_url) is None


PARTS = st.sampled_from(["a", "requests", "..", ".", "", "\0", "x y", "é", "\udc80", "-", "a.b", "..."])


@given(st.one_of(st.text(max_size=12), st.lists(PARTS, max_size=4).map("/".join)))
def test_a_plain_name_stays_in_its_folder(name):
    folder = Path("/out")
    path = Path(os.path.normpath(f"{folder}/{name}"))
    depth = len(path.parts) - len(folder.parts)
    stays = path.is_relative_to(folder) and 1 <= depth <= 2 and str(path) == f"{folder}/{name}"
    writable = "\0" not in name and not any("\ud800" <= letter <= "\udfff" for letter in name)
    assert names.is_plain(name) == (stays and writable)


@pytest.mark.parametrize("name", ["accepted.csv", "requests/000001.json", "one-0123abcd", "one-0123abcd/x"])
def test_files_are_told_by_their_plain_names_wherever_they_stand(name):
    local = {"run_id": "one", "files": [{"name": "summary.json", "rows": None}, {"name": name, "rows": 3}]}
    remote = {**local, "files": [{**entry, "name": f"one-89abcdef/{entry['name']}"} for entry in local["files"]]}
    assert plain_entries(remote) == plain_entries(local) == local["files"]


def test_an_entry_tells_the_state_what_is_deleted_first(tmp_path):
    state = State(tmp_path / "s.duckdb")
    state.ensure()

    def commit_run(run_id, keys, **more):
        with Staging(tmp_path / run_id, run_id) as staging:
            fill(staging.folder)
            sealed = seal(staging.folder, ROWS)
            write_json(staging.folder / "run.json", {"run_id": run_id, "files": sealed})
            record = RunRecord(
                seq=state.next_seq(), run_id=run_id, campaign="c", fingerprint=run_id, committed_at=datetime.now(UTC),
                manifest=sealed, info={},
            )  # fmt: skip
            batch = pa.record_batch({"key": pa.array(keys, pa.uint64())})
            commit(staging, overwrite=False, entry=Entry(state, record, [batch], **more))

    commit_run("one", [1, 2, 3])
    commit_run("two", [4, 5])
    assert state.statuses("c") == {"pending": 5}
    commit_run("three", [1, 6], delete_first=("pending",))
    assert state.statuses("c") == {"pending": 2}
