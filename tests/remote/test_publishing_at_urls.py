"""OUT at a URL: what stands there, what may be replaced, and that a failure leaves nothing; on fsspec's memory store."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import os
import re
import tempfile

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

import leadsieve
from leadsieve.exceptions import OutputError
from leadsieve.publish import place
from leadsieve.publish.upload import hidden_target
from leadsieve_connectors.campaigns import State
from leadsieve_connectors.sinks.remote import RemoteFolder

OUT = "memory://store/out"
DATA = {"accepted.parquet", "rejected.parquet", "errors.parquet", "summary.json"}
LINES = ["phone,name", "+14155550100,Ann", "+14155550101,Bo", "12,Cy"]


@pytest.fixture
def store(monkeypatch, tmp_path_factory):
    """An empty memory store, and a temporary folder of its own for hidden folders."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("temporary")))
    monkeypatch.setattr(MemoryFileSystem, "store", {})
    monkeypatch.setattr(MemoryFileSystem, "pseudo_dirs", [""])
    return fsspec.filesystem("memory")


@pytest.fixture
def leads_csv(tmp_path):
    path = tmp_path / "leads.csv"
    path.write_text("\n".join(LINES) + "\n")
    return path


def clean(source, out=OUT, **options):
    return leadsieve.clean(source, out=out, progress=False, **options)


def standing(store, out="/store/out"):
    """The `run.json` of OUT, every file of it proven by its hash; None where there is none."""
    if not store.exists(f"{out}/run.json"):
        return None
    run = json.loads(store.cat(f"{out}/run.json"))
    for entry in run["files"]:
        data = store.cat(f"{out}/{entry['name']}")
        assert (len(data), hashlib.sha256(data).hexdigest()) == (entry["bytes"], entry["sha256"])
    return run


def prefixes(store, out="/store/out"):
    return sorted({path.removeprefix(f"{out}/").split("/")[0] for path in store.find(out)} - {"run.json"})


def hidden():
    """What the hidden folders of all runs without a campaign have left."""
    return [
        name for _, folders, files in os.walk(tempfile.gettempdir()) for name in folders + files if "upload" in name
    ]


def test_the_layout_and_the_very_bytes_of_a_local_run(store, leads_csv, tmp_path):
    local = clean(leads_csv, tmp_path / "out")
    with clean(leads_csv) as run:
        (prefix,) = prefixes(store)
        assert re.fullmatch(rf"{run.info['run_id']}-[0-9a-f]{{8}}", prefix)
        assert {path.rpartition("/")[2] for path in store.find(f"/store/out/{prefix}")} == DATA
        for name in DATA:
            assert store.cat(f"/store/out/{prefix}/{name}") == (tmp_path / "out" / name).read_bytes()
        assert run.out == OUT
        assert standing(store) == json.loads(json.dumps(run.info))
        assert [entry["name"] for entry in run.info["files"]] == [f"{prefix}/{e['name']}" for e in local.info["files"]]
        assert run.accepted.to_arrow() == local.accepted.to_arrow()
        assert run.info["options_fingerprint"] == local.info["options_fingerprint"]
    assert hidden() == []


def test_no_moment_shows_a_run_that_names_a_missing_file(store, leads_csv, monkeypatch):
    looks = []

    def looking(call):
        def around(*args, **kwargs):
            looks.append(standing(store))
            done = call(*args, **kwargs)
            looks.append(standing(store))
            return done

        return around

    for name in ("put_file", "pipe_file", "_rm", "rmdir"):
        monkeypatch.setattr(MemoryFileSystem, name, looking(getattr(MemoryFileSystem, name)))
    for _ in range(3):
        clean(leads_csv, overwrite=True, again=True)
    runs = [None if run is None else run["files"][0]["name"] for run in looks]
    assert runs[0] is None
    assert len(dict.fromkeys(runs)) == 4
    assert len(prefixes(store)) == 1


def test_the_same_command_again_does_nothing(store, leads_csv, caplog):
    first = clean(leads_csv)
    before = dict(store.store)
    caplog.set_level(logging.INFO, "leadsieve")
    with clean(leads_csv) as again:
        assert again.repeated
        assert again.summary == first.summary
        assert again.rejected.to_arrow() == first.rejected.to_arrow()
        assert again.out == OUT
    assert store.store == before
    assert "all sizes agree" in caplog.text


def test_a_damaged_file_is_never_read_as_a_part(store, leads_csv):
    name = standing_name(store, leads_csv)
    store.pipe_file(name, bytes(len(store.cat(name))))
    with clean(leads_csv) as run, pytest.raises(OutputError, match="is damaged"):
        run.accepted.to_arrow()


