"""Seeded phone numbers as people, programs and vandals write them, for every region of `phonenumbers`' metadata.

Nothing here knows leadsieve: the numbers are drawn from the metadata's own patterns, then dialled from another
place, damaged, punctuated, written in other scripts, and followed by whatever follows numbers.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, NamedTuple

import phone_writing as write
from phone_writing import DIGITS, PLUSES, sample, some_digits
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, SUPPORTED_REGIONS
from phonenumbers import phonenumberutil as upstream
from phonenumbers.phonemetadata import PhoneMetadata

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REGIONS: list[str] = sorted(SUPPORTED_REGIONS)
#: What a column of region codes holds: known ones mostly, and what means no region.
NO_REGIONS = [None, None, None, "ZZ", "001", "uk", "us", "", "\u00dcS"]
KINDS = [
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "personal_number",
    "voip",
    "pager",
    "uan",
    "voicemail",
    "general_desc",
]


class Plan(NamedTuple):
    """The numbering plan of a region, or of a country code without one."""

    region: str
    code: str
    metadata: PhoneMetadata

    @property
    def descriptions(self) -> list[Any]:
        """The plan's kinds of numbers that have a pattern."""
        every = [getattr(self.metadata, kind) for kind in KINDS]
        return [kind for kind in every if kind is not None and kind.national_number_pattern]


def _plans() -> dict[str, Plan]:
    plans = {}
    for code, regions in sorted(COUNTRY_CODE_TO_REGION_CODE.items()):
        for region in regions:
            metadata = PhoneMetadata.metadata_for_region_or_calling_code(code, region)
            plans[region if region != "001" else str(code)] = Plan(region, str(code), metadata)
    return plans


#: By region code, or by country code where that has no region.
PLANS: dict[str, Plan] = _plans()
_ORDER = list(PLANS.values())


# Digits --------------------------------------------------------------------------------------------------------------


def national(draw: random.Random, plan: Plan) -> str:
    """Draw a national number of a plan: good ones mostly."""
    at = draw.random()
    kinds = plan.descriptions
    if at < 0.08:
        return draw.choice([kind.example_number for kind in kinds if kind.example_number] or ["12345"])
    if at < 0.78:
        return sample(draw.choice(kinds[:-1] or kinds).national_number_pattern, draw)
    if at < 0.88:
        return sample(plan.metadata.general_desc.national_number_pattern, draw)
    general = plan.metadata.general_desc
    return some_digits(draw, draw.choice(general.possible_length + general.possible_length_local_only))


def mistype(draw: random.Random, digits: str) -> str:
    """Insert, drop, change, swap, double or cut."""
    text = list(digits)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        at = draw.randrange(max(1, len(text)))
        kind = draw.randrange(7)
        if kind == 0:
            text.insert(at, draw.choice(DIGITS))
        elif kind == 1:
            del text[at : at + 1]
        elif kind == 2:
            text[at : at + 1] = draw.choice(DIGITS)
        elif kind == 3:
            text[at : at + 2] = text[at : at + 2][::-1]
        elif kind == 4:
            text[at:at] = text[at : at + 1] * draw.choice((1, 1, 4))
        elif kind == 5:
            text = text[: max(1, at)]
        else:
            text[0:0] = draw.choice(["0", "1", "8", "00", "011", "9", "15", "000"])
    return "".join(text)


def dialled(draw: random.Random, home: Plan | None, plan: Plan, digits: str) -> str:
    """Put before a national number what is dialled before it, from its own country or from another."""
    own, code = plan.metadata, plan.code
    national_prefix = own.national_prefix or "0"
    trunk = sample(own.national_prefix_for_parsing, draw) if own.national_prefix_for_parsing else national_prefix
    abroad = home.metadata.international_prefix if home and home.metadata.international_prefix else "00|011|810"
    idd = sample(abroad, draw)
    at_home = home.metadata.national_prefix_for_parsing if home else None
    ways: list[tuple[float, Callable[[], str]]] = [
        (0.34, lambda: ""),
        (0.12, lambda: draw.choice(PLUSES) + code),
        (0.06, lambda: "+" + code + trunk),
        (0.04, lambda: "+" + code + "(0)"),
        (0.08, lambda: code),
        (0.04, lambda: code + trunk),
        (0.04, lambda: code + code),
        (0.10, lambda: idd + code),
        (0.02, lambda: idd + "0" + code),
        (0.02, lambda: idd + idd + code),
        (0.02, lambda: "+" + idd + code),
        (0.09, lambda: trunk),
        (0.03, lambda: national_prefix),
        (0.03, lambda: sample(at_home, draw) if at_home else "0"),
        (0.03, lambda: home.code if home else "1"),
        (
            0.04,
            lambda: draw.choice(["00", "011", "0", "1", "+", "+0", "+00", "+1", "810", "000", "+800", "+888", "+210"]),
        ),
    ]
    (way,) = draw.choices([way for _, way in ways], [weight for weight, _ in ways])
    return way() + digits


