"""The steps of a number end where the engine ends, whatever the number, the region and the columns beside it."""

from __future__ import annotations

from pathlib import Path

import phonenumbers
import pyarrow as pa
import pytest
from explain_runs import require_agreement, told
from hypothesis import given
from hypothesis import strategies as st

import leadsieve as ls
from leadsieve_rules.phone import read
from leadsieve_rules.phone.steps import parse_steps

CELLS = (
    "030 123456", "+49 30 123456", "0049 30 123456", "4930123456", "49301234567.0", "30123456.0", "0301234567.0",
    "+4930123456 ext. 7", "'030123456", "030 123456 / 030 123457", "030 123456 / 7", "3.0123456E+7", "9.19E+11", "N/A",
    "12", "06 6982 1234", "+39 06 6982 1234", "+800 1234 5678", "12345678", "62271795522", "4939141777", "-49301234567.0",
    "(202) 555-0123", "+999 123", "00", "+1 202 555 0123", "384948155.0", "49" * 9,
)  # fmt: skip
COUNTRIES = ("", "49", "+39", "DE", "800", "Germany", "1")


@pytest.mark.parametrize("columns", ["phone", "phone,region", "phone,country_code"])
@pytest.mark.parametrize("region", ["DE", None])
def test_steps_lead_to_what_the_run_decided(tmp_path: Path, columns: str, region: str | None) -> None:
    beside = {"phone": ("",), "phone,region": ("", "DE", "it", "Germany")}.get(columns, COUNTRIES)
    lines = [
        f'"{cell}"' + (f",{value}" if "," in columns else "") for value in beside for cell in CELLS[:: len(beside)]
    ]
    (tmp_path / "a.csv").write_text("\n".join([columns, "+4930123400" + "," * columns.count(","), *lines]) + "\n")
    given_ = {"region": region, "region_column": "region" if "region" in columns else None}
    reading = {"encoding": "utf-8", "delimiter": ",", "header": True}
    run = ls.clean(tmp_path / "a.csv", out=tmp_path / "out", duplicates="none", **given_, **reading)
    require_agreement(run, tmp_path / "out")


def test_where_the_region_came_from_is_told(tmp_path: Path) -> None:
    text = "phone,land,isd\n030 123456,DE,\n030 123456,,\n030 123456,Germany,\n030 123456,IT,49\n030 123456,,Mars\n12345678,,800\n"
    (tmp_path / "a.csv").write_text(text)
    ls.clean(tmp_path / "a.csv", region="DE", region_column="land", map={"isd": "country_code"}, out=tmp_path / "out")
    found = [ls.explain(tmp_path / "out", row) for row in range(1, 7)]
    assert [told(each, "region")[-1] for each in found] == [
        "DE, from column land",
        "column land is empty: DE, from --region; a number with a country code of its own does not need it",
        "none: column land names no region",
        "IT, from column land",
        "column land is empty: DE, from --region; a number with a country code of its own does not need it",
        "column land is empty: DE, from --region; a number with a country code of its own does not need it",
    ]
    assert told(found[3], "country-code column")[0] == "+49, so the number is read in DE"
    assert told(found[4], "country-code column")[0] == "column isd names no country, so the number is read in none"
    assert told(found[5], "country-code column")[0] == "+800 is of no country: it is put before a number without a plus"
    assert [each.accepted for each in found] == [True, False, False, False, False, True]


@given(
    st.one_of(st.sampled_from(CELLS), st.text("+0123456789 ()-.x;,#", max_size=20)),
    st.sampled_from([None, "DE", "IT", "US", "AR", "IN"]),
)
def test_a_number_is_read_as_the_engine_reads_it(raw: str, region: str | None) -> None:
    steps = parse_steps(raw, region)
    (row,) = read(pa.array([raw]), region).table().to_pylist()
    assert (steps.e164, steps.valid, steps.extension) == (row["e164"], row["is_valid"], row["extension"])
    if row["e164"] is None:
        assert steps.error == row["reason"]
        return
    assert (steps.country_code, steps.national) == (row["country_code"], row["national_number"])
    assert (steps.number_type, steps.region) == (row["number_type"], row["region"])
    assert steps.zeros == len(steps.national) - len(str(phonenumbers.parse(raw, region).national_number))
