"""Sources: files of every format that leadsieve reads, behind one protocol (`base.Source`)."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.base import ReadOptions, Source
from leadsieve_connectors.sources.formats import HEAD_BYTES, find_format
from leadsieve_connectors.sources.frames import FrameSource, is_frame
from leadsieve_connectors.sources.packed import PackedFile, unpacked
from leadsieve_connectors.sources.paths import expand
from leadsieve_connectors.sources.rejected import (
    REJECTED_COLUMNS,
    RejectedText,
    RestoredSource,
    is_rejected,
    plain_options,
    rejected_text,
    restore,
)
from leadsieve_connectors.sources.rejected.text import LOOK_BYTES
from leadsieve_connectors.sources.storage import Location, StoredFile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from leadsieve_connectors.sources.stored import Stored

__all__ = ["REJECTED_COLUMNS", "ReadOptions", "RestoredSource", "Source", "Sources", "is_frame", "open_sources"]

#: Where what reads each format is: of many formats a run reads one.
_FORMATS = {
    "arrow": ("leadsieve_connectors.sources.arrow", "ArrowSource"),
    "csv": ("leadsieve_connectors.sources.text.source", "CsvSource"),
    "json": ("leadsieve_connectors.sources.json", "JsonSource"),
    "parquet": ("leadsieve_connectors.sources.parquet", "ParquetSource"),
    "xls": ("leadsieve_connectors.sources.excel.source", "ExcelSource"),
    "xlsx": ("leadsieve_connectors.sources.excel.source", "ExcelSource"),
}


class Sources(list[Source]):
    """The opened sources in order; closing takes the temporary copies of streams away."""

    def __init__(self, sources: Sequence[Source], spools: ExitStack) -> None:
        super().__init__(sources)
        self._spools = spools

    def close(self) -> None:
        """Remove the temporary files; sources that were streams cannot be read after it."""
        self._spools.close()

    def __enter__(self) -> Sources:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_sources(given: Sequence[Any], options: ReadOptions, *, restoring: bool = True) -> Sources:
    """Open sources, each with its columns known and at least one row seen.

    A rejected file of an earlier run, in any format, gives a source for each file that its rows came from.

    Args:
        given: Frames in memory, and paths as strings: files, directories, globs, fsspec URLs, `a.zip!member`, and `-`
            for stdin (once). A path that exists is taken as itself before it is taken as a glob; the files of one path
            come in the order of their names.
        options: How to read them. What it says of a vendor's file (encoding, delimiter, header, columns, rows to skip,
            sheet) does not hold for a rejected file.
        restoring: Whether rejected files are told from others; False takes them as any file.

    Returns:
        The sources with their ordinals from 0; to be closed, or used in `with`.

    Raises:
        SourceError: A path means no file (`unreadable`), a source is empty or has only a header
            (`empty_file`), has a format that is not read (`unsupported_format`), is damaged
            (`malformed_file`, `encoding_error`), an option does not fit (`invalid_option`), or a row of a rejected
            file does not say whence it came (`malformed_file`).
    """
    if sum(isinstance(one, str) and one == "-" for one in given) > 1:
        raise SourceError("stdin (-) can be read once only; name it once", "invalid_option")
    with ExitStack() as spools:
        opener = _Opener(options, spools, restoring=restoring)
        frames = 0
        for one in given:
            if isinstance(one, str):
                for location in expand(one, spools):
                    opener.add_file(location)
                continue
            frames += 1
            opener.add_frame(one, "frame" if frames == 1 else f"frame-{frames}")
        return Sources(opener.sources, spools.pop_all())


class _Opener:
    """Opens sources one after the other.

    Args:
        options: How to read them.
        spools: Takes away what they need to be read.
        restoring: Whether rejected files are told from others.

    Attributes:
        sources: Those that are open.
    """

    def __init__(self, options: ReadOptions, spools: ExitStack, *, restoring: bool) -> None:
        self._options, self._spools, self._restoring = options, spools, restoring
        self.sources: list[Source] = []

    def add_frame(self, frame: Any, name: str) -> None:
        """Open a frame in memory."""
        source = FrameSource(len(self.sources), frame, self._options, name)
        self._spools.callback(source.close)
        self._add(source)

    def add_file(self, location: Location) -> None:
        """Open a stored file."""
        stored = unpacked(StoredFile(location), self._options, location.member)
        if isinstance(stored, PackedFile):
            self._spools.callback(stored.close)
        with stored.open() as stream:
            head = stream.read_fully(HEAD_BYTES)
            format_ = find_format(head, stored)
            if format_ == "csv" and self._restoring:
                head += stream.read_fully(LOOK_BYTES - HEAD_BYTES)
        if format_ == "csv" and self._restoring:
            told = rejected_text(head, self._options)
            if told is not None:
                self._add(RejectedText(len(self.sources), stored, told))
                return
        open_ = partial(_reader(format_), len(self.sources), stored)
        if self._restoring and format_ in ("xls", "xlsx"):
            self._add(_open_workbook(open_, self._options))
        else:
            self._add(open_(self._options))

    def _add(self, source: Source) -> None:
        if self._restoring and is_rejected(source.headers):
            self.sources += restore(len(self.sources), source, self._options, self._spools)
        else:
            self.sources.append(source)


def _reader(format_: str) -> Callable[[int, Stored, ReadOptions], Source]:
    module, name = _FORMATS[format_]
    reader: Callable[[int, Stored, ReadOptions], Source] = getattr(import_module(module), name)
    return reader


def _open_workbook(open_: Callable[[ReadOptions], Source], options: ReadOptions) -> Source:
    """Open a workbook as it was said; where that may be said of the vendor's, look whether it is a rejected file."""
    source, failure = None, None
    try:
        source = open_(options)
    except SourceError as error:
        failure = error
    told = options.skip_rows or options.columns is not None or options.header is not None
    headless = source is not None and not source.dialect["header"]
    if source is None or ((told or headless) and not is_rejected(source.headers)):
        sheet = None if source is None else options.sheet
        with suppress(SourceError):
            plain = open_(replace(plain_options(options), sheet=sheet, header=True))
            if is_rejected(plain.headers):
                return plain
    if source is None:
        assert failure is not None  # noqa: S101 - one of both is there
        raise failure
    return source
