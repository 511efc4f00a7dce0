"""Many small files at a URL: several under way at once, all of them or none; on fsspec's memory store."""

from __future__ import annotations

import json
import os
import signal
import threading
import time

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

from leadsieve.publish import place, seal, write_json
from leadsieve_connectors.exceptions import SinkError
from leadsieve_connectors.sinks import remote
from leadsieve_connectors.sinks.remote import RemoteFolder

OUT = "memory://store/out"
COUNT = 60
NAMES = [f"requests/{number:06}.json" for number in range(COUNT)]
ROWS = {"summary.json": None, **dict.fromkeys(NAMES, 1)}


@pytest.fixture(params=[True, False], ids=["at once", "in turn"])
def store(request, monkeypatch, tmp_path_factory):
    """An empty memory store, which is used as one of several connections or as one of a single one."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path_factory.mktemp("temporary")))
    monkeypatch.setattr(MemoryFileSystem, "store", {})
    monkeypatch.setattr(MemoryFileSystem, "pseudo_dirs", [""])
    monkeypatch.setattr(MemoryFileSystem, "async_impl", request.param)
    return fsspec.filesystem("memory")


class Puts:
    """Takes the place of the store's `put_file`: counts what is under way, and fails where it is told to."""

    def __init__(self, monkeypatch, *, seconds=0.0):
        self.real, self.seconds = MemoryFileSystem.put_file, seconds
        self.lock = threading.Lock()
        self.now = self.most = self.begun = self.done = self.strike_at = 0
        self.faults = {}
        puts = self

        def put_file(fs, source, path, **options):
            puts.put(fs, source, path, **options)

        monkeypatch.setattr(MemoryFileSystem, "put_file", put_file)

    def put(self, fs, source, path, **options):
        with self.lock:
            self.begun += 1
            self.now += 1
            self.most = max(self.most, self.now)
            faults = self.faults.get(path.rpartition("/")[2])
            fault = faults.pop() if faults else None
        try:
            if self.begun == self.strike_at:
                os.kill(os.getpid(), signal.SIGINT)
            time.sleep(self.seconds)
            if fault is not None:
                raise fault
            self.real(fs, source, path, **options)
        finally:
            with self.lock:
                self.now -= 1
                self.done += 1


def publish(run_id="one", *, rows=ROWS, overwrite=False):
    out = place(OUT, None)
    with out.staging(run_id, overwrite=overwrite) as staging:
        (staging.folder / "requests").mkdir()
        for name in rows:
            (staging.folder / name).write_text(f"{run_id} {name}")
        files = seal(staging.folder, rows)
        write_json(staging.folder / "run.json", {"run_id": run_id, "files": files})
        out.commit(staging, overwrite=overwrite)
        out.keep(staging).close()


def standing(store):
    """What is under the prefix that `run.json` names, by the plain names."""
    run = json.loads(store.cat("/store/out/run.json"))
    (prefix,) = {entry["name"].partition("/")[0] for entry in run["files"]}
    found = {path.removeprefix(f"/store/out/{prefix}/"): store.cat(path) for path in store.find("/store/out")}
    assert found.pop("/store/out/run.json") is not None
    return found


def test_all_of_them_stand_and_what_they_replace_goes(store, monkeypatch):
    puts = Puts(monkeypatch, seconds=0.002)
    publish()
    assert (puts.most > 1) == store.async_impl
    publish("two", overwrite=True)
    assert standing(store) == {name: f"two {name}".encode() for name in ROWS}


def test_large_ones_are_sent_one_by_one(store, monkeypatch):
    puts = Puts(monkeypatch, seconds=0.002)
    monkeypatch.setattr(remote, "_SMALL_BYTES", 15)  # "one summary.json" has 16, the others more
    publish()
    assert puts.most == 1
    assert standing(store).keys() == ROWS.keys()


