"""The installed `phonenumbers` metadata, compiled to the tables of the kernel."""

# ruff: noqa: SLF001 - what is compiled here is what phonenumbers' own private functions do

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_REGIONS, PhoneNumberType
from phonenumbers import phonenumberutil as upstream
from phonenumbers.phonemetadata import REGION_CODE_FOR_NON_GEO_ENTITY, PhoneMetadata

from leadsieve_rules.phone import tables as t
from leadsieve_rules.phone.automata import ASCII_DIGITS, DEAD, DIGITS, FiniteLanguages, Match, Nodes, PrefixMatcher
from leadsieve_rules.phone.characters import read_characters
from leadsieve_rules.phone.patterns import Program, Unsupported
from leadsieve_rules.phone.phones import NO_OWNER, OWNERS

#: The descriptions of a numbering plan, in the order in which libphonenumber tries them; a description's tag is its
#: place. The last two, fixed line and mobile, are told apart in `_type_of`.
_DESCRIPTIONS = (
    ("general_desc", None),
    ("premium_rate", PhoneNumberType.PREMIUM_RATE),
    ("toll_free", PhoneNumberType.TOLL_FREE),
    ("shared_cost", PhoneNumberType.SHARED_COST),
    ("voip", PhoneNumberType.VOIP),
    ("personal_number", PhoneNumberType.PERSONAL_NUMBER),
    ("pager", PhoneNumberType.PAGER),
    ("uan", PhoneNumberType.UAN),
    ("voicemail", PhoneNumberType.VOICEMAIL),
    ("fixed_line", None),
    ("mobile", None),
)
_FIXED_LINE, _MOBILE = 9, 10
#: More digits than any prefix looks at.
_PREFIX_DEPTH = 24


@dataclass(slots=True)
class _Action:
    """What stripping a prefix does: the digits up to `end` become `literals` and the digits of one group."""

    literals: str
    start: int
    stop: int
    end: int

    def row(self) -> list[int]:
        if len(self.literals) > t.LITERALS:
            raise Unsupported("a long literal in a transform rule")
        digits = [int(digit) for digit in self.literals.ljust(t.LITERALS, "0")]
        return [len(self.literals), self.start, self.stop, self.end, *digits]


@dataclass(slots=True)
class _Plan:
    """One numbering plan: a region's, or that of a country code of no region."""

    region: str
    metadata: Any
    numbers: int = DEAD
    prefix: int = DEAD
    idd: int = DEAD
    lengths: list[int] = field(default_factory=lambda: [t.LENGTH_INVALID] * t.LENGTHS)
    uncovered: str | None = None


