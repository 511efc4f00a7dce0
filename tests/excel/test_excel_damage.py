"""Workbooks that are damaged, hostile, locked or none: the right rows or one line that says what is wrong."""

from __future__ import annotations

import io
import random
import struct
import zipfile

import pytest

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.excel.recognition import mislabelled, recognise_workbook
from leadsieve_connectors.sources.storage import StoredFile

NAMESPACE = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def row(number: int, *cells: str) -> str:
    written = "".join(
        f'<c r="{letter}{number}" t="inlineStr"><is><t>{cell}</t></is></c>'
        for letter, cell in zip("ABCDEF", cells, strict=False)
    )
    return f'<row r="{number}">{written}</row>'


GOOD = row(1, "Name", "Phone") + row(2, "Ann", "1") + row(3, "Bob", "2")
CELLS = [("Ann", "1"), ("Bob", "2")]


def sheet(rows: str, head: str = "", tail: str = "") -> str:
    return f'{head}<worksheet xmlns="{NAMESPACE}"><sheetData>{rows}</sheetData>{tail}</worksheet>'


@pytest.mark.parametrize(
    "written",
    [
        sheet(GOOD),
        sheet(GOOD, head='<?xml version="1.0" encoding="utf-8"?>\r\n'),
        sheet(GOOD, head="<!-- a comment with <sheetData> -->"),
        sheet("\n  " + GOOD.replace("<row", "\n<row").replace("</c>", "</c>\n ")),
        sheet(GOOD.replace("<t>Ann</t>", "<t><![CDATA[Ann]]></t>")),
        sheet(GOOD.replace("Ann", "A&#110;&#x6e;")),
        sheet(GOOD.replace('"', "'")),
        sheet(GOOD.replace(' r="A2"', "").replace(' r="B2"', "")),
        sheet(GOOD.replace('<row r="1">', "<row>").replace('<row r="2">', "<row>").replace('<row r="3">', "<row>")),
        sheet(GOOD.replace('<row r="2">', '<row r="2" spans="1:2" ht="15" x14ac:dyDescent="0.2" xmlns:x14ac="x">')),
        sheet(GOOD.replace('<row r="3">', '<row r="3"><c r="D3" s="0" />')),
        sheet(GOOD, tail='<mergeCells><mergeCell ref="A1:A2"/></mergeCells><extLst><f>1</f><row><c/></row></extLst>'),
        sheet(GOOD + '<row r="4"/><row r="9"></row>'),
        sheet(GOOD).replace("<worksheet xmlns", '<worksheet xmlns:x="y" xmlns'),
        sheet(GOOD).replace("<", "<x:").replace("<x:/", "</x:").replace(" xmlns=", " xmlns:x="),
        sheet(GOOD, head='<?xml version="1.0" encoding="UTF-16"?>').encode("utf-16"),
    ],
)
def test_the_same_rows_in_other_xml(package, read, written):
    found = read(package(sheet=written))
    assert (found.cells, found.lines, found.blank, found.bad) == (CELLS, [2, 3], 0, [])


def test_parser_and_pattern_read_the_same(package, read):
    many = "".join(
        row(n, f"N {n}", f"a&amp;b{n}", "", f"_x000D_{n}")
        + f'<row r="{n + 1}"><c r="B{n + 1}" s="1"><v>{n}.5</v></c></row>'
        for n in range(2, 20_000, 3)
    )
    plain = read(package(row(1, "a", "b", "c", "d") + many))
    parsed = read(package(row(1, "a", "b", "c", "d").replace("<t>a</t>", "<t><![CDATA[a]]></t>") + many))
    assert plain.rows == parsed.rows
    assert plain.lines == parsed.lines
    assert plain.blank == parsed.blank > 6000


