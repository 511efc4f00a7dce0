"""A static set of keys (all digits of phone numbers) for exact look-ups: about ten bytes a key, any 64-bit keys.

Keys are mixed (see `keykernel`) and stand in the order of their mixed form, in buckets of about six. A bucket's number
is the upper bits of the mixed key, so only the rest of it is stored, and a tag in the place of the upper bits.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from leadsieve.exceptions import InternalError
from leadsieve_rules.phone import KERNEL_ROWS

Keys: TypeAlias = npt.NDArray[np.uint64]
Positions: TypeAlias = npt.NDArray[np.int64]
#: Reads keys and their tags from the start.
Scan: TypeAlias = Callable[[], Iterable[tuple[Keys, Keys]]]

_FACTOR, _HALF = np.uint64(0xD6E8FEB86659FD93), np.uint64(32)
_KERNEL = "leadsieve.keykernel"
_LEAST_BITS, _BUCKET_KEYS = 16, 6
#: Groups of buckets that are filled side by side: so many that one of them fits the cache, few enough to be written
#: to in turns. Above the most, the tags leave no room for the rest of a key.
_GROUP_BITS, _MOST_GROUP_BITS = 10, 14
#: A group has room for so many standard deviations more than the average.
_DEVIATIONS = 16


def use_kernel(keys: int) -> bool:
    """Tell whether so many keys are worth the compiled loops, or whether these are there anyway."""
    return keys >= KERNEL_ROWS or _KERNEL in sys.modules


def mix(keys: Keys) -> Keys:
    """Map keys one to one to words that are spread evenly over all 64 bits."""
    words = (keys ^ (keys >> _HALF)) * _FACTOR
    words = (words ^ (words >> _HALF)) * _FACTOR
    return words ^ (words >> _HALF)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the key space: the keys whose mixed form ends in certain bits.

    Attributes:
        bits: How many; 0 is the whole space.
        value: Which.
    """

    bits: int = 0
    value: int = 0

    @property
    def mask(self) -> np.uint64:
        """The bits that are looked at."""
        return np.uint64((1 << self.bits) - 1)

    def holds(self, mixed: Keys) -> npt.NDArray[np.bool_]:
        """Tell which mixed keys are in this part."""
        here: npt.NDArray[np.bool_] = (mixed & self.mask) == np.uint64(self.value)
        return here


WHOLE = Part()


