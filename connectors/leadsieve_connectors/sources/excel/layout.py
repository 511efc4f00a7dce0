"""Which sheet is read, where its header stands, and how wide its rows are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.text.header import HeaderFound, find_header, preamble_records

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leadsieve_connectors.sources.base import ReadOptions
    from leadsieve_connectors.sources.excel.books import Book
    from leadsieve_connectors.sources.excel.sheet import Row

_SAMPLE_ROWS, _SAMPLE_CELLS = 500, 1 << 18
#: Rows of a sheet are counted, for people, up to this.
_COUNTED = 100_000


@dataclass(frozen=True, slots=True)
class Layout:
    """How a sheet is laid out.

    Attributes:
        header_row: The row of the header; None without one.
        header: The header's cells, "" for a column without a name; as many as the rows have.
        why: The evidence for the header or against it, as a clause; "" where it was told or there is none.
        preamble: So many rows should be passed over, since the header seems to stand below them; 0 for none.
        rows: The sample shows a row below the header.
    """

    header_row: int | None
    header: tuple[str, ...]
    why: str
    preamble: int
    rows: bool


def filled_rows(book: Book, sheet: str, skip_rows: int) -> Iterator[Row]:
    """Read the rows that are not blank, below those that are passed over."""
    for number, cells in book.rows(sheet):
        if number > skip_rows and any(map(is_filled, filter(None, cells))):
            yield number, cells


def is_filled(cell: bytes) -> bool:
    """Tell whether more than white space stands in the cell."""
    return bool(cell) and not cell.decode().isspace()


def choose_sheet(book: Book, name: str, options: ReadOptions) -> str:
    """Return the sheet to read.

    Raises:
        SourceError: There is no such sheet (`missing_sheet`), several have rows (`ambiguous_sheet`), or none is
            there at all (`empty_file`).
    """
    wanted, sheets = options.sheet, book.sheets
    listed = ", ".join(f"{sheet!r}" for sheet in sheets)
    if not sheets:
        raise SourceError(f"{name}: has no sheet with cells; give a workbook with leads", "empty_file")
    if wanted is not None:
        alike = [sheet for sheet in sheets if sheet.casefold() == wanted.casefold()]
        if wanted in sheets:
            return wanted
        if len(alike) == 1:
            return alike[0]
        if wanted.isascii() and wanted.isdigit() and 0 < int(wanted) <= len(sheets):
            return sheets[int(wanted) - 1]
        raise SourceError(f"{name}: has no sheet {wanted!r}; its sheets are {listed}", "missing_sheet")
    if len(sheets) == 1:
        return sheets[0]
    heads = {sheet: len(list(islice(filled_rows(book, sheet, options.skip_rows), 2))) for sheet in sheets}
    # A single row is a header or a note.
    for least in (2, 1):
        having = [sheet for sheet in sheets if heads[sheet] >= least]
        if len(having) == 1:
            return having[0]
        if having:
            break
    else:
        return sheets[0]
    counts = ", ".join(f"{sheet!r} ({_count(book, sheet, options.skip_rows)})" for sheet in having)
    message = f"{name}: {len(having)} of its {len(sheets)} sheets have rows: {counts}; name one"
    raise SourceError(f"{message}, as in --sheet '{having[0]}'", "ambiguous_sheet")


def _count(book: Book, sheet: str, skip_rows: int) -> str:
    count = sum(1 for _ in islice(filled_rows(book, sheet, skip_rows), _COUNTED + 1))
    return f"more than {_COUNTED:,} rows" if count > _COUNTED else f"{count:,} rows" if count > 1 else "1 row"


def find_layout(book: Book, sheet: str, name: str, options: ReadOptions) -> Layout:
    """Find out how a sheet is laid out, by its first rows.

    Raises:
        SourceError: It is empty (`empty_file`), its header is too large (`malformed_file`), or as many names were
            told as do not fit (`invalid_option`).
    """
    sample = _sample(filled_rows(book, sheet, options.skip_rows), options.max_record_bytes)
    if not sample:
        message = f"{name}: the sheet is empty; give one with a header and leads"
        raise SourceError(message, "empty_file")
    lengths = [len(cells) for _, cells in sample]
    usual = Counter(lengths).most_common(1)[0][0]
    texts = [[cell.decode() for cell in cells] + [""] * (max(lengths) - len(cells)) for _, cells in sample]
    before = 0 if options.skip_rows else preamble_records([row[:usual] for row in texts], usual)
    judged = HeaderFound(True) if before else find_header([row[:usual] for row in texts])
    present = judged.present if options.header is None else options.header
    body = sample[1:] if present else sample
    width = _width(sample[0][1] if present else [], [cells for _, cells in body], header=present)
    header = [cell.decode() for cell in sample[0][1]][:width] if present else []
    if present and sum(map(len, sample[0][1])) > options.max_record_bytes:
        message = f"{name}: the header is longer than {options.max_record_bytes} bytes; correct it"
        raise SourceError(message, "malformed_file")
    header += [""] * (width - len(header))
    return Layout(
        header_row=sample[0][0] if present else None,
        header=_named(tuple(header), name, options),
        why=judged.why if options.header is None else "",
        preamble=sample[before][0] - 1 if before else 0,
        rows=bool(body),
    )


def _sample(rows: Iterator[Row], limit: int) -> list[Row]:
    """Take the first rows; those below the first that are too large to be records lose their cells."""
    taken: list[Row] = []
    cells = 0
    for number, row in islice(rows, _SAMPLE_ROWS):
        if taken and sum(map(len, row)) > limit:
            row.clear()
        while row and not row[-1]:
            row.pop()
        taken.append((number, row))
        cells += len(row)
        if cells > _SAMPLE_CELLS:
            break
    return taken


def _width(first: list[bytes], body: list[list[bytes]], *, header: bool) -> int:
    """Return how many columns the rows have."""
    if not header:
        return max(len(cells) for cells in body)
    width = len(first)
    # Behind the header's last name stand columns without one, where more than half of the rows reach them.
    lengths = sorted(map(len, body))
    return max(width, lengths[(len(lengths) - 1) // 2] if len(lengths) > 1 else 0)


def _named(header: tuple[str, ...], name: str, options: ReadOptions) -> tuple[str, ...]:
    """Return the columns' names: the told ones in place of those that were found."""
    told = options.columns
    if told is None:
        return header
    if len(told) != len(header):
        message = f"{name}: --columns names {len(told)}, but the rows have {len(header)} cells; name each, in order"
        raise SourceError(message, "invalid_option")
    return told