class Compiler:
    """Compiles every numbering plan into one set of nodes.

    Attributes:
        plans: The numbering plans, in the order of the tables.
        countries: For each country code in ascending order: the first node of its numbers (`DEAD` where the tables
            do not cover it).
    """

    def __init__(self) -> None:
        self._languages = FiniteLanguages()
        self._nodes = Nodes()
        self._actions: dict[tuple[str, int, int, int], int] = {}
        self.plans = [
            _Plan(region, PhoneMetadata.metadata_for_region(region, None)) for region in sorted(SUPPORTED_REGIONS)
        ]
        for code, owners in sorted(COUNTRY_CODE_TO_REGION_CODE.items()):
            if REGION_CODE_FOR_NON_GEO_ENTITY in owners:
                self.plans.append(_Plan(owners[0], PhoneMetadata.metadata_for_nongeo_region(code, None)))
        self._place = {(plan.region, plan.metadata.country_code): at for at, plan in enumerate(self.plans)}
        self.codes = sorted(COUNTRY_CODE_TO_REGION_CODE)
        try:
            self._owners = {
                code: [self._place[region, code] for region in COUNTRY_CODE_TO_REGION_CODE[code]] for code in self.codes
            }
        except KeyError as unknown:
            raise Unsupported(f"a country code without its region: {unknown}") from unknown
        for plan in self.plans:
            self._compile_plan(plan)
        self.countries = [self._country(code) for code in self.codes]

    def _compile_plan(self, plan: _Plan) -> None:
        metadata = plan.metadata
        try:
            plan.lengths = _length_results(metadata)
            plan.numbers = self._numbers(metadata)
            if metadata.national_prefix_for_parsing:
                plan.prefix = self._prefix(
                    metadata.national_prefix_for_parsing, metadata.national_prefix_transform_rule
                )
            if metadata.international_prefix is not None:
                plan.idd = self._prefix(metadata.international_prefix, None)
        except Unsupported as problem:
            plan.uncovered = str(problem)

    def _numbers(self, metadata: Any) -> int:
        """Build the automaton of a plan's numbers: their type, and whether the general description matches."""
        languages = self._languages
        roots: list[int] = []
        lengths: dict[int, tuple[int, ...]] = {}
        for tag, (name, _) in enumerate(_DESCRIPTIONS):
            description = getattr(metadata, name)
            if description is not None and description.national_number_pattern:
                roots.append(languages.pattern(description.national_number_pattern, 1 << tag))
                lengths[tag] = tuple(description.possible_length)
        built: dict[tuple[int, int], int] = {}

        def build(node: int, length: int) -> int:
            if node == DEAD:
                return DEAD
            place = built.get((node, length))
            if place is None:
                tags = languages.nodes.labels[node]
                matching = {tag for tag in lengths if tags >> tag & 1}
                fitting = {tag for tag in matching if not lengths[tag] or length in lengths[tag]}
                label = _type_of(fitting, same=metadata.same_mobile_and_fixed_line_pattern)
                label |= t.LABEL_GENERAL if 0 in matching else 0
                children = tuple(build(child, length + 1) for child in languages.nodes.children[node])
                place = built[node, length] = self._nodes.add(label, children)
            return place

        return build(languages.union(roots), 0)

    def _prefix(self, pattern: str, rule: str | None) -> int:
        """Build the automaton of a prefix: the action to take on a number that begins with it."""
        program = Program.of(pattern, ASCII_DIGITS)
        literals, group = "", 0
        if rule:
            parts = re.fullmatch(r"([0-9]*)\\([1-9])", rule)
            if parts is None or int(parts[2]) > program.groups:
                raise Unsupported(f"the transform rule {rule}")
            literals, group = parts[1], int(parts[2])

        def action(match: Match | None) -> int:
            if match is None:
                return 0
            end, saved = match
            if rule and -1 not in saved[2 * program.groups : 2 * program.groups + 2]:
                start, stop = saved[2 * group : 2 * group + 2]
                found = (literals, max(start, 0), max(stop, 0), end)
            else:
                found = ("", 0, 0, end)
            return self._actions.setdefault(found, len(self._actions) + 1)

        return PrefixMatcher(program, self._nodes, action, _PREFIX_DEPTH).root()

    def _country(self, code: int) -> int:
        """Build the automaton of a country code's numbers: the type, and the region that owns the number."""
        owners = [self.plans[at] for at in self._owners[code]]
        if any(plan.uncovered for plan in owners):
            return DEAD
        if len(owners) == 1:
            return owners[0].numbers
        if len(owners) >= t.OWNERS:
            owners[0].uncovered = "too many regions share its country code"
            return DEAD
        try:
            leads = [
                None
                if plan.metadata.leading_digits is None
                else self._languages.prefix(plan.metadata.leading_digits, 1)
                for plan in owners
            ]
        except Unsupported as problem:
            owners[0].uncovered = str(problem)
            return DEAD
        return _SharedCode(self._nodes, self._languages.nodes, leads).build(
            tuple(plan.numbers for plan in owners), tuple(lead or DEAD for lead in leads)
        )

    def tables(self) -> t.Tables:
        """Lay everything out flat."""
        order = _breadth_first(
            self._nodes, [*self.countries, *(at for plan in self.plans for at in (plan.prefix, plan.idd, plan.numbers))]
        )
        if len(order) > np.iinfo(np.uint16).max:
            raise Unsupported("more nodes than the tables can name")
        new = {old: at for at, old in enumerate(order)}
        nodes, tails = self._node_rows(order, new)
        characters = read_characters()
        pieces = {
            t.AT_REGIONS: self._region_rows(new),
            t.AT_COUNTRIES: self._country_rows(new),
            t.AT_CALLING: self._calling_codes(),
            t.AT_ACTIONS: np.array([[0] * t.ACTION_WIDTH, *(_Action(*found).row() for found in self._actions)]),
            t.AT_TAILS: tails,
        }
        texts = {
            t.AT_PAGE_INDEX: characters.page_index,
            t.AT_PAGES: characters.pages,
            t.AT_CLASSES: characters.classes,
            t.AT_VIABLE: characters.viable,
            t.AT_EXTENSION: characters.extension,
        }
        header = np.zeros(t.HEADER, np.int32)
        header[t.SYMBOLS] = characters.viable.shape[1] - 1
        plans, places = _laid_out(header, pieces)
        text, text_places = _laid_out(characters.bytes, texts)
        for name, place in (places | text_places).items():
            plans[name] = place
        return t.Tables(
            nodes.ravel(),
            plans,
            text.astype(np.uint16),
            tuple(plan.region for plan in self.plans),
            {f"{plan.region} +{plan.metadata.country_code}": plan.uncovered for plan in self.plans if plan.uncovered},
        )

    def _node_rows(self, order: list[int], new: dict[int, int]) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.int32]]:
        profiles = _tails(self._nodes)
        known: dict[tuple[int, ...], int] = {}
        rows = np.zeros((len(order), t.NODE_WIDTH), np.uint16)
        for old, at in new.items():
            profile = profiles[old]
            rows[at, :DIGITS] = [new[child] for child in self._nodes.children[old]]
            rows[at, t.NODE_LABEL] = self._nodes.labels[old]
            if old != DEAD and profile is not None:
                rows[at, t.NODE_TAIL] = known.setdefault(profile, len(known) + 1)
        return rows, np.array([(0,) * t.TAIL_WIDTH, *known], np.int32)

    def _region_rows(self, new: dict[int, int]) -> npt.NDArray[np.int32]:
        rows = np.zeros((len(self.plans), t.REGION_WIDTH), np.int32)
        for row, plan in zip(rows, self.plans, strict=True):
            row[t.REGION_NUMBERS], row[t.REGION_PREFIX], row[t.REGION_IDD] = (
                new[plan.numbers],
                new[plan.prefix],
                new[plan.idd],
            )
            code = plan.metadata.country_code
            row[t.REGION_COUNTRY] = self.codes.index(code)
            row[t.REGION_CODE], row[t.REGION_DIGITS] = code, len(str(code))
            row[t.REGION_COVERED] = plan.uncovered is None
            row[t.REGION_LENGTHS :] = plan.lengths
        return rows

    def _country_rows(self, new: dict[int, int]) -> npt.NDArray[np.int32]:
        rows = np.zeros((len(self.codes), t.COUNTRY_WIDTH), np.int32)
        for row, code, root in zip(rows, self.codes, self.countries, strict=True):
            owners = self._owners[code]
            row[t.COUNTRY_NUMBERS], row[t.COUNTRY_MAIN] = new[root], owners[0]
            row[t.COUNTRY_CODE], row[t.COUNTRY_DIGITS] = code, len(str(code))
            row[t.COUNTRY_WRITTEN : t.COUNTRY_WRITTEN + len(str(code))] = list(str(code).encode())
            row[t.COUNTRY_COVERED] = all(self.plans[at].uncovered is None for at in owners)
            row[t.COUNTRY_OWNERS :] = NO_OWNER
            names = [OWNERS.index(self.plans[at].region) for at in owners]
            if len(owners) == 1:
                row[t.COUNTRY_OWNERS] = names[0]
            else:
                row[t.COUNTRY_OWNERS + 1 : t.COUNTRY_OWNERS + 1 + len(owners)] = names
        return rows

    def _calling_codes(self) -> npt.NDArray[np.int32]:
        """Give the country by the first three digits after a plus: its place plus one, 0 for none."""
        countries = np.zeros(1000, np.int32)
        for digits in range(100, 1000):
            code, _ = upstream._extract_country_code(str(digits))
            countries[digits] = self.codes.index(code) + 1 if code else 0
        return countries


