"""What is known of a column of phone numbers, in columns: codes, keys and Arrow arrays, never one object a row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from phonenumbers import SUPPORTED_REGIONS, PhoneNumberType, ValidationResult

#: The public table's columns; `normalize` documents them.
SCHEMA = pa.schema(
    [
        pa.field("e164", pa.string()),
        pa.field("is_valid", pa.bool_(), nullable=False),
        pa.field("is_possible", pa.bool_(), nullable=False),
        pa.field("region", pa.string()),
        pa.field("number_type", pa.string()),
        pa.field("country_code", pa.int32()),
        pa.field("national_number", pa.string()),
        pa.field("extension", pa.string()),
        pa.field("reason", pa.string()),
    ]
)

#: Why a number is not valid, by code; code 0 is a valid number.
REASONS: tuple[str | None, ...] = (
    None,
    "NOT_A_NUMBER",
    "INVALID_COUNTRY_CODE",
    "TOO_SHORT_AFTER_IDD",
    "TOO_SHORT_NSN",
    "TOO_LONG",
    "TOO_SHORT",
    "INVALID_LENGTH",
    "IS_POSSIBLE_LOCAL_ONLY",
    "NOT_ASSIGNED",
)
VALID = 0
NOT_A_NUMBER = 1
INVALID_COUNTRY_CODE = 2
TOO_SHORT_AFTER_IDD = 3
TOO_SHORT_NSN = 4
TOO_LONG = 5
TOO_SHORT = 6
INVALID_LENGTH = 7
LOCAL_ONLY = 8
NOT_ASSIGNED = 9

#: Stands for the length result where there is no number.
NOT_PARSED = 255
#: The reason of a number that is not valid, by libphonenumber's ValidationResult.
REASON_OF_LENGTH = {
    ValidationResult.IS_POSSIBLE: NOT_ASSIGNED,
    ValidationResult.INVALID_COUNTRY_CODE: INVALID_COUNTRY_CODE,
    ValidationResult.TOO_SHORT: TOO_SHORT,
    ValidationResult.TOO_LONG: TOO_LONG,
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: LOCAL_ONLY,
    ValidationResult.INVALID_LENGTH: INVALID_LENGTH,
}

#: What is known of one number, in eight bytes.
FACTS = np.dtype(
    [
        ("reason", "u1"),  # place in REASONS
        ("length", "u1"),  # libphonenumber's ValidationResult, or NOT_PARSED
        ("type", "u1"),  # place in TYPES
        ("national", "u1"),  # how many digits the national number has
        ("country", "<u2"),  # the country code; 0 where there is no number
        ("owner", "<i2"),  # place in OWNERS; -1 where no region owns the number
    ]
)
NO_OWNER = -1

#: Number types by code: libphonenumber's, plus one; 0 is unknown.
TYPES: tuple[str, ...] = (
    "UNKNOWN",
    *(PhoneNumberType.to_string(kind) for kind in PhoneNumberType.values() if kind != PhoneNumberType.UNKNOWN),
)
#: Region codes by code, "001" for numbers of no region last.
OWNERS: tuple[str, ...] = (*sorted(SUPPORTED_REGIONS), "001")

_Mask = npt.NDArray[np.bool_]
_Index = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Phones:
    """The numbers of a column, judged; made by `read`.

    Attributes:
        facts: Structured array of `FACTS`, one a row.
        keys: uint64: all digits of the E.164 form as one number; 0 where there is none. Numbers of up to 19 digits fit,
            which is more than any valid one has; the few longer ones have 0 as well.
        e164: string array; null where the value does not parse; a number that parses has it, valid or not.
        extended: Whether each row has an extension.
        extensions: string array of the extensions alone, in the order of their rows.
    """

    facts: npt.NDArray[np.void]
    keys: npt.NDArray[np.uint64]
    e164: pa.Array
    extended: _Mask
    extensions: pa.Array

    def __len__(self) -> int:
        return len(self.facts)

    @property
    def parsed(self) -> _Mask:
        """Where there is a number at all."""
        return self.facts["length"] != NOT_PARSED  # type: ignore[no-any-return]

    @property
    def valid(self) -> _Mask:
        """Where the number is valid (`is_valid_number`)."""
        return self.facts["reason"] == VALID  # type: ignore[no-any-return]

    @property
    def possible(self) -> _Mask:
        """Where the number is possible, if only locally (`is_possible_number`)."""
        lengths = self.facts["length"]
        return self.complete | (lengths == ValidationResult.IS_POSSIBLE_LOCAL_ONLY)  # type: ignore[no-any-return]

    @property
    def complete(self) -> _Mask:
        """Where the number is possible in full (`is_possible_number_with_reason` is IS_POSSIBLE)."""
        return self.facts["length"] == ValidationResult.IS_POSSIBLE  # type: ignore[no-any-return]

    @property
    def reason(self) -> npt.NDArray[np.uint8]:
        """Why each number is not valid: its place in `REASONS`."""
        return self.facts["reason"]

    @property
    def region(self) -> pa.DictionaryArray:
        """Code of the region that owns each number, "001" for numbers of no region; else null."""
        return regions(self.facts)

    @property
    def number_type(self) -> pa.DictionaryArray:
        """Name of each number's type, as libphonenumber has it; null where there is no number."""
        return number_types(self.facts)

    @property
    def country_code(self) -> pa.Array:
        """Country code of each number, int32; null where there is no number."""
        return pa.array(self.facts["country"].astype(np.int32), mask=~self.parsed)

    @property
    def national_number(self) -> pa.Array:
        """The significant digits of each number with their leading zeros; null where there is no number."""
        _, offsets, data = self.e164.buffers()
        if not len(self) or data is None:
            return pa.nulls(len(self), pa.string())
        parsed = self.parsed
        begins = np.frombuffer(offsets, np.int32, len(self), self.e164.offset * 4)[parsed]
        codes = self.facts["country"][parsed]
        digits = np.frombuffer(data, np.uint8)
        national = np.zeros(len(digits), np.bool_)
        national[begins[0] if len(begins) else 0 :] = True
        for place, least in enumerate((0, 0, 10, 100)):  # the plus, then the digits of the country code
            national[begins[codes >= least] + place] = False
        places = np.concatenate([[0], np.cumsum(self.facts["national"], dtype=np.int32)]).astype(np.int32)
        buffers = (np.packbits(parsed, bitorder="little"), places, digits[national][: places[-1]])
        bits, starts, text = map(pa.py_buffer, buffers)
        return pa.StringArray.from_buffers(len(self), starts, text, bits)

    def national_begins(self, rows: npt.NDArray[np.integer[Any]], digits: str) -> _Mask:
        """Tell of some rows which have a number of which the national number begins with these digits."""
        facts = self.facts[rows]
        begins: _Mask = (facts["length"] != NOT_PARSED) & (facts["national"] >= len(digits))
        found = np.flatnonzero(begins)
        if not len(found):
            return begins
        _, offsets, data = self.e164.buffers()
        codes = facts["country"][found]
        # The plus, and the digits of the country code.
        ends = np.frombuffer(offsets, np.int32, len(self), self.e164.offset * 4)[rows[found]]
        ends = ends + 2 + (codes >= 10) + (codes >= 100)
        text = np.frombuffer(data, np.uint8)
        for place, digit in enumerate(digits.encode()):
            begins[found] &= text[ends + place] == digit
        return begins

    @property
    def extension(self) -> pa.Array:
        """The extension of each number as it was written; null where there is none."""
        places = np.cumsum(self.extended) - 1
        return self.extensions.take(pa.array(places, mask=~self.extended))

    def take(self, rows: npt.NDArray[np.integer[Any]]) -> Phones:
        """Return the numbers of some rows, in their order."""
        extended, extensions = self.extended[rows], self.extensions
        if len(extensions):
            places = np.cumsum(self.extended) - 1
            extensions = extensions.take(pa.array(places[rows][extended], pa.int64()))
        return Phones(self.facts[rows], self.keys[rows], self.e164.take(pa.array(rows)), extended, extensions)

    def filter(self, mask: _Mask) -> Phones:
        """Return the numbers of the rows where the mask is true."""
        return self.take(np.flatnonzero(mask))

    def table(self) -> pa.Table:
        """Return the numbers as the public table, in the schema `SCHEMA`."""
        reasons = _coded(self.reason.astype(np.int8), self.valid, ("", *(str(name) for name in REASONS[1:])))
        columns = [
            self.e164,
            pa.array(self.valid),
            pa.array(self.possible),
            self.region.cast(pa.string()),
            self.number_type.cast(pa.string()),
            self.country_code,
            self.national_number,
            self.extension,
            reasons.cast(pa.string()),
        ]
        return pa.Table.from_arrays(columns, schema=SCHEMA)


