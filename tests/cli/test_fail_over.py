"""`--fail-over`: a limit on all rejected rows and on those of one reason, judged before anything is committed."""

import json

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

import leadsieve as ls
from leadsieve.cli import cli
from leadsieve.limits import as_limits, parse_limits, passed_limits

# Rows: 10; malformed 1, missing 1, invalid 2, duplicate 1, accepted 5, of which 1 trimmed.
LEADS = "phone,name\n" + "".join(
    f"{row}\n"
    for row in (
        *("+12025550123,Ann", "+12025550124, Bob ", "+12025550125,Cid", "12,Dan", ",Eve", "1202,Fay", "1,2,3"),
        *("+12025550123,Ann", "+12025550126,Gus", "+12025550127,Hal"),
    )
)


@pytest.fixture
def leads(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text(LEADS)
    return tmp_path


@pytest.mark.parametrize(
    ("texts", "limits"),
    [
        ([], None),
        (["5%"], {"overall": 0.05}),
        ([" 0.05 "], {"overall": 0.05}),
        (["5%", "invalid_phone=2%", "missing_value=0"], {"overall": 0.05, "invalid_phone": 0.02, "missing_value": 0}),
        (["overall=1", " invalid_phone = 2.5 %"], {"overall": 1.0, "invalid_phone": 0.025}),
    ],
)
def test_limits_are_read(texts, limits):
    assert parse_limits(texts) == limits


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (["much"], "'much' is not a share"),
        (["invalid_phone=101%"], "'101%' is not a share"),
        (["-1"], "'-1' is not a share"),
        (["invalid_phone="], "'' is not a share"),
        (["5%", "6%"], "'overall' twice"),
        (["invalid_phone=1", "invalid_phone=1"], "'invalid_phone' twice"),
    ],
)
def test_what_is_no_limit_is_refused(texts, says):
    with pytest.raises(ls.UsageError, match=says):
        parse_limits(texts)


@pytest.mark.parametrize(
    ("given_", "says"),
    [
        ({"invalid_fone": 0.1}, "no reason 'invalid_fone' .did you mean 'invalid_phone'."),
        ({"overal": 0.1}, "did you mean 'overall'"),
        (1.5, "overall=1.5 is not a share"),
        (float("nan"), "overall=nan is not a share"),
        ({"invalid_phone": "2%"}, "invalid_phone='2%' is not a number"),
        (True, "overall=True is not a number"),
    ],
)
def test_the_library_refuses_the_same(leads, given_, says):
    with pytest.raises(ls.UsageError, match=says):
        ls.clean(leads / "a.csv", fail_over=given_)


@pytest.mark.parametrize(
    ("limits", "says"),
    [
        (["40%"], None),
        (["39%"], "4 of 10 rows (40.00%) were rejected, 1 more than the 39% allowed"),
        (["0"], "4 of 10 rows (40.00%) were rejected, 4 more than the 0% allowed"),
        (["invalid_phone=20%"], None),
        (["invalid_phone=0.1"], "2 of 10 rows (20.00%) are invalid_phone, 1 more than the 10% allowed"),
        (["duplicate_in_file=0"], "1 of 10 rows (10.00%) are duplicate_in_file, 1 more than the 0% allowed"),
        (["trimmed_value=0"], "1 of 10 rows (10.00%) are trimmed_value, 1 more than the 0% allowed"),
        (["suppressed=0", "missing_value=0", "100%"], None),
        (
            ["1%", "missing_phone=0", "invalid_phone=20%"],
            (
                "4 of 10 rows (40.00%) were rejected, 4 more than the 1% allowed; "
                "1 of 10 rows (10.00%) are missing_phone, 1 more than the 0% allowed"
            ),
        ),
    ],
)
def test_the_limit_that_was_passed_is_said_in_one_line(leads, limits, says):
    options = [word for limit in limits for word in ("--fail-over", limit)]
    found = CliRunner().invoke(cli, ["clean", "a.csv", "--out", "out", "--quiet", *options])
    if says is None:
        assert (found.exit_code, found.stderr) == (0, "")
        assert json.loads((leads / "out" / "run.json").read_text())["options"]["fail_over"] == parse_limits(limits)
        return
    assert found.exit_code == 1
    assert found.stderr.splitlines() == [
        f"leadsieve: too_many_rejected: {says}: nothing was committed; the rejected rows are in {leads / 'out.failed'}"
    ]
    assert not (leads / "out").exists()
    failed = json.loads((leads / "out.failed" / "run.json").read_text())
    assert (failed["failed"], failed["options"]["fail_over"]) == (True, parse_limits(limits))


def test_nothing_is_committed_and_a_recognised_run_is_judged_too(leads):
    options = {"campaign": "c", "state": leads / "s.duckdb", "out": leads / "out"}
    with pytest.raises(ls.TooManyRejected):
        ls.clean(leads / "a.csv", **options, fail_over={"missing_phone": 0.0})
    assert ls.Campaigns(leads / "s.duckdb").list().num_rows == 0
    ls.clean(leads / "a.csv", **options, fail_over={"missing_phone": 0.1, "overall": 0.4})
    assert ls.clean(leads / "a.csv", **options, fail_over=0.4).repeated
    with pytest.raises(ls.TooManyRejected, match=r"1 of 10 rows \(10\.00%\) are missing_phone"):
        ls.clean(leads / "a.csv", **options, fail_over={"missing_phone": 0.0})


def test_why_a_run_failed_is_told_before_the_line(leads):
    found = CliRunner().invoke(cli, ["clean", "a.csv", "--fail-over", "0"])
    assert "  Invalid phone number: 2 rows, first 4, 6" in found.stderr.splitlines()
    assert (found.stdout, found.stderr.splitlines()[-1].split(":")[1]) == ("", " too_many_rejected")


@given(rows=st.integers(1, 10_000), count=st.integers(0, 10_000), hundredths=st.integers(0, 10_000))
def test_so_many_rows_as_the_share_says_are_allowed_and_not_one_more(rows, count, hundredths):
    count = min(count, rows)
    ledger = {"rows": rows, "reasons": {"invalid_phone": count}, "warnings": {}, "groups": {"invalid_phone": count}}
    limits = as_limits({"invalid_phone": hundredths / 10_000})
    excess = count - hundredths * rows // 10_000
    told = passed_limits(limits, ledger)
    assert (told is None) == (excess <= 0)
    if told is not None:
        assert f"are invalid_phone, {excess:,} more than the " in told