# Rows --------------------------------------------------------------------------------------------------------------------


def number(draw: random.Random, home: Plan | None) -> str:
    """Draw one cell, as read in a home region."""
    at = draw.random()
    if at < 0.10:
        return some_digits(draw, draw.randint(3, 17))
    if at < 0.12:
        return some_digits(draw, draw.choice((0, 1, 2, 18, 19, 20, 21, 22, 25, 40, 70)))
    if at < 0.14:
        return draw.choice(PLUSES) + some_digits(draw, draw.randint(1, 18))
    if at < 0.15:
        abroad = home.metadata.international_prefix if home else None
        return sample(abroad or "00", draw) + some_digits(draw, draw.randint(0, 5))
    if at < 0.18:
        return "".join(draw.choices(write.JUNK, k=draw.randint(0, 18)))
    text = _digits(draw, home)
    at = draw.random()
    if at < 0.36:
        return text
    if at < 0.48:
        text = write.grouped(draw, text)
    elif at < 0.56:
        text = write.punctuated(draw, text, write.SEPARATORS)
    elif at < 0.62:
        text = write.punctuated(draw, text, draw.choice((write.DASHES, write.PUNCTUATION, write.INVISIBLE)))
    elif at < 0.73:
        text = write.with_extension(draw, write.grouped(draw, text) if draw.random() < 0.5 else text)
    elif at < 0.79:
        text = write.in_script(draw, text if draw.random() < 0.5 else write.grouped(draw, text))
    elif at < 0.84:
        text = write.vanity(draw, text)
    elif at < 0.89:
        text = write.framed(draw, text)
    elif at < 0.92:
        text = write.in_rfc3966(draw, text)
    elif at < 0.95:
        text = write.two_numbers(draw, text, _digits(draw, home))
    elif at < 0.96:
        text = write.padded(draw, text)
    else:
        text = write.framed(draw, write.with_extension(draw, write.in_script(draw, write.grouped(draw, text))))
    if draw.random() < 0.06:
        cut = draw.randrange(len(text) + 1)
        text = text[:cut] + draw.choice(write.JUNK + write.DIGIT_LIKE) + text[cut:]
    return text


def _digits(draw: random.Random, home: Plan | None) -> str:
    plan = home if home and draw.random() < 0.6 else draw.choice(_ORDER)
    digits = national(draw, plan)
    if draw.random() < 0.22:
        digits = mistype(draw, digits)
    return dialled(draw, home, plan, digits)


def column(seed: int, region: str | None, rows: int) -> list[str | None]:
    """Draw a column of numbers that are read in one region; a few are null.

    Args:
        seed: The same seed, region and count give the same column.
        region: A known region, or None.
        rows: How many.
    """
    draw = random.Random(f"{seed} {region}")
    home = PLANS[region] if region else None
    return [None if draw.random() < 0.003 else number(draw, home) for _ in range(rows)]


def pairs(seed: int, rows: int) -> tuple[list[str | None], list[str | None]]:
    """Draw numbers with a region each; every region in turn, and every tenth without a known one."""
    draw = random.Random(seed)
    order = draw.sample(REGIONS, len(REGIONS))
    numbers: list[str | None] = []
    regions: list[str | None] = []
    for row in range(rows):
        known = draw.random() > 0.1
        region = order[row % len(order)] if known else draw.choice(NO_REGIONS)
        numbers.append(None if draw.random() < 0.003 else number(draw, PLANS[region] if known and region else None))
        regions.append(region)
    return numbers, regions


def examples() -> Iterator[tuple[str, str, list[str]]]:
    """Go through every example number of the metadata: its plan, its digits, and ways to write it."""
    for key, plan in PLANS.items():
        for description in plan.descriptions:
            digits = description.example_number
            if not digits:
                continue
            trunk, code = plan.metadata.national_prefix or "", plan.code
            parsed = upstream.parse(f"+{code}{digits}", None)
            yield (
                key,
                digits,
                [
                    digits,
                    trunk + digits,
                    f"+{code}{digits}",
                    f"{code}{digits}",
                    f"00{code}{digits}",
                    f"011{code}{digits}",
                    *(upstream.format_number(parsed, form) for form in (1, 2, 3)),
                ],
            )
