"""The cells of a rejected file: its own columns read as what they say, and the guard taken off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve_connectors.chunk import Fault
from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sinks.csv import unguard
from leadsieve_connectors.sources.arrays import bools, cells_array, int64_array, string_array, whole
from leadsieve_connectors.sources.blanks import blank_rows
from leadsieve_connectors.sources.rejected.marks import DUPLICATE, FAULTS, FILE, LINE, RAW, REASON, ROW

if TYPE_CHECKING:
    from leadsieve_connectors.chunk import Chunk

#: A row number may be written as a program writes whole numbers: 17, 17.0, +17.
_WHOLE = r"^\+?[0-9]{1,15}(\.0*)?$"
_FRACTION = r"(^\+)|(\.0*$)"
#: No file has so many rows; beyond it row numbers could not be told apart in a run of many files.
_MOST_ROWS = 1 << 36
#: What frames write where a number is missing.
_NAN = string_array(["nan"])[0]
#: A value that may be another column's, such as a lead's number or name, is shown in part only.
_SHOWN, _FEW_DIGITS, _FEW_LETTERS, _LAST = 24, 8, 4, 3


@dataclass(frozen=True, slots=True)
class Restored:
    """Rows of a rejected file, as what they say of themselves.

    Attributes:
        table: The columns of the sources that they came from.
        files: string: the file that each came from.
        rows: int64: the row that each was in it.
        lines: int64: the line; null where it had none.
        raws: string: the text of a record that could not be split; null for the others.
        faults: string: why a record is still none, by the name of a `Fault`; null where the row can be judged.
        duplicates: Whether each was rejected as a duplicate, and for no other reason.
        places: int64: the row of the rejected file in which each stands.
    """

    table: pa.Table
    files: pa.Array
    rows: npt.NDArray[np.int64]
    lines: pa.Array
    raws: pa.Array
    faults: pa.Array
    duplicates: npt.NDArray[np.bool_]
    places: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Marks:
    """Where a rejected file has its columns.

    Attributes:
        source: The rejected file, for errors.
        own: The position of each of the six columns, by its name.
        others: The positions of the other columns.
        names: The others' names, as the rows' own files have them.
        guarded: Whether texts stand in it with a guard.
    """

    source: str
    own: dict[str, int]
    others: tuple[int, ...]
    names: tuple[str, ...]
    guarded: bool

    def read(self, chunk: Chunk) -> Restored:
        """Read a chunk of the rejected file.

        Raises:
            SourceError: `malformed_file`: a row does not say whence it came.
        """
        if chunk.bad.num_rows:
            bad = chunk.bad.slice(0, 1).to_pylist()[0]
            told = _Where(self.source, bad["row"], bad["line"])
            raise SourceError(
                f"{told}: the record cannot be read ({bad['fault'].replace('_', ' ')}), so nothing says which row it "
                "was; correct the record, or take it out",
                "malformed_file",
            )
        columns = [self._plain(whole(chunk.table.column(at))) for at in self.others]
        table = pa.Table.from_arrays(columns, names=list(self.names))
        own = {name: self._plain(whole(chunk.table.column(at))) for name, at in self.own.items()}
        files = self._files(own[FILE], chunk)
        rows = self._numbers(ROW, own[ROW], chunk)
        filled = bools(rows.is_valid())
        if not filled.all():
            self._refuse(chunk, int(np.flatnonzero(~filled)[0]), ROW, "", "the row's number in its file is missing")
        raws = _texts(own[RAW])
        reasons = _texts(own[REASON])
        return Restored(
            table=table,
            files=files,
            rows=ints(rows),
            lines=self._numbers(LINE, own[LINE], chunk),
            raws=raws,
            faults=_faults(table, raws, reasons),
            duplicates=bools(pc.fill_null(pc.starts_with(reasons, DUPLICATE), False)),
            places=ints(chunk.rows),
        )

    def _plain(self, column: pa.Array) -> pa.Array:
        """Take the guard off a column's texts."""
        if not self.guarded or column.type != pa.string():
            return column
        plain = unguard(column)
        return whole(plain) if isinstance(plain, pa.ChunkedArray) else plain

    def _files(self, column: pa.Array, chunk: Chunk) -> pa.Array:
        files = _texts(column)
        blank = blank_rows(pa.Table.from_arrays([files], names=[FILE]))
        if len(blank):
            self._refuse(chunk, int(blank[0]), FILE, "", "the name of the row's file is missing")
        return files

    def _numbers(self, name: str, column: pa.Array, chunk: Chunk) -> pa.Array:
        """Read whole numbers from 1 up, however they are written; an empty cell is null.

        Raises:
            SourceError: `malformed_file`: a cell holds something else.
        """
        if pa.types.is_integer(column.type):
            numbers = column.cast(pa.int64())
        else:
            text = pc.utf8_trim_whitespace(_texts(column))
            text = _without_empty(text)
            sound = pc.fill_null(pc.match_substring_regex(text, _WHOLE), True)
            self._require(bools(sound), name, column, chunk)
            numbers = pc.replace_substring_regex(text, _FRACTION, "").cast(pa.int64())
        fits = pc.and_(pc.greater_equal(numbers, 1), pc.less_equal(numbers, _MOST_ROWS))
        self._require(bools(pc.fill_null(fits, True)), name, column, chunk)
        return numbers

    def _require(self, sound: npt.NDArray[np.bool_], name: str, column: pa.Array, chunk: Chunk) -> None:
        if not sound.all():
            at = int(np.flatnonzero(~sound)[0])
            what = "row" if name == ROW else "line"
            self._refuse(chunk, at, name, str(column[at].as_py()), f"this is no number of a {what}")

    def _refuse(self, chunk: Chunk, at: int, name: str, value: str, what: str) -> NoReturn:
        told = _Where(self.source, chunk.rows[at].as_py(), chunk.lines[at].as_py())
        raise SourceError(
            f"{told}, column {name}, {_shown(value)!r}: {what}; put back what the rejected file had, or take the row "
            "out",
            "malformed_file",
        )


