"""What a repeated command gives when something around it has changed: another format, name, region case or limit."""

from pathlib import Path

import pytest

import leadsieve as ls
from leadsieve_connectors.campaigns import State

A, B = "+12025550123", "+12025550124"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "a.csv").write_text(f"phone,name\n{A},x\n12,y\n{B},z\n")
    return tmp_path / "a.csv"


@pytest.mark.parametrize("campaign", [None, "c"])
def test_another_format_is_published_and_not_passed_over(tmp_path: Path, source: Path, campaign) -> None:
    options = {"campaign": campaign, "state": tmp_path / "s.duckdb", "out": tmp_path / "out"}
    ls.clean(source, **options)
    again = ls.clean(source, format="csv", overwrite=True, **options)
    assert sorted(p.suffix for p in (tmp_path / "out").iterdir()) == [".csv", ".csv", ".csv", ".json", ".json"]
    assert again.accepted.to_arrow()["phone_number"].to_pylist() == [A, B]
    if campaign:
        assert again.repeated
        assert State(tmp_path / "s.duckdb").campaign("c").contacts == 2


@pytest.mark.parametrize("campaign", [None, "c"])
def test_the_same_bytes_under_another_name_are_published_under_it(tmp_path: Path, source: Path, campaign) -> None:
    options = {"campaign": campaign, "state": tmp_path / "s.duckdb", "out": tmp_path / "out", "overwrite": True}
    ls.clean(source, **options)
    (tmp_path / "b.csv").write_bytes(source.read_bytes())
    again = ls.clean(tmp_path / "b.csv", **options)
    assert set(again.accepted.to_arrow()["lead_file"].to_pylist()) == {str(tmp_path / "b.csv")}
    if campaign:
        assert State(tmp_path / "s.duckdb").campaign("c").runs == 1


def test_a_limit_is_looked_at_in_a_repeated_run_too(tmp_path: Path, source: Path) -> None:
    ls.clean(source, out=tmp_path / "out")
    with pytest.raises(ls.TooManyRejected):
        ls.clean(source, out=tmp_path / "out", fail_over=0.1)
    assert ls.clean(source, out=tmp_path / "out", fail_over=0.5).repeated


def test_the_case_of_the_region_tells_no_runs_apart(tmp_path: Path, source: Path) -> None:
    ls.clean(source, out=tmp_path / "out", region="us")
    assert ls.clean(source, out=tmp_path / "out", region="US").repeated


def test_the_first_of_equal_runs_is_the_one_that_is_meant(tmp_path: Path, source: Path) -> None:
    options = {"campaign": "c", "state": tmp_path / "s.duckdb"}
    first = ls.clean(source, out=tmp_path / "o1", **options)
    second = ls.clean(source, out=tmp_path / "o2", again=True, **options)
    assert (first.ledger["accepted"], second.ledger["accepted"]) == (2, 0)
    assert ls.clean(source, out=tmp_path / "o2", **options).info["run_id"] == second.info["run_id"]
    assert ls.clean(source, out=tmp_path / "o1", **options).info["run_id"] == first.info["run_id"]
    assert ls.clean(source, out=tmp_path / "o3", **options).ledger == first.ledger


def test_rules_that_have_changed_since_are_a_conflict(tmp_path: Path, source: Path) -> None:
    import duckdb

    options = {"campaign": "c", "state": tmp_path / "s.duckdb"}
    ls.clean(source, out=tmp_path / "out", **options)
    with duckdb.connect(str(tmp_path / "s.duckdb")) as state:
        state.execute("DELETE FROM untouched WHERE key = 12025550123")
    with pytest.raises(ls.StateError) as caught:
        ls.clean(source, out=tmp_path / "elsewhere", **options)
    assert (caught.value.code, caught.value.exit_code) == ("state_conflict", 4)
    assert not (tmp_path / "elsewhere").exists()


def test_what_failed_never_replaces_a_publication_of_the_user(tmp_path: Path, source: Path) -> None:
    (tmp_path / "b.csv").write_text(f"phone\n{B}\n")
    kept = ls.clean(tmp_path / "b.csv", out=tmp_path / "p.failed")
    with pytest.raises(ls.TooManyRejected, match="could not be kept"):
        ls.clean(source, out=tmp_path / "p", fail_over=0.0)
    assert kept.accepted.to_arrow()["phone_number"].to_pylist() == [B]
    for _ in range(2):  # an earlier failure is replaced
        with pytest.raises(ls.TooManyRejected, match="the rejected rows are in"):
            ls.clean(source, out=tmp_path / "q", fail_over=0.0)


def test_a_failure_carries_the_answer_of_the_system(tmp_path: Path, source: Path) -> None:
    with pytest.raises(ls.TooManyRejected) as caught:
        ls.clean(source, profile="voicegenie", fail_over=0.0)
    assert caught.value.answer["data"]["uploaded_count"] == 2
    (tmp_path / "e.csv").write_text("phone\n")
    with pytest.raises(ls.SourceError) as caught:
        ls.clean(tmp_path / "e.csv", profile="voicegenie")
    assert caught.value.answer["error"] == "BAD_REQUEST"
    with pytest.raises(ls.SourceError) as caught:
        ls.clean(tmp_path / "e.csv")
    assert caught.value.answer is None


def test_parts_outlive_the_run_and_the_working_folder(tmp_path: Path, source: Path, monkeypatch) -> None:
    part = ls.clean(source).accepted
    folder = part.path.parent
    assert part.to_polars().height == 2
    del part
    assert not folder.exists()
    monkeypatch.chdir(tmp_path)
    run = ls.clean(source, out="out")
    monkeypatch.chdir(tmp_path.parent)
    assert len(run.rejected.to_pandas()) == 1
