"""The tables of the phone kernel: three flat arrays, what stands where in them, and their bytes on disk.

Compiled code is quick with few flat arrays and whole-number places in them, so every table is a stretch of one of
these:

- `nodes` (uint16): the automata over digits, `NODE_WIDTH` values a node: the ten children, the label, the tail.
- `plans` (int32): what the numbering plans say: regions, country codes, prefix actions, tails.
- `text` (uint16): the characters: byte classes, code points to classes, and the two automata over classes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

#: Changes with the meaning of any value in the tables.
FORMAT = 1

# A node of the digit automata. The label of a numbering plan's node: the type in bits 0 to 3 (0: not valid, else
# libphonenumber's type plus one), bit 4 where the general description matches, and in shared country codes the
# place of the owning region from bit 8 (0: none). The label of a prefix's node: the action; 0 where nothing matches.
NODE_WIDTH = 12
NODE_LABEL = 10
NODE_TAIL = 11
LABEL_TYPE = 15
LABEL_GENERAL = 16
LABEL_OWNER = 8

# `plans` begins with the places of its own tables and of those of `text`.
AT_REGIONS = 0
AT_COUNTRIES = 1
AT_CALLING = 2
AT_ACTIONS = 3
AT_TAILS = 4
AT_PAGE_INDEX = 5
AT_PAGES = 6
AT_CLASSES = 7
AT_VIABLE = 8
AT_EXTENSION = 9
SYMBOLS = 10
HEADER = 16

# A region (or a country code of no region): the first node of its numbers, of its national prefix and of its
# international prefix (0: no prefix), its country, its country code and how many digits that has, whether the tables
# cover it; then the length result of each number of digits up to `LENGTHS - 1`, which stands for all longer ones too.
REGION_NUMBERS = 0
REGION_PREFIX = 1
REGION_IDD = 2
REGION_COUNTRY = 3
REGION_CODE = 4
REGION_DIGITS = 5
REGION_COVERED = 6
REGION_LENGTHS = 8
LENGTHS = 32
REGION_WIDTH = REGION_LENGTHS + LENGTHS

# A country code: the first node of its numbers, its main region, the code and how many digits it has, whether the
# tables cover it, its digits as ASCII; then the region's place in `phones.OWNERS` by place of owner (at place 0 the
# only region, or -1 where there are several).
COUNTRY_NUMBERS = 0
COUNTRY_MAIN = 1
COUNTRY_CODE = 2
COUNTRY_DIGITS = 3
COUNTRY_COVERED = 4
COUNTRY_WRITTEN = 5
COUNTRY_OWNERS = 8
OWNERS = 32
COUNTRY_WIDTH = COUNTRY_OWNERS + OWNERS

# An action replaces the digits up to `ACTION_END` by literal digits and the digits of one group.
ACTION_LITERALS = 0
ACTION_FROM = 1
ACTION_TO = 2
ACTION_END = 3
ACTION_LITERAL = 4
LITERALS = 8
ACTION_WIDTH = ACTION_LITERAL + LITERALS

# A tail is the label by number of digits still to come, for a node after which the digits themselves do not matter.
TAIL_WIDTH = 32

# A class of characters: its symbol in the automata, its flags, its digit value and its value on a telephone keypad
# (`NO_VALUE`: none), and its role in the start of a second number.
CLASS_SYMBOL = 0
CLASS_FLAGS = 1
CLASS_DIGIT = 2
CLASS_KEYPAD = 3
CLASS_SECOND = 4
CLASS_WIDTH = 5
FLAG_START = 1
FLAG_PLUS = 2
FLAG_UNWANTED = 4
FLAG_LETTER = 8
NO_VALUE = 15
SECOND_SLASH, SECOND_SPACE, SECOND_X = 1, 2, 3

# The first 256 values of `text` class the bytes: 0 to 9 are digits.
BYTE_SEPARATOR = 10  # may stand anywhere between and after digits
BYTE_PLUS = 11
BYTE_TEXT = 12  # may mean something once a number has begun
BYTE_FOREIGN = 13  # ends a number, and may not stand inside one
BYTE_GENERAL = 14  # only the general scan can tell
BYTES = 256

#: libphonenumber's result of a length test, under which stripping a prefix is taken back.
LENGTH_POSSIBLE = 0
LENGTH_TOO_SHORT = 2
LENGTH_TOO_LONG = 3
LENGTH_LOCAL_ONLY = 4
LENGTH_INVALID = 5

MAX_CHARACTERS = 250
MIN_NATIONAL = 2
MAX_NATIONAL = 17

_MAGIC = b"leadsieve phone tables\n"


class DamagedTables(Exception):
    """Bytes that are not the tables they should be."""


@dataclass(frozen=True, slots=True)
class Tables:
    """The compiled numbering plans.

    Attributes:
        nodes: uint16, the digit automata.
        plans: int32, the numbering plans.
        text: uint16, the characters.
        regions: Region code by place; "001" for country codes of no region.
        uncovered: Why a region is left to `phonenumbers`, for each one that is.
    """

    nodes: npt.NDArray[np.uint16]
    plans: npt.NDArray[np.int32]
    text: npt.NDArray[np.uint16]
    regions: tuple[str, ...]
    uncovered: dict[str, str]

    def to_bytes(self) -> bytes:
        """Write the tables down, with a checksum."""
        arrays = (self.nodes, self.plans, self.text)
        header = {"sizes": [len(array) for array in arrays], "regions": self.regions, "uncovered": self.uncovered}
        payload = json.dumps(header).encode() + b"\n" + b"".join(array.tobytes() for array in arrays)
        return _MAGIC + hashlib.sha256(payload).digest() + payload

    @classmethod
    def from_bytes(cls, written: bytes) -> Tables:
        """Read tables.

        Raises:
            DamagedTables: The bytes are not what `to_bytes` wrote.
        """
        start = len(_MAGIC) + 32
        payload = written[start:]
        if written[:start] != _MAGIC + hashlib.sha256(payload).digest():
            raise DamagedTables("the checksum is wrong")
        head, _, body = payload.partition(b"\n")
        header = json.loads(head)
        arrays, at = [], 0
        for size, kind in zip(header["sizes"], (np.uint16, np.int32, np.uint16), strict=True):
            arrays.append(np.frombuffer(body, kind, size, at).copy())
            at += arrays[-1].nbytes
        nodes, plans, text = arrays
        return cls(nodes, plans, text, tuple(header["regions"]), header["uncovered"])
