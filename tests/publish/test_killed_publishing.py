"""A process that is killed at any named step leaves nothing half done, and the same command again makes it good."""

from __future__ import annotations

import importlib.util
import json
import shutil
import signal
from contextlib import ExitStack
from pathlib import Path

import forked
import numpy as np
import pytest

from leadsieve.publish import STEPS, published
from leadsieve_connectors.campaigns import STATE_STEPS, State

DRIVER = Path(__file__).with_name("driver.py")
_spec = importlib.util.spec_from_file_location("publish_driver", DRIVER)
driver = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(driver)

PLAIN = ("staging-created", "files-sealed", "swapped", "swap-synced", "staging-removed")
TWO_RENAMES = (*PLAIN[:2], "old-set-aside", *PLAIN[2:])
COMMIT = (
    "staging-created",
    "files-sealed",
    "staging-marked",
    *STATE_STEPS[2:],
    "state-committed",
    "swapped",
    "swap-synced",
    "run-marked",
    "staging-removed",
)
COMMIT_TWO_RENAMES = (*COMMIT[: COMMIT.index("swapped")], "old-set-aside", *COMMIT[COMMIT.index("swapped") :])

#: Scenario: the options of the run, what stands before it (an earlier run in OUT, keys in the state), and its steps.
SCENARIOS = {
    "plain-missing": ({}, False, None, PLAIN),
    "plain-overwrite": ({"overwrite": True}, True, None, PLAIN),
    "plain-overwrite-two-renames": ({"overwrite": True, "exchange": False}, True, None, TWO_RENAMES),
    "campaign-no-state": ({"state": "s.duckdb"}, False, 0, (*STATE_STEPS[:2], *COMMIT)),
    "campaign-overwrite": ({"state": "s.duckdb", "overwrite": True}, True, 1000, COMMIT),
    "campaign-delete-first": (
        {"state": "s.duckdb", "overwrite": True, "delete_first": ["pending"]},
        True,
        500,
        COMMIT,
    ),
    "campaign-large-two-renames": (
        {"state": "s.duckdb", "overwrite": True, "exchange": False, "keys": 200_000},
        True,
        200_000,
        COMMIT_TWO_RENAMES,
    ),
}


def before(folder, name):
    """Lay out what stands before the run of a scenario; return the run's options."""
    options, earlier, held, _ = SCENARIOS[name]
    options = {**options, "out": str(folder / "out"), "first": 5_000_000}
    if "state" in options:
        options["state"] = str(folder / options["state"])
    if earlier:
        driver.run({**options, "keys": held or 10, "first": 1_000, "overwrite": False, "delete_first": []})
        (folder / "out" / "report.html").write_text("a report that was added later")
    return options


def after(options):
    """Everything that a run leaves which is not its own name or time."""
    out = Path(options["out"])
    files = [path for path in out.rglob("*") if path.is_file() and path.name != "run.json"]
    found = {str(path.relative_to(out)): path.read_bytes() for path in files}
    found["whole"] = published(out)["fingerprint"]
    found["beside"] = sorted(path.name for path in out.parent.iterdir())
    if options.get("state"):
        state = State(Path(options["state"]))
        info = state.campaign("summer")
        contacts = np.sort(np.concatenate([batch.column("key") for batch in state.contacts("summer")]))
        found["state"] = (info.runs, state.statuses("summer"), contacts.tobytes(), state.unpublished())
    return found


@pytest.fixture(scope="session")
def layouts(tmp_path_factory):
    """What stands before each scenario, and what an undisturbed run makes of it."""
    made = {}

    def layout(name):
        if name not in made:
            folder = tmp_path_factory.mktemp("layout")
            before(folder, name)
            undisturbed = tmp_path_factory.mktemp("undisturbed")
            shutil.copytree(folder, undisturbed, dirs_exist_ok=True)
            options = options_in(undisturbed, name)
            driver.run(options)
            made[name] = folder, after(options)
        return made[name]

    return layout


def options_in(folder, name):
    options = {**SCENARIOS[name][0], "out": str(folder / "out"), "first": 5_000_000}
    if "state" in options:
        options["state"] = str(folder / options["state"])
    return options


def child(options):
    done = forked.run(DRIVER, json.dumps(options))
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


