"""When each request is to be sent, so that a system's rate limit is kept in every minute."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from leadsieve_connectors.sinks import CsvSink

TIMETABLE = "timetable.csv"
_SCHEMA = pa.schema(
    [
        ("file", pa.string()),
        ("rows", pa.int64()),
        ("bytes", pa.int64()),
        ("first_row", pa.string()),
        ("last_row", pa.string()),
        ("send_after_seconds", pa.float64()),
    ]
)
_MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Request:
    """One request that is ready to send.

    Attributes:
        file: Its file, from the run's folder.
        rows: Contacts in it.
        bytes: Bytes of its file.
        first: File and row of its first contact, as `FILE:ROW`.
        last: Those of its last one.
        seconds: How long after the first request it is to be sent.
    """

    file: str
    rows: int
    bytes: int
    first: str
    last: str
    seconds: float


def send_after(place: int, per_minute: int | None) -> float:
    """Return how many seconds after the first request another is to be sent.

    Requests are spread evenly, a millisecond further apart than the limit asks for: a window of 60 seconds holds no
    more than `per_minute` of them, wherever it begins, its ends included.

    Args:
        place: How many requests come before it.
        per_minute: Requests a minute; None is unlimited.

    Example:
        >>> [send_after(place, 5) for place in range(3)]
        [0.0, 12.001, 24.002]
    """
    return 0.0 if per_minute is None else place * (_MINUTE_MS // per_minute + 1) / 1000


def write_timetable(path: Path, requests: Sequence[Request]) -> None:
    """Write the timetable as CSV: `file` (beside it), `rows`, `bytes`, `first_row`, `last_row`, `send_after_seconds`.

    Args:
        path: Where to write; nothing may stand there yet.
        requests: The requests in the order of sending.

    Raises:
        SinkError: It cannot be written.
    """
    sink = CsvSink(path, _SCHEMA)
    columns = [
        [request.file.rpartition("/")[2] for request in requests],
        [request.rows for request in requests],
        [request.bytes for request in requests],
        [request.first for request in requests],
        [request.last for request in requests],
        [request.seconds for request in requests],
    ]
    arrays = [pa.array(values, field.type) for values, field in zip(columns, _SCHEMA, strict=True)]
    sink.write(pa.Table.from_arrays(arrays, schema=_SCHEMA))
    sink.close()
