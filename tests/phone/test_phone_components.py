"""The tables against `phonenumbers`' own functions, completely; and every state of them once through the kernel."""

from __future__ import annotations

import random
import re
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import phone_cases as cases
import phone_checks as checks
import phone_corpus as corpus
import phone_derivatives as derivatives
import pyarrow as pa
import pytest
from phone_oracle import differences
from phone_view import View, compiled
from phone_writing import sample, some_digits
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE
from phonenumbers import phonenumberutil as upstream

from leadsieve_rules.phone import numbering
from leadsieve_rules.phone import tables as t
from leadsieve_rules.phone.reading import read_part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from leadsieve_rules.phone.tables import Tables

SHARED = [code for code, regions in COUNTRY_CODE_TO_REGION_CODE.items() if len(regions) > 1]
PATTERNS = sorted({kind.national_number_pattern for plan in corpus.PLANS.values() for kind in plan.descriptions})


@pytest.fixture(scope="module")
def view() -> View:
    return compiled()


def test_every_region_is_covered(view: View) -> None:
    assert view.tables.uncovered == {}, "these regions are exact but slow: teach the compiler their patterns"
    assert sorted(set(view.tables.regions)) == sorted([*corpus.REGIONS, "001"])


@pytest.mark.parametrize("name", checks.CHECKS)
def test_tables_equal_phonenumbers(view: View, name: str) -> None:
    wrong = checks.CHECKS[name](view)
    assert not wrong, (len(wrong), wrong[:20])


# The references themselves ---------------------------------------------------------------------------------------------


def test_derivatives_match_what_re_matches() -> None:
    draw = random.Random(3)
    asked = [0, 0]
    for pattern in PATTERNS:
        for _ in range(12):
            text = sample(pattern, draw)
            if draw.random() < 0.5:
                text = corpus.mistype(draw, text)
            matched = re.fullmatch(pattern, text) is not None
            assert derivatives.matches(pattern, text) == matched, (pattern, text)
            asked[matched] += 1
    assert min(asked) > 2000


def walk(reference: derivatives.Reference, text: str) -> int:
    state = 1
    for digit in text:
        state = int(reference.steps[state, int(digit)])
    return int(reference.labels[state])


def test_a_state_of_a_reference_speaks_for_every_text_that_leads_there() -> None:
    draw = random.Random(4)
    labels = set()
    for key, plan in corpus.PLANS.items():
        references = [(checks.plan_reference(key), partial(checks.judge_national, key))]
        if int(plan.code) in SHARED:
            code = int(plan.code)
            references.append((checks.shared_reference(code), partial(checks.judge_shared, code)))
        for _ in range(20):
            text = corpus.national(draw, plan)
            text = corpus.mistype(draw, text) if draw.random() < 0.4 else text
            for reference, judge in references:
                assert walk(reference, text) == judge(text), (key, text)
                labels.add(judge(text))
    assert len(labels) > 60


def test_a_state_of_a_prefix_speaks_for_every_text_that_leads_there() -> None:
    draw = random.Random(5)
    labels = set()
    for plan in corpus.PLANS.values():
        for _, pattern, rule in checks.prefixes(plan):
            for _ in range(30):
                text = sample(pattern, draw) + some_digits(draw, draw.randint(0, 9))
                text = corpus.mistype(draw, text) if draw.random() < 0.5 else text
                label = checks.judge_prefix(pattern, rule, text)
                assert walk(checks.prefix_reference(pattern, rule), text) == label, (pattern, text)
                labels.add(label)
    assert len(labels) > 20


@pytest.mark.parametrize(
    ("pattern", "texts"),
    [
        ("(a|ab)(c|bcd)?", ["abcd", "abc", "ab", "a", "acd", "b"]),
        ("(?:ab?)??(b)?(c*)$", ["abbc", "abc", "bcc", "bccd", "a", ""]),
        ("(a{2,3}?)(a*?)b?", ["aaaab", "aab", "aa", "ab"]),
        ("0(?:(1)|(12)|1(2)3)?", ["0123", "012", "01", "0", "1"]),
    ],
)
def test_the_match_that_re_prefers(pattern: str, texts: list[str]) -> None:
    for text in texts:
        run = derivatives.start_match(pattern)
        for character in text:
            run = derivatives.step_match(run, character)
        match = re.match(pattern, text)
        best = derivatives.finish(run)
        assert (best is None) == (match is None), text
        if match and best:
            slots = best[1][2:]
            assert best[0] == match.end(), text
            assert [tuple(slots[i : i + 2]) for i in range(0, len(slots), 2)] == list(match.regs[1:]), text


def test_the_checks_walk_every_state() -> None:
    """A reference that stopped short would agree with anything."""
    states = [len(checks.plan_reference(key).access) for key in corpus.PLANS]
    assert sum(states) > 15_000
    assert min(states) > 5
    assert max(len(text) for key in corpus.PLANS for text in checks.plan_reference(key).access) >= 17
    for code in SHARED:
        owners = np.unique(checks.shared_reference(code).labels >> 8)
        assert len(owners) > len(COUNTRY_CODE_TO_REGION_CODE[code]) * 0.9, code


# Every state once through the kernel -----------------------------------------------------------------------------------


def compare(found_cases: Iterable[cases.Case], *, at_least: int) -> pa.Table:
    raws, regions = cases.unzip(found_cases)
    phones = read_part(pa.array(raws), pa.array(regions, pa.string()), quick=True)
    found = differences(phones, raws, regions)
    assert not found, (len(found), found[:10])
    assert len(raws) >= at_least
    return phones.table()


