"""Numbers that lead to every state of every automaton, through the whole of parsing; each with its region."""

from __future__ import annotations

import random
import re
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from phone_checks import CODES, plan_reference, prefix_reference, prefixes, shared_reference
from phone_corpus import PLANS, REGIONS, national
from phone_text_checks import EXTENSION, VIABLE, character_kinds, text_reference
from phone_writing import DIGITS, some_digits
from phonenumbers import COUNTRY_CODE_TO_REGION_CODE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from phone_derivatives import Reference

#: A number and the region it is read in.
Case = tuple[str, str | None]
US_NUMBER = "2025550123"


def unzip(cases: Iterable[Case]) -> tuple[list[str], list[str | None]]:
    """Return the numbers and the regions of some cases, each case once."""
    numbers, regions = zip(*dict.fromkeys(cases), strict=True)
    return list(numbers), list(regions)


def _reference(code: int) -> Reference:
    regions = COUNTRY_CODE_TO_REGION_CODE[code]
    if len(regions) > 1:
        return shared_reference(code)
    return plan_reference(regions[0] if regions[0] != "001" else str(code))


def country_numbers() -> Iterator[Case]:
    """Every state of every country code, in international form."""
    for code in CODES:
        for text in _reference(code).access[1:]:
            yield f"+{code}{text}", None


def national_numbers() -> Iterator[Case]:
    """Every state of every region, in national form, and with the region's own country code in front."""
    for region in REGIONS:
        for text in plan_reference(region).access[1:]:
            yield text, region
        for text in plan_reference(region).access[1::4]:
            yield PLANS[region].code + text, region


def prefixed_numbers(seed: int, *, thorough: bool) -> Iterator[Case]:
    """Every state of every national and international prefix, followed by numbers, good and bad, of every length."""
    draw = random.Random(seed)
    for region in REGIONS:
        plan = PLANS[region]
        for _, pattern, rule in prefixes(plan):
            for text in prefix_reference(pattern, rule).access:
                for last in DIGITS if thorough else [""]:
                    for _ in range(4 if thorough else 2):
                        other = PLANS[draw.choice(REGIONS)]
                        for tail in (
                            national(draw, plan),
                            other.code + national(draw, other),
                            some_digits(draw, draw.randint(0, 16)),
                        ):
                            start = draw.choice(["", "", "", "", plan.code, f"+{plan.code}"])
                            yield start + text + last + tail, region


def calling_codes() -> Iterator[Case]:
    """Every three digits after a plus, and after an international prefix."""
    for digits, tail in product(range(1000), ("", "5550123", "12345678901")):
        for region in (None, "US", "DE", "RU"):
            yield f"+{digits:03}{tail}", region
        yield f"011{digits:03}{tail}", "US"


def lengths() -> Iterator[Case]:
    """National numbers of every length, in every country code and every region."""
    for length, digit in product((*range(1, 24), 31, 32, 33, 64, 100, 230), "19"):
        for code in CODES:
            yield f"+{code}{digit * length}", None
        for region in REGIONS:
            yield digit * length, region


def texts() -> Iterator[Case]:
    """Every transition of the automata of viable numbers and of extensions, on every kind of character.

    Each is followed by what leads to acceptance from there, and where nothing does, by a digit or two.
    """
    symbols = character_kinds()
    for pattern, backward in ((VIABLE, False), (EXTENSION, True)):
        reference = text_reference(pattern, symbols, backward=backward)
        rest = _completions(reference, symbols)
        for state, text in enumerate(reference.access[1:], 1):
            for symbol, character in enumerate(symbols):
                after = rest[int(reference.steps[state, symbol])]
                for tail in {after, after + "1"} if after is not None else {"", "2"}:
                    whole = text + character + tail
                    number = US_NUMBER + whole[::-1] if backward else whole
                    yield number, "US"
                    if not backward and number[0] in "+\uff0b":
                        yield number, None


def _completions(reference: Reference, symbols: tuple[str, ...]) -> list[str | None]:
    """Return for every state a shortest text that leads on to an accepting one; None where none does."""
    rest: list[str | None] = ["" if label else None for label in reference.labels.tolist()]
    while True:
        before = sum(text is None for text in rest)
        for state, row in enumerate(reference.steps.tolist()):
            if rest[state] is None:
                ways = [symbols[at] + tail for at, after in enumerate(row) if (tail := rest[after]) is not None]
                rest[state] = min(ways, key=len, default=None)
        if sum(text is None for text in rest) == before:
            return rest


def code_points(points: Iterable[int]) -> Iterator[Case]:
    """Some code points at every place where a character can matter."""
    for point in points:
        character = chr(point)
        if 0xD800 <= point < 0xE000:
            continue
        for text in (
            f"{character}{US_NUMBER}",
            f"+1{US_NUMBER[:5]}{character}{US_NUMBER[5:]}",
            f"{US_NUMBER}{character}",
            f"{US_NUMBER} x12{character}3",
            f"{US_NUMBER}{character}4567",
            f"1800{character * 3}FLOWE",
            f"{US_NUMBER}/{character}x5",
            f"0{character}",
        ):
            yield text, "US"


def telling_points(view_classes: np.ndarray) -> list[int]:
    """Choose the code points for `code_points`: all that can be in a number, and some of every class.

    Args:
        view_classes: The compiled class of every code point.
    """
    kinds, first, count = np.unique(view_classes, return_index=True, return_counts=True)
    small = set(kinds[count < 300].tolist())
    chosen = set(np.flatnonzero(np.isin(view_classes, list(small))).tolist())
    for kind, at in zip(kinds, first, strict=True):
        of_kind = np.flatnonzero(view_classes == kind)
        chosen |= {int(at), int(of_kind[-1]), int(of_kind[len(of_kind) // 2])}
    return sorted(chosen | set(range(0x180)))


def byte_pairs() -> Iterator[Case]:
    """Every two ASCII characters after some digits, and every one inside, before and behind a number."""
    ascii_ = [chr(c) for c in range(128)]
    for one, two in product(ascii_, repeat=2):
        yield f"202555{one}{two}0123", "US"
        yield f"{one}{two}20", "US"
    for one in ascii_:
        for text in (
            f"{one}+12025550123",
            f"+{one}12025550123",
            f"2{one}2",
            f"20{one}",
            f"{one}20",
            f"202{one}",
            f"+20{one}2",
            f"(20){one}",
        ):
            yield text, "US"
            yield text, None


def short_texts() -> Iterator[Case]:
    """Every short text over the characters that steer parsing, alone and around a number."""
    for length in range(5):
        for letters in product("12+0-(x#;,/ A\u0663", repeat=length):
            text = "".join(letters)
            if length < 4:
                yield text, "US"
                yield text, None
                yield US_NUMBER + text, "US"
                yield text + US_NUMBER, "US"
            elif re.search("[12\u0663]", text):
                yield text, "US"


def around_250() -> Iterator[Case]:
    """Texts about as long as libphonenumber reads, stretched by every sort of character."""
    for length in range(243, 257):
        for filler in (
            " ",
            "-",
            "\u00a0",
            "x",
            "1",
            "\u0661",
            "(",
            ";",
            "\U0001d7ce",
            "/",
            "a",
            "#",
            "\u3000",
            "+",
            "0",
        ):
            pad = filler * (length - 10)
            for text in (
                pad + US_NUMBER,
                US_NUMBER + pad,
                f"20255{pad}50123",
                f"+1{pad[2:]}{US_NUMBER}",
                filler * length,
            ):
                yield text, "US"
                yield text, None
