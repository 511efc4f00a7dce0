"""What the tests of workbooks share: books made with openpyxl, by hand and with xlwt, and how they are read."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from fsspec.implementations.local import LocalFileSystem

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.base import ReadOptions
from leadsieve_connectors.sources.excel.source import ExcelSource
from leadsieve_connectors.sources.storage import Location, StoredFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


@dataclass
class Everything:
    """A whole source, as Python values."""

    source: ExcelSource
    rows: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    lines: list[int] = field(default_factory=list)
    bad: list[tuple[int, int, str, str]] = field(default_factory=list)
    blank: int = 0
    nbytes: int = 0
    chunks: int = 0

    @property
    def cells(self) -> list[tuple[Any, ...]]:
        """The rows without their numbers."""
        return list(self.rows.values())


def read_everything(source: ExcelSource) -> Everything:
    """Read a source to its end."""
    read = Everything(source)
    for chunk in source.chunks():
        chunk.table.validate(full=True)
        assert chunk.table.schema == source.schema
        cells = zip(*(column.to_pylist() for column in chunk.table.columns), strict=True)
        read.rows.update(zip(chunk.rows.to_pylist(), cells, strict=True))
        read.lines += chunk.lines.to_pylist()
        read.bad += [tuple(record.values()) for record in chunk.bad.to_pylist()]
        read.blank += chunk.blank_records
        read.nbytes += chunk.nbytes
        read.chunks += 1
    return read


@pytest.fixture
def opened(tmp_path: Path) -> Callable[..., ExcelSource]:
    """Give a function that writes bytes to a file and opens it as a workbook."""

    def write_and_open(data: bytes, name: str = "leads.xlsx", **options: Any) -> ExcelSource:
        path = tmp_path / name
        path.write_bytes(data)
        stored = StoredFile(Location(LocalFileSystem(), str(path), name, local=True))
        return ExcelSource(0, stored, ReadOptions(**options))

    return write_and_open


@pytest.fixture
def read(opened: Callable[..., ExcelSource]) -> Callable[..., Everything]:
    """Give a function that writes bytes to a file and reads it as a workbook."""
    return lambda data, name="leads.xlsx", **options: read_everything(opened(data, name, **options))


@pytest.fixture
def failure(read: Callable[..., Everything]) -> Callable[..., SourceError]:
    """Give a function that reads bytes as a workbook and returns the error in which that ends."""

    def fail(data: bytes, name: str = "leads.xlsx", **options: Any) -> SourceError:
        with pytest.raises(SourceError) as caught:
            read(data, name, **options)
        assert "\n" not in caught.value.message
        assert caught.value.message.startswith(name)
        return caught.value

    return fail


@pytest.fixture
def book() -> Callable[..., bytes]:
    """Give a function that makes a workbook of sheets of rows with openpyxl."""

    def make(sheets: dict[str, list[list[Any]]] | list[list[Any]], formats: dict[str, str] | None = None) -> bytes:
        workbook = openpyxl.Workbook()
        workbook.remove(workbook.active)
        for title, rows in (sheets if isinstance(sheets, dict) else {"Leads": sheets}).items():
            sheet = workbook.create_sheet(title)
            for row in rows:
                sheet.append(row)
            for cell, code in (formats or {}).items():
                sheet[cell].number_format = code
        stream = io.BytesIO()
        workbook.save(stream)
        return stream.getvalue()

    return make


@pytest.fixture
def package() -> Callable[..., bytes]:
    """Give a function that makes a workbook of one sheet from the XML of its parts."""

    def make(
        rows: str | bytes = "",
        *,
        sheet: str | bytes | None = None,
        strings: str | None = None,
        styles: str | None = None,
        more: str = "",
        parts: dict[str, bytes] | None = None,
        compression: int = zipfile.ZIP_DEFLATED,
    ) -> bytes:
        if isinstance(rows, bytes):
            rows = rows.decode()
        kinds = {"worksheet": "worksheets/sheet1.xml", "sharedStrings": "sharedStrings.xml", "styles": "styles.xml"}
        given = {"worksheet": True, "sharedStrings": strings is not None, "styles": styles is not None}
        relations = "".join(
            f'<Relationship Id="r{place}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
            for place, (kind, target) in enumerate(kinds.items())
            if given[kind]
        )
        head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        files: dict[str, str | bytes] = {
            "[Content_Types].xml": head + "<Types/>",
            "_rels/.rels": head
            + f'<Relationships><Relationship Id="w" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/>'
            + "</Relationships>",
            "xl/workbook.xml": head
            + f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}">{more}<sheets>'
            + '<sheet name="Leads" sheetId="1" r:id="r0"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": head + f"<Relationships>{relations}</Relationships>",
            "xl/worksheets/sheet1.xml": sheet
            or head + f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>',
        }
        if strings is not None:
            files["xl/sharedStrings.xml"] = head + f'<sst xmlns="{_MAIN}">{strings}</sst>'
        if styles is not None:
            files["xl/styles.xml"] = head + f'<styleSheet xmlns="{_MAIN}">{styles}</styleSheet>'
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", compression) as archive:
            for part, content in {**files, **(parts or {})}.items():
                archive.writestr(part, content)
        return stream.getvalue()

    return make
