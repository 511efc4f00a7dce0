"""JSON Lines: one record a line, and a broken line costs itself only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from leadsieve_connectors.chunk import Fault
from leadsieve_connectors.sources.json.batch import Batch, Limits
from leadsieve_connectors.sources.json.records import broken, is_too_large, shown
from leadsieve_connectors.sources.json.values import SPACE, STRICT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from leadsieve_connectors.sources.json.records import RecordReader


def read_lines(read: Callable[[int], bytes], reader: RecordReader, limits: Limits, *, marked: bool) -> Iterator[Batch]:
    """Read the records of JSON Lines.

    Args:
        read: Gives about as many bytes of UTF-8 as asked for, none at the end only.
        reader: Makes records of values.
        limits: How much is read at a time and of a record.
        marked: The source has another encoding than UTF-8.

    Yields:
        Batches of whole lines; a blank line is an empty record.
    """
    decode, number = STRICT.raw_decode, 0
    for lines in _split(read, limits.chunk_bytes, limits.max_record_bytes):
        batch = Batch()
        for number, line in enumerate(lines, number + 1):  # noqa: B020
            if len(batch.records) == limits.max_records:
                yield batch
                batch = Batch()
            if is_too_large(line, limits.max_record_bytes):
                raw = shown(line, marked=marked, limit=limits.max_record_bytes)
                batch.refuse(raw, Fault.RECORD_TOO_LARGE, number)
                continue
            text = line.strip(SPACE)
            try:
                value, end = decode(text)
            except (ValueError, RecursionError):
                if text.isspace() or not text:
                    batch.add({}, number)
                else:
                    batch.refuse(shown(line, marked=marked), broken(text), number)
                continue
            record = reader.read(value, text) if end == len(text) else broken(text)
            if type(record) is Fault:
                batch.refuse(shown(line, marked=marked), record, number)
            else:
                batch.add(record, number)
        yield batch


def _split(read: Callable[[int], bytes], size: int, limit: int) -> Iterator[list[str]]:
    """Yield the lines without their ends, as many together as a read completes.

    A line ends with LF, CRLF or CR. Of a line longer than `limit` bytes, no more than one byte beyond it is kept.
    """
    rest, held = bytearray(), b""
    while data := read(size):
        piece = held + data
        # What follows tells whether this is half of a CRLF.
        held = b"\r" if piece.endswith(b"\r") else b""
        piece = piece.removesuffix(held)
        first, stop = _first_end(piece), max(piece.rfind(b"\n"), piece.rfind(b"\r")) + 1
        rest += piece[: max(0, min(first, limit + 1 - len(rest)))]
        if stop:
            yield _lines(bytes(rest) + piece[first:stop])
            rest = bytearray(piece[stop : stop + limit + 1])
    if rest or held:
        yield _lines(bytes(rest) + (held or b"\n"))


def _first_end(piece: bytes) -> int:
    """Return where the first line ends, or the length of a piece in which none does."""
    ends = [end for end in (piece.find(b"\n"), piece.find(b"\r")) if end >= 0]
    return min(ends, default=len(piece))


def _lines(data: bytes) -> list[str]:
    text = data.decode("utf-8", "surrogateescape")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    lines.pop()
    return lines
