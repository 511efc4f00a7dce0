"""Patterns as automata by another road than the compiler's: partial derivatives of `re`'s syntax trees.

Two texts that leave the same derivatives of the same patterns behind cannot be told apart by what follows, so one
question to `phonenumbers` a state answers for every text that leads there. A compiled automaton that agrees with
every state of a `Reference` therefore agrees with `phonenumbers` on every text, of whatever length.

The derivatives of a sequence keep the order in which `re` prefers them and the positions of its groups, which is
what `re.match` needs; membership uses them as plain sets.
"""

from __future__ import annotations

import re
import re._constants as sre
import re._parser as sre_parser
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Sequence

    import numpy.typing as npt

DIGITS = "0123456789"
#: No pattern of the metadata looks at so many digits.
LONGEST = 60

#: A sequence of items that a text still has to match: `("take", atom)`, `("either", sequences)`,
#: `("repeat", low, high, sequence, greedy)`, `("note", slot)`, `("end",)`; `high` None is without bound.
Items = tuple[Any, ...]
ANYTHING: Items = (("repeat", 0, None, (("take", re.compile("(?s:.)")),), True),)


@cache
def items(pattern: str, flags: int = 0) -> Items:
    """Return a pattern as a sequence of items."""
    return _items(sre_parser.parse(pattern, flags), flags)


def _items(sequence: Any, flags: int) -> Items:
    out: list[Any] = []
    for op, value in sequence:
        if op in {sre.LITERAL, sre.NOT_LITERAL, sre.IN, sre.ANY}:
            out.append(("take", _atom(repr((op, value)), op, value, flags)))
        elif op is sre.SUBPATTERN:
            group, added, removed, inner = value
            if added or removed:
                raise ValueError("flags inside a pattern: extend it")
            body = _items(inner, flags)
            out += body if group is None else [("note", 2 * group), *body, ("note", 2 * group + 1)]
        elif op is sre.BRANCH:
            out.append(("either", tuple(_items(way, flags) for way in value[1])))
        elif op in {sre.MAX_REPEAT, sre.MIN_REPEAT}:
            low, high, inner = value
            top = None if high is sre.MAXREPEAT else int(high)
            out.append(("repeat", int(low), top, _items(inner, flags), op is sre.MAX_REPEAT))
        elif (op, value) == (sre.AT, sre.AT_END):
            out.append(("end",))
        else:
            raise ValueError(f"no derivative of {op} {value}: extend it")
    return tuple(out)


_ATOMS: dict[tuple[str, int], re.Pattern[str]] = {}


def _atom(key: str, op: Any, value: Any, flags: int) -> re.Pattern[str]:
    """Compile one atom with `re` itself."""
    if (key, flags) not in _ATOMS:
        from re import _compiler

        state = sre_parser.State()
        state.flags = flags
        _ATOMS[key, flags] = _compiler.compile(sre_parser.SubPattern(state, [(op, value)]), flags)
    return _ATOMS[key, flags]


def backwards(sequence: Items) -> Items:
    """Return what matches the reversed texts."""
    return tuple(_turned(item) for item in reversed(sequence))


def _turned(item: Any) -> Any:
    if item[0] == "either":
        return ("either", tuple(backwards(way) for way in item[1]))
    if item[0] == "repeat":
        return (*item[:3], backwards(item[3]), item[4])
    return item


# Derivatives in order of preference, with the positions of groups --------------------------------------------------

#: What remains to match, and the slots noted since the last character.
Way = tuple[Items, tuple[int, ...]]


@cache
def heads(sequence: Items) -> tuple[Way, ...]:
    """Expand a sequence until each way starts with an atom, an `end`, or is over; in order of preference."""
    if not sequence:
        return (((), ()),)
    first, rest = sequence[0], sequence[1:]
    kind = first[0]
    if kind in {"take", "end"}:
        return ((sequence, ()),)
    if kind == "note":
        return tuple((ahead, (first[1], *noted)) for ahead, noted in heads(rest))
    if kind == "either":
        return _first_of(way for each in first[1] for way in heads(each + rest))
    _, low, high, body, greedy = first
    if high == 0:
        return heads(rest)
    again = ("repeat", max(0, low - 1), None if high is None else high - 1, body, greedy)
    on = heads((*body, again, *rest))
    if low > 0:
        return on
    leave = heads(rest)
    return _first_of((*on, *leave) if greedy else (*leave, *on))


def _first_of(ways: Iterable[Way]) -> tuple[Way, ...]:
    """Keep of the ways to the same remainder the preferred one."""
    kept: dict[Items, Way] = {}
    for way in ways:
        kept.setdefault(way[0], way)
    return tuple(kept.values())


@cache
def takes(atom: re.Pattern[str], character: str) -> bool:
    """Tell whether an atom takes a character."""
    return atom.fullmatch(character) is not None


# Membership ------------------------------------------------------------------------------------------------------------

Remainders = frozenset[Items]


@cache
def remainders(sequence: Items) -> Remainders:
    """Return what a sequence may still have to match, as a set; a finished one is the empty sequence."""
    return frozenset(ahead for ahead, _ in heads(sequence))


