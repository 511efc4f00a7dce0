"""Dictionary-encoded arrays in one canonical form, whatever dictionaries the pieces came with."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

_KERNEL = "leadsieve_connectors.sinks.kernel"
#: Fewer rows are not worth the import of the kernel.
KERNEL_ROWS = 20_000


def use_kernel(rows: int) -> bool:
    """Tell whether so many rows are worth the kernel: from `KERNEL_ROWS` on, or once it is there anyway."""
    return rows >= KERNEL_ROWS or _KERNEL in sys.modules


def decoded(array: pa.Array) -> pa.Array:
    """Return the array with its values in place of dictionary codes; any other array as it is."""
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def first_sight(chunks: Sequence[pa.Array], value_type: pa.DataType) -> pa.DictionaryArray:
    """Join chunks into one dictionary-encoded array whose dictionary is in order of first sight.

    Encoded pieces cost a small code a row, not a text a row. Many rows are encoded by a compiled loop, few by Arrow.

    Args:
        chunks: Plain or dictionary-encoded arrays, mixed as they come.
        value_type: Type of the values.

    Returns:
        An int32-indexed array: each value stands once in the dictionary, in the order of its first row, and
        none that has no row. Nulls are null codes.
    """
    rows = sum(map(len, chunks))
    if (pa.types.is_string(value_type) or pa.types.is_large_string(value_type)) and use_kernel(rows):
        from leadsieve_connectors.sinks._encoder import encode

        encoded = encode(chunks, value_type)
        if encoded is not None:
            return encoded
    return by_arrow(chunks, value_type)


def by_arrow(chunks: Sequence[pa.Array], value_type: pa.DataType) -> pa.DictionaryArray:
    """Do what `first_sight` does by Arrow's own means."""
    if not any(len(chunk) for chunk in chunks):
        return pa.DictionaryArray.from_arrays(pa.array([], pa.int32()), pa.array([], value_type))
    if not any(pa.types.is_dictionary(chunk.type) for chunk in chunks):
        # Arrow's own encoding is in order of first sight, and one dictionary serves all chunks.
        plain = pa.chunked_array([chunk.cast(value_type) for chunk in chunks]).dictionary_encode()
        indices = pa.concat_arrays([chunk.indices for chunk in plain.chunks])
        return pa.DictionaryArray.from_arrays(indices, plain.chunk(0).dictionary)
    encoded = pa.chunked_array([_encode(chunk, value_type) for chunk in chunks]).unify_dictionaries()
    codes = pa.concat_arrays([chunk.indices for chunk in encoded.chunks]).dictionary_encode()
    return pa.DictionaryArray.from_arrays(codes.indices, encoded.chunk(0).dictionary.take(codes.dictionary))


def _encode(chunk: pa.Array, value_type: pa.DataType) -> pa.DictionaryArray:
    if pa.types.is_dictionary(chunk.type):
        values = chunk.dictionary.cast(value_type)
        # A dictionary may hold nulls or a value twice; such codes say nothing about equality.
        if not values.null_count and pc.count_distinct(values).as_py() == len(values):
            return pa.DictionaryArray.from_arrays(chunk.indices.cast(pa.int32()), values)
        chunk = chunk.dictionary_decode()
    return chunk.cast(value_type).dictionary_encode()
