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

#: Bits of a mixed key that choose its mark among the 32 of its bucket.
MARK_BITS = np.uint64(31)

#: The table of first rows: so many partitions, chosen by the topmost bits of the mixed key.
PARTITION_BITS = 10
PARTITIONS = 1 << PARTITION_BITS
#: A partition is made of lines of the processor's cache, so that most keys touch one of them: five words of 64 bits,
#: the rest of a mixed key and the ordinal's upper 10 bits; the ordinals' lower 32 bits; and how many there are.
LINE_KEYS = 5
LINE_BYTES = 64
_LINE_WORDS = LINE_BYTES // 8
_LINE_HALVES = LINE_BYTES // 4
_LOWER = 2 * LINE_KEYS
_COUNT = 3 * LINE_KEYS
_KEY_BITS = np.uint64(64 - PARTITION_BITS)
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


@_code.entry(None, array(_u64, readonly=True), array(_u32, readonly=True), _u64, array(_u32))
def mark_buckets(words: Any, offsets: Any, shift: Any, marks: Any) -> None:
    """Set for each key of a bucket the bit that its lowest bits name.

    Args:
        words: uint64, as `sort_buckets` leaves them.
        offsets: Where each bucket begins in `words`.
        shift: As in `count_keys`.
        marks: uint32, one a bucket, all 0: receives the bits.
    """
    bits = U(64) - shift
    for bucket in range(len(marks)):
        mark = W(0)
        for at in range(S(offsets[U(bucket)]), S(offsets[U(bucket + 1)])):
            mark |= W(1) << W((words[U(at)] >> bits) & MARK_BITS)
        marks[U(bucket)] = mark


_FIXED = (array(_u64, readonly=True), array(_u32, readonly=True), array(_u32, readonly=True))


@_code.entry(None, _KEYS, *_FIXED, _u64, array(_u64), array(_i64))
def find_keys(keys: Any, words: Any, offsets: Any, marks: Any, shift: Any, block: Any, found: Any) -> None:
    """Find the position of each key among the words, or -1.

    Most keys that are not there are known by the bits of their bucket alone, and touch nothing else.

    Args:
        keys: The keys.
        words: uint64, at least one, as `sort_buckets` leaves them.
        offsets: Where each bucket begins in `words`.
        marks: As `mark_buckets` leaves them.
        shift: As in `count_keys`.
        block: uint64, 2 * `BLOCK` words.
        found: int64, one a key: receives the positions.
    """
    left = U(64) - shift
    last = S(len(words) - 1)
    touched = U(0)
    for start in range(0, len(keys), BLOCK):
        stop = min(start + BLOCK, len(keys))
        likely = S(0)
        for row in range(start, stop):
            word = mixed(keys[U(row)])
            block[U(likely)] = word
            block[U(BLOCK + likely)] = U(row)
            found[U(row)] = S(-1)
            likely += S((marks[word >> shift] >> W(word & MARK_BITS)) & W(1))
        for place in range(likely):
            begin = S(offsets[block[U(place)] >> shift])
            found[block[U(BLOCK + place)]] = begin
            touched |= words[U(min(begin, last))]
        for place in range(likely):
            word, row = block[U(place)], block[U(BLOCK + place)]
            rest = (word << left) >> left
            end = S(offsets[(word >> shift) + U(1)])
            at = found[row]
            while at < end and words[U(at)] >> left < rest:
                at += 1
            found[row] = at if at < end and words[U(at)] >> left == rest else S(-1)
    # Used, so that the loads ahead are not optimised away.
    block[U(0)] = touched


@compiled
def _line(word: Any, lines: Any) -> Any:
    """Choose the line of a mixed key in a partition of so many."""
    return S((((word >> _PLACE_SHIFT) & _LOW) * U(lines)) >> HALF)


