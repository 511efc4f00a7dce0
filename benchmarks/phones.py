"""Phone numbers a second: `read` with all that `clean` needs, beside `phonenumbers` row by row.

The numbers of a region are what its lead files hold: 70 % plain national numbers, 15 % as people write them, 10 %
in E.164 from a dozen countries, 5 % rubbish, letters, extensions and foreign digits.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import phonenumbers
import pyarrow as pa
from phonenumbers import PhoneNumberFormat
from phonenumbers.phonemetadata import PhoneMetadata

from leadsieve_rules.phone import read
from leadsieve_rules.phone.patterns import Node, atom_text, bounds, inner, is_atom, parse

REGIONS = ("US", "IN", "GB", "BR")
_ABROAD = ("US", "IN", "GB", "BR", "DE", "FR", "MX", "IT", "AE", "AU", "CA", "ES")
_STYLES = {
    "US": ("({0:.3}) {1:.3}-{2}", "{0:.3}-{1:.3}-{2}", "+1 {0:.3} {1:.3} {2}", "1-{0:.3}-{1:.3}-{2}"),
    "IN": ("{3:.5}-{4}", "+91 {3:.5} {4}", "0{3:.5} {4}", "+91-{0:.3}{1:.3}{2}"),
    "GB": ("{3:.5} {4}", "+44 {3:.5} {4}", "(0{0:.3}) {1:.3} {2}", "+44 (0){3:.5} {4}"),
    "BR": ("({5:.2}) {6}-{7}", "+55 {5:.2} {6}-{7}", "+55 ({5:.2}) {6} {7}", "0{5:.2} {6}-{7}"),
}
_RUBBISH = ("", "N/A", "unknown", "none@example.com", "0000000000", "9999999999", "-", "+", "1234567890")


@dataclass(frozen=True, slots=True)
class PhoneCost:
    """What the numbers of one region cost.

    Attributes:
        region: The region.
        rounds: Seconds of processor time a row in each round: of `read`, on one thread, and of `phonenumbers`.
        valid: Which part of the rows is valid.
    """

    region: str
    rounds: tuple[tuple[float, float], ...]
    valid: float

    @property
    def ours(self) -> float:
        """Seconds a row of `read` in its quickest round."""
        return min(ours for ours, _ in self.rounds)

    @property
    def theirs(self) -> float:
        """Seconds a row of `phonenumbers` in its quickest round."""
        return min(theirs for _, theirs in self.rounds)

    @property
    def ratio(self) -> float:
        """How many times faster `read` is."""
        return self.theirs / self.ours


def measure_phones(rows: int, sample: int, rounds: int, seed: int) -> Iterator[PhoneCost]:
    """Measure region by region; of some rounds the quickest counts, for both sides."""
    for region in REGIONS:
        draw = random.Random(f"{region} {seed}")
        texts = [_row(draw, region) for _ in range(rows)]
        array = pa.array(texts, pa.string())
        read(array, region)  # the tables and the code are there now
        taken = tuple(
            (
                _seconds(partial(_all_columns, array, region)) / rows,
                _seconds(partial(_one_by_one, texts[:sample], region)) / sample,
            )
            for _ in range(rounds)
        )
        yield PhoneCost(region, taken, float(read(array, region).valid.mean()))


def _all_columns(array: pa.Array, region: str) -> tuple[Any, ...]:
    phones = read(array, region)
    return phones.e164, phones.keys, phones.valid, phones.extended, phones.region, phones.number_type


def _one_by_one(texts: list[str], region: str) -> list[tuple[Any, ...] | None]:
    return [_one(text, region) for text in texts]


def _one(text: str, region: str) -> tuple[Any, ...] | None:
    """Ask `phonenumbers` for the same columns of one number."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    return (
        e164,
        int(e164[1:]),
        phonenumbers.is_valid_number(number),
        number.extension,
        phonenumbers.region_code_for_number(number),
        phonenumbers.number_type(number),
    )


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _row(draw: random.Random, region: str) -> str:
    share = draw.random()
    if share < 0.7:
        return _national(draw, region)
    if share < 0.85:
        number = _number(draw, region)
        parts = (number, number[3:], number[6:], number, number[5:], number, number[2:-4], number[-4:])
        return draw.choice(_STYLES[region]).format(*parts)
    if share < 0.95:
        abroad = draw.choice(_ABROAD)
        return f"+{phonenumbers.country_code_for_region(abroad)}{_number(draw, abroad)}"
    number = _national(draw, region)
    return draw.choice(
        (
            draw.choice(_RUBBISH),
            "".join(draw.choices("0123456789", k=draw.choice((3, 5, 14, 19)))),
            f"{number} x12",
            f"{number} ext. 345",
            f"1-800-{''.join(draw.choices('ABCDEFGHIJKLMNOPQRSTUVWXYZ', k=7))}",
            "".join(chr(0x966 + int(digit)) for digit in number),
            f"\u202a{number[:5]}\u00a0{number[5:]}\u202c",
            f"{number} / {_national(draw, region)}",
            f"{number} (home)",
        )
    )


def _national(draw: random.Random, region: str) -> str:
    number = _number(draw, region)
    if draw.random() < 0.04:  # mistyped
        number = number[: draw.randrange(4, len(number))] + draw.choice(("", "0", "11"))
    prefix = phonenumbers.ndd_prefix_for_region(region, True)
    return prefix + number if prefix and region != "US" and draw.random() < 0.3 else number


def _number(draw: random.Random, region: str) -> str:
    """Draw a national number of a region: two mobile ones for one fixed line."""
    mobile, fixed = _patterns(region)
    return "".join(_sample(draw, draw.choice((mobile, mobile, fixed))))


@cache
def _patterns(region: str) -> tuple[list[Any], list[Any]]:
    metadata: Any = PhoneMetadata.metadata_for_region(region, None)
    mobile, fixed = (_drawable(parse(kind.national_number_pattern)) for kind in (metadata.mobile, metadata.fixed_line))
    return mobile, fixed


def _drawable(sequence: list[Node]) -> list[Any]:
    """Spell a pattern of digits out once: for each atom its digits, else the bounds and the alternatives."""
    parts: list[Any] = []
    for node in sequence:
        if is_atom(node):
            takes = re.compile(atom_text(node)).fullmatch
            parts.append("".join(digit for digit in "0123456789" if takes(digit)))
        else:
            low, high = bounds(node) if node.op == "MAX_REPEAT" else (1, 1)
            parts.append((low, low if high is None else high, [_drawable(below) for below in inner(node)]))
    return parts


def _sample(draw: random.Random, parts: list[Any]) -> Iterator[str]:
    """Draw a text that a pattern of digits matches."""
    for part in parts:
        if isinstance(part, str):
            yield draw.choice(part)
        else:
            low, high, alternatives = part
            for _ in range(draw.randint(low, high)):
                yield from _sample(draw, draw.choice(alternatives))
