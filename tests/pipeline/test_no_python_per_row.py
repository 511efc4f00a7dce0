"""Nothing on the path of the rows is done in Python row by row: a profile that does not grow with the rows shows it."""

from __future__ import annotations

import cProfile
import pstats
from pathlib import Path

import pytest

import leadsieve

#: Rows of the smaller and of the larger file.
FEW, MANY = 40_000, 160_000
#: How the larger file is read; the smaller in chunks that are smaller alike, so that both are of as many.
CHUNK = 1 << 20


#: What is wrong with some of the rows: each is spoilt in one way.
SPOILT = ("12", "", "N/A", "9.19E+11", "'+12025550123 ", "2025550123 or 2025550124", "0049301234567")


def write_leads(path: Path, rows: int, bad: int) -> Path:
    """Write a lead file in which one row of so many is spoilt, and one of ten repeats a number."""
    lines = ["phone,name,email,city"]
    for row in range(rows):
        number = 2_012_000_000 + (row - 7 if row % 10 == 9 else row) % 7_000_000
        phone = SPOILT[row // bad % len(SPOILT)] if row % bad == 0 else f"({number // 10**7}) {number % 10**7}"
        email = f"u{row}@example.org" if row % 12 else "nobody at all"
        lines.append(f"{phone},{'Zoë ' if row % 4 else ''}Smith,{email},Rome")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def calls(source: Path, out: Path, chunk_bytes: int) -> int:
    """Clean a file in one thread, and return how many functions were called in the interpreter."""
    profile = cProfile.Profile()
    with profile:
        leadsieve.clean(
            source,
            profile="voicegenie",
            settings={"campaign_name": "x"},
            region="US",
            out=out,
            calling_hours="09:00-20:00",
            progress=False,
            tuning={"threads": 1, "chunk_bytes": chunk_bytes},
        ).close()
    return int(pstats.Stats(profile).total_calls)  # type: ignore[attr-defined]  # typeshed does not know it


@pytest.mark.parametrize("bad", [20, 2])
def test_calls_do_not_grow_with_the_rows(tmp_path: Path, bad: int) -> None:
    counted = []
    for name, rows in (("warm", MANY), ("few", FEW), ("many", MANY)):
        source = write_leads(tmp_path / f"{name}.csv", rows, bad)
        counted.append(calls(source, tmp_path / name, CHUNK * rows // MANY))
    _, few, many = counted
    assert few > 1_000
    assert many - few < (MANY - FEW) // 100
