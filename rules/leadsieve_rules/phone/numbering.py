"""From digits to a number, compiled: `phonenumbers`' parsing and judging of the digits of one text."""

# ruff: noqa: PLR1714, SIM109 - plain comparisons are what compiles to plain code

from __future__ import annotations

from typing import Any

import numpy as np

from leadsieve_rules.jit import compiled
from leadsieve_rules.phone import phones as p
from leadsieve_rules.phone import tables as t

U = np.uint64
S = np.int64

NODE_WIDTH, NODE_LABEL, NODE_TAIL, TAIL_WIDTH = t.NODE_WIDTH, t.NODE_LABEL, t.NODE_TAIL, t.TAIL_WIDTH
LABEL_TYPE, LABEL_GENERAL, LABEL_OWNER = t.LABEL_TYPE, t.LABEL_GENERAL, t.LABEL_OWNER
AT_REGIONS, AT_COUNTRIES, AT_CALLING, AT_ACTIONS, AT_TAILS = (
    t.AT_REGIONS,
    t.AT_COUNTRIES,
    t.AT_CALLING,
    t.AT_ACTIONS,
    t.AT_TAILS,
)
REGION_WIDTH, REGION_NUMBERS, REGION_PREFIX, REGION_IDD = (
    t.REGION_WIDTH,
    t.REGION_NUMBERS,
    t.REGION_PREFIX,
    t.REGION_IDD,
)
REGION_COUNTRY, REGION_CODE, REGION_DIGITS, REGION_COVERED = (
    t.REGION_COUNTRY,
    t.REGION_CODE,
    t.REGION_DIGITS,
    t.REGION_COVERED,
)
REGION_LENGTHS, LENGTHS = t.REGION_LENGTHS, t.LENGTHS
COUNTRY_WIDTH, COUNTRY_NUMBERS, COUNTRY_MAIN, COUNTRY_CODE = (
    t.COUNTRY_WIDTH,
    t.COUNTRY_NUMBERS,
    t.COUNTRY_MAIN,
    t.COUNTRY_CODE,
)
COUNTRY_DIGITS, COUNTRY_COVERED, COUNTRY_WRITTEN, COUNTRY_OWNERS = (
    t.COUNTRY_DIGITS,
    t.COUNTRY_COVERED,
    t.COUNTRY_WRITTEN,
    t.COUNTRY_OWNERS,
)
ACTION_WIDTH, ACTION_LITERALS, ACTION_FROM, ACTION_TO, ACTION_END, ACTION_LITERAL = (
    t.ACTION_WIDTH,
    t.ACTION_LITERALS,
    t.ACTION_FROM,
    t.ACTION_TO,
    t.ACTION_END,
    t.ACTION_LITERAL,
)
LENGTH_POSSIBLE, LENGTH_TOO_LONG = t.LENGTH_POSSIBLE, t.LENGTH_TOO_LONG
MIN_NATIONAL, MAX_NATIONAL = t.MIN_NATIONAL, t.MAX_NATIONAL
INVALID_COUNTRY_CODE, TOO_SHORT_AFTER_IDD = p.INVALID_COUNTRY_CODE, p.TOO_SHORT_AFTER_IDD
TOO_SHORT_NSN, TOO_LONG = p.TOO_SHORT_NSN, p.TOO_LONG

#: A reason of its own: `phonenumbers` must judge this number.
LEFT = 255
#: The facts of what is no number, but for their reason; no region owns it.
UNPARSED = p.NOT_PARSED << 8 | -1 << 48
#: REASON_OF_LENGTH, four bits each.
_REASONS = sum(reason << 4 * int(length) for length, reason in p.REASON_OF_LENGTH.items())
#: Scratch for digits: the text's own, and two places for numbers that a prefix rule rewrote.
REWRITTEN_FIRST = 256
REWRITTEN_LAST = 576
DIGITS = 1024
#: The most bytes that one number takes in E.164: a plus, three digits, and the national number.
E164_BYTES = 1 + 3 + MAX_NATIONAL
PLUS, ZERO = ord("+"), ord("0")
#: Keys hold numbers of so many digits.
KEY_DIGITS = 19


@compiled
def walk(nodes: Any, plans: Any, node: Any, digits: Any, at: Any, count: Any) -> Any:
    """Return the label of the node that `count` digits from `digits[at]` on lead to; 0 if they lead nowhere."""
    left = count
    while left > 0:
        row = node * NODE_WIDTH
        tail = S(nodes[U(row + NODE_TAIL)])
        if tail:
            return S(plans[U(S(plans[AT_TAILS]) + tail * TAIL_WIDTH + (left if left < TAIL_WIDTH else TAIL_WIDTH - 1))])
        node = S(nodes[U(row + S(digits[U(at)]))])
        if node == 0:
            return S(0)
        at += 1
        left -= 1
    return S(nodes[U(node * NODE_WIDTH + NODE_LABEL)])


