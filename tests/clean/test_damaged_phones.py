"""Damaged phones end to end: repaired with the value before and after, or rejected; country codes are joined."""

from pathlib import Path

import pytest

import leadsieve as ls


def _clean(folder: Path, text: str, **options) -> tuple[dict[int, str], dict[int, str], list[dict[str, object]]]:
    (folder / "a.csv").write_text(text)
    with ls.clean(folder / "a.csv", **options) as run:
        accepted = run.accepted.to_arrow().select(["lead_row", "phone_number"]).to_pylist()
        rejected = run.rejected.to_arrow().select(["lead_row", "reject_reason"]).to_pylist()
        errors = run.errors.to_arrow().to_pylist()
    return (
        {row["lead_row"]: row["phone_number"] for row in accepted},
        {row["lead_row"]: row["reject_reason"] for row in rejected},
        errors,
    )


@pytest.mark.parametrize(
    ("cell", "region", "number", "detail", "read_as"),
    [
        ("9.19876543210E+11", "IN", "+919876543210", "scientific", "919876543210"),
        ("919876543210.0", "IN", "+919876543210", "decimals", "919876543210"),
        ("'+91 98765 43210", "IN", "+919876543210", "apostrophe", "+91 98765 43210"),
    ],
)
def test_a_repair_says_what_stood_there_and_what_was_read(
    tmp_path: Path, cell: str, region: str, number: str, detail: str, read_as: str
) -> None:
    accepted, rejected, errors = _clean(tmp_path, f"phone,name\n{cell},x\n", region=region)
    assert (accepted, rejected) == ({1: number}, {})
    assert [(e["code"], e["severity"], e["detail"], e["value"]) for e in errors] == [
        ("repaired_phone", "warn", detail, cell)
    ]
    assert errors[0]["message"].endswith(f": read as {read_as}")


@pytest.mark.parametrize(
    ("cell", "region", "reason"),
    [
        ("9.19877E+11", "IN", "lossy_phone"),
        ("9.19E+11", "IN", "lossy_phone"),
        ("0301234567.0", "DE", "lossy_phone"),
        ("2025550123 / 4155550123", "US", "multiple_phones"),
        ("030 123456 / 7", "DE", "invalid_phone"),
    ],
)
def test_what_could_be_wrong_is_never_accepted(tmp_path: Path, cell: str, region: str, reason: str) -> None:
    accepted, rejected, errors = _clean(tmp_path, f"phone,name\n{cell},x\n", region=region)
    assert (accepted, rejected) == ({}, {1: reason})
    assert [error["value"] for error in errors] == [cell]


def test_a_country_code_is_joined_and_stays_a_column(tmp_path: Path) -> None:
    text = "phone,country_code\n9876543210,91\n07400 123456,+44\n2025550123,\n9876543210,India\n+447400123457,91\n"
    accepted, rejected, errors = _clean(tmp_path, text, region="US")
    assert accepted == {1: "+919876543210", 2: "+447400123456", 3: "+12025550123", 5: "+447400123457"}
    assert rejected == {4: "invalid_phone"}
    assert [(e["lead_row"], e["code"], e["detail"]) for e in errors] == [
        (4, "invalid_phone", "no_region"),
        (5, "repaired_phone", "country_code"),
    ]
    with ls.clean(tmp_path / "a.csv", region="US") as run:
        assert run.accepted.to_arrow()["country_code"].to_pylist() == ["91", "+44", None, "91"]


def test_a_column_is_mapped_to_the_country_code_by_the_user(tmp_path: Path) -> None:
    text = "phone,ISD\n9876543210,91\n"
    assert _clean(tmp_path, text, map={"ISD": "country_code"})[0] == {1: "+919876543210"}


def test_many_rows_are_judged_like_few(tmp_path: Path) -> None:
    """Above the kernel's threshold the compiled kernel judges, below it `phonenumbers` row by row."""
    numbers = [f"20255{50000 + i}" if i % 3 else f"+1 202 55{i % 10} {i:04d}"[:16] for i in range(300)]
    few = "phone\n" + "\n".join(numbers) + "\n"
    many = "phone\n" + "\n".join(numbers * 80) + "\n"
    accepted, rejected, _ = _clean(tmp_path, few, region="US", duplicates="none")
    again, refused, _ = _clean(tmp_path, many, region="US", duplicates="none")
    assert again == {row + 300 * copy: number for copy in range(80) for row, number in accepted.items()}
    assert refused == {row + 300 * copy: reason for copy in range(80) for row, reason in rejected.items()}