@dataclass(frozen=True, slots=True)
class _Where:
    """A row of a rejected file, for errors."""

    source: str
    row: int
    line: int | None

    def __str__(self) -> str:
        line = "" if self.line is None else f" (line {self.line})"
        return f"{self.source}, row {self.row}{line}"


def _shown(value: str) -> str:
    """Return what people may see of a cell: of many digits the last three, of many letters none."""
    digits, many = sum(map(str.isdigit, value)), sum(map(str.isalpha, value)) > _FEW_LETTERS
    left, shown = digits, []
    for character in value:
        hidden = many and character.isalpha()
        if character.isdigit():
            hidden, left = digits > _FEW_DIGITS and left > _LAST, left - 1
        shown.append("*" if hidden else character)
    return "".join(shown) if len(value) <= _SHOWN else f"{''.join(shown[:_SHOWN])}..."


def ints(array: pa.Array) -> npt.NDArray[np.int64]:
    """Return whole numbers without nulls as numpy's (to_numpy would import pandas)."""
    if not len(array):
        return np.zeros(0, np.int64)
    return np.frombuffer(array.buffers()[1], np.int64, len(array), array.offset * 8)


def _texts(column: pa.Array) -> pa.Array:
    """Return a column's values as text, whatever type a program gave them."""
    return column if column.type == pa.string() else column.cast(pa.string())


def _without_empty(text: pa.Array) -> pa.Array:
    """Return texts with null in place of those that say nothing."""
    empty = pc.fill_null(pc.or_(pc.equal(pc.binary_length(text), 0), pc.equal(text, _NAN)), False)
    count = int(np.count_nonzero(bools(empty)))
    return pc.replace_with_mask(text, empty, pa.nulls(count, pa.string())) if count else text


def _faults(table: pa.Table, raws: pa.Array, reasons: pa.Array) -> pa.Array:
    """Name the fault of each record that nobody has filled in: all its cells are empty, and its text stands there."""
    blank = blank_rows(table)
    left = blank[bools(raws.is_valid())[blank]] if len(blank) else blank
    told = [b""] * len(raws)
    for at, reason in zip(left.tolist(), reasons.take(int64_array(left)).to_pylist(), strict=True):
        told[at] = FAULTS.get((reason or "").strip(), Fault.NOT_CORRECTED).encode()
    return cells_array(told)
