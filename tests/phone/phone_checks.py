"""The compiled tables held against `phonenumbers`' own functions: each check returns what disagrees, best empty.

The checks of automata are complete: they walk the compiled automaton and a `Reference` together, so they speak of
every text. A mutant of one entry is judged by the same checks (`phone_mutants.py`).
"""

from __future__ import annotations

import re
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np
from phone_corpus import PLANS, Plan
from phone_derivatives import Reference, Run, explore, is_over, items, membership, start_match, step_match
from phone_text_checks import check_characters, check_text_automata
from phone_view import Joined, Start, View, join, together
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneNumber, PhoneNumberType
from phonenumbers import phonenumberutil as upstream

from leadsieve_rules.phone import tables as t
from leadsieve_rules.phone.phones import OWNERS

if TYPE_CHECKING:
    from collections.abc import Callable

CODES = sorted(COUNTRY_CODE_TO_REGION_CODE)
_JOINED: dict[str, Joined] = {}


# Numbers -----------------------------------------------------------------------------------------------------------


def _kind(kind: int) -> int:
    return 0 if kind == PhoneNumberType.UNKNOWN else kind + 1


def judge_national(key: str, text: str) -> int:
    """Ask `_number_type_helper` and the general description of a plan about a national number."""
    metadata = PLANS[key].metadata
    general = upstream._match_national_number(text, metadata.general_desc, False)
    return _kind(upstream._number_type_helper(text, metadata)) | (t.LABEL_GENERAL if general else 0)


def judge_shared(code: int, text: str) -> int:
    """Ask `number_type` and `region_code_for_number` about a number of a country code."""
    if not text:  # no number is so short
        return 0
    number = PhoneNumber(country_code=code, national_number=int(text))
    upstream._set_italian_leading_zeros_for_phone_number(text, number)
    assert upstream.national_significant_number(number) == text
    owner = upstream.region_code_for_number(number)
    place = COUNTRY_CODE_TO_REGION_CODE[code].index(owner) + 1 if owner else 0
    return _kind(upstream.number_type(number)) | place << t.LABEL_OWNER


@cache
def plan_reference(key: str) -> Reference:
    """Build the reference of a plan's national numbers."""
    patterns = [items(kind.national_number_pattern) for kind in PLANS[key].descriptions]
    return membership(patterns, partial(judge_national, key))


@cache
def shared_reference(code: int) -> Reference:
    """Build the reference of a shared country code's numbers."""
    regions = COUNTRY_CODE_TO_REGION_CODE[code]
    return membership(
        [items(kind.national_number_pattern) for region in regions for kind in PLANS[region].descriptions],
        partial(judge_shared, code),
        [items(PLANS[region].metadata.leading_digits) for region in regions if PLANS[region].metadata.leading_digits],
    )


def _number_starts(view: View) -> list[Start]:
    starts = [
        Start(f"{plan.region} +{plan.code}", int(row[t.REGION_NUMBERS]), plan_reference(_key(plan)))
        for plan, row in zip(view.plans, view.regions, strict=True)
    ]
    for code, row in zip(CODES, view.countries, strict=True):
        regions = COUNTRY_CODE_TO_REGION_CODE[code]
        if len(regions) > 1:
            starts.append(Start(f"+{code}", int(row[t.COUNTRY_NUMBERS]), shared_reference(code)))
        else:
            plan = PLANS[regions[0] if regions[0] != "001" else str(code)]
            starts.append(Start(f"+{code}", int(row[t.COUNTRY_NUMBERS]), plan_reference(_key(plan))))
    return starts


def _key(plan: Plan) -> str:
    return plan.region if plan.region != "001" else plan.code


def check_numbers(view: View) -> list[str]:
    """Type, general description and owner of every number of every plan and country code."""
    starts = _number_starts(view)
    joined = _JOINED.setdefault("numbers", join(starts))
    node, state = together(view.steps, np.array([start.node for start in starts]), joined)
    got, want = view.labels[node], joined.labels[state]
    return [f"{joined.names[s]}: {g} for {w}" for s, g, w in zip(state, got, want, strict=True) if g != w]


def check_plans(view: View) -> list[str]:
    """The rows of regions and country codes, apart from automata and lengths."""
    wrong = []
    for plan, row in zip(view.plans, view.regions, strict=True):
        want = [CODES.index(int(plan.code)), int(plan.code), len(plan.code), True]
        if row[[t.REGION_COUNTRY, t.REGION_CODE, t.REGION_DIGITS, t.REGION_COVERED]].tolist() != want:
            wrong.append(f"region {plan.region}")
    names = np.array([*OWNERS, None])
    for code, row in zip(CODES, view.countries, strict=True):
        regions = list(COUNTRY_CODE_TO_REGION_CODE[code])
        owners = regions if len(regions) == 1 else [None, *regions]
        got = names[row[t.COUNTRY_OWNERS :]].tolist()
        if (
            row[[t.COUNTRY_CODE, t.COUNTRY_DIGITS, t.COUNTRY_COVERED]].tolist() != [code, len(str(code)), True]
            or bytes(row[t.COUNTRY_WRITTEN : t.COUNTRY_WRITTEN + len(str(code))].tolist()).decode() != str(code)
            or view.tables.regions[row[t.COUNTRY_MAIN]] != upstream.region_code_for_country_code(code)
            or view.regions[row[t.COUNTRY_MAIN], t.REGION_CODE] != code
            or got[: len(owners)] != owners
        ):
            wrong.append(f"+{code}")
    return wrong


