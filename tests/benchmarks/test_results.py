"""Results: laid out as tables, written and read again, drawn, and compared with earlier ones."""

from __future__ import annotations

import sys
from dataclasses import replace

import click
import pytest

from benchmarks.report import Chart, Line, Result, write
from benchmarks.report.chart import ChartsMissing, draw
from benchmarks.report.diff import compare_results
from benchmarks.report.result import FIGURES
from benchmarks.report.table import lay_out
from benchmarks.report.write import read

RESULT = Result(
    benchmark="demo",
    title="A demonstration",
    options={"rows": 1_000, "rounds": 3},
    lines=[
        Line(
            {"program": "copy", "rows": 1_000}, {"cpu": 2.0, "peak_bytes": 3e6}, [{"cpu": c} for c in (1.9, 2.0, 2.1)]
        ),
        Line({"program": "clean", "rows": 1_000}, {"cpu": 4.0}, [{"cpu": c} for c in (3.9, 4.0, 4.1)], "all of it"),
    ],
    chart=Chart(kind="bar", x="program", y="cpu"),
    remarks=["remarkable"],
)


def with_cpu(*cpu: float, **changes: object) -> Result:
    line = Line({"program": "clean", "rows": 1_000}, {"cpu": sorted(cpu)[len(cpu) // 2]}, [{"cpu": c} for c in cpu])
    return replace(RESULT, lines=[line], **changes)


def test_a_table_has_labels_figures_and_notes():
    assert lay_out(RESULT.lines).splitlines() == [
        "program   rows  CPU s  peak MB",
        "copy     1,000   2.00        3",
        "clean    1,000   4.00           all of it",
    ]


def test_what_is_written_is_read_again(tmp_path, capsys):
    path = write(RESULT, tmp_path / "results")
    printed = capsys.readouterr().out
    assert printed.startswith("A demonstration\nprogram")
    assert printed.endswith("remarkable\n")
    found = read(path)
    assert found.machine["cores"] >= 1
    assert found.versions["duckdb"]
    assert found.made
    assert replace(found, machine={}, versions={}, made="") == RESULT


def test_results_of_one_second_do_not_overwrite_each_other(tmp_path):
    assert len({write(RESULT, tmp_path) for _ in range(3)}) == 3


def test_what_another_version_wrote_besides_is_left_out():
    values = RESULT.to_dict()
    values["lines"][0]["more"] = values["chart"]["more"] = values["more"] = 1
    assert Result.from_dict(values) == RESULT


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"lines": 1}', '{"lines": [], "chart": {}}'])
def test_a_file_that_is_no_result_is_named(tmp_path, text):
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(click.ClickException, match=r"other\.json: this is no result"):
        read(path)


@pytest.mark.parametrize("missing", ["altair", "vl_convert"])
def test_without_the_packages_for_charts_the_rest_is_written(tmp_path, capsys, monkeypatch, missing):
    if missing == "vl_convert":
        monkeypatch.setitem(sys.modules, "altair", sys)
    monkeypatch.setitem(sys.modules, missing, None)
    path = write(RESULT, tmp_path)
    assert path.exists()
    assert not path.with_suffix(".svg").exists()
    printed = capsys.readouterr()
    assert "clean" in printed.out
    assert f"{missing} is not installed: pip install 'leadsieve[bench]'" in printed.err
    with pytest.raises(ChartsMissing):
        draw(RESULT, tmp_path / "chart.svg")


@pytest.mark.parametrize(
    "chart",
    [
        Chart(kind="bar", x="program", y="cpu"),
        Chart(kind="bar", x="program", y="cpu", colour="rows"),
        Chart(kind="bar", x="program", y="cpu", panel="rows"),
        Chart(kind="line", x="rows", y="cpu", colour="program"),
        Chart(kind="line", x="rows", y="cpu", panel="program"),
        Chart(kind="bar", x="program", y="peak_bytes"),
    ],
)
def test_charts_show_every_line_that_has_the_figure(tmp_path, chart):
    pytest.importorskip("altair")
    pytest.importorskip("vl_convert")
    result = replace(
        RESULT, chart=chart, machine={"processor": "a <processor>", "cores": 2}, made="2026-01-02T03:04:05"
    )
    drawn = draw(result, tmp_path / "chart.svg").read_text()
    assert drawn.startswith("<svg")
    shown = ("3",) if chart.y == "peak_bytes" else ("2.00", "4.00")
    assert all(f">{figure}</text>" in drawn for figure in (*shown, "A demonstration"))
    assert FIGURES[chart.y].title in drawn


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ((4.0, 4.1, 4.2), (2.0, 2.1, 2.2), "-48.8%  better"),
        ((2.0, 2.1, 2.2), (4.0, 4.1, 4.2), "+95.2%  worse"),
        ((4.0, 4.1, 4.2), (4.1, 4.2, 4.3), "+2.4%  within the rounds' spread"),
        ((4.0, 4.1, 4.2), (4.2, 4.3, 4.4), "+4.9%  within the rounds' spread"),
        ((4.0,), (2.0,), "-50.0%  too few rounds to tell"),
    ],
)
def test_a_change_counts_where_the_rounds_do_not_overlap(before, after, verdict):
    told = compare_results(with_cpu(*before), with_cpu(*after)).splitlines()
    assert told[1].endswith(verdict)
    assert told[1].startswith("clean, rows 1,000  CPU s")


@pytest.mark.parametrize("change", [{"options": {"rows": 2_000, "rounds": 3}}, {"machine": {"cores": 64}}])
def test_results_that_were_not_made_alike_are_not_judged(change):
    told = compare_results(with_cpu(4.0, 4.1, 4.2), with_cpu(2.0, 2.1, 2.2, **change))
    assert "better or worse is not judged" in told
    assert told.splitlines()[1].endswith("-48.8%")
    assert re_lines(told) == [
        "options: rows 1000 -> 2000" if "options" in change else "machine: cores none -> 64",
    ]


def re_lines(told: str) -> list[str]:
    return [line for line in told.splitlines() if line.startswith(("options:", "machine:", "versions:"))]


def test_more_rounds_are_the_same_work():
    other = with_cpu(2.0, 2.1, 2.2, 2.3, 2.4, options={"rows": 1_000, "rounds": 5})
    told = compare_results(with_cpu(4.0, 4.1, 4.2), other)
    assert "better" in told.splitlines()[1]
    assert re_lines(told) == ["options: rounds 3 -> 5"]


def test_lines_of_one_result_alone_are_counted():
    assert "lines that only the old result has: 1" in compare_results(RESULT, with_cpu(4.0))


def test_results_that_cannot_be_compared_are_refused():
    with pytest.raises(ValueError, match="one is a result of `demo` and the other of `goal`"):
        compare_results(RESULT, replace(RESULT, benchmark="goal"))
    with pytest.raises(ValueError, match="no line in common"):
        compare_results(RESULT, replace(RESULT, lines=[Line({"program": "other"}, {"cpu": 1.0})]))
