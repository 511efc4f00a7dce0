"""Lists of phone numbers from outside: do-not-call lists, and what a dialler says became of its calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve.entry_columns import EntryColumns, Reading, find_columns
from leadsieve.exceptions import UsageError
from leadsieve.numbers import NumberColumns, row_countries, row_regions
from leadsieve.suppression import Entries
from leadsieve.text import as_text, phone_text
from leadsieve.wording import masked
from leadsieve_connectors.chunk import Chunk, Fault
from leadsieve_connectors.sources import Source, open_sources
from leadsieve_rules import phone
from leadsieve_rules.cells.trimming import trim
from leadsieve_rules.damage import Reading as PhoneReading
from leadsieve_rules.damage import read_phones
from leadsieve_rules.damage.cells import split
from leadsieve_rules.profiles.model import STATUSES
from leadsieve_rules.statuses import STATUS, fold_word, load_statuses
from leadsieve_rules.wording import listed, quoted

__all__ = ["Reading", "Statuses", "read_entries", "read_statuses"]

#: Unreadable entries that are named.
_EXAMPLES = 3

_Keys = npt.NDArray[np.uint64]
_Rows = npt.NDArray[np.int64]
_Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statuses:
    """What became of the numbers of one source.

    Attributes:
        entries: The numbers.
        codes: int8, as long as `entries.keys`: the place of each number's status in `STATUSES`; where a number stands
            in several rows, that of the last one.
        column: The column with the statuses; None where one status was given for all.
    """

    entries: Entries
    codes: npt.NDArray[np.int8]
    column: str | None


def read_entries(given: Sequence[Any], reading: Reading) -> tuple[Entries, ...]:
    """Read lists of numbers: every number that parses, valid or not.

    All phone columns of a source count, and all numbers of a cell that holds several. A single column is the one with
    the numbers whatever its header.

    Args:
        given: Paths and frames, as `open_sources` takes them.
        reading: How to read them.

    Returns:
        The entries of each source, in order.

    Raises:
        ConnectorError, RulesError, LeadsieveError: A source cannot be read, or its numbers cannot be found.
    """
    phone.check_region(reading.region)
    with open_sources(given, reading.options, restoring=False) as sources:
        every = [(source, find_columns(source, reading, statuses=False)) for source in sources]
        return tuple(_read_source(source, columns, reading) for source, columns in every)


def read_statuses(
    given: Sequence[Any], reading: Reading, *, words: Mapping[str, str] | None = None, status: str | None = None
) -> tuple[Statuses, ...]:
    """Read what became of numbers, as a dialler says.

    Args:
        given: Paths and frames, as `open_sources` takes them.
        reading: How to read them.
        words: Word to status; these come before the words that are known.
        status: The status of every number, where no column says it.

    Returns:
        The statuses of each source, in order.

    Raises:
        UsageError: A word or a status is unknown, or no column with statuses can be told.
        ConnectorError, RulesError, LeadsieveError: As for `read_entries`.
    """
    phone.check_region(reading.region)
    meanings = {**load_statuses().words, **{fold_word(word): _known(each) for word, each in (words or {}).items()}}
    every = None if status is None else STATUSES.index(_known(status))
    with open_sources(given, reading.options, restoring=False) as sources:
        found = [(source, find_columns(source, reading, statuses=every is None)) for source in sources]
        for source, columns in found:
            if every is None and columns.status is None:
                raise UsageError(
                    f"{source.name}: no column with statuses among {listed(source.schema.names)}; name it: "
                    f"--map {quoted(f'COLUMN={STATUS}')}, or give one status for all: --status completed"
                )
        return tuple(_read_source_statuses(*one, reading, meanings, every) for one in found)


def _known(status: str) -> str:
    """Return a status by its name, however it is spelt."""
    found = next((name for name in STATUSES if fold_word(name) == fold_word(status)), None)
    if found is None:
        raise UsageError(f"status {status!r} is unknown; there are {', '.join(STATUSES)}")
    return found


def _read_source(source: Source, columns: EntryColumns, reading: Reading) -> Entries:
    tally = _Tally()
    pieces = [_header_keys(source, columns, reading, tally)]
    pieces += [np.unique(_read_chunk(chunk, columns.numbers, tally).keys) for chunk in source.chunks()]
    return tally.entries(source, _distinct(pieces))


def _read_source_statuses(
    source: Source, columns: EntryColumns, reading: Reading, meanings: Mapping[str, str], every: int | None
) -> Statuses:
    tally = _Tally()
    header = _header_keys(source, columns, reading, tally) if every is not None else np.zeros(0, np.uint64)
    keys, codes = [header], [np.full(len(header), every or 0, np.int8)]
    for chunk in source.chunks():
        read = _read_chunk(chunk, columns.numbers, tally)
        if columns.status is None:
            of_rows = np.full(chunk.table.num_rows, every or 0, np.int8)
        else:
            of_rows = _status_codes(chunk, columns.status, meanings)
        order = np.argsort(read.rows, kind="stable")
        keys.append(read.keys[order])
        codes.append(of_rows[read.rows[order]])
    # The first of each in reverse order is the last.
    distinct, last = np.unique(np.concatenate(keys)[::-1], return_index=True)
    return Statuses(
        entries=tally.entries(source, distinct), codes=np.concatenate(codes)[::-1][last], column=columns.status
    )


def _status_codes(chunk: Chunk, column: str, meanings: Mapping[str, str]) -> npt.NDArray[np.int8]:
    """Return the place of each row's status in `STATUSES`.

    Raises:
        UsageError: A row's word is unknown.
    """
    cells = pc.dictionary_encode(pc.fill_null(trim(as_text(chunk.table.column(column))).text, ""))
    words = cells.dictionary.to_pylist()
    places = np.array([_place(meanings.get(fold_word(word))) for word in words], np.int8)
    codes: npt.NDArray[np.int8] = places[cells.indices.to_numpy()]
    unknown = np.flatnonzero(codes < 0)
    if len(unknown):
        row, word = chunk.rows[int(unknown[0])].as_py(), words[cells.indices[int(unknown[0])].as_py()]
        where = f"{chunk.name}: row {row}, column {quoted(column)}"
        if not word:
            raise UsageError(f"{where}: there is no status; fill it in, or leave the row out: nothing was marked")
        shown = masked(word, letters=len(word))
        raise UsageError(
            f"{where}: the status {quoted(shown)} is unknown; say what it means: --word {quoted(f'{shown}=STATUS')}, "
            f"where STATUS is one of {', '.join(STATUSES)}: nothing was marked"
        )
    return codes


def _place(status: str | None) -> int:
    return -1 if status is None else STATUSES.index(status)


class _Tally:
    """What adds up while a source is read."""

    def __init__(self) -> None:
        self.count = self.unreadable = self.blank = self.invalid = 0
        self._examples: list[str] = []

    def add_unreadable(self, count: int, first: Sequence[str]) -> None:
        """Count unreadable entries, of which `first` are the first."""
        self.unreadable += count
        self._examples += first[: _EXAMPLES - len(self._examples)]

    def entries(self, source: Source, keys: _Keys) -> Entries:
        """Return what was read, the source having been read to its end."""
        return Entries(
            name=source.name,
            sha256=source.sha256(),
            modified=source.modified,
            keys=keys,
            count=self.count,
            unreadable=self.unreadable,
            blank=self.blank,
            invalid=self.invalid,
            examples=tuple(self._examples),
        )


@dataclass(frozen=True, slots=True)
class _Read:
    """Numbers, and the rows of the chunk that hold them, in no particular order."""

    rows: _Rows
    keys: _Keys


@dataclass(frozen=True, slots=True)
class _Column:
    """One column of numbers, read: its numbers, the cells of which none was read, and the text of all."""

    read: _Read
    invalid: int
    filled: _Mask
    lost: _Mask
    text: pa.Array


def _read_chunk(chunk: Chunk, columns: NumberColumns, tally: _Tally) -> _Read:
    """Read the numbers of a chunk, and count its entries."""
    read = [_read_column(chunk.table, name, columns) for name in columns.phones]
    filled = np.logical_or.reduce([column.filled for column in read])
    held = np.zeros(chunk.table.num_rows, bool)
    lost = np.zeros(chunk.table.num_rows, bool)
    for column in read:
        held[column.read.rows] = True
        # Beside a number, "none" and "-" say that there is no second one; digits that cannot be read are one lost.
        lost |= column.lost & _mask(pc.fill_null(pc.match_substring_regex(column.text, r"\p{Nd}"), False))
    lost |= filled & ~held
    # A header that is repeated where files were joined is no entry.
    bad = [row for row in chunk.bad.to_pylist() if row["fault"] != Fault.REPEATED_HEADER]
    tally.count += int(filled.sum()) + len(bad)
    tally.blank += int((~filled).sum()) + chunk.blank_records
    tally.invalid += sum(column.invalid for column in read)
    tally.add_unreadable(int(lost.sum()) + len(bad), _examples(chunk, read, lost, bad))
    rows = np.concatenate([column.read.rows for column in read])
    return _Read(rows, np.concatenate([column.read.keys for column in read]))


def _read_column(table: pa.Table, name: str, columns: NumberColumns) -> _Column:
    text = trim(phone_text(table.column(name))).text
    filled = _mask(text.is_valid())
    phones = _phones(text, table, columns).phones
    held = phones.keys != 0
    rows, keys = np.flatnonzero(held), phones.keys[held]
    # What is no valid number as a whole may be several, of which each counts that parses.
    rest = np.flatnonzero(filled & ~(held & phones.valid))
    parts = split(text.take(pa.array(rest)))
    if len(parts.cell):
        of_part = rest[parts.cell]
        each = _phones(parts.text, table.take(pa.array(of_part)), columns).phones.keys
        rows, keys = np.concatenate([rows, of_part[each != 0]]), np.concatenate([keys, each[each != 0]])
    lost = filled.copy()
    lost[rows] = False
    return _Column(_Read(rows, keys), int((held & ~phones.valid).sum()), filled, lost, text)


def _phones(text: pa.Array, table: pa.Table, columns: NumberColumns) -> PhoneReading:
    """Read numbers as rows of leads are read, in the region that the row's other columns say."""
    region = row_regions(table, columns)
    return read_phones(text, region, row_countries(table, columns, region))


