"""How far a run is: one event for every chunk, to whoever asked for it; in a notebook, as a bar."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal


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

    def __str__(self) -> str:
        return f"{self.rows:,} rows, {self.rows_per_second:,.0f} a second, {self.rejected:,} rejected"


#: A run of fewer seconds needs no bar.
_SHORT = 0.5

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


@contextmanager
def shown(progress: Callback | Literal[False] | None) -> Iterator[Callback | None]:
    """Give the callback of a run while the block runs.

    Args:
        progress: The caller's own callback; False shows nothing; None shows a bar of tqdm in a notebook, where tqdm is
            installed, and nothing elsewhere.
    """
    if progress is not None or not in_notebook():
        yield progress or None
        return
    with warnings.catch_warnings():
        # Without ipywidgets it warns, and writes its bar as text.
        warnings.simplefilter("ignore")
        try:
            from tqdm.auto import tqdm
        except ImportError:
            tqdm = None
    if tqdm is None:
        yield None
        return
    bar = _Bar(tqdm)
    try:
        yield bar.show
    finally:
        bar.close()


def in_notebook() -> bool:
    """Tell whether the caller is a notebook, or another front end of an IPython kernel; nothing is imported for it."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None


class _Bar:
    """A bar of tqdm, which goes when the run ends; where the sources' size is unknown it only counts.

    Args:
        tqdm: What makes bars.
    """

    def __init__(self, tqdm: Any) -> None:
        self._tqdm = tqdm
        self._bar: Any = None

    def show(self, progress: Progress) -> None:
        """Show how far the run is; a short one shows nothing."""
        if self._bar is None and progress.seconds < _SHORT:
            return
        if self._bar is None:
            form = "{desc}" if progress.share is None else "{percentage:3.0f}% {bar} {desc}"
            self._bar = self._tqdm(total=100, leave=False, bar_format=form)
        self._bar.set_description_str(str(progress), refresh=False)
        self._bar.n = round(100 * (progress.share or 0.0))
        self._bar.refresh()

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
