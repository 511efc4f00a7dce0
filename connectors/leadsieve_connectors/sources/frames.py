"""Frames in memory as sources: Arrow tables, frames of pandas and polars, and whatever gives a stream of Arrow data."""

from __future__ import annotations

import itertools
import sys
import tempfile
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.digest import TableDigest
from leadsieve_connectors.sources.pandas_frames import PandasTable, is_pandas
from leadsieve_connectors.sources.typed import DAMAGE, Columns, Records, require_rows
from leadsieve_connectors.wording import without_cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from leadsieve_connectors.chunk import Chunk
    from leadsieve_connectors.sources.base import ReadOptions

_WORKS = (
    "give a table of pyarrow, a frame of pandas or polars, a relation of DuckDB, anything else with "
    "__arrow_c_stream__, or record batches"
)
#: A frame's columns, and a function that gives its rows from the start each time that it is called.
_Rows = tuple[pa.Schema, Callable[[], "Iterable[pa.RecordBatch]"]]


def is_frame(value: Any) -> bool:
    """Tell whether a source is a frame in memory, and not a path or several sources."""
    if isinstance(value, list | tuple):
        return bool(value) and all(isinstance(item, pa.RecordBatch) for item in value)
    marks = ("__arrow_c_stream__", "__arrow_c_array__", "__next__")
    return (
        is_pandas(value)
        or _is_polars(value, "LazyFrame")
        or isinstance(value, dict)
        or any(hasattr(value, m) for m in marks)
    )


