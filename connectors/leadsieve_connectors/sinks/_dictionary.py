"""Dictionary-encoded arrays in one canonical form, whatever dictionaries the pieces came with."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc


def decoded(array: pa.Array) -> pa.Array:
    """Return the array with its values in place of dictionary codes; any other array as it is."""
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def first_sight(chunks: Sequence[pa.Array], value_type: pa.DataType) -> pa.DictionaryArray:
    """Join chunks into one dictionary-encoded array whose dictionary is in order of first sight.

    Encoded pieces cost a hash of one small code a row, not of one text a row.

    Args:
        chunks: Plain or dictionary-encoded arrays, mixed as they come.
        value_type: Type of the values.

    Returns:
        An int32-indexed array: each value stands once in the dictionary, in the order of its first row, and
        none that has no row. Nulls are null codes.
    """
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