def regions(facts: npt.NDArray[np.void]) -> pa.DictionaryArray:
    """Return `Phones.region` of the facts of numbers."""
    owners = np.ascontiguousarray(facts["owner"])
    return _coded(owners, owners < 0, OWNERS)


def number_types(facts: npt.NDArray[np.void]) -> pa.DictionaryArray:
    """Return `Phones.number_type` of the facts of numbers."""
    return _coded(facts["type"].astype(np.int8), facts["length"] == NOT_PARSED, TYPES)


def concat(parts: Sequence[Phones]) -> Phones:
    """Put the numbers of several columns one after the other; there must be at least one column."""
    return Phones(
        np.concatenate([part.facts for part in parts]),
        np.concatenate([part.keys for part in parts]),
        pa.concat_arrays([part.e164 for part in parts]),
        np.concatenate([part.extended for part in parts]),
        pa.concat_arrays([part.extensions for part in parts]),
    )


def _coded(codes: npt.NDArray[Any], missing: _Mask, names: tuple[str, ...]) -> pa.DictionaryArray:
    """Make a dictionary array of codes, null where they are missing."""
    some = bool(missing.any())
    codes = np.where(missing, codes.dtype.type(0), codes) if some else codes
    valid = pa.py_buffer(np.packbits(~missing, bitorder="little")) if some else None
    indices = pa.Array.from_buffers(pa.from_numpy_dtype(codes.dtype), len(codes), [valid, pa.py_buffer(codes)])
    return pa.DictionaryArray.from_arrays(indices, _names(names), safe=False)


@cache
def _names(names: tuple[str, ...]) -> pa.Array:
    return pa.array(names, pa.string())