def test_they_are_read_again_by_their_plain_names(store):
    publish()
    out = place(OUT, None)
    folder = out.reopen(out.published())
    for name in ("summary.json", NAMES[7], NAMES[7]):
        assert folder.file(name).read_text() == f"one {name}"
    folder.close()


@pytest.mark.parametrize("damage", [b"", None])
def test_one_that_is_short_or_gone_is_no_standing_run(store, damage):
    publish()
    (path,) = [path for path in store.find("/store/out") if path.endswith(NAMES[-1])]
    store.rm_file(path)
    if damage is not None:
        store.pipe_file(path, damage)
    assert place(OUT, None).published() is None
    assert place(OUT, None).standing()["run_id"] == "one"


def test_whether_they_stand_is_asked_of_each_folder_once(store, monkeypatch):
    publish()
    listed, real = [], MemoryFileSystem.ls

    def ls(self, path, detail=True, **options):
        listed.append(path)
        return real(self, path, detail=detail, **options)

    monkeypatch.setattr(MemoryFileSystem, "ls", ls)
    assert place(OUT, None).published() is not None
    assert len(listed) == 2


@pytest.mark.parametrize("at", [0, 31, COUNT - 1])
def test_one_that_fails_takes_all_back(store, monkeypatch, at):
    publish()
    before, puts = dict(store.store), Puts(monkeypatch, seconds=0.001)
    puts.faults[NAMES[at].rpartition("/")[2]] = [PermissionError("no")]
    with pytest.raises(SinkError, match="the server refuses access"):
        publish("two", overwrite=True)
    assert (puts.now, puts.begun) == (0, puts.done)
    time.sleep(0.02)
    assert store.store == before  # nothing comes late


def test_the_first_failure_is_told_whatever_fails_in_its_wake(store, monkeypatch, waits):
    puts = Puts(monkeypatch, seconds=0.001)
    puts.faults = {f"{number:06}.json": [ConnectionResetError(104, "reset")] * 100 for number in range(0, COUNT, 2)}
    puts.faults["000005.json"] = [PermissionError("no")]
    with pytest.raises(SinkError) as caught:
        publish()
    assert "another file failed" not in caught.value.message
    assert store.find("/store/out") == []
    assert puts.now == 0


def test_passing_failures_are_borne_by_each_file_alone(store, monkeypatch, waits):
    puts = Puts(monkeypatch)
    puts.faults = {name.rpartition("/")[2]: [TimeoutError(), ConnectionResetError(104, "reset")] for name in NAMES}
    publish()
    assert len(waits) == 2 * COUNT  # more than any one file would be given
    assert standing(store).keys() == ROWS.keys()


@pytest.mark.usefixtures("interruptible")
def test_a_signal_leaves_nothing_under_way(store, monkeypatch):
    publish()
    before, puts = dict(store.store), Puts(monkeypatch, seconds=0.005)
    puts.strike_at = 40
    with pytest.raises(KeyboardInterrupt):
        publish("two", rows={**ROWS, **{f"requests/more {number}": 1 for number in range(400)}}, overwrite=True)
    assert puts.now == 0
    assert 40 <= puts.begun < 400
    time.sleep(0.02)
    assert store.store == before


def test_the_sizes_of_those_that_are_there(store, tmp_path):
    folder, files = tmp_path / "files", []
    for name in ROWS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
        files.append((folder / name, f"p/{name}"))
    there = RemoteFolder(OUT)
    there.put_all(files)
    sizes = {f"p/{name}": len(name) for name in ROWS}
    assert there.sizes(sizes) == sizes
    store.rm_file(f"/store/out/p/{NAMES[3]}")
    assert there.sizes(sizes).keys() == sizes.keys() - {f"p/{NAMES[3]}"}


def test_a_refused_publication_says_where(store, monkeypatch):
    puts = Puts(monkeypatch)
    puts.faults["000003.json"] = [ValueError("what?")]
    with pytest.raises(SinkError, match=r"memory://store/out: cannot be written: .*what\?"):
        publish()
