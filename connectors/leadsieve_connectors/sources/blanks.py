"""Records that are not rows: all cells null, empty or white space."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve_connectors.sources.arrays import Bools, Ints, bool_array, bools, int64_array, whole

# Bytes that can begin a white-space character in UTF-8 (U+0085 and U+00A0; U+1680; U+2000...; U+3000).
_SPACE_LEADS = np.zeros(256, dtype=np.bool_)
_SPACE_LEADS[[9, 10, 11, 12, 13, 28, 29, 30, 31, 32, 0xC2, 0xE1, 0xE2, 0xE3]] = True


def blank_rows(table: pa.Table) -> Ints:
    """Return the positions of the rows whose cells are all null, empty or white space, in order.

    Values of types other than strings are blank only where they are null. What is white space is as in
    `str.isspace`.
    """
    columns = sorted((whole(column) for column in table.columns), key=lambda column: int(column.null_count))
    if not columns or not table.num_rows:
        return np.zeros(0, dtype=np.int64)
    found = np.flatnonzero(_may_be_blank(columns[0]))
    for column in columns:
        if not len(found):
            break
        found = found[_is_blank(column.take(int64_array(found)))]
    return found.astype(np.int64)


def _may_be_blank(column: pa.Array) -> Bools:
    """Flag the cells that are null or begin like white space: quick, and almost no cell of real data does."""
    length = len(column)
    flags = np.zeros(length, dtype=np.bool_)
    if column.null_count:
        flags |= bools(column.is_null())
    if not _is_text(column.type):
        return flags
    if column.type != pa.string():
        return np.ones(length, dtype=np.bool_)
    _, offsets, data = column.buffers()
    if data is None or not data.size:
        return np.ones(length, dtype=np.bool_)
    bounds = np.frombuffer(offsets, dtype=np.int32)[column.offset : column.offset + length + 1]
    first = np.take(np.frombuffer(data, dtype=np.uint8), bounds[:-1], mode="clip")
    flags |= _SPACE_LEADS[first]
    flags |= bounds[1:] == bounds[:-1]
    return flags


def _is_blank(column: pa.Array) -> Bools:
    if not _is_text(column.type):
        return bools(column.is_null())
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    empty = pc.equal(pc.binary_length(column), 0)
    return bools(pc.fill_null(pc.or_(empty, pc.utf8_is_space(column)), True))


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def drop_rows(table: pa.Table, positions: Ints) -> pa.Table:
    """Return the table without the rows at `positions`."""
    if not len(positions):
        return table
    keep = np.ones(table.num_rows, dtype=np.bool_)
    keep[positions] = False
    return table.filter(bool_array(keep))
