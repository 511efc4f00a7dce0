"""Which format a source has: by its first bytes, then by its name."""

from __future__ import annotations

import codecs
import re
from json import JSONDecoder
from typing import TYPE_CHECKING, Literal

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.arrow import FILE_MAGIC, STREAM_MAGIC
from leadsieve_connectors.sources.excel.recognition import OLE_MAGIC, ZIP_MAGIC, mislabelled, recognise_workbook

if TYPE_CHECKING:
    from leadsieve_connectors.sources.stored import Stored

Format = Literal["arrow", "csv", "json", "parquet", "xls", "xlsx"]

#: So many first bytes tell every format.
HEAD_BYTES = 512
_UNPACK = "unpack it first"
_EXPORT = "export it as CSV or Parquet"
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"PARE", "an encrypted Parquet file", "decrypt it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", _UNPACK),
    (b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    (b"ORC", "an ORC file", _EXPORT),
    (b"Obj\x01", "an Avro file", _EXPORT),
    (b"SQLite format 3\x00", "an SQLite database", _EXPORT),
    (b"%PDF-", "a PDF document", _EXPORT),
    (b"\x89PNG", "a PNG image", _EXPORT),
    (b"\xff\xd8\xff", "a JPEG image", _EXPORT),
    (b"\x7fELF", "a program", _EXPORT),
)
_TAR_PLACE = 257
_MARKUP = ("<!doctype", "<html", "<table", "<?xml")
_JSON_NAMES = (".json", ".jsonl", ".ndjson")
# A beginning of JSON: an empty object, a first key with its colon, or an array of these or of scalars. The head may
# end anywhere.
_JSON = re.compile(
    r"""\s*+(?:\[\s*+)*+(?:
        \{\s*+(?:\}|"(?:[^"\\\n]|\\.)*+(?:"\s*+(?::|\Z)|\Z)|\Z)
      | (?<=[\[\s])(?:\]|"|-?[0-9]++\s*+[],.eE]|(?:true|false|null)\s*+[],]|\Z)
    )""",
    re.VERBOSE,
)


def find_format(head: bytes, stored: Stored) -> Format:
    """Return the format of a source.

    Args:
        head: Its first `HEAD_BYTES`.
        stored: The source; the ending of its name counts only where the bytes leave it open.

    Raises:
        SourceError: `unsupported_format`, naming what the source seems to be; `malformed_file` where the bytes are not
            what the name says; `password_protected` for a workbook with a password.
    """
    name = stored.name
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith((FILE_MAGIC + b"\0\0", STREAM_MAGIC)):
        return "arrow"
    if head.startswith((ZIP_MAGIC, OLE_MAGIC)):
        workbook = recognise_workbook(stored, head)
        if workbook is None:
            raise SourceError(f"{name}: is a zip archive in another file; unpack it once", "unsupported_format")
        return workbook
    if head.startswith(b"ustar", _TAR_PLACE):
        raise SourceError(f"{name}: is a tar archive; {_UNPACK}", "unsupported_format")
    text = _text(head)
    if (what := mislabelled(text, stored.inner_name)) is not None and what != "CSV text":
        raise SourceError(f"{name}: is {what}, though its name is a workbook's; {_EXPORT}", "unsupported_format")
    for magic, what, advice in _MAGIC:
        if head.startswith(magic) and not (magic.isalnum() and _reads_as_text(head)):
            raise SourceError(f"{name}: seems to be {what}; {advice}", "unsupported_format")
    if text.lstrip().lower().startswith(_MARKUP):
        raise SourceError(f"{name}: seems to be HTML or XML; {_EXPORT}", "unsupported_format")
    ending = stored.inner_name.lower()
    if ending.endswith(_JSON_NAMES) or _is_json(text):
        return "json"
    if ending.endswith((".parquet", ".pq")) and head:
        message = f"{name}: is not a Parquet file, though its name says so; give the right file"
        raise SourceError(message, "malformed_file")
    return "csv"


def _text(head: bytes) -> str:
    """Return the head as text, as far as its ASCII characters go."""
    for mark, codec in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if head.startswith(mark):
            return head.removeprefix(mark).decode(codec, "replace")
    if head[1:2] == b"\0" or head[:1] == b"\0":
        # UTF-16 without a mark: one byte of every ASCII character is NUL.
        return head.decode("utf-16-be" if head.startswith(b"\0") else "utf-16-le", "replace")
    return head.decode("latin-1")


def _is_json(text: str) -> bool:
    """Tell whether the text begins as JSON does, and not as CSV whose first cell does."""
    start = len(text) - len(text.lstrip())
    if not text.startswith(("{", "["), start) or not _JSON.match(text):
        return False
    try:
        _, end = JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return True
    # Behind a whole value more of the line is more cells, unless another value begins there.
    rest = text[end:].split("\n", 1)[0].strip()
    return rest in ("", ",") or rest.startswith(("{", "["))


def _reads_as_text(head: bytes) -> bool:
    """Tell whether the bytes are plain text, whose first word may happen to be a format's signature."""
    return head.isascii() and b"\0" not in head
