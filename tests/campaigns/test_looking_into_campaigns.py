"""`Campaigns` and its commands: what a state holds is shown, marked, explained, exported, forgotten and taken back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

import leadsieve as ls

A, B, C = "+12025550123", "+12025550124", "+12025550125"


def _leads(path: Path, *numbers: str) -> Path:
    path.write_text("phone,name\n" + "".join(f"{number},n{i}\n" for i, number in enumerate(numbers)))
    return path


def _clean(folder: Path, name: str, *numbers: str, campaign: str = "summer", **options: object) -> ls.Run:
    source = _leads(folder / f"{name}.csv", *numbers)
    return ls.clean(source, campaign=campaign, state=folder / "s.duckdb", out=folder / name, region="US", **options)


@pytest.fixture
def campaigns(tmp_path: Path) -> ls.Campaigns:
    _clean(tmp_path, "one", A, B)
    return ls.Campaigns(tmp_path / "s.duckdb")


def _statuses(campaigns: ls.Campaigns, campaign: str = "summer") -> dict[str, str]:
    return {row["phone_number"]: row["status"] for row in campaigns.contacts(campaign).to_pylist()}


def test_campaigns_are_listed_with_their_contacts(tmp_path: Path, campaigns: ls.Campaigns) -> None:
    _clean(tmp_path, "two", C, campaign="winter")
    listed = [(row["campaign"], row["runs"], row["contacts"], row["pending"]) for row in campaigns.list().to_pylist()]
    assert listed == [("summer", 1, 2, 2), ("winter", 1, 1, 1)]


def test_the_runs_of_a_campaign_are_shown(tmp_path: Path, campaigns: ls.Campaigns) -> None:
    (shown,) = campaigns.show("summer").to_pylist()
    assert (shown["rows"], shown["accepted"], shown["rejected"], shown["published"]) == (2, 2, 0, True)
    assert shown["out"] == str(tmp_path / "one")
    assert shown["sources"].endswith("one.csv")


def test_an_unknown_campaign_is_named_with_those_that_there_are(campaigns: ls.Campaigns) -> None:
    for ask in (campaigns.show, campaigns.contacts):
        with pytest.raises(ls.UsageError, match=r"'autumn' does not exist .* there are: 'summer'"):
            ask("autumn")


def test_a_state_that_is_not_there_is_not_made_by_looking(tmp_path: Path) -> None:
    nowhere = ls.Campaigns(tmp_path / "none.duckdb")
    asked = [nowhere.list, nowhere.check, nowhere.history, nowhere.suppressions]
    asked += [lambda: nowhere.undo("x"), lambda: nowhere.forget(A), lambda: nowhere.unsuppress("dnc")]
    for ask in asked:
        with pytest.raises(ls.StateError, match="does not exist"):
            ask()
    assert list(tmp_path.iterdir()) == []


def test_a_dialler_marks_what_became_of_contacts(tmp_path: Path, campaigns: ls.Campaigns) -> None:
    (tmp_path / "results.csv").write_text("Phone,Disposition\n(202) 555-0123,REACHED\n+12025550125,Failed\n")
    (marked,) = campaigns.mark(
        "summer", tmp_path / "results.csv", region="US", words={"reached": "completed"}
    ).to_pylist()
    assert (marked["changed"], marked["unchanged"], marked["unknown"]) == (1, 0, 1)
    assert _statuses(campaigns) == {A: "completed", B: "pending"}
    with pytest.raises(ls.UsageError, match=r"results\.csv.*row 1.*REACHED"):
        campaigns.mark("summer", tmp_path / "results.csv", region="US")
    campaigns.undo(marked["mark_id"])
    assert _statuses(campaigns) == {A: "pending", B: "pending"}


def test_the_last_file_of_several_says_the_status(tmp_path: Path, campaigns: ls.Campaigns) -> None:
    (tmp_path / "1.csv").write_text(f"phone,status\n{A},busy\n{B},busy\n")
    (tmp_path / "2.csv").write_text(f"phone,status\n{A},failed\n{A},completed\n")
    campaigns.mark("summer", [tmp_path / "1.csv", tmp_path / "2.csv"])
    assert _statuses(campaigns) == {A: "completed", B: "busy"}


def test_statuses_decide_what_a_later_run_takes_for_a_duplicate(tmp_path: Path, campaigns: ls.Campaigns) -> None:
    (tmp_path / "called.csv").write_text(f"phone\n{A}\n")
    campaigns.mark("summer", tmp_path / "called.csv", status="failed")
    again = _clean(tmp_path, "two", A, B, duplicate_statuses=["pending", "completed"])
    assert again.accepted.to_arrow()["phone_number"].to_pylist() == [A]
    assert again.errors.to_arrow()["collides_with"][0].as_py().endswith(", pending")


def test_undoing_a_run_gives_its_numbers_free(tmp_path: Path, campaigns: ls.Campaigns) -> None:
    run_id = campaigns.show("summer")["run_id"][0].as_py()
    later = _clean(tmp_path, "two", B, C)
    with pytest.raises(ls.StateError, match=later.info["run_id"]) as refused:
        campaigns.undo(run_id)
    assert refused.value.code == "state_conflict"
    campaigns.undo(later.info["run_id"])
    (undone,) = campaigns.undo(run_id).to_pylist()
    assert (undone["kind"], undone["contacts"], undone["out"]) == ("import", 2, str(tmp_path / "one"))
    assert campaigns.list().num_rows == 0
    assert _clean(tmp_path, "three", A, B).ledger["accepted"] == 2
    assert campaigns.check().num_rows == 0


def test_the_same_command_after_undo_imports_anew(tmp_path: Path, campaigns: ls.Campaigns) -> None:
    campaigns.undo(campaigns.show("summer")["run_id"][0].as_py())
    with pytest.raises(ls.OutputError, match="--overwrite"):
        _clean(tmp_path, "one", A, B)
    run = _clean(tmp_path, "one", A, B, overwrite=True)
    assert not run.repeated
    assert _statuses(campaigns) == {A: "pending", B: "pending"}


def test_history_tells_of_a_campaign_and_of_a_number(tmp_path: Path, campaigns: ls.Campaigns) -> None:
    (tmp_path / "called.csv").write_text(f"phone\n{A}\n")
    campaigns.mark("summer", tmp_path / "called.csv", status="completed")
    campaigns.suppress("dnc", tmp_path / "called.csv")
    assert campaigns.history("summer")["kind"].to_pylist() == ["import", "mark", "suppression"]
    told = campaigns.history(number="(202) 555-0123", region="US").to_pylist()
    assert [(row["kind"], row["before"], row["after"]) for row in told] == [
        ("import", None, "pending"),
        ("mark", "pending", "completed"),
        ("suppression", None, None),
    ]
    assert campaigns.history(number=C).num_rows == 0


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_contacts_are_exported(tmp_path: Path, campaigns: ls.Campaigns, suffix: str) -> None:
    to = tmp_path / f"contacts.{suffix}"
    assert campaigns.export("summer", to) == 2
    text = to.read_text() if suffix == "csv" else str(pq.read_table(to).to_pylist())
    assert A in text
    assert "pending" in text
    with pytest.raises(ls.UsageError, match="exists already"):
        campaigns.export("summer", to)
    assert [path.name for path in tmp_path.iterdir() if "leadsieve-export" in path.name] == []


def test_a_forgotten_number_leaves_no_trace_and_its_files_are_named(tmp_path: Path, campaigns: ls.Campaigns) -> None:
    _clean(tmp_path, "two", "(202) 555 - 0123", C)
    held = campaigns.forget("202-555-0123", region="US", suppress=True).to_pylist()
    names = {(Path(row["path"]).parent.name, Path(row["path"]).stem) for row in held}
    assert names == {("one", "accepted"), ("two", "rejected"), ("two", "errors")}
    assert _statuses(campaigns) == {B: "pending", C: "pending"}
    assert [row["kind"] for row in campaigns.history(number=A).to_pylist()] == ["suppression"]
    assert _clean(tmp_path, "three", A).ledger["reasons"] == {"suppressed": 1}
    problems = campaigns.check()["problem"].to_pylist()
    assert problems == ["it still holds 1 number that the state was told to forget"]


_WIDE = "2025550123".translate({ord("0") + digit: 0xFF10 + digit for digit in range(10)})
_ARABIC = "2025550123".translate({ord("0") + digit: 0x0660 + digit for digit in range(10)})


@pytest.mark.parametrize("spelling", ["2025550123", "tel: 202.555.0123", _WIDE, _ARABIC])
def test_a_number_is_found_in_any_column_and_spelling(tmp_path: Path, spelling: str) -> None:
    source = tmp_path / "a.csv"
    source.write_text(f"phone,note\n{B},call {spelling} first\nx,\n", encoding="utf-8")
    ls.clean(source, campaign="summer", state=tmp_path / "s.duckdb", out=tmp_path / "out")
    (held,) = ls.Campaigns(tmp_path / "s.duckdb").forget(A).to_pylist()
    assert (Path(held["path"]).name, held["rows"]) == ("accepted.parquet", 1)
    assert held["first_rows"].endswith("a.csv row 1")


def test_a_number_that_is_none_is_refused_without_being_shown(campaigns: ls.Campaigns) -> None:
    with pytest.raises(ls.UsageError, match="cannot be read as a phone number") as refused:
        campaigns.forget("9995550123456789012345")
    assert "999555" not in str(refused.value)


def test_lists_are_kept_replaced_and_removed(tmp_path: Path, campaigns: ls.Campaigns) -> None:
    _leads(tmp_path / "dnc.csv", C)
    (kept,) = campaigns.suppress("dnc", tmp_path / "dnc.csv").to_pylist()
    assert (kept["list"], kept["campaign"], kept["entries"]) == ("dnc", None, 1)
    assert _clean(tmp_path, "two", C).ledger["reasons"] == {"suppressed": 1}
    _leads(tmp_path / "dnc2.csv", "+12025550199")
    assert campaigns.suppress("dnc", tmp_path / "dnc2.csv", replace=True).num_rows == 1
    assert _clean(tmp_path, "three", C, "+12025550199").ledger["reasons"] == {"suppressed": 1}
    campaigns.unsuppress("dnc")
    assert campaigns.suppressions().num_rows == 0
    assert _clean(tmp_path, "four", "+12025550199").ledger["accepted"] == 1


def test_a_run_that_stands_says_which_of_its_numbers_must_not_be_called(
    tmp_path: Path, campaigns: ls.Campaigns, caplog: pytest.LogCaptureFixture
) -> None:
    assert _clean(tmp_path, "one", A, B).repeated
    assert "must not be called" not in caplog.text
    campaigns.suppress("dnc", _leads(tmp_path / "dnc.csv", B))
    assert _clean(tmp_path, "one", A, B).repeated
    assert "1 number of run" in caplog.text
    assert "campaign undo" in caplog.text


def test_a_list_of_one_campaign_holds_for_no_other(tmp_path: Path, campaigns: ls.Campaigns) -> None:
    campaigns.suppress("dnc", _leads(tmp_path / "dnc.csv", C), campaign="summer")
    assert _clean(tmp_path, "two", C).ledger["accepted"] == 0
    assert _clean(tmp_path, "three", C, campaign="winter").ledger["accepted"] == 1


@pytest.mark.parametrize("name", ["'; DROP TABLE runs; --", "../../etc", "a*?[b]", '"x"', "ünïcödé 名", "%s {0}"])
def test_names_are_data(tmp_path: Path, name: str) -> None:
    _clean(tmp_path, "one", A, campaign=name)
    campaigns = ls.Campaigns(tmp_path / "s.duckdb")
    campaigns.suppress(name, _leads(tmp_path / "dnc.csv", B), campaign=name)
    assert campaigns.list()["campaign"].to_pylist() == [name]
    assert _clean(tmp_path, "two", B, campaign=name).ledger["reasons"] == {"suppressed": 1}
    campaigns.unsuppress(name, campaign=name)
    assert campaigns.check().num_rows == 0


@pytest.fixture
def run(leadsieve: Callable[..., Any]) -> Callable[..., Any]:
    """Run a command that ends as it is meant to."""

    def _run(*arguments: object, code: int = 0) -> Any:
        said = leadsieve(*arguments)
        assert said.code == code, said.err
        return said

    return _run


def test_every_command_says_what_the_library_says(
    run: Callable[..., Any], tmp_path: Path, campaigns: ls.Campaigns
) -> None:
    state = ["--state", campaigns.path]
    (tmp_path / "called.csv").write_text(f"phone,result\n{A},Answered\n")
    assert re.search(r"^campaign .*\nsummer ", run("campaign", "list", *state).out)
    assert json.loads(run("campaign", "show", "summer", *state, "--json").out)[0]["accepted"] == 2
    run("campaign", "mark", "summer", tmp_path / "called.csv", "--word", "Answered=completed", *state)
    assert "completed" in run("campaign", "history", "--number", A, *state).out
    run("campaign", "export", "summer", "--to", tmp_path / "c.csv", *state)
    assert (tmp_path / "c.csv").read_text().count("\n") == 3
    run("suppress", "add", "dnc", tmp_path / "called.csv", "--date", "2026-01-31", *state)
    assert "2026-01-31" in run("suppress", "list", *state).out
    run("suppress", "remove", "dnc", *state)
    assert "no list is kept" in run("suppress", "list", *state).out
    assert "accepted.parquet" in run("campaign", "forget", A, *state).out
    assert "forget" in run("campaign", "check", *state, code=4).out
    assert "forget" in run("verify", tmp_path / "one", *state, code=4).out
    run_id = campaigns.show("summer")["run_id"][0].as_py()
    assert "keep them out of the dialler" in run("campaign", "undo", run_id, *state).err
    assert "undone" in run("campaign", "history", "summer", *state).out


def test_a_damaged_state_is_one_line_and_code_4(
    run: Callable[..., Any], tmp_path: Path, campaigns: ls.Campaigns
) -> None:
    with duckdb.connect(str(campaigns.path)) as connection:
        connection.execute("UPDATE untouched SET run_seq = 99")
    done = run("campaign", "check", "--state", campaigns.path, code=4)
    assert done.out.strip()
    campaigns.path.write_bytes(campaigns.path.read_bytes()[:5000])
    done = run("campaign", "list", "--state", campaigns.path, code=4)
    assert len(done.err.strip().splitlines()) == 1
