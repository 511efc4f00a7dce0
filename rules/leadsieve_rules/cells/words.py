"""Several bytes at a time: what the kernels of cells and of schemas read as one word, or copy at once, compiled."""

# ruff: noqa: ARG001 - numba reads the parameters of an instruction, not their values

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from leadsieve_rules.jit import compiled, instruction

U = np.uint64

#: The highest bit of each byte of a word, and the lowest.
HIGHS, ONES = U(0x8080808080808080), U(0x0101010101010101)


@compiled
def word(data: Any, at: Any) -> Any:
    """Read eight bytes, wherever they stand; the compiler makes one load of it."""
    low = U(data[at]) | U(data[at + U(1)]) << U(8) | U(data[at + U(2)]) << U(16) | U(data[at + U(3)]) << U(24)
    high = U(data[at + U(4)]) | U(data[at + U(5)]) << U(8) | U(data[at + U(6)]) << U(16) | U(data[at + U(7)]) << U(24)
    return low | high << U(32)


@compiled
def has_zero(value: Any) -> Any:
    """Return a word that is not 0 where one of the bytes of a word is."""
    return (value - ONES) & ~value & HIGHS


@instruction
def copy(typing: Any, out: Any, to: Any, data: Any, at: Any, size: Any) -> Any:
    """Copy so many bytes."""
    types = importlib.import_module("numba.core.types")
    signature = types.void(out, types.uint64, data, types.uint64, types.uint64)

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        target, source = (
            builder.gep(context.make_array(kind)(context, builder, array).data, [place])
            for kind, array, place in zip(signature.args[0:4:2], given[0:4:2], given[1:4:2], strict=True)
        )
        importlib.import_module("numba.core.cgutils").raw_memcpy(builder, target, source, given[4], 1)
        return context.get_dummy_value()

    return signature, generate
