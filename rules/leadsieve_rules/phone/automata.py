"""Programs to automata: which texts match, and where the preferred match ends and what it captures.

Three constructions, for the three questions that `phonenumbers` asks of a pattern:

- `recogniser`: does the whole text match? Sets of instructions, minimised.
- `FiniteLanguages`: the same for patterns of bounded length over digits, many at once, as shared nodes.
- `PrefixMatcher`: where does `re.match` end, and what do its groups hold? Ordered lists of instructions, since
  the first alternative that matches wins over longer ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt

from leadsieve_rules.phone.patterns import Alphabet, Node, Op, Program, Unsupported, bounds, inner, is_atom, parse

DIGITS = 10
ASCII_DIGITS = Alphabet("0123456789")
#: The node that takes nothing more.
DEAD = 0

Children = tuple[int, ...]


class Nodes:
    """Automaton nodes over the ten digits, each kept once: a label and a child for each digit."""

    def __init__(self) -> None:
        self.labels: list[int] = [0]
        self.children: list[Children] = [(DEAD,) * DIGITS]
        self._places: dict[tuple[int, Children | None], int] = {(0, self.children[0]): DEAD}

    def add(self, label: int, children: Children) -> int:
        """Return the node with this label and these children."""
        place = self._places.setdefault((label, children), len(self.labels))
        if place == len(self.labels):
            self.labels.append(label)
            self.children.append(children)
        return place

    def add_loop(self, label: int) -> int:
        """Return the node that keeps this label whatever follows."""
        place = self._places.setdefault((label, None), len(self.labels))
        if place == len(self.labels):
            self.labels.append(label)
            self.children.append((place,) * DIGITS)
        return place


class FiniteLanguages:
    """Patterns over digits as nodes: the label of the node that a text leads to has the tags of what it matches.

    Built from the pattern's end to its beginning: a node for "what may follow" is put behind each atom. Patterns
    without a bound have no such node and are `Unsupported`.
    """

    def __init__(self) -> None:
        self.nodes = Nodes()
        self._unions: dict[frozenset[int], int] = {}

    def pattern(self, text: str, tag: int) -> int:
        """Return the node of the texts that a pattern matches in full; their label is `tag`."""
        return self._sequence(parse(text), self.nodes.add(tag, (DEAD,) * DIGITS))

    def prefix(self, text: str, tag: int) -> int:
        """Return the node of the texts that begin with a match of a pattern."""
        return self._sequence(parse(text), self.nodes.add_loop(tag))

    def union(self, members: Iterable[int]) -> int:
        """Return the node of the texts of any of some nodes, their labels' bits together."""
        live = frozenset(members) - {DEAD}
        if len(live) < 2:
            return next(iter(live), DEAD)
        found = self._unions.get(live)
        if found is None:
            label = 0
            for member in live:
                label |= self.nodes.labels[member]
            below = zip(*(self.nodes.children[member] for member in live), strict=True)
            if all(set(self.nodes.children[member]) == {member} for member in live):
                found = self.nodes.add_loop(label)
            else:
                found = self.nodes.add(label, tuple(self.union(kids) for kids in below))
            self._unions[live] = found
        return found

    def _sequence(self, sequence: list[Node], follow: int) -> int:
        for node in reversed(sequence):
            follow = self._node(node, follow)
        return follow

    def _node(self, node: Node, follow: int) -> int:
        if is_atom(node):
            children = [DEAD] * DIGITS
            taken = ASCII_DIGITS.symbols(node)
            for digit in range(DIGITS):
                if taken >> digit & 1:
                    children[digit] = follow
            return self.nodes.add(0, tuple(children))
        if node.op == "SUBPATTERN":
            return self._sequence(inner(node)[0], follow)
        if node.op == "BRANCH":
            return self.union([self._sequence(alternative, follow) for alternative in inner(node)])
        if node.op in {"MAX_REPEAT", "MIN_REPEAT"}:
            low, high = bounds(node)
            if high is None:
                raise Unsupported("a pattern without a bound")
            (body,) = inner(node)
            reached = follow
            for _ in range(high - low):
                reached = self.union([follow, self._sequence(body, reached)])
            for _ in range(low):
                reached = self._sequence(body, reached)
            return reached
        raise Unsupported(f"{node.op} {node.argument}")


#: Where a thread of an ordered match stands, and the positions that its groups saved.
_Thread = tuple[int, tuple[int, ...]]
#: Where a match ends, and the positions that its groups saved (-1 for a group that took no part).
Match = tuple[int, tuple[int, ...]]
_State = tuple[tuple[_Thread, ...], Match | None]


