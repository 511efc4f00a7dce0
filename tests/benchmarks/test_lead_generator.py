"""The benchmark's lead files: the same bytes for the same options, and the mix they promise."""

from __future__ import annotations

import csv
import hashlib
import io

import phonenumbers
import pytest

import benchmarks.data as generator


def text_of(rows: int, seed: int) -> bytes:
    return b"".join(bytes(piece) for piece in generator.lead_text(rows, seed))


@pytest.fixture(scope="module")
def records() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text_of(40_000, 1).decode(), newline="")))


def test_the_bytes_never_change():
    digest = hashlib.sha256(text_of(5_000, 1)).hexdigest()
    assert digest == "87137d9da7459e85066449f74a61202edeb5fdae03c334bcacbb8c348abb8f12"


def test_pieces_leave_no_trace(monkeypatch):
    whole = text_of(10_000, 3)
    monkeypatch.setattr(generator, "CHUNK_ROWS", 777)
    assert text_of(10_000, 3) == whole


def test_another_seed_gives_other_rows_and_a_longer_file_begins_alike():
    assert text_of(1_000, 2) != text_of(1_000, 1)
    assert text_of(2_000, 1).startswith(text_of(1_000, 1))


def test_every_record_has_every_column(records):
    assert len(records) == 40_000
    assert all(tuple(record) == generator.COLUMNS and None not in record.values() for record in records)


@pytest.mark.parametrize(
    ("is_so", "low", "high"),
    [
        (lambda r: not r["phone_number"], 0.006, 0.011),
        (lambda r: 0 < len(r["phone_number"]) <= 5, 0.006, 0.011),
        (lambda r: not r["name"], 0.006, 0.011),
        (lambda r: "@" not in r["email"], 0.006, 0.011),
        (lambda r: r["city"] == "Nowhere", 0.006, 0.011),
        (lambda r: len(r["tag"]) == 40, 0.006, 0.011),
        (lambda r: "," in r["company"], 0.12, 0.13),
        (lambda r: r["phone_number"].startswith("+1"), 0.57, 0.61),
        (lambda r: r["phone_number"].startswith("(") and len(r["phone_number"]) > 5, 0.18, 0.21),
    ],
)
def test_the_mix_is_as_promised(records, is_so, low, high):
    assert low < sum(map(is_so, records)) / len(records) < high


def test_good_phones_are_valid_and_two_in_a_hundred_repeat(records):
    good = [record["phone_number"] for record in records if len(record["phone_number"]) > 5]
    numbers = [phonenumbers.parse(text, "US") for text in good]
    assert all(map(phonenumbers.is_valid_number, numbers[::7]))
    different = len({number.national_number for number in numbers})
    assert 0.015 < 1 - different / len(good) < 0.025


def test_a_kept_file_is_taken_and_a_partial_one_never_is(tmp_path):
    path = generator.lead_file(tmp_path / "work", 100, 1)
    assert path.read_bytes() == text_of(100, 1)
    path.write_text("kept")
    assert generator.lead_file(tmp_path / "work", 100, 1).read_text() == "kept"
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def shaped(rows: int, **shape: int) -> list[list[str]]:
    pieces = generator.lead_text(rows, 1, generator.Shape(**shape))
    return list(csv.reader(io.StringIO(b"".join(map(bytes, pieces)).decode(), newline="")))


def is_bad(row: list[str]) -> bool:
    phone, name, email, _, city, tag = row[:6]
    return len(phone) <= 5 or not name or "@" not in email or city == "Nowhere" or len(tag) == 40


@pytest.mark.parametrize("share", [0, 1, 5, 50, 99, 100])
def test_the_share_of_bad_rows_is_as_told_and_bad_rows_stay_bad(share):
    bad = [is_bad(row) for row in shaped(20_000, bad=share)[1:]]
    assert sum(bad) / len(bad) == pytest.approx(share / 100, abs=0.01)
    assert (share in (0, 100)) == (sum(bad) in (0, len(bad)))
    more = [is_bad(row) for row in shaped(20_000, bad=min(100, share + 20))[1:]]
    assert all(after for before, after in zip(bad, more, strict=True) if before)


@pytest.mark.parametrize(("columns", "note_bytes"), [(6, 0), (7, 0), (6, 1), (9, 40), (48, 500)])
def test_more_columns_and_longer_rows_leave_the_six_as_they_are(columns, note_bytes):
    header, *rows = shaped(200, columns=columns, note_bytes=note_bytes)
    assert len(header) == len(set(header)) == columns + bool(note_bytes)
    assert all(len(row) == len(header) for row in rows)
    assert [row[:6] for row in rows] == shaped(200)[1:]
    if note_bytes:
        assert {len(row[-1].encode()) for row in rows} == {note_bytes}


def test_notes_are_each_rows_own():
    notes = [row[-1] for row in shaped(1_000, note_bytes=60)[1:]]
    assert len(set(notes)) == len(notes)


def test_a_shapes_file_has_a_name_of_its_own(tmp_path):
    shapes = [generator.Shape(), generator.Shape(bad=50), generator.Shape(columns=9), generator.Shape(note_bytes=9)]
    assert len({generator.lead_file(tmp_path, 10, 1, shape).name for shape in shapes}) == len(shapes)


@pytest.mark.parametrize("wrong", [{"bad": -1}, {"bad": 101}, {"columns": 5}, {"note_bytes": -1}])
def test_a_shape_that_no_file_has_is_refused(wrong):
    with pytest.raises(ValueError, match="bad rows are 0 to 100 %"):
        generator.Shape(**wrong)
