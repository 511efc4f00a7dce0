"""The sections of a report, each with its chart and the tables that hold the same numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from markupsafe import Markup

from leadsieve.reporting.charts import Bar, Chart, bars, columns
from leadsieve.reporting.figures import Figures, sums
from leadsieve.reporting.scores import Score, scores, together
from leadsieve.reporting.tables import Cell, Table, cut, joined
from leadsieve.reporting.words import DUPLICATE_GROUPS, GROUP_TITLES, country, number_type, percent
from leadsieve_rules.reasons import REASONS, message

#: Rows of a table, and bars of a chart, before the others are added up; columns of the table of reasons by file.
FILES, COLUMNS, COUNTRIES, OVERLAPS, REASON_HEADS = 25, 20, 15, 20, 6
#: No chart.
_NONE = Markup("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of the page.

    Attributes:
        id: Its name in the page's address.
        title: Its heading.
        lead: What it says, in a sentence or two.
        chart: Its chart; empty where it has none.
        legend: What the chart's colours stand for: class of the page, and its meaning.
        tables: Its tables.
    """

    id: str
    title: str
    lead: str = ""
    chart: Markup = _NONE
    legend: Sequence[tuple[str, str]] = ()
    tables: Sequence[Table] = ()


def sections(figures: Figures) -> Iterator[Section]:
    """Give the sections after the reasons, those that have something to say."""
    listed = scores(figures)
    if len(listed) > 1:
        yield _reasons_by_file(figures, listed)
    if figures.faults:
        yield _faults(figures)
    if figures.info["ledger"]["rows"]:
        yield _scorecard(figures, listed)
    if figures.kinds:
        yield _accepted(figures)
    if figures.info["callable"] is not None:
        yield _callable(figures)


def flow(figures: Figures) -> Section:
    """Show the way of the rows from read to accepted."""
    ledger = figures.info["ledger"]
    read, left = ledger["rows"], ledger["rows"]
    rows: list[tuple[str, int]] = [("Rows read", read)]
    shown = [Bar("Rows read", [(0, read, "rows")], f"{read:,}")]
    for group, count in ledger["groups"].items():
        if count:
            kind = "duplicate" if group in DUPLICATE_GROUPS else "fault"
            rows.append((GROUP_TITLES[group], -count))
            shown.append(Bar(GROUP_TITLES[group], [(left - count, left, kind)], f"\N{MINUS SIGN}{count:,}"))
            left -= count
    shown.append(Bar("Accepted", [(0, left, "accepted")], f"{left:,}"))
    said = "; ".join(f"{bar.label} {bar.note}" for bar in shown)
    table = Table(
        "Rows from read to accepted",
        ["Step", "Rows", "Share of rows read"],
        [[name, count, percent(abs(count), read)] for name, count in rows],
        ["Accepted", left, percent(left, read)],
    )
    blank = ledger["blank_records"]
    lead = "Each row read is counted once: as accepted, or under the first reason for which it was rejected."
    if blank:
        lead += f" Records of empty cells ({blank:,}) are not rows."
    return Section(
        id="flow",
        title="From read to accepted",
        lead=lead,
        chart=bars(Chart("flow", "Rows from read to accepted", said), shown),
        legend=_legend(bars_of=shown),
        tables=[table],
    )


def _legend(*, bars_of: Sequence[Bar]) -> list[tuple[str, str]]:
    meaning = {"accepted": "accepted", "duplicate": "duplicates", "fault": "rejected for other reasons"}
    used = {kind for bar in bars_of for _, _, kind in bar.parts}
    return [(kind, said) for kind, said in meaning.items() if kind in used]