class KeySet:
    """A set of keys that does not change; `KeySet.of` and `KeySet.read` make one.

    A key's position, from 0 to the number of keys less one, depends on the set of keys alone; arrays that say more of
    the keys are laid out by it.

    Example:
        >>> found = KeySet.of(np.array([12025550123, 919812345678], np.uint64))
        >>> len(found), found.find(np.array([5, 919812345678], np.uint64)).tolist()
        (2, [-1, 0])
    """

    def __init__(self, mixed: Keys, tags: Keys, bits: int) -> None:
        self._sorted: tuple[Keys, Keys] | None = (mixed, tags)
        self._words, self._offsets = np.zeros(0, np.uint64), np.zeros(0, np.uint32)
        self._marks: npt.NDArray[np.uint32] | None = None
        self._count, self._bits = len(mixed), bits

    @classmethod
    def of(cls, keys: Keys) -> KeySet:
        """Make the set of some keys, which may come in any order and more than once."""
        tags = np.broadcast_to(np.uint64(0), len(keys))
        return cls.read(lambda: [(keys, tags)], most=len(keys))

    @classmethod
    def read(cls, scan: Scan, *, most: int, tags: int = 1, part: Part = WHOLE) -> KeySet:
        """Make a set in little more than the memory of the finished set, by scanning its keys once or twice.

        Args:
            scan: Called for each scan; yields keys, and for each key a tag. All scans give the same pairs, in any
                order.
            most: About how many keys come, at most.
            tags: Every tag is less than this; of a key that comes more than once the least tag is kept.
            part: Keys outside it are passed over.

        Raises:
            InternalError: The scans differ.
        """
        bits = max(_LEAST_BITS, (tags - 1).bit_length(), (most // _BUCKET_KEYS).bit_length())
        if not use_kernel(most):
            return cls._of_few(scan, bits, part)
        made = cls(np.zeros(0, np.uint64), np.zeros(0, np.uint64), bits)
        if not made._fill_at_once(scan, most, (tags - 1).bit_length(), part):
            made._fill(scan, part)
        made._marked()  # here, since this may be a thread that nobody waits for yet
        return made

    @classmethod
    def _of_few(cls, scan: Scan, bits: int, part: Part) -> KeySet:
        nothing = np.zeros(0, np.uint64)
        pieces = [(nothing, nothing), *((mix(keys), tags) for keys, tags in scan())]
        mixed, tags = (np.concatenate(column) for column in zip(*pieces, strict=True))
        here = part.holds(mixed)
        mixed, tags = mixed[here], tags[here]
        order = np.lexsort((tags, mixed))
        mixed, first = np.unique(mixed[order], return_index=True)
        return cls(mixed, tags[order][first], bits)

    def __len__(self) -> int:
        return self._count

    @property
    def nbytes(self) -> int:
        """Memory of the set."""
        loose = 0 if self._sorted is None else sum(one.nbytes for one in self._sorted)
        marks = 0 if self._marks is None else self._marks.nbytes
        return loose + self._words.nbytes + self._offsets.nbytes + marks

    def find(self, keys: Keys) -> Positions:
        """Return for each key its position in the set, or -1."""
        if not self._count:
            return np.full(len(keys), -1, np.int64)
        loose = self._sorted  # another thread may be laying it out
        if loose is not None:
            if not use_kernel(len(keys)):
                mixed = loose[0]
                sought = mix(keys)
                at = np.minimum(np.searchsorted(mixed, sought), self._count - 1)
                return np.where(mixed[at] == sought, at, -1)
            self._lay_out(*loose)
        from leadsieve.keykernel import BLOCK, find_keys

        found, block = np.empty(len(keys), np.int64), np.empty(2 * BLOCK, np.uint64)
        fixed = self._words, self._offsets, self._marked(), self._shift
        find_keys(np.ascontiguousarray(keys), *fixed, block, found)
        return found

    def _marked(self) -> npt.NDArray[np.uint32]:
        """Return the marks of the buckets; threads that make them at once make the same."""
        from leadsieve.keykernel import mark_buckets

        marks = self._marks
        if marks is None:
            marks = np.zeros(1 << self._bits, np.uint32)
            mark_buckets(self._words, self._offsets, self._shift, marks)
            self._marks = marks
        return marks

    def tags(self, positions: Positions) -> Keys:
        """Return the tags of the keys at some positions."""
        loose = self._sorted
        if loose is not None:
            return loose[1][positions]
        return self._words[positions] & np.uint64((1 << self._bits) - 1)

    def find_tags(self, keys: Keys) -> Positions:
        """Return for each key its tag, or -1."""
        found = self.find(keys)
        hit = np.flatnonzero(found >= 0)
        found[hit] = self.tags(found[hit]).astype(np.int64)
        return found

    @property
    def _shift(self) -> np.uint64:
        return np.uint64(64 - self._bits)

    def _lay_out(self, mixed: Keys, tags: Keys) -> None:
        """Bring a set that was sorted into buckets; every position stays.

        Threads that do so at once make the same arrays, and each is put in its place when it is whole.
        """
        counts = np.bincount((mixed >> self._shift).astype(np.int64), minlength=1 << self._bits)
        offsets = np.zeros((1 << self._bits) + 2, np.uint32)
        offsets[1:-1] = np.cumsum(counts)
        self._offsets = offsets
        self._words = (mixed << np.uint64(self._bits)) | tags
        self._sorted = None

    def _fill_at_once(self, scan: Scan, most: int, tag_bits: int, part: Part) -> bool:
        """Fill the set in one scan, in groups of buckets of equal room; False where one of them is full, or too many.

        Mixed keys are spread so evenly that the room need hardly be larger than the average.
        """
        from leadsieve.keykernel import gather_keys, settle_groups

        left = max(_GROUP_BITS, tag_bits)
        if left > _MOST_GROUP_BITS or left >= self._bits:
            return False
        average = (most >> part.bits) / (1 << left)
        room = int(average + _DEVIATIONS * math.sqrt(average)) + _DEVIATIONS
        fills, words = np.zeros(1 << left, np.int64), np.empty(room << left, np.uint64)
        for keys, tags in scan():
            given = np.ascontiguousarray(keys), np.ascontiguousarray(tags)
            if not gather_keys(*given, part.mask, np.uint64(part.value), np.uint64(left), room, fills, words):
                return False
        offsets = np.zeros((1 << self._bits) + 2, np.uint32)
        places, scratch = np.zeros((1 << (self._bits - left)) + 1, np.int64), np.empty(room, np.uint64)
        bits = np.uint64(left), np.uint64(self._bits)
        self._count = int(settle_groups(words, room, fills, *bits, places, scratch, offsets))
        words.resize(self._count, refcheck=False)
        self._sorted, self._words, self._offsets = None, words, offsets
        return True

    def _fill(self, scan: Scan, part: Part) -> None:
        """Fill the set in two scans: the first counts, so that the second finds its places."""
        from leadsieve.keykernel import count_keys, place_keys, sort_buckets

        want, offsets = np.uint64(part.value), np.zeros((1 << self._bits) + 2, np.uint32)
        counted = placed = 0
        for keys, _ in scan():
            counted += int(count_keys(np.ascontiguousarray(keys), part.mask, want, self._shift, offsets))
        np.cumsum(offsets, out=offsets)
        words = np.empty(int(offsets[-1]), np.uint64)
        for keys, tags in scan():
            given = np.ascontiguousarray(keys), np.ascontiguousarray(tags)
            placed += int(place_keys(*given, part.mask, want, self._shift, offsets, words))
        if (counted - placed) % (1 << 64) or int(offsets[-2]) != len(words):
            raise InternalError("the contacts of a campaign changed while they were read; please report this")
        self._sorted = None
        self._count = int(sort_buckets(words, offsets, self._shift))
        self._words, self._offsets = words[: self._count], offsets
