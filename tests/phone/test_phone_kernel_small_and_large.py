"""Both sides of the kernel's threshold give the same bytes, for every kind of array."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from leadsieve_rules.exceptions import RulesError
from leadsieve_rules.phone import KERNEL_ROWS, Phones, concat, normalize, read, reading
from leadsieve_rules.phone.reading import read_part

RAW = [
    "98123 45678",
    None,
    "+1 202 555 0123 x12",
    "",
    "x",
    "+44 20 7946 0958 ext. \uff15\uff16",
    "0011 44 7911 123456",
    "(0) 98123 45678",
    "1800 FLOWERS",
    "+39 06 123 4567",
    "+800 1234 5678",
    "+999 123456",
    "00",
    "+1 310 1234",
    "9" * 30,
    "1" * 251,
    "\u0669\u0668\u0661\u0662\u0663\u0664\u0665\u0666\u0667\u0668",
    "tel:98123-45678;phone-context=+91",
    "98123 45678;isub=12",
    "+4915123456789012345",
    "Tel. +55 (11) 96123-4567 / x5",
    "\U0001f4de +54 9 11 2345-6789",
]
REGIONS = ["IN", "US", "AU", "BR", None, "zz", "IT"]
PLAIN = pa.array(RAW, pa.string())
KINDS: dict[str, Any] = {
    "string": PLAIN,
    "large_string": PLAIN.cast(pa.large_string()),
    "string_view": PLAIN.cast(pa.string_view()),
    "dictionary": pa.concat_arrays([PLAIN, PLAIN]).dictionary_encode().slice(0, len(RAW)),
    "dictionary with few values": PLAIN.dictionary_encode().take(pa.array([*range(len(RAW)), 0, 1, None] * 2)),
    "dictionary of large_string": PLAIN.cast(pa.large_string()).dictionary_encode(),
    "slice": pa.concat_arrays([pa.array(["7", None, "+1"]), PLAIN, pa.array(["8"])]).slice(3, len(RAW)),
    "slice of large_string": pa.concat_arrays([pa.array(["7"]), PLAIN]).cast(pa.large_string()).slice(1),
    "no nulls": PLAIN.drop_null(),
    "chunks": pa.chunked_array([PLAIN.slice(0, 5), PLAIN.slice(5, 0), PLAIN.slice(5)]),
    "chunks of dictionaries": pa.chunked_array([PLAIN.slice(0, 9).dictionary_encode(), PLAIN.dictionary_encode()]),
    "nulls": pa.nulls(9),
    "null strings": pa.nulls(9, pa.string()),
    "empty strings": pa.array(["", "", None]),
    "one": pa.array(["+1 202 555 0123"]),
    "none": pa.array([], pa.string()),
    "no chunks": pa.chunked_array([], pa.large_string()),
}


def written(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def contents(phones: Phones) -> tuple[bytes, ...]:
    table = pa.table({"e164": phones.e164, "extension": phones.extension})
    return phones.facts.tobytes(), phones.keys.tobytes(), phones.extended.tobytes(), written(table)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("region", ["IN", "US", "AU", None, "rows"])
def test_every_kind_of_array_is_read_the_same_both_ways(kind: str, region: str | None) -> None:
    values = KINDS[kind]
    given: Any = pa.array([REGIONS[i % len(REGIONS)] for i in range(len(values))], pa.string())
    given = given if region == "rows" else region
    quick, slow = (read_part(values, given, quick=quick) for quick in (True, False))
    assert len(quick) == len(values)
    assert contents(quick) == contents(slow)
    assert written(quick.table()) == written(slow.table())


def test_below_the_threshold_the_kernel_is_not_imported_and_the_bytes_are_the_same() -> None:
    program = """
import hashlib, sys
import pyarrow as pa
from leadsieve_rules.phone import KERNEL_ROWS, normalize
raws = [f"{i % 97:02d}98{i % 89:03d}45678"[-10:] for i in range(KERNEL_ROWS)] + ["x", None]
def said(count):
    table = normalize(pa.array(raws[:count]), "IN")
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return hashlib.sha256(sink.getvalue()).hexdigest()
by_reference = said(KERNEL_ROWS - 1)
assert not {"numba", "llvmlite"} & set(sys.modules), "the kernel was imported"
said(KERNEL_ROWS)
assert "llvmlite" in sys.modules, "the kernel was not imported"
assert said(KERNEL_ROWS - 1) == by_reference, "other bytes"
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_dictionary_is_judged_once_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    judged = []

    def counting(numbers: pa.Array, *rest: Any, **options: Any) -> Phones:
        judged.append(len(numbers))
        return whole(numbers, *rest, **options)

    whole = reading._read_rows
    monkeypatch.setattr(reading, "_read_rows", counting)
    values = PLAIN.dictionary_encode().take(pa.array(np.arange(3000) % len(RAW)))
    assert contents(read(values, "IN")) == contents(read(values.cast(pa.string()), "IN"))
    assert judged == [len(RAW), 3000]


def test_numbers_can_be_taken_filtered_joined_and_pickled() -> None:
    phones = read_part(PLAIN, "IN", quick=True)
    rows = np.array([5, 2, 2, 1, 0])
    taken = phones.take(rows)
    assert taken.table().equals(phones.table().take(pa.array(rows)))
    assert phones.filter(phones.valid).table().equals(phones.table().filter(pa.array(phones.valid)))
    both = concat([phones, taken])
    assert both.table().combine_chunks().equals(pa.concat_tables([phones.table(), taken.table()]).combine_chunks())
    assert contents(pickle.loads(pickle.dumps(both))) == contents(both)
    assert len(phones.take(np.zeros(0, np.int64))) == 0


def test_keys_are_the_digits_of_the_e164_form() -> None:
    phones = read_part(PLAIN, "IN", quick=True)
    digits = [int(e164[1:]) if e164 and len(e164) <= 20 else 0 for e164 in phones.e164.to_pylist()]
    assert phones.keys.tolist() == digits
    assert phones.keys.dtype == np.uint64
    assert max(digits) > 1 << 53


def test_a_long_column_is_read_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    from leadsieve_rules import phone

    regions = pa.array([REGIONS[i % len(REGIONS)] for i in range(len(RAW))])
    whole = normalize(PLAIN, regions)
    monkeypatch.setattr(phone, "_READ_AT_ONCE", 5)
    for kind in ("string", "chunks", "slice", "dictionary"):
        assert normalize(KINDS[kind], regions).combine_chunks().equals(whole.combine_chunks())


def test_too_long_a_column_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", len(RAW) - 1)
    with pytest.raises(RulesError, match="give at most"):
        read(PLAIN, "IN")


def test_the_threshold_is_documented() -> None:
    assert KERNEL_ROWS == 20_000
