"""The benchmark of checks: every program finds the same failures, so their costs can be compared."""

from __future__ import annotations

from benchmarks.checks import CHECKERS, VARIANTS, variant_file
from benchmarks.data import lead_file


def test_every_program_finds_the_same_failures(tmp_path):
    leads = lead_file(tmp_path, 2000, 1)
    for failing, least in zip(VARIANTS.values(), (80, 2000), strict=True):
        counts = {name: checker(str(variant_file(leads, failing)), 1)() for name, checker in CHECKERS.items()}
        assert len(set(counts.values())) == 1, counts
        assert counts["leadsieve"] >= least
