"""Every input row ends once in accepted or rejected, under its row number, whatever the file, chunks and threads."""

import csv
import io
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import leadsieve as ls

_PHONES = st.one_of(
    st.sampled_from(
        ["", " ", "N/A", "12", "9.19E+11", "+1 202 555 0123", "(202) 555-0123", "2025550123", "+44 20 7946 0000"]
    ),
    st.integers(2012000000, 2012000040).map(str),
    st.integers(2012000000, 2012000040).map(lambda n: f"+1{n}"),
)
_TEXTS = st.text(st.sampled_from("ab ,\"'\n\r;é\u0940=+"), max_size=8)
_RECORDS = st.lists(
    st.one_of(
        st.tuples(_PHONES, _TEXTS, _TEXTS).map(list),
        st.just(["", " ", ""]),  # blank
        st.lists(_TEXTS, max_size=6).filter(lambda cells: len(cells) != 3),  # ragged
    ),
    max_size=40,
)


def _document(records: list[list[str]], order: list[int], blank_lines: list[int], end: str) -> bytes:
    header = ["Mobile No", "Full Name", "Note"]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator=end)
    writer.writerow([header[i] for i in order])
    for number, record in enumerate(records):
        if number in blank_lines:
            text.write(end)
        writer.writerow([record[i] for i in order] if len(record) == 3 else record)
    return text.getvalue().encode()


def _expected(document: bytes) -> tuple[dict[int, str], dict[int, str]]:
    """Judge a document the slow and plain way: row number to E.164, and row number to first cause."""
    records = iter(csv.reader(io.StringIO(document.decode(), newline="")))
    header = next(records)
    phone = header.index("Mobile No")
    accepted: dict[int, str] = {}
    rejected: dict[int, str] = {}
    row = 0
    for record in records:
        if all(not cell.strip() for cell in record):
            continue
        row += 1
        if record == header:
            rejected[row] = "repeated_header"
        elif len(record) != len(header):
            rejected[row] = "malformed_row"
        elif not record[phone].strip():
            rejected[row] = "missing_phone"
        elif record[phone] == "9.19E+11":
            rejected[row] = "lossy_phone"
        else:
            number = _e164(record[phone])
            if number is None:
                rejected[row] = "invalid_phone"
            elif number in accepted.values():
                rejected[row] = "duplicate_in_file"
            else:
                accepted[row] = number
    return accepted, rejected


def _e164(raw: str) -> str | None:
    try:
        number = phonenumbers.parse(raw.strip(), "US")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    records=_RECORDS,
    order=st.permutations([0, 1, 2]),
    blank_lines=st.lists(st.integers(0, 40), max_size=4),
    end=st.sampled_from(["\n", "\r\n"]),
    chunk_bytes=st.sampled_from([1, 7, 64, 1000]),
    threads=st.sampled_from([2, 3]),
    format_=st.sampled_from(["parquet", "csv"]),
)
def test_rows_reasons_and_bytes(
    tmp_path_factory, records, order, blank_lines, end, chunk_bytes, threads, format_
) -> None:
    folder = tmp_path_factory.mktemp("run")
    source = folder / "leads.csv"
    source.write_bytes(_document(records, order, blank_lines, end))
    accepted, rejected = _expected(source.read_bytes())
    if not accepted and not rejected:
        with pytest.raises(ls.SourceError) as caught:
            ls.clean(source, region="US")
        assert caught.value.code == "empty_file"
        return
    # What separates the cells is not to be found here: of one or two rows it may be anybody's guess.
    common = {"region": "US", "format": format_, "delimiter": ","}
    one = ls.clean(source, out=folder / "one", tuning={"threads": 1}, **common)
    two = ls.clean(
        source,
        out=folder / "two",
        tuning={"threads": threads, "chunk_bytes": chunk_bytes, "row_group_rows": 1 << 18},
        **common,
    )
    rows = one.accepted.to_arrow().select(["lead_row", "phone_number"]).to_pylist()
    assert {row["lead_row"]: row["phone_number"] for row in rows} == accepted
    assert [row["lead_row"] for row in rows] == sorted(accepted)
    refused = one.rejected.to_arrow().select(["lead_row", "reject_reason"]).to_pylist()
    assert {row["lead_row"]: row["reject_reason"] for row in refused} == rejected
    assert [row["lead_row"] for row in refused] == sorted(rejected)
    assert one.ledger["rows"] == len(accepted) + len(rejected)
    assert one.ledger == two.ledger
    for part in (f"accepted.{format_}", f"rejected.{format_}", f"errors.{format_}", "summary.json"):
        assert (Path(folder) / "one" / part).read_bytes() == (Path(folder) / "two" / part).read_bytes()
