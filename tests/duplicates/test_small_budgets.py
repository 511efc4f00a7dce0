"""Whole runs with little memory, or with the state asked for a few numbers only: not a byte differs."""

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leadsieve as ls
from leadsieve import process
from leadsieve_connectors.campaigns import State

_SCOPES = ["file", "run", "campaign", "all"]
#: Nothing fits; a part fits, and it shows only on the way that more does not; everything fits.
_BUDGETS = [1_000, 30_000, 2 << 30]


def _numbers(dice: np.random.Generator, rows: int) -> list[str]:
    """Draw numbers of which many repeat and some are none."""
    drawn = dice.integers(2_000, 2_000 + rows, rows)
    return [f"+1212{number:04d}{number % 7:03d}" if number % 11 else "12" for number in drawn.tolist()]


def _write(folder: Path, seed: int, sizes: list[int]) -> list[str]:
    dice, paths = np.random.default_rng(seed), []
    for place, rows in enumerate(sizes):
        path = folder / f"leads-{seed}-{place}.csv"
        lines = [f"{number},n{row}" for row, number in enumerate(_numbers(dice, rows))]
        path.write_text("\n".join(["phone_number,name", *lines]) + "\n")
        paths.append(str(path))
    return paths


@pytest.fixture(scope="module")
def state(tmp_path_factory) -> Path:
    """Two campaigns, the second of two runs."""
    folder = tmp_path_factory.mktemp("state")
    for seed, campaign in ((1, "spring"), (2, "autumn"), (3, "autumn")):
        sources = _write(folder, seed, [150])
        out, file = folder / f"out{seed}", folder / "s.duckdb"
        ls.clean(sources, out=out, campaign=campaign, state=file, profile="voicegenie", progress=False)
    return folder / "s.duckdb"


def _bytes(sources, state: Path, scope: str, **tuning) -> dict[str, bytes]:
    with ls.clean(
        sources,
        campaign="autumn",
        state=state,
        profile="voicegenie",
        duplicates=scope,
        dry_run=True,
        tuning={"chunk_bytes": 1500, **tuning},
        progress=False,
    ) as run:
        folder = run.accepted.path.parent
        assert sorted(path.name for path in folder.iterdir()) == sorted(
            ["accepted.parquet", "rejected.parquet", "errors.parquet", "summary.json", "run.json"]
        )
        return {path.name: path.read_bytes() for path in folder.glob("*.parquet")} | {"ledger": repr(run.ledger)}


@settings(max_examples=4)
@given(
    seed=st.integers(10, 99),
    sizes=st.lists(st.integers(1, 300), min_size=1, max_size=3),
    scope=st.sampled_from(_SCOPES),
    threads=st.sampled_from([1, 2]),
)
def test_budgets_change_no_byte(tmp_path_factory, state: Path, seed: int, sizes: list[int], scope, threads) -> None:
    sources = _write(tmp_path_factory.mktemp("leads"), seed, sizes)
    found = [_bytes(sources, state, scope, memory=memory, threads=threads) for memory in _BUDGETS]
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("scope", ["run", "all"])
def test_a_run_that_outgrows_its_memory_on_the_way_begins_anew(tmp_path, state, caplog, monkeypatch, scope) -> None:
    # Of a frame it is not known how many rows come, and a stream can be read once only.
    frame = pd.read_csv(_write(tmp_path, 5, [600])[0], dtype=str)
    monkeypatch.setattr(process, "AHEAD_ROWS", 1)
    found = []
    with caplog.at_level(logging.INFO, logger="leadsieve"):
        for memory in _BUDGETS[1:]:
            caplog.clear()
            found.append(_bytes([frame], state, scope, memory=memory))
            assert ("compared in slices" in caplog.text) == (memory == _BUDGETS[1])
    assert found[0] == found[1]


def test_a_small_run_asks_the_state_for_its_own_numbers_only(tmp_path, state, monkeypatch) -> None:
    sources = _write(tmp_path, 6, [400])
    asked = _spy(monkeypatch, "lookup")
    loaded = _spy(monkeypatch, "contacts")
    small = _bytes(sources, state, "all")
    assert asked == ["spring", "autumn"]
    assert loaded == []
    monkeypatch.setattr(process, "AHEAD_ROWS", 100)
    assert _bytes(sources, state, "all") == small
    assert asked == ["spring", "autumn"]
    assert set(loaded) == {"spring", "autumn"}


def _spy(monkeypatch, name: str) -> list[str]:
    called: list[str] = []
    method: Callable = getattr(State, name)

    def spied(self, campaign, *args, **kwargs):
        called.append(campaign)
        return method(self, campaign, *args, **kwargs)

    monkeypatch.setattr(State, name, spied)
    return called


@pytest.mark.parametrize("memory", _BUDGETS)
def test_the_runs_that_rows_collided_with_are_counted(tmp_path, state, monkeypatch, memory) -> None:
    outcomes = []
    monkeypatch.setattr(
        "leadsieve.flow.process", lambda *given: outcomes.append(process.process(*given)) or outcomes[0]
    )
    _bytes(_write(tmp_path, 3, [150]), state, "all", memory=memory)
    (outcome,) = outcomes
    assert set(outcome.collided) == {1, 2, 3}
    assert sum(outcome.collided.values()) == outcome.ledger.reasons["duplicate_in_campaign"]


@pytest.mark.parametrize("memory", _BUDGETS)
def test_progress_goes_from_none_to_all(tmp_path, state, memory) -> None:
    told: list[ls.Progress] = []
    ls.clean(
        _write(tmp_path, 7, [500]),
        campaign="autumn",
        state=state,
        dry_run=True,
        progress=told.append,
        tuning={"memory": memory, "chunk_bytes": 1500},
    ).close()
    shares = [one.share for one in told]
    assert shares == sorted(shares)
    assert (told[-1].rows, shares[-1]) == (500, 1.0)
