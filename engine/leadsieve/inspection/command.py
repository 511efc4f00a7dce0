"""The exact `clean` command, or for a frame the call, that comes after an inspection."""

from __future__ import annotations

import csv
import io
import shlex
from collections.abc import Sequence
from typing import Any

from leadsieve.config import Options

#: The folder of which the command speaks.
OUT = "out"
#: Stands for a region that only the user can name. No region has this code; CC is one.
UNKNOWN = "COUNTRY"


def words_of(options: Options) -> tuple[str, ...]:
    """Return the options of a `clean` command as words, without its sources and where it publishes."""
    words: list[str] = []
    for option, value in _given(options).items():
        if value is not None:
            words += [option, str(value)]
    if options.header is not None:
        words.append("--header" if options.header else "--no-header")
    for column, field in options.map.items():
        words += ["--map", f"{column}={field}"]
    return tuple(words)


def spell(sources: Sequence[Any], options: Options, *, out: str = OUT) -> str:
    """Spell what to run: a command that a shell takes as it is printed, or for a frame a call.

    Args:
        sources: The sources as they were given.
        options: The options.
        out: Where to publish.
    """
    if all(isinstance(source, str) for source in sources):
        return spell_words(sources, words_of(options), out=out)
    return _call(options, out)


def spell_words(sources: Sequence[str], words: Sequence[str], *, out: str = OUT) -> str:
    """Spell a command of options that are words already."""
    # A file whose name begins like an option is named by its folder too.
    paths = [f"./{path}" if path.startswith("-") and path != "-" else path for path in sources]
    return shlex.join(["leadsieve", "clean", *paths, *words, "--out", out])


def _given(options: Options) -> dict[str, Any]:
    return {
        "--profile": options.profile,
        "--region": options.region,
        "--region-column": options.region_column,
        "--encoding": options.encoding,
        "--delimiter": options.delimiter,
        "--columns": _listed(options.columns),
        "--skip-rows": options.skip_rows or None,
        "--records-path": options.records_path,
        "--sheet": options.sheet,
        "--schema": None if options.schema is None else options.schema.given,
    }


def _call(options: Options, out: str) -> str:
    given = {
        "profile": options.profile,
        "region": options.region,
        "region_column": options.region_column,
        "map": dict(options.map) or None,
        "schema": None if options.schema is None else options.schema.given,
        "out": out,
    }
    told = ", ".join(f"{name}={value!r}" for name, value in given.items() if value is not None)
    return f"leadsieve.clean(frame, {told})"


def _listed(columns: Sequence[str] | None) -> str | None:
    """Write names as `--columns` reads them."""
    if columns is None:
        return None
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(columns)
    return line.getvalue()
