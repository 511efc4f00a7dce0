"""Sources: files of every format that leadsieve reads, behind one protocol (`base.Source`)."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.base import ReadOptions, Source
from leadsieve_connectors.sources.formats import HEAD_BYTES, find_format
from leadsieve_connectors.sources.json import JsonSource
from leadsieve_connectors.sources.parquet import ParquetSource
from leadsieve_connectors.sources.paths import expand
from leadsieve_connectors.sources.storage import Location, StoredFile
from leadsieve_connectors.sources.text.source import CsvSource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

__all__ = ["ReadOptions", "Source", "Sources", "open_sources"]

_FORMATS: dict[str, Callable[[int, StoredFile, ReadOptions], Source]] = {
    "csv": CsvSource,
    "json": JsonSource,
    "parquet": ParquetSource,
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


def open_sources(paths: Sequence[str], options: ReadOptions) -> Sources:
    """Open the sources that the paths mean, each with its columns known and at least one row seen.

    Args:
        paths: Files, directories, globs, fsspec URLs, and `-` for stdin (once). A path that exists is taken
            as itself before it is taken as a glob; the files of one path come in the order of their names.
        options: How to read them.

    Returns:
        The sources with their ordinals from 0; to be closed, or used in `with`.

    Raises:
        SourceError: A path means no file (`unreadable`), a source is empty or has only a header
            (`empty_file`), has a format that is not read (`unsupported_format`), is damaged
            (`malformed_file`, `encoding_error`), or an option does not fit (`invalid_option`).
    """
    if paths.count("-") > 1:
        raise SourceError("stdin (-) can be read once only; name it once", "invalid_option")
    with ExitStack() as spools:
        locations = [location for path in paths for location in expand(path, spools)]
        sources = [_open(file, location, options) for file, location in enumerate(locations)]
        return Sources(sources, spools.pop_all())


def _open(file: int, location: Location, options: ReadOptions) -> Source:
    stored = StoredFile(location)
    with stored.open() as stream:
        head = stream.read_fully(HEAD_BYTES)
    return _FORMATS[find_format(head, stored.name)](file, stored, options)
