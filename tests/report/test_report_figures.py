"""Every figure of a report is one of the run's ledger, and adds up to it."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from report_pages import Page

import leadsieve as ls
from leadsieve.reporting import sections, tables
from leadsieve_rules.reasons import REASONS

LEADS = Path(__file__).parents[1] / "data" / "leads.csv"


def report(out: Path, to: Path, **options: Any) -> Page:
    assert ls.report(out, to, **options) == to
    return Page(to.read_text())


def info_of(out: Path) -> dict[str, Any]:
    return json.loads((out / "run.json").read_text())


@pytest.fixture(scope="session")
def page(masked: Path) -> Page:
    return Page(masked.read_text())


def test_the_flow_goes_from_read_to_accepted(messy: Path, page: Page) -> None:
    ledger = info_of(messy / "out")["ledger"]
    steps = page.column("Rows from read to accepted", "Rows")
    assert steps.pop("Rows read") == ledger["rows"]
    assert steps.pop("Accepted") == ledger["accepted"]
    assert sum(steps.values()) == -ledger["rejected"]
    assert Counter(-count for count in steps.values()) == Counter(filter(None, ledger["groups"].values()))
    for told in (ledger["rows"], ledger["accepted"]):
        assert f"{told:,}" in page.text


def test_each_reason_is_told_with_its_rows_and_what_to_do(messy: Path, page: Page) -> None:
    ledger = info_of(messy / "out")["ledger"]
    assert {"check_failed", "invalid_phone", "duplicate_in_campaign", "suppressed", "missing_phone"} <= set(
        ledger["reasons"]
    )
    for code, rows in ledger["reasons"].items():
        assert f"{REASONS[code].title} {rows:,} row{'s' * (rows != 1)}, " in page.text
    for code, rows in ledger["warnings"].items():
        assert page.column("Accepted rows by warning", "Rows")[REASONS[code].title] == rows


def test_files_by_reason_are_the_rejected_rows(messy: Path, page: Page) -> None:
    ledger = info_of(messy / "out")["ledger"]
    counts = page.numbers("Rejected rows by file and reason")
    everything = counts.pop("All files")
    assert [sum(column) for column in zip(*counts.values(), strict=True)] == everything
    assert everything[-1] == ledger["rejected"] == sum(everything[:-1])
    assert {name: numbers[-1] for name, numbers in counts.items()} == {
        file["lead_file"]: file["rejected"] for file in ledger["files"]
    }
    heads = page.tables["Rejected rows by file and reason"][0][1:]
    titles = {reason.title: code for code, reason in REASONS.items()}
    for head, count in zip(heads, everything, strict=True):
        assert head in ("Other reasons", "Rejected") or ledger["reasons"][titles[head]] == count


def test_faults_by_column_are_the_faults_of_the_ledger(messy: Path, page: Page) -> None:
    faults = sum(fault["rows"] for fault in info_of(messy / "out")["ledger"]["faults"])
    rows = page.tables["Rejections by column and reason"][1:]
    assert sum(int(row[2]) for row in rows[:-1]) == int(rows[-1][2]) == faults


def test_the_scorecard_says_who_repeats_whom(messy: Path, page: Page) -> None:
    ledger = info_of(messy / "out")["ledger"]
    hostile, second, third = (file["lead_file"] for file in ledger["files"])
    for head, key in (("Rows", "rows"), ("Accepted", "accepted")):
        column = page.column("Source files", head)
        assert column.pop("All files") == ledger[key]
        assert column == {file["lead_file"]: file[key] for file in ledger["files"]}
    heads = page.tables["Source files"][0]
    kinds = heads[heads.index("Reject rate") + 1 : -1]
    for file in ledger["files"]:
        told = sum(page.column("Source files", kind)[file["lead_file"]] for kind in kinds)
        assert told == file["rejected"]
    assert page.column("Source files", "Repeats earlier files") == {hostile: 0, second: 2, third: 2, "All files": 4}
    assert page.column("Source files", "Repeated by later files") == {hostile: 3, second: 1, third: 0, "All files": 4}
    assert page.column("Source files", "In the campaign already")[third] == 1
    assert page.column("Source files", "Must not be called")[third] == 1
    overlaps = {(row[0], row[1]): row[2] for row in page.tables["Overlap between files"][1:-1]}
    assert overlaps == {(second, hostile): "2", (third, hostile): "1", (third, second): "1"}
    before = info_of(messy / "before")
    assert page.tables["Overlap with earlier runs"][1] == [
        third,
        f"campaign {before['campaign']}, run {before['run_id']}",
        "1",
    ]


def test_what_was_accepted_by_country_type_and_hour(messy: Path, page: Page) -> None:
    info, accepted = info_of(messy / "out"), pq.read_table(messy / "out" / "accepted.parquet").to_pylist()
    countries = page.column("Accepted rows by country", "Rows")
    assert countries.pop("All") == len(accepted) == sum(countries.values())
    assert countries == {"India (IN)": len(accepted) - 1, "United Kingdom (GB)": 1}
    types = Counter(row["lead_number_type"] for row in accepted)
    assert page.column("Accepted rows by number type", "Rows")["mobile"] == types["MOBILE"]
    hours = page.column("Rows that may be called, by hour of the day in UTC", "Rows")
    assert set(hours.values()) == set(info["callable"]["rows"])


def test_a_plain_run_of_one_file(tmp_path: Path) -> None:
    ls.clean(LEADS, region="IN", out=tmp_path / "out", format="csv")
    page = report(tmp_path / "out", tmp_path / "page.html")
    ledger = info_of(tmp_path / "out")["ledger"]
    assert page.column("Source files", "Rows") == {str(LEADS): ledger["rows"]}
    assert "Rejected rows by file and reason" not in page.tables
    assert "Overlap between files" not in page.tables
    assert not any("may be called" in caption for caption in page.tables)
    assert f"{ledger['accepted']:,} (89.5 %) were accepted" in page.text


def test_a_run_over_its_limit_is_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(ls.TooManyRejected):
        ls.clean(LEADS, region="IN", out=tmp_path / "out", fail_over=0.01)
    page = report(tmp_path / "out.failed", tmp_path / "page.html")
    assert "Nothing was published, since more rows were rejected than the run allows." in page.text
    assert "would have been accepted" in page.text
    assert "Accepted rows by country" not in page.tables


@pytest.mark.parametrize("text", ["phone\n9876543210\n", "phone\nx\n"])
def test_the_smallest_runs(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    ls.clean(tmp_path / "a.csv", region="IN", out=tmp_path / "out", header=True, map={"phone": "phone_number"})
    page = report(tmp_path / "out", tmp_path / "page.html")
    assert page.column("Rows from read to accepted", "Rows")["Rows read"] == text.count("\n") - 1


def test_long_lists_are_cut_and_the_rest_is_added_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sections, "FILES", 3)
    monkeypatch.setattr(sections, "COLUMNS", 2)
    sources = []
    for at in range(8):
        sources.append(tmp_path / f"{at}.csv")
        rows = "".join(f"98765{at}43{row:02d}\n" for row in range(at + 1))
        sources[-1].write_text(f"phone\n{rows}9876543210\nx\n12\n9.19E+11\n")
    ls.clean(sources, region="IN", out=tmp_path / "out", header=True)
    page = report(tmp_path / "out", tmp_path / "page.html")
    ledger = info_of(tmp_path / "out")["ledger"]
    rows = page.column("Source files", "Rows")
    assert list(rows)[3:] == ["5 other files", "All files"]
    assert sum(rows.values()) == 2 * ledger["rows"] == 2 * rows["All files"]
    rejected = page.numbers("Rejected rows by file and reason")
    assert sum(numbers[-1] for numbers in rejected.values()) == 2 * ledger["rejected"]
    assert [row[0] for row in page.tables["Rejections by column and reason"]][3].endswith("other reasons")


def test_a_rest_of_one_is_told_by_its_name() -> None:
    rows = [((name,), (1,)) for name in "abc"]
    assert tables.cut(rows, 2, "files") == [(["a"], [1]), (["b"], [1]), (["c"], [1])]


def test_files_that_are_not_those_of_the_run_are_refused(messy: Path, tmp_path: Path) -> None:
    shutil.copytree(messy / "out", tmp_path / "out")
    rejected = pq.read_table(tmp_path / "out" / "rejected.parquet")
    pq.write_table(rejected.slice(1), tmp_path / "out" / "rejected.parquet")
    with pytest.raises(ls.OutputError, match="the rejected rows by reason are not those of its run"):
        ls.report(tmp_path / "out", tmp_path / "page.html")
    (tmp_path / "out" / "rejected.parquet").unlink()
    with pytest.raises(ls.OutputError, match=r"rejected\.parquet"):
        ls.report(tmp_path / "out", tmp_path / "page.html")
    assert not (tmp_path / "page.html").exists()


def test_rows_that_were_corrected_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("phone,name\n9876543210,a\n12,b\n13,c\n")
    ls.clean(tmp_path / "a.csv", region="IN", format="csv", out=tmp_path / "first")
    rejected = (tmp_path / "first" / "rejected.csv").read_text()
    (tmp_path / "again.csv").write_text(rejected.replace("12,b", "9876543211,b"))
    ls.clean(tmp_path / "again.csv", region="IN", out=tmp_path / "out")
    page = report(tmp_path / "out", tmp_path / "page.html")
    assert "Of 2 rejected rows judged again 1 were corrected, 1 not." in page.text