@cache
def after(state: Remainders, character: str) -> Remainders:
    """Return the derivatives of a set by a character."""
    reached: set[Items] = set()
    for sequence in state:
        if sequence and takes(sequence[0][1], character):
            reached |= remainders(sequence[1:])
    return frozenset(reached)


def matches(pattern: str, text: str) -> bool:
    """Match a whole text by derivatives (to hold them against `re`)."""
    state = remainders(items(pattern))
    for character in text:
        state = after(state, character)
    return () in state


# References --------------------------------------------------------------------------------------------------------------


class Reference(NamedTuple):
    """An automaton whose every state was judged by `phonenumbers`: state 0 is the one that nothing follows.

    Attributes:
        steps: The next state by state and symbol.
        labels: What `phonenumbers` says at each state.
        access: A shortest text that leads to each state.
    """

    steps: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    access: list[str]


def explore(
    start: Hashable,
    step: Callable[[Any, str], Hashable],
    dead: Callable[[Any], bool],
    judge: Callable[[str], int],
    symbols: Sequence[str] = DIGITS,
) -> Reference:
    """Find every state that texts lead to from `start`, and ask `judge` about one text that leads there.

    States count with their depth in them where `step` puts it in. All dead states are one; it is judged with the
    first text that leads to it, and its label holds for all of them.
    """
    places: dict[Hashable, int] = {start: 1}
    order: list[Any] = [None, start]
    access = ["", ""]
    rows: list[list[int]] = [[0] * len(symbols)]
    at = 1
    while at < len(order):
        row = []
        assert len(access[at]) < LONGEST, "a pattern without a bound"
        for symbol in symbols:
            reached = step(order[at], symbol)
            if dead(reached):
                access[0] = access[0] or access[at] + symbol
                row.append(0)
                continue
            if reached not in places:
                places[reached] = len(order)
                order.append(reached)
                access.append(access[at] + symbol)
            row.append(places[reached])
        rows.append(row)
        at += 1
    return Reference(np.array(rows, np.int64), np.array([judge(text) for text in access], np.int64), access)


def membership(sequences: Sequence[Items], judge: Callable[[str], int], prefixes: Sequence[Items] = ()) -> Reference:
    """Build the reference of several patterns over digits.

    Args:
        sequences: Patterns of whole texts; texts of different lengths are told apart as long as one of them lives.
        judge: What `phonenumbers` says of a text.
        prefixes: Patterns of which only the beginning of a text must match.
    """
    whole = tuple(dict.fromkeys(sequences))
    tables = [_table(each) for each in (*whole, *(prefix + ANYTHING for prefix in dict.fromkeys(prefixes)))]

    def step(state: tuple[int, ...], digit: str) -> tuple[int, ...]:
        column = int(digit)
        reached = [table[at][column] for table, at in zip(tables, state[1:], strict=True)]
        return (state[0] + 1 if any(reached[: len(whole)]) else -1, *reached)

    return explore((0, *[1] * len(tables)), step, lambda state: not any(state[1:]), judge)


@cache
def _table(sequence: Items) -> list[list[int]]:
    """Return the derivatives of one pattern as a table: 0 is nothing, 1 the pattern itself."""
    table = explore(remainders(sequence), after, lambda state: not state, lambda _: 0)
    rows: list[list[int]] = table.steps.tolist()
    return rows


# The match that `re.match` prefers --------------------------------------------------------------------------------------

#: Where a match ended and what its slots noted.
Match = tuple[int, tuple[int, ...]] | None
#: The ways still open, in order of preference, with their slots; the best match so far; how many characters were read.
Run = tuple[tuple[tuple[Items, tuple[int, ...]], ...], Match, int]


def start_match(pattern: str) -> Run:
    """Begin `re.match` of a pattern."""
    slots = (-1,) * (2 * re.compile(pattern).groups + 2)
    return _cut([(items(pattern), slots)], None, 0)


def step_match(run: Run, character: str) -> Run:
    """Read one more character."""
    ways, best, length = run
    open_ways = [(way[1:], slots) for way, slots in ways if way[0][0] == "take" and takes(way[0][1], character)]
    return _cut(open_ways, best, length + 1)


def _cut(ways: list[tuple[Items, tuple[int, ...]]], best: Match, length: int) -> Run:
    """Expand ways in order; a finished one is the best match so far and cuts off what is preferred less."""
    seen: dict[Items, tuple[int, ...]] = {}
    for sequence, slots in ways:
        for ahead, noted in heads(sequence):
            now = list(slots)
            for slot in noted:
                now[slot] = length
            if not ahead:
                return tuple(seen.items()), (length, tuple(now)), length
            seen.setdefault(ahead, tuple(now))
    return tuple(seen.items()), best, length


def finish(run: Run) -> Match:
    """Return the match of a text that ends here."""
    ways, best, length = run
    for sequence, slots in ways:
        if sequence[0][0] == "end":
            for ahead, noted in heads(sequence[1:]):
                if not ahead:
                    now = list(slots)
                    for slot in noted:
                        now[slot] = length
                    return length, tuple(now)
    return best


def is_over(run: Run) -> bool:
    """Tell whether nothing that follows changes the match."""
    return not run[0]
