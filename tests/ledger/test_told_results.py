"""What people are told of a run's rows: an entry for each reason, 80 columns, and counts that add up to the ledger."""

import logging
import re
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leadsieve as ls
from leadsieve.results import tell_ledger
from leadsieve_rules.reasons import REASONS

NAMES = st.text(min_size=1, max_size=60)
COUNTS = st.integers(1, 3_000_000_000)
DETAILS = st.none() | st.sampled_from(["too_short", "not_a_number", "too_many_fields"]) | NAMES


@st.composite
def _ledgers(draw):
    files = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    first = st.lists(st.tuples(st.sampled_from(files), COUNTS), min_size=1, max_size=3)

    def tallies(codes):
        chosen = sorted(draw(st.sets(st.sampled_from(codes), max_size=8)), key=list(REASONS).index)
        return [
            {
                "code": code,
                "detail": detail,
                "rows": draw(COUNTS),
                "first": [{"lead_file": file, "lead_row": row} for file, row in draw(first)],
            }
            for code in chosen
            for detail in draw(st.lists(DETAILS, min_size=1, max_size=6, unique=True))
        ]

    def by_code(found):
        return {code: sum(t["rows"] for t in group) for code, group in groupby(found, key=lambda t: t["code"])}

    causes = tallies(list(REASONS))
    warned = tallies(list(REASONS))
    rejected = sum(tally["rows"] for tally in causes)
    return {
        "rows": rejected + 7,
        "accepted": 7,
        "rejected": rejected,
        "blank_records": draw(st.integers(0, 3)),
        "reasons": by_code(causes),
        "causes": causes,
        "warnings": by_code(warned),
        "warned": warned,
        "files": [{"lead_file": file} for file in files],
    }


def _told(lines, title):
    """Return the count that the entry of this title has in the lines."""
    (count,) = [found[1] for line in lines if (found := re.match(rf"  {re.escape(title)}: ([\d,]+) rows?,", line))]
    return int(count.replace(",", ""))


@settings(max_examples=150)
@given(ledger=_ledgers())
def test_each_reason_is_told_once_and_the_counts_add_up(ledger):
    lines = tell_ledger(ledger)
    middle = lines.index("accepted with a warning:") if ledger["warned"] else len(lines)
    for part, counts in ((lines[:middle], ledger["reasons"]), (lines[middle:], ledger["warnings"])):
        assert {code: _told(part, REASONS[code].title) for code in counts} == counts
    assert sum(_told(lines[:middle], REASONS[code].title) for code in ledger["reasons"]) == ledger["rejected"]
    entries = [line for line in lines if re.match(r"  \S", line)]
    assert len(entries) == len(ledger["reasons"]) + len(ledger["warnings"])
    assert max(map(len, lines)) <= 80
    assert all(line.isprintable() for line in lines)


def _ledger(causes, files=("a.csv",)):
    total = sum(cause[2] for cause in causes)
    return {
        "rows": total,
        "accepted": 0,
        "rejected": total,
        "blank_records": 0,
        "reasons": {code: sum(c[2] for c in causes if c[0] == code) for code, *_ in causes},
        "causes": [
            {"code": code, "detail": detail, "rows": rows, "first": [{"lead_file": f, "lead_row": r} for f, r in first]}
            for code, detail, rows, first in causes
        ],
        "warnings": {},
        "warned": [],
        "files": [{"lead_file": file} for file in files],
    }


@pytest.mark.parametrize(
    ("ledger", "entry"),
    [
        (
            _ledger(
                [
                    ("invalid_phone", "not_assigned", 404, [("a.csv", 9), ("a.csv", 17), ("a.csv", 30)]),
                    ("invalid_phone", "too_short", 800, [("a.csv", 4), ("a.csv", 21), ("a.csv", 22)]),
                ]
            ),
            ["  Invalid phone number: 1,204 rows, first 4, 9, 17", "    too short 800, not assigned 404."],
        ),
        (
            _ledger([("missing_phone", None, 2, [("b.csv", 7), ("c.csv", 1)])], ["a.csv", "b.csv", "c.csv"]),
            [
                "  Missing phone number: 2 rows, first b.csv 7; c.csv 1",
                "    Fill in the number, or leave the lead out.",
            ],
        ),
        (
            _ledger([("invalid_phone", "too_long", 1, [("a.csv", 5)])]),
            ["  Invalid phone number: 1 row, first 5", "    too long 1.", "    Correct the number in the source."],
        ),
        (
            _ledger(
                [("invalid_phone", "no_region", 3, [("a.csv", 5)]), ("invalid_phone", "too_long", 1, [("a.csv", 7)])]
            ),
            [
                "  Invalid phone number: 4 rows, first 5, 7",
                "    no region 3, too long 1.",
                "    Name the country of numbers without a country code with --region, or the",
                "    column that holds it with --region-column. Correct the number in the source.",
            ],
        ),
        (
            _ledger([("check_failed", "in_range", 3, [("a.csv", 5)])]),
            ["  Check failed: 3 rows, first 5", "    in_range 3."],
        ),
        (
            _ledger(
                [("multiple_phones", None, 1_234_567, [("a" * 90, 1_000_000), ("b" * 90, 2_000_000)])],
                ["a" * 90, "b" * 90],
            ),
            [f"  Several phone numbers in one cell: 1,234,567 rows, first ...{'a' * 17}", "    1000000"],
        ),
    ],
)
def test_an_entry_says_count_first_rows_details_and_remedy(ledger, entry):
    assert tell_ledger(ledger)[1 : 1 + len(entry)] == entry


def test_the_run_and_the_log_say_the_same(tmp_path, caplog):
    (tmp_path / "a.csv").write_text("phone\n+12025550123\n12\n\n+1202\n")
    with caplog.at_level(logging.INFO, "leadsieve"), ls.clean(tmp_path / "a.csv") as run:
        lines = repr(run).splitlines()
        assert lines == tell_ledger(run.ledger)
        assert [r.getMessage() for r in caplog.records if r.name == "leadsieve.results"] == lines
    assert lines[:2] == ["3 rows: 1 accepted, 2 rejected", "  Invalid phone number: 2 rows, first 2, 3"]
