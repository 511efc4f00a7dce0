"""Pairs of words that do not fit into memory, in partitions, in a file that has no name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from leadsieve.keyset import Keys
from leadsieve.scratch import Scratch

PARTITIONS = 256
_PAIR_BYTES = 16
_LEAST_BUFFER, _LARGEST_BUFFER = 1 << 12, 1 << 25


class Spill:
    """Pairs of 64-bit words, each put into a partition and read back partition by partition.

    A context manager.

    Args:
        folder: A private folder on the disk that is to hold it.
        memory: How much may be gathered before it is written, in bytes; kept within sensible limits.

    Raises (every method):
        OutputError: The disk refuses.
    """

    def __init__(self, folder: Path, memory: int) -> None:
        self._limit = min(max(memory, _LEAST_BUFFER), _LARGEST_BUFFER) // _PAIR_BYTES
        self._parts: list[npt.NDArray[np.uint8]] = []
        self._pairs: list[npt.NDArray[np.uint64]] = []
        self._gathered = 0
        # For each time that pairs were written: where, and where each partition begins among them.
        self._written: list[tuple[int, npt.NDArray[np.int64]]] = []
        self.count = 0
        self._scratch = Scratch(folder)

    def __enter__(self) -> Spill:
        return self

    def __exit__(self, *_: object) -> None:
        self._scratch.close()

    def add(self, parts: npt.NDArray[np.uint8], first: Keys, second: Keys) -> None:
        """Put pairs into their partitions.

        Args:
            parts: The partition of each pair.
            first: Their first words.
            second: Their second words.
        """
        self._parts.append(parts)
        self._pairs.append(np.stack([first, second], axis=1))
        self._gathered += len(parts)
        self.count += len(parts)
        if self._gathered >= self._limit:
            self._write()

    def read(self, part: int) -> tuple[Keys, Keys]:
        """Return the pairs of a partition, in the order in which they were added."""
        self._write()
        pieces = [np.zeros((0, 2), np.uint64)]
        for at, begins in self._written:
            begin, end = begins[part : part + 2].tolist()
            piece = self._scratch.get(at + begin * _PAIR_BYTES, (end - begin) * _PAIR_BYTES)
            pieces.append(np.frombuffer(piece, np.uint64).reshape(-1, 2))
        pairs = np.concatenate(pieces)
        return np.ascontiguousarray(pairs[:, 0]), np.ascontiguousarray(pairs[:, 1])

    def _write(self) -> None:
        """Write what was gathered, each partition's pairs together."""
        if not self._gathered:
            return
        parts, pairs = np.concatenate(self._parts), np.concatenate(self._pairs)
        ordered = pairs[np.argsort(parts, kind="stable")]
        begins = np.concatenate([[0], np.cumsum(np.bincount(parts, minlength=PARTITIONS))]).astype(np.int64)
        self._written.append((self._scratch.put(ordered), begins))
        self._parts, self._pairs, self._gathered = [], [], 0
