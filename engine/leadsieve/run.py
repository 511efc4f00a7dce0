"""What a run gives back: the answer, the counts, and the parts as lazy tables."""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa

from leadsieve.exceptions import translated
from leadsieve.results import tell_run

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl


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

    def file(self, name: str) -> Path:
        """Return the path of a file, which is brought here first if it is elsewhere."""
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

    Args:
        folder: Where it is; a temporary folder stays as long as one of its parts is held.
        name: The name of its Parquet or CSV file.
        schema: Its columns.
        num_rows: Its rows.
    """

    def __init__(self, folder: Folder, name: str, schema: pa.Schema, num_rows: int) -> None:
        self._folder = folder
        self.name = name
        self.schema = schema
        self.num_rows = num_rows

    @property
    def path(self) -> Path:
        """Where it is on this machine."""
        return self._folder.file(self.name)

    def __len__(self) -> int:
        return self.num_rows

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Read the rows in record batches, in order."""
        from leadsieve_connectors.sinks import read_back

        with translated():
            yield from read_back(self.path, self.schema, self.schema.names)

    def to_arrow(self) -> pa.Table:
        """Read all rows as an Arrow table."""
        return pa.Table.from_batches(list(self), self.schema)

    def to_pandas(self) -> pd.DataFrame:
        """Read all rows as a pandas frame; pandas must be installed."""
        return self.to_arrow().to_pandas()

    def to_polars(self) -> pl.DataFrame:
        """Read all rows as a polars frame."""
        import polars as pl

        frame = pl.from_arrow(self.to_arrow())
        assert isinstance(frame, pl.DataFrame)  # noqa: S101 - a table never becomes a series
        return frame

    def __repr__(self) -> str:
        return f"<{self.name}: {self.num_rows:,} rows, {len(self.schema)} columns>"


class Run:
    """A finished run: what was accepted and rejected, why, and what the target system would answer.

    Without `out`, or with a URL, the parts live in a temporary folder that belongs to the run: use it as a context
    manager, or call `close`, to remove them.

    Attributes:
        summary: The target system's predicted answer (`summary.json`).
        info: The whole run (`run.json`).
        accepted: The clean rows.
        rejected: The rejected rows, as they came, with their reasons.
        errors: Every fault and warning.
        out: What was published: a folder, or a URL as a string, without user information; None where nothing was.
        repeated: Whether this was a run that had been published before: nothing was imported again.
    """

    def __init__(
        self,
        folder: Folder,
        *,
        summary: Mapping[str, Any],
        info: Mapping[str, Any],
        parts: Mapping[str, Part],
        repeated: bool = False,
    ) -> None:
        self._folder = folder
        self.summary = summary
        self.info = info
        self.accepted = parts["accepted"]
        self.rejected = parts["rejected"]
        self.errors = parts["errors"]
        self.out = folder.out
        self.repeated = repeated

    @property
    def ledger(self) -> Mapping[str, Any]:
        """The counts: rows, accepted, rejected, and rejected rows by reason and group."""
        ledger: Mapping[str, Any] = self.info["ledger"]
        return ledger

    def close(self) -> None:
        """Remove the parts, where the run owns them."""
        self._folder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return "\n".join(tell_run(self.info))
