"""The compiled loops over keys: filling and searching a static set, and the growing table of first rows.

Every key is first mixed: a one-to-one mapping of 64-bit words that spreads them evenly, so a mixed key stands for its
key, and any of its bits can choose a place. Indexes are cast to unsigned, which spares numba's test for negative ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from leadsieve_rules.jit import MachineCode, array, compiled

U = np.uint64
S = np.int64
W = np.uint32

_code = MachineCode("key-code", [Path(__file__)])

#: An odd number, so that multiplying by it maps 64-bit words one to one.
FACTOR = np.uint64(0xD6E8FEB86659FD93)
HALF = np.uint64(32)

#: Keys whose places are worked out, and fetched into the cache, before the first of them is looked at.
BLOCK = 64

#: The table of first rows: so many partitions, chosen by the topmost bits of the mixed key.
PARTITION_BITS = 10
PARTITIONS = 1 << PARTITION_BITS
#: A slot is three words: 32 bits of the mixed key; its next 22 bits and the ordinal's upper 10; the ordinal's lower 32.
SLOT_WORDS = 3
_KEY_BITS = np.uint64(64 - PARTITION_BITS)
_UPPER = np.uint64((1 << 22) - 1)
_ORDINAL_BITS = np.uint64(10)
_ORDINAL_UPPER = np.uint64((1 << 10) - 1)
_LOW = np.uint64((1 << 32) - 1)
_PLACE_SHIFT = np.uint64(22)


@compiled
def mixed(key: Any) -> Any:
    """Mix a key; `keyset.mix` does the same to an array."""
    word = U(key)
    word = (word ^ (word >> HALF)) * FACTOR
    word = (word ^ (word >> HALF)) * FACTOR
    return word ^ (word >> HALF)


_u64, _i64, _u32 = np.uint64, np.int64, np.uint32
_KEYS = array(_u64, readonly=True)


@_code.entry(_u64, _KEYS, _u64, _u64, _u64, array(_u32))
def count_keys(keys: Any, part_mask: Any, part: Any, shift: Any, offsets: Any) -> Any:
    """Count the keys of each bucket.

    Args:
        keys: The keys.
        part_mask: Only keys count whose mixed form has `part` in these bits.
        part: See there.
        shift: A mixed key's bucket is what is left of it after a shift by so many bits.
        offsets: uint32, two more than there are buckets: bucket `b` is counted at `b + 2`.

    Returns:
        The sum of the mixed keys, which tells two scans that differ.
    """
    total = U(0)
    for row in range(len(keys)):
        word = mixed(keys[U(row)])
        if word & part_mask == part:
            offsets[U((word >> shift) + U(2))] += W(1)
            total += word
    return total


@_code.entry(_u64, _KEYS, _KEYS, _u64, _u64, _u64, array(_u32), array(_u64))
def place_keys(keys: Any, tags: Any, part_mask: Any, part: Any, shift: Any, offsets: Any, words: Any) -> Any:
    """Put each key into its bucket.

    Args:
        keys: The keys.
        tags: uint64, one a key, less than 2 to the power of the buckets' bits.
        part_mask: As in `count_keys`.
        part: As in `count_keys`.
        shift: As in `count_keys`.
        offsets: The running sum of the counts; the place of bucket `b` is at `b + 1`, and moves on.
        words: Receives the rest of the mixed key above the tag.

    Returns:
        The sum of the mixed keys.
    """
    total = U(0)
    left = U(64) - shift
    for row in range(len(keys)):
        word = mixed(keys[U(row)])
        if word & part_mask == part:
            bucket = U((word >> shift) + U(1))
            at = offsets[bucket]
            if U(at) < U(len(words)):
                words[U(at)] = (word << left) | tags[U(row)]
            offsets[bucket] = at + W(1)
            total += word
    return total


@_code.entry(_i64, array(_u64), array(_u32), _u64)
def sort_buckets(words: Any, offsets: Any, shift: Any) -> Any:
    """Sort each bucket and keep the least tag of each key, closing the gaps; return how many words are left."""
    left = U(64) - shift
    kept = S(0)
    begin = S(0)
    for bucket in range(len(offsets) - 2):
        end = S(offsets[U(bucket + 1)])
        for at in range(begin + 1, end):
            word = words[U(at)]
            back = at
            while back > begin and words[U(back - 1)] > word:
                words[U(back)] = words[U(back - 1)]
                back -= 1
            words[U(back)] = word
        first = kept
        for at in range(begin, end):
            word = words[U(at)]
            if kept == first or (words[U(kept - 1)] >> left) != (word >> left):
                words[U(kept)] = word
                kept += 1
        begin = end
        offsets[U(bucket + 1)] = W(kept)
    return kept


@_code.entry(_i64, _KEYS, _KEYS, _u64, _u64, _u64, _i64, array(_i64), array(_u64))
def gather_keys(keys: Any, tags: Any, part_mask: Any, part: Any, left: Any, room: Any, fills: Any, words: Any) -> Any:
    """Put each key into its group of buckets, in the order in which they come.

    Args:
        keys: The keys.
        tags: uint64, one a key, less than 2 to the power of `left`.
        part_mask: As in `count_keys`.
        part: As in `count_keys`.
        left: A mixed key's group is its topmost bits, so many.
        room: Words that a group may take.
        fills: int64, one a group: the words that it has; moves on.
        words: `room` words a group: receives the rest of the mixed key above the tag.

    Returns:
        1; 0 where a group is full.
    """
    shift = U(64) - left
    for row in range(len(keys)):
        word = mixed(keys[U(row)])
        if word & part_mask == part:
            group = word >> shift
            at = fills[group]
            if at == room:
                return S(0)
            words[U(S(group) * room + at)] = (word << left) | tags[U(row)]
            fills[group] = at + 1
    return S(1)


@_code.entry(_i64, array(_u64), _i64, array(_i64), _u64, _u64, array(_i64), array(_u64), array(_u32))
def settle_groups(
    words: Any, room: Any, fills: Any, left: Any, bits: Any, places: Any, scratch: Any, offsets: Any
) -> Any:
    """Sort groups into their buckets, and these as `sort_buckets` does, closing all gaps.

    Args:
        words: As `gather_keys` leaves them.
        room: As in `gather_keys`.
        fills: As in `gather_keys`.
        left: As in `gather_keys`.
        bits: A mixed key's bucket is its topmost bits, so many; more than `left`.
        places: int64, one more than a group has buckets.
        scratch: uint64, `room` words.
        offsets: Receives where each bucket begins.

    Returns:
        How many words are left.
    """
    inner = bits - left
    kept = S(0)
    for group in range(len(fills)):
        base = group * room
        for bucket in range(len(places)):
            places[U(bucket)] = 0
        for at in range(base, base + fills[U(group)]):
            places[(words[U(at)] >> (U(64) - inner)) + U(1)] += 1
        for bucket in range(1, len(places)):
            places[U(bucket)] += places[U(bucket - 1)]
        for at in range(base, base + fills[U(group)]):
            word = words[U(at)]
            tag = (word << (U(64) - left)) >> (U(64) - left)
            bucket = word >> (U(64) - inner)
            scratch[U(places[bucket])] = ((word ^ tag) << inner) | tag
            places[bucket] += 1
        begin = S(0)
        for bucket in range(len(places) - 1):
            end = places[U(bucket)]
            first = kept
            for at in range(begin, end):
                word = scratch[U(at)]
                back = kept
                while back > first and words[U(back - 1)] > word:
                    back -= 1
                if back > first and (words[U(back - 1)] >> bits) == (word >> bits):
                    continue
                if back < kept and (words[U(back)] >> bits) == (word >> bits):
                    words[U(back)] = word
                    continue
                for move in range(kept, back, -1):
                    words[U(move)] = words[U(move - 1)]
                words[U(back)] = word
                kept += 1
            begin = end
            offsets[U((group << S(inner)) + bucket + 1)] = W(kept)
    return kept


@_code.entry(None, _KEYS, array(_u64, readonly=True), array(_u32, readonly=True), _u64, array(_u64), array(_i64))
def find_keys(keys: Any, words: Any, offsets: Any, shift: Any, block: Any, found: Any) -> None:
    """Find the position of each key among the words, or -1.

    Args:
        keys: The keys.
        words: uint64, at least one, as `sort_buckets` leaves them.
        offsets: Where each bucket begins in `words`.
        shift: As in `count_keys`.
        block: uint64, `BLOCK` words.
        found: int64, one a key: receives the positions.
    """
    left = U(64) - shift
    last = S(len(words) - 1)
    touched = U(0)
    for start in range(0, len(keys), BLOCK):
        stop = min(start + BLOCK, len(keys))
        for row in range(start, stop):
            word = mixed(keys[U(row)])
            block[U(row - start)] = word
            begin = S(offsets[word >> shift])
            found[U(row)] = begin
            touched |= words[U(min(begin, last))]
        for row in range(start, stop):
            word = block[U(row - start)]
            rest = (word << left) >> left
            end = S(offsets[(word >> shift) + U(1)])
            at = found[U(row)]
            while at < end and words[U(at)] >> left < rest:
                at += 1
            found[U(row)] = at if at < end and words[U(at)] >> left == rest else S(-1)
    # Used, so that the loads ahead are not optimised away.
    block[U(0)] = touched


@compiled
def _place(word: Any, capacity: Any) -> Any:
    """Choose the slot of a mixed key in a partition of that capacity."""
    return S((((word >> _PLACE_SHIFT) & _LOW) * U(capacity)) >> HALF)


@compiled
def _grow(slots: Any, base: Any, old: Any, moved: Any, new: Any, scratch: Any) -> None:
    """Give a partition more slots, in place or in another."""
    used = S(0)
    for at in range(base * SLOT_WORDS, (base + old) * SLOT_WORDS):
        scratch[U(used)] = slots[U(at)]
        slots[U(at)] = W(0)
        used += 1
    for slot in range(old):
        low, middle, last = scratch[U(slot * 3)], scratch[U(slot * 3 + 1)], scratch[U(slot * 3 + 2)]
        if last == 0 and (U(middle) & _ORDINAL_UPPER) == 0:
            continue
        word = ((U(middle) >> _ORDINAL_BITS) << HALF) | U(low)
        place = _place(word, new)
        while True:
            at = (moved + place) * SLOT_WORDS
            if slots[U(at + 2)] == 0 and (U(slots[U(at + 1)]) & _ORDINAL_UPPER) == 0:
                break
            place = place + 1 if place + 1 < new else 0
        slots[U(at)], slots[U(at + 1)], slots[U(at + 2)] = low, middle, last


@_code.entry(
    *(_i64, _KEYS, _KEYS, array(_u32), _i64, _i64),
    *(array(_i64), array(_i64), array(_i64), array(_u32), array(_u64), array(_u64)),
)
def claim_keys(
    keys: Any,
    ordinals: Any,
    slots: Any,
    far: Any,
    most: Any,
    bases: Any,
    capacities: Any,
    counts: Any,
    scratch: Any,
    block: Any,
    owners: Any,
) -> Any:
    """Put keys that are new into the table, and tell for each key the ordinal that it has there.

    Args:
        keys: The keys.
        ordinals: uint64, one a key: from 1 to 2**42 - 1.
        slots: uint32, `SLOT_WORDS` a slot.
        far: The slot from which on there are `most` slots a partition: where one is moved that needs more than it has.
        most: Slots that a partition may come to have.
        bases: int64, one a partition: its first slot.
        capacities: int64, one a partition: the slots that it has now.
        counts: int64, one a partition: the slots that are taken.
        scratch: uint32, as long as one partition at its largest.
        block: uint64, `BLOCK` words.
        owners: uint64, one a key: receives the ordinals.

    Returns:
        How many keys were dealt with: fewer than all only where a partition is full and may not grow.
    """
    touched = W(0)
    for start in range(0, len(keys), BLOCK):
        stop = min(start + BLOCK, len(keys))
        for row in range(start, stop):
            word = mixed(keys[U(row)])
            block[U(row - start)] = word
            partition = S(word >> _KEY_BITS)
            touched |= slots[U((bases[U(partition)] + _place(word, capacities[U(partition)])) * SLOT_WORDS)]
        for row in range(start, stop):
            word = block[U(row - start)]
            partition = S(word >> _KEY_BITS)
            base = bases[U(partition)]
            capacity = capacities[U(partition)]
            if counts[U(partition)] * 5 >= capacity * 4:
                if capacity == most:
                    return S(row)
                larger = min(most, capacity + (capacity >> 1))
                moved = far + partition * most
                _grow(slots, base, capacity, moved, larger, scratch)
                base, capacity = moved, larger
                bases[U(partition)] = moved
                capacities[U(partition)] = larger
            low, upper = W(word & _LOW), W((word >> HALF) & _UPPER)
            place = _place(word, capacity)
            while True:
                at = (base + place) * SLOT_WORDS
                middle = slots[U(at + 1)]
                owner = ((U(middle) & _ORDINAL_UPPER) << HALF) | U(slots[U(at + 2)])
                if owner == 0:
                    owner = ordinals[U(row)]
                    slots[U(at)] = low
                    slots[U(at + 1)] = W((U(upper) << _ORDINAL_BITS) | (owner >> HALF))
                    slots[U(at + 2)] = W(owner & _LOW)
                    counts[U(partition)] += 1
                    break
                if slots[U(at)] == low and W(middle >> W(10)) == upper:
                    break
                place = place + 1 if place + 1 < capacity else 0
            owners[U(row)] = owner
    # Used, so that the loads above are not optimised away.
    block[U(0)] = U(touched)
    return S(len(keys))
