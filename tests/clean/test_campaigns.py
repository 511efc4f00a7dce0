"""Campaigns: duplicates against the state, recognised re-runs, and judging as of a run that was committed before."""

from pathlib import Path

import duckdb
import pytest

import leadsieve as ls


def _leads(path: Path, *numbers: str) -> Path:
    path.write_text("phone,name\n" + "".join(f"{number},n{i}\n" for i, number in enumerate(numbers)))
    return path


def _numbers(run: ls.Run) -> list[str]:
    return run.accepted.to_arrow()["phone_number"].to_pylist()


def _reasons(run: ls.Run) -> dict[int, str]:
    rows = run.rejected.to_arrow().select(["lead_row", "reject_reason"]).to_pylist()
    return {row["lead_row"]: row["reject_reason"] for row in rows}


@pytest.fixture
def clean(tmp_path: Path):
    def _clean(source: Path, out: str, **options) -> ls.Run:
        options = {"campaign": "summer", "region": "US", "state": tmp_path / "s.duckdb", **options}
        return ls.clean(source, out=tmp_path / out, **options)

    return _clean


A, B, C = "+12025550123", "+12025550124", "+12025550125"


def test_the_first_is_judged_against_the_campaign_and_later_ones_against_the_first(tmp_path: Path, clean) -> None:
    first = clean(_leads(tmp_path / "a.csv", A, B), "o1")
    second = clean(_leads(tmp_path / "b.csv", C, "(202) 555-0123", A, "12", C), "o2")
    assert _numbers(first) == [A, B]
    assert _numbers(second) == [C]
    assert _reasons(second) == {
        2: "duplicate_in_campaign",
        3: "duplicate_in_file",
        4: "invalid_phone",
        5: "duplicate_in_file",
    }
    errors = second.errors.to_arrow().to_pylist()
    collided = {e["lead_row"]: e["collides_with"] for e in errors if e["code"].startswith("duplicate")}
    assert collided[2] == f"campaign summer, run {first.info['run_id']}, pending"
    assert collided[3].endswith("b.csv, row 2")
    assert collided[5].endswith("b.csv, row 1")


def test_a_rejected_row_never_shadows_a_later_good_one(tmp_path: Path) -> None:
    source = tmp_path / "a.csv"
    source.write_text(f"phone,name\n{A},x,too many\n{A},y\n")
    with ls.clean(source) as run:
        assert _numbers(run) == [A]


@pytest.mark.parametrize(
    ("scope", "accepted"),
    [("none", 4), ("file", 3), ("run", 2), ("campaign", 1), ("all", 0)],
)
def test_scopes_are_a_ladder(tmp_path: Path, clean, scope: str, accepted: int) -> None:
    clean(_leads(tmp_path / "x.csv", A), "x")
    clean(_leads(tmp_path / "y.csv", B), "y", campaign="other")
    _leads(tmp_path / "1.csv", A, A)
    _leads(tmp_path / "2.csv", A, B)
    sources = [tmp_path / "1.csv", tmp_path / "2.csv"]
    run = ls.clean(
        sources, campaign="summer", state=tmp_path / "s.duckdb", duplicates=scope, out=tmp_path / "z", rows=None
    )
    assert run.ledger["accepted"] == accepted


def test_the_same_command_again_imports_nothing(tmp_path: Path, clean) -> None:
    source = _leads(tmp_path / "a.csv", A, B)
    first = clean(source, "out")
    again = clean(source, "out")
    assert (first.repeated, again.repeated) == (False, True)
    assert again.info == first.info
    assert again.summary == first.summary
    forced = clean(source, "out2", again=True)
    assert _reasons(forced) == {1: "duplicate_in_campaign", 2: "duplicate_in_campaign"}


def test_a_committed_run_is_published_again_as_it_was_judged_then(tmp_path: Path, clean) -> None:
    source = _leads(tmp_path / "a.csv", A, B)
    clean(_leads(tmp_path / "0.csv", A), "o0")
    first = clean(source, "out")
    clean(_leads(tmp_path / "b.csv", B, C), "o2")  # a later run must not be seen by the re-run
    before = {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()}
    for path in (tmp_path / "out").iterdir():
        path.unlink()
    again = clean(source, "out")
    assert again.repeated
    assert again.info["run_id"] == first.info["run_id"]
    after = {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()}
    assert before.keys() == after.keys()
    assert all(before[name] == after[name] for name in before if name != "run.json")
    other = clean(source, "elsewhere")
    assert (tmp_path / "elsewhere" / "accepted.parquet").read_bytes() == before["accepted.parquet"]
    assert other.info["run_id"] == first.info["run_id"]
    with ls.clean(source, campaign="summer", region="US", state=tmp_path / "s.duckdb", dry_run=True) as seen:
        assert seen.ledger["reasons"] == {"duplicate_in_campaign": 2}


def test_a_changed_source_or_option_is_a_new_run(tmp_path: Path, clean) -> None:
    source = _leads(tmp_path / "a.csv", A)
    clean(source, "out")
    _leads(source, B)  # as many bytes as before
    assert _numbers(clean(source, "out2")) == [B]
    with pytest.raises(ls.OutputError) as caught:
        clean(source, "out", duplicates="run")
    assert caught.value.code == "output_exists"