def _header_keys(source: Source, columns: EntryColumns, reading: Reading, tally: _Tally) -> _Keys:
    """Read the numbers that stand where a header was found: in a list of numbers alone, the first is no header."""
    if source.dialect.get("header") is not True or reading.options.header is not None or reading.options.columns:
        return np.zeros(0, np.uint64)
    headers = dict(zip(source.schema.names, source.headers, strict=True))
    cells = pa.array([headers[name].strip() for name in columns.numbers.phones], pa.string())
    phones = read_phones(cells, reading.region).phones
    plain = ~_mask(pc.match_substring_regex(cells, r"\pL"))
    keys: _Keys = phones.keys[(phones.keys != 0) & (phones.valid | plain)]
    tally.count += bool(len(keys))
    return keys


def _examples(chunk: Chunk, read: Sequence[_Column], lost: _Mask, bad: Sequence[Mapping[str, Any]]) -> list[str]:
    """Say of the first unreadable entries of a chunk in which row they are, and what is there."""
    told: list[tuple[int, str]] = [(row["row"], row["fault"].replace("_", " ")) for row in bad[:_EXAMPLES]]
    for at in np.flatnonzero(lost)[:_EXAMPLES].tolist():
        cell = next(column.text[at].as_py() for column in read if column.lost[at])
        told.append((chunk.rows[at].as_py(), quoted(masked(cell))))
    return [f"row {row}: {what}" for row, what in sorted(told)[:_EXAMPLES]]


def _distinct(pieces: list[_Keys]) -> _Keys:
    """Put keys together, each once, ascending."""
    keys = np.concatenate(pieces)
    pieces.clear()
    keys.sort()
    first = np.ones(len(keys), bool)
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    distinct: _Keys = keys[first]
    return distinct


def _mask(values: pa.Array) -> _Mask:
    mask: _Mask = values.to_numpy(zero_copy_only=False)
    return mask
