"""What characters mean, and which texts are viable numbers and extensions, held against `phonenumbers`."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from phone_derivatives import Reference, after, backwards, explore, items, remainders
from phone_view import Start, View, join, together
from phonenumbers import phonenumberutil as upstream

from leadsieve_rules.phone import tables as t

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

CODE_POINTS = 0x110000
FLAGS = upstream._REGEX_FLAGS
VIABLE = upstream._VALID_PHONE_NUMBER_PATTERN.pattern
EXTENSION = upstream._EXTN_PATTERNS_FOR_PARSING
EVERY_CHARACTER = list(map(chr, range(CODE_POINTS)))


@cache
def _taken() -> npt.NDArray[np.uint64]:
    """Tell for every code point which atoms of the viable and the extension pattern take it, as bits."""
    universe = "".join(EVERY_CHARACTER)
    atoms = {id(atom): atom for text in (VIABLE, EXTENSION) for atom in _atoms(items(text, FLAGS))}
    assert len(atoms) <= 64
    taken = np.zeros(CODE_POINTS, np.uint64)
    for bit, atom in enumerate(atoms.values()):
        for match in atom.finditer(universe):
            taken[match.start()] |= np.uint64(1 << bit)
    return taken


def _atoms(sequence: Any) -> list[Any]:
    out = []
    for item in sequence:
        if item[0] == "take":
            out.append(item[1])
        elif item[0] == "either":
            out += [atom for way in item[1] for atom in _atoms(way)]
        elif item[0] == "repeat":
            out += _atoms(item[3])
    return out


def _where(test: Callable[[str], Any]) -> npt.NDArray[np.bool_]:
    return np.fromiter((bool(test(c)) for c in EVERY_CHARACTER), np.bool_, CODE_POINTS)


@cache
def _flags() -> npt.NDArray[np.int64]:
    """Ask phonenumbers' own patterns about every code point."""
    second = upstream._SECOND_NUMBER_START_PATTERN.search
    begins, spaced, ends = (
        _where(lambda c: second(c + "x")),
        _where(lambda c: second(f"/{c}x")),
        _where(lambda c: second("/" + c)),
    )
    return np.column_stack(
        [
            _where(upstream._VALID_START_CHAR_PATTERN.match) * t.FLAG_START
            | _where(upstream._PLUS_CHARS_PATTERN.match) * t.FLAG_PLUS
            | _where(upstream._UNWANTED_END_CHAR_PATTERN.search) * t.FLAG_UNWANTED
            | _where(lambda c: upstream._VALID_ALPHA_PHONE_PATTERN.match(c * 3)) * t.FLAG_LETTER,
            np.select([begins, ends, spaced], [t.SECOND_SLASH, t.SECOND_X, t.SECOND_SPACE], 0),
        ]
    ).astype(np.int64)


def check_characters(view: View) -> list[str]:
    """The class of every code point: its symbol, flags, digit, key and role."""
    wrong: list[str] = []
    point_class = view.class_of_points()
    rows = view.classes[np.minimum(point_class, len(view.classes) - 1)].astype(np.int64)
    symbol = rows[:, t.CLASS_SYMBOL]
    # Whatever has the symbol of another character must be taken by the same atoms.
    kinds, first = np.unique(symbol, return_index=True)
    by_symbol = np.zeros(int(symbol.max()) + 1, np.uint64)
    by_symbol[kinds] = _taken()[first]
    bad = (by_symbol[symbol] != _taken()) | ((symbol == 0) != (_taken() == 0)) | (point_class >= len(view.classes))
    bad |= (rows[:, [t.CLASS_FLAGS, t.CLASS_SECOND]] != _flags()).any(1)
    wrong += [f"U+{point:04X}" for point in np.flatnonzero(bad)]
    for point in np.flatnonzero(_taken()):  # nothing else can be part of a viable number
        character = chr(point)
        digit = upstream.normalize_digits_only(character)
        key = upstream._normalize_helper(character, upstream._ALPHA_PHONE_MAPPINGS, True)
        want = [int(digit) if digit else t.NO_VALUE, int(key) if key else t.NO_VALUE]
        if rows[point, [t.CLASS_DIGIT, t.CLASS_KEYPAD]].tolist() != want:
            wrong.append(f"U+{point:04X} {want}")
    return wrong


@cache
def character_kinds() -> tuple[str, ...]:
    """Return one character of each kind that the viable and the extension pattern tell apart."""
    return tuple(map(chr, np.unique(_taken(), return_index=True)[1].tolist()))


def symbols_of(view: View) -> tuple[str, ...]:
    """Return one character of each symbol, by symbol."""
    symbol = view.classes[view.class_of_points(), t.CLASS_SYMBOL]
    kinds, first = np.unique(symbol, return_index=True)
    assert kinds.tolist() == list(range(len(kinds)))
    return tuple(map(chr, first.tolist()))


@cache
def text_reference(pattern: str, symbols: tuple[str, ...], *, backward: bool) -> Reference:
    """Judge texts over one character of each kind with the pattern itself."""
    matches = re.compile(pattern, FLAGS).fullmatch
    sequence = backwards(items(pattern, FLAGS)) if backward else items(pattern, FLAGS)

    def judge(text: str) -> int:
        return matches(text[::-1] if backward else text) is not None

    return explore(remainders(sequence), after, lambda state: not state, judge, symbols)


def check_text_automata(view: View, symbols: tuple[str, ...] | None = None) -> list[str]:
    """Which texts are viable numbers and which are extensions, over one character of each symbol."""
    symbols = symbols or symbols_of(view)
    wrong = []
    for name, rows, backward in (("viable", view.viable, False), ("extension", view.extension, True)):
        reference = text_reference(VIABLE if name == "viable" else EXTENSION, symbols, backward=backward)
        joined = join([Start(name, 1, reference)])
        node, state = together(rows[:, :-1], np.array([1]), joined)
        bad = rows[node, -1] != joined.labels[state]
        wrong += [f"{joined.names[s]}" for s in state[bad]]
        if rows[0].any():
            wrong.append(f"{name}: the dead state lives")
    return wrong