def _reasons_by_file(figures: Figures, listed: Sequence[Score]) -> Section:
    ledger = figures.info["ledger"]
    often = sorted(ledger["reasons"], key=lambda code: -int(ledger["reasons"][code]))
    heads = often if len(often) <= REASON_HEADS + 1 else often[:REASON_HEADS]
    rows = []
    for score in _by_weight(listed, FILES, "rejected"):
        counts = [figures.reasons[score.file, code] for code in heads]
        rows.append(([score.file], [*counts, score.rejected - sum(counts), score.rejected]))
    kept = cut(rows, FILES, "files")
    totals = [sum(column) for column in zip(*(numbers for _, numbers in kept), strict=True)]
    # Where all reasons have columns, there are no others.
    keep = [at for at in range(len(totals)) if at != len(heads) or totals[at]]
    titles = [*(REASONS[code].title for code in heads), "Other reasons", "Rejected"]
    table = Table(
        "Rejected rows by file and reason",
        ["File", *(titles[at] for at in keep)],
        [[*names, *(numbers[at] for at in keep)] for names, numbers in kept],
        ["All files", *(totals[at] for at in keep)],
    )
    return Section(id="reasons-by-file", title="Reasons by file", tables=[table])


def _by_weight(listed: Sequence[Score], most: int, what: str) -> list[Score]:
    """Keep the order in which files were read where all are shown; else those with most of something come first."""
    if len(listed) <= most + 1:
        return list(listed)
    return sorted(listed, key=lambda score: -int(getattr(score, what)))


def _faults(figures: Figures) -> Section:
    often = sorted(figures.faults.items(), key=lambda fault: (-fault[1], [part or "" for part in fault[0]]))
    rows = [
        ([column or "(the whole record)", message(str(code), detail)], [count])
        for (column, code, detail), count in often
    ]
    table = Table(
        "Rejections by column and reason",
        ["Column", "Reason", "Times"],
        joined(cut(rows, COLUMNS, "reasons")),
        ["All columns", "", figures.faults.total()],
    )
    lead = "Every reason that rejects is counted here, so a row with several of them counts several times."
    return Section(id="columns", title="Reasons by column", lead=lead, tables=[table])


def _scorecard(figures: Figures, listed: Sequence[Score]) -> Section:
    ordered = _by_weight(listed, FILES, "rows")
    shown = ordered
    if len(ordered) > FILES + 1:
        shown = [*ordered[:FILES], together(ordered[FILES:], f"{len(ordered) - FILES:,} other files")]
    everything = together(listed, "All files")
    measures = [
        ("Rejected for faults", "faulty"),
        ("Repeats its own rows", "within"),
        ("Repeats earlier files", "across"),
        ("In the campaign already", "held"),
        ("Must not be called", "suppressed"),
        ("Repeated by later files", "repeated"),
    ]
    used = [(title, name) for title, name in measures if name == "faulty" or getattr(everything, name)]

    def row(score: Score) -> list[str | int]:
        rate = percent(score.rejected, score.rows)
        return [score.file, score.rows, score.accepted, rate, *(getattr(score, name) for _, name in used)]

    tables = [
        Table(
            "Source files",
            ["File", "Rows", "Accepted", "Reject rate", *(title for title, _ in used)],
            [row(score) for score in shown],
            row(everything) if len(listed) > 1 else None,
        )
    ]
    for caption, counts, what in (
        ("Overlap between files", figures.others, "pairs of files"),
        ("Overlap with earlier runs", figures.earlier, "earlier runs"),
    ):
        if counts:
            rows = [([str(file), str(other)], [count]) for (file, other), count in counts.most_common()]
            heads = ["File", "Repeats numbers of", "Rows"]
            tables.append(Table(caption, heads, joined(cut(rows, OVERLAPS, what)), ["All", "", counts.total()]))
    return Section(
        id="files",
        title="Scorecard of the source files",
        lead=_order_matters(listed),
        chart=_score_chart(shown) if len(listed) > 1 else _NONE,
        legend=_legend(bars_of=[_score_bar(score) for score in shown]) if len(listed) > 1 else (),
        tables=tables,
    )


