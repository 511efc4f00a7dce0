"""The parts of a run: tables on disk that are read only when they are asked for, by whatever takes Arrow data."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from leadsieve.exceptions import OutputError, UsageError, translated
from leadsieve.markup import table
from leadsieve.wording import counted

if TYPE_CHECKING:
    import duckdb
    import pandas as pd
    import polars as pl
    from pyarrow import dataset as ds

#: Rows and characters of a cell that a preview shows.
_PREVIEW_ROWS, _PREVIEW_CHARACTERS = 10, 40


class Folder:
    """Where the parts of a run are.

    Args:
        path: The folder.
        out: What the run published: the folder itself, or a URL of which it is a copy; None where nothing is.
        remove: Removes the folder, when nothing holds it any more; None where it stays.
        fetch: Brings a file into the folder, if it is not there yet; None where all are.
    """

    def __init__(
        self,
        path: Path,
        *,
        out: Path | str | None = None,
        remove: Callable[[], object] | None = None,
        fetch: Callable[[str], None] | None = None,
    ) -> None:
        self._path = path
        self.out = out
        self._remove = weakref.finalize(self, remove) if remove is not None else None
        self._fetch = fetch

    @classmethod
    def temporary(cls, path: Path) -> Folder:
        """Return a temporary folder of a run that publishes nothing."""
        return cls(path, remove=partial(shutil.rmtree, path, ignore_errors=True))

    @property
    def closed(self) -> bool:
        """Whether the folder was owned, and is removed."""
        return self._remove is not None and not self._remove.alive

    def place(self, name: str) -> str:
        """Return the path or URL at which people find a file, without bringing it here; short, where it can be."""
        if isinstance(self.out, str):
            return f"{self.out}/{name}"
        path, here = self._path / name, Path.cwd()
        return str(path.relative_to(here) if path.is_relative_to(here) else path)

    def file(self, name: str) -> Path:
        """Return the path of a file, which is brought here first if it is elsewhere.

        Raises:
            UsageError: The folder is removed.
        """
        if self.closed:
            raise UsageError(
                f"{name}: the run is closed, so its temporary files are gone; read its parts before run.close() or the "
                "end of the with block, or keep them with out="
            )
        if self._fetch is not None:
            with translated():
                self._fetch(name)
        return self._path / name

    def close(self) -> None:
        """Remove the folder, where it is owned."""
        if self._remove is not None:
            self._remove()


class Part:
    """One output of a run: a table on disk that is read only when it is asked for.

    It gives a stream of Arrow data, so that `polars.DataFrame(part)`, `duckdb.sql("SELECT ... FROM part")`,
    `pandas.DataFrame.from_arrow(part)` and `leadsieve.clean(part)` take it as it is. A notebook shows its first rows
    with their values, which may be personal data.

    Args:
        folder: Where it is; a temporary folder stays as long as one of its parts is held.
        name: The name of its file.
        schema: Its columns.
        num_rows: Its rows.
    """

    def __init__(self, folder: Folder, name: str, schema: pa.Schema, num_rows: int) -> None:
        self._folder = folder
        self._copy: Folder | None = None
        self.name = name
        self.schema = schema
        self.num_rows = num_rows

    @property
    def path(self) -> Path:
        """Where it is on this machine.

        Raises:
            UsageError: The run is closed, and what it owned is gone.
        """
        return self._folder.file(self.name)

    def __len__(self) -> int:
        return self.num_rows

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Read the rows in record batches, in order."""
        return self.batches()

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Read the rows in record batches, in order.

        Args:
            columns: The columns to read, in this order; None reads all.

        Raises:
            UsageError: There is no such column, or the run is closed.
            OutputError: The file cannot be read any more.
        """
        from leadsieve_connectors.sinks import read_back

        with translated():
            yield from read_back(self.path, self.schema, self._names(columns))

    def dataset(self) -> ds.Dataset:
        """Return the part as a lazy Arrow dataset, of which only the columns and rows that are asked for are read.

        A CSV part is first copied, in its own types and without the guard against formulas, to a temporary file.

        Raises:
            UsageError: The run is closed.
            OutputError: The file cannot be read any more.
        """
        from pyarrow import dataset as ds

        if self.path.suffix == ".parquet":
            folder, path, form = self._folder, self.path, "parquet"
        else:
            folder, form = self._copied(), "ipc"
            path = folder.file(f"{self.name}.arrow")
        if not path.exists():
            raise OutputError(f"{path}: is not there any more; run clean again")
        found = ds.dataset(path, schema=self.schema.remove_metadata(), format=form)
        # Who holds the dataset, or a relation made of it, reads the file later.
        weakref.finalize(found, _let_go, folder)
        return found

    def to_arrow(self, columns: Sequence[str] | None = None, filter: ds.Expression | None = None) -> pa.Table:  # noqa: A002
        """Read the rows as an Arrow table.

        Args:
            columns: The columns to read, in this order; None reads all.
            filter: The rows to read: an expression such as `pyarrow.compute.field("lead_row") < 100`; None reads all.

        Raises:
            UsageError: There is no such column, or the run is closed.
            OutputError: The file cannot be read any more.
        """
        names = self._names(columns)
        if filter is None:
            schema = self.schema if columns is None else pa.schema([self.schema.field(name) for name in names])
            return pa.Table.from_batches(list(self.batches(names)), schema)
        return self.dataset().to_table(columns=names, filter=filter)

    def to_pandas(self, columns: Sequence[str] | None = None, filter: ds.Expression | None = None) -> pd.DataFrame:  # noqa: A002
        """Read the rows as a pandas frame; pandas must be installed. For the arguments see `to_arrow`."""
        return self.to_arrow(columns, filter).to_pandas()

    def to_polars(self, columns: Sequence[str] | None = None, filter: ds.Expression | None = None) -> pl.DataFrame:  # noqa: A002
        """Read the rows as a polars frame. For the arguments see `to_arrow`."""
        import polars as pl

        frame = pl.from_arrow(self.to_arrow(columns, filter))
        assert isinstance(frame, pl.DataFrame)  # noqa: S101 - a table never becomes a series
        return frame

    def to_duckdb(self, connection: duckdb.DuckDBPyConnection | None = None) -> duckdb.DuckDBPyRelation:
        """Return the part as a DuckDB relation, which reads only what its query needs, when it is run.

        Args:
            connection: The connection that it belongs to; None is DuckDB's own default one.
        """
        import duckdb

        return (duckdb.default_connection() if connection is None else connection).from_arrow(self.dataset())

    def head(self, n: int = 5) -> pa.Table:
        """Read the first `n` rows."""
        taken, left = [], max(n, 0)
        for batch in self:
            taken.append(batch.slice(0, left))
            left -= taken[-1].num_rows
            if not left:
                break
        return pa.Table.from_batches(taken, self.schema)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Export the rows as a stream of Arrow data, from the start each time.

        Raises:
            UsageError: The run is closed: told here, since whoever reads the stream tells it in words of its own.
        """
        _ = self.path
        reader = pa.RecordBatchReader.from_batches(self.schema.remove_metadata(), self.batches())
        return reader.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        return f"<{self.name}: {counted(self.num_rows, 'row')}, {counted(len(self.schema), 'column')}>"

    def _repr_html_(self) -> str:
        """Show the first rows, with their values."""
        rows = [[_shown(value) for value in row.values()] for row in self.head(_PREVIEW_ROWS).to_pylist()]
        more = f", of which the first {len(rows)} are shown" if len(rows) < self.num_rows else ""
        said = f"{self.name}: {counted(self.num_rows, 'row')}{more}"
        return table(self.schema.names, rows, caption=said)

    def _names(self, columns: Sequence[str] | None) -> list[str]:
        if columns is None:
            return list(self.schema.names)
        if isinstance(columns, str) or (unknown := [name for name in columns if name not in self.schema.names]):
            wrong = columns if isinstance(columns, str) else unknown[0]
            raise UsageError(f"columns: {wrong!r} is no list of columns of {self.name}: {', '.join(self.schema.names)}")
        return list(columns)

    def _copied(self) -> Folder:
        """Copy the part, once, to a file that a dataset can read in parts, in a temporary folder of this part's own."""
        if self._copy is None:
            folder = Folder.temporary(Path(tempfile.mkdtemp(prefix="leadsieve-")))
            options = pa.ipc.IpcWriteOptions(compression="lz4")
            path = str(folder.file(f"{self.name}.arrow"))
            with pa.ipc.new_file(path, self.schema.remove_metadata(), options=options) as writer:
                for batch in self:
                    writer.write_batch(batch)
            self._copy = folder
        return self._copy


def _let_go(_folder: Folder) -> None:
    """Do nothing: what waits for this call holds the folder until then."""


def _shown(value: Any) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= _PREVIEW_CHARACTERS else f"{text[:_PREVIEW_CHARACTERS]}..."
