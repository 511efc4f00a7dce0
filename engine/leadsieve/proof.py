"""The proof that every input row is once in accepted or rejected: what was read against what stands on the disk.

A run proves itself before it publishes; `leadsieve verify` does the same to what was published long ago.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve.exceptions import InternalError
from leadsieve.ledger import Ledger
from leadsieve_rules.cells.columns import read_digits
from leadsieve_rules.profiles import PHONE

#: The columns of the finished files that the proof looks at.
ACCEPTED_COLUMNS = ("lead_file", "lead_row", PHONE)
REJECTED_COLUMNS = ("lead_file", "lead_row", "reject_reason")
#: Those of them that say one of a few things, and are best read as dictionaries.
ENCODED = ("lead_file", "reject_reason")

_Rows = npt.NDArray[np.int64]


class Unproven(Exception):
    """The files do not hold what the ledger counts; the message says what does not agree."""


def prove(
    read: Sequence[int],
    ledger: Ledger,
    keys: Sequence[npt.NDArray[np.uint64]],
    accepted: Iterable[pa.RecordBatch],
    rejected: Iterable[pa.RecordBatch],
    errors: int,
    *,
    row_numbers: Mapping[int, _Rows] | None = None,
) -> None:
    """Prove that the finished files of a run hold each row that was read exactly once; for the arguments see `compare`.

    Raises:
        InternalError: Anything does not agree; the message says what.
    """
    try:
        compare(read, ledger, keys, accepted, rejected, errors, row_numbers=row_numbers)
    except Unproven as exc:
        raise InternalError(f"the run's own proof failed, nothing was published: {exc}; please report this") from exc


def compare(
    read: Sequence[int],
    ledger: Ledger,
    keys: Sequence[npt.NDArray[np.uint64]],
    accepted: Iterable[pa.RecordBatch],
    rejected: Iterable[pa.RecordBatch],
    errors: int,
    *,
    row_numbers: Mapping[int, _Rows] | None = None,
) -> None:
    """Compare finished files with what was read: each row is in them exactly once, and is what the ledger says of it.

    Args:
        read: Rows of each source, counted as they were read.
        ledger: The counts, taken while the rows were judged.
        keys: The keys of the accepted numbers, in order: what a campaign gains.
        accepted: `ACCEPTED_COLUMNS` of the accepted file, as read back from the disk.
        rejected: `REJECTED_COLUMNS` of the rejected file, likewise.
        errors: Lines of the errors file.
        row_numbers: The row numbers, increasing, of each source whose rows are not numbered from 1 on without a gap, by
            its ordinal.

    Raises:
        Unproven: Anything does not agree; the message says what.
    """
    row_numbers = row_numbers or {}
    if list(read) != [file.rows for file in ledger.files]:
        raise Unproven("rows that were read were not judged")
    seen = [np.zeros(rows + 1, np.bool_) for rows in read]
    reasons: Counter[str] = Counter()
    written = _Written(ledger, seen, row_numbers)
    for batch in rejected:
        written.take(batch)
        for count in pc.value_counts(_decoded(batch.column("reject_reason"))).to_pylist():
            reasons[count["values"]] += count["counts"]
    if written.close() != [file.rejected for file in ledger.files] or reasons != ledger.reasons:
        raise Unproven("the rejected file does not hold what the ledger counts")
    expected, written = _Expected(keys), _Written(ledger, seen, row_numbers)
    for batch in accepted:
        written.take(batch)
        numbers = batch.column(PHONE)
        if numbers.null_count or not expected.are_next(read_keys(numbers)):
            raise Unproven("the accepted file does not hold the numbers that were accepted")
    if not expected.are_next(np.zeros(0, np.uint64), last=True) or written.close() != [
        file.accepted for file in ledger.files
    ]:
        raise Unproven("the accepted file does not hold what the ledger counts")
    for file, rows in zip(ledger.files, seen, strict=True):
        # Row 0 does not exist, so as many are written as were read only if all of them are.
        if int(rows.sum()) != file.rows or file.rows != file.accepted + file.rejected:
            raise Unproven(f"{file.name}: {file.rows} rows were read and {int(rows.sum())} were written")
    if errors != ledger.listed:
        raise Unproven(f"the errors file holds {errors} lines and the run found {ledger.listed}")


def read_keys(e164: pa.Array) -> npt.NDArray[np.uint64]:
    """Read numbers back as keys: all digits of the E.164 form as one unsigned integer."""
    keys = read_digits(e164, skip=1)
    if keys is not None:
        return keys
    return np.asarray(pc.utf8_slice_codeunits(e164, 1).cast(pa.uint64()).to_numpy(zero_copy_only=False), np.uint64)


def _decoded(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


class _Expected:
    """The keys that are expected, in order, of which no more than a piece is looked at at once.

    Args:
        pieces: The keys.
    """

    def __init__(self, pieces: Iterable[npt.NDArray[np.uint64]]) -> None:
        self._pieces = iter(pieces)
        self._rest = np.zeros(0, np.uint64)

    def are_next(self, keys: npt.NDArray[np.uint64], *, last: bool = False) -> bool:
        """Tell whether these keys come next, and with `last` whether none comes after them."""
        while len(self._rest) < len(keys) + last:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._rest = np.concatenate([self._rest, piece])
        here, self._rest = self._rest[: len(keys)], self._rest[len(keys) :]
        return np.array_equal(here, keys) and not (last and len(self._rest))


class _Written:
    """The rows of one output, in order and none twice.

    Args:
        ledger: Names the files and says how many rows each has.
        seen: For each file, which rows were written so far, by this output or another; is filled in.
        row_numbers: As `compare` takes them.
    """

    def __init__(self, ledger: Ledger, seen: Sequence[npt.NDArray[np.bool_]], row_numbers: Mapping[int, _Rows]) -> None:
        self._numbers = row_numbers
        self._ordinals = {file.name: ordinal for ordinal, file in enumerate(ledger.files)}
        self._seen = seen
        self._counts = [0] * len(seen)
        self._last = (0, 0)

    def take(self, batch: pa.RecordBatch) -> None:
        """Note the rows of the next batch."""
        for file, numbers in self._stretches(batch):
            seen, rows = self._seen[file], self._places(file, numbers)
            if (file, int(rows[0])) <= self._last or np.any(np.diff(rows) <= 0):
                raise Unproven("rows were written out of order")
            if rows[0] < 1 or rows[-1] >= len(seen):
                raise Unproven("a row was written that was not read")
            if np.any(seen[rows]):
                raise Unproven("a row was written twice")
            seen[rows] = True
            self._counts[file] += len(rows)
            self._last = (file, int(rows[-1]))

    def _places(self, file: int, rows: _Rows) -> _Rows:
        """Return the place of each row among those of its file, from 1: mostly that is its number."""
        numbers = self._numbers.get(file)
        if numbers is None:
            return rows
        places = np.searchsorted(numbers, rows)
        if not len(numbers) or np.any(numbers[np.minimum(places, len(numbers) - 1)] != rows):
            raise Unproven("a row was written that was not read")
        return places + 1

    def close(self) -> list[int]:
        """Return how many rows of each file there were."""
        return self._counts

    def _stretches(self, batch: pa.RecordBatch) -> Iterator[tuple[int, _Rows]]:
        """Yield the batch's stretches of one file each, with the row numbers."""
        encoded = batch.column("lead_file")
        if not pa.types.is_dictionary(encoded.type):
            encoded = encoded.dictionary_encode()
        names = encoded.dictionary.to_pylist()
        if encoded.null_count or not all(name in self._ordinals for name in names):
            raise Unproven("a row was written under the name of no source")
        rows = batch.column("lead_row").to_numpy()
        if len(names) == 1:
            if len(rows):
                yield self._ordinals[names[0]], rows
            return
        files = np.array([self._ordinals[name] for name in names], np.int64)[encoded.indices.to_numpy()]
        borders = np.flatnonzero(np.diff(files)) + 1
        for start, end in zip([0, *borders], [*borders, len(files)], strict=True):
            if end > start:
                yield int(files[start]), rows[start:end]
