"""The columns of the outputs, and the keys of run.json."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from reference.markdown import DESCRIPTIONS, escaped, table, title

if TYPE_CHECKING:
    import pyarrow as pa


def output_schemas() -> dict[str, pa.Schema]:
    """Return the columns that each part always has."""
    import pyarrow as pa

    from leadsieve.outputs import ERRORS, lay_out
    from leadsieve_rules.calling.times import SCHEMA
    from leadsieve_rules.columns import ColumnMap

    layout = lay_out([pa.schema([])], [ColumnMap({}, {}, {}, {})], [], SCHEMA)
    return {"accepted": layout.accepted, "rejected": layout.rejected, "errors": ERRORS}


_BESIDE = {
    "accepted": (
        "The rows to load. Behind `phone_number` stand the other fields of the [target system](profiles.md), and your "
        "own columns as they came."
    ),
    "rejected": "The rows that were left out. The source's columns come first, as they came.",
    "errors": "One line for each fault and each warning, of accepted rows too.",
}


def outputs() -> str:
    """The columns of the three parts."""
    lead = (
        "What `leadsieve clean ... --out OUT` publishes: three tables in Parquet or CSV, `summary.json`, which is the "
        "target system's answer, and [`run.json`](run.md). A column of yours that bears one of these names gets "
        "`_source` behind it."
    )
    pages = [title("Outputs", lead)]
    for name, schema in output_schemas().items():
        rows = [(f"`{field.name}`", f"`{field.type}`", DESCRIPTIONS["columns"][field.name]) for field in schema]
        pages += [f"## {name}", "", _BESIDE[name], "", *table(("Column", "Type", "What it holds"), rows), ""]
    return "\n".join(pages)


def run() -> str:
    """The keys of `run.json`, from its JSON Schema."""
    schema = json.loads(files("leadsieve").joinpath("run.schema.json").read_text(encoding="utf-8"))
    lead = "The whole run, in one file. Its JSON Schema stands in the package: `leadsieve/run.schema.json`."
    pages = [title("run.json", lead), *_properties(schema), ""]
    for name, inner in schema["$defs"].items():
        shape = inner.get("items", inner)
        if "properties" in shape:
            pages += [f"## {name}", "", escaped(inner.get("description", "")), "", *_properties(shape), ""]
    return "\n".join(pages)


def _properties(schema: Mapping[str, Any], path: str = "") -> list[str]:
    rows = list(_keys(schema, path))
    return table(("Key", "Type", "What it holds"), rows)


def _keys(schema: Mapping[str, Any], path: str) -> Iterator[tuple[str, str, str]]:
    for name, value in schema.get("properties", {}).items():
        inner = value.get("items", value)
        mark = "[]" if "items" in value else ""
        yield f"`{path}{name}`", _kind(value), escaped(value.get("description", ""))
        yield from _keys(inner, f"{path}{name}{mark}.")


def _kind(value: Mapping[str, Any]) -> str:
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return f"`{name}`" if name in ("count", "counts", "sha256") else f"[`{name}`](#{name})"
    if "items" in value:
        return f"list of {_kind(value['items'])}"
    if "enum" in value:
        return "one of " + ", ".join(f"`{one}`" for one in value["enum"])
    kinds = value.get("type", "any")
    return " or ".join(f"`{kind}`" for kind in ([kinds] if isinstance(kinds, str) else kinds))
