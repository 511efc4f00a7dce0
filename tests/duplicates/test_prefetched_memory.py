"""Memory that was fetched ahead: the table in it is the table without it, whatever was expected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import leadsieve as ls
from leadsieve import process
from leadsieve.duplicates import FirstRows, Outgrown, Prefetched, first

if TYPE_CHECKING:
    from pathlib import Path

MEMORY = 50_000_000


@pytest.fixture(autouse=True)
def _any_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first, "_LEAST_BYTES", 1)
    monkeypatch.setattr(first, "use_kernel", lambda _: True)


@pytest.mark.parametrize("guessed", [20_000, 150_000, 600_000, 10**9])
@pytest.mark.parametrize("expected", [0, 150_000, 600_000, 10**9])
@pytest.mark.parametrize("memory", [MEMORY, MEMORY * 2 // 3])
def test_the_first_row_of_a_number_is_found_as_without_it(guessed: int, expected: int, memory: int) -> None:
    keys = np.random.default_rng(5).integers(0, 150_000, 200_000).astype(np.uint64) * np.uint64(10**12 + 39)
    own = np.arange(1, len(keys) + 1, dtype=np.uint64)
    want = FirstRows(memory, expected).claim(keys, own)
    prefetched = Prefetched(MEMORY, guessed)
    table = FirstRows(memory, expected, prefetched)
    got = [table.claim(keys[at : at + 30_000], own[at : at + 30_000]) for at in range(0, len(keys), 30_000)]
    assert np.array_equal(np.concatenate(got), want)
    # It was given away, or never fetched: there is no room to move so many.
    assert prefetched.take() is None


def test_memory_is_given_away_once_and_is_clear() -> None:
    prefetched = Prefetched(MEMORY, 150_000)
    memory = prefetched.take()
    assert memory is not None
    assert not np.frombuffer(memory, np.uint8).any()
    assert prefetched.take() is None


def test_few_numbers_are_worth_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    assert Prefetched(2 << 30, 100_000).take() is None
    assert Prefetched(2 << 30, 1_000_000).take() is not None
    assert Prefetched(0, 100_000_000).take() is None


def test_too_little_memory_is_told_as_without_it() -> None:
    own = np.arange(1, 100_001, dtype=np.uint64)
    with pytest.raises(Outgrown):
        FirstRows(1_000_000, 100_000, Prefetched(MEMORY, 100_000)).claim(own, own)


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note for how many numbers memory is fetched."""
    seen: list[int] = []

    class Noted(Prefetched):
        def __init__(self, memory: int, expected: int) -> None:
            seen.append(expected)
            super().__init__(memory, expected)

    monkeypatch.setattr(process, "Prefetched", Noted)
    return seen


def _clean(folder: Path, **options: Any) -> tuple[dict[str, int], Any]:
    rows = 60_000
    lines = (f"+1212{2_000_000 + row * 7 % 50_000},name {row}" for row in range(rows))
    source = folder / "leads.csv"
    source.write_text("\n".join(["phone_number,name", *lines, ""]))
    with ls.clean(source, progress=False, **options) as run:
        return dict(run.ledger["reasons"]), run.accepted.to_arrow()


def test_a_run_fetches_memory_for_about_as_many_numbers_as_it_has_rows(tmp_path: Path, fetched: list[int]) -> None:
    plain = _clean(tmp_path, tuning={"threads": 1})
    assert not fetched
    assert _clean(tmp_path, tuning={"threads": 2}) == plain
    assert fetched == [pytest.approx(60_000, rel=0.1)]
    _clean(tmp_path, tuning={"threads": 2}, rows=1_000)
    assert fetched[1:] == [1_000]
    for scope in ("none", "file"):
        _clean(tmp_path, tuning={"threads": 2}, duplicates=scope)
    assert len(fetched) == 2


def test_memory_is_let_go_where_the_numbers_outgrow_it(
    tmp_path: Path, fetched: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[bool] = []
    give = Prefetched.take

    def take(self: Prefetched) -> Any:
        memory = give(self)
        given.append(memory is not None)
        return memory

    monkeypatch.setattr(Prefetched, "take", take)
    campaign = {"campaign": "summer", "state": tmp_path / "state.duckdb", "profile": "voicegenie"}
    _clean(tmp_path, out=tmp_path / "out", **campaign)
    plain = _clean(tmp_path, dry_run=True, **campaign)
    assert given == [True, True]
    monkeypatch.setattr(process, "CONTACT_BYTES", 1 << 40)
    assert _clean(tmp_path, dry_run=True, **campaign) == plain
    assert given == [True, True, True]
    assert len(fetched) == 3
