"""Which published files hold a number, in whatever column and spelling: what a person's deletion must reach."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from leadsieve import publish
from leadsieve.text import as_text
from leadsieve_connectors.exceptions import SinkError
from leadsieve_connectors.sinks import read_back, stored_schema

#: The columns of what is found. `rows` is null where a file could not be looked into; `note` says why.
HOLDINGS = pa.schema(
    [
        ("run_id", pa.string()),
        ("path", pa.string()),
        ("rows", pa.int64()),
        ("first_rows", pa.string()),
        ("note", pa.string()),
    ]
)

#: How many rows of a file are named.
_NAMED = 5


def find_holdings(published: Sequence[tuple[str, str]], national_number: str) -> pa.Table:
    """Search published outputs for a number.

    A cell holds it where its digits hold the national number, however it is written and whatever stands around it,
    so that no spelling is missed; a longer number with the same digits in it is found too.

    Args:
        published: Id and OUT of each run.
        national_number: Its digits without the country code.

    Returns:
        One row a file that holds the number, or that could not be looked into, in the schema `HOLDINGS`.
    """
    found = [one for run_id, out in published for one in _search(run_id, out, national_number)]
    return pa.Table.from_pylist(found, HOLDINGS)


def _search(run_id: str, out: str, digits: str) -> Iterator[dict[str, Any]]:
    info = publish.read_run(Path(out))
    if "://" in out or info is None or info["run_id"] != run_id:
        what = "it is remote and was not looked into" if "://" in out else "the run's outputs are not there any more"
        yield {"run_id": run_id, "path": out, "note": f"{what}; search its copies yourself"}
        return
    for entry in info["files"]:
        path = Path(out) / entry["name"]
        if path.suffix == ".json":
            continue
        try:
            count, first = _rows_with(path, digits)
        except SinkError as exc:
            yield {"run_id": run_id, "path": str(path), "note": exc.message}
            continue
        if count:
            rows = ", ".join(f"{row['lead_file']} row {row['lead_row']}" for row in first)
            yield {"run_id": run_id, "path": str(path), "rows": count, "first_rows": rows}


def _rows_with(path: Path, digits: str) -> tuple[int, list[Mapping[str, Any]]]:
    """Count the rows of an output that hold the digits in any cell, and name the first."""
    schema = stored_schema(path)
    names = [name for name in schema.names if name not in ("lead_row", "lead_line")]
    count: int = 0
    first: list[Mapping[str, Any]] = []
    for batch in read_back(path, schema, schema.names):
        hits = batch.filter(reduce(pc.or_, (_holds(batch.column(name), digits) for name in names)))
        count += hits.num_rows
        first += hits.select(["lead_file", "lead_row"]).slice(0, _NAMED - len(first)).to_pylist()
    return count, first


def _holds(column: pa.Array, digits: str) -> pa.Array:
    """Tell for each cell whether its digits, of whatever script, hold these."""
    text = as_text(column)
    others = pc.replace_substring_regex(text, "[0-9]", "")
    foreign = pc.fill_null(pc.match_substring_regex(others, r"\p{Nd}"), False)
    if pc.any(foreign).as_py():
        plain = [_in_ascii(cell) for cell in text.filter(foreign).to_pylist()]
        text = pc.replace_with_mask(text, foreign, pa.array(plain, pa.string()))
    cells = pc.replace_substring_regex(text, "[^0-9]", "")
    return pc.fill_null(pc.match_substring(cells, digits), False)


def _in_ascii(text: str) -> str:
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
