"""Characters as `phonenumbers` sees them: classes of code points, and the automata over those classes.

Two automata read the text of a number: `viable` forwards (could this be a phone number?) and `extension` backwards
(is what follows an extension?). Their atoms are asked of `re` for every code point, so that digits, letters and
case folding are those of the running Python.
"""

# ruff: noqa: SLF001 - what is compiled here are phonenumbers' own private patterns

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from phonenumbers import phonenumberutil as upstream
from phonenumbers.unicode_util import digit as digit_value

from leadsieve_rules.phone import tables as t
from leadsieve_rules.phone.automata import recogniser
from leadsieve_rules.phone.patterns import Alphabet, Node, Program, Unsupported, atom_text, atoms, inner, parse

CODE_POINTS = 0x110000
_PAGE = 256
_VIABLE = upstream._VALID_PHONE_NUMBER_PATTERN.pattern
_EXTENSION = upstream._EXTN_PATTERNS_FOR_PARSING
_FLAGS = upstream._REGEX_FLAGS
#: Patterns whose meaning is written out in the kernel; others would need another kernel.
_KNOWN = {
    "_UNWANTED_END_CHARS": r"(?u)(?:_|[^#\w])+$",
    "_SECOND_NUMBER_START": r"[\\/] *x",
    "_VALID_ALPHA_PHONE_PATTERN": r"(?:.*?[A-Za-z]){3}.*",
    "_VALID_START_CHAR": "[+\uff0b\\d]",
    "_PLUS_CHARS_PATTERN": "[+\uff0b]+",
    "_RFC3966_PHONE_CONTEXT": ";phone-context=",
    "_RFC3966_ISDN_SUBADDRESS": ";isub=",
    "_MAX_INPUT_STRING_LENGTH": t.MAX_CHARACTERS,
    "_MIN_LENGTH_FOR_NSN": t.MIN_NATIONAL,
    "_MAX_LENGTH_FOR_NSN": t.MAX_NATIONAL,
}

_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Characters:
    """The tables of characters, as `tables.text` holds them one after the other.

    Attributes:
        bytes: The class of each byte for the quick scan.
        page_index: The page of each run of 256 code points.
        pages: The class of each code point of each page.
        classes: The rows of the classes.
        viable: By state: the next state by symbol, then whether the state accepts.
        extension: Likewise, reading backwards.
    """

    bytes: npt.NDArray[np.uint16]
    page_index: npt.NDArray[np.uint16]
    pages: npt.NDArray[np.uint16]
    classes: npt.NDArray[np.uint16]
    viable: npt.NDArray[np.uint16]
    extension: npt.NDArray[np.uint16]


def read_characters() -> Characters:
    """Ask `re` and `unicodedata` about every code point, and build the automata.

    Raises:
        Unsupported: phonenumbers reads text in a way that the kernel does not know.
    """
    for name, known in _KNOWN.items():
        found = getattr(upstream, name, None)
        if (found.pattern if isinstance(found, re.Pattern) else found) != known:
            raise Unsupported(f"phonenumbers has another {name}")
    _check_extension_ends_in_digits()
    universe = "".join(map(chr, range(CODE_POINTS)))
    symbols, examples = _symbols(universe)
    classes, of_point = _classes(universe, symbols)
    alphabet = Alphabet([chr(point) for point in examples], _FLAGS)
    viable = _rows(Program.of(_VIABLE, alphabet))
    extension = _rows(Program.of(_EXTENSION, alphabet, backwards=True))
    pages, index = np.unique(of_point.reshape(-1, _PAGE), axis=0, return_inverse=True)
    return Characters(
        bytes=_byte_classes(classes[of_point[: t.BYTES]], viable, extension),
        page_index=index.ravel().astype(np.uint16),
        pages=pages.astype(np.uint16),
        classes=classes,
        viable=viable,
        extension=extension,
    )


