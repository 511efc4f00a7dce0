"""Two and twenty runs at once on one state: every number accepted once, as if the runs had come one after the other."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from fault_checks import check_ending
from fault_runs import FIRST, Ended, Place, held, left, run, write_source

from leadsieve_connectors.campaigns import State

OUTPUTS = ("accepted.parquet", "rejected.parquet", "errors.parquet", "summary.json")


def at_once(places: list[Place], sources: list[str], *more: str) -> list[Ended]:
    with ThreadPoolExecutor(len(places)) as pool:
        return list(pool.map(lambda place, source: run(place, *more, source=source), places, sources))


def prepared(folder: Path, count: int) -> tuple[list[Place], list[str]]:
    """Lay out so many sources, each of which shares a third of its numbers with the next."""
    folder.mkdir()
    (folder / "tmp").mkdir()
    sources = [f"leads{i}.csv" for i in range(count)]
    for i, source in enumerate(sources):
        write_source(folder / source, FIRST + 200 * i, 300)
    return [Place(folder, out=Path(f"out{i}")) for i in range(count)], sources


def accepted(folder: Path) -> list[str]:
    """All numbers in all outputs of a folder."""
    tables = [pq.read_table(path, columns=["phone_number"]) for path in folder.glob("out*/accepted.parquet")]
    return [number for table in tables for number in table["phone_number"].to_pylist()]


def contacts(folder: Path) -> list[str]:
    batches = State(folder / "s.duckdb").contacts("c")
    return [f"+{key}" for batch in batches for key in batch.column("key").to_pylist()]


@pytest.mark.parametrize("count", [2, pytest.param(20, marks=pytest.mark.long)])
def test_different_files(tmp_path: Path, count: int, record_property: Callable[[str, Any], None]) -> None:
    places, sources = prepared(tmp_path / "once", count)
    ended = at_once(places, sources)
    assert [check_ending(dataclasses.replace(each, said=_but_news(each.said))) for each in ended] == [
        "published"
    ] * count
    folder = places[0].folder
    numbers = accepted(folder)
    assert len(numbers) == len(set(numbers))
    assert sorted(contacts(folder)) == sorted(numbers)

    runs = State(folder / "s.duckdb").runs("c")
    order = [int(Path(each.out).name.removeprefix("out")) for each in runs]
    assert sorted(order) == list(range(count))
    turns, _ = prepared(tmp_path / "turn", count)
    for i in order:
        assert run(turns[i], source=sources[i]).code == 0
        for name in OUTPUTS:
            assert (turns[i].folder / f"out{i}" / name).read_bytes() == (folder / f"out{i}" / name).read_bytes()
    assert held(turns[0].folder / "s.duckdb", turns[0].folder) == held(folder / "s.duckdb", folder)
    record_property("fault", (f"{count} runs at once, different files", "as one after the other"))


@pytest.mark.parametrize("count", [2, pytest.param(20, marks=pytest.mark.long)])
@pytest.mark.parametrize("same_out", [True, pytest.param(False, marks=pytest.mark.long)])
def test_one_file(tmp_path: Path, count: int, same_out: bool, record_property: Callable[[str, Any], None]) -> None:
    places, sources = prepared(tmp_path / "once", count)
    places = [places[0]] * count if same_out else places
    ended = at_once(places, [sources[0]] * count)
    assert [each.code for each in ended] == [0] * count, ended
    folder = places[0].folder
    assert len(State(folder / "s.duckdb").runs("c")) == 1
    first = [left(place)["accepted.parquet"] for place in places]
    assert first == [first[0]] * count
    numbers = accepted(folder) if same_out else accepted(folder)[: len(contacts(folder))]
    assert sorted(contacts(folder)) == sorted(numbers)
    assert len({json.loads((place.folder / place.out / "run.json").read_bytes())["run_id"] for place in places}) == 1
    record_property(
        "fault", (f"{count} runs at once, one file, {'one OUT' if same_out else 'many OUTs'}", "one import")
    )


@pytest.mark.parametrize("count", [2, pytest.param(20, marks=pytest.mark.long)])
def test_one_folder_for_different_files(
    tmp_path: Path, count: int, record_property: Callable[[str, Any], None]
) -> None:
    places, sources = prepared(tmp_path / "once", count)
    ended = at_once([places[0]] * count, sources)
    assert sorted(each.code for each in ended) == [0, *[5] * (count - 1)]
    for each in ended:
        assert check_ending(dataclasses.replace(each, said=_but_news(each.said))) in {"published", "output_exists"}
    folder = places[0].folder
    assert sorted(contacts(folder)) == sorted(accepted(folder))
    record_property("fault", (f"{count} runs at once, one OUT", "one published, the others exit 5"))


@pytest.mark.parametrize("count", [pytest.param(20, marks=pytest.mark.long)])
def test_runs_that_do_not_wait(tmp_path: Path, count: int, record_property: Callable[[str, Any], None]) -> None:
    places, sources = prepared(tmp_path / "once", count)
    places = [dataclasses.replace(place, lock_seconds=0) for place in places]
    ended = at_once(places, sources)
    codes = [check_ending(dataclasses.replace(each, said=_but_news(each.said))) for each in ended]
    assert set(codes) <= {"published", "state_locked"}
    folder = places[0].folder
    assert len(State(folder / "s.duckdb").runs("c")) == codes.count("published") >= 1
    assert sorted(contacts(folder)) == sorted(accepted(folder))
    assert [place.folder.joinpath(place.out).exists() for place in places] == [code == "published" for code in codes]
    for code in sorted(set(codes)):
        record_property("fault", (f"{count} runs at once that do not wait", code))


def _but_news(said: str) -> str:
    """Leave out what is said of a new campaign, whatever others there are."""
    return "".join(line for line in said.splitlines(keepends=True) if not line.startswith("NEW CAMPAIGN"))
