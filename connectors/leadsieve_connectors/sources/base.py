"""What every source gives and every reader is told: the protocol between the formats and the engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import pyarrow as pa

from leadsieve_connectors.chunk import Chunk

#: A chunk has hardly more rows, however narrow they are: what is known of a row takes more memory than a short row.
MAX_ROWS = 1 << 17


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read sources; what a format has no use for it ignores.

    Attributes:
        encoding: Codec of text sources; None finds it: a byte order mark, UTF-8, or what a sample proposes.
        delimiter: One character; None finds it from a sample.
        header: Whether the first record names the columns; None finds it from a sample.
        columns: The columns' names, in place of the header's or where there is none.
        skip_rows: So many physical lines (of a sheet, rows) stand before the header and are not read.
        records_path: Where the records stand in a JSON document, keys and indices joined by dots; None finds it.
        sheet: Which sheet of a workbook to read, by name or 1-based position; None takes the only one with rows.
        max_rows: Read no more than so many rows of each source; None reads all.
        chunk_bytes: About how many bytes of text make a chunk, of hardly more than `MAX_ROWS` rows. Never changes
            a result.
        max_record_bytes: A text record longer than this is a bad record, not a reason to hold it in memory.
        max_unpacked_bytes: A compressed source that unpacks to more is refused.
        max_unpacked_ratio: So is one of which more than a little unpacks to more than so many times its size.
    """

    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    columns: tuple[str, ...] | None = None
    skip_rows: int = 0
    records_path: str | None = None
    sheet: str | None = None
    max_rows: int | None = None
    chunk_bytes: int = 8 << 20
    max_record_bytes: int = 1 << 20
    max_unpacked_bytes: int = 256 << 30
    max_unpacked_ratio: int = 200


class Source(Protocol):
    """One opened file, sheet or frame, whose columns are known and whose records can be read more than once.

    Attributes:
        name: As outputs show it: the path as given, URLs without user information and query.
        size: Bytes of the file as stored; None where unknown.
        modified: When the file was last changed, in UTC; None where unknown.
        schema: The columns under their unique names, in order, with the types that `chunks` gives.
        headers: The column names as the file has them, one for each field of `schema`, before they were made unique.
        dialect: What was found or told about the format, for people and `run.json`: plain JSON values
            (`format`, and for text `encoding`, `delimiter`, ...).
        settings: Campaign settings that stand beside the records, as in a request body; mostly empty.
    """

    @property
    def name(self) -> str:
        """As outputs show it."""
        ...

    @property
    def size(self) -> int | None:
        """Bytes as stored; None where unknown."""
        ...

    @property
    def modified(self) -> datetime | None:
        """When the file was last changed, in UTC; None where unknown."""
        ...

    @property
    def expected_rows(self) -> int | None:
        """About how many rows there are, where that can be told before they are read; None elsewhere."""
        ...

    @property
    def schema(self) -> pa.Schema:
        """The columns under their unique names."""
        ...

    @property
    def headers(self) -> tuple[str, ...]:
        """The column names as the file has them."""
        ...

    @property
    def dialect(self) -> Mapping[str, Any]:
        """What was found or told about the format."""
        ...

    @property
    def settings(self) -> Mapping[str, Any]:
        """Campaign settings that stand beside the records."""
        ...

    def chunks(self, *, max_rows: int | None = None) -> Iterator[Chunk]:
        """Read the records in order, from the start.

        Args:
            max_rows: Stop after so many rows; None reads what the options allow.

        Yields:
            Chunks. Their borders depend on `ReadOptions.chunk_bytes`; the records, rows and lines do not.

        Raises:
            SourceError: The source cannot be read on.
            SourceChanged: The source is no longer the one that was opened.
        """
        ...

    def sha256(self) -> str:
        """Return the hex SHA-256 of the source's stored bytes; taken while reading where a full read has happened."""
        ...
