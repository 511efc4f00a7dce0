"""Which files are workbooks, and what those are that only have the name of one."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Literal

from leadsieve_connectors.exceptions import SourceError

if TYPE_CHECKING:
    from leadsieve_connectors.sources.stored import Stored

ZIP_MAGIC, OLE_MAGIC = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_NAMES = (".xls", ".xlsx", ".xlsm", ".xltx", ".xltm", ".xlt", ".xlsb")
_OTHERS = (
    ("xl/workbook.bin", "a binary Excel workbook (.xlsb)"),
    ("word/document.xml", "a Word document"),
    ("ppt/presentation.xml", "a PowerPoint presentation"),
    ("index/document.iwa", "an Apple Numbers or Pages document"),
    ("content.xml", "an OpenDocument file (.ods)"),
)
_SAVE = "save it as .xlsx or CSV"
# Names of streams stand in the directory of such a container, in UTF-16.
_WORKBOOKS = ("Workbook", "Book", "WORKBOOK", "BOOK")
_SEARCHED = 64 << 20


def recognise_workbook(stored: Stored, head: bytes) -> Literal["xlsx", "xls"] | None:
    """Tell what a zip file or an OLE container is.

    Args:
        stored: The file.
        head: Its first bytes.

    Returns:
        The kind of workbook; None for a zip archive that is none, or one whose directory cannot be read and whose
        name is not that of a workbook.

    Raises:
        SourceError: A document of another kind (`unsupported_format`); a workbook with a password
            (`password_protected`); a damaged one (`malformed_file`).
    """
    if head.startswith(OLE_MAGIC):
        return _recognise_container(stored)
    with stored.open_raw() as raw:
        try:
            with zipfile.ZipFile(raw) as package:
                parts = {name.lstrip("/").lower() for name in package.namelist()}
        except SourceError:
            raise
        except Exception as error:
            if stored.name.lower().endswith(_NAMES):
                message = f"{stored.name}: the workbook is damaged: it is cut off or no zip file; get it again"
                raise SourceError(message, "malformed_file") from error
            return None
    for part, what in _OTHERS:
        if part in parts and (part != "content.xml" or "mimetype" in parts):
            raise SourceError(f"{stored.name}: is {what}, which is not read; {_SAVE}", "unsupported_format")
    is_package = "_rels/.rels" in parts and "[content_types].xml" in parts
    return "xlsx" if is_package or stored.name.lower().endswith(_NAMES) else None


def _recognise_container(stored: Stored) -> Literal["xls"]:
    with stored.open_raw() as raw:
        data = raw.read(_SEARCHED)
    if "EncryptedPackage".encode("utf-16-le") in data:
        message = f"{stored.name}: is protected by a password; save it without one"
        raise SourceError(message, "password_protected")
    if any((name + "\0").encode("utf-16-le") in data for name in _WORKBOOKS):
        return "xls"
    if stored.name.lower().endswith(_NAMES):
        message = f"{stored.name}: the workbook is damaged: no workbook is in it; get it again"
        raise SourceError(message, "malformed_file")
    message = f"{stored.name}: is an old Office document without a workbook; {_SAVE}"
    raise SourceError(message, "unsupported_format")


def mislabelled(text: str, name: str) -> str | None:
    """Say what a file is that has the name of a workbook and the bytes of text.

    Args:
        text: How it begins.
        name: Its name.

    Returns:
        What it is, such as "an HTML page"; None where the name is not that of a workbook.
    """
    if not name.lower().endswith(_NAMES):
        return None
    start = text.lstrip("\ufeff \t\r\n").lower()
    if "schemas-microsoft-com:office:spreadsheet" in start or 'progid="excel.sheet"' in start:
        return "an XML Spreadsheet 2003"
    if start.startswith(("<!doctype html", "<html", "<table", "<head", "<body", "<meta", "<style")) or "<html" in start:
        return "an HTML page"
    if start.startswith("<?xml"):
        return "an XML document"
    if start.startswith("mime-version:"):
        return "a web archive (MHTML)"
    if "\0" in text:
        return "a file of an unknown kind"
    return "CSV text"
