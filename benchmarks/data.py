"""Lead files of any size: the same bytes for the same rows and seed, on every machine.

Six columns, about 65 bytes a row: phone_number, name, email, company, city, tag. Of the rows 5 % are bad (no
phone, a phone that is too short, no name, a mail address that is none, an unknown city, an overlong tag), 2 %
repeat the phone of an earlier row, 1 in 8 has a quoted cell. Phones are valid in North America: 60 % `+1` and
ten digits, 20 % `(NPA) NXX-XXXX`, 20 % ten digits. Another `Shape` has another share of bad rows, more columns or
longer rows; the rows are otherwise the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

COLUMNS = ("phone_number", "name", "email", "company", "city", "tag")
CHUNK_ROWS = 500_000

_AREAS = (
    "212",
    "213",
    "214",
    "303",
    "305",
    "312",
    "404",
    "415",
    "503",
    "512",
    "602",
    "617",
    "702",
    "713",
    "808",
    "919",
)
_GIVEN = ("John", "Maria", "Wei", "Fatima", "Ola", "Zoë", "Ivan", "Priya")
_FAMILY = ("Smith", "Garcia", "Chen", "Khan", "Nordmann", "Müller", "Petrov", "Patel", "Jones", "Brown")
_DOMAINS = ("example.com", "example.org", "example.net", "mail.example")
_COMPANIES = ('"Acme, Inc."', "Globex", "Initech", "Umbrella", "Hooli", "Stark Ind", "Wayne Ent", "Soylent")
_CITIES = ("Austin", "Boston", "Chicago", "Denver", "El Paso", "Fresno", "Miami", "Seattle")
_TAGS = ("hot", "warm", "cold")
_SOURCES = ("web form", "trade fair", "referral", "newsletter", "cold list", "partner", "event", "advert")
_PHRASES = (
    "asked for a quote",
    "call after lunch",
    "prefers email",
    "met at the fair",
    "old customer",
    "no budget yet",
)

#: Exchanges 200 to 999 and four digits in each area: so many different numbers before one comes twice.
_NUMBERS = len(_AREAS) * 800 * 10_000
#: Coprime to `_NUMBERS`: consecutive rows get numbers far apart, and no two rows the same one.
_STRIDE = 61_803_403

_Words = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a lead file looks like.

    Attributes:
        bad: Share of bad rows in percent, 0 to 100; the bad rows of a share are bad in every larger one.
        columns: Columns, 6 or more; after the six come `source_7` (one of eight words), `score_8` (a number), ...
        note_bytes: Length of the text in a last column `note`, which each row has of its own; 0 is no such column.
    """

    bad: int = 5
    columns: int = len(COLUMNS)
    note_bytes: int = 0

    def __post_init__(self) -> None:
        """Refuse what no file can have."""
        if not 0 <= self.bad <= 100 or self.columns < len(COLUMNS) or self.note_bytes < 0:
            raise ValueError(
                f"{self}: bad rows are 0 to 100 %, columns {len(COLUMNS)} or more, and a note 0 bytes or more"
            )

    @property
    def header(self) -> tuple[str, ...]:
        """The names of the columns, the note's too."""
        more = tuple(f"{'score' if place % 2 else 'source'}_{place + 1}" for place in range(len(COLUMNS), self.columns))
        return (*COLUMNS, *more, *(("note",) if self.note_bytes else ()))

    @property
    def suffix(self) -> str:
        """What the name of such a file says of it; nothing of what is usual."""
        told = {"bad": (self.bad, 5), "columns": (self.columns, len(COLUMNS)), "note": (self.note_bytes, 0)}
        return "".join(f"-{name}{value}" for name, (value, usual) in told.items() if value != usual)


_USUAL = Shape()


def lead_file(folder: Path, rows: int, seed: int, shape: Shape = _USUAL) -> Path:
    """Return the lead file of that size, seed and shape, made now if it is not in the folder yet.

    Args:
        folder: Where files are kept from run to run.
        rows: Data rows; up to 128 million different numbers.
        seed: Any whole number.
        shape: What it looks like.
    """
    path = folder / f"leads-{rows}-{seed}{shape.suffix}.csv"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        with partial.open("wb") as file:
            for text in lead_text(rows, seed, shape):
                file.write(text)
        os.replace(partial, path)
    return path


