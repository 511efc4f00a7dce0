"""Regular expressions to programs: the syntax tree of `re` as instructions for a Pike machine.

Python's own parser reads the patterns and Python's own `re` decides which characters an atom takes, so a pattern
means here what it means to `phonenumbers`. Whatever the automata cannot follow exactly is `Unsupported`: its numbers
are then read by `phonenumbers` itself.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, auto
from typing import Any

#: The parser behind `re.compile`; it has no public name.
_parser: Any = importlib.import_module("re._parser")

_ATOMS = {"LITERAL", "NOT_LITERAL", "IN", "ANY"}
_CATEGORIES = {
    "CATEGORY_DIGIT": r"\d",
    "CATEGORY_NOT_DIGIT": r"\D",
    "CATEGORY_SPACE": r"\s",
    "CATEGORY_NOT_SPACE": r"\S",
    "CATEGORY_WORD": r"\w",
    "CATEGORY_NOT_WORD": r"\W",
}


class Unsupported(Exception):
    """A pattern holds something that no automaton here can follow exactly."""


class Op(IntEnum):
    """What an instruction does."""

    TAKE = auto()  # one symbol of a set: the argument has its bits
    SPLIT = auto()  # go on at each of these places, the preferred one first
    SAVE = auto()  # note the position in this slot
    END = auto()  # only at the end of the text
    MATCH = auto()  # the pattern has matched


Instruction = tuple[Op, Any]


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a parsed pattern: its operator's name and argument, as `re` gives them."""

    op: str
    argument: Any


def parse(pattern: str, flags: int = 0) -> list[Node]:
    """Parse a pattern into the nodes of its sequence."""
    return nodes(_parser.parse(pattern, flags))


def nodes(sequence: Any) -> list[Node]:
    """Give the nodes of a parsed sequence."""
    return [Node(str(op), argument) for op, argument in sequence]


def groups_of(pattern: str) -> int:
    """Count the capturing groups of a pattern."""
    return re.compile(pattern).groups


def atom_text(node: Node) -> str:
    """Write an atom (something that takes one character) as a pattern of its own."""
    if node.op == "LITERAL":
        return re.escape(chr(node.argument))
    if node.op == "NOT_LITERAL":
        return f"[^{_escaped(node.argument)}]"
    if node.op == "ANY":
        return "."
    parts = []
    for op, argument in node.argument:
        kind = str(op)
        if kind == "NEGATE":
            parts.append("^")
        elif kind == "LITERAL":
            parts.append(_escaped(argument))
        elif kind == "RANGE":
            parts.append(f"{_escaped(argument[0])}-{_escaped(argument[1])}")
        elif kind == "CATEGORY" and str(argument) in _CATEGORIES:
            parts.append(_CATEGORIES[str(argument)])
        else:
            raise Unsupported(f"{op} {argument} in a character class")
    return f"[{''.join(parts)}]"


def _escaped(point: int) -> str:
    return f"\\U{point:08x}"


def is_atom(node: Node) -> bool:
    """Tell whether a node takes exactly one character."""
    return node.op in _ATOMS


def inner(node: Node) -> list[list[Node]]:
    """Give the sequences below a node: the alternatives of a branch, the body of a group or repeat."""
    if node.op == "BRANCH":
        return [nodes(sequence) for sequence in node.argument[1]]
    if node.op == "SUBPATTERN":
        _, added, removed, body = node.argument
        if added or removed:
            raise Unsupported("flags inside a pattern")
        return [nodes(body)]
    if node.op in {"MAX_REPEAT", "MIN_REPEAT"}:
        return [nodes(node.argument[2])]
    return []


def bounds(node: Node) -> tuple[int, int | None]:
    """Give how often a repeat may come: at least, and at most (None: without bound)."""
    low, high, _ = node.argument
    return int(low), None if high is _parser.MAXREPEAT else int(high)


def atoms(sequence: Iterable[Node]) -> Iterator[Node]:
    """Find every atom of a pattern."""
    for node in sequence:
        if is_atom(node):
            yield node
        for below in inner(node):
            yield from atoms(below)


class Alphabet:
    """Symbols that stand for characters; which of them an atom takes is asked of `re`, once an atom.

    Args:
        characters: One character for each symbol, in the order of the symbols.
        flags: The flags that the patterns are compiled with.
    """

    def __init__(self, characters: Sequence[str], flags: int = 0) -> None:
        self.characters = characters
        self.flags = flags
        self._sets: dict[str, int] = {}

    def symbols(self, atom: Node) -> int:
        """Return the set of symbols that an atom takes, as bits."""
        text = atom_text(atom)
        found = self._sets.get(text)
        if found is None:
            takes = re.compile(text, self.flags).fullmatch
            found = sum(1 << symbol for symbol, character in enumerate(self.characters) if takes(character))
            self._sets[text] = found
        return found


