"""The compiled tables by name, and the walk of a compiled automaton together with its references."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from phone_corpus import PLANS, Plan
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

from leadsieve_rules.phone import tables as t
from leadsieve_rules.phone.compiler import compile_tables

if TYPE_CHECKING:
    import numpy.typing as npt
    from phone_derivatives import Reference


class View:
    """The tables by name, as views of the flat arrays: what is written here is written there."""

    def __init__(self, tables: t.Tables) -> None:
        self.tables = tables
        self.nodes = tables.nodes.reshape(-1, t.NODE_WIDTH)
        self.steps, self.labels = self.nodes[:, : t.NODE_LABEL], self.nodes[:, t.NODE_LABEL]
        places = tables.plans[: t.AT_EXTENSION + 1].tolist()
        ends = [*places[1 : t.AT_TAILS + 1], len(tables.plans), *places[t.AT_PAGE_INDEX + 1 :], len(tables.text)]
        widths = {
            t.AT_REGIONS: t.REGION_WIDTH,
            t.AT_COUNTRIES: t.COUNTRY_WIDTH,
            t.AT_ACTIONS: t.ACTION_WIDTH,
            t.AT_TAILS: t.TAIL_WIDTH,
            t.AT_PAGES: 256,
            t.AT_CLASSES: t.CLASS_WIDTH,
            t.AT_VIABLE: int(tables.plans[t.SYMBOLS]) + 1,
            t.AT_EXTENSION: int(tables.plans[t.SYMBOLS]) + 1,
        }

        def piece(name: int) -> npt.NDArray[Any]:
            whole = tables.plans if name <= t.AT_TAILS else tables.text
            rows = whole[places[name] : ends[name]]
            return rows.reshape(-1, widths[name]) if name in widths else rows

        self.regions, self.countries, self.calling = map(piece, (t.AT_REGIONS, t.AT_COUNTRIES, t.AT_CALLING))
        self.actions, self.tails = piece(t.AT_ACTIONS), piece(t.AT_TAILS)
        self.page_index, self.pages, self.classes = map(piece, (t.AT_PAGE_INDEX, t.AT_PAGES, t.AT_CLASSES))
        self.viable, self.extension = piece(t.AT_VIABLE), piece(t.AT_EXTENSION)
        self.bytes = tables.text[: t.BYTES]

    def copy(self) -> View:
        """Return a view of a copy, to change."""
        old = self.tables
        return View(t.Tables(old.nodes.copy(), old.plans.copy(), old.text.copy(), old.regions, old.uncovered))

    @property
    def plans(self) -> list[Plan]:
        """The numbering plan of each region row."""
        codes = iter(sorted(code for code, (region, *_) in COUNTRY_CODE_TO_REGION_CODE.items() if region == "001"))
        return [PLANS[region if region != "001" else str(next(codes))] for region in self.tables.regions]

    def class_of_points(self) -> npt.NDArray[np.int64]:
        """Return the class of every code point."""
        return self.pages[self.page_index].ravel().astype(np.int64)


@cache
def compiled() -> View:
    """Compile the installed metadata, once for all tests of a process."""
    return View(compile_tables())


class Start(NamedTuple):
    """An automaton to hold against its reference, by its first node."""

    name: str
    node: int
    reference: Reference


class Joined(NamedTuple):
    """Several references as one automaton."""

    steps: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    starts: npt.NDArray[np.int64]
    names: list[str]


def join(starts: list[Start]) -> Joined:
    offsets = np.cumsum([0, *(len(start.reference.access) for start in starts)])
    return Joined(
        np.concatenate([start.reference.steps + at for start, at in zip(starts, offsets[:-1], strict=True)]),
        np.concatenate([start.reference.labels for start in starts]),
        offsets[:-1] + 1,
        [f"{start.name} {text!r}" for start in starts for text in start.reference.access],
    )


def together(
    steps: npt.NDArray[Any], nodes: npt.NDArray[np.int64], joined: Joined
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Walk a compiled automaton and the references together; return every pair of states that texts lead to."""
    width = len(joined.labels)
    steps = steps.astype(np.int64)
    seen = fresh = np.unique(nodes * width + joined.starts)
    while len(fresh):
        node, state = np.divmod(fresh, width)
        reached = np.unique((steps[node] * width + joined.steps[state]).ravel())
        fresh = reached[~np.isin(reached, seen, assume_unique=True)]
        seen = np.union1d(seen, fresh)
    return np.divmod(seen, width)
