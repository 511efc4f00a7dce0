"""How far a run is: one event for every chunk, to whoever asked for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Attributes:
        rows: Rows judged so far.
        rejected: Of these, rejected.
        nbytes: Bytes read so far.
        total_bytes: Bytes of all sources; None where a source's size is unknown.
        seconds: Since the run began to read.
    """

    rows: int
    rejected: int
    nbytes: int
    total_bytes: int | None
    seconds: float

    @property
    def share(self) -> float | None:
        """Share of the sources that has been read, between 0 and 1; None where unknown."""
        return min(1.0, self.nbytes / self.total_bytes) if self.total_bytes else None

    @property
    def rows_per_second(self) -> float:
        """Rows a second since the start."""
        return self.rows / self.seconds if self.seconds else 0.0


Callback = Callable[[Progress], None]


class Meter:
    """Adds up chunks and tells the callback.

    Args:
        callback: Called after every chunk, in the thread that called `clean`; None is never called.
        total_bytes: Bytes of all sources; None where unknown.
    """

    def __init__(self, callback: Callback | None, total_bytes: int | None) -> None:
        self._callback, self._total = callback, total_bytes
        self._start = time.perf_counter()
        self._rows = self._rejected = self._bytes = 0

    def add(self, *, rows: int, rejected: int, nbytes: int) -> None:
        """Count a chunk and tell."""
        self._rows += rows
        self._rejected += rejected
        self._bytes += nbytes
        if self._callback is not None:
            seconds = time.perf_counter() - self._start
            self._callback(Progress(self._rows, self._rejected, self._bytes, self._total, seconds))