def test_a_file_that_is_gone_is_no_standing_run(store, leads_csv):
    store.rm_file(standing_name(store, leads_csv))
    with pytest.raises(OutputError, match="--overwrite") as caught:
        clean(leads_csv)
    assert caught.value.code == "output_exists"
    assert not clean(leads_csv, overwrite=True).repeated
    assert standing(store) is not None


def standing_name(store, leads_csv):
    clean(leads_csv).close()
    return f"/store/out/{standing(store)['files'][0]['name']}"


@pytest.mark.parametrize(
    ("there", "words", "overwrites"),
    [
        ({"notes.txt": b"mine"}, "not empty", False),
        ({"run.json": b"{}"}, "did not put there", False),
        ({"run.json": b'{"run_id": "a", "files": [{"name": "../../x"}]}'}, "did not put there", False),
        ({"run.json": b'{"run_id": "a", "files": [{"name": "a-00000000/../../x"}]}'}, "did not put there", False),
        ({"0123456789ab-00000000/accepted.parquet": b"half"}, "under way or was killed", True),
    ],
)
def test_what_stands_in_the_way(store, leads_csv, there, words, overwrites):
    for name, data in there.items():
        store.pipe_file(f"/store/out/{name}", data)
    with pytest.raises(OutputError, match=words) as caught:
        clean(leads_csv)
    assert caught.value.code == "output_exists"
    if overwrites:
        clean(leads_csv, overwrite=True)
    else:
        with pytest.raises(OutputError, match=words):
            clean(leads_csv, overwrite=True)
        assert len(store.store) == len(there)
    for name, data in there.items():
        assert store.cat(f"/store/out/{name}") == data  # what is not this run's own is never touched
    if overwrites:
        assert standing(store) is not None
    assert hidden() == []


def test_an_earlier_run_is_replaced_only_when_told(store, leads_csv, tmp_path):
    clean(leads_csv)
    store.pipe_file("/store/out/notes.txt", b"mine")
    other = tmp_path / "other.csv"
    other.write_text("phone\n+14155550123\n")
    before = dict(store.store)
    with pytest.raises(OutputError, match="holds an earlier run"):
        clean(other)
    assert store.store == before
    clean(other, overwrite=True)
    assert standing(store)["ledger"]["rows"] == 1
    assert len(prefixes(store)) == 2
    assert store.cat("/store/out/notes.txt") == b"mine"


def test_more_rejected_than_allowed(store, leads_csv):
    for _ in range(2):  # the second replaces what the first left
        with pytest.raises(leadsieve.TooManyRejected, match=f"are in {OUT}.failed"):
            clean(leads_csv, fail_over=0.1)
    failed = standing(store, "/store/out.failed")
    assert failed["failed"] is True
    assert {entry["name"].split("/")[1] for entry in failed["files"]} == DATA - {"accepted.parquet"}
    assert len(prefixes(store, "/store/out.failed")) == 1
    assert store.find("/store/out") == []
    assert hidden() == []


def test_a_dry_run_writes_nothing(store, leads_csv):
    assert clean(leads_csv, dry_run=True).out is None
    assert store.store == {}


def failing(monkeypatch, name, error, *, when, done=False):
    """Let a call of the store fail where `when` says so of its path; with `done` after it has been done."""
    real = getattr(MemoryFileSystem, name)

    def call(self, *args, **kwargs):
        path = args[-1] if name == "put_file" else args[0]
        if when(path):
            if done:
                real(self, *args, **kwargs)
            raise error
        return real(self, *args, **kwargs)

    monkeypatch.setattr(MemoryFileSystem, name, call)


@pytest.mark.parametrize(
    ("name", "error", "campaign"),
    [
        ("upload.json", PermissionError("no"), "summer"),
        ("upload.json", ConnectionResetError(104, "reset"), None),
        ("rejected.parquet", ValueError("what?"), None),
        ("rejected.parquet", ConnectionResetError(104, "reset"), "summer"),
        ("summary.json", PermissionError("no"), None),
        ("summary.json", TimeoutError(), "summer"),
    ],
)
def test_an_upload_that_fails_leaves_nothing(store, leads_csv, tmp_path, monkeypatch, error, name, campaign):
    clean(leads_csv).close()
    before, state = dict(store.store), tmp_path / "s.duckdb"
    options = {"overwrite": True, "again": True, "campaign": campaign, "state": state}
    with monkeypatch.context() as patch:
        failing(patch, "put_file", error, when=lambda path: path.endswith(name))
        with pytest.raises(OutputError) as caught:
            clean(leads_csv, **options)
    assert caught.value.code == "output_failed"
    assert store.store == before
    assert hidden() == []
    assert {path.name for path in tmp_path.iterdir()} <= {"leads.csv", "s.duckdb", "s.duckdb.lock"}
    if campaign:
        assert State(state).campaigns() == []
    clean(leads_csv, **options)


