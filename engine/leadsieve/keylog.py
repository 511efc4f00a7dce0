"""The keys of the accepted numbers of a run, in order: in memory, or in a file without a name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import overload

import numpy as np

from leadsieve.keyset import Keys
from leadsieve.scratch import Scratch


class KeyLog(Sequence[Keys]):
    """Arrays of keys, as they were added.

    Args:
        folder: A private folder on the disk that is to hold what does not fit.
        memory: How many bytes of keys may be kept in memory.

    Raises (every method):
        OutputError: The disk refuses.
    """

    def __init__(self, folder: Path, memory: int) -> None:
        self._folder, self._room = folder, memory
        self._pieces: list[Keys | tuple[Scratch, int, int]] = []
        self._scratch: Scratch | None = None

    def add(self, keys: Keys) -> None:
        """Add an array of keys."""
        self._room -= keys.nbytes
        self._pieces.append(keys if self._room >= 0 else self._put(keys))

    def __len__(self) -> int:
        return len(self._pieces)

    @overload
    def __getitem__(self, index: int) -> Keys: ...
    @overload
    def __getitem__(self, index: slice) -> list[Keys]: ...
    def __getitem__(self, index: int | slice) -> Keys | list[Keys]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        piece = self._pieces[index]
        if isinstance(piece, np.ndarray):
            return piece
        scratch, at, size = piece
        return np.frombuffer(scratch.get(at, size), np.uint64)

    def _put(self, keys: Keys) -> tuple[Scratch, int, int]:
        if self._scratch is None:
            self._scratch = Scratch(self._folder)
        return self._scratch, self._scratch.put(keys), keys.nbytes