def number_keys(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    """Return the digits of the E.164 numbers that rows have as their own, as one unsigned integer each."""
    number = rows * _STRIDE % _NUMBERS
    area = np.array(_AREAS, np.int64)[number // 8_000_000]
    return (10**10 + area * 10**7 + (200 + number // 10_000 % 800) * 10**4 + number % 10_000).astype(np.uint64)


def lead_text(rows: int, seed: int, shape: Shape = _USUAL) -> Iterator[bytes | pa.Buffer]:
    """Yield the file's text: the header, then the records in pieces of `CHUNK_ROWS` rows, fewer where rows are long."""
    yield (",".join(shape.header) + "\n").encode()
    step = max(1000, CHUNK_ROWS * len(COLUMNS) // (shape.columns + shape.note_bytes // 10))
    for start in range(0, rows, step):
        yield _records(np.arange(start, min(start + step, rows), dtype=np.uint64), np.uint64(seed), shape)


def _records(row: _Words, seed: np.uint64, shape: Shape) -> pa.Buffer:
    dice = _Dice(row, seed)
    bad = np.where(_rank(dice) < shape.bad, dice.below(6), 6)
    phone = _phones(_number_keys(row, dice), dice)
    phone = _choose(bad == 0, "", _choose(bad == 1, pc.utf8_slice_codeunits(phone, 0, 5), phone))
    name = _join(_pick(_GIVEN, dice), _pick(_FAMILY, dice), " ")
    email = _join(_join("u", _text(row), ""), _pick(_DOMAINS, dice), "@")
    cells = [
        phone,
        _choose(bad == 2, "", name),
        _choose(bad == 3, "not-an-email", email),
        _pick(_COMPANIES, dice),
        _choose(bad == 4, "Nowhere", _pick(_CITIES, dice)),
        _choose(bad == 5, "x" * 40, _pick(_TAGS, dice)),
        *_more(dice, shape),
    ]
    cells[-1] = _join(cells[-1], "", "\n")
    records = pc.binary_join_element_wise(*cells, pa.scalar(",")).cast(pa.large_string())
    offsets = np.frombuffer(records.buffers()[1], np.int64)
    return records.buffers()[2].slice(0, int(offsets[len(records)]))


def _rank(dice: _Dice) -> npt.NDArray[np.int64]:
    """Rank each row from 0 to 99: the rows below a share's percentage are its bad ones."""
    thrown = dice.below(100)
    # One in twenty comes first, so that 5 % are the rows that were bad when there was no other share.
    return thrown % 20 * 5 + thrown // 20


def _more(dice: _Dice, shape: Shape) -> Iterator[pa.Array]:
    """Yield the cells of the columns after the first six."""
    for place in range(len(COLUMNS), shape.columns):
        yield _text(dice.below(1_000_000)) if place % 2 else _pick(_SOURCES, dice)
    if shape.note_bytes:
        words = -(-shape.note_bytes // 22)
        texts = [_join(_text(dice.below(1_000_000)), _pick(_PHRASES, dice), " ") for _ in range(words)]
        padded = pc.utf8_rpad(pc.binary_join_element_wise(*texts, pa.scalar(" ")), shape.note_bytes, ".")
        yield pc.utf8_slice_codeunits(padded, 0, shape.note_bytes)


class _Dice:
    """Independent throws for every row, each a function of seed, row and which throw it is."""

    def __init__(self, row: _Words, seed: np.uint64) -> None:
        self._row = row
        self._throw = np.uint64(seed << np.uint64(8))

    def below(self, sides: int) -> npt.NDArray[np.int64]:
        """Throw once for every row: int64 from 0 to `sides` - 1."""
        self._throw += np.uint64(1)
        return (_mixed(self._row ^ _mixed(np.array([self._throw]))) % np.uint64(sides)).astype(np.int64)


def _mixed(words: _Words) -> _Words:
    """Mix 64 bits so that each depends on all (the finaliser of SplitMix64)."""
    words = words + np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))


def _number_keys(row: _Words, dice: _Dice) -> npt.NDArray[np.int64]:
    """Give each row its own key, and 2 % the key of one of the million rows before it."""
    own = row.astype(np.int64)
    earlier = own - 1 - dice.below(1_000_000) % np.maximum(own, 1)
    return np.where((dice.below(50) == 0) & (own > 100), earlier, own)


def _phones(keys: npt.NDArray[np.int64], dice: _Dice) -> pa.Array:
    number = keys * _STRIDE % _NUMBERS
    area = pa.array(_AREAS).take(pa.array(number // 8_000_000))
    exchange = _text(200 + number // 10_000 % 800)
    line = pc.utf8_slice_codeunits(_text(10_000 + number % 10_000), 1)
    digits = _join(_join(area, exchange, ""), line, "")
    bracketed = _join(_join(_join("", area, "("), exchange, ") "), line, "-")
    style = dice.below(10)
    return _choose(style < 6, _join("+1", digits, ""), _choose(style < 8, bracketed, digits))


def _text(numbers: npt.NDArray[Any]) -> pa.Array:
    return pa.array(numbers).cast(pa.string())


def _pick(values: tuple[str, ...], dice: _Dice) -> pa.Array:
    return pa.array(values).take(pa.array(dice.below(len(values))))


def _choose(mask: npt.NDArray[np.bool_], yes: pa.Array | str, no: pa.Array) -> pa.Array:
    return pc.if_else(pa.array(mask), yes, no)


def _join(left: pa.Array | str, right: pa.Array | str, between: str) -> pa.Array:
    return pc.binary_join_element_wise(left, right, between)
