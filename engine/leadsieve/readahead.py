"""The first rows of a run, judged and kept before it is decided how the others are dealt with."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from leadsieve.kernel import Verdicts

#: How much may be kept, in bytes of the chunks' tables.
_MOST_BYTES = 1 << 25


class ReadAhead:
    """A stream of verdicts whose beginning has been read; iterating gives all of it, once.

    Args:
        stream: The verdicts.
        rows: About how many rows to read ahead.

    Attributes:
        verdicts: What was read ahead.
        ended: Whether that is all there is.
    """

    def __init__(self, stream: Iterator[Verdicts], rows: int) -> None:
        self._stream = stream
        self.verdicts: list[Verdicts] = []
        self.ended = False
        self._rows = self._read = self._kept = 0
        self.read_until(lambda: self._rows >= rows)

    def read_until(self, done: Callable[[], bool]) -> None:
        """Read on until something is so, or there is no more to read or no more room to keep it."""
        while not (self.ended or self._kept >= _MOST_BYTES or done()):
            verdicts = next(self._stream, None)
            if verdicts is None:
                self.ended = True
                return
            self.verdicts.append(verdicts)
            self._rows += verdicts.chunk.num_rows
            self._read += verdicts.chunk.nbytes
            self._kept += verdicts.chunk.table.nbytes

    def __iter__(self) -> Iterator[Verdicts]:
        while self.verdicts:
            yield self.verdicts.pop(0)
        yield from self._stream

    def expect_rows(self, total_bytes: int | None) -> int:
        """Estimate the rows of the whole stream; where its bytes are unknown, those that were read ahead."""
        if self.ended or not total_bytes or not self._read:
            return self._rows
        return max(self._rows, self._rows * total_bytes // self._read)
