"""Patterns as automata over the bytes of ASCII text; what else a cell or a pattern holds is left to polars."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from leadsieve_rules.phone.patterns import Alphabet, Op, Program, Unsupported

#: States that every automaton has: no match any more, nothing is known any more, matched whatever follows.
_DEAD, _UNKNOWN, _MATCHED = 0, 1, 2
_STATES, _INSTRUCTIONS = 256, 1000
_ASCII = [chr(point) for point in range(128)]
#: A character that is escaped, a class, and what opens a group with a number or a name.
_PARTS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?P<\w+>|\((?!\?)", re.DOTALL)
#: What means one thing to Python's parser and another to the engine of polars.
_DIVIDED = re.compile(r"\{,|\\[<>]")
_ESCAPED = re.compile(r"\\.", re.DOTALL)


@dataclass(frozen=True, slots=True, eq=False)
class Automaton:
    """A pattern that is looked for in ASCII text.

    Attributes:
        table: uint8, for each state and byte the next state; a byte past ASCII leads to where nothing is known.
        accepts: uint8, for each state 1 where a text that ends in it has a match.
        start: The first state.
    """

    table: npt.NDArray[np.uint8]
    accepts: npt.NDArray[np.uint8]
    start: int


def automaton(pattern: str) -> Automaton | None:
    """Compile a pattern of the engine of polars, which looks for it anywhere in a text.

    Returns:
        None where it cannot be followed exactly by a small automaton: flags, word boundaries, large repeats.
    """
    try:
        program, anchored = _program(pattern)
        return None if len(program.instructions) > _INSTRUCTIONS else _determined(program, anchored)
    except (Unsupported, re.error, Warning, RecursionError, OverflowError):
        return None


def _program(pattern: str) -> tuple[Program, bool]:
    """Return the program of a pattern, and whether a match begins where the text does."""
    bare = _PARTS.sub(lambda part: "(" if part[0].startswith("(") else "", pattern)
    nested = any(part.startswith("[") and "[" in _ESCAPED.sub("", part[1:]) for part in _PARTS.findall(pattern))
    if _DIVIDED.search(pattern) or nested or re.search(r"\(\?(?!:)", bare):
        raise Unsupported("flags, or what polars reads otherwise")
    anchored = bare.startswith("^")
    if anchored and _has_alternatives(bare):
        raise Unsupported("alternatives of which the first is anchored")
    # Which group took what is nobody's question here.
    plain = _PARTS.sub(lambda part: "(?:" if part[0].startswith("(") else part[0], pattern)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # ASCII: the white space of polars is not Python's, which has four control characters more.
        return Program.of(plain[anchored:], Alphabet(_ASCII, re.ASCII)), anchored


def _has_alternatives(bare: str) -> bool:
    """Tell whether a pattern without escapes and classes has alternatives outside of its groups."""
    depth = 0
    for sign in bare:
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and depth == 0:
            return True
    return False


def _determined(program: Program, anchored: bool) -> Automaton | None:
    """Build the states; a state is the set of instructions at which the pattern may stand."""
    rows: list[npt.NDArray[np.uint8]] = [np.full(256, state, np.uint8) for state in (_DEAD, _UNKNOWN, _MATCHED)]
    accepts, todo = [0, 0, 1], []
    states: dict[frozenset[int], int] = {frozenset(): _DEAD}
    matched = len(program.instructions) - 1

    def state_of(places: Iterable[int]) -> int:
        closed = _closed(program, places, at_end=False)
        if matched in closed:
            return _MATCHED
        if closed not in states:
            if len(rows) == _STATES:
                raise Unsupported("too many states")
            states[closed] = len(rows)
            rows.append(np.full(256, _UNKNOWN, np.uint8))
            accepts.append(int(matched in _closed(program, closed, at_end=True)))
            todo.append(closed)
        return states[closed]

    start = state_of([0])
    alike = _alike(program)
    while todo:
        places = todo.pop()
        for symbols in alike:
            after = [place + 1 for place in places if _takes(program, place) >> symbols[0] & 1]
            rows[states[places]][symbols] = state_of(after if anchored else [*after, 0])
    return Automaton(np.concatenate(rows), np.array(accepts, np.uint8), start)


def _alike(program: Program) -> list[list[int]]:
    """Group the characters that no instruction tells apart."""
    found: dict[tuple[int, ...], list[int]] = {}
    for symbol in range(len(_ASCII)):
        key = tuple(_takes(program, place) >> symbol & 1 for place in range(len(program.instructions)))
        found.setdefault(key, []).append(symbol)
    return list(found.values())


def _takes(program: Program, place: int) -> int:
    """Return which characters an instruction takes, as bits."""
    op, argument = program.instructions[place]
    return int(argument) if op is Op.TAKE else 0


def _closed(program: Program, places: Iterable[int], *, at_end: bool) -> frozenset[int]:
    """Follow what takes no character; the end of the text is passed only there."""
    found, todo = set(), list(places)
    while todo:
        place = todo.pop()
        if place in found:
            continue
        found.add(place)
        op, argument = program.instructions[place]
        if op is Op.SPLIT:
            todo += argument
        elif op is Op.SAVE or (op is Op.END and at_end):
            todo.append(place + 1)
    keep = (Op.TAKE, Op.END, Op.MATCH)
    return frozenset(place for place in found if program.instructions[place][0] in keep)
