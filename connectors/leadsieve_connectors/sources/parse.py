"""From a block of text records to Arrow columns and the list of records that could not be parsed."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv

from leadsieve_connectors.chunk import Fault
from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.arrays import Bools, Ints, bools, int64_array, string_array, whole
from leadsieve_connectors.sources.blanks import blank_rows, drop_rows
from leadsieve_connectors.sources.records import is_blank, raw_text, strip_line_end

if TYPE_CHECKING:
    from collections.abc import Sequence

    from leadsieve_connectors.sources.framer import Block

_UTF8_MARK = codecs.BOM_UTF8


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a block of records holds.

    Attributes:
        table: The records that parsed.
        places: Which of the block's records each row of `table` is.
        bad: The records that could not be parsed, by which of the block's records they are: raw text and
            fault.
        blank: Flags the block's records that are not rows.
    """

    table: pa.Table
    places: Ints
    bad: dict[int, tuple[str, Fault]]
    blank: Bools


class Parser:
    """Parses blocks of one text source.

    Args:
        name: The source's name, for errors.
        headers: The raw header cells.
        names: The columns' unique names.
        delimiter: The character between cells.
        max_record_bytes: The longest record, in bytes.
        marked: Bytes that were not text stand as lone surrogates (see `records.raw_text`).
    """

    def __init__(
        self,
        *,
        name: str,
        headers: Sequence[str],
        names: Sequence[str],
        delimiter: str,
        max_record_bytes: int,
        marked: bool,
    ) -> None:
        self._name, self._headers, self._delimiter = name, headers, delimiter
        self._limit, self._marked = max_record_bytes, marked
        self._names = list(names)
        self._convert = pcsv.ConvertOptions(
            check_utf8=False,  # judged before, for the whole block
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        )

    def parse(self, block: Block) -> Parsed:
        """Split the records of a block into cells.

        Raises:
            SourceError: The records that came back are not as many as went in.
        """
        faults = dict(block.faults)
        if not is_utf8(block.data):
            for place in _undecodable(block):
                faults.setdefault(place, Fault.UNDECODABLE_BYTES)
        data, places = _sound(block, faults)
        table, ragged = self._split(data)
        if table.num_rows + len(ragged) != len(places):
            got = table.num_rows + len(ragged)
            message = f"{self._name}: {len(places)} records from line {block.line} on came back as {got}"
            raise SourceError(message, "malformed_file")
        blank = np.zeros(block.records, dtype=np.bool_)
        bad = self._bad(block, faults)
        if ragged:
            bad |= self._ragged(block, places, ragged, blank)
            places = np.delete(places, list(ragged))
        empty = blank_rows(table)
        blank[places[empty]] = True
        headers = self._repeated(table)
        for place in places[headers].tolist():
            bad[place] = (self._raw(block, place, block.bounds()), Fault.REPEATED_HEADER)
        gone = np.concatenate([empty, headers])
        return Parsed(drop_rows(table, gone), np.delete(places, gone) if len(gone) else places, bad, blank)

    def _split(self, data: bytes) -> tuple[pa.Table, dict[int, Fault]]:
        """Return the records that fit the columns, and the fault of each other one by its position."""
        ragged: dict[int, Fault] = {}
        if not data:
            return pa.schema([(name, pa.string()) for name in self._names]).empty_table(), ragged

        def keep(row: Any) -> str:
            few = row.actual_columns < row.expected_columns
            ragged[row.number - 1] = Fault.TOO_FEW_FIELDS if few else Fault.TOO_MANY_FIELDS
            return "skip"

        if data.startswith(_UTF8_MARK):
            data = _UTF8_MARK + data  # pyarrow takes one mark off every buffer; this one is text
        table = pcsv.read_csv(
            pa.BufferReader(data),
            # Threaded, the handler would get no row numbers.
            read_options=pcsv.ReadOptions(column_names=self._names, use_threads=False, block_size=len(data) + 1),
            parse_options=pcsv.ParseOptions(
                delimiter=self._delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=keep,
            ),
            convert_options=self._convert,
        )
        return table, ragged

    def _bad(self, block: Block, faults: dict[int, Fault]) -> dict[int, tuple[str, Fault]]:
        if not faults:
            return {}
        bounds = block.bounds()
        return {place: (self._raw(block, place, bounds, fault), fault) for place, fault in faults.items()}

    def _ragged(
        self, block: Block, places: Ints, ragged: dict[int, Fault], blank: Bools
    ) -> dict[int, tuple[str, Fault]]:
        bad, bounds = {}, block.bounds()
        for position, fault in ragged.items():
            place = int(places[position])
            record = strip_line_end(block.data[bounds[place] : bounds[place + 1]])
            if is_blank(record.decode(), self._delimiter):
                blank[place] = True
            else:
                bad[place] = (raw_text(record, marked=self._marked), fault)
        return bad

    def _raw(self, block: Block, place: int, bounds: Ints, fault: Fault | None = None) -> str:
        record = strip_line_end(block.data[bounds[place] : bounds[place + 1]])
        cut = fault is Fault.RECORD_TOO_LARGE
        return raw_text(record[: self._limit] if cut else record, marked=self._marked, cut=cut)

    def _repeated(self, table: pa.Table) -> Ints:
        """Return the rows whose cells are the header's, in order."""
        found: Ints | None = None
        # The longest header cell is the one that fewest rows share.
        for index in sorted(range(len(self._headers)), key=lambda index: -len(self._headers[index])):
            column = whole(table.column(index))
            column = column if found is None else column.take(int64_array(found))
            same = _equal(column, self._headers[index])
            found = np.flatnonzero(same) if found is None else found[same]
            if not len(found):
                break
        return np.zeros(0, dtype=np.int64) if found is None else found


def _equal(column: pa.Array, text: str) -> Bools:
    if not text:
        return bools(column.is_null())
    return bools(pc.is_in(column, value_set=string_array([text])))


def is_utf8(data: bytes) -> bool:
    """Tell whether the bytes are UTF-8."""
    if data.isascii():
        return True
    bounds = np.array([0, len(data)], dtype=np.int32)
    try:
        pa.StringArray.from_buffers(1, pa.py_buffer(bounds), pa.py_buffer(data)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _undecodable(block: Block) -> list[int]:
    """Return which records of the block are not UTF-8."""
    bounds = block.bounds()
    beyond_ascii = np.flatnonzero(np.frombuffer(block.data, dtype=np.uint8) >= 0x80)
    places = np.unique(np.searchsorted(bounds, beyond_ascii, "right") - 1)
    found = []
    for place, begin, end in zip(places.tolist(), bounds[places].tolist(), bounds[places + 1].tolist(), strict=True):
        try:
            block.data[begin:end].decode()
        except UnicodeDecodeError:
            found.append(place)
    return found


def _sound(block: Block, faults: dict[int, Fault]) -> tuple[bytes, Ints]:
    """Return the text of the records without a fault, and which of the block's records they are."""
    places = np.arange(block.records, dtype=np.int64)
    if not faults:
        return block.data, places
    bounds, view = block.bounds(), memoryview(block.data)
    pieces, at = [], 0
    for place in sorted(faults):
        pieces.append(view[at : bounds[place]])
        at = int(bounds[place + 1])
    pieces.append(view[at:])
    return b"".join(pieces), np.delete(places, list(faults))
