"""The rows of one file, read again from a rejected file, under the row numbers that they had."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from leadsieve_connectors.chunk import BAD_RECORDS, Chunk
from leadsieve_connectors.sinks.csv import unguard
from leadsieve_connectors.sources.arrays import NO_BAD_RECORDS, bool_array, bools, int64_array, string_array
from leadsieve_connectors.sources.rejected.cells import Marks, ints
from leadsieve_connectors.sources.rejected.marks import NAMES
from leadsieve_connectors.sources.rejected.spool import Origin, Spool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import ExitStack
    from datetime import datetime

    from leadsieve_connectors.sources.base import ReadOptions, Source

#: Formats in which leadsieve guards texts against spreadsheets that would run them.
_GUARDED = ("csv", "xls", "xlsx")


class RestoredSource:
    """The rows of one file as they stand in a rejected file; see `base.Source` for what the attributes give.

    Its name, row numbers and lines are those of the file that the rows came from; its bytes and hash those of the
    rejected file, of which the options' `max_rows` counts the rows. Row numbers only increase: between two of them
    stand rows that were accepted, or deleted since.

    Args:
        file: Ordinal of the source in the run.
        read_from: The rejected file.
        spool: Its rows.
        origin: Those of them that this is.
        options: How to read.
    """

    #: None: nothing but records stands in a rejected file.
    settings: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, file: int, read_from: Source, spool: Spool, origin: Origin, options: ReadOptions) -> None:
        self._file, self._read_from, self._spool, self._origin = file, read_from, spool, origin
        self._options = options
        self.name = origin.name
        self.schema: pa.Schema = spool.schema
        self.headers: tuple[str, ...] = tuple(spool.schema.names)
        self.dialect: Mapping[str, Any] = {**read_from.dialect, "rejected_file": read_from.name}
        self._in_order = bool(np.all(np.diff(origin.numbers()) > 0))
        # Blank records belong to no file; somebody has to count them.
        self._blank_records = spool.blank_records if origin is spool.origins[0] else 0

    @property
    def size(self) -> int | None:
        """Bytes of the rejected file as stored; None where unknown."""
        return self._read_from.size

    @property
    def modified(self) -> datetime | None:
        """When the rejected file was last changed, in UTC; None where unknown."""
        return self._read_from.modified

    @property
    def expected_rows(self) -> int | None:
        """How many rows there are."""
        return len(self._origin.numbers())

    @property
    def filled(self) -> frozenset[str]:
        """The columns in which at least one of the rows has something.

        A rejected file of several files has the columns of all of them, and does not say which are whose.
        """
        return frozenset(self.schema.names[at] for at in self._origin.filled)

    @property
    def alone(self) -> bool:
        """Whether all rows of the rejected file came from this file, so that all its columns did."""
        return len(self._spool.origins) == 1

    @property
    def duplicates(self) -> int:
        """How many of the rows were rejected as duplicates: what they repeat may not be in the same run any more."""
        return self._origin.duplicates

    @property
    def row_numbers(self) -> npt.NDArray[np.int64]:
        """The row numbers that `chunks` gives, in order."""
        return np.sort(self._origin.numbers())

    def sha256(self) -> str:
        """Return the hex SHA-256 of the rejected file's stored bytes."""
        return self._read_from.sha256()

    def chunks(self, *, max_rows: int | None = None) -> Iterator[Chunk]:
        """Read the records in the order of their row numbers, from the start; see `base.Source.chunks`."""
        left, blank = max_rows, self._blank_records
        total, size, done = len(self._origin.numbers()), self.size or 0, 0
        for batch in self._batches():
            if left is not None:
                batch = batch.slice(0, left)  # noqa: PLW2901
                left -= batch.num_rows
            if not batch.num_rows:
                return
            before, done = done, done + batch.num_rows
            yield self._chunk(batch, blank, size * done // total - size * before // total)
            blank = 0

    def _batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows by number: as they stand where they stand so, else sorted, which takes them into memory."""
        if self._in_order:
            yield from self._spool.batches(self._origin)
            return
        table = pa.Table.from_batches(list(self._spool.batches(self._origin)))
        order = int64_array(np.argsort(self._origin.numbers(), kind="stable"))
        step = max(1, self._options.chunk_bytes * table.num_rows // max(1, table.nbytes))
        for start in range(0, table.num_rows, step):
            yield from table.take(order.slice(start, step)).combine_chunks().to_batches()

    def _chunk(self, batch: pa.RecordBatch, blank: int, nbytes: int) -> Chunk:
        width = len(self.schema)
        rows, lines, raws, faults = batch.columns[width:]
        parsed = bools(faults.is_null())
        bad = NO_BAD_RECORDS
        if not parsed.all():
            some, faulty = bool_array(parsed), bool_array(~parsed)
            columns = [column.filter(faulty) for column in (rows, lines, raws, faults)]
            bad = pa.Table.from_arrays(columns, schema=BAD_RECORDS)
            batch = batch.filter(some)
            rows, lines = batch.columns[width : width + 2]
        return Chunk(
            file=self._file,
            name=self.name,
            table=pa.Table.from_arrays(batch.columns[:width], schema=self.schema),
            rows=int64_array(ints(rows)),
            lines=lines,
            bad=bad,
            blank_records=blank,
            nbytes=nbytes,
        )


def restore(file: int, source: Source, options: ReadOptions, spools: ExitStack) -> Sequence[RestoredSource]:
    """Open the files that the rows of a rejected file came from, each as a source, in order of first sight.

    Args:
        file: Ordinal of the first of them in the run.
        source: The rejected file, opened to be read whole.
        options: How the sources are to be read.
        spools: Removes the temporary file.

    Raises:
        SourceError: A row does not say whence it came, or two say the same; see `Spool`.
    """
    guarded = source.dialect["format"] in _GUARDED
    spool = Spool(source, _marks(source, guarded=guarded))
    spools.callback(spool.close)
    return [RestoredSource(file + at, source, spool, origin, options) for at, origin in enumerate(spool.origins)]


def _marks(source: Source, *, guarded: bool) -> Marks:
    """Find the columns of a rejected file."""
    names = list(source.schema.names)
    headers = [header.strip() for header in source.headers]
    own = {name: headers.index(name) for name in NAMES}
    others = tuple(at for at in range(len(names)) if at not in own.values())
    return Marks(
        source=source.name,
        own=own,
        others=others,
        names=tuple(_unguarded([names[at] for at in others]) if guarded else [names[at] for at in others]),
        guarded=guarded,
    )


def _unguarded(names: Sequence[str]) -> Sequence[str]:
    plain: list[str] = unguard(string_array(names)).to_pylist()
    return plain
