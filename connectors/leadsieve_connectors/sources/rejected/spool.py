"""A rejected file, read once and put aside row by row under the files that its rows came from."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.arrays import int64_array
from leadsieve_connectors.sources.blanks import blank_rows
from leadsieve_connectors.sources.rejected.cells import Marks, Restored, ints
from leadsieve_connectors.sources.rejected.marks import ROW

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadsieve_connectors.sources.base import Source

#: What stands behind the columns of a batch that is put aside.
_BEHIND = (
    pa.field("row", pa.int64()),
    pa.field("line", pa.int64()),
    pa.field("raw", pa.string()),
    pa.field("fault", pa.string()),
)

_Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class Origin:
    """A file that rows of a rejected file came from.

    Attributes:
        name: As the first run named it.
        batches: Where its rows were put aside, in the order of the rejected file.
        rows: Their row numbers, batch by batch.
        places: The rows of the rejected file in which they stand, likewise.
        filled: The positions of the columns in which at least one of its rows has something.
        duplicates: How many of its rows were rejected as duplicates.
    """

    name: str
    batches: list[int] = field(default_factory=list)
    rows: list[_Ints] = field(default_factory=list)
    places: list[_Ints] = field(default_factory=list)
    filled: set[int] = field(default_factory=set)
    duplicates: int = 0

    def numbers(self) -> _Ints:
        """Return the row numbers in the order of the rejected file."""
        return np.concatenate(self.rows)


class Spool:
    """The rows of a rejected file in a temporary file of this user's own.

    What the rejected file becomes after this changes nothing: its rows and its hash are of one reading.

    Args:
        source: The rejected file.
        marks: Where its columns stand.

    Raises:
        SourceError: A row does not say whence it came, or two say the same (`malformed_file`); it cannot be read; or
            there is no room (`resource_limit`).

    Attributes:
        origins: The files that its rows came from, in order of first sight.
        schema: The columns of these files.
        blank_records: Blank records of the rejected file.
    """

    def __init__(self, source: Source, marks: Marks) -> None:
        self.origins: list[Origin] = []
        self.schema = pa.schema(
            [(name, source.schema.field(at).type) for name, at in zip(marks.names, marks.others, strict=True)]
        )
        self.blank_records = 0
        self._count = 0
        # Two columns may have the name of one that stands behind them.
        stored = [pa.field(str(at), column.type) for at, column in enumerate(self.schema)]
        self._stored = pa.schema([*stored, *_BEHIND])
        with _room_for(source.name):
            self._file = tempfile.NamedTemporaryFile(prefix="leadsieve-", suffix=".arrow")  # noqa: SIM115
        try:
            with _room_for(source.name), pa.ipc.new_file(self._file.name, self._stored) as writer:
                self._put_aside(source, marks, writer)
            for origin in self.origins:
                _require_once(source.name, origin)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Remove the temporary file; nothing can be read after it."""
        self._file.close()

    def batches(self, origin: Origin) -> Iterator[pa.RecordBatch]:
        """Read the rows of a file in the order of the rejected file; behind the columns stand `_BEHIND`."""
        with pa.OSFile(self._file.name) as file:
            reader = pa.ipc.open_file(file)
            for at in origin.batches:
                yield reader.get_batch(at)

    def _put_aside(self, source: Source, marks: Marks, writer: pa.ipc.RecordBatchFileWriter) -> None:
        known: dict[str, Origin] = {}
        for chunk in source.chunks():
            self.blank_records += chunk.blank_records
            if not chunk.num_rows:
                continue
            restored = marks.read(chunk)
            for name, index in _by_file(restored.files):
                if name not in known:
                    known[name] = Origin(name)
                    self.origins.append(known[name])
                self._add(known[name], restored, index, writer)

    def _add(self, origin: Origin, restored: Restored, index: _Ints, writer: pa.ipc.RecordBatchFileWriter) -> None:
        """Put some rows of a file aside."""
        origin.rows.append(restored.rows[index])
        origin.places.append(restored.places[index])
        origin.duplicates += int(np.count_nonzero(restored.duplicates[index]))
        columns = [
            *restored.table.columns, int64_array(restored.rows), restored.lines, restored.raws, restored.faults,
        ]  # fmt: skip
        table = pa.Table.from_arrays(columns, schema=self._stored)
        if len(index) < table.num_rows:
            table = table.take(int64_array(index))
        for at in range(len(self.schema)):
            if at not in origin.filled and len(blank_rows(table.select([at]))) < table.num_rows:
                origin.filled.add(at)
        for batch in table.combine_chunks().to_batches():
            writer.write(batch)
            origin.batches.append(self._count)
            self._count += 1


@contextmanager
def _room_for(name: str) -> Iterator[None]:
    """Say which folder has no room.

    Raises:
        SourceError: `resource_limit`.
    """
    try:
        yield
    except OSError as error:
        folder = tempfile.gettempdir()
        what = f"{name}: its rows cannot be put aside in {folder}: {error.strerror or error}"
        raise SourceError(f"{what}; make room there, or name another folder in TMPDIR", "resource_limit") from error


def _by_file(files: pa.Array) -> Iterator[tuple[str, _Ints]]:
    """Yield each file with the positions of its rows, in order of first sight."""
    encoded = pc.dictionary_encode(files)
    codes = ints(encoded.indices.cast(pa.int64()))
    names = encoded.dictionary.to_pylist()
    if len(names) == 1:
        yield names[0], np.arange(len(codes))
        return
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(names)))
    for name, start, end in zip(names, [0, *ends[:-1].tolist()], ends.tolist(), strict=True):
        yield name, order[start:end]


def _require_once(source: str, origin: Origin) -> None:
    """Make sure that no row of a file stands twice in a rejected file.

    Raises:
        SourceError: `malformed_file`.
    """
    numbers = origin.numbers()
    if np.all(np.diff(numbers) > 0):
        return
    order = np.argsort(numbers, kind="stable")
    again = np.flatnonzero(np.diff(numbers[order]) == 0)
    if len(again):
        places = np.concatenate(origin.places)[order]
        # The first in the order of the rejected file, for people to find.
        at = int(again[np.argmin(places[again + 1])])
        raise SourceError(
            f"{source}, row {places[at + 1]}, column {ROW}, {str(numbers[order[at]])!r}: this row of {origin.name} "
            f"stands in row {places[at]} already, and each is judged once; take one of them out",
            "malformed_file",
        )