@dataclass(slots=True)
class Program:
    """A pattern as instructions; the program starts at instruction 0.

    Attributes:
        alphabet: The symbols that the instructions speak of.
        backwards: Whether the program reads the text from its end.
        instructions: The instructions, in order.
        groups: How many capturing groups the pattern has.
    """

    alphabet: Alphabet
    backwards: bool = False
    instructions: list[Instruction] = field(default_factory=list)
    groups: int = 0

    @classmethod
    def of(cls, pattern: str, alphabet: Alphabet, *, backwards: bool = False) -> Program:
        """Translate a pattern.

        Args:
            pattern: A regular expression.
            alphabet: The symbols of the text.
            backwards: Whether the program is to read the text from its end.

        Raises:
            Unsupported: The pattern uses what a program cannot express.
        """
        program = cls(alphabet, backwards, groups=groups_of(pattern))
        program._sequence(parse(pattern, alphabet.flags))
        program._emit(Op.MATCH, None)
        return program

    def _emit(self, op: Op, argument: Any) -> int:
        self.instructions.append((op, argument))
        return len(self.instructions) - 1

    def _sequence(self, sequence: list[Node]) -> None:
        for node in reversed(sequence) if self.backwards else sequence:
            self._node(node)

    def _node(self, node: Node) -> None:
        if is_atom(node):
            self._emit(Op.TAKE, self.alphabet.symbols(node))
        elif node.op == "SUBPATTERN":
            group = node.argument[0]
            (body,) = inner(node)
            if group is None:
                self._sequence(body)
                return
            self._emit(Op.SAVE, 2 * group)
            self._sequence(body)
            self._emit(Op.SAVE, 2 * group + 1)
        elif node.op == "BRANCH":
            self._branch(inner(node))
        elif node.op in {"MAX_REPEAT", "MIN_REPEAT"}:
            self._repeat(node)
        elif node.op == "AT" and str(node.argument) == "AT_END" and not self.backwards:
            self._emit(Op.END, None)
        else:
            raise Unsupported(f"{node.op} {node.argument}")

    def _branch(self, alternatives: list[list[Node]]) -> None:
        split = self._emit(Op.SPLIT, ())
        starts, leaps = [], []
        for alternative in alternatives:
            starts.append(len(self.instructions))
            self._sequence(alternative)
            leaps.append(self._emit(Op.SPLIT, ()))
        self.instructions[split] = (Op.SPLIT, tuple(starts))
        for leap in leaps:
            self.instructions[leap] = (Op.SPLIT, (len(self.instructions),))

    def _repeat(self, node: Node) -> None:
        low, high = bounds(node)
        (body,) = inner(node)
        if high != 1 and (_may_be_empty(body) or any(_captures(body))):
            raise Unsupported("a repeat of something empty or captured")
        for _ in range(low):
            self._sequence(body)
        if high is None:
            split = self._emit(Op.SPLIT, ())
            self._sequence(body)
            self._emit(Op.SPLIT, (split,))
            self._choose(node, split)
            return
        splits = []
        for _ in range(high - low):
            splits.append(self._emit(Op.SPLIT, ()))
            self._sequence(body)
        for split in splits:
            self._choose(node, split)

    def _choose(self, node: Node, split: int) -> None:
        """Let a repeat go on or leave: whichever the pattern prefers first."""
        ways = (split + 1, len(self.instructions))
        self.instructions[split] = (Op.SPLIT, ways if node.op == "MAX_REPEAT" else ways[::-1])


def _captures(sequence: list[Node]) -> Iterator[bool]:
    for node in sequence:
        if node.op == "SUBPATTERN" and node.argument[0] is not None:
            yield True
        for below in inner(node):
            yield from _captures(below)


def _may_be_empty(sequence: list[Node]) -> bool:
    """Tell whether a sequence can match without taking a character."""
    for node in sequence:
        if is_atom(node):
            return False
        if node.op == "SUBPATTERN" and not _may_be_empty(inner(node)[0]):
            return False
        if node.op == "BRANCH" and not any(_may_be_empty(alternative) for alternative in inner(node)):
            return False
        if node.op in {"MAX_REPEAT", "MIN_REPEAT"} and bounds(node)[0] > 0 and not _may_be_empty(inner(node)[0]):
            return False
    return True
