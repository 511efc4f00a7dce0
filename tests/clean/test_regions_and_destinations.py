"""Regions by row, required fields without a column, and destinations that a campaign does not call."""

from pathlib import Path

import pytest

import leadsieve as ls

_PROFILE = """
[profile]
name = "mine"
title = "Mine"
source = "a test"
[fields.phone_number]
required = true
[fields.name]
{field}
[custom]
max = 2
[destination]
{destination}
[answer.ok]
status = 200
body = {{ accepted = "{{accepted}}", destination = "{{destination}}" }}
"""


def _profile(folder: Path, *, field: str = "", destination: str = "") -> Path:
    (folder / "mine.toml").write_text(_PROFILE.format(field=field, destination=destination))
    return folder / "mine.toml"


def _faults(run: ls.Run) -> list[tuple[int, str, str | None, str | None]]:
    rows = run.errors.to_arrow().select(["lead_row", "code", "detail", "column"]).to_pylist()
    return [tuple(row.values()) for row in rows]


def test_a_code_that_is_none_is_not_read_as_the_default(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "phone,cc\n2025550123,us\n2025550124,\n7400123456,UK\n7400123457,GB\n+447400123458,??\n"
    )
    with ls.clean(tmp_path / "a.csv", region="US", region_column="cc") as run:
        assert run.accepted.to_arrow().select(["lead_row", "lead_region"]).to_pylist() == [
            {"lead_row": 1, "lead_region": "US"},
            {"lead_row": 2, "lead_region": "US"},
            {"lead_row": 4, "lead_region": "GB"},
            {"lead_row": 5, "lead_region": "GB"},
        ]
        assert _faults(run) == [(3, "invalid_phone", "no_region", "phone")]


def test_a_required_field_that_no_column_fills_rejects_every_row(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("phone\n+12025550123\n12\n")
    with ls.clean(tmp_path / "a.csv", region="US", profile=_profile(tmp_path, field="required = true")) as run:
        assert run.ledger["reasons"] == {"invalid_phone": 1, "missing_value": 1}
        assert _faults(run) == [
            (1, "missing_value", None, "name"),
            (2, "invalid_phone", "too_short", "phone"),
            (2, "missing_value", None, "name"),
        ]


@pytest.mark.parametrize(
    ("destination", "code"),
    [
        ('countries = ["US"]', "country_not_allowed"),
        ('prefixes = ["1202", "1"]', "prefix_not_allowed"),
        ('number_types = ["FIXED_LINE_OR_MOBILE"]', "number_type_not_allowed"),
    ],
)
def test_a_destination_that_is_not_enabled_rejects(tmp_path: Path, destination: str, code: str) -> None:
    (tmp_path / "a.csv").write_text("phone,name\n+442079460000,a\n+12025550123,b\n12,c\n+12025550123,d\n")
    with ls.clean(tmp_path / "a.csv", region="US", profile=_profile(tmp_path, destination=destination)) as run:
        assert run.accepted.to_arrow()["lead_row"].to_pylist() == [2]
        assert _faults(run) == [
            (1, code, None, "phone"),
            (3, "invalid_phone", "too_short", "phone"),
            (4, "duplicate_in_file", None, "phone"),
        ]
        assert run.summary == {"accepted": 1, "destination": 1}


def test_too_many_custom_columns_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("phone,name,x,y,z\n+12025550123,a,1,2,3\n")
    with pytest.raises(ls.SourceError, match="x, y, z") as caught:
        ls.clean(tmp_path / "a.csv", profile=_profile(tmp_path))
    assert caught.value.code == "too_many_columns"


def test_a_number_too_long_for_any_key_is_one_rejected_row(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("phone\n+97112345678901234567\n+12025550123\n")
    with ls.clean(tmp_path / "a.csv") as run:
        assert run.ledger["reasons"] == {"invalid_phone": 1}
