"""The pieces of the compiler against `re`: programs, automata, finite languages, ordered matches with captures."""

from __future__ import annotations

import dataclasses
import random
import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leadsieve_rules.phone import compiler, kernel, reading
from leadsieve_rules.phone import tables as t
from leadsieve_rules.phone.automata import ASCII_DIGITS, FiniteLanguages, Match, Nodes, PrefixMatcher, recogniser
from leadsieve_rules.phone.cache import load_tables
from leadsieve_rules.phone.patterns import Alphabet, Program, Unsupported
from leadsieve_rules.phone.reference import judge_pairs

atom = st.sampled_from(["0", "1", "2", r"\d", "[12]", "[^1]", "[0-2]", "."])
pieces = st.recursive(
    atom,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})"),
        st.tuples(inner, st.sampled_from(["?", "??", "{2}", "{1,2}", "{0,2}?"])).map(lambda x: f"(?:{x[0]}){x[1]}"),
    ),
    max_leaves=6,
)
looped = st.tuples(pieces, atom, st.sampled_from(["*", "+", "*?"]), pieces).map(lambda x: f"{x[0]}{x[1]}{x[2]}{x[3]}")
captured = st.tuples(pieces, pieces, pieces, st.sampled_from(["", "$", "?", "|9"])).map(
    lambda x: f"{x[0]}({x[1]}){'?' if x[3] == '?' else ''}{x[2]}{x[3] if x[3] != '?' else ''}"
)
texts = st.text("0123", max_size=8)


def lead(nodes: Nodes, node: int, text: str) -> int:
    for digit in text:
        node = nodes.children[node][int(digit)]
    return nodes.labels[node]


@given(st.lists(pieces, min_size=1, max_size=4), st.lists(texts, min_size=1, max_size=8))
def test_finite_languages_match_what_fullmatch_matches(patterns: list[str], asked: list[str]) -> None:
    languages = FiniteLanguages()
    try:
        root = languages.union([languages.pattern(pattern, 1 << tag) for tag, pattern in enumerate(patterns)])
    except Unsupported:
        return
    for text in asked:
        expected = sum(1 << tag for tag, pattern in enumerate(patterns) if re.fullmatch(pattern, text))
        assert lead(languages.nodes, root, text) == expected


@given(pieces, st.lists(texts, min_size=1, max_size=8))
def test_prefixes_match_what_match_matches(pattern: str, asked: list[str]) -> None:
    languages = FiniteLanguages()
    root = languages.prefix(pattern, 1)
    for text in asked:
        assert lead(languages.nodes, root, text) == bool(re.match(pattern, text))


@given(st.one_of(pieces, looped), st.lists(texts, min_size=1, max_size=8), st.booleans())
def test_recognisers_accept_what_fullmatch_matches(pattern: str, asked: list[str], backwards: bool) -> None:
    try:
        steps, accepts = recogniser(Program.of(pattern, ASCII_DIGITS, backwards=backwards))
    except Unsupported:
        return
    assert not accepts[0]
    assert not steps[0].any()
    for text in asked:
        state = 1
        for digit in text[::-1] if backwards else text:
            state = steps[state, int(digit)]
        assert bool(accepts[state]) == bool(re.fullmatch(pattern, text)), (pattern, text)


@given(captured, st.lists(texts, min_size=1, max_size=8))
def test_ordered_matches_end_and_capture_as_re_does(pattern: str, asked: list[str]) -> None:
    nodes, found = Nodes(), [None]

    def action(match: Match | None) -> int:
        if match not in found:
            found.append(match)  # type: ignore[arg-type]
        return found.index(match)  # type: ignore[arg-type]

    try:
        root = PrefixMatcher(Program.of(pattern, ASCII_DIGITS), nodes, action, 24).root()
    except Unsupported:
        return
    for text in asked:
        said = found[lead(nodes, root, text)]
        match = re.match(pattern, text)
        assert (said is None) == (match is None), (pattern, text)
        if match is not None and said is not None:
            assert (said[0], said[1][2:4]) == (match.end(), match.span(1)), (pattern, text)


@pytest.mark.parametrize(
    "pattern", [r"(?=1)2", r"(1)\1", r"\b1", "(?i:1)", "(?>12)", "1*+", "(?:1?)*", "(1)*", "(?:1|){2}", "^1"]
)
def test_what_no_automaton_follows_is_unsupported(pattern: str) -> None:
    with pytest.raises(Unsupported):
        recogniser(Program.of(pattern, ASCII_DIGITS))


