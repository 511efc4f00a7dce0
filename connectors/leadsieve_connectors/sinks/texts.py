"""Columns of text as bytes to be written: CSV records and JSON strings, made without a loop over rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

#: The bytes that JSON does not take inside a string as they are. None of them is part of a longer character.
_ESCAPED = np.zeros(256, bool)
_ESCAPED[:0x20] = True
_ESCAPED[list(b'"\\')] = True
_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def csv_cells(cells: pa.Array) -> pa.Array:
    """Put the cells that need it between quotes.

    Args:
        cells: large_string.

    Returns:
        The same, in which a cell with a quote, a comma, CR or LF in it, or of length 0, is quoted; null stays null.
    """
    offsets, data = text_buffers(cells)
    special = (data == ord('"')) | (data == ord(",")) | (data == ord("\n")) | (data == ord("\r"))
    needed = offsets[1:] == offsets[:-1]
    needed[np.searchsorted(offsets, np.flatnonzero(special), side="right") - 1] = True
    if not needed.any():
        return cells
    needed &= cells.is_valid().to_numpy(zero_copy_only=False)
    rows = pa.array(np.flatnonzero(needed))
    mark = pa.scalar('"', pa.large_string())
    doubled = pc.replace_substring(cells.take(rows), '"', '""')
    quoted = pc.binary_join_element_wise(mark, doubled, mark, pa.scalar("", pa.large_string()))
    return replace_rows(cells, rows, quoted)


def csv_records(columns: Sequence[pa.Array]) -> pa.Array:
    """Join cells to records, each ended by LF.

    Args:
        columns: large_string: the cells of each column, quoted already (`csv_cells`). A null is an empty cell; in a
            file of one column it is quoted, since an empty line would not be a record.

    Returns:
        The records as large_string.
    """
    if len(columns) == 1:
        columns = [pc.fill_null(columns[0], '""')]
    empty, comma, newline = (pa.scalar(text, pa.large_string()) for text in ("", ",", "\n"))
    join = {"null_handling": "replace", "null_replacement": ""}
    ended = pc.binary_join_element_wise(columns[-1], empty, newline, **join)
    return pc.binary_join_element_wise(*columns[:-1], ended, comma, **join)


def json_strings(texts: pa.Array) -> pa.Array:
    """Write texts as JSON strings, with their quotes: what JSON does not take as it is is escaped, and nothing else.

    Args:
        texts: string or large_string; null stays null.

    Returns:
        A large_string array of the same length.
    """
    texts = texts.cast(pa.large_string())
    offsets, data = text_buffers(texts)
    special = np.flatnonzero(_ESCAPED[data])
    if len(special):
        rows = pa.array(np.unique(np.searchsorted(offsets, special, side="right") - 1))
        some = texts.take(rows)
        # The backslash goes first: the escapes of the others begin with one.
        for byte in sorted(np.unique(data[special]).tolist(), key=lambda byte: byte != ord("\\")):
            some = pc.replace_substring(some, chr(byte), _SHORT.get(chr(byte), f"\\u{byte:04x}"))
        texts = replace_rows(texts, rows, some)
    mark = pa.scalar('"', pa.large_string())
    return pc.binary_join_element_wise(mark, texts, mark, pa.scalar("", pa.large_string()))


def replace_rows(array: pa.Array, rows: pa.Array, values: pa.Array) -> pa.Array:
    """Return the array with other values at some positions, which are int64 and strictly increasing."""
    mask = np.zeros(len(array), bool)
    mask[rows.to_numpy()] = True
    return pc.replace_with_mask(array, pa.array(mask), values)


def text_buffers(array: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Return a large_string array's offsets (one more than rows, from 0) and its bytes."""
    _, offsets, data = array.buffers()
    if not len(array):
        return np.zeros(1, np.int64), np.zeros(0, np.uint8)
    bounds = np.frombuffer(offsets, np.int64)[array.offset : array.offset + len(array) + 1]
    text = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    return bounds - bounds[0], text[bounds[0] : bounds[-1]]


def text_bytes(texts: pa.Array) -> pa.Buffer:
    """Return the bytes of all texts of a large_string array without nulls, one after the other; nothing is copied."""
    offsets, _ = text_buffers(texts)
    start = np.frombuffer(texts.buffers()[1], np.int64)[texts.offset]
    return texts.buffers()[2].slice(int(start), int(offsets[-1]))
