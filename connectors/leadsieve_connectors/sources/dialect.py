"""Finds what separates the cells of a text, from its first records."""

from __future__ import annotations

import io

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.framer import Framer
from leadsieve_connectors.sources.records import is_blank, split_record, strip_line_end

#: What is looked for, in the order that decides where two fit equally well.
DELIMITERS = ",;\t|"
_SAMPLE_RECORDS = 500


def check_delimiter(delimiter: str) -> str:
    """Return the delimiter that the user named.

    Raises:
        SourceError: `invalid_option` where no text can be split at it.
    """
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\0':
        message = f"the delimiter {delimiter!r} is not one ASCII character other than a quote, a line end or NUL"
        raise SourceError(message, "invalid_option")
    return delimiter


def find_delimiter(sample: bytes, *, whole: bool, max_record_bytes: int) -> str:
    """Return the delimiter under which most records have as many cells as the header.

    Only delimiters that stand in the header outside quotes are asked, so that a few bad records turn
    nothing; where none does, the text has one column and the delimiter is a comma.

    Args:
        sample: The beginning of the text as UTF-8.
        whole: The sample is all of the text.
        max_record_bytes: The longest record, in bytes.
    """
    best, best_score = DELIMITERS[0], (0.0, 0)
    for delimiter in DELIMITERS:
        widths = _widths(sample, delimiter, whole=whole, max_record_bytes=max_record_bytes)
        if not widths or widths[0] < 2:
            continue
        body = widths[1:] or widths
        score = (sum(width == widths[0] for width in body) / len(body), widths[0])
        if best_score == (0.0, 0) or score > best_score:
            best, best_score = delimiter, score
    return best


def _widths(sample: bytes, delimiter: str, *, whole: bool, max_record_bytes: int) -> list[int]:
    """Return the number of cells of the first records that are neither blank nor broken."""
    read = io.BytesIO(sample).read
    widths: list[int] = []
    for block in Framer(read, delimiter=delimiter, chunk_bytes=1 << 16, max_record_bytes=max_record_bytes):
        bounds = block.bounds().tolist()
        for index in range(block.records):
            if index in block.faults:
                continue
            record = strip_line_end(block.data[bounds[index] : bounds[index + 1]])
            text = record.decode("utf-8", "replace")
            if not is_blank(text, delimiter):
                widths.append(len(split_record(text, delimiter)))
            if len(widths) > _SAMPLE_RECORDS:
                return widths
    # The sample's end may have cut its last record.
    return widths if whole or len(widths) < 2 else widths[:-1]
