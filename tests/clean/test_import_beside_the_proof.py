"""A run's contacts are inserted while its outputs are finished and proven, and committed only after both."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem

import leadsieve as ls
from leadsieve.exceptions import InternalError, TooManyRejected
from leadsieve_connectors.campaigns import State


@pytest.fixture
def leads(tmp_path: Path) -> Path:
    path = tmp_path / "leads.csv"
    path.write_text("phone,name\n+14155550100,Ann\n+14155550101,Bo\n12,Cy\n")
    return path


def steps(leads: Path, caplog: pytest.LogCaptureFixture, out: object, **options: object) -> list[str]:
    """Clean into a campaign, and return the steps of the commit in their order."""
    for name in ("leadsieve.publish", "leadsieve_connectors.campaigns"):
        caplog.set_level(logging.DEBUG, logger=name)
    state = leads.with_name("s.duckdb")
    ls.clean(leads, out=out, campaign="summer", state=state, progress=False, **options).close()
    assert State(state).statuses("summer") == {"pending": 2}
    return [record.step for record in caplog.records if hasattr(record, "step")]


def test_a_run_with_threads_inserts_before_the_files_are_sealed(leads, caplog):
    told = steps(leads, caplog, leads.with_name("out"), tuning={"threads": 2})
    assert told.index("contacts-inserted") < told.index("files-sealed") < told.index("run-inserted")
    assert told.index("staging-marked") < told.index("run-inserted") < told.index("transaction-committed")


def test_a_run_of_one_thread_inserts_when_all_is_known(leads, caplog):
    told = steps(leads, caplog, leads.with_name("out"), tuning={"threads": 1})
    assert told.index("staging-marked") < told.index("transaction-begun")


def test_the_state_is_not_held_while_outputs_are_uploaded(leads, caplog, monkeypatch):
    monkeypatch.setattr(MemoryFileSystem, "store", {})
    monkeypatch.setattr(MemoryFileSystem, "pseudo_dirs", [""])
    told = steps(leads, caplog, "memory://store/out", tuning={"threads": 2})
    assert told.index("uploaded") < told.index("transaction-begun")
    assert fsspec.filesystem("memory").exists("/store/out/run.json")


def test_outputs_have_ordinary_modes(leads):
    mask = os.umask(0o022)
    try:
        options = {"campaign": "summer", "state": leads.with_name("s.duckdb"), "format": "xlsx", "progress": False}
        run = ls.clean(leads, out=leads.with_name("out"), profile="voicegenie", settings={"campaign_name": "x"},
                       tuning={"threads": 2}, **options)  # fmt: skip
        run.close()
    finally:
        os.umask(mask)
    modes = {path.name: path.stat().st_mode & 0o777 for path in leads.with_name("out").iterdir()}
    assert {"rejected.xlsx", "run.json", "summary.json"} <= modes.keys()
    assert set(modes.values()) == {0o644}


def test_a_failed_proof_takes_the_contacts_back(leads, monkeypatch):
    def prove(*_: object, **__: object) -> None:
        raise InternalError("the run's own proof failed")

    monkeypatch.setattr("leadsieve.process.prove", prove)
    state = State(leads.with_name("s.duckdb"))
    state.ensure()
    with pytest.raises(InternalError):
        ls.clean(leads, out=leads.with_name("out"), campaign="summer", state=state.path, tuning={"threads": 2},
                 progress=False)  # fmt: skip
    assert state.campaigns() == []
    assert not leads.with_name("out").exists()


def test_too_many_rejected_take_the_contacts_back(leads):
    state = State(leads.with_name("s.duckdb"))
    state.ensure()
    with pytest.raises(TooManyRejected):
        ls.clean(leads, out=leads.with_name("out"), campaign="summer", state=state.path, tuning={"threads": 2},
                 fail_over={"overall": 0.1}, progress=False)  # fmt: skip
    assert state.campaigns() == []