@compiled
def find_prefix(nodes: Any, node: Any, digits: Any, at: Any, count: Any) -> Any:
    """Return the action of the prefix that some digits begin with; 0 where they begin with none."""
    for place in range(at, at + count):
        after = S(nodes[U(node * NODE_WIDTH + S(digits[U(place)]))])
        if after == 0:
            return S(0)
        if after == node:
            break
        node = after
    return S(nodes[U(node * NODE_WIDTH + NODE_LABEL)])


@compiled
def strip_prefix(nodes: Any, plans: Any, plan: Any, digits: Any, at: Any, count: Any, spare: Any) -> Any:
    """Strip a national prefix, as `_maybe_strip_national_prefix_carrier_code` does.

    Args:
        nodes: The digit automata.
        plans: The numbering plans.
        plan: Where the region's row begins in `plans`.
        digits: Scratch with the digits.
        at: Where the number begins in it.
        count: How many digits it has.
        spare: Where a number that the prefix's rule rewrites is put.

    Returns:
        Where the number begins, and how many digits it has.
    """
    root = S(plans[U(plan + REGION_PREFIX)])
    if root == 0 or count == 0:
        return at, count
    action = find_prefix(nodes, root, digits, at, count)
    if action == 0:
        return at, count
    row = S(plans[AT_ACTIONS]) + action * ACTION_WIDTH
    literals = S(plans[U(row + ACTION_LITERALS)])
    begin = S(plans[U(row + ACTION_FROM)])
    stop = S(plans[U(row + ACTION_TO)])
    end = S(plans[U(row + ACTION_END)])
    if literals == 0 and begin == stop:
        stripped = at + end
        left = count - end
    else:
        stripped = spare
        for place in range(literals):
            digits[U(spare)] = plans[U(row + ACTION_LITERAL + place)]
            spare += 1
        for place in range(at + begin, at + stop):
            digits[U(spare)] = digits[U(place)]
            spare += 1
        for place in range(at + end, at + count):
            digits[U(spare)] = digits[U(place)]
            spare += 1
        left = spare - stripped
    root = S(plans[U(plan + REGION_NUMBERS)])
    if (
        walk(nodes, plans, root, digits, stripped, left) & LABEL_GENERAL == 0
        and walk(nodes, plans, root, digits, at, count) & LABEL_GENERAL
    ):
        return at, count
    return stripped, left


@compiled
def find_country(plans: Any, digits: Any, at: Any) -> Any:
    """Return the country (its place, -1 for none) whose code the three or more digits begin with."""
    if digits[U(at)] == 0:
        return S(-1)
    code = S(digits[U(at)]) * 100 + S(digits[U(at + 1)]) * 10 + S(digits[U(at + 2)])
    return S(plans[U(S(plans[AT_CALLING]) + code)]) - 1


@compiled
def has_default_code(nodes: Any, plans: Any, plan: Any, digits: Any, count: Any) -> Any:
    """Find the default region's country code in front of a number that is better without it.

    Returns:
        Whether it is there; then where the national number begins, and how many digits it has.
    """
    size = S(plans[U(plan + REGION_DIGITS)])
    if count < size:
        return False, S(0), count
    code = S(0)
    for place in range(size):
        code = code * 10 + S(digits[U(place)])
    if code != S(plans[U(plan + REGION_CODE)]):
        return False, S(0), count
    at, left = strip_prefix(nodes, plans, plan, digits, size, count - size, S(REWRITTEN_FIRST))
    root = S(plans[U(plan + REGION_NUMBERS)])
    better = S(plans[U(plan + REGION_LENGTHS + (count if count < LENGTHS else LENGTHS - 1))]) == LENGTH_TOO_LONG or (
        walk(nodes, plans, root, digits, S(0), count) & LABEL_GENERAL == 0
        and walk(nodes, plans, root, digits, at, left) & LABEL_GENERAL != 0
    )
    return better, at, left


