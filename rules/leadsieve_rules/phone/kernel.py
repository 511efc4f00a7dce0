"""The phone kernel: every row of an Arrow string column judged in one pass, without the interpreter lock."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from leadsieve_rules.jit import MachineCode, array, compiled
from leadsieve_rules.phone.cache import fingerprint
from leadsieve_rules.phone.numbering import DIGITS, E164_BYTES, LEFT, UNPARSED, judge_digits
from leadsieve_rules.phone.phones import FACTS, NOT_A_NUMBER, TOO_LONG, Phones
from leadsieve_rules.phone.scan import FALLBACK, GENERAL, MARKS, MAX_CHARACTERS, NUMBER, OVERLONG, scan_bytes, scan_text
from leadsieve_rules.phone.tables import Tables

U = np.uint64
S = np.int64

_HERE = Path(__file__).parent
_SOURCES = ("scan.py", "numbering.py", "kernel.py", "tables.py", "phones.py")
_code = MachineCode("phone-code", [_HERE / name for name in _SOURCES], fingerprint)


@compiled
def judge_text(
    nodes: Any,
    plans: Any,
    text: Any,
    data: Any,
    start: Any,
    stop: Any,
    region: Any,
    digits: Any,
    marks: Any,
    out: Any,
    at_out: Any,
) -> Any:
    """Judge one text.

    Args:
        nodes: The digit automata.
        plans: The numbering plans.
        text: The character tables.
        data: uint8, the bytes of many texts, in UTF-8.
        start: Where this one begins.
        stop: Where it ends.
        region: Place of the default region; -1 for none.
        digits: uint8 scratch of `DIGITS` values.
        marks: uint16 scratch of `MARKS` values.
        out: uint8: receives the E.164 form.
        at_out: Where in `out`; `E164_BYTES` must be left there.

    Returns:
        The facts as one int64 (their reason is `LEFT` where `phonenumbers` must judge), the key, where `out` goes on,
        and the first byte and the number of bytes of the extension's digits (0 where there is none).
    """
    said, plus, count = S(GENERAL), False, S(0)
    first, size = S(0), S(0)
    if stop - start <= MAX_CHARACTERS:
        said, plus, count = scan_bytes(text, data, start, stop, digits)
    if said == GENERAL:
        said, plus, count, first, size = scan_text(plans, text, data, start, stop, digits, marks)
    if said == NUMBER:
        facts, key, at_out = judge_digits(nodes, plans, region, plus, count, digits, out, at_out)
        return facts, key, at_out, first, size
    reason = S(LEFT) if said == FALLBACK else S(TOO_LONG) if said == OVERLONG else S(NOT_A_NUMBER)
    return S(UNPARSED) | reason, U(0), at_out, S(0), S(0)


@_code.entry(
    np.int64,
    *(array(kind, readonly=True) for kind in (np.uint16, np.int32, np.uint16)),  # the tables
    *(array(kind, readonly=True) for kind in (np.uint8, np.int64, np.uint8)),  # the strings
    np.int64,
    array(np.int16, readonly=True),
    np.int64,
    *(array(kind) for kind in (np.int64, np.uint64, np.uint8, np.int32, np.uint8)),
    *(array(kind) for kind in (np.int64, np.int64, np.int64, np.int64)),
    *(array(kind) for kind in (np.uint8, np.uint16, np.int64)),
)
def judge_rows(
    nodes: Any,
    plans: Any,
    text: Any,
    data: Any,
    offsets: Any,
    valid: Any,
    valid_from: Any,
    regions: Any,
    region_step: Any,
    facts: Any,
    keys: Any,
    bits: Any,
    places: Any,
    out: Any,
    extended: Any,
    extension_from: Any,
    extension_size: Any,
    left: Any,
    digits: Any,
    marks: Any,
    counts: Any,
) -> Any:
    """Judge every row.

    Args:
        nodes: The digit automata.
        plans: The numbering plans.
        text: The character tables.
        data: uint8, the bytes of the strings.
        offsets: int64, one more than there are rows: where each string begins in `data`.
        valid: uint8, the bits of the rows that are not null; empty if none is.
        valid_from: The first row's place among those bits.
        regions: int16, places of the default regions, -1 for none: one, or one a row.
        region_step: 0 for one region, 1 for one a row.
        facts: int64, one a row: receives the facts.
        keys: uint64, one a row: receives the keys.
        bits: uint8 zeros, one for eight rows: receives the bits of the rows that parse.
        places: int32, one more than there are rows: receives the offsets of the E.164 forms.
        out: uint8: receives their bytes.
        extended: int64: receives the rows with an extension.
        extension_from: int64: receives the first byte of each extension in `data`.
        extension_size: int64: receives its number of bytes.
        left: int64: receives the rows that `phonenumbers` must judge.
        digits: uint8 scratch of `DIGITS` values.
        marks: uint16 scratch of `MARKS` values.
        counts: int64: receives how many extensions, and how many rows in `left` there are.

    Returns:
        How many bytes of `out` there are.
    """
    at_out = S(0)
    extensions = S(0)
    lefts = S(0)
    places[0] = 0
    nullable = len(valid) > 0
    for row in range(len(offsets) - 1):
        bit = row + valid_from
        known = S(UNPARSED | NOT_A_NUMBER)
        key = U(0)
        if not nullable or valid[U(bit >> 3)] >> (bit & 7) & 1:
            known, key, after, first, size = judge_text(
                nodes,
                plans,
                text,
                data,
                S(offsets[U(row)]),
                S(offsets[U(row + 1)]),
                S(regions[U(row * region_step)]),
                digits,
                marks,
                out,
                at_out,
            )
            if after > at_out:
                bits[U(row >> 3)] |= np.uint8(1 << (row & 7))
                at_out = after
                if size:
                    extended[U(extensions)] = row
                    extension_from[U(extensions)] = first
                    extension_size[U(extensions)] = size
                    extensions += 1
            elif known & 255 == LEFT:
                left[U(lefts)] = row
                lefts += 1
        facts[U(row)] = known
        keys[U(row)] = key
        places[U(row + 1)] = at_out
    counts[0], counts[1] = extensions, lefts
    return at_out


def judge_strings(
    tables: Tables, strings: pa.Array, regions: npt.NDArray[np.int16]
) -> tuple[Phones, npt.NDArray[np.int64]]:
    """Judge a column.

    Args:
        tables: The compiled numbering plans.
        strings: string or large_string array, of at most `MOST_ROWS` rows.
        regions: Places of the default regions in `tables.regions`, -1 for none: one, or one a row.

    Returns:
        The numbers, and the rows that are left to `phonenumbers`: what is said of these means nothing.
    """
    rows = len(strings)
    bitmap, offset_buffer, data_buffer = strings.buffers()
    kind = np.int64 if pa.types.is_large_string(strings.type) else np.int32
    if offset_buffer is None or not offset_buffer.size:
        offsets = np.zeros(1, np.int64)
    else:
        offsets = np.frombuffer(offset_buffer, kind, rows + 1, strings.offset * np.dtype(kind).itemsize)
    data = _bytes(data_buffer)
    facts = np.empty(rows, np.int64)
    keys = np.empty(rows, np.uint64)
    bits = np.zeros((rows + 7) // 8, np.uint8)
    places = np.empty(rows + 1, np.int32)
    out = np.empty(rows * E164_BYTES + 32, np.uint8)
    extended, begins, sizes, left = (np.empty(rows, np.int64) for _ in range(4))
    counts = np.zeros(2, np.int64)
    used = judge_rows(
        tables.nodes,
        tables.plans,
        tables.text,
        data,
        offsets.astype(np.int64, copy=False),
        _bytes(bitmap if strings.null_count else None),
        strings.offset,
        np.ascontiguousarray(regions),
        int(len(regions) != 1),
        facts,
        keys,
        bits,
        places,
        out,
        extended,
        begins,
        sizes,
        left,
        np.zeros(DIGITS, np.uint8),
        np.zeros(MARKS, np.uint16),
        counts,
    )
    extensions, lefts = counts.tolist()
    e164 = pa.StringArray.from_buffers(rows, pa.py_buffer(places), pa.py_buffer(out[:used]), pa.py_buffer(bits))
    has_extension = np.zeros(rows, np.bool_)
    has_extension[extended[:extensions]] = True
    texts = [
        bytes(data[begin : begin + size]).decode()
        for begin, size in zip(begins[:extensions].tolist(), sizes[:extensions].tolist(), strict=True)
    ]
    phones = Phones(facts.view(FACTS), keys, e164, has_extension, pa.array(texts, pa.string()))
    return phones, left[:lefts].copy()


def _bytes(buffer: pa.Buffer | None) -> npt.NDArray[np.uint8]:
    return np.zeros(0, np.uint8) if buffer is None or not buffer.size else np.frombuffer(buffer, np.uint8)