class FrameSource:
    """A frame in memory; see `base.Source` for what its attributes and methods give.

    What can be read once only, or would be worked out anew each time, is first written to a temporary file of this
    user's own. A frame that is altered while it is read is the caller's affair.

    Args:
        file: Ordinal of the source in the run.
        frame: Anything with `__arrow_c_stream__` or `__arrow_c_array__`, a frame of pandas, a lazy frame of polars, or
            a list or an iterator of record batches.
        options: How to read it.
        name: What outputs call it.

    Raises:
        SourceError: It is none of these (`invalid_option`), has no row (`empty_file`) or columns of a type that is
            not read (`unsupported_type`), or its own reading fails (`unreadable`).
    """

    size: int | None = None
    expected_rows: int | None = None
    modified: datetime | None = None

    def __init__(self, file: int, frame: Any, options: ReadOptions, name: str) -> None:
        self.name, self._options = name, options
        self._spool: Any = None
        self._sha256: str | None = None
        kind = _kind(frame)
        try:
            schema, self._batches = self._open(frame)
            columns = Columns.of(schema, name)
            self.headers: tuple[str, ...] = columns.headers
            self.schema = columns.schema
            self.dialect: Mapping[str, Any] = {"format": "frame", "kind": kind}
            self._records = Records(file=file, name=name, columns=columns, chunk_bytes=options.chunk_bytes)
            require_rows(self.chunks(max_rows=1), name)
        except BaseException:
            self.close()
            raise

    @property
    def settings(self) -> Mapping[str, Any]:
        """None: nothing but records stands in a frame."""
        return {}

    def close(self) -> None:
        """Remove the temporary file; a frame that needed one cannot be read after it."""
        if self._spool is not None:
            self._spool.close()

    def sha256(self) -> str:
        """Return the hex SHA-256 of the columns' names, types and values, the same however they lie in memory."""
        if self._sha256 is None:
            digest = TableDigest(self.schema)
            for table in self._records.tables(self._read()):
                digest.add(table)
            self._sha256 = digest.hexdigest()
        return self._sha256

    def chunks(self, *, max_rows: int | None = None) -> Iterator[Chunk]:
        """Read the records in order, from the start; see `base.Source.chunks`."""
        limits = [limit for limit in (max_rows, self._options.max_rows) if limit is not None]
        limit = min(limits, default=None)
        if limit is None or limit > 0:
            yield from self._records.chunks(self._read(), limit, lambda: 0)

    def _read(self) -> Iterator[pa.RecordBatch]:
        try:
            for batch in self._batches():
                batch.validate(full=True)
                yield batch
        except DAMAGE as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: Exception) -> SourceError:
        return SourceError(f"{self.name}: cannot be read: {without_cells(error)}; put it right and run again")

    def _open(self, frame: Any) -> _Rows:
        try:
            return self._rows(frame)
        except SourceError:
            raise
        except (pa.ArrowException, TypeError, ValueError) as error:
            message = f"{self.name}: is no table: {without_cells(error)}; {_WORKS}"
            raise SourceError(message, "invalid_option") from error
        except Exception as error:
            raise self._unreadable(error) from error

    def _rows(self, frame: Any) -> _Rows:
        """Return the frame's columns, and how to read its rows more than once."""
        if is_pandas(frame):
            table = PandasTable(frame)
            return table.schema, table.batches
        if isinstance(frame, list | tuple):
            frame = pa.Table.from_batches(frame)
        if isinstance(frame, pa.RecordBatch):
            return frame.schema, lambda: [frame]
        if isinstance(frame, pa.Table):
            return frame.schema, frame.to_batches
        if _is_polars(frame, "DataFrame"):
            # Each stream shows the frame's own memory.
            return _stream(frame).schema, lambda: _stream(frame)
        if _is_polars(frame, "LazyFrame"):
            spool = self._temporary()
            frame.sink_ipc(spool)
            return pa.ipc.open_file(spool).schema, lambda: _file_batches(spool)
        if hasattr(frame, "__arrow_c_stream__"):
            reader = _stream(frame)
            return self._spooled(reader.schema, reader)
        if hasattr(frame, "__next__"):
            batches = _single_batches(frame)
            first = next(batches, None)
            if first is None:
                raise SourceError(f"{self.name}: the iterator gives no record batch; give one with leads", "empty_file")
            return self._spooled(first.schema, itertools.chain([first], batches))
        if hasattr(frame, "__arrow_c_array__"):
            batch = pa.record_batch(frame)
            return batch.schema, lambda: [batch]
        raise TypeError(f"it is a {type(frame).__name__}")

    def _temporary(self) -> str:
        """Make a temporary file of this user's own, and return its path."""
        self._spool = tempfile.NamedTemporaryFile(prefix="leadsieve-", suffix=".arrow")  # noqa: SIM115
        return str(self._spool.name)

    def _spooled(self, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> _Rows:
        """Write rows that can be read once only to a temporary file."""
        path = self._temporary()
        with pa.ipc.new_file(path, schema) as writer:
            for batch in batches:
                writer.write(batch)
        return schema, lambda: _file_batches(path)


def _kind(frame: Any) -> str:
    """Return whose frame it is, for people."""
    if is_pandas(frame):
        return "pandas"
    if isinstance(frame, list | tuple) or (hasattr(frame, "__next__") and not hasattr(frame, "__arrow_c_stream__")):
        return "record batches"
    return type(frame).__module__.split(".")[0].lstrip("_")


def _is_polars(frame: Any, kind: str) -> bool:
    """Tell whether something is one of polars' frames, without importing polars."""
    polars = sys.modules.get("polars")
    return polars is not None and isinstance(frame, getattr(polars, kind))


def _stream(frame: Any) -> pa.RecordBatchReader:
    return pa.RecordBatchReader.from_stream(frame)


def _single_batches(items: Any) -> Iterator[pa.RecordBatch]:
    for item in items:
        if hasattr(item, "__arrow_c_array__") and not isinstance(item, pa.RecordBatch):
            yield pa.record_batch(item)
        elif isinstance(item, pa.RecordBatch):
            yield item
        elif hasattr(item, "__arrow_c_stream__"):
            yield from _stream(item)
        else:
            raise TypeError(f"the iterator gives a {type(item).__name__}, which is no record batch")


def _file_batches(path: str) -> Iterator[pa.RecordBatch]:
    with pa.OSFile(path) as file:
        reader = pa.ipc.open_file(file)
        for at in range(reader.num_record_batches):
            yield reader.get_batch(at)
