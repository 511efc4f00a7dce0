"""A user's schema on the rows of a chunk: which columns it sees, and its findings in the source's terms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve.text import as_text, is_text
from leadsieve_rules.cells.arrays import int64_array
from leadsieve_rules.columns import ColumnMap
from leadsieve_rules.findings import Finding
from leadsieve_rules.profiles import PHONE
from leadsieve_rules.reasons import REASONS
from leadsieve_rules.schemas import CompiledSchema
from leadsieve_rules.schemas.nulls import blanks_as_nulls, with_nulls

if TYPE_CHECKING:
    from leadsieve.kernel import Verdicts
    from leadsieve_rules.schemas.distinct import Distinct

#: The reasons that say that a row has no acceptable number.
_NO_NUMBER = np.uint64(
    sum(int(reason.bit) for reason in REASONS.values() if reason.group in ("missing_phone", "invalid_phone"))
)


def seen_columns(names: Sequence[str], columns: ColumnMap, fields: Sequence[str]) -> list[str]:
    """Return the columns that rows of a source have for a schema, in the source's order.

    Args:
        names: The source's columns.
        columns: Which of them fill which field.
        fields: The target fields.

    Returns:
        The fields that columns fill, each where its first column stands, and the columns that are no field.
    """
    filled = {source: field for field, taken in columns.columns.items() for source in taken}
    seen = [filled.get(name, name) for name in names if filled.get(name, name) in fields or name not in filled]
    return list(dict.fromkeys(seen))


def schema_table(verdicts: Verdicts, schema: CompiledSchema, columns: ColumnMap) -> tuple[pa.Table, pa.Schema]:
    """Lay out the rows of a chunk as a schema sees them.

    Args:
        verdicts: The chunk, with its fields and numbers judged.
        schema: The schema.
        columns: Which of the source's columns fill which field.

    Returns:
        The fields as trimmed text, acceptable numbers as E.164, and the source's other columns: text as it came, but
        null where it is blank; other types as their values where the schema's dtype is of their kind, else as text.
        Of these the ones that the schema reads; then the layout of all.
    """
    table = verdicts.chunk.table
    names = seen_columns(table.column_names, columns, [PHONE, *verdicts.fields])
    asked = [name for name in schema.schema.columns if name in table.column_names and name not in names]
    own = [name for name in (*names, *asked) if name != PHONE and name not in verdicts.fields]
    kinds = {name: _kind(table, name, schema) for name in own}
    layout = pa.schema([(name, kinds.get(name, pa.string())) for name in (*names, *asked)])
    arrays = {}
    for name in schema.program(layout).reads:
        if name == PHONE:
            arrays[name] = _numbers(verdicts)
        elif name in verdicts.fields:
            arrays[name] = verdicts.fields[name]
        else:
            column = _numbered(table.column(name))
            arrays[name] = blanks_as_nulls(as_text(column)) if kinds[name] == pa.string() else column
    return pa.Table.from_arrays(list(arrays.values()), list(arrays)), layout


def _kind(table: pa.Table, name: str, schema: CompiledSchema) -> pa.DataType:
    kind = table.schema.field(name).type
    return pa.string() if is_text(kind) or not schema.takes_values(name, kind) else kind


def _numbers(verdicts: Verdicts) -> pa.Array:
    """Return the acceptable numbers; what is wrong with the others is said already."""
    return with_nulls(verdicts.phones.e164, (verdicts.causes & _NO_NUMBER) != 0)


def _numbered(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Take NaN for null: frames without another way to leave a number out write it so."""
    if not pa.types.is_floating(column.type) or not pc.any(nan := pc.is_nan(column)).as_py():
        return column
    return pc.if_else(pc.fill_null(nan, False), pa.scalar(None, column.type), column)


def with_schema_findings(verdicts: Verdicts, schema: CompiledSchema, columns: ColumnMap) -> Verdicts:
    """Judge the rows of a chunk by a schema; findings name the source's column and show its cells as they came.

    Args:
        verdicts: The chunk, with all that the profile says of its rows.
        schema: The schema.
        columns: Which of the source's columns fill which field.

    Returns:
        The verdicts with what the schema says, and with the distinct cells of columns where it had to find them.

    Raises:
        InvalidSchema: A check raises, or does not judge each row by itself.
    """
    coded: dict[str, Distinct] = {}
    table, layout = schema_table(verdicts, schema, columns)
    found = schema.findings(table, layout, coded=coded)
    own = verdicts.chunk.table
    same = {
        name: one
        for name, one in coded.items()
        if name in verdicts.fields
        or (name != PHONE and name in own.column_names and is_text(own[name].type) and _as_it_came(own, table, name))
    }
    return replace(verdicts.adding(_placed(found, verdicts, columns)), coded=same)


def _as_it_came(own: pa.Table, seen: pa.Table, name: str) -> bool:
    """Tell whether the cells that a schema sees are the source's: no blank one of these is null there."""
    return bool(own[name].null_count == seen[name].null_count)


def _placed(found: Sequence[Finding], verdicts: Verdicts, columns: ColumnMap) -> Iterator[Finding]:
    table = verdicts.chunk.table
    for finding in found:
        if finding.column == PHONE:
            for placed in verdicts.phone_findings(finding.code, finding.index):
                yield replace(placed, detail=finding.detail, severity=finding.severity, note=finding.note)
            continue
        sources = columns.columns.get(finding.column, ()) if finding.column in verdicts.fields else (finding.column,)
        if len(sources) == 1 and sources[0] in table.column_names:
            cells = as_text(table.column(sources[0])).take(int64_array(finding.index))
            yield _not_said(replace(finding, column=sources[0], values=cells), verdicts)
        else:
            yield _not_said(finding, verdicts)


def _not_said(finding: Finding, verdicts: Verdicts) -> Finding:
    """Leave out what the profile says already: that a required cell is empty."""
    said = [f.index for f in verdicts.findings if (f.code, f.column) == (finding.code, finding.column)]
    if finding.code != "missing_value" or not said:
        return finding
    new = ~np.isin(finding.index, np.concatenate(said))
    values = None if finding.values is None else finding.values.take(int64_array(np.flatnonzero(new)))
    return replace(finding, index=finding.index[new], values=values)
