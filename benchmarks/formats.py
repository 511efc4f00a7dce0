"""Reading the lead file in each format to strings: leadsieve beside pandas and polars, each in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from benchmarks.readers import Opener, run_reader

#: The formats, and how many rows of the lead file are read in each: workbooks take far longer than the others.
FORMATS = {"csv": 1.0, "csv.gz": 1.0, "csv.zst": 1.0, "jsonl": 0.2, "parquet": 1.0, "xlsx": 0.1}


def format_file(source: Path, ending: str) -> Path:
    """Return the lead file in another format, made now if it is not kept yet."""
    path = source.with_suffix(f".{ending}")
    if not path.exists():
        partial = path.with_name(f".partial-{path.name}")
        _WRITERS[ending](source, partial)
        os.replace(partial, path)
    return path


def _write_packed(source: Path, path: Path) -> None:
    import shutil

    import pyarrow as pa

    packing = "gzip" if path.name.endswith(".gz") else "zstd"
    with source.open("rb") as file, pa.output_stream(path, compression=packing) as out:
        shutil.copyfileobj(file, out, 1 << 20)


def _write_jsonl(source: Path, path: Path) -> None:
    import polars as pl

    pl.read_csv(source, infer_schema=False).write_ndjson(path)


def _write_parquet(source: Path, path: Path) -> None:
    import polars as pl

    pl.read_csv(source, infer_schema=False).write_parquet(path)


def _write_xlsx(source: Path, path: Path) -> None:
    import csv

    import openpyxl

    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Leads")
    with source.open(newline="", encoding="utf-8") as file:
        for row in csv.reader(file):
            sheet.append(row)
    book.save(path)


_WRITERS: dict[str, Callable[[Path, Path], None]] = {
    "csv": lambda source, path: path.hardlink_to(source),
    "csv.gz": _write_packed,
    "csv.zst": _write_packed,
    "jsonl": _write_jsonl,
    "parquet": _write_parquet,
    "xlsx": _write_xlsx,
}


def _leadsieve(path: str, _threads: int) -> Callable[[], int]:
    from leadsieve_connectors.sources import ReadOptions, open_sources

    import_module("leadsieve_connectors.sources.text.kernel")  # which loads the compiled code
    return lambda: sum(chunk.num_rows for chunk in open_sources([path], ReadOptions())[0].chunks())


def _pandas(path: str, _threads: int) -> Callable[[], int]:
    import pandas as pd

    def read() -> int:
        if path.endswith(".jsonl"):
            return len(pd.read_json(path, lines=True, dtype=False))
        if path.endswith(".parquet"):
            return len(pd.read_parquet(path))
        if path.endswith(".xlsx"):
            return len(pd.read_excel(path, dtype=str, engine="calamine"))
        return len(pd.read_csv(path, dtype=str))

    return read


def _polars(path: str, _threads: int) -> Callable[[], int]:
    import polars as pl

    def read() -> int:
        if path.endswith(".jsonl"):
            return pl.read_ndjson(path).height
        if path.endswith(".parquet"):
            return pl.read_parquet(path).height
        return pl.read_csv(path, infer_schema=False).height

    return read


READERS: dict[str, Opener] = {"leadsieve": _leadsieve, "pandas": _pandas, "polars": _polars}

#: What would need a package that the project does not install.
MISSING = {"csv.zst": "pandas", "xlsx": "polars"}


if __name__ == "__main__":
    run_reader(READERS)
