"""Sources: files of every format that leadsieve reads, behind one protocol (`base.Source`)."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.arrow import ArrowSource
from leadsieve_connectors.sources.base import ReadOptions, Source
from leadsieve_connectors.sources.excel import ExcelSource
from leadsieve_connectors.sources.formats import HEAD_BYTES, find_format
from leadsieve_connectors.sources.frames import FrameSource, is_frame
from leadsieve_connectors.sources.json import JsonSource
from leadsieve_connectors.sources.packed import PackedFile, unpacked
from leadsieve_connectors.sources.parquet import ParquetSource
from leadsieve_connectors.sources.paths import expand
from leadsieve_connectors.sources.storage import Location, StoredFile
from leadsieve_connectors.sources.text.source import CsvSource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from leadsieve_connectors.sources.stored import Stored

__all__ = ["ReadOptions", "Source", "Sources", "is_frame", "open_sources"]

_FORMATS: dict[str, Callable[[int, Stored, ReadOptions], Source]] = {
    "arrow": ArrowSource,
    "csv": CsvSource,
    "json": JsonSource,
    "parquet": ParquetSource,
    "xls": ExcelSource,
    "xlsx": ExcelSource,
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


def open_sources(given: Sequence[Any], options: ReadOptions) -> Sources:
    """Open sources, each with its columns known and at least one row seen.

    Args:
        given: Frames in memory, and paths as strings: files, directories, globs, fsspec URLs, `a.zip!member`, and `-`
            for stdin (once). A path that exists is taken as itself before it is taken as a glob; the files of one path
            come in the order of their names.
        options: How to read them.

    Returns:
        The sources with their ordinals from 0; to be closed, or used in `with`.

    Raises:
        SourceError: A path means no file (`unreadable`), a source is empty or has only a header
            (`empty_file`), has a format that is not read (`unsupported_format`), is damaged
            (`malformed_file`, `encoding_error`), or an option does not fit (`invalid_option`).
    """
    if sum(isinstance(one, str) and one == "-" for one in given) > 1:
        raise SourceError("stdin (-) can be read once only; name it once", "invalid_option")
    with ExitStack() as spools:
        sources: list[Source] = []
        frames = 0
        for one in given:
            if isinstance(one, str):
                for location in expand(one, spools):
                    sources.append(_open(len(sources), location, options, spools))
                continue
            frames += 1
            frame = FrameSource(len(sources), one, options, "frame" if frames == 1 else f"frame-{frames}")
            spools.callback(frame.close)
            sources.append(frame)
        return Sources(sources, spools.pop_all())


def _open(file: int, location: Location, options: ReadOptions, spools: ExitStack) -> Source:
    stored = unpacked(StoredFile(location), options, location.member)
    if isinstance(stored, PackedFile):
        spools.callback(stored.close)
    with stored.open() as stream:
        head = stream.read_fully(HEAD_BYTES)
    return _FORMATS[find_format(head, stored)](file, stored, options)