#: Of these scenarios the usual suite kills only at the steps that are their own; the others are `long`.
OWN_STEPS = {
    "plain-overwrite": {"files-sealed", "swapped"},
    "plain-overwrite-two-renames": {"old-set-aside", "swapped"},
    "campaign-no-state": {*STATE_STEPS[:2], "state-committed"},
    "campaign-delete-first": {"contacts-displaced", "contacts-inserted", "transaction-committed", "state-committed"},
    "campaign-large-two-renames": {"contacts-inserted", "state-committed", "old-set-aside", "swapped"},
}


def kills():
    """Every step of every scenario."""
    for name, scenario in SCENARIOS.items():
        for step in scenario[3]:
            usual = step in OWN_STEPS.get(name, {step})
            yield pytest.param(name, step, marks=() if usual else pytest.mark.long)


@pytest.mark.parametrize(("name", "at"), list(kills()))
def test_a_kill_at_any_step_and_the_same_command_again(tmp_path, layouts, name, at):
    folder, expected = layouts(name)
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    options = options_in(tmp_path, name)

    assert child({**options, "kill": at})[0] == -signal.SIGKILL
    assert_nothing_half_done(options)
    driver.run(options)

    assert after(options) == expected


def assert_nothing_half_done(options):
    """OUT is whole, or, for the moment between two renames, missing; never a part."""
    out = Path(options["out"])
    assert published(out) is not None or not out.exists()


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_steps_are_announced_in_the_documented_order(tmp_path, name):
    options = before(tmp_path, name)
    status, told, errors = child(options)
    assert (status, errors) == (0, "")
    assert tuple(told["steps"]) == SCENARIOS[name][3]
    assert {"summary.json", "requests/000001.json", "requests/000003.json"} <= after(options).keys()


def test_every_documented_step_is_killed_at():
    assert {step for scenario in SCENARIOS.values() for step in scenario[3]} == {*STEPS, *STATE_STEPS}


@pytest.mark.parametrize("second", ["swapped", "swap-synced", "run-marked", "staging-removed"])
def test_a_kill_while_rolling_forward(tmp_path, layouts, second):
    folder, expected = layouts("campaign-large-two-renames")
    shutil.copytree(folder, tmp_path, dirs_exist_ok=True)
    options = options_in(tmp_path, "campaign-large-two-renames")

    assert child({**options, "kill": "old-set-aside"})[0] == -signal.SIGKILL
    assert child({**options, "kill": second})[0] == -signal.SIGKILL
    driver.run(options)

    assert after(options) == expected


def test_another_run_of_the_state_finishes_the_killed_one(tmp_path):
    options = {"out": str(tmp_path / "out"), "state": str(tmp_path / "s.duckdb")}
    assert child({**options, "kill": "state-committed"})[0] == -signal.SIGKILL
    assert not (tmp_path / "out").exists()

    driver.run({**options, "out": str(tmp_path / "other"), "first": 7})

    assert published(tmp_path / "out")["fingerprint"] == "919000000000+1000"
    assert published(tmp_path / "other")["fingerprint"] == "7+1000"
    assert State(tmp_path / "s.duckdb").unpublished() == []


def test_two_runs_at_once_take_turns(tmp_path):
    state = str(tmp_path / "s.duckdb")
    specs = [
        {"out": str(tmp_path / f"out{i}"), "state": state, "first": i * 10_000 + 1, "keys": 5_000} for i in range(3)
    ]
    with ExitStack() as running:
        processes = [running.enter_context(forked.start(DRIVER, json.dumps(spec))) for spec in specs]
        assert [process.wait() for process in processes] == [0, 0, 0]
    assert State(Path(state)).statuses("summer") == {"pending": 15_000}
    assert all(published(tmp_path / f"out{i}") for i in range(3))


def test_a_disk_that_refuses_leaves_nothing(tmp_path):
    options = {"out": str(tmp_path / "out"), "state": str(tmp_path / "s.duckdb")}
    driver.run(options)
    held = (tmp_path / "s.duckdb").stat().st_size
    refused = {**options, "out": str(tmp_path / "two"), "first": 1, "keys": 400_000, "file_limit": held + 4096}

    status, told, _ = child(refused)
    assert (status, told["code"]) == (1, "output_failed")
    assert not (tmp_path / "two").exists()
    assert State(tmp_path / "s.duckdb").statuses("summer") == {"pending": 1_000}

    driver.run({**refused, "file_limit": None})
    assert State(tmp_path / "s.duckdb").statuses("summer") == {"pending": 401_000}
    assert published(tmp_path / "two")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
