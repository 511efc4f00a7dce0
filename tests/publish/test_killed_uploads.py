"""A process that is killed at any step of publishing at a URL shows no half, and the same command makes it good."""

from __future__ import annotations

import importlib.util
import json
import shutil
import signal
import tempfile
from pathlib import Path

import forked
import pytest

from leadsieve.exceptions import OutputError
from leadsieve.publish import REMOTE_STEPS, discard, place
from leadsieve_connectors.campaigns import STATE_STEPS, State

DRIVER = Path(__file__).with_name("driver.py")
_spec = importlib.util.spec_from_file_location("upload_driver", DRIVER)
driver = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(driver)

URL = "memory://store/out"
UPLOAD = ("staging-created", "upload-noted", "prefix-claimed", "files-sealed", "uploaded", "staging-marked")
DONE = ("old-removed", "staging-detached")
STEPS = {
    "plain": (*UPLOAD, "run-file-put", *DONE),
    "campaign": (*UPLOAD, *STATE_STEPS[2:], "state-committed", "run-file-put", "run-marked", *DONE),
}
EARLIER = {"out": URL, "first": 1_000, "keys": 50}


@pytest.fixture(autouse=True)
def shelf(tmp_path, monkeypatch):
    for name in ("shelf", "temporary", "states"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("SHELF", str(tmp_path / "shelf"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    monkeypatch.setitem(importlib.import_module("fsspec.registry")._registry, "memory", driver.Shelf)
    yield tmp_path / "shelf" / "store" / "out"
    driver.Shelf.clear_instance_cache()


@pytest.fixture
def told(request, tmp_path, earlier):
    """The options of a run over an earlier publication."""
    more = {"state": str(tmp_path / "states" / "s.duckdb")} if request.param == "campaign" else {}
    if request.param not in earlier:
        driver.run({**EARLIER, **more})
        for name in ("shelf", "states"):
            shutil.copytree(tmp_path / name, earlier["folder"] / request.param / name)
        earlier[request.param] = True
    else:
        shutil.copytree(earlier["folder"] / request.param, tmp_path, dirs_exist_ok=True)
    return {**EARLIER, **more, "first": 5_000_000, "keys": 1_000, "overwrite": True}


@pytest.fixture(scope="session")
def earlier(tmp_path_factory):
    """What stands before the runs, by scenario, in a folder to copy it from."""
    return {"folder": tmp_path_factory.mktemp("earlier")}


def child(spec):
    done = forked.run(DRIVER, json.dumps(spec))
    return done.returncode, done.stdout


def standing():
    run = place(URL, None).published()
    assert run is not None  # whole, whenever one looks
    return run["fingerprint"]


def after(told, tmp_path, shelf):
    """Everything that a run leaves which is not its own name or time."""
    paths = [path for path in shelf.glob("*-*/**/*") if path.is_file()]
    files = {"/".join(path.relative_to(shelf).parts[1:]): path.read_bytes() for path in paths}
    left = [path.name for name in ("temporary", "states") for path in (tmp_path / name).rglob("*upload*")]
    found = {"files": files, "entries": len(list(shelf.iterdir())), "left": left, "standing": standing()}
    if "state" in told:
        state = State(Path(told["state"]))
        contacts = [key for batch in state.contacts("summer") for key in batch.column("key").to_pylist()]
        found["state"] = (state.campaign("summer").runs, sorted(contacts), state.unpublished())
    return found


def expected(told):
    accepted = "".join(f"+{5_000_000 + i}\n" for i in range(1_000)).encode()
    names = [f"requests/{number:06}.json" for number in (1, 2, 3)]
    requests = {name: f'{{\n  "first": 5000000,\n  "name": "{name}"\n}}\n'.encode() for name in names}
    files = {"accepted.csv": accepted, "summary.json": b'{\n  "accepted": 1000\n}\n', **requests}
    found = {"files": files, "entries": 2, "left": [], "standing": "5000000+1000"}
    keys = [*range(1_000, 1_050), *range(5_000_000, 5_001_000)]
    return {**found, "state": (2, keys, [])} if "state" in told else found


@pytest.mark.parametrize(
    ("told", "at"),
    # Those of a run without a campaign are steps of the other too.
    [
        pytest.param(name, step, marks=() if name == "campaign" else pytest.mark.long)
        for name, steps in STEPS.items()
        for step in steps
    ],
    indirect=["told"],
)
def test_a_kill_at_any_step_and_the_same_command_again(told, at, tmp_path, shelf):
    assert child({**told, "kill": at})[0] == -signal.SIGKILL
    put = at in ("run-file-put", "run-marked", *DONE)
    assert standing() == ("5000000+1000" if put else "1000+50")
    driver.run(told)
    assert after(told, tmp_path, shelf) == expected(told)


@pytest.mark.parametrize("told", STEPS, indirect=True)
def test_the_steps_are_announced_in_the_documented_order(told, tmp_path, shelf):
    status, printed = child(told)
    assert (status, tuple(json.loads(printed)["steps"])) == (0, STEPS["campaign" if "state" in told else "plain"])
    assert after(told, tmp_path, shelf) == expected(told)


def test_every_documented_step_is_killed_at():
    assert {step for steps in STEPS.values() for step in steps} == {*REMOTE_STEPS, *STATE_STEPS[2:]}


@pytest.mark.parametrize("told", ["campaign"], indirect=True)
def test_a_kill_while_rolling_forward(told, tmp_path, shelf):
    for at in ("state-committed", "run-file-put", "run-marked"):
        assert child({**told, "kill": at})[0] == -signal.SIGKILL
    driver.run(told)
    assert after(told, tmp_path, shelf) == expected(told)


@pytest.mark.parametrize("told", ["campaign"], indirect=True)
def test_another_run_of_the_state_finishes_the_killed_one(told, tmp_path):
    assert child({**told, "kill": "state-committed"})[0] == -signal.SIGKILL
    driver.run({**told, "out": "memory://store/other", "first": 7, "keys": 3})
    assert standing() == "5000000+1000"
    assert State(Path(told["state"])).unpublished() == []


@pytest.mark.parametrize("told", ["campaign"], indirect=True)
def test_a_run_without_the_state_leaves_alone_what_the_state_needs(told, tmp_path, shelf):
    assert child({**told, "kill": "state-committed"})[0] == -signal.SIGKILL
    before = sorted(shelf.rglob("*"))
    place(URL, tmp_path / "states").recover(None)
    assert sorted(shelf.rglob("*")) == before
    driver.run(told)
    assert after(told, tmp_path, shelf) == expected(told)


@pytest.mark.parametrize("told", ["campaign"], indirect=True)
@pytest.mark.parametrize("reachable", [True, False])
def test_an_undone_run_leaves_nothing(told, tmp_path, shelf, monkeypatch, reachable):
    assert child({**told, "kill": "state-committed"})[0] == -signal.SIGKILL
    (record,) = State(Path(told["state"])).unpublished()

    def refuse(*_arguments):
        raise PermissionError("no")

    with monkeypatch.context() as patch:
        if not reachable:
            patch.setattr(driver.Shelf, "cat_file", refuse)
        discard(record.out, record.staging, record.run_id)
    assert (len(list(shelf.iterdir())) == 2) == reachable
    assert (list((tmp_path / "states").glob(".upload*")) == []) == reachable
    assert standing() == "1000+50"


def test_a_local_run_that_was_undone_leaves_nothing(tmp_path):
    told = {"out": str(tmp_path / "states" / "out"), "state": str(tmp_path / "states" / "s.duckdb")}
    assert child({**told, "kill": "state-committed"})[0] == -signal.SIGKILL
    (record,) = State(Path(told["state"])).unpublished()
    discard(record.out, record.staging, record.run_id)
    assert sorted(path.name for path in (tmp_path / "states").iterdir()) == ["s.duckdb", "s.duckdb.lock"]
    with pytest.raises(OutputError, match="is gone"):  # the state, of which it was not undone here, still waits for it
        driver.run(told)
