"""Arrow IPC sources: files (Feather v2 among them) and streams of record batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.bounded import BoundedFile
from leadsieve_connectors.sources.storage import describe
from leadsieve_connectors.sources.stored import Stored, StoredSource
from leadsieve_connectors.sources.typed import DAMAGE, Columns, Records, require_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from leadsieve_connectors.chunk import Chunk
    from leadsieve_connectors.sources.base import ReadOptions

FILE_MAGIC = b"ARROW1"
#: How a stream begins: with this mark, which is no text in any encoding, and the length of its schema.
STREAM_MAGIC = b"\xff\xff\xff\xff"
_STREAM_END = STREAM_MAGIC + b"\0\0\0\0"


class ArrowSource(StoredSource):
    """An Arrow IPC file or stream; see `base.Source` for what its attributes and methods give.

    Args:
        file: Ordinal of the source in the run.
        stored: Where its bytes are.
        options: How to read it.

    Raises:
        SourceError: It is damaged, has no row, or cannot be read.
    """

    def __init__(self, file: int, stored: Stored, options: ReadOptions) -> None:
        self._stored, self._options = stored, options
        try:
            with stored.open_raw() as raw:
                self._is_file = raw.read(len(FILE_MAGIC)) == FILE_MAGIC
                columns = Columns.of(self._open(BoundedFile(raw, self.name)).schema, self.name)
        except DAMAGE as error:
            raise self._malformed(error) from error
        self.headers: tuple[str, ...] = columns.headers
        self.schema = columns.schema
        layout = "file" if self._is_file else "stream"
        # The format has none: a value that was altered on the way is a value like any other.
        self.dialect: Mapping[str, Any] = {"format": "arrow", **stored.facts, "layout": layout, "checksums": False}
        self._records = Records(file=file, name=self.name, columns=columns, chunk_bytes=options.chunk_bytes)
        require_rows(self._read(1), self.name)

    def chunks(self, *, max_rows: int | None = None) -> Iterator[Chunk]:
        """Read the records in order, from the start; see `base.Source.chunks`."""
        limits = [limit for limit in (max_rows, self._options.max_rows) if limit is not None]
        return self._read(min(limits, default=None))

    def _open(self, bounded: BoundedFile) -> Any:
        bounded.seek(0)
        return pa.ipc.open_file(bounded) if self._is_file else pa.ipc.open_stream(bounded)

    def _malformed(self, error: Exception) -> SourceError:
        self._stored.check()
        message = f"{self.name}: the Arrow data are damaged: {describe(error)}; export them again"
        return SourceError(message, "malformed_file")

    def _read(self, limit: int | None) -> Iterator[Chunk]:
        if limit is not None and limit <= 0:
            return
        self._stored.check()
        try:
            with self._stored.open_raw() as raw:
                bounded = BoundedFile(raw, self.name)
                batches = self._batches(self._open(bounded), bounded)
                yield from self._records.chunks(batches, limit, lambda: self._share(bounded))
        except DAMAGE as error:
            raise self._malformed(error) from error
        self._stored.check()

    def _share(self, bounded: BoundedFile) -> int:
        """Return how many of the stored bytes stand for what has been read."""
        ended = bounded.length - bounded.reached <= len(_STREAM_END)
        return (self.size or 0) * (bounded.length if ended else bounded.reached) // bounded.length

    def _batches(self, reader: Any, bounded: BoundedFile) -> Iterator[pa.RecordBatch]:
        if self._is_file:
            bounded.reached = 0
            last = reader.num_record_batches - 1
            for at in range(last + 1):
                batch = _sound(reader.get_batch(at))
                # What follows the last one tells nothing of rows.
                bounded.reached = bounded.length if at == last else bounded.reached
                yield batch
        else:
            yield from map(_sound, reader)
            _require_end(bounded)


def _sound(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return the batch, once it is known that it is what it claims to be."""
    batch.validate(full=True)
    return batch


def _require_end(stream: BoundedFile) -> None:
    """Make sure that a stream that seems to have ended did not only break off.

    Raises:
        ValueError: Its end mark is not there, or something follows it.
    """
    if stream.tell() != stream.length:
        raise ValueError("something follows their end mark")
    stream.seek(max(0, stream.length - len(_STREAM_END)))
    if stream.read() != _STREAM_END:
        raise ValueError("their end mark is missing, so they are cut or were never finished")