class PrefixMatcher:
    """`re.match` of a pattern over digits as an automaton whose labels are actions.

    Args:
        program: The pattern.
        nodes: Where the automaton's nodes are kept.
        action: Gives the label of a match, and that of no match (None).
        depth: How many digits a match may look at.
    """

    def __init__(self, program: Program, nodes: Nodes, action: Callable[[Match | None], int], depth: int) -> None:
        self._instructions = program.instructions
        self._slots = 2 * program.groups + 2
        self._nodes = nodes
        self._action = action
        self._depth = depth
        self._known: dict[tuple[_State, int], int] = {}

    def root(self) -> int:
        """Build the automaton and return its first node.

        Raises:
            Unsupported: A match may look at more digits than `depth`.
        """
        threads: list[_Thread] = []
        best = self._follow(0, (-1,) * self._slots, 0, threads, set())
        return self._build((tuple(threads), best), 0)

    def _build(self, state: _State, position: int) -> int:
        threads, best = state
        if not threads:
            return DEAD if best is None else self._nodes.add_loop(self._action(best))
        known = self._known.get((state, position))
        if known is None:
            if position >= self._depth:
                raise Unsupported("a prefix without a bound")
            children = tuple(self._build(self._step(state, digit, position), position + 1) for digit in range(DIGITS))
            known = self._nodes.add(self._action(self._final(state, position)), children)
            self._known[state, position] = known
        return known

    def _step(self, state: _State, digit: int, position: int) -> _State:
        threads, best = state
        reached: list[_Thread] = []
        seen: set[int] = set()
        for place, saved in threads:
            op, argument = self._instructions[place]
            if op is Op.TAKE and argument >> digit & 1:
                match = self._follow(place + 1, saved, position + 1, reached, seen)
                if match is not None:  # what comes after this thread is preferred less
                    return tuple(reached), match
        return tuple(reached), best

    def _final(self, state: _State, position: int) -> Match | None:
        """Give the match of a text that ends here."""
        threads, best = state
        for place, saved in threads:
            if self._instructions[place][0] is Op.END:
                after: list[_Thread] = []
                match = self._follow(place + 1, saved, position, after, set())
                if after:
                    raise Unsupported("something after the end")
                if match is not None:
                    return match
        return best

    def _follow(
        self, place: int, saved: tuple[int, ...], position: int, threads: list[_Thread], seen: set[int]
    ) -> Match | None:
        """Add the threads that a place leads to without taking a digit; return a match if one cuts them off."""
        if place in seen:
            return None
        seen.add(place)
        op, argument = self._instructions[place]
        if op is Op.SPLIT:
            for way in argument:
                match = self._follow(way, saved, position, threads, seen)
                if match is not None:
                    return match
            return None
        if op is Op.SAVE:
            noted = (*saved[:argument], position, *saved[argument + 1 :])
            return self._follow(place + 1, noted, position, threads, seen)
        if op is Op.MATCH:
            return position, saved
        threads.append((place, saved))
        return None


class _Sets:
    """The sets of instructions that a program can be in: plain membership, order aside."""

    def __init__(self, program: Program) -> None:
        self._instructions = program.instructions
        self._symbols = len(program.alphabet.characters)
        self._reached = [self._closure(place) for place in range(len(program.instructions))]
        self.start = self._reached[0]

    def _closure(self, start: int) -> frozenset[int]:
        seen: set[int] = set()
        ends: set[int] = set()
        waiting = [start]
        while waiting:
            place = waiting.pop()
            if place in seen:
                continue
            seen.add(place)
            op, argument = self._instructions[place]
            if op is Op.SPLIT:
                waiting.extend(argument)
            elif op is Op.SAVE:
                waiting.append(place + 1)
            elif op is Op.END:
                raise Unsupported("an end inside a whole match")
            else:
                ends.add(place)
        return frozenset(ends)

    def steps(self, places: frozenset[int]) -> list[frozenset[int]]:
        """Give the set reached by each symbol."""
        reached: list[set[int]] = [set() for _ in range(self._symbols)]
        for place in places:
            op, taken = self._instructions[place]
            if op is Op.TAKE:
                for symbol in range(self._symbols):
                    if taken >> symbol & 1:
                        reached[symbol] |= self._reached[place + 1]
        return [frozenset(each) for each in reached]

    def accepts(self, places: frozenset[int]) -> bool:
        return any(self._instructions[place][0] is Op.MATCH for place in places)


def recogniser(program: Program) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Build the smallest automaton of the texts that a program matches in full.

    Returns:
        The next state by state and symbol, and whether each state accepts. State 0 is the dead one, 1 the first.

    Raises:
        Unsupported: The program asks for more than membership.
    """
    sets = _Sets(program)
    order = [frozenset[int](), sets.start]
    places = {members: at for at, members in enumerate(order)}
    rows: list[list[int]] = []
    for members in order:  # grows while it is read
        row = []
        for reached in sets.steps(members):
            if reached not in places:
                places[reached] = len(order)
                order.append(reached)
            row.append(places[reached])
        rows.append(row)
    return _minimised(np.array(rows, np.int64), np.array([sets.accepts(members) for members in order]))


def _minimised(
    steps: npt.NDArray[np.int64], accepts: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Merge states that no text tells apart (Moore), keeping the dead and the first state in their places."""
    block = accepts.astype(np.int64)
    count = len(np.unique(block))
    while True:
        finer = np.unique(np.column_stack([block, block[steps]]), axis=0, return_inverse=True)[1].ravel()
        block, before, count = finer, count, int(finer.max()) + 1
        if count == before:
            break
    if block[0] == block[1]:
        raise Unsupported("a pattern that matches nothing")
    names = np.full(count, -1, np.int64)
    names[block[0]], names[block[1]] = 0, 1
    names[names < 0] = np.arange(2, count)
    state = names[block]
    merged = np.zeros((count, steps.shape[1]), np.int64)
    merged[state] = state[steps]
    final = np.zeros(count, np.bool_)
    final[state] = accepts
    return merged, final