def test_a_passing_failure_is_borne(store, leads_csv, monkeypatch, waits):
    real, left = MemoryFileSystem.put_file, [ConnectionResetError(104, "reset"), TimeoutError(), "short"]

    def flaky(self, source, path, **options):
        if path.endswith("accepted.parquet") and left:
            fault = left.pop()
            if fault != "short":
                raise fault
            self.pipe_file(path, b"half")
            return
        real(self, source, path, **options)

    monkeypatch.setattr(MemoryFileSystem, "put_file", flaky)
    clean(leads_csv)
    assert (left, len(waits)) == ([], 3)
    assert standing(store) is not None


@pytest.mark.parametrize("right", [True, False])
def test_a_store_that_tells_a_hash_is_compared(store, leads_csv, monkeypatch, right):
    real = MemoryFileSystem.info

    def info(self, path, **options):
        found = real(self, path, **options)
        data = self.cat(path) if right else b""
        return {**found, "md5Hash": base64.b64encode(hashlib.md5(data).digest()).decode()}

    monkeypatch.setattr(MemoryFileSystem, "info", info)
    if right:
        clean(leads_csv)
        return
    with pytest.raises(OutputError, match="arrived damaged"):
        clean(leads_csv)
    assert store.find("/store/out") == []


@pytest.mark.parametrize("done", [True, False], ids=["it came", "it did not"])
def test_a_store_that_does_not_say_whether_run_json_came(store, leads_csv, monkeypatch, done):
    """The next start finds out: what is published stands, what is not goes, and its prefix is never named."""
    clean(leads_csv).close()
    (old,) = prefixes(store)
    with monkeypatch.context() as patch:
        failing(patch, "pipe_file", TimeoutError(), when=lambda path: path.endswith("run.json"), done=done)
        with pytest.raises(OutputError, match="cannot be reached or breaks off"):
            clean(leads_csv, overwrite=True, again=True)
    assert standing(store) is not None  # whichever it is, it is whole
    assert len(prefixes(store)) == 2
    run = clean(leads_csv)
    assert run.repeated
    run.close()
    (stands,) = prefixes(store)
    assert (stands != old) == done
    assert hidden() == []


def test_a_store_that_refuses_run_json(store, leads_csv, monkeypatch):
    failing(monkeypatch, "pipe_file", PermissionError("no"), when=lambda path: path.endswith("run.json"))
    with pytest.raises(OutputError, match="refuses access"):
        clean(leads_csv)
    assert store.store == {}
    assert hidden() == []


def test_what_was_replaced_may_stay_but_is_told(store, leads_csv, monkeypatch, caplog):
    clean(leads_csv).close()
    (old,) = prefixes(store)
    failing(monkeypatch, "_rm", PermissionError("no"), when=lambda path: old in path)
    assert clean(leads_csv, overwrite=True, again=True).out == OUT
    assert "could not be removed" in caplog.text
    assert standing(store) is not None


def test_a_committed_run_is_finished_or_says_how_to_undo(store, leads_csv, tmp_path, monkeypatch):
    options = {"campaign": "summer", "state": tmp_path / "s.duckdb"}
    other = tmp_path / "other.csv"
    other.write_text("phone\n+14155550123\n")
    with monkeypatch.context() as patch:
        failing(patch, "pipe_file", PermissionError("no"), when=lambda path: path.endswith("out/run.json"))
        for command in ((leads_csv, OUT), (leads_csv, OUT), (other, tmp_path / "local")):
            with pytest.raises(OutputError, match=r"leadsieve campaign undo [0-9a-f]{12}") as caught:
                clean(*command, **options)
            assert caught.value.code == "output_failed"
            assert standing(store) is None
    # Any run of the state finishes it: nothing was lost meanwhile, and nothing is imported twice.
    clean(other, tmp_path / "local", **options)
    assert standing(store)["ledger"]["accepted"] == 2
    assert State(options["state"]).unpublished() == []
    assert State(options["state"]).campaign("summer").contacts == 3
    assert clean(leads_csv, **options).repeated


