"""A rejected CSV file, known by its header: its dialect is neither guessed nor that of the vendor's file."""

from __future__ import annotations

import codecs
import csv
from dataclasses import replace
from typing import TYPE_CHECKING

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.encodings import detect_encoding
from leadsieve_connectors.sources.rejected.marks import REASONS, is_rejected
from leadsieve_connectors.sources.text.dialect import Dialect
from leadsieve_connectors.sources.text.sniffer import Sniffed
from leadsieve_connectors.sources.text.source import CsvSource

if TYPE_CHECKING:
    from leadsieve_connectors.sources.base import ReadOptions
    from leadsieve_connectors.sources.stored import Stored

#: So many first bytes show the header.
LOOK_BYTES = 1 << 16
#: Ours is the first; spreadsheets write the others when they save it.
_DELIMITERS = (",", ";", "\t", "|")


class RejectedText(CsvSource):
    """A text with the header of a rejected file; see `CsvSource`.

    Args:
        file: Ordinal of the source in the run.
        stored: Where its bytes are.
        options: How to read it, as `plain_options` gives it, with the delimiter, and the encoding if it is known.

    Raises:
        SourceError: It has no row, or cannot be read.
    """

    def __init__(self, file: int, stored: Stored, options: ReadOptions) -> None:
        self._delimiter = options.delimiter or ","
        super().__init__(file, stored, options)
        if options.encoding == "utf-8":
            # Nobody said so: it is how the file is written.
            self.dialect = {**self.dialect, "encoding_how": "utf-8"}

    def _sniff(self, sample: bytes, *, whole: bool) -> Sniffed:  # noqa: ARG002 - nothing is left to be found
        return Sniffed(
            dialect=Dialect(self._delimiter),
            header=True,
            header_why="",
            skipped_lines=0,
            directive=False,
            preamble=0,
            ambiguous=(),
        )


def plain_options(options: ReadOptions) -> ReadOptions:
    """Return how a rejected file is read: what was said of the vendor's file does not hold for it."""
    return replace(
        options,
        encoding=None,
        delimiter=None,
        header=None,
        columns=None,
        skip_rows=0,
        records_path=None,
        sheet=None,
        # Quotes are doubled in it, and our columns stand beside the record's own.
        max_record_bytes=4 * options.max_record_bytes + LOOK_BYTES,
    )


def rejected_text(head: bytes, options: ReadOptions) -> ReadOptions | None:
    """Look whether a text begins with the header of a rejected file.

    Args:
        head: Its first `LOOK_BYTES`.
        options: How sources are to be read.

    Returns:
        How to read it, its delimiter named, and its encoding where it is known; None where it has another header.
    """
    if REASONS.encode() not in head.replace(b"\0", b""):
        return None
    plain = plain_options(options)
    told = "utf-8" if _is_utf8(head) else options.encoding
    try:
        encoding = told or detect_encoding(head, None).name
        text = codecs.getincrementaldecoder(encoding)("replace").decode(head).removeprefix("\ufeff")
    except (LookupError, SourceError):
        return None
    for delimiter in _DELIMITERS:
        if is_rejected(_first_record(text, delimiter)):
            return replace(plain, encoding=told, delimiter=delimiter)
    return None


def _is_utf8(head: bytes) -> bool:
    """Tell whether the text is as leadsieve writes it, whatever a guess from its characters would be."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return b"\0" not in head


def _first_record(text: str, delimiter: str) -> list[str]:
    """Return the cells of the first record, of which there may be only a part."""
    try:
        return next(csv.reader(text.splitlines(keepends=True), delimiter=delimiter), [])
    except csv.Error:
        return []
