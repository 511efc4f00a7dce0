"""Runs with suppression lists: of their own, kept for all, kept for a campaign; told, dated, refused when stale."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import jsonschema
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leadsieve as ls
from leadsieve_connectors.campaigns import State, state_lock

A, B, C, D = "+12025550123", "+12025550124", "+12025550125", "+442079460000"
_SCHEMA = json.loads(files("leadsieve").joinpath("run.schema.json").read_text(encoding="utf-8"))


def _leads(path, *phones):
    path.write_text("phone,city\n" + "".join(f"{phone},x\n" for phone in phones))
    return path


def _list(path, *phones, days=0.0):
    path.write_text("".join(f"{phone}\n" for phone in phones))
    when = datetime.now(UTC) - timedelta(days=days)
    os.utime(path, (when.timestamp(), when.timestamp()))
    return str(path)


def _keep(state, name, *phones, campaign=None, days=0.0):
    kept = State(state)
    with state_lock(state, wait_seconds=1.0):
        kept.ensure()
        batch = pa.record_batch({"key": pa.array([int(phone) for phone in phones], pa.uint64())})
        now = datetime.now(UTC)
        kept.suppress(
            name, [batch], campaign=campaign, source=f"{name}.csv", sha256=hashlib.sha256(" ".join(phones).encode()).hexdigest(),
            dated=now - timedelta(days=days), added_at=now, unreadable=0, replace=False,
        )  # fmt: skip


def _numbers(run):
    return run.accepted.to_arrow()["phone_number"].to_pylist()


def _reasons(run):
    table = run.rejected.to_arrow()
    return dict(zip(table["lead_row"].to_pylist(), table["reject_reason"].to_pylist(), strict=True))


def _collisions(run):
    return [e["collides_with"] for e in run.errors.to_arrow().to_pylist() if e["code"] == "suppressed"]


def test_numbers_on_a_list_are_rejected_and_everything_is_written_down(tmp_path):
    leads = _leads(tmp_path / "leads.csv", A, "(202) 555-0124", C, A, "12")
    dnc = _list(tmp_path / "dnc.csv", A, "202-555-0124 ext 9", "555 12", days=3.5)
    run = ls.clean(leads, region="US", suppress=dnc, out=tmp_path / "out")
    assert _numbers(run) == [C]
    # A suppressed row is no first row: the second one with its number is suppressed too, and no duplicate.
    assert _reasons(run) == {1: "suppressed", 2: "suppressed", 4: "suppressed", 5: "invalid_phone"}
    assert set(_collisions(run)) == {f"list {dnc}"}
    assert run.ledger["groups"]["suppressed"] == 3
    jsonschema.validate(run.info, _SCHEMA)
    (told,) = run.info["suppression"]
    assert (told["list"], told["campaign"]) == (dnc, None)
    (file,) = told["files"]
    assert {key: file[key] for key in ("name", "age_days", "entries", "unreadable")} == {
        "name": dnc,
        "age_days": 3,
        "entries": 3,
        "unreadable": 0,
    }
    assert file["date"].endswith("+00:00")
    assert not (tmp_path / "leadsieve.duckdb").exists()


def test_without_a_list_run_json_says_that_there_was_none(tmp_path):
    with ls.clean(_leads(tmp_path / "leads.csv", A)) as run:
        assert run.info["suppression"] == []
        assert "suppress" not in run.info["options"]


def test_several_lists_are_all_named(tmp_path):
    one, two = _list(tmp_path / "1.csv", A, B), _list(tmp_path / "2.csv", A)
    with ls.clean(_leads(tmp_path / "leads.csv", A, B, C), suppress=[one, pa.table({"x": [A]}), two]) as run:
        assert _collisions(run) == [f"list {one}; list frame; list {two}", f"list {one}"]
        assert _numbers(run) == [C]


def test_suppressed_rows_do_not_count_for_fail_over(tmp_path):
    dnc = _list(tmp_path / "dnc.csv", A, B)
    with ls.clean(_leads(tmp_path / "leads.csv", A, B, C), suppress=dnc, fail_over=0.0) as run:
        assert run.ledger["accepted"] == 1


def test_a_list_of_which_too_much_cannot_be_read_refuses_the_run(tmp_path):
    dnc = _list(tmp_path / "dnc.csv", *[A] * 97, "9.19E+11", "2025550100", "2025550101")
    with pytest.raises(ls.SourceError, match=r"dnc\.csv: 3 of 100 entries cannot be read") as caught:
        ls.clean(_leads(tmp_path / "leads.csv", A), suppress=dnc, out=tmp_path / "out")
    assert (caught.value.code, caught.value.exit_code) == ("unreadable", 3)
    assert caught.value.answer is None
    assert not (tmp_path / "out").exists()
    with ls.clean(_leads(tmp_path / "leads.csv", "2025550100"), region="US", suppress=_list(tmp_path / "2", A)) as run:
        assert run.ledger["accepted"] == 1


def test_a_stale_list_refuses_the_run(tmp_path):
    dnc, leads = _list(tmp_path / "dnc.csv", A, days=31.5), _leads(tmp_path / "leads.csv", A)
    with pytest.raises(ls.UsageError, match=r"dnc\.csv' is 31 days old, more than the 30") as caught:
        ls.clean(leads, suppress=dnc, suppress_max_age=30, out=tmp_path / "out")
    assert caught.value.code == "invalid_option"
    assert not (tmp_path / "out").exists()
    with pytest.raises(ls.UsageError, match="'frame' has no date"):
        ls.clean(leads, suppress=pa.table({"x": [A]}), suppress_max_age=30)
    with ls.clean(leads, suppress=dnc, suppress_max_age=31) as run:
        assert _numbers(run) == []


def test_kept_lists_hold_for_their_campaigns(tmp_path):
    state, leads = tmp_path / "s.duckdb", _leads(tmp_path / "leads.csv", A, B, C, D)
    _keep(state, "dnc", A, days=2)
    _keep(state, "own", B, campaign="summer")
    _keep(state, "other", C, campaign="winter")
    dated = f"{datetime.now(UTC) - timedelta(days=2):%Y-%m-%d}"
    with ls.clean(leads, campaign="summer", state=state, dry_run=True) as run:
        assert _numbers(run) == [C, D]
        assert _collisions(run) == [f"list dnc ({dated})", f"list own ({datetime.now(UTC):%Y-%m-%d})"]
        assert [(one["list"], one["campaign"]) for one in run.info["suppression"]] == [("dnc", None), ("own", "summer")]
    with pytest.raises(ls.UsageError, match="'dnc' is 2 days old"):
        ls.clean(leads, campaign="summer", state=state, dry_run=True, suppress_max_age=1)
    with pytest.raises(ls.UsageError, match="--suppress @other: no list of this name is kept for campaign 'summer'"):
        ls.clean(leads, campaign="summer", state=state, dry_run=True, suppress="@other")
    with ls.clean(leads, state=state) as run:
        assert _numbers(run) == [A, B, C, D]
    with ls.clean(leads, state=state, suppress="@dnc") as run:
        assert _numbers(run) == [B, C, D]
    with pytest.raises(ls.UsageError, match="--suppress @own: no list of this name is kept for all campaigns"):
        ls.clean(leads, state=state, suppress="@own")


def test_a_kept_list_without_a_state(tmp_path):
    leads = _leads(tmp_path / "leads.csv", A)
    for campaign in (None, "summer"):
        with pytest.raises(ls.LeadsieveError, match=r"there is no state|no state"):
            ls.clean(leads, state=tmp_path / "s.duckdb", suppress="@dnc", campaign=campaign, dry_run=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["leads.csv"]


def test_the_content_of_the_lists_tells_two_runs_apart(tmp_path):
    leads, out = _leads(tmp_path / "leads.csv", A, B), tmp_path / "out"
    first = ls.clean(leads, suppress=_list(tmp_path / "1.csv", A), out=out)
    assert not first.repeated
    # The same content under another name, and of another day, is the same list.
    assert ls.clean(leads, suppress=_list(tmp_path / "2.csv", A, days=5), out=out).repeated
    for suppress in (_list(tmp_path / "3.csv", A, B), ()):
        with pytest.raises(ls.OutputError) as caught:
            ls.clean(leads, suppress=suppress, out=out)
        assert caught.value.code == "output_exists"


def test_a_committed_run_is_not_published_with_other_kept_lists(tmp_path):
    state, leads = tmp_path / "s.duckdb", _leads(tmp_path / "leads.csv", A, B)
    first = ls.clean(leads, campaign="summer", state=state, out=tmp_path / "out")
    _keep(state, "dnc", C)
    again = ls.clean(leads, campaign="summer", state=state, out=tmp_path / "2")
    assert (again.repeated, again.info["run_id"]) == (True, first.info["run_id"])
    _keep(state, "dnc", A)
    assert ls.clean(leads, campaign="summer", state=state, out=tmp_path / "out").repeated
    with pytest.raises(ls.StateError) as caught:
        ls.clean(leads, campaign="summer", state=state, out=tmp_path / "3")
    assert caught.value.code == "state_conflict"
    forced = ls.clean(leads, campaign="summer", state=state, out=tmp_path / "4", again=True)
    assert _reasons(forced) == {1: "suppressed", 2: "duplicate_in_campaign"}


def test_the_log_tells_every_list_and_no_number(tmp_path, caplog):
    cells = [f"20255501{last:02}" for last in range(100)] * 2
    dnc = _list(tmp_path / "dnc.csv", *cells, "+999 2025550199", "9.19876E+11")
    with caplog.at_level(logging.INFO, "leadsieve"):
        ls.clean(_leads(tmp_path / "leads.csv", "2025550123"), region="US", suppress=dnc).close()
    said = "\n".join(record.getMessage() for record in caplog.records)
    assert f"suppression list {dnc}: 100 numbers, 2 unreadable, 0 days old" in said
    assert "202 entries, 100 numbers, 2 unreadable (row 201: '+*** *******199'; row 202: '*.****6E+11')" in said
    assert not re.search(r"\d{7,}", said.replace(str(tmp_path), ""))


def test_a_list_in_the_wrong_country_is_said_aloud(tmp_path, caplog):
    dnc = _list(tmp_path / "dnc.csv", "919876543210", "919876543211")
    ls.clean(_leads(tmp_path / "leads.csv", A), region="US", suppress=dnc).close()
    (record,) = (record for record in caplog.records if "--region may be another one" in record.getMessage())
    assert record.levelname == "WARNING"


@pytest.mark.parametrize("name", ["a'; DROP TABLE contacts; --", "../../x", "*", "=HYPERLINK(1)", "x\ty", "Ünï", "%s"])
def test_names_of_lists_are_data(tmp_path, name):
    state = tmp_path / "s.duckdb"
    _keep(state, name, A)
    with ls.clean(_leads(tmp_path / "leads.csv", A, B), state=state, suppress=f"@{name}", format="csv") as run:
        assert _numbers(run) == [B]
        assert _collisions(run) == [f"list {name} ({datetime.now(UTC):%Y-%m-%d})"]
    before = sorted(path.name for path in tmp_path.iterdir())
    assert {"leads.csv", "s.duckdb"} <= set(before)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"suppress": 5}, "is no path"),
        ({"suppress": ["@"]}, "--suppress @ names no list"),
        ({"suppress": [""]}, "names nothing"),
        ({"suppress": ["a\0b"]}, "NUL"),
        ({"suppress_max_age": -1}, "suppress_max_age=-1 is not a number of days"),
        ({"suppress_max_age": True}, "suppress_max_age=True is not a number of days"),
        ({"suppress_max_age": 1.5}, "suppress_max_age=1.5 is not a number of days"),
    ],
)
def test_options_that_make_no_sense(tmp_path, options, told):
    with pytest.raises(ls.UsageError, match=told):
        ls.clean(_leads(tmp_path / "leads.csv", A), **options)


def test_on_the_command_line(leadsieve, tmp_path):
    _leads(tmp_path / "leads.csv", A, B, C)
    for name, number, days in (("1.csv", A, 0), ("2.csv", B, 40)):
        _list(tmp_path / name, number, days=days)
    lists = ("--suppress", "1.csv", "--suppress", "2.csv")
    code, out, err = leadsieve("clean", "leads.csv", *lists, "--out", "out", folder=tmp_path)
    assert (code, "3 rows: 1 accepted, 2 rejected" in out, "  Suppressed: 2 rows, first 1, 2" in out) == (0, True, True)
    assert "suppression list 1.csv: 1 number, 0 unreadable, 0 days old" in err
    code, out, err = leadsieve("clean", "leads.csv", *lists, "--suppress-max-age", "30", "--out", "2", folder=tmp_path)
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].startswith("leadsieve: invalid_option: suppression list '2.csv' is 40 days old, ")
    (tmp_path / "bad.csv").write_text("x\n9.19E+11\n")
    code, out, err = leadsieve("clean", "leads.csv", "--suppress", "bad.csv", "--out", "2", folder=tmp_path)
    assert (code, out) == (3, "")
    assert err.splitlines()[-1].startswith("leadsieve: unreadable: bad.csv: 1 of 1 entries cannot be read ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.csv", "2.csv", "bad.csv", "leads.csv", "out"]


_PHONES = (A, B, C, D, "2025550123", "(202) 555-0124", "02079460000", "12", "", "+1 202 555 0125 x9", "+1 555 123")
_OPTIONS = st.fixed_dictionaries(
    {
        "region": st.sampled_from([None, "US", "GB"]),
        "duplicates": st.sampled_from(["none", "file", "run", None]),
        "profile": st.sampled_from([None, "voicegenie"]),
        "format": st.sampled_from(["parquet", "csv"]),
        "fail_over": st.sampled_from([None, 1.0]),
    }
)


@settings(max_examples=15)
@given(
    st.lists(st.sampled_from(_PHONES), min_size=1, max_size=12),
    st.sets(st.sampled_from((A, B, C, D)), min_size=1),
    _OPTIONS,
)
def test_whatever_the_options_no_accepted_number_is_suppressed(phones, listed, options):
    leads = pa.table({"phone": [*phones, A], "name": ["x"] * (len(phones) + 1)})
    with ls.clean(leads, suppress=pa.table({"any": sorted(listed)}), **options) as run:
        accepted = set(_numbers(run))
        assert not accepted & listed
        with ls.clean(leads, **options) as free:
            assert accepted == set(_numbers(free)) - listed
            assert np.subtract(free.ledger["accepted"], run.ledger["accepted"]) == sum(
                number in listed for number in _numbers(free)
            )