class _SharedCode:
    """The automaton of a country code that several regions share.

    The owner is the first region, in libphonenumber's order, whose leading digits match, or, for a region without
    leading digits, whose plan holds the number as valid.
    """

    def __init__(self, nodes: Nodes, languages: Nodes, leads: list[int | None]) -> None:
        self._nodes = nodes
        self._languages = languages
        self._has_lead = [lead is not None for lead in leads]
        self._known: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}

    def build(self, plans: tuple[int, ...], leads: tuple[int, ...]) -> int:
        """Return the node for these nodes of the regions' plans and leading digits."""
        if not any(plans) and not any(leads):
            return DEAD
        known = self._known.get((plans, leads))
        if known is None:
            label = self._label(plans, leads)
            below = [
                (
                    tuple(self._nodes.children[node][digit] for node in plans),
                    tuple(self._languages.children[node][digit] for node in leads),
                )
                for digit in range(DIGITS)
            ]
            if all(pair == (plans, leads) for pair in below):
                known = self._nodes.add_loop(label)
            else:
                known = self._nodes.add(label, tuple(self.build(*pair) for pair in below))
            self._known[plans, leads] = known
        return known

    def _label(self, plans: tuple[int, ...], leads: tuple[int, ...]) -> int:
        for place, (plan, lead, has_lead) in enumerate(zip(plans, leads, self._has_lead, strict=True), 1):
            kind = self._nodes.labels[plan] & t.LABEL_TYPE
            if self._languages.labels[lead] if has_lead else kind:
                return kind | place << t.LABEL_OWNER
        return 0


