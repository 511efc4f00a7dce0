"""Runs of a system that deletes contacts before it imports, end to end: what they count, and how that is told and undone."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import leadsieve as ls

A, B, C, D = "+12025550123", "+12025550124", "+12025550125", "+12025550126"
PROFILE = """
[profile]
name = "mine"
title = "Deletes what is pending or skipped"
source = "a test"
[fields.phone_number]
required = true
[duplicates]
delete_first = ["pending", "skipped"]
[answer.ok]
status = 200
body = { accepted = "{accepted}", rejected = "{rejected}" }
"""


def _clean(folder: Path, name: str, *numbers: str, campaign: str = "summer", **options: object) -> ls.Run:
    source, profile = folder / f"{name}.csv", folder / "mine.toml"
    source.write_text("phone\n" + "".join(f"{number}\n" for number in numbers))
    profile.write_text(PROFILE)
    options = {"profile": str(profile), "state": folder / "s.duckdb", "out": folder / name, **options}
    return ls.clean(source, campaign=campaign, **options)


def _mark(campaigns: ls.Campaigns, folder: Path, **statuses: str) -> None:
    numbers = {"A": A, "B": B, "C": C, "D": D}
    (folder / "back.csv").write_text(
        "phone,status\n" + "".join(f"{numbers[n]},{status}\n" for n, status in statuses.items())
    )
    campaigns.mark("summer", folder / "back.csv")


@pytest.fixture
def campaigns(tmp_path: Path) -> ls.Campaigns:
    """A is completed, B skipped, C pending; then B, A and D are imported."""
    _clean(tmp_path, "one", A, B, C)
    campaigns = ls.Campaigns(tmp_path / "s.duckdb")
    _mark(campaigns, tmp_path, A="completed", B="skipped")
    return campaigns


def _held(campaigns: ls.Campaigns) -> dict[str, str]:
    return {row["phone_number"]: row["status"] for row in campaigns.contacts("summer").to_pylist()}


def test_what_is_deleted_is_no_duplicate_and_the_others_are(tmp_path: Path, campaigns: ls.Campaigns) -> None:
    run = _clean(tmp_path, "two", B, A, D)
    assert run.accepted.to_arrow()["phone_number"].to_pylist() == [B, D]
    assert run.errors.to_arrow()["collides_with"][0].as_py().endswith(", completed")
    assert _held(campaigns) == {A: "completed", B: "pending", D: "pending"}
    assert [row["deleted"] for row in campaigns.show("summer").to_pylist()] == [0, 2]
    assert campaigns.check().num_rows == 0
    assert campaigns.export("summer", tmp_path / "c.csv") == 3


def test_only_the_runs_own_campaign_deletes(tmp_path: Path, campaigns: ls.Campaigns) -> None:
    run = _clean(tmp_path, "two", B, C, D, campaign="winter", duplicates="all")
    assert run.accepted.to_arrow()["phone_number"].to_pylist() == [D]
    assert _held(campaigns) == {A: "completed", B: "skipped", C: "pending"}


def test_a_dry_run_judges_so_and_deletes_nothing(tmp_path: Path, campaigns: ls.Campaigns) -> None:
    with _clean(tmp_path, "two", B, A, D, dry_run=True) as run:
        assert run.ledger["accepted"] == 2
    assert _held(campaigns) == {A: "completed", B: "skipped", C: "pending"}


def test_history_tells_of_what_was_deleted(tmp_path: Path, campaigns: ls.Campaigns) -> None:
    run_id = _clean(tmp_path, "two", B, A, D).info["run_id"]
    told = [(row["kind"], row["contacts"]) for row in campaigns.history("summer").to_pylist()]
    assert told == [("import", 1), ("mark", 2), ("deletion", 2), ("import", 2)]
    of_number = [(row["kind"], row["before"], row["after"]) for row in campaigns.history(number=B).to_pylist()]
    assert of_number == [
        ("import", None, "pending"),
        ("mark", "pending", "skipped"),
        ("deletion", "skipped", None),
        ("import", None, "pending"),
    ]
    (undone,) = campaigns.undo(run_id).to_pylist()
    assert (undone["contacts"], undone["restored"]) == (2, 2)
    assert _held(campaigns) == {A: "completed", B: "skipped", C: "pending"}


def test_a_run_whose_contacts_were_deleted_is_published_again(tmp_path: Path, campaigns: ls.Campaigns) -> None:
    before = (tmp_path / "one" / "accepted.parquet").read_bytes()
    _clean(tmp_path, "two", B, A, D)
    assert ls.verify(tmp_path / "one", state=campaigns.path).num_rows == 0
    shutil.rmtree(tmp_path / "one")
    assert _clean(tmp_path, "one", A, B, C).repeated
    assert (tmp_path / "one" / "accepted.parquet").read_bytes() == before
    assert ls.verify(tmp_path / "one", state=campaigns.path).num_rows == 0
    assert _held(campaigns) == {A: "completed", B: "pending", D: "pending"}


def test_a_run_that_deleted_is_published_again_as_it_was_judged(tmp_path: Path, campaigns: ls.Campaigns) -> None:
    _clean(tmp_path, "two", B, A, D)
    before = {path.name: path.read_bytes() for path in (tmp_path / "two").glob("*.parquet")}
    _mark(campaigns, tmp_path, A="failed", B="busy")
    _clean(tmp_path, "three", C)
    shutil.rmtree(tmp_path / "two")
    assert _clean(tmp_path, "two", B, A, D).repeated
    assert {path.name: path.read_bytes() for path in (tmp_path / "two").glob("*.parquet")} == before
    assert campaigns.check().num_rows == 0


def test_a_deleted_number_is_forgotten_too(tmp_path: Path, campaigns: ls.Campaigns) -> None:
    _clean(tmp_path, "two", D)
    named = {Path(row["path"]).parent.name for row in campaigns.forget(C).to_pylist()}
    assert named == {"one"}
    assert campaigns.history(number=C).num_rows == 0
    assert set(campaigns.check()["problem"].to_pylist()) == {
        "it still holds 1 number that the state was told to forget"
    }
