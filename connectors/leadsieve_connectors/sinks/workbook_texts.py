"""The texts of a workbook that the workbook sink wrote, each with the row that it stands in: cells and comments."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import ascii_uppercase
from typing import IO

from leadsieve_connectors.exceptions import SinkError
from leadsieve_connectors.sources.excel.markup import Parser, unescape
from leadsieve_connectors.wording import without_cells

#: The parts that hold text.
SHEET, COMMENTS = "xl/worksheets/sheet1.xml", "xl/comments/comment1.xml"
_CELLS = ("c", "comment")
_READ_BYTES = 1 << 20

#: Texts, and beside them the rows of the sheet, from 1.
Texts = tuple[list[int], list[str]]


def read_texts(path: Path) -> Iterator[Texts]:
    """Read all texts of the cells of a workbook, and of the comments on them.

    Args:
        path: The workbook.

    Yields:
        Some texts, and the row in the sheet of each.

    Raises:
        SinkError: It cannot be read, or is no workbook.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for name in (SHEET, COMMENTS):
                if name in archive.namelist():
                    with archive.open(name) as part:
                        yield from _texts(part)
    except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, ValueError) as error:
        raise SinkError(f"{path}: cannot be read back: {without_cells(error)}") from error


def _texts(part: IO[bytes]) -> Iterator[Texts]:
    rows: list[int] = []
    texts: list[str] = []
    pieces: list[str] = []

    def start(tag: str, attributes: Mapping[str, str]) -> None:
        if tag in _CELLS:
            rows.append(int((attributes.get("r") or attributes.get("ref", "")).lstrip(ascii_uppercase)))
            pieces.clear()

    def end(tag: str) -> None:
        if tag in _CELLS:
            texts.append(unescape("".join(pieces).encode()).decode())

    parser = Parser(start, end, pieces.append)
    while piece := part.read(_READ_BYTES):
        parser.feed(piece)
        done = len(texts)  # of the cell that a piece ends in, the row is known before the text
        yield rows[:done], texts[:done]
        del rows[:done], texts[:done]
    parser.feed(b"", last=True)
    yield rows, texts