CASES: dict[str, tuple[Callable[[], Iterable[cases.Case]], int]] = {
    "national numbers": (cases.national_numbers, 15_000),
    "prefixed numbers": (partial(cases.prefixed_numbers, 1, thorough=False), 8_000),
    "calling codes": (cases.calling_codes, 10_000),
    "lengths": (cases.lengths, 20_000),
    "texts": (cases.texts, 20_000),
    "bytes": (cases.byte_pairs, 30_000),
    "short texts": (cases.short_texts, 30_000),
    "texts of about 250 characters": (cases.around_250, 2_000),
}


@pytest.mark.parametrize("name", CASES)
def test_every_state_through_the_kernel(name: str) -> None:
    make, at_least = CASES[name]
    compare(make(), at_least=at_least)


def test_every_state_of_a_country_through_the_kernel() -> None:
    table = compare(cases.country_numbers(), at_least=15_000)
    # All of Western Sahara's numbers are Morocco's too, and those go first.
    assert set(table["region"].to_pylist()) >= {None, *corpus.REGIONS, "001"} - {"EH"}


def test_telling_code_points_through_the_kernel(view: View) -> None:
    compare(cases.code_points(cases.telling_points(view.class_of_points())), at_least=8_000)


@pytest.mark.long
@pytest.mark.parametrize("plane", range(0x11))
def test_every_code_point_through_the_kernel(plane: int, record_property: Any) -> None:
    # Unassigned planes are all alike: every hundredth point of them, all of the others.
    assigned = plane in {0, 1, 2, 3, 14}
    points = range(plane << 16, (plane + 1) << 16, 1 if assigned else 101)
    record_property("phone rows", len(compare(cases.code_points(points), at_least=5_000)))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(6))
def test_prefixed_numbers_thoroughly(seed: int, record_property: Any) -> None:
    found = list(cases.prefixed_numbers(seed, thorough=True))
    compare(found, at_least=100_000)
    record_property("phone rows", len(found))


# The kernel's own functions, one by one ----------------------------------------------------------------------------------


class Scratch:
    """Calls compiled functions on the digits of a text."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self.digits = np.zeros(numbering.DIGITS, np.uint8)

    def put(self, text: str) -> int:
        self.digits[: len(text)] = list(map(int, text))
        return len(text)

    def get(self, at: int, count: int) -> str:
        return "".join(map(str, self.digits[at : at + count].tolist()))


@pytest.fixture(scope="module")
def scratch(view: View) -> Scratch:
    return Scratch(view.tables)


def tails(draw: random.Random, plan: corpus.Plan) -> list[str]:
    """What follows a prefix: nothing, good and bad numbers, and more digits than any number has."""
    good = corpus.national(draw, plan)
    return ["", good, corpus.mistype(draw, good), some_digits(draw, draw.randint(1, 17)), good * 20]


def test_stripping_national_prefixes(view: View, scratch: Scratch) -> None:
    draw = random.Random(6)
    stripped = 0
    for row, plan in enumerate(view.plans):
        place = int(view.tables.plans[t.AT_REGIONS]) + row * t.REGION_WIDTH
        for column, pattern, rule in checks.prefixes(plan):
            if column != t.REGION_PREFIX:
                continue
            for text in checks.prefix_reference(pattern, rule).access:
                for number in (text + tail for tail in tails(draw, plan)):
                    count = scratch.put(number)
                    at, left = numbering.strip_prefix(
                        view.tables.nodes, view.tables.plans, place, scratch.digits, 0, count, numbering.REWRITTEN_FIRST
                    )
                    want = upstream._maybe_strip_national_prefix_carrier_code(number, plan.metadata)[1]
                    assert scratch.get(at, left) == want, (plan.region, number)
                    stripped += want != number
    assert stripped > 1000


def test_finding_international_prefixes(view: View, scratch: Scratch) -> None:
    draw = random.Random(7)
    found = 0
    for row, plan in zip(view.regions, view.plans, strict=True):
        for column, pattern, _ in checks.prefixes(plan):
            if column != t.REGION_IDD:
                continue
            for text in checks.prefix_reference(pattern, None).access:
                for number in (text + tail.lstrip("0") for tail in tails(draw, plan)):
                    action = numbering.find_prefix(
                        view.tables.nodes, int(row[column]), scratch.digits, 0, scratch.put(number)
                    )
                    is_there, rest = upstream._parse_prefix_as_idd(re.compile(pattern), number)
                    end = int(view.actions[action, t.ACTION_END])
                    # A zero after it is the caller's affair.
                    if is_there or number[end : end + 1] != "0":
                        assert (action != 0, number[end:] if action else number) == (is_there, rest), (
                            plan.region,
                            number,
                        )
                        found += is_there
    assert found > 1000


def test_walking_numbers(view: View, scratch: Scratch) -> None:
    draw = random.Random(8)
    known = 0
    for row, plan in zip(view.regions, view.plans, strict=True):
        key = plan.region if plan.region != "001" else plan.code
        for number in [each for _ in range(12) for each in tails(draw, plan)]:
            root = int(row[t.REGION_NUMBERS])
            count = scratch.put(number)
            label = numbering.walk(view.tables.nodes, view.tables.plans, root, scratch.digits, 0, count)
            assert label == checks.judge_national(key, number), (key, number)
            known += label > t.LABEL_GENERAL
    assert known > 2000
