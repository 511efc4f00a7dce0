"""What the ledger says of each reason: how many rows, by detail too, and which are really the first."""

from collections import defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import leadsieve as ls

PHONES = ["+12025550123", "+12025550124", "+12025550125", "+1202", "none", "", "9.19E+11", "+12025550126 ext 5"]
MAILS = ["a@b.example", "no address", " a@b.example ", ""]
ROWS = st.lists(
    st.tuples(st.sampled_from(PHONES), st.sampled_from(MAILS), st.booleans()), min_size=1, max_size=25
).filter(lambda rows: any(phone or mail or damaged for phone, mail, damaged in rows))  # else it is empty


def _write(path, rows):
    lines = [f"{phone},{mail}{',surplus' if damaged else ''}" for phone, mail, damaged in rows]
    path.write_text("phone,email\n" + "".join(f"{line}\n" for line in lines))
    return path


def _first_of(tallies, files):
    """Return each code's count and first rows, its details taken together."""
    counts, rows = defaultdict(int), defaultdict(list)
    for tally in tallies:
        counts[tally["code"]] += tally["rows"]
        rows[tally["code"]] += [(files.index(row["lead_file"]), row["lead_row"]) for row in tally["first"]]
    return {code: (counts[code], sorted(set(rows[code]))[:3]) for code in counts}


def _expected(rows):
    found = defaultdict(list)
    for code, file, row in rows:
        found[code].append((file, row))
    return {code: (len(places), sorted(places)[:3]) for code, places in found.items()}


@settings(max_examples=40)
@given(first=ROWS, second=ROWS, chunk_bytes=st.sampled_from([40, 200, 1 << 20]))
def test_counts_and_first_rows_are_those_of_the_files(tmp_path_factory, first, second, chunk_bytes):
    folder = tmp_path_factory.mktemp("ledger")
    sources = [_write(folder / "a.csv", first), _write(folder / "b.csv", second)]
    files = [str(source) for source in sources]
    with ls.clean(sources, header=True, delimiter=",", tuning={"chunk_bytes": chunk_bytes, "threads": 1}) as run:
        ledger = run.ledger
        rejected = run.rejected.to_arrow().select(["lead_file", "lead_row", "reject_reason"]).to_pylist()
        errors = run.errors.to_arrow().to_pylist()
    cause = {(files.index(row["lead_file"]), row["lead_row"]): row["reject_reason"] for row in rejected}
    causes = [(code, *place) for place, code in cause.items()]
    assert _first_of(ledger["causes"], files) == _expected(causes)
    assert sum(tally["rows"] for tally in ledger["causes"]) == ledger["rejected"] == sum(ledger["reasons"].values())
    warned = {
        (line["code"], files.index(line["lead_file"]), line["lead_row"])
        for line in errors
        if line["severity"] == "warn"
    }
    accepted = [place for place in warned if place[1:] not in cause]
    assert _first_of(ledger["warned"], files) == _expected(accepted)
    assert {code: count for code, (count, _) in _first_of(ledger["warned"], files).items()} == ledger["warnings"]


@pytest.mark.parametrize("chunk_bytes", [60, 1 << 20])
def test_details_have_rows_of_their_own(tmp_path, chunk_bytes):
    rows = ["+1202", "+12025550123", "none", "+1203", "+1204", "nothing", "+1205", "x,y,z"]
    (tmp_path / "a.csv").write_text("phone,n\n" + "".join(f"{row},{at}\n" for at, row in enumerate(rows)))
    with ls.clean(tmp_path / "a.csv", header=True, tuning={"chunk_bytes": chunk_bytes}) as run:
        told = [
            (t["code"], t["detail"], t["rows"], [row["lead_row"] for row in t["first"]]) for t in run.ledger["causes"]
        ]
    assert told == [
        ("malformed_row", "too_many_fields", 1, [8]),
        ("invalid_phone", "not_a_number", 2, [3, 6]),
        ("invalid_phone", "too_short", 4, [1, 4, 5]),
    ]


def test_a_row_counts_once_for_a_warning_that_it_has_twice(tmp_path):
    (tmp_path / "a.csv").write_text("phone,email,name\n+12025550123, a@b.example , Ann \n+12025550124,, Bob \n")
    with ls.clean(tmp_path / "a.csv") as run:
        assert run.ledger["warnings"] == {"trimmed_value": 2}
        assert [(tally["rows"], len(tally["first"])) for tally in run.ledger["warned"]] == [(2, 2)]
        assert run.errors.num_rows == 3
