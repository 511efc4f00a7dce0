"""Numbers that begin with their own region's country code, so that a plus may be missing before them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from phonenumbers import country_code_for_region

from leadsieve_rules.cells.arrays import null_flags
from leadsieve_rules.cells.columns import buffers_of, use_kernel

if TYPE_CHECKING:
    import numpy.typing as npt

    from leadsieve_rules.phone import Phones


def own_code(text: pa.Array, phones: Phones, region: str | pa.Array | None) -> npt.NDArray[np.int64]:
    """Find the cells whose reading with a plus before them could differ from their reading as they stand.

    Args:
        text: string array: the cells; null where there is nothing to read.
        phones: What the kernel made of them.
        region: The default region: one for all, one a row, or None.

    Returns:
        Positions, strictly increasing, of the cells that begin with their region's country code, and of which the
        kernel did not take that code off.
    """
    if region is None:
        return np.zeros(0, np.int64)
    if isinstance(region, str):
        return _begins(text, phones, region)
    encoded = pc.dictionary_encode(region)
    codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    order = np.argsort(codes, kind="stable")
    ends = np.searchsorted(codes[order], np.arange(-1, len(encoded.dictionary)), side="right")
    found = []
    for name, start, end in zip(encoded.dictionary.to_pylist(), ends[:-1], ends[1:], strict=True):
        rows = order[start:end]
        at = pa.array(rows)
        found.append(rows[_begins(text.take(at), phones.take(rows), name)])
    return np.sort(np.concatenate(found)) if found else np.zeros(0, np.int64)


def _begins(text: pa.Array, phones: Phones, region: str) -> npt.NDArray[np.int64]:
    code = str(country_code_for_region(region))
    rows = _begun(text, code)
    kept: npt.NDArray[np.int64] = rows[~phones.valid[rows] | phones.national_begins(rows, code)]
    return kept


def _begun(text: pa.Array, code: str) -> npt.NDArray[np.int64]:
    """Find the cells that begin with a code, or with a bracket and the code."""
    if not use_kernel(len(text)) or not pa.types.is_string(text.type):
        begins = pc.or_(pc.starts_with(text, code), pc.starts_with(text, f"({code}"))
        return pc.indices_nonzero(begins).to_numpy().astype(np.int64)  # type: ignore[no-any-return]
    from leadsieve_rules.cells.kernel import find_beginnings

    data, offsets = buffers_of(text)
    room = np.empty(len(text), np.int64)
    rows = room[: find_beginnings(data, offsets, np.frombuffer(code.encode(), np.uint8), ord("("), room)]
    return rows[~null_flags(text)[rows]] if text.null_count else rows