def check_calling_codes(view: View) -> list[str]:
    """The country of all three digits that can follow a plus, with `_extract_country_code`."""
    codes = [0, *CODES]
    got = [codes[at] for at in view.calling.tolist()]
    want = [upstream._extract_country_code(f"{digits:03}")[0] for digits in range(1000)]
    return [f"{i:03}: {g} for {w}" for i, (g, w) in enumerate(zip(got, want, strict=True)) if g != w]


def check_lengths(view: View) -> list[str]:
    """Every cell of the possible lengths, with `_test_number_length`; the last stands for all that are longer."""
    wrong = []
    for plan, row in zip(view.plans, view.regions, strict=True):
        cells = row[t.REGION_LENGTHS : t.REGION_LENGTHS + t.LENGTHS].tolist()
        for length in range(t.MAX_CHARACTERS + 1):
            want = upstream._test_number_length("1" * length, plan.metadata)
            if cells[min(length, t.LENGTHS - 1)] != want:
                wrong.append(f"{plan.region} +{plan.code} {length}")
    return wrong


def check_tails(view: View) -> list[str]:
    """Every entry of the tails, with the labels that every text of so many digits leads to."""
    tail = view.nodes[:, t.NODE_TAIL].astype(np.int64)
    least = most = view.labels.astype(np.int64)
    wrong = []
    for left in range(t.TAIL_WIDTH + 1):
        told = view.tails[tail, left] if left < t.TAIL_WIDTH else view.tails[tail, -1]
        bad = (tail > 0) & ((least != most) | (told != least))
        wrong += [f"node {node}, {left} digits to come" for node in np.flatnonzero(bad)]
        least, most = least[view.steps].min(1), most[view.steps].max(1)
    return wrong


# Prefixes ------------------------------------------------------------------------------------------------------------

#: The digits that a stripped prefix becomes: literals, then a stretch of the number; and where the rest begins.
Action = tuple[str, int, int, int]
_KNOWN_ACTIONS: dict[Action | None, int] = {None: 0}  # None: no match


def _action_number(action: Action) -> int:
    return _KNOWN_ACTIONS.setdefault(action, len(_KNOWN_ACTIONS))


def _plain(literals: str, start: int, stop: int, end: int) -> Action:
    return (literals, start, stop, end) if start < stop else (literals, 0, 0, end)


def judge_prefix(pattern: str, rule: str | None, text: str) -> int:
    """Tell by `re.match` what `_maybe_strip_national_prefix_carrier_code` makes of a prefix."""
    match = re.match(pattern, text)
    if match is None:
        return 0
    parts = re.fullmatch(r"(\d*)\\(\d)", rule) if rule else None
    assert bool(rule) == bool(parts), f"a transform rule of another form: {rule}"
    if parts is None or match.groups()[-1] is None:
        return _action_number(_plain("", 0, 0, match.end()))
    return _action_number(_plain(parts[1], *match.span(int(parts[2])), match.end()))


@cache
def prefix_reference(pattern: str, rule: str | None) -> Reference:
    """Build the reference of a prefix."""

    def step(run: Run, digit: str) -> Run:
        return run if is_over(run) else step_match(run, digit)

    return explore(
        start_match(pattern), step, lambda run: is_over(run) and run[1] is None, partial(judge_prefix, pattern, rule)
    )


def prefixes(plan: Plan) -> list[tuple[int, str, str | None]]:
    """Return a plan's prefix patterns: the column of the region row, the pattern and its rule."""
    metadata = plan.metadata
    both = [
        (t.REGION_PREFIX, metadata.national_prefix_for_parsing, metadata.national_prefix_transform_rule),
        (t.REGION_IDD, metadata.international_prefix, None),
    ]
    return [each for each in both if each[1]]


def _prefix_starts(view: View) -> list[Start]:
    return [
        Start(f"{plan.region} {pattern}", int(row[column]), prefix_reference(pattern, rule))
        for plan, row in zip(view.plans, view.regions, strict=True)
        for column, pattern, rule in prefixes(plan)
    ]


def check_prefixes(view: View) -> list[str]:
    """What every text that begins with a national or international prefix becomes."""
    starts = _prefix_starts(view)
    joined = _JOINED.setdefault("prefixes", join(starts))
    node, state = together(view.steps, np.array([start.node for start in starts]), joined)
    actions = np.array([0, *(_compiled_action(row) for row in view.actions[1:].tolist())])
    label = view.labels[node].astype(np.int64)
    got = np.where(label < len(actions), actions[np.minimum(label, len(actions) - 1)], -2)
    want = joined.labels[state]
    wrong = [f"{joined.names[s]}: {g} for {w}" for s, g, w in zip(state, got, want, strict=True) if g != w]
    for plan, row in zip(view.plans, view.regions, strict=True):
        without = {t.REGION_PREFIX, t.REGION_IDD} - {column for column, _, _ in prefixes(plan)}
        wrong += [f"{plan.region} has no such prefix" for column in without if row[column] != 0]
    return wrong


def _compiled_action(row: list[int]) -> int:
    count = row[t.ACTION_LITERALS]
    literals = "".join(map(str, row[t.ACTION_LITERAL : t.ACTION_LITERAL + count]))
    return _KNOWN_ACTIONS.get(_plain(literals, row[t.ACTION_FROM], row[t.ACTION_TO], row[t.ACTION_END]), -1)


CHECKS: dict[str, Callable[[View], list[str]]] = {
    "numbers": check_numbers,
    "plans": check_plans,
    "calling codes": check_calling_codes,
    "lengths": check_lengths,
    "tails": check_tails,
    "prefixes": check_prefixes,
    "characters": check_characters,
    "text automata": check_text_automata,
}