def _check_extension_ends_in_digits() -> None:
    """Make sure that an extension's value is the run of digits at its end, before a `#` if there is one."""
    for branch in _alternatives(parse(_EXTENSION, _FLAGS)):
        body = branch[:-1] if not _is_group(branch[-1]) else branch
        tail = branch[len(body) :]
        takes_digits = [re.compile(atom_text(atom), _FLAGS).fullmatch("5") for atom in atoms(body[:-1])]
        suffix = [atom_text(atom) for atom in atoms(tail)]
        digits = [atom_text(atom) for atom in atoms(body[-1:])]
        if not _is_group(body[-1]) or digits != [r"[\d]"] or any(takes_digits) or suffix not in ([], [r"\#"]):
            raise Unsupported("an extension that does not end in its digits")


def _is_group(node: Node) -> bool:
    return node.op == "SUBPATTERN" and node.argument[0] is not None


def _alternatives(sequence: list[Node]) -> Iterator[list[Node]]:
    """Spell out the alternatives of a pattern, with what `re` factored out in front of them put back."""
    for at, node in enumerate(sequence):
        if node.op == "BRANCH":
            for alternative in inner(node):
                for rest in _alternatives(alternative):
                    yield [*sequence[:at], *rest, *sequence[at + 1 :]]
            return
    yield sequence


def _points(universe: str, pattern: str, flags: int = 0) -> _Mask:
    """Find the code points that a pattern of one character takes."""
    taken = np.zeros(CODE_POINTS, np.bool_)
    for match in re.finditer(f"(?:{pattern})+", universe, flags):
        taken[match.start() : match.end()] = True
    return taken


def _symbols(universe: str) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Number the code points by what the atoms of both patterns take (0: none); give one of each number."""
    texts = sorted({atom_text(atom) for text in (_VIABLE, _EXTENSION) for atom in atoms(parse(text, _FLAGS))})
    tests = [re.compile(text, _FLAGS).fullmatch for text in texts]
    if len(texts) > 63:
        raise Unsupported("too many kinds of characters")
    signature = np.zeros(CODE_POINTS, np.int64)
    for point in np.flatnonzero(_points(universe, "|".join(texts), _FLAGS)):
        character = chr(point)
        signature[point] = sum(1 << bit for bit, takes in enumerate(tests) if takes(character))
    symbols, examples = _numbered(signature)
    if signature[examples[0]] != 0:
        raise Unsupported("a pattern that takes every character")
    return symbols, examples


def _numbered(values: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Number the kinds of values in ascending order; return each one's kind, and where each kind is found."""
    kinds = np.unique(values)
    of_value = np.searchsorted(kinds, values)
    examples = np.zeros(len(kinds), np.int64)
    examples[of_value] = np.arange(len(values))
    return of_value, examples


def _classes(universe: str, symbols: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.int64]]:
    """Give the rows of the classes, and each code point's class."""
    columns = np.zeros((CODE_POINTS, t.CLASS_WIDTH), np.int64)
    columns[:, t.CLASS_SYMBOL] = symbols
    for flag, pattern in (
        (t.FLAG_START, upstream._VALID_START_CHAR),
        (t.FLAG_PLUS, "[+\uff0b]"),
        (t.FLAG_UNWANTED, r"_|[^#\w]"),
        (t.FLAG_LETTER, "[A-Za-z]"),
    ):
        columns[_points(universe, pattern), t.CLASS_FLAGS] |= flag
    columns[:, t.CLASS_DIGIT] = columns[:, t.CLASS_KEYPAD] = t.NO_VALUE
    for point in np.flatnonzero(symbols):  # only these can be part of a viable number
        character = chr(point)
        value = digit_value(character, -1)
        key = upstream._ALPHA_PHONE_MAPPINGS.get(character.upper())
        columns[point, t.CLASS_DIGIT] = t.NO_VALUE if value < 0 else value
        columns[point, t.CLASS_KEYPAD] = t.NO_VALUE if key is None else int(key)
    for character, role in (("/", t.SECOND_SLASH), ("\\", t.SECOND_SLASH), (" ", t.SECOND_SPACE), ("x", t.SECOND_X)):
        columns[ord(character), t.CLASS_SECOND] = role
    key_of = columns @ np.array([1, 1 << 8, 1 << 16, 1 << 24, 1 << 32])
    of_point, examples = _numbered(key_of)
    return columns[examples].astype(np.uint16), of_point


