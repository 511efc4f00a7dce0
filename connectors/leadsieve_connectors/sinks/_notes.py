"""The comments on the cells of a workbook: texts and the boxes that show them, put aside on the disk meanwhile."""

from __future__ import annotations

import tempfile
from pathlib import Path
from shutil import copyfileobj
from types import TracebackType
from typing import Self
from xml.sax.saxutils import escape as xml_escape
from zipfile import ZipFile

from leadsieve_connectors.sinks._excel_text import escape
from leadsieve_connectors.sinks.workbook_texts import COMMENTS

#: The part of the boxes; that of the texts is `COMMENTS`.
SHAPES = "xl/drawings/commentsDrawing1.vml"
#: Characters of a comment; what is longer ends in "...": the errors output has it whole.
_MOST = 1000
#: Shapes of one block of numbers.
_BLOCK = 1024
_WIDTH, _LINE_CHARACTERS, _LINE_HEIGHT, _MOST_LINES = 300, 46, 17, 20
_TEXTS_HEAD = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    '<comments xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    "<authors><author>leadsieve</author></authors><commentList>"
)
_TEXT = '<comment ref="{cell}" authorId="0"><text><r><t xml:space="preserve">{text}</t></r></text></comment>'
_TEXTS_TAIL = "</commentList></comments>"
_SHAPES_HEAD = (
    '<xml xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office" '
    'xmlns:x="urn:schemas-microsoft-com:office:excel">'
    '<o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="{blocks}"/></o:shapelayout>'
    '<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)
_SHAPE = (
    '<v:shape id="_x0000_s{id}" type="#_x0000_t202" style="position:absolute;margin-left:60pt;margin-top:2pt;'
    'width:{width}px;height:{height}px;z-index:1;visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto">'
    '<v:fill color2="#ffffe1"/><v:shadow color="black" obscured="t"/><v:path o:connecttype="none"/>'
    '<v:textbox style="mso-direction-alt:auto"><div style="text-align:left"/></v:textbox>'
    '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:AutoFill>False</x:AutoFill>'
    "<x:Row>{row}</x:Row><x:Column>{column}</x:Column></x:ClientData></v:shape>"
)
_SHAPES_TAIL = "</xml>"


class Notes:
    """Comments, in any order, and then as two parts of a workbook.

    openpyxl holds all of them in memory, six kilobytes each; here they wait in files without a name.

    Args:
        folder: A private folder on the disk that holds them meanwhile.

    Attributes:
        count: How many there are.
        nbytes: How many bytes the larger part has.

    Raises:
        OSError: The disk refuses (every method).
    """

    def __init__(self, folder: Path) -> None:
        self.count = self.nbytes = 0
        self._texts = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed with this
        self._shapes = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed with this

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None) -> None:
        self._texts.close()
        self._shapes.close()

    def add(self, row: int, letters: str, column: int, text: str) -> None:
        """Put a comment on a cell.

        Args:
            row: Its row, from 1.
            letters: Its column.
            column: Its column's position, from 0.
            text: Anything.
        """
        if len(text) > _MOST:
            text = f"{text[: _MOST - 3]}..."
        told = xml_escape(escape(text))
        self._texts.write(_TEXT.format(cell=f"{letters}{row}", text=told).encode())
        # The number 1024 * block itself is that of the drawing.
        block, place = divmod(self.count, _BLOCK - 1)
        shape = _SHAPE.format(
            id=(block + 1) * _BLOCK + place + 1, width=_WIDTH, height=_height(text), row=row - 1, column=column
        )
        self._shapes.write(shape.encode())
        self.count += 1
        self.nbytes = max(self._texts.tell(), self._shapes.tell())

    def write(self, archive: ZipFile) -> None:
        """Write both parts."""
        blocks = ",".join(map(str, range(1, -(-self.count // (_BLOCK - 1)) + 1)))
        for name, spool, head, tail in (
            (COMMENTS, self._texts, _TEXTS_HEAD, _TEXTS_TAIL),
            (SHAPES, self._shapes, _SHAPES_HEAD.format(blocks=blocks), _SHAPES_TAIL),
        ):
            spool.seek(0)
            with archive.open(name, "w") as part:
                part.write(head.encode())
                copyfileobj(spool, part, 1 << 20)
                part.write(tail.encode())


def _height(text: str) -> int:
    """Return how high a box shows all of a text, in pixels; one of very many lines is cut where it is shown."""
    lines = sum(1 + len(line) // _LINE_CHARACTERS for line in text.split("\n"))
    return (min(lines, _MOST_LINES) + 1) * _LINE_HEIGHT
