"""How long rows are for a target system that limits the characters of a row."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve.requests.cells import cell_texts


def row_lengths(columns: Mapping[str, pa.Array]) -> npt.NDArray[np.int64]:
    """Count the characters of each row: those of its values, and those of all headers.

    Args:
        columns: Header to values as they are sent (`sent_columns`), all of one length.

    Returns:
        int64 array of the same length.

    Example:
        >>> row_lengths({"Name": pa.array(["Zoë", None]), "n": pa.array([10, 7])})
        array([10,  6])
    """
    headers = sum(map(len, columns))
    rows = len(next(iter(columns.values()))) if columns else 0
    lengths = np.full(rows, headers, np.int64)
    for column in columns.values():
        counts = pc.fill_null(pc.utf8_length(cell_texts(column)), 0)
        lengths += counts.to_numpy(zero_copy_only=False)
    return lengths