@compiled
def _move(words: Any, halves: Any, base: Any, old: Any, moved: Any, new: Any, scratch: Any) -> None:
    """Give a partition more lines, in place or elsewhere."""
    for at in range(old * _LINE_WORDS):
        scratch[U(at)] = words[U(base * _LINE_WORDS + at)]
        words[U(base * _LINE_WORDS + at)] = U(0)
    for line in range(old):
        last = scratch[U(line * _LINE_WORDS + _LINE_WORDS - 1)]
        for slot in range(S(last >> HALF)):
            pair = scratch[U(line * _LINE_WORDS + ((_LOWER + slot) >> 1))]
            word = scratch[U(line * _LINE_WORDS + slot)]
            place = moved + _line(word >> _ORDINAL_BITS, new)
            while halves[U(place * _LINE_HALVES + _COUNT)] == LINE_KEYS:
                place = place + 1 if place + 1 < moved + new else moved
            _put(words, halves, place, word, W((pair >> HALF) if slot & 1 else (pair & _LOW)))


@compiled
def _put(words: Any, halves: Any, line: Any, word: Any, lower: Any) -> None:
    """Put a key into a line that has room."""
    count = halves[U(line * _LINE_HALVES + _COUNT)]
    words[U(line * _LINE_WORDS + S(count))] = word
    halves[U(line * _LINE_HALVES + _LOWER + S(count))] = lower
    halves[U(line * _LINE_HALVES + _COUNT)] = count + W(1)


@_code.entry(
    *(_i64, _KEYS, _KEYS, array(_u64), array(_u32), _i64, _i64),
    *(array(_i64), array(_i64), array(_i64), array(_u64), array(_u64), array(_u64)),
)
def claim_keys(
    keys: Any,
    ordinals: Any,
    words: Any,
    halves: Any,
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
        words: uint64, the table's lines, `LINE_BYTES` each and in step with the cache's.
        halves: uint32, the same memory.
        far: The line from which on there are `most` lines a partition: where one is moved that needs more than it has.
        most: Lines that a partition may come to have.
        bases: int64, one a partition: its first line.
        capacities: int64, one a partition: the lines that it has now.
        counts: int64, one a partition: the keys that it has.
        scratch: uint64, as long as one partition at its largest.
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
            line = bases[U(partition)] + _line(word, capacities[U(partition)])
            touched |= halves[U(line * _LINE_HALVES + _COUNT)]
        for row in range(start, stop):
            word = block[U(row - start)]
            partition = S(word >> _KEY_BITS)
            base, lines = bases[U(partition)], capacities[U(partition)]
            if counts[U(partition)] * 2 >= lines * (2 * LINE_KEYS - 1):
                if lines == most:
                    return S(row)
                larger = min(most, lines + (lines >> 1))
                moved = far + partition * most
                _move(words, halves, base, lines, moved, larger, scratch)
                base, lines = moved, larger
                bases[U(partition)] = moved
                capacities[U(partition)] = larger
            rest = word << _ORDINAL_BITS
            line = base + _line(word, lines)
            owner = U(0)
            while owner == 0:
                held = S(halves[U(line * _LINE_HALVES + _COUNT)])
                hit = S(LINE_KEYS)
                # All places without a branch between them, downwards: free ones are 0, which a key may be too.
                for slot in range(LINE_KEYS - 1, -1, -1):
                    hit = S(slot) if (words[U(line * _LINE_WORDS + slot)] ^ rest) <= _ORDINAL_UPPER else hit
                if hit < held:
                    upper = words[U(line * _LINE_WORDS + hit)] & _ORDINAL_UPPER
                    owner = (upper << HALF) | U(halves[U(line * _LINE_HALVES + _LOWER + hit)])
                elif held < LINE_KEYS:
                    owner = ordinals[U(row)]
                    _put(words, halves, line, rest | (owner >> HALF), W(owner & _LOW))
                    counts[U(partition)] += 1
                line = line + 1 if line + 1 < base + lines else base
            owners[U(row)] = owner
    # Used, so that the loads above are not optimised away.
    block[U(0)] = U(touched)
    return S(len(keys))
