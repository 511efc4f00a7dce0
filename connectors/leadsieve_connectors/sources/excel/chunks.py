"""From the rows of a sheet to chunks: columns of one width, and the rows that do not fit them."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import pyarrow as pa

from leadsieve_connectors.chunk import Chunk, Fault
from leadsieve_connectors.sources.arrays import bad_records, cells_array, int64_array
from leadsieve_connectors.sources.excel.layout import is_filled
from leadsieve_connectors.sources.records import raw_text

_SHOWN_BYTES = 1 << 18


class Rows:
    """Rows that wait to become a chunk.

    Args:
        file: Ordinal of the source in the run.
        name: Its name.
        schema: Its columns.
        limit: A row of more bytes is a bad record.

    Attributes:
        number: The number of the last row.
        blank: Blank rows of the sheet that no chunk has counted yet.
        nbytes: Bytes of text that wait.
    """

    def __init__(self, *, file: int, name: str, schema: pa.Schema, limit: int) -> None:
        self._file, self._name, self._schema, self._limit = file, name, schema, limit
        self.number, self.blank, self.nbytes = 0, 0, 0
        self._rows: list[list[bytes]] = []
        self._numbers: list[int] = []
        self._lines: list[int] = []
        self._bad: list[tuple[int, int, str, Fault]] = []

    @property
    def pending(self) -> int:
        """So many rows wait."""
        return len(self._rows) + len(self._bad)

    def add(self, line: int, cells: list[bytes]) -> None:
        """Take a row.

        Args:
            line: Its row in the sheet.
            cells: UTF-8; fewer than there are columns, or more.
        """
        self.number += 1
        size, width = sum(map(len, cells)), len(self._schema)
        if size > self._limit:
            self._refuse(line, cells, Fault.RECORD_TOO_LARGE)
        elif len(cells) > width and any(map(is_filled, filter(None, cells[width:]))):
            self._refuse(line, cells, Fault.TOO_MANY_FIELDS)
        else:
            cells[width:] = [b""] * (width - len(cells))
            self._rows.append(cells)
            self._numbers.append(self.number)
            self._lines.append(line)
            self.nbytes += size

    def _refuse(self, line: int, cells: list[bytes], fault: Fault) -> None:
        # How many empty cells stand at the end depends on the rows around it.
        while not cells[-1]:
            cells.pop()
        shown, size = cells, sum(map(len, cells))
        if size > _SHOWN_BYTES:
            # A few texts may be most of it.
            ends = accumulate(map(len, cells))
            shown = [
                cell[:_SHOWN_BYTES] for cell, end in zip(cells, ends, strict=True) if end - len(cell) < _SHOWN_BYTES
            ]
        raw = raw_text(b"\t".join(shown), cut=True)
        self._bad.append((self.number, line, raw, fault))
        self.nbytes += len(raw)

    def chunk(self, nbytes: int) -> Chunk:
        """Make a chunk of the rows that wait.

        Args:
            nbytes: Bytes of the source that the chunk took.
        """
        columns = zip(*self._rows, strict=True) if self._rows else [()] * len(self._schema)
        table = pa.Table.from_arrays([cells_array(column) for column in columns], schema=self._schema)
        chunk = Chunk(
            file=self._file,
            name=self._name,
            table=table,
            rows=int64_array(np.array(self._numbers, dtype=np.int64)),
            lines=int64_array(np.array(self._lines, dtype=np.int64)),
            bad=bad_records(self._bad),
            blank_records=self.blank,
            nbytes=nbytes,
        )
        self._rows, self._numbers, self._lines, self._bad = [], [], [], []
        self.blank, self.nbytes = 0, 0
        return chunk
