"""Patterns that take other engines exponential time: over 100,000 hostile cells they end."""

from __future__ import annotations

import subprocess
import sys

import pytest

from leadsieve_rules.exceptions import InvalidProfile, InvalidSetting
from leadsieve_rules.patterns import matches_whole, pattern_fault
from leadsieve_rules.profiles import read_profile, resolve_settings

PATTERNS = ["(a+)+$", "(a|aa)+$", "(a|a?)+$", "(.*a){20}$"]
#: The shortest exponential of them takes Python's `re` some 2**60 steps on one such cell.
HOSTILE = "a" * 60 + "!"

SCHEMA = f"""
import pandera.polars as pandera, pyarrow as pa
from leadsieve_rules.schemas import load_schema
checks = [getattr(pandera.Check, name)(pattern) for pattern in {PATTERNS!r} for name in ("str_matches", "str_contains")]
compiled = load_schema(pandera.DataFrameSchema({{"x": pandera.Column(str, checks)}})).compiled
print(sum(len(f.index) for f in compiled.findings(pa.table({{"x": [{HOSTILE!r}] * 100_000}}))))
"""
SETTINGS = f"""
from leadsieve_rules.patterns import matches_whole
print(sum(matches_whole(pattern, {HOSTILE!r}) for pattern in {PATTERNS!r} for _ in range(2_500)))
"""


@pytest.mark.parametrize(("code", "count"), [(SCHEMA, 700_000), (SETTINGS, 0)])
def test_hostile_cells_end(code, count):
    # Only what is exponential does not end by then. `(a|a?)+$` is found in every cell: it is empty at the end.
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)
    assert int(run.stdout) == count


@pytest.mark.parametrize("pattern", ["(?=a)", r"(a)\1", "(?<!a)b", "[", "(?P<n>a)(?P=n)"])
def test_patterns_that_are_not_linear_are_refused(pattern):
    assert pattern_fault(pattern)


@pytest.mark.parametrize(
    ("pattern", "text", "whole"),
    [
        ("a|ab", "ab", True),
        ("a", "a\n", False),
        ("^a$", "a", True),
        (r"\d{4}", "2024", True),
        ("", "", True),
        ("a.c", "a\nc", False),
        ("é+", "éé", True),
    ],
)
def test_a_pattern_matches_a_whole_text_or_not(pattern, text, whole):
    assert pattern_fault(pattern) is None
    assert matches_whole(pattern, text) is whole


def _profile(pattern):
    from leadsieve_rules.profiles import profile_text

    text = profile_text("plain")
    assert "[settings" not in text
    return read_profile(f"{text}\n[settings.code]\ntype = 'string'\npattern = '{pattern}'\n", "mine.toml")


def test_the_pattern_of_a_setting_is_linear():
    with pytest.raises(InvalidProfile, match="no regular expression that runs in linear time"):
        _profile("(?=a)")
    profile = _profile(PATTERNS[0])
    assert resolve_settings(profile, {"code": "aaa"}).values["code"] == "aaa"
    with pytest.raises(InvalidSetting, match="must match"):
        resolve_settings(profile, {"code": HOSTILE})