def _order_matters(listed: Sequence[Score]) -> str:
    if len(listed) < 2:
        return ""
    return (
        "A number that stands in several files is kept for the file that was read first, in the order in which they "
        "were given: weigh overlaps both ways."
    )


def _score_bar(score: Score) -> Bar:
    whole = max(score.rows, 1)
    marks = (0.0, score.accepted / whole, (score.accepted + score.duplicates) / whole, score.rows / whole)
    kinds = ("accepted", "duplicate", "fault")
    parts = [(start, end, kind) for start, end, kind in zip(marks, marks[1:], kinds, strict=False)]
    return Bar(score.file, parts, f"{percent(score.accepted, score.rows)} accepted")


def _score_chart(shown: Sequence[Score]) -> Markup:
    drawn = [_score_bar(score) for score in shown]
    said = "; ".join(f"{bar.label}: {bar.note}" for bar in drawn)
    return bars(Chart("files", "Share of the rows of each file that was accepted", said), drawn)


def _accepted(figures: Figures) -> Section:
    assert figures.kinds is not None  # noqa: S101 - `sections` asks only where there are some
    total = figures.kinds.total()
    countries = [([country(code)], [count]) for (code,), count in sums(figures.kinds, 0).most_common()]
    kept = cut(countries, COUNTRIES, "countries")
    types = [(number_type(name), count) for (name,), count in sums(figures.kinds, 1).most_common()]
    drawn = [Bar(names[0], [(0, numbers[0], "accepted")], f"{numbers[0]:,}") for names, numbers in kept]
    by_country: list[list[Cell]] = [[names[0], count, percent(count, total)] for names, (count,) in kept]
    by_type: list[list[Cell]] = [[name, count, percent(count, total)] for name, count in types]
    said = "; ".join(f"{bar.label} {bar.note}" for bar in drawn)
    tables = [
        Table(
            "Accepted rows by country",
            ["Country", "Rows", "Share"],
            by_country,
            ["All", total, "100 %"] if len(kept) > 1 else None,
        ),
        Table(
            "Accepted rows by number type",
            ["Number type", "Rows", "Share"],
            by_type,
            ["All", total, "100 %"] if len(types) > 1 else None,
        ),
    ]
    return Section(
        id="accepted",
        title="What was accepted",
        lead="By the country of the phone number and the type of line, as its number plan tells them.",
        chart=bars(Chart("countries", "Accepted rows by country", said), drawn) if len(drawn) > 1 else _NONE,
        tables=tables,
    )


def _callable(figures: Figures) -> Section:
    info, told = figures.info, figures.info["callable"]
    first = datetime.fromisoformat(told["first_hour"])
    hours = [first + timedelta(hours=at) for at in range(len(told["rows"]))]
    spans: list[list[str | int]] = []
    at = 0
    for count, same in groupby(told["rows"]):
        length = len(list(same))
        spans.append([f"{hours[at]:%H:%M} to {hours[at] + timedelta(hours=length):%H:%M}", count])
        at += length
    most = max(told["rows"])
    lead = (
        f"Rows that may be called throughout an hour, within the calling hours {info['options']['calling_hours']} of "
    )
    lead += "every time zone that the number can be in."
    for count, why in (
        (told["unknown"], "no time zone is known"),
        (told["no_common_window"], "the possible time zones are too far apart"),
    ):
        if count:
            lead += f" Of {count:,} rows {why}."
    chart = Chart("hours", "Rows that may be called, by hour", f"At most {most:,} rows in one hour.")
    axis = f"hour, UTC, from {first:%Y-%m-%d %H:%M}"
    return Section(
        id="hours",
        title="When they may be called",
        lead=lead,
        chart=columns(chart, [f"{hour:%H}" for hour in hours], told["rows"], axis),
        tables=[Table("Rows that may be called, by hour of the day in UTC", ["Hours", "Rows"], spans)],
    )