@compiled
def judge_digits(nodes: Any, plans: Any, region: Any, plus: Any, count: Any, digits: Any, out: Any, at_out: Any) -> Any:
    """Parse and judge a number, as `parse` does after normalising it, and the questions asked of what it returns.

    Args:
        nodes: The digit automata.
        plans: The numbering plans.
        region: Place of the default region; -1 for none.
        plus: Whether the number began with a plus.
        count: How many digits it has.
        digits: uint8 scratch of `DIGITS` values that begins with them.
        out: uint8: receives the E.164 form.
        at_out: Where in `out`; `E164_BYTES` must be left there.

    Returns:
        The facts as one int64, the key, and where `out` goes on.
    """
    country = S(-1)
    at = S(0)
    left = count
    plan = S(plans[AT_REGIONS]) + region * REGION_WIDTH
    if plus:
        if count <= MIN_NATIONAL:
            return S(UNPARSED | TOO_SHORT_AFTER_IDD), U(0), at_out
        country = find_country(plans, digits, S(0))
        at = S(0)
    if country < 0:
        if region < 0:
            return S(UNPARSED | INVALID_COUNTRY_CODE), U(0), at_out
        if plans[U(plan + REGION_COVERED)] == 0:
            return S(UNPARSED | LEFT), U(0), at_out
        # An unknown code after a plus is read once more, as if the plus were not there.
        idd = S(plans[U(plan + REGION_IDD)])
        action = find_prefix(nodes, idd, digits, S(0), count) if idd else S(0)
        end = S(plans[U(S(plans[AT_ACTIONS]) + action * ACTION_WIDTH + ACTION_END)])
        if action != 0 and (end == count or digits[U(end)] != 0):
            if count - end <= MIN_NATIONAL:
                return S(UNPARSED | TOO_SHORT_AFTER_IDD), U(0), at_out
            country = find_country(plans, digits, end)
            if country < 0:
                return S(UNPARSED | INVALID_COUNTRY_CODE), U(0), at_out
            at = end + S(plans[U(S(plans[AT_COUNTRIES]) + country * COUNTRY_WIDTH + COUNTRY_DIGITS)])
            left = count - at
        else:
            better, begin, rest = has_default_code(nodes, plans, plan, digits, count)
            if better:
                country = S(plans[U(plan + REGION_COUNTRY)])
                at = begin
                left = rest
            elif plus:
                return S(UNPARSED | INVALID_COUNTRY_CODE), U(0), at_out
    else:
        at = S(plans[U(S(plans[AT_COUNTRIES]) + country * COUNTRY_WIDTH + COUNTRY_DIGITS)])
        left = count - at
    if country >= 0:
        row = S(plans[AT_COUNTRIES]) + country * COUNTRY_WIDTH
        plan = S(plans[AT_REGIONS]) + S(plans[U(row + COUNTRY_MAIN)]) * REGION_WIDTH
    else:
        row = S(plans[AT_COUNTRIES]) + S(plans[U(plan + REGION_COUNTRY)]) * COUNTRY_WIDTH
    if plans[U(row + COUNTRY_COVERED)] == 0:
        return S(UNPARSED | LEFT), U(0), at_out
    if left < MIN_NATIONAL:
        return S(UNPARSED | TOO_SHORT_NSN), U(0), at_out
    begin, rest = strip_prefix(nodes, plans, plan, digits, at, left, S(REWRITTEN_LAST))
    result = S(plans[U(plan + REGION_LENGTHS + (rest if rest < LENGTHS else LENGTHS - 1))])
    if result == LENGTH_POSSIBLE or result == LENGTH_TOO_LONG:
        at = begin
        left = rest
        if left < MIN_NATIONAL:
            return S(UNPARSED | TOO_SHORT_NSN), U(0), at_out
    if left > MAX_NATIONAL:
        return S(UNPARSED | TOO_LONG), U(0), at_out
    return judge_national(nodes, plans, row, digits, at, left, out, at_out)


@compiled
def judge_national(nodes: Any, plans: Any, row: Any, digits: Any, at: Any, count: Any, out: Any, at_out: Any) -> Any:
    """Judge a national number of a country, and write its E.164 form.

    Args:
        nodes: The digit automata.
        plans: The numbering plans.
        row: Where the country's row begins in `plans`.
        digits: Scratch with the digits.
        at: Where the national number begins in it.
        count: How many digits it has.
        out: uint8: receives the E.164 form.
        at_out: Where in `out`.

    Returns:
        The facts as one int64, the key, and where `out` goes on.
    """
    main = S(plans[AT_REGIONS]) + S(plans[U(row + COUNTRY_MAIN)]) * REGION_WIDTH
    length = S(plans[U(main + REGION_LENGTHS + count)])
    label = walk(nodes, plans, S(plans[U(row + COUNTRY_NUMBERS)]), digits, at, count)
    kind = label & LABEL_TYPE
    owner = S(plans[U(row + COUNTRY_OWNERS + (label >> LABEL_OWNER))])
    reason = S(0) if kind else S(_REASONS) >> (4 * length) & 15
    code = S(plans[U(row + COUNTRY_CODE)])
    facts = reason | length << 8 | kind << 16 | count << 24 | code << 32 | owner << 48
    out[U(at_out)] = PLUS
    at_out += 1
    size = S(plans[U(row + COUNTRY_DIGITS)])
    for place in range(size):
        out[U(at_out + place)] = plans[U(row + COUNTRY_WRITTEN + place)]
    at_out += size
    key = U(code)
    for place in range(count):
        digit = digits[U(at + place)]
        out[U(at_out + place)] = digit + ZERO
        key = key * U(10) + U(digit)
    return facts, (key if size + count <= KEY_DIGITS else U(0)), at_out + count
