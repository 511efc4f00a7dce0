"""The sources of an inspection, each opened by itself: every sheet, file or array where nobody said which is meant."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from leadsieve.config import Options
from leadsieve.prepare import read_options
from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources import Source, open_sources
from leadsieve_connectors.sources.contents import Content, find_contents
from leadsieve_connectors.sources.paths import expand

#: Of what a file holds no more than so many are inspected.
_MOST = 10
_SEVERAL = frozenset(("ambiguous_sheet", "ambiguous_archive", "ambiguous_records"))


@dataclass(frozen=True, slots=True)
class Opened:
    """One source, opened.

    Attributes:
        source: The source.
        options: The options under which it was opened; `sources` is what was given of it alone.
        contents: The sheets, files or arrays beside which it stands in its file; empty where it stands alone.
    """

    source: Source
    options: Options
    contents: tuple[Content, ...]


def open_each(options: Options, stack: ExitStack) -> Iterator[Opened]:
    """Open every source by itself, in order.

    Args:
        options: The sources, and how to read them.
        stack: Closes them.

    Raises:
        ConnectorError: A source cannot be opened.
    """
    given = [one for one in options.sources if not isinstance(one, str)]
    # Together, since a frame's name says which of several it is.
    frames = stack.enter_context(open_sources(given, read_options(options))) if given else []
    one_each = len(frames) == len(given)
    for one in options.sources:
        if isinstance(one, str):
            for path in _paths(one):
                yield from _open(replace(options, sources=(path,)), stack, ())
        elif one_each:
            yield Opened(frames.pop(0), replace(options, sources=(one,)), ())
        else:
            # A frame of rejected rows is a source for each file that they came from.
            while frames:
                yield Opened(frames.pop(0), replace(options, sources=tuple(given)), ())


def _paths(given: str) -> list[str]:
    """Return the files of a local folder or glob, and anything else as it is."""
    path = Path(given)
    try:
        several = path.is_dir() or (not path.exists() and "://" not in given and glob.has_magic(given))
    except (OSError, ValueError):
        several = False
    if not several:
        return [given]
    with ExitStack() as spools:
        return [one.name if Path(one.name).exists() else one.path for one in expand(given, spools)]


def _open(options: Options, stack: ExitStack, contents: tuple[Content, ...]) -> Iterator[Opened]:
    reading = read_options(options)
    try:
        sources = stack.enter_context(open_sources(options.sources, reading))
    except SourceError as exc:
        path = options.sources[0]
        if exc.code not in _SEVERAL or path == "-":
            raise
        yield from _open_several(options, stack, find_contents(path, reading), exc)
        return
    for source in sources:
        yield Opened(source, options, contents or _beside(source, options))


def _open_several(
    options: Options, stack: ExitStack, contents: tuple[Content, ...], failure: SourceError
) -> Iterator[Opened]:
    """Open all that a file holds and that can be read; where nothing can, what failed first is the reason."""
    opened = 0
    for content in contents[:_MOST]:
        try:
            found = list(_open(replace(options, **_told(content, options)), stack, contents))
        except SourceError:
            continue
        opened += len(found)
        yield from found
    if not opened:
        raise failure


def _told(content: Content, options: Options) -> dict[str, Any]:
    """Return the options that name one of what a file holds."""
    if content.kind == "file":
        return {"sources": (f"{options.sources[0]}!{content.name}",)}
    return {"sheet": content.name} if content.kind == "sheet" else {"records_path": content.name}


def _beside(source: Source, options: Options) -> tuple[Content, ...]:
    """Return the sheets of the workbook that a sheet was taken from, where there are others."""
    if len(source.dialect.get("sheets") or ()) < 2 or options.sources[0] == "-":
        return ()
    return find_contents(options.sources[0], read_options(options))
