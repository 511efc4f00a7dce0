"""Text that was decoded wrongly: found in columns at next to no cost, told in words, and never repaired."""

from __future__ import annotations

import re
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve_rules.cells.arrays import null_flags
from leadsieve_rules.cells.columns import buffers_of, use_kernel
from leadsieve_rules.fields.mojibake import pattern, unmistaken
from leadsieve_rules.findings import Finding

#: What stands for characters that were lost: the replacement character, three of them in UTF-8 read as GBK, and the
#: control characters that Latin-1 has where Windows-1252 has letters.
_LOST, _CONTROL = "\ufffd|锟斤拷", "[\x80-\x9f]"


def suspect_findings(text: pa.Array, column: str) -> list[Finding]:
    """Find the cells of a column that look as if they had been decoded wrongly.

    Args:
        text: string array of the cells, as they came.
        column: The column's name.

    Returns:
        `suspect_text` with the details `mojibake` (and what each cell was perhaps meant to be), `lost_character` and
        `control_character`, each where it has rows.
    """
    rows = _worth_a_look(text)
    if not len(rows):
        return []
    cells = text.take(pa.array(rows))
    cheap = pc.match_substring_regex(cells, _suspect()).to_numpy(zero_copy_only=False)
    rows, coded = rows[cheap], cells.filter(pa.array(cheap)).dictionary_encode()
    if not len(rows):
        return []
    read = [_read(value) for value in coded.dictionary.to_pylist()]
    details, codes = [detail for detail, _ in read], coded.indices.to_numpy()
    found = []
    for detail in ("mojibake", "lost_character", "control_character"):
        index = np.flatnonzero(np.array([other == detail for other in details])[codes])
        if len(index):
            pick = pa.array(index)
            perhaps = pa.array([guess for _, guess in read], pa.string()).take(coded.indices.take(pick))
            found.append(
                Finding(
                    "suspect_text", detail, column, rows[index],
                    values=coded.dictionary.take(coded.indices.take(pick)),
                    perhaps=perhaps if detail == "mojibake" else None,
                )
            )  # fmt: skip
    return found


@cache
def _suspect() -> str:
    return f"{_LOST}|{_CONTROL}|{pattern()}"


def _read(text: str) -> tuple[str | None, str | None]:
    """Say what is suspect about a text, and what it was perhaps meant to be."""
    plainer = unmistaken(text)
    if re.search(_LOST, plainer or text):
        return "lost_character", None
    if plainer is not None:
        return "mojibake", plainer
    return ("control_character" if re.search(_CONTROL, text) else None), None


def _worth_a_look(text: pa.Array) -> npt.NDArray[np.int64]:
    """Return the rows with two characters past ASCII one after the other, a control character, or a lost one.

    One character past ASCII by itself, as names have it, is no UTF-8 that was mistaken for something else.
    """
    if not use_kernel(len(text)):
        return _plainly(text)
    from leadsieve_rules.cells.kernel import find_wide_pairs

    data, offsets = buffers_of(text)
    room = np.empty(len(text), np.int64)
    rows = room[: find_wide_pairs(data, offsets, room)]
    return rows[~null_flags(text)[rows]] if text.null_count else rows


def _plainly(text: pa.Array) -> npt.NDArray[np.int64]:
    _, starts, data = text.buffers()
    if not len(text) or starts is None or data is None:
        return np.empty(0, np.int64)
    bounds = np.frombuffer(starts, np.int32)[text.offset : text.offset + len(text) + 1]
    content = np.frombuffer(data, np.uint8)[bounds[0] : bounds[-1]]
    if not len(content) or content.max() < 0x80:
        return np.empty(0, np.int64)
    first, second = content[:-1], content[1:]
    marks = ((first & 0xC0) == 0x80) & (second >= 0xC0)
    marks |= (first == 0xC2) & (second < 0xA0)
    marks |= (first == 0xEF) & (second == 0xBF)
    if not marks.any():
        return np.empty(0, np.int64)
    # An empty cell gets the mark of the cell after it, which does no harm: the pattern has the word.
    starts_in = np.minimum(bounds[:-1] - bounds[0], len(marks) - 1)
    marked = np.bitwise_or.reduceat(marks, starts_in)
    return np.flatnonzero(marked & text.is_valid().to_numpy(zero_copy_only=False))
