"""Reading a list of cells through the damage step, as the engine does it."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pytest

from leadsieve_rules.damage import phone_findings, read_countries, read_phones
from leadsieve_rules.reasons import REASONS


@dataclass(frozen=True)
class Outcome:
    """What became of one cell."""

    e164: str | None
    codes: tuple[str, ...]
    repair: str | None = None
    after: str | None = None

    @property
    def accepted(self) -> bool:
        return not self.codes


def outcomes(cells, region, countries=None, check="valid"):
    """Read cells; give each one's number (None where rejected), reasons and repair."""
    text = pa.array(cells, pa.string())
    named = None if countries is None else read_countries(pa.array(countries, pa.string()), region)
    reading = read_phones(text, region, named)
    has_region = region is not None if named is None else named.region.is_valid().to_numpy(zero_copy_only=False)
    findings = phone_findings(reading, text, column="phone", has_region=has_region, check=check)
    codes = [[] for _ in cells]
    for finding in findings:
        for row, value in zip(finding.index.tolist(), finding.values.to_pylist(), strict=True):
            assert value == cells[row]
            if REASONS[finding.code].rejects:
                codes[row].append(f"{finding.code}.{finding.detail}" if finding.detail else finding.code)
    repaired = {}
    for repair in (f for f in findings if f.code == "repaired_phone"):
        rows = zip(repair.index.tolist(), repair.values.to_pylist(), repair.after.to_pylist(), strict=True)
        for row, before, after in rows:
            assert before == cells[row]
            assert row not in repaired or repair.detail == "country_code"
            repaired.setdefault(row, (repair.detail, after))
    numbers = reading.phones.table()["e164"].to_pylist()
    return [
        Outcome(None if codes[row] else numbers[row], tuple(codes[row]), *repaired.get(row, (None, None)))
        for row in range(len(cells))
    ]


@pytest.fixture(name="outcomes", scope="session")
def _outcomes():
    return outcomes