def test_overwrite_replaces_what_was_published(tmp_path: Path, clean) -> None:
    clean(_leads(tmp_path / "a.csv", A), "out")
    run = clean(_leads(tmp_path / "b.csv", B), "out", overwrite=True)
    assert _numbers(run) == [B]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "b.csv", "out", "s.duckdb", "s.duckdb.lock"]


def test_without_a_campaign_the_same_command_again_changes_nothing(tmp_path: Path) -> None:
    source = _leads(tmp_path / "a.csv", A)
    first = ls.clean(source, out=tmp_path / "out")
    stamp = (tmp_path / "out").stat().st_mtime_ns
    again = ls.clean(source, out=tmp_path / "out")
    assert again.repeated
    assert again.info == first.info
    assert (tmp_path / "out").stat().st_mtime_ns == stamp
    (tmp_path / "out" / "accepted.parquet").write_bytes(b"damaged")
    with pytest.raises(ls.OutputError):
        ls.clean(source, out=tmp_path / "out")
    assert not ls.clean(source, out=tmp_path / "out", overwrite=True).repeated


def test_a_dry_run_leaves_no_trace(tmp_path: Path) -> None:
    source = _leads(tmp_path / "a.csv", A)
    with ls.clean(source, campaign="c", state=tmp_path / "s.duckdb", out=tmp_path / "out", dry_run=True) as run:
        assert _numbers(run) == [A]
        folder = run.accepted.path.parent
    assert not folder.exists()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv"]


def test_too_many_rejected_commits_nothing(tmp_path: Path, clean) -> None:
    source = _leads(tmp_path / "a.csv", A, "12", "13", A)
    with pytest.raises(ls.TooManyRejected) as caught:
        clean(source, "out", fail_over=0.49)
    assert caught.value.exit_code == 1
    assert not (tmp_path / "out").exists()
    assert sorted(p.name for p in (tmp_path / "out.failed").iterdir()) == [
        "errors.parquet",
        "rejected.parquet",
        "run.json",
        "summary.json",
    ]
    # Duplicates do not count: two rows of four are bad.
    run = clean(source, "out", fail_over=0.5)
    assert _numbers(run) == [A]


def test_only_contacts_that_changed_of_late_make_a_duplicate(tmp_path: Path, clean) -> None:
    clean(_leads(tmp_path / "a.csv", A, B), "o1")
    with duckdb.connect(str(tmp_path / "s.duckdb")) as connection:
        connection.execute("UPDATE runs SET committed_at = committed_at - INTERVAL 40 DAY")
    (tmp_path / "called.csv").write_text(f"phone,status\n{B},busy\n")
    ls.Campaigns(tmp_path / "s.duckdb").mark("summer", tmp_path / "called.csv")
    assert _numbers(clean(_leads(tmp_path / "b.csv", A, B), "o2", duplicate_age=30)) == [A]
    assert _numbers(clean(_leads(tmp_path / "c.csv", B, C), "o3", duplicate_age=30)) == [C]


def test_nothing_is_added_to_another_state_than_the_one_judged_against(tmp_path: Path, clean) -> None:
    clean(_leads(tmp_path / "a.csv", A), "o1")
    state, other = tmp_path / "s.duckdb", tmp_path / "other.duckdb"
    before = state.read_bytes()

    def swap(_: object) -> None:
        if not other.exists():
            other.write_bytes(before)
            other.rename(state)
            other.touch()

    with pytest.raises(ls.StateError, match="another file was put in its place during the run, so nothing was added"):
        clean(_leads(tmp_path / "b.csv", B), "o2", progress=swap)
    assert not (tmp_path / "o2").exists()
    assert state.read_bytes() == before
    assert _numbers(clean(_leads(tmp_path / "b.csv", B), "o2")) == [B]


@pytest.mark.parametrize("days", [700_000, 800_000, 10**9, 10**30])
def test_an_age_before_all_calendars_lets_every_contact_count(tmp_path: Path, clean, days: int) -> None:
    clean(_leads(tmp_path / "a.csv", A, B), "o1")
    assert _numbers(clean(_leads(tmp_path / "b.csv", A, C), "o2", duplicate_age=days)) == [C]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"duplicate_statuses": ["pending", "sleeping"]}, "'sleeping' is unknown; there are pending"),
        ({"duplicate_statuses": []}, "names none"),
        ({"duplicate_statuses": "pending"}, "is not a list of names"),
        ({"duplicate_age": 0}, "is not a number of days"),
        ({"duplicate_age": 30, "campaign": None}, "add --campaign"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(tmp_path: Path, clean, options: dict[str, object], said: str) -> None:
    with pytest.raises(ls.UsageError, match=said):
        clean(_leads(tmp_path / "a.csv", A), "out", **options)
    assert not (tmp_path / "s.duckdb").exists()


def test_an_option_that_is_not_said_tells_no_run_apart(tmp_path: Path, clean) -> None:
    source = _leads(tmp_path / "a.csv", A)
    plain = clean(source, "o1").info["options_fingerprint"]
    assert clean(source, "o1", duplicate_statuses=None, duplicate_age=None).info["options_fingerprint"] == plain
    assert clean(source, "o2", duplicate_age=3, again=True).info["options_fingerprint"] != plain