def _rows(program: Program) -> npt.NDArray[np.uint16]:
    """Build the rows of an automaton: the next state by symbol, then whether the state accepts."""
    steps, accepts = recogniser(program)
    return np.column_stack([steps, accepts]).astype(np.uint16)


def _byte_classes(
    rows: npt.NDArray[np.uint16], viable: npt.NDArray[np.uint16], extension: npt.NDArray[np.uint16]
) -> npt.NDArray[np.uint16]:
    """Class the bytes for the quick scan; where its rules would not hold, it is given nothing to read."""
    kinds = np.full(t.BYTES, t.BYTE_GENERAL, np.uint16)
    kinds[:128] = t.BYTE_TEXT
    digits = [ord(digit) for digit in "0123456789"]
    separators = [ord(separator) for separator in "- ()./[]*"]
    for byte in range(128):
        symbol, flags = rows[byte][[t.CLASS_SYMBOL, t.CLASS_FLAGS]]
        if symbol == 0 and flags == t.FLAG_UNWANTED:
            kinds[byte] = t.BYTE_FOREIGN
    kinds[digits] = range(10)
    kinds[separators] = t.BYTE_SEPARATOR
    kinds[ord("+")] = t.BYTE_PLUS
    kinds[ord(";")] = t.BYTE_GENERAL
    symbol_of = rows[:, t.CLASS_SYMBOL]
    holds = (
        all(rows[byte][t.CLASS_FLAGS] == t.FLAG_UNWANTED for byte in separators)
        and all(rows[byte][t.CLASS_DIGIT] == value for value, byte in enumerate(digits))
        and rows[ord("+")][t.CLASS_FLAGS] == t.FLAG_START | t.FLAG_PLUS | t.FLAG_UNWANTED
        and _reads_quickly(
            {int(symbol_of[b]) for b in digits},
            {int(symbol_of[b]) for b in separators},
            int(symbol_of[ord("+")]),
            viable,
        )
        and not _accepts_any({*map(int, symbol_of[digits + separators + [ord("+")]])}, extension)
    )
    return kinds if holds else np.full(t.BYTES, t.BYTE_GENERAL, np.uint16)


def _reads_quickly(digits: set[int], separators: set[int], plus: int, viable: npt.NDArray[np.uint16]) -> bool:
    """Check the quick scan's idea of a viable number against the automaton, on every text of its characters.

    That idea: pluses, then digits and separators with three digits or more; or two digits and nothing else.
    """
    # What the idea knows of the text so far: 0 nothing, 1 pluses only, else 2 + digits seen (to three) with whether
    # anything but digits was among them; None once it is lost.
    waiting: list[tuple[tuple[int, bool] | None, int]] = [((-1, False), 1)]
    seen = set(waiting)
    while waiting:
        idea, state = waiting.pop()
        accepted = idea is not None and (idea[0] >= 3 or idea == (2, False))
        if accepted != bool(viable[state, -1]):
            return False
        for symbol in (*digits, *separators, plus):
            if idea is None:
                after = None
            elif symbol == plus:
                after = (-1, True) if idea[0] < 0 else None
            elif symbol in separators:
                after = (max(idea[0], 0), True)
            else:
                after = (min(max(idea[0], 0) + 1, 3), idea[1])
            pair = (after, int(viable[state, symbol]))
            if pair not in seen:
                seen.add(pair)
                waiting.append(pair)
    return True


def _accepts_any(symbols: set[int], rows: npt.NDArray[np.uint16]) -> bool:
    """Tell whether an automaton accepts any text of some symbols."""
    seen = {1}
    waiting = [1]
    while waiting:
        state = waiting.pop()
        if rows[state, -1]:
            return True
        for symbol in symbols:
            after = int(rows[state, symbol])
            if after not in seen:
                seen.add(after)
                waiting.append(after)
    return False