@pytest.mark.parametrize("pattern", ["1*", "1+2", r"(?=1)\d", "1$"])
def test_what_is_no_finite_language_is_unsupported(pattern: str) -> None:
    with pytest.raises(Unsupported):
        FiniteLanguages().pattern(pattern, 1)


def test_a_prefix_that_looks_too_far_is_unsupported() -> None:
    with pytest.raises(Unsupported):
        PrefixMatcher(Program.of("1*2", ASCII_DIGITS), Nodes(), lambda _: 1, 24).root()


def test_an_alphabet_asks_re_with_its_flags() -> None:
    alphabet = Alphabet(["a", "A", "\u212a", "\uff15"], re.IGNORECASE)
    program = Program.of(r"[a-k]\d", alphabet)
    assert [taken for op, taken in program.instructions if taken] == [0b0111, 0b1000]


def test_tables_written_and_read_are_the_same() -> None:
    tables = load_tables()
    again = t.Tables.from_bytes(tables.to_bytes())
    for name in ("nodes", "plans", "text"):
        assert np.array_equal(getattr(tables, name), getattr(again, name))
        assert getattr(tables, name).dtype == getattr(again, name).dtype
    assert (again.regions, again.uncovered) == (tables.regions, tables.uncovered)


def test_what_the_tables_do_not_cover_goes_to_phonenumbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spoil everything the tables say of two regions, and mark them as not covered: nothing of it may be used."""
    tables = load_tables()
    plans = tables.plans.copy()
    for region in ("IN", "GG"):
        place = plans[t.AT_REGIONS] + tables.regions.index(region) * t.REGION_WIDTH
        country = plans[place + t.REGION_COUNTRY]
        plans[place + t.REGION_NUMBERS : place + t.REGION_IDD + 1] = 0
        plans[place + t.REGION_LENGTHS : place + t.REGION_WIDTH] = 5
        plans[place + t.REGION_COVERED] = 0
        row = plans[t.AT_COUNTRIES] + country * t.COUNTRY_WIDTH
        plans[row + t.COUNTRY_NUMBERS] = plans[row + t.COUNTRY_COVERED] = 0
    spoilt = dataclasses.replace(tables, plans=plans)
    monkeypatch.setattr(reading, "load_tables", lambda: spoilt)
    raws = ["98123 45678", "+91 98123 45678", "+44 1481 256789", "07911 123456", "+1 202 555 0123", "00 91 2", "x"]
    for region in ("IN", "GB", "GG", "US", None):
        phones = reading.read_part(pa.array(raws), region, quick=True)
        assert phones.table().equals(judge_pairs([(raw, region) for raw in raws]).table())
    _, left = kernel.judge_strings(spoilt, pa.array(raws), np.array([tables.regions.index("IN")], np.int16))
    assert left.tolist() == [0, 1, 2, 3, 5]


def test_a_plan_with_a_strange_pattern_is_left_to_phonenumbers(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: object, pattern: str, rule: str | None) -> int:
        if rule is not None and rule.startswith("9"):
            raise Unsupported("a test")
        return whole(self, pattern, rule)

    whole = compiler.Compiler._prefix
    monkeypatch.setattr(compiler.Compiler, "_prefix", fails)
    tables = compiler.compile_tables()
    assert tables.uncovered
    assert set(tables.uncovered.values()) == {"a test"}
    assert any(name.startswith("AR ") for name in tables.uncovered)


def test_upstream_reading_text_in_another_way_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    from phonenumbers import phonenumberutil

    monkeypatch.setattr(phonenumberutil, "_SECOND_NUMBER_START", "[\\\\/] *y")
    with pytest.raises(Unsupported, match="_SECOND_NUMBER_START"):
        compiler.compile_tables()


def test_reading_goes_on_without_tables(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def none() -> t.Tables:
        raise Unsupported("another release")

    monkeypatch.setattr(reading, "load_tables", none)
    phones = reading.read_part(pa.array(["98123 45678", None]), "IN", quick=True)
    assert phones.e164.to_pylist() == ["+919812345678", None]
    assert "one by one, slowly: another release" in caplog.text


def test_many_random_bytes_never_leave_the_tables() -> None:
    """Text that is no UTF-8 is for Python to refuse; the kernel only must not read past it."""
    draw = random.Random(5)
    junk = [draw.randbytes(draw.randrange(0, 300)) for _ in range(3000)]
    strings = pa.array([*junk, b"\xf0"], pa.binary())
    raw = pa.Array.from_buffers(pa.string(), len(strings), strings.buffers())
    phones, _ = kernel.judge_strings(load_tables(), raw, np.array([-1], np.int16))
    assert len(phones) == len(strings)
