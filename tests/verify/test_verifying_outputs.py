"""`verify` and `campaign check` find any disagreement between outputs, manifest and state, and nothing where all is well."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import fsspec
import pyarrow.parquet as pq
import pytest

import leadsieve as ls

LEADS = "phone,name\n+12025550123,a\n+12025550124,b\n12,c\n+12025550123,d\n"


@pytest.fixture(params=["parquet", "csv"])
def published(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    (tmp_path / "a.csv").write_text(LEADS)
    ls.clean(
        tmp_path / "a.csv",
        campaign="summer",
        state=tmp_path / "s.duckdb",
        out=tmp_path / "out",
        format=request.param,
    )
    return tmp_path / "out"


def _problems(out: Path) -> list[str]:
    return [row["problem"] for row in ls.verify(out, state=out.parent / "s.duckdb").to_pylist()]


def test_a_sound_publication_has_no_problem(published: Path) -> None:
    assert _problems(published) == []
    assert ls.Campaigns(published.parent / "s.duckdb").check().num_rows == 0


def _part(out: Path, name: str) -> Path:
    return next(path for path in out.iterdir() if path.stem == name)


def _cut(out: Path) -> None:
    path = _part(out, "accepted")
    path.write_bytes(path.read_bytes()[:-1])


def _flip(out: Path) -> None:
    path = _part(out, "rejected")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def _remove(out: Path) -> None:
    _part(out, "errors").unlink()


def _add(out: Path) -> None:
    (out / "notes.txt").write_text("mine")


@pytest.mark.parametrize(
    ("damage", "problem"),
    [(_cut, "bytes"), (_flip, "changed"), (_remove, "missing"), (_add, "did not publish")],
)
def test_each_damage_to_a_file_is_named(published: Path, damage: Callable[[Path], None], problem: str) -> None:
    damage(published)
    (found,) = _problems(published)
    assert problem in found
    assert ls.Campaigns(published.parent / "s.duckdb").check().num_rows == 1


def _rewrite(out: Path, **changes: object) -> None:
    info = json.loads((out / "run.json").read_text())
    info.update(changes)
    (out / "run.json").write_text(json.dumps(info))


def test_counts_that_do_not_add_up_are_found(published: Path) -> None:
    ledger = json.loads((published / "run.json").read_text())["ledger"]
    ledger["files"][0].update(accepted=1, rejected=3)
    _rewrite(published, ledger=ledger)
    assert _problems(published) == ["the rejected file does not hold what the ledger counts"]


def test_an_answer_that_is_not_the_runs_is_found(published: Path) -> None:
    answers = json.loads((published / "run.json").read_text())["answers"]
    answers["raw"]["body"] = {"accepted": 7}
    _rewrite(published, answers=answers)
    assert _problems(published) == ["it is not the answer that run.json holds"]


def test_a_state_that_lost_or_gained_a_number_is_found(published: Path) -> None:
    state = published.parent / "s.duckdb"
    with duckdb.connect(str(state)) as connection:
        connection.execute("DELETE FROM untouched WHERE key = 12025550124")
    (found,) = _problems(published)
    assert found.startswith("campaign 'summer' gained 1 number")
    found = ls.Campaigns(state).check()["problem"].to_pylist()
    assert any("gained 1 number" in problem for problem in found)


def test_a_run_that_the_state_does_not_know_is_found(published: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.duckdb"
    (tmp_path / "b.csv").write_text(LEADS)
    ls.clean(tmp_path / "b.csv", campaign="winter", state=other, out=tmp_path / "out2")
    (found,) = ls.verify(published, state=other)["problem"].to_pylist()
    assert "has no run" in found


def test_an_undone_run_is_said_to_be_undone(published: Path) -> None:
    campaigns = ls.Campaigns(published.parent / "s.duckdb")
    run_id = json.loads((published / "run.json").read_text())["run_id"]
    campaigns.undo(run_id)
    (found,) = _problems(published)
    assert found.startswith(f"its run {run_id} was undone on ")


def test_a_forgotten_number_is_said_to_be_in_the_files_still(published: Path) -> None:
    campaigns = ls.Campaigns(published.parent / "s.duckdb")
    held = campaigns.forget("+12025550124")
    assert {Path(row["path"]).stem for row in held.to_pylist()} == {"accepted"}
    assert _problems(published) == ["it still holds 1 number that the state was told to forget"]


def test_without_a_campaign_no_state_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(LEADS)
    ls.clean(tmp_path / "a.csv", out=tmp_path / "out")
    assert ls.verify(tmp_path / "out", state=tmp_path / "none.duckdb").num_rows == 0
    table = pq.read_table(tmp_path / "out" / "accepted.parquet")
    pq.write_table(table.slice(1), tmp_path / "out" / "accepted.parquet")
    assert ls.verify(tmp_path / "out").num_rows == 1


def test_what_a_run_over_its_limit_left_is_verified_too(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(LEADS)
    with pytest.raises(ls.TooManyRejected):
        ls.clean(tmp_path / "a.csv", out=tmp_path / "out", fail_over=0.1)
    assert ls.verify(tmp_path / "out.failed").num_rows == 0


def test_a_publication_at_a_url_is_verified_as_any_other(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(LEADS)
    url, state = f"memory://{tmp_path.name}/out", tmp_path / "s.duckdb"
    run = ls.clean(tmp_path / "a.csv", campaign="summer", state=state, out=url)
    assert ls.verify(url, state=state).num_rows == 0
    store = fsspec.filesystem("memory")
    (name,) = [entry["name"] for entry in run.info["files"] if "accepted" in entry["name"]]
    store.pipe(f"/{tmp_path.name}/out/{name}", b"other")
    (found,) = ls.verify(url, state=state).to_pylist()
    assert found["where"].endswith("/accepted.parquet")
    with pytest.raises(ls.UsageError, match="holds no run"):
        ls.verify(f"memory://{tmp_path.name}/nothing")


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ls.UsageError, match="holds no run that leadsieve published"):
        ls.verify(tmp_path)
