"""Which published files hold a number, in whatever column and spelling: what a person's deletion must reach."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, reduce
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from leadsieve import publish
from leadsieve.text import as_text
from leadsieve_connectors.exceptions import SinkError
from leadsieve_connectors.sinks import read_back, stored_schema

#: The columns of what is found. `rows` is how many rows hold it, and in JSON in how many places it stands; null where a
#: file could not be looked into; `note` says why.
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
#: What may stand between two digits of one JSON string, or of one number, once the escapes are out: they are of
#: characters that are no digits, and hold digits themselves.
_BETWEEN = '[^\\d"]*'
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|.)")
#: The last quotation mark of a piece of JSON, behind which it may be cut; escaped ones end no string.
_LAST_QUOTE = re.compile(r'.*(?<!\\)"', re.DOTALL)
_PIECE = 1 << 20


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
    for name in [*(entry["name"] for entry in info["files"]), publish.RUN_FILE]:
        path = Path(out) / name
        try:
            count, first = _LOOKS.get(path.suffix, _rows_with)(path, digits)
        except (SinkError, OSError) as exc:
            note = exc.message if isinstance(exc, SinkError) else f"{path}: cannot be read: {exc.strerror}"
            yield {"run_id": run_id, "path": str(path), "note": note}
            continue
        if count:
            yield {"run_id": run_id, "path": str(path), "rows": count, "first_rows": ", ".join(first) or None}


def _rows_with(path: Path, digits: str) -> tuple[int, list[str]]:
    """Count the rows of an output that hold the digits in any cell, and name the first."""
    schema = stored_schema(path)
    names = [name for name in schema.names if name not in ("lead_row", "lead_line")]
    has_origin = {"lead_file", "lead_row"} <= set(schema.names)  # which the requests of a CSV system have not
    count = before = 0
    first: list[str] = []
    for batch in read_back(path, schema, schema.names):
        held = reduce(pc.or_, (_holds(batch.column(name), digits) for name in names))
        at = pc.indices_nonzero(held)
        count += len(at)
        found = at.slice(0, _NAMED - len(first))
        if has_origin:
            origins = batch.select(["lead_file", "lead_row"]).take(found).to_pylist()
            first += [f"{row['lead_file']} row {row['lead_row']}" for row in origins]
        else:
            first += [f"row {before + place + 1}" for place in found.to_pylist()]
        before += batch.num_rows
    return count, first


def _cells_with(path: Path, digits: str) -> tuple[int, list[str]]:
    """Count the rows of a workbook of rejected rows that hold the digits in any cell or comment, and name the first.

    Rows are numbered as in the sheet, where the header is the first.
    """
    from leadsieve_connectors.sinks.workbook_texts import read_texts

    found: set[int] = set()
    for rows, texts in read_texts(path):
        held = _holds(pa.array(texts, pa.string()), digits)
        found.update(rows[at] for at in pc.indices_nonzero(held).to_pylist())
    return len(found), [f"row {row}" for row in sorted(found)[:_NAMED]]


def _places_with(path: Path, digits: str) -> tuple[int, list[str]]:
    """Count where in a JSON file the digits stand, in one string or number; it is read piece by piece."""
    spelt = (f"[{_spellings()[int(digit)]}]" for digit in digits)
    pattern, count, rest = re.compile(_BETWEEN.join(spelt)), 0, ""
    with path.open(encoding="utf-8", errors="replace") as file:
        while piece := file.read(_PIECE):
            rest += piece
            whole = _LAST_QUOTE.match(rest)
            if whole is not None:
                count += len(pattern.findall(_ESCAPE.sub("", whole[0])))
                rest = rest[whole.end() :]
    return count + len(pattern.findall(_ESCAPE.sub("", rest))), []


#: How files are looked into that are no tables, by the end of their names.
_LOOKS: Mapping[str, Callable[[Path, str], tuple[int, list[str]]]] = {".json": _places_with, ".xlsx": _cells_with}


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


@cache
def _spellings() -> list[str]:
    """Return for each digit its characters, of whatever script."""
    every = [chr(code) for code in range(sys.maxunicode + 1) if chr(code).isdecimal()]
    return ["".join(c for c in every if unicodedata.decimal(c) == digit) for digit in range(10)]


def _in_ascii(text: str) -> str:
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
