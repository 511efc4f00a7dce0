"""What every source gives and every reader is told: the protocol between the formats and the engine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from leadsieve_connectors.chunk import Chunk


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How to read sources; what a format has no use for it ignores.

    Attributes:
        encoding: Codec of text sources; None looks for a byte order mark and else takes UTF-8.
        delimiter: One character; None finds it from the first records.
        max_rows: Read no more than so many rows of each source; None reads all.
        chunk_bytes: About how many bytes of text make a chunk. Never changes a result.
        max_record_bytes: A text record longer than this is a bad record, not a reason to hold it in memory.
    """

    encoding: str | None = None
    delimiter: str | None = None
    max_rows: int | None = None
    chunk_bytes: int = 4 << 20
    max_record_bytes: int = 1 << 20


class Source(Protocol):
    """One opened file, sheet or frame, whose columns are known and whose records can be read more than once.

    Attributes:
        name: As outputs show it: the path as given, URLs without user information and query.
        size: Bytes of the file as stored; None where unknown.
        schema: The columns under their unique names, in order, with the types that `chunks` gives.
        headers: The column names as the file has them, one for each field of `schema`, before they were made unique.
        dialect: What was found or told about the format, for people and `run.json`: plain JSON values
            (`format`, and for text `encoding`, `delimiter`, ...).
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
