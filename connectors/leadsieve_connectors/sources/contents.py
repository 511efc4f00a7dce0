"""What a file holds of which one thing is read: sheets of a workbook, files of an archive, arrays of records."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Literal

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.encodings import TextStream, detect_encoding
from leadsieve_connectors.sources.excel.books import open_book
from leadsieve_connectors.sources.excel.layout import filled_rows
from leadsieve_connectors.sources.formats import HEAD_BYTES, find_format
from leadsieve_connectors.sources.json.walk import Walk
from leadsieve_connectors.sources.json.window import Window
from leadsieve_connectors.sources.packed import PackedFile, unpacked
from leadsieve_connectors.sources.packed.damage import Damage
from leadsieve_connectors.sources.packed.directory import read_directory
from leadsieve_connectors.sources.packed.members import is_system
from leadsieve_connectors.sources.packed.signatures import packing_of
from leadsieve_connectors.sources.paths import expand
from leadsieve_connectors.sources.storage import StoredFile

if TYPE_CHECKING:
    from leadsieve_connectors.sources.base import ReadOptions
    from leadsieve_connectors.sources.stored import Stored

Kind = Literal["sheet", "file", "array"]

#: Rows of a sheet are counted up to this.
MAX_COUNTED = 100_000
_SAMPLE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Content:
    """One thing of a file that can be read by itself.

    Attributes:
        kind: A sheet of a workbook, a file of a zip archive, or an array of records of a JSON document.
        name: Its name, or of an array its path.
        size: Of a sheet the rows that are not blank, a header among them, counted up to `MAX_COUNTED`; of a file its
            bytes unpacked; of an array its records.
    """

    kind: Kind
    name: str
    size: int


def find_contents(path: str, options: ReadOptions) -> tuple[Content, ...]:
    """List what a file holds.

    Args:
        path: One file, as `open_sources` takes it; not stdin, which can be read once only.
        options: How to read it.

    Returns:
        What it holds, in order; nothing where it is no workbook, archive or document.

    Raises:
        SourceError: It cannot be read.
    """
    with ExitStack() as stack:
        location = next(expand(path, stack))
        file = StoredFile(location)
        with file.open() as stream:
            head = stream.read_fully(HEAD_BYTES)
        if location.member is None and packing_of(head, file) == "zip" and len(members := _members(file)) > 1:
            return members
        stored = unpacked(file, options, location.member)
        if isinstance(stored, PackedFile):
            stack.callback(stored.close)
        with stored.open() as stream:
            head = stream.read_fully(HEAD_BYTES)
        form = find_format(head, stored)
        if form in ("xls", "xlsx"):
            return _sheets(stored, options)
        return _arrays(stored, options) if form == "json" else ()


def _members(file: StoredFile) -> tuple[Content, ...]:
    try:
        with file.open_raw() as raw:
            members = read_directory(raw)
    except Damage as damage:
        raise SourceError(f"{file.name}: {damage.what}", damage.code) from damage
    return tuple(
        Content("file", member.name, member.unpacked)
        for member in members
        if not member.folder and not is_system(member.name)
    )


def _sheets(stored: Stored, options: ReadOptions) -> tuple[Content, ...]:
    with closing(open_book(stored, options)) as book:
        return tuple(
            Content("sheet", sheet, sum(1 for _ in islice(filled_rows(book, sheet, options.skip_rows), MAX_COUNTED)))
            for sheet in book.sheets
        )


def _arrays(stored: Stored, options: ReadOptions) -> tuple[Content, ...]:
    with stored.open() as stream:
        head = stream.read_fully(_SAMPLE_BYTES)
    encoding = detect_encoding(head, options.encoding, more=partial(stored.pieces, len(head)), source=stored.name)
    found = []
    with stored.open() as stream:
        window = Window(TextStream(stream, encoding.name).read, options.chunk_bytes)
        for array in Walk(window, name=stored.name, limit=options.max_record_bytes).arrays():
            records = sum(isinstance(value, dict) for _, _, value in array.elements)
            if records:
                found.append(Content("array", array.path, records))
    return tuple(found)