@pytest.mark.parametrize("obstacle", ["another run", "damaged", "gone"])
def test_a_roll_forward_that_cannot_finish(store, leads_csv, tmp_path, monkeypatch, obstacle):
    options = {"campaign": "summer", "state": tmp_path / "s.duckdb"}
    with monkeypatch.context() as patch:
        failing(patch, "pipe_file", PermissionError("no"), when=lambda path: path.endswith("out/run.json"))
        with pytest.raises(OutputError):
            clean(leads_csv, **options)
    (folder,) = tmp_path.glob(".upload-*")
    if obstacle == "another run":
        store.rm("/store/out", recursive=True)
        clean(leads_csv).close()
    elif obstacle == "damaged":
        (folder / "out" / "accepted.parquet").write_bytes(b"")
    else:
        folder.rename(tmp_path / "elsewhere")
    before = dict(store.store)
    with pytest.raises(OutputError, match=r"is committed, but .*'leadsieve campaign undo"):
        clean(leads_csv, **options)
    assert store.store == before


def test_files_that_went_since_are_uploaded_again(store, leads_csv, tmp_path, monkeypatch):
    options = {"campaign": "summer", "state": tmp_path / "s.duckdb"}
    with monkeypatch.context() as patch:
        failing(patch, "pipe_file", PermissionError("no"), when=lambda path: path.endswith("out/run.json"))
        with pytest.raises(OutputError):
            clean(leads_csv, **options)
    (prefix,) = prefixes(store)
    store.rm_file(f"/store/out/{prefix}/accepted.parquet")
    assert clean(leads_csv, **options).repeated
    assert standing(store)["ledger"]["accepted"] == 2


def test_a_live_run_is_left_alone(store, leads_csv):
    theirs = place(OUT, None)
    with theirs.staging("0123456789ab", overwrite=False) as staging:
        with pytest.raises(OutputError, match="under way"):
            clean(leads_csv)
        clean(leads_csv, overwrite=True).close()
        assert store.exists(f"/store/out/{staging.prefix}/upload.json")
        with (
            pytest.raises(OutputError, match="the same run is under way"),
            place(OUT, None).staging("0123456789ab", overwrite=True),
        ):
            pass
        assert store.exists(f"/store/out/{staging.prefix}/upload.json")
    assert len(prefixes(store)) == 1
    assert standing(store) is not None


def test_parts_outlive_the_next_run(store, leads_csv):
    first = clean(leads_csv)
    second = clean(leads_csv, overwrite=True, again=True)
    assert first.accepted.to_arrow() == second.accepted.to_arrow()
    first.close()
    second.close()
    assert hidden() == []


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://me:s3cret@host/out?sig=s3cret", "https://host/out: nothing can be published there"),
        ("file:///out", "nothing can be published there"),
        ("zip://a::s3://bucket/out", "nothing can be published there"),
        ("s3://bucket", "names no folder"),
        ("s3://bucket/", "names no folder"),
        ("s3://bucket//out", "empty part"),
        ("sftp://me:s3cret@host/a/../out", "empty part, or . or .."),
        ("s3://bucket/out?token=s3cret", r"no \? and no #"),
        ("s3://bucket/out#s3cret", r"no \? and no #"),
    ],
)
def test_urls_that_are_refused(leads_csv, url, words):
    with pytest.raises(leadsieve.UsageError, match=words) as caught:
        clean(leads_csv, url)
    assert "s3cret" not in caught.value.message


def test_names_are_data(store, leads_csv):
    store.pipe_file("/store/outx/mine", b"mine")
    for _ in range(2):
        clean(leads_csv, "memory://store/out[x]*", overwrite=True, again=True).close()
    assert len(prefixes(store, "/store/out[x]*")) == 1
    assert store.cat("/store/outx/mine") == b"mine"


def test_the_hidden_folder_is_private(store, tmp_path, monkeypatch):
    assert hidden_target(OUT, None).parent.stat().st_mode & 0o777 == 0o700
    assert hidden_target(OUT, tmp_path) == hidden_target(OUT, tmp_path)
    hidden_target(OUT, None).parent.chmod(0o755)
    with pytest.raises(OutputError, match="private"):
        hidden_target(OUT, None)


def test_a_folder_lists_what_stands_in_it(store):
    store.pipe({"/store/out/a": b"1", "/store/out/b/c": b"2", "/store/outer": b"3"})
    folder = RemoteFolder(f"{OUT}/")
    assert folder.entries() == ["a", "b"]
    assert (folder.sizes(["a", "z", "b", "b/c", "b/d", "z/a", "a/b"]), folder.read("z")) == ({"a": 1, "b/c": 1}, None)
    assert RemoteFolder("memory://store/none").entries() == []
    folder.remove("z")
    folder.remove_folder("z")
    folder.remove_folder("b")
    assert folder.entries() == ["a"]
