"""Damage, told by column, with how many rows have it and which are the first."""

import leadsieve as ls

GOOD = "98765432{:02d}"
CELLS = [
    *("9.19877E+11", "9.19876E+11"),
    *("919876543210.0",),
    *("'9876543211", "'9876543212", "'9876543213"),
    *("9876543214 / 9876543215",),
]


def _write(tmp_path):
    rows = [f"{cell};Asha" for cell in CELLS] + ["9876543216; Asha ", "9876543217;JosÃ©", "phone;name", "9876543218"]
    source = tmp_path / "leads.csv"
    source.write_text("\n".join(["phone;name", *rows, "9876543210;Again", ""]))
    return source


def test_each_kind_is_counted_once_a_column(tmp_path):
    (seen,) = ls.inspect(_write(tmp_path), region="IN")
    found = {(one.column, one.code, one.detail): (one.rows, one.first) for one in seen.damage}
    assert found == {
        (None, "malformed_row", "too_few_fields"): (1, (11,)),
        (None, "repeated_header", None): (1, (10,)),
        ("phone", "lossy_phone", "rounded"): (2, (1, 2)),
        ("phone", "multiple_phones", None): (1, (7,)),
        ("phone", "repaired_phone", "decimals"): (1, (3,)),
        ("phone", "repaired_phone", "apostrophe"): (3, (4, 5, 6)),
        ("name", "trimmed_value", None): (1, (8,)),
        ("name", "suspect_text", "mojibake"): (1, (9,)),
    }
    # Records first, then the columns as they stand.
    assert [one.column for one in seen.damage] == [None, None, *["phone"] * 4, *["name"] * 2]


def test_rejections_are_told_once_and_duplicates_counted(tmp_path):
    (seen,) = ls.inspect(_write(tmp_path), region="IN")
    told = " ".join(repr(seen).split())
    assert "phone: 2 rows, first 1, 2: A spreadsheet rounded the number; its last digits are lost. Rejected." in told
    assert "verdict on 12 rows: 7 accepted, 5 rejected (5 of them for the damage above)" in told
    assert "Phone number lost its digits" not in told
    assert seen.duplicates == 1
    assert "1 of the accepted would be rejected as duplicates" in told
    assert seen.sample["accepted"] == 7


def test_a_sound_file_has_none(tmp_path):
    (tmp_path / "a.csv").write_text("phone,name\n+12025550123,Ben\n")
    (seen,) = ls.inspect(tmp_path / "a.csv")
    assert (seen.damage, seen.duplicates, seen.guesses) == ((), 0, ())
    assert "damage" not in repr(seen)
