"""Mutants of the compiled tables, one changed entry each, and whether the checks see them."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from phone_cases import byte_pairs, code_points, unzip
from phone_checks import CHECKS
from phone_text_checks import symbols_of
from phone_view import View

from leadsieve_rules.phone import tables as t
from leadsieve_rules.phone.kernel import judge_strings

if TYPE_CHECKING:
    import numpy.typing as npt


#: The kinds of mutants: the checks that must see them (the kernel itself where there is none), and what makes one.
KINDS: dict[str, tuple[tuple[str, ...], str]] = {
    "label of a number": (("numbers",), "label"),
    "transition of a number": (("numbers",), "transition"),
    "transition of a number to the end": (("numbers",), "cut"),
    "tail of a node": (("tails",), "tail_of"),
    "entry of a tail": (("tails",), "tail"),
    "transition of a prefix": (("prefixes",), "prefix_transition"),
    "action of a prefix": (("prefixes",), "prefix_label"),
    "cell of an action": (("prefixes",), "action"),
    "possible length": (("lengths",), "length"),
    "cell of a region": (("plans", "numbers", "prefixes"), "region"),
    "cell of a country": (("plans", "numbers"), "country"),
    "calling code": (("calling codes",), "calling"),
    "class of a code point": (("characters",), "page"),
    "cell of a class": (("characters",), "character"),
    "transition of the viable automaton": (("text automata",), "viable"),
    "transition of the extension automaton": (("text automata",), "extension"),
    "accepting state": (("text automata",), "accepting"),
    "class of a byte": ((), "byte"),
}


@dataclass(slots=True)
class Score:
    """What became of the mutants of one kind."""

    kind: str
    killed: int = 0
    equivalent: list[str] = field(default_factory=list)
    survived: list[str] = field(default_factory=list)

    @property
    def made(self) -> int:
        """How many mutants there were."""
        return self.killed + len(self.equivalent) + len(self.survived)

    def __str__(self) -> str:
        why = [f"{self.equivalent.count(each)} {each}" for each in sorted(set(self.equivalent))]
        return (
            f"{self.kind}: {self.made} mutants, {self.killed} killed, {len(self.equivalent)} equivalent"
            f"{' (' + '; '.join(why) + ')' if why else ''}, {len(self.survived)} survived {self.survived[:5]}"
        )


def reachable(view: View, columns: tuple[int, ...], *, countries: bool) -> npt.NDArray[np.int64]:
    """Return the nodes that a text leads to from the automata in some columns of the regions."""
    seen = fresh = np.unique(view.regions[:, columns].ravel())
    if countries:
        seen = fresh = np.union1d(seen, view.countries[:, t.COUNTRY_NUMBERS])
    while len(fresh):
        fresh = np.setdiff1d(view.steps[fresh], seen)
        seen = np.union1d(seen, fresh)
    return seen[seen > 0].astype(np.int64)


def _other(draw: random.Random, count: int, value: int) -> int:
    """Draw a number below `count` that is not `value`."""
    return (value + draw.randrange(1, count)) % count


class Mutator:
    """Draws mutants of one set of tables.

    Args:
        view: The true tables.
    """

    def __init__(self, view: View) -> None:
        self.true = view
        self.symbols = symbols_of(view)
        self.numbers = reachable(view, (t.REGION_NUMBERS,), countries=True)
        self.prefixes = reachable(view, (t.REGION_PREFIX, t.REGION_IDD), countries=False)
        numbers, regions = unzip(chain(byte_pairs(), code_points(range(0x600, 0x680, 9))))
        self._numbers = pa.array(numbers)
        places = {region: place for place, region in enumerate(view.tables.regions)}
        self._regions = np.array([-1 if region is None else places[region] for region in regions], np.int16)
        self._judged = self._judge(view)

    def _judge(self, view: View) -> tuple[Any, ...]:
        """Judge numbers that show every class of bytes with the kernel itself."""
        phones, left = judge_strings(view.tables, self._numbers, self._regions)
        return phones.facts.tobytes(), phones.e164.to_pylist(), left.tolist()

    def score(self, kind: str, count: int, seed: int = 1) -> Score:
        """Make so many mutants of a kind and hold the checks against them."""
        checks, name = KINDS[kind]
        mutate = getattr(self, name)
        draw = random.Random(f"{kind} {seed}")
        score = Score(kind)
        for _ in range(count):
            view = self.true.copy()
            what, equivalent = mutate(view, draw)
            if any(self._finds(check, view) for check in checks) or (not checks and self._judge(view) != self._judged):
                score.killed += 1
            elif equivalent:
                score.equivalent.append(equivalent)
            else:
                score.survived.append(what)
        return score

    def _finds(self, check: str, view: View) -> bool:
        if check == "text automata":
            return bool(CHECKS[check](view, self.symbols))
        return bool(CHECKS[check](view))

    def label(self, view: View, draw: random.Random) -> tuple[str, str | None]:
        node = draw.choice(self.numbers)
        view.labels[node] ^= 1 << draw.choice((0, 1, 2, 3, 4, 8, 9))
        return f"node {node}", None

    def transition(self, view: View, draw: random.Random) -> tuple[str, str | None]:
        node, digit = draw.choice(self.numbers), draw.randrange(10)
        near = draw.choice(self.numbers) if draw.random() < 0.5 else view.steps[draw.choice(self.numbers), digit]
        if near == view.steps[node, digit]:
            return self.transition(view, draw)
        view.steps[node, digit] = near
        return f"node {node}, digit {digit}, to {near}", None

    def cut(self, view: View, draw: random.Random) -> tuple[str, str | None]:
        node, digit = draw.choice(self.numbers), draw.randrange(10)
        if view.steps[node, digit] == 0:
            return self.cut(view, draw)
        view.steps[node, digit] = 0
        return f"node {node}, digit {digit}", None

    def tail_of(self, view: View, draw: random.Random) -> tuple[str, str | None]:
        node = draw.choice([n for n in self.numbers if view.nodes[n, t.NODE_TAIL]])
        view.nodes[node, t.NODE_TAIL] = 1 + _other(draw, len(view.tails) - 1, int(view.nodes[node, t.NODE_TAIL]) - 1)
        return f"node {node}", None

    def tail(self, view: View, draw: random.Random) -> tuple[str, str | None]:
        row, left = draw.randrange(1, len(view.tails)), draw.randrange(t.TAIL_WIDTH)
        view.tails[row, left] ^= 1 << draw.randrange(5)
        return f"tail {row}, {left} digits to come", None

    def prefix_transition(self, view: View, draw: random.Random) -> tuple[str, str | None]:
        node, digit = draw.choice(self.prefixes), draw.randrange(10)
        near = draw.choice((0, draw.choice(self.prefixes)))
        if near == view.steps[node, digit]:
            return self.prefix_transition(view, draw)
        view.steps[node, digit] = near
        return f"node {node}, digit {digit}, to {near}", None

    def prefix_label(self, view: View, draw: random.Random) -> tuple[str, str | None]:
        node = draw.choice(self.prefixes)
        view.labels[node] = _other(draw, len(view.actions), int(view.labels[node]))
        return f"node {node}", None

    def action(self, view: View, draw: random.Random) -> tuple[str, str | None]:
        row, cell = draw.randrange(1, len(view.actions)), draw.randrange(t.ACTION_WIDTH)
        count, start, stop = view.actions[row, : t.ACTION_END].tolist()
        view.actions[row, cell] += 1
        why = None
        if cell >= t.ACTION_LITERAL + count:
            why = "a literal past the count of literals"
        elif (cell, start) == (t.ACTION_FROM, stop):
            why = "the begin of an empty stretch"
        return f"action {row}, cell {cell}", why

    def length(self, view: View, draw: random.Random) -> tuple[str, str | None]:
        row, cell = draw.randrange(len(view.regions)), t.REGION_LENGTHS + draw.randrange(t.LENGTHS)
        view.regions[row, cell] = _other(draw, 6, int(view.regions[row, cell]))
        return f"region {row}, cell {cell}", None

    def region(self, view: View, draw: random.Random) -> tuple[str, str | None]:
        row, cell = draw.randrange(len(view.regions)), draw.randrange(t.REGION_COVERED + 1)
        view.regions[row, cell] += 1
        return f"region {row}, cell {cell}", None

    def country(self, view: View, draw: random.Random) -> tuple[str, str | None]:
        row = draw.randrange(len(view.countries))
        owners = t.COUNTRY_OWNERS + int((view.countries[row, t.COUNTRY_OWNERS :] >= 0).nonzero()[0][-1])
        cell = draw.choice([*range(t.COUNTRY_COVERED + 1), *range(t.COUNTRY_OWNERS, owners + 1)])
        view.countries[row, cell] += 1
        return f"country {row}, cell {cell}", None

    def calling(self, view: View, draw: random.Random) -> tuple[str, str | None]:
        digits = draw.randrange(1000)
        view.calling[digits] = _other(draw, len(view.countries) + 1, int(view.calling[digits]))
        return f"{digits:03}", None

    def page(self, view: View, draw: random.Random) -> tuple[str, str | None]:
        row, cell = draw.randrange(len(view.pages)), draw.randrange(256)
        view.pages[row, cell] = _other(draw, len(view.classes), int(view.pages[row, cell]))
        return f"page {row}, cell {cell}", None

    def character(self, view: View, draw: random.Random) -> tuple[str, str | None]:
        row, cell = draw.randrange(len(view.classes)), draw.randrange(t.CLASS_WIDTH)
        tops = {t.CLASS_SYMBOL: len(self.symbols), t.CLASS_SECOND: 4}
        old = int(view.classes[row, cell])
        never = view.classes[row, t.CLASS_SYMBOL] == 0 and cell in {t.CLASS_DIGIT, t.CLASS_KEYPAD}
        view.classes[row, cell] = _other(draw, tops.get(cell, 16), old)
        return f"class {row}, cell {cell}", "the digit of what is never part of a viable number" if never else None

    def viable(self, view: View, draw: random.Random) -> tuple[str, str | None]:
        return self._step(view.viable, draw)

    def extension(self, view: View, draw: random.Random) -> tuple[str, str | None]:
        return self._step(view.extension, draw)

    def _step(self, rows: npt.NDArray[Any], draw: random.Random) -> tuple[str, str | None]:
        state, symbol = draw.randrange(len(rows)), draw.randrange(rows.shape[1] - 1)
        rows[state, symbol] = _other(draw, len(rows), int(rows[state, symbol]))
        return f"state {state}, symbol {symbol}", None

    def accepting(self, view: View, draw: random.Random) -> tuple[str, str | None]:
        rows = draw.choice((view.viable, view.extension))
        state = draw.randrange(1, len(rows))
        rows[state, -1] ^= 1
        return f"state {state} of {len(rows)}", None

    def byte(self, view: View, draw: random.Random) -> tuple[str, str | None]:
        byte = draw.randrange(160)
        old = int(view.bytes[byte])
        new = view.bytes[byte] = _other(draw, t.BYTE_GENERAL + 1, old)
        why = None
        if byte >= 0x80:
            why = "the other bytes of the character send it to the general scan"
        elif new == t.BYTE_GENERAL or (new == t.BYTE_TEXT and old in {t.BYTE_SEPARATOR, t.BYTE_FOREIGN}):
            why = "the general scan gives the same answer"
        elif byte == ord("=") and new == t.BYTE_FOREIGN:
            why = "it only means something after a semicolon, which is for the general scan"
        return f"byte {byte:#04x}, {old} to {new}", why
