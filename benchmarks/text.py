"""Reading a lead file to strings: the text path beside pyarrow, polars and DuckDB, each in a process of its own.

The text path stands there twice: by itself, and with what a run does beside it, which is to find the dialect and to
take the file's hash.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.readers import Opener, run_reader

if TYPE_CHECKING:
    from leadsieve_connectors.sources import Source

VARIANTS = ("plain", "quoted", "lines")
_BATCH_ROWS = 122_880


def variant_file(source: Path, variant: str) -> Path:
    """Return the lead file as it is, with all cells quoted, or with two lines in every fourth company's cell."""
    if variant == "plain":
        return source
    path = source.with_name(f"{source.stem}-{variant}.csv")
    if not path.exists():
        partial = path.with_suffix(".partial")
        with source.open(newline="", encoding="utf-8") as file, partial.open("w", newline="", encoding="utf-8") as out:
            rows = csv.reader(file)
            if variant == "quoted":
                csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(rows)
            else:
                csv.writer(out, lineterminator="\n").writerows(
                    [*row[:3], f"{row[3]}\nSuite {number % 100}", *row[4:]] if number % 4 == 1 else row
                    for number, row in enumerate(rows)
                )
        os.replace(partial, path)
    return path


def _leadsieve(path: str, _threads: int) -> Callable[[], int]:
    """Read by the text path alone: the source is open and its hash is known."""
    source = _opener(path)()
    source.sha256()
    return lambda: _count(source)


def _leadsieve_whole(path: str, _threads: int) -> Callable[[], int]:
    """Read as a run does: find the dialect, and take the hash on the way."""
    opened = _opener(path)
    return lambda: _count(opened())


def _opener(path: str) -> Callable[[], Source]:
    from leadsieve_connectors.sources import ReadOptions, open_sources

    import_module("leadsieve_connectors.sources.text.kernel")  # which loads the compiled code
    return lambda: open_sources([path], ReadOptions())[0]


def _count(source: Source) -> int:
    return sum(chunk.num_rows for chunk in source.chunks())


def _pyarrow(path: str, threads: int) -> Callable[[], int]:
    import pyarrow as pa
    import pyarrow.csv as pcsv

    pa.set_cpu_count(threads)
    with open(path, newline="", encoding="utf-8") as file:
        columns = next(csv.reader(file))
    options = {
        "read_options": pcsv.ReadOptions(use_threads=threads > 1),
        "parse_options": pcsv.ParseOptions(newlines_in_values=path.endswith("-lines.csv")),
        "convert_options": pcsv.ConvertOptions(column_types=dict.fromkeys(columns, pa.string())),
    }
    return lambda: sum(batch.num_rows for batch in pcsv.open_csv(path, **options))


def _polars(path: str, _threads: int) -> Callable[[], int]:
    import polars as pl

    return lambda: sum(batch.height for batch in pl.scan_csv(path, infer_schema=False).collect_batches())


def _duckdb(path: str, threads: int) -> Callable[[], int]:
    import duckdb

    connection = duckdb.connect(config={"threads": threads})

    def read() -> int:
        csv = connection.read_csv(path, all_varchar=True, header=True, delimiter=",", quotechar='"', escapechar='"')
        return sum(batch.num_rows for batch in csv.to_arrow_reader(_BATCH_ROWS))

    return read


READERS: dict[str, Opener] = {
    "leadsieve": _leadsieve,
    "with hash": _leadsieve_whole,
    "pyarrow": _pyarrow,
    "polars": _polars,
    "duckdb": _duckdb,
}


if __name__ == "__main__":
    run_reader(READERS)
