"""What every sink gives: a file that takes Arrow tables in order and can prove afterwards what it holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import pyarrow as pa


class Sink(Protocol):
    """One output file, written in row order.

    The bytes depend only on the rows and the schema, never on how the rows were cut into tables.

    Attributes:
        path: Where the file is written.
        rows: Rows taken so far.
    """

    @property
    def path(self) -> Path:
        """Where the file is written."""
        ...

    @property
    def rows(self) -> int:
        """Rows taken so far."""
        ...

    def write(self, table: pa.Table) -> None:
        """Append the rows of `table`, whose schema is the sink's.

        Raises:
            SinkError: The file cannot be written.
        """
        ...

    def close(self) -> None:
        """Write what is pending, finish the file and sync it to the disk.

        Raises:
            SinkError: The file cannot be written.
        """
        ...

    def abandon(self) -> None:
        """Let go of the file without finishing it: what stands on the disk must not read as a whole, shorter file."""
        ...

    def read_back(self, columns: Sequence[str], *, encoded: Sequence[str] = ()) -> Iterator[pa.RecordBatch]:
        """Read columns of the closed file from the disk, for the run's own proof.

        Args:
            columns: Names of columns to read; all values come with the types of the sink's schema.
            encoded: Those of them, of text, that may come as dictionaries.

        Yields:
            Record batches in row order.
        """
        ...