@pytest.mark.parametrize(
    "written",
    [
        sheet(GOOD)[:-30],
        sheet(GOOD).replace("</c>", "", 1),
        sheet(GOOD.replace("Ann", "&nbsp;")),
        sheet(GOOD.replace("Ann", "A & B")),
        sheet(GOOD.replace("Ann", "A\x01")),
        sheet(GOOD.replace('r="3"', 'r="2"').replace("A3", "A2").replace("B3", "B2")),
        sheet(GOOD.replace('r="A3"', 'r="A7"')),
        sheet(GOOD.replace('r="B3"', 'r="A3"')),
        sheet(GOOD.replace('r="B3"', 'r="XFE3"')),
        sheet(GOOD.replace('r="B3"', 'r="3"')),
        sheet(GOOD.replace('"inlineStr"', '"other"')),
        sheet(GOOD + '<row r="4"><c r="A4" t="s"><v>5</v></c></row>'),
        sheet(GOOD + '<row r="4"><c r="A4" t="s"><v>x</v></c></row>'),
        sheet(GOOD + '<row r="4"><c r="A4" s="x"><v>1</v></c></row>'),
        sheet(GOOD + '<row r="1048577"><c r="A1048577"><v>1</v></c></row>'),
        sheet(GOOD, head='<?xml version="1.0" encoding="nonsense"?>'),
        sheet(GOOD).encode().replace(b"Ann", b"A\xff"),
        "",
        "Name,Phone",
    ],
)
def test_broken_xml(package, failure, written):
    written = written.encode() if isinstance(written, str) else written
    assert failure(package(parts={"xl/worksheets/sheet1.xml": written})).code == "malformed_file"


def test_document_types_are_refused(package, failure):
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    assert failure(package(sheet=sheet(GOOD.replace("Ann", "&b;"), head=bomb))).code == "unsafe_file"


@pytest.mark.parametrize(
    "part",
    [
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "_rels/.rels",
        "xl/worksheets/sheet1.xml",
        "xl/styles.xml",
        "xl/sharedStrings.xml",
    ],
)
@pytest.mark.parametrize(
    "content", [b"", b"<a><b></a>", b"\xff\xfe\x00", b"<a xmlns:r='x'><cellXfs><xf numFmtId='x'/></cellXfs>"]
)
def test_broken_parts(package, failure, part, content):
    data = package(GOOD, strings="<si><t>a</t></si>", styles="<cellXfs/>", parts={part: content})
    assert failure(data).code == "malformed_file"


@pytest.mark.parametrize(
    "part",
    [
        "xl/workbook.xml",
        "xl/_rels/workbook.xml.rels",
        "xl/worksheets/sheet1.xml",
        "xl/styles.xml",
        "xl/sharedStrings.xml",
    ],
)
def test_missing_parts(package, failure, part):
    whole = zipfile.ZipFile(io.BytesIO(package(GOOD, strings="<si><t>a</t></si>", styles="<cellXfs/>")))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as short:
        for name in whole.namelist():
            if name != part:
                short.writestr(name, whole.read(name))
    error = failure(stream.getvalue())
    assert error.code == "malformed_file"
    assert part in error.message


def test_cut_off_anywhere(package, failure):
    data = package(GOOD)
    for stop in (4, len(data) // 3, len(data) // 2, len(data) - 1):
        assert failure(data[:stop]).code == "malformed_file"


def test_random_bytes_flipped_give_the_right_rows_or_an_error(book, read):
    random.seed(5)
    data = book([["Name", "Phone"], *([f"Lead {n}", 919876500000 + n] for n in range(60))])
    right = read(data).cells
    errors: list[str] = []
    for _ in range(120):
        damaged = bytearray(data)
        damaged[random.randrange(len(data))] ^= 1 << random.randrange(8)
        try:
            assert read(bytes(damaged)).cells == right
        except SourceError as error:
            errors.append(error.message)
    assert len(errors) > 40
    assert not any("\n" in message for message in errors)


def test_sizes_that_lie_are_caught(package, failure):
    data = package(GOOD + "".join(row(n, "x", "y") for n in range(4, 500)))
    declared = len(zipfile.ZipFile(io.BytesIO(data)).read("xl/worksheets/sheet1.xml"))
    lie = data.replace(struct.pack("<I", declared), struct.pack("<I", 400))
    assert lie != data
    assert failure(lie).code == "malformed_file"


def test_bombs_are_refused_by_name_before_they_are_unpacked(package, failure):
    bomb = package(sheet=sheet(row(1, "Name") + row(2, "x" * (80 << 20))))
    error = failure(bomb)
    assert error.code == "resource_limit"
    assert "max_unpacked_ratio" in error.message
    error = failure(package(GOOD), max_unpacked_bytes=1000)
    assert error.code == "resource_limit"
    assert "max_unpacked_bytes" in error.message


def test_one_long_cell_that_is_not_refused_costs_its_row(package, read):
    data = package(sheet=sheet(row(1, "Name") + row(2, "x" * (24 << 20)) + row(3, "y")))
    found = read(data)
    assert found.cells == [("y",)]
    assert len(found.bad) == 1


@pytest.mark.parametrize("streams", [["EncryptedPackage"], ["Workbook"], ["WordDocument"]])
def test_containers(tmp_path, failure, streams):
    data = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "".join(name + "\0" for name in streams).encode("utf-16-le")
    )
    expected = {"EncryptedPackage": "password_protected", "Workbook": None, "WordDocument": "unsupported_format"}[
        streams[0]
    ]
    stored = stored_file(tmp_path, "leads.doc", data)
    if expected is None:
        assert recognise_workbook(stored, data[:8]) == "xls"
    else:
        with pytest.raises(SourceError) as caught:
            recognise_workbook(stored, data[:8])
        assert caught.value.code == expected
    assert failure(data, "leads.xls").code in ("malformed_file", "password_protected")


