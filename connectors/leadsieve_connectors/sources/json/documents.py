"""The records of one JSON document, in batches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from leadsieve_connectors.chunk import Fault
from leadsieve_connectors.sources.json.batch import Batch, Limits
from leadsieve_connectors.sources.json.elements import BROKEN, TOO_LARGE, Place, read_single
from leadsieve_connectors.sources.json.records import broken, shown
from leadsieve_connectors.sources.json.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadsieve_connectors.sources.json.records import RecordReader
    from leadsieve_connectors.sources.json.window import Window


def read_document(
    window: Window,
    reader: RecordReader,
    limits: Limits,
    *,
    name: str,
    path: str | None,
    marked: bool,
) -> Iterator[Batch]:
    """Read the records of a document that `survey` has found in order.

    Args:
        window: The text, from its start.
        reader: Makes records of values.
        limits: How much is read at a time and of a record.
        name: The source's name, for errors.
        path: Where the array of records stands; None for a document that is one record.
        marked: The source has another encoding than UTF-8.

    Yields:
        Batches of records; an empty one at the end stands for the text behind the records.
    """
    batch, length = Batch(), 0
    for line, text, value in _elements(window, name, path, limits.max_record_bytes):
        if value is TOO_LARGE:
            batch.refuse(shown(text, marked=marked, limit=limits.max_record_bytes), Fault.RECORD_TOO_LARGE, line)
        else:
            record = broken(text) if value is BROKEN else reader.read(value, text)
            if type(record) is Fault:
                batch.refuse(shown(text, marked=marked), record, line)
            else:
                batch.add(record, line)
        length += len(text)
        if length >= limits.chunk_bytes or len(batch.records) >= limits.max_records:
            yield batch
            batch, length = Batch(), 0
    yield batch


def _elements(window: Window, name: str, path: str | None, limit: int) -> Iterator[tuple[int, str, Any]]:
    if path is None:
        yield from read_single(window, Place(name=name, opening="{", outer="", limit=limit))
    else:
        for array in Walk(window, name=name, limit=limit, wanted=path).arrays():
            if array.path == path:
                yield from array.elements
    window.next_char()