def compile_tables() -> t.Tables:
    """Compile the installed metadata.

    Returns:
        The tables. Regions that the automata cannot follow exactly are marked in them as not covered.

    Raises:
        Unsupported: phonenumbers reads text in a way that the kernel does not know.
    """
    return Compiler().tables()


def _type_of(fitting: set[int], *, same: bool) -> int:
    """Decide a number's type from the descriptions that fit it, as `_number_type_helper` does; 0 is unknown."""
    if 0 not in fitting:
        return 0
    for tag, (_, kind) in enumerate(_DESCRIPTIONS):
        if kind is not None and tag in fitting:
            return int(kind) + 1
    if _FIXED_LINE in fitting:
        both = same or _MOBILE in fitting
        return int(PhoneNumberType.FIXED_LINE_OR_MOBILE if both else PhoneNumberType.FIXED_LINE) + 1
    return int(PhoneNumberType.MOBILE) + 1 if not same and _MOBILE in fitting else 0


def _length_results(metadata: Any) -> list[int]:
    """Ask libphonenumber what it says of every length; past the table's end it must say the same for all."""
    results = [int(upstream._test_number_length("1" * length, metadata)) for length in range(t.MAX_CHARACTERS + 9)]
    if len(set(results[t.LENGTHS - 1 :])) > 1:
        raise Unsupported("lengths past the table's end")
    return results[: t.LENGTHS]


def _tails(nodes: Nodes) -> list[tuple[int, ...] | None]:
    """Give the labels of all that can follow, by length, for every node where the digits themselves do not matter."""
    profiles: list[tuple[int, ...] | None] = []
    for node, (label, children) in enumerate(zip(nodes.labels, nodes.children, strict=True)):
        child = children[0]
        if any(other != child for other in children):
            profiles.append(None)
        elif child == node:
            profiles.append((label,) * t.TAIL_WIDTH)
        else:
            below = profiles[child]  # a child is always made before its parents
            if below is None or below[-1] != below[-2]:
                profiles.append(None)
            else:
                profiles.append((label, *below[:-1]))
    return profiles


def _breadth_first(nodes: Nodes, roots: Iterable[int]) -> list[int]:
    """Order the nodes that are in use by their distance from the roots, the dead one first."""
    waiting = deque([DEAD, *roots])
    order: dict[int, None] = {}
    while waiting:
        node = waiting.popleft()
        if node not in order:
            order[node] = None
            waiting.extend(nodes.children[node])
    return list(order)


def _laid_out(
    header: npt.NDArray[Any], pieces: dict[int, npt.NDArray[Any]]
) -> tuple[npt.NDArray[np.int32], dict[int, int]]:
    """Put tables behind a header; return the whole, and the place of each."""
    places, at = {}, len(header)
    for name, piece in pieces.items():
        places[name] = at
        at += piece.size
    return np.concatenate([header, *(piece.ravel() for piece in pieces.values())]).astype(np.int32), places