def stored_file(folder, name: str, data: bytes) -> StoredFile:
    from fsspec.implementations.local import LocalFileSystem

    from leadsieve_connectors.sources.storage import Location

    (folder / name).write_bytes(data)
    return StoredFile(Location(LocalFileSystem(), str(folder / name), name, local=True))


def test_an_old_workbook_with_a_password(failure):
    xlwt = pytest.importorskip("xlwt")
    workbook = xlwt.Workbook()
    workbook.add_sheet("Leads").write(0, 0, "Name")
    stream = io.BytesIO()
    workbook.save(stream)
    # Make the record behind the first one say that the others are encrypted (FILEPASS).
    data = bytearray(stream.getvalue())
    first = data.index(struct.pack("<HHH", 0x0809, 16, 0x0600))
    data[first + 20 : first + 22] = struct.pack("<H", 0x2F)
    assert failure(bytes(data), "leads.xls").code == "password_protected"


def test_an_old_workbook_with_bytes_flipped_ends_in_rows_or_an_error(read):
    xlwt = pytest.importorskip("xlwt")
    workbook = xlwt.Workbook()
    target = workbook.add_sheet("Leads")
    for number in range(100):
        target.write(number, 0, f"Name {number}")
        target.write(number, 1, number / 7)
    stream = io.BytesIO()
    workbook.save(stream)
    random.seed(5)
    errors: list[str] = []
    for _ in range(80):
        damaged = bytearray(stream.getvalue())
        damaged[random.randrange(len(damaged))] ^= 1 << random.randrange(8)
        try:
            read(bytes(damaged), "leads.xls")
        except SourceError as error:
            errors.append(error.message)
    assert errors
    assert not any("\n" in message for message in errors)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_an_old_workbook_that_is_cut_off(failure, share):
    xlwt = pytest.importorskip("xlwt")
    workbook = xlwt.Workbook()
    target = workbook.add_sheet("Leads")
    for number in range(300):
        target.write(number, 0, f"Name {number}")
    stream = io.BytesIO()
    workbook.save(stream)
    data = stream.getvalue()
    assert failure(data[: int(len(data) * share)], "leads.xls").code == "malformed_file"


@pytest.mark.parametrize(
    ("parts", "name", "outcome"),
    [
        (["xl/workbook.bin"], "a.xlsb", "unsupported_format"),
        (["content.xml", "mimetype"], "a.ods", "unsupported_format"),
        (["word/document.xml"], "a.docx", "unsupported_format"),
        (["_rels/.rels", "[Content_Types].xml"], "noname", "xlsx"),
        (["leads.csv"], "a.zip", None),
    ],
)
def test_what_zip_files_are(tmp_path, parts, name, outcome):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for part in parts:
            archive.writestr(part, "x")
    stored = stored_file(tmp_path, name, stream.getvalue())
    if outcome == "unsupported_format":
        with pytest.raises(SourceError, match="save it as") as caught:
            recognise_workbook(stored, b"PK\x03\x04")
        assert caught.value.code == outcome
    else:
        assert recognise_workbook(stored, b"PK\x03\x04") == outcome


@pytest.mark.parametrize(
    ("text", "name", "what"),
    [
        ("Name,Phone\nAnn,1", "leads.xls", "CSV text"),
        ("Name\tPhone", "leads.XLSX", "CSV text"),
        ("\n<html><body><table>", "leads.xls", "an HTML page"),
        ("<!DOCTYPE html>", "leads.xls", "an HTML page"),
        ('<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>', "leads.xls", "an XML Spreadsheet 2003"),
        ("<?xml version='1.0'?><a/>", "leads.xls", "an XML document"),
        ("Name,Phone\nAnn,1", "leads.csv", None),
    ],
)
def test_files_with_the_name_of_a_workbook(text, name, what):
    assert mislabelled(text, name) == what
