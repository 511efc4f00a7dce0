"""A user's schema of 8 checks on the lead file: leadsieve beside pandera's own validation with polars and pandas.

Each takes the file in its own frames, made before the clock starts (leadsieve in the Arrow tables that its readers
give, so that what they cost it counts), 100,000 rows at a time, and counts the failures it finds.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.readers import Opener, run_reader

if TYPE_CHECKING:
    import pyarrow as pa

#: What the files are called, and the column whose every cell fails.
VARIANTS = {"5 %": None, "a column": "city"}

_ROWS = 100_000
_CITIES = ["Austin", "Boston", "Chicago", "Denver", "El Paso", "Fresno", "Miami", "Seattle"]
_EMAIL = r"^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$"


def variant_file(source: Path, failing: str | None) -> Path:
    """Return the lead file with every cell of a column failing, made now if it is not kept yet."""
    if failing is None:
        return source
    path = source.with_name(f"{source.stem}-failing-{failing}.csv")
    if not path.exists():
        import polars as pl

        partial = path.with_suffix(".partial")
        pl.read_csv(source, infer_schema=False).with_columns(pl.lit("Nowhere").alias(failing)).write_csv(partial)
        os.replace(partial, path)
    return path


def lead_schema(pandera: Any, short: Callable[[Any], Any], text: Any) -> Any:
    """Write the schema in one of pandera's APIs: two columns that may not be empty, and six checks.

    Args:
        pandera: The module of the API.
        short: Its way to check that a text has 10 bytes at most.
        text: Its dtype of text.
    """
    column, check = pandera.Column, pandera.Check
    return pandera.DataFrameSchema(
        {
            "number": column(text, check.str_length(7, 20)),
            "name": column(text, check.str_length(2, 60)),
            "email": column(text, check.str_matches(_EMAIL), nullable=True),
            "company": column(text, check.str_length(0, 40), nullable=True),
            "city": column(text, check.isin(_CITIES), nullable=True),
            "tag": column(text, check(short, name="short"), nullable=True),
        }
    )


def _polars_schema() -> Any:
    import pandera.polars as pandera
    import polars as pl

    return lead_schema(pandera, lambda data: data.lazyframe.select(pl.col(data.key).str.len_bytes() <= 10), str)


def _tables(path: str) -> list[pa.Table]:
    import pyarrow as pa

    from leadsieve_connectors.sources import ReadOptions, open_sources

    table = pa.concat_tables([chunk.table for chunk in open_sources([path], ReadOptions())[0].chunks()])
    # A run has its own way with a `phone_number` that is not there; here it is a column like any other.
    table = table.rename_columns(["number", *table.column_names[1:]])
    return [table.slice(start, _ROWS).combine_chunks() for start in range(0, table.num_rows, _ROWS)]


def _leadsieve(path: str, _threads: int) -> Callable[[], int]:
    from leadsieve_rules.schemas import load_schema

    tables, own = _tables(path), load_schema(_polars_schema()).compiled
    own.findings(tables[0].slice(0, 1000))  # compiled, as it is before a run's first row
    return lambda: sum(len(finding.index) for table in tables for finding in own.findings(table))


def _failures(schema: Any, frames: Iterable[Any]) -> int:
    from pandera.errors import SchemaErrors

    count = 0
    for frame in frames:
        try:
            schema.validate(frame, lazy=True)
        except SchemaErrors as errors:
            count += len(errors.failure_cases)
    return count


def _polars(path: str, _threads: int) -> Callable[[], int]:
    import polars as pl

    frames, schema = [pl.DataFrame(pl.from_arrow(table)) for table in _tables(path)], _polars_schema()
    return lambda: _failures(schema, frames)


def _pandas(path: str, _threads: int) -> Callable[[], int]:
    import pandas as pd
    import pandera.pandas as pandera

    warnings.simplefilter("ignore")
    frames = [table.to_pandas().astype(object).where(lambda cells: cells.notna(), None) for table in _tables(path)]
    schema = lead_schema(
        pandera, lambda cells: cells.str.encode("utf-8").str.len() <= 10, pd.api.types.pandas_dtype(object)
    )
    return lambda: _failures(schema, frames)


CHECKERS: dict[str, Opener] = {"leadsieve": _leadsieve, "pandera.polars": _polars, "pandera.pandas": _pandas}


if __name__ == "__main__":
    run_reader(CHECKERS)
