"""The three outputs as tables: columns fixed before the first row, and each chunk's verdicts laid out in them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve.kernel import Verdicts, fault_reason, rejects
from leadsieve.text import as_text
from leadsieve_rules.cells.arrays import int64_array
from leadsieve_rules.cells.columns import Rows, use_kernel
from leadsieve_rules.columns import COUNTRY_CODE, ColumnMap
from leadsieve_rules.findings import Finding
from leadsieve_rules.phone.phones import number_types, regions
from leadsieve_rules.profiles import PHONE
from leadsieve_rules.reasons import REASONS, message
from leadsieve_rules.schemas.distinct import Distinct, distinct

if TYPE_CHECKING:
    from leadsieve_rules.calling import CallTimes

# What every row has is declared so: a file then keeps no bit for each row that says whether it is there.
_PLACE = (pa.field("lead_file", pa.string(), nullable=False), pa.field("lead_row", pa.int64(), nullable=False))
_ORIGIN = (pa.field("lead_region", pa.string()), pa.field("lead_number_type", pa.string()), *_PLACE)
_REJECTED = (
    *_PLACE,
    pa.field("lead_line", pa.int64()),
    pa.field("lead_raw", pa.string()),
    pa.field("reject_reason", pa.string(), nullable=False),
    pa.field("reject_reasons", pa.string(), nullable=False),
)
ERRORS = pa.schema(
    [
        *_PLACE,
        ("lead_line", pa.int64()),
        ("column", pa.string()),
        pa.field("severity", pa.string(), nullable=False),
        pa.field("code", pa.string(), nullable=False),
        ("detail", pa.string()),
        ("message", pa.string()),
        ("value", pa.string()),
        ("collides_with", pa.string()),
    ]
)
#: Reasons in the order of their bits, for turning a mask into codes.
_CODES = tuple(REASONS)


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns of a run's outputs.

    Attributes:
        accepted: `phone_number`, the profile's other fields, the custom columns, `lead_region`, `lead_number_type`,
            `lead_file`, `lead_row`; then what was asked for on top.
        rejected: The sources' columns, `lead_file`, `lead_row`, `lead_line`, `lead_raw`, `reject_reason`,
            `reject_reasons`.
        fields: The profile's fields beside the phone, in order.
        custom: For each source, which of its columns fills which custom column of `accepted`.
        verbatim: For each source, which of its columns fills which column of `rejected`.
    """

    accepted: pa.Schema
    rejected: pa.Schema
    fields: tuple[str, ...]
    custom: tuple[Mapping[str, str], ...]
    verbatim: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class Parts:
    """One chunk's rows in the schemas of the three outputs, in row order; columns may be dictionary-encoded.

    Attributes:
        accepted: Rows of the accepted output.
        rejected: Rows of the rejected output.
        errors: Rows of the errors output.
        zones: How many accepted rows have which set of time zones, by its place in `ZONE_SETS`; empty where nothing
            asks for it.
    """

    accepted: pa.Table
    rejected: pa.Table
    errors: pa.Table
    zones: Mapping[int, int]


def lay_out(
    schemas: Sequence[pa.Schema],
    maps: Sequence[ColumnMap],
    fields: Iterable[str],
    more: Iterable[pa.Field] = (),
    foreign: Sequence[Collection[str]] = (),
) -> Layout:
    """Fix the outputs' columns before the first row: the union of the sources' headers in order of first sight.

    Args:
        schemas: The sources' columns under their unique names.
        maps: The sources' column maps.
        fields: The profile's fields, in order.
        more: Columns of the engine's that the accepted output has on top.
        foreign: For each source, columns of it that are no custom columns; nothing where all are its own.

    Returns:
        The layout. Where two sources give a column different types, it is a string.
    """
    others = tuple(f for f in fields if f != PHONE)
    added = tuple(more)
    engine = (PHONE, *others, *(field.name for field in (*_ORIGIN, *added)))
    unmapped = []
    for schema, columns, others_own in zip(schemas, maps, foreign or [()] * len(schemas), strict=True):
        # A country code only helps to read the number, so its column stays among the others.
        mapped = {name for field, names in columns.columns.items() if field != COUNTRY_CODE for name in names}
        unmapped.append([field for field in schema if field.name not in mapped and field.name not in others_own])
    # A column whose name is taken in one output is renamed in both, so that it can be followed from one to the other.
    ours = {field.name for field in (*_ORIGIN, *_REJECTED, *added)}
    custom_types, custom = _union(unmapped, ours | set(engine))
    verbatim_types, verbatim = _union([list(schema) for schema in schemas], ours)
    text = [pa.field(PHONE, pa.string(), nullable=False), *((name, pa.string()) for name in others)]
    return Layout(
        pa.schema([*text, *custom_types.items(), *_ORIGIN, *added]),
        pa.schema([*verbatim_types.items(), *_REJECTED]),
        others,
        custom,
        verbatim,
    )


def _union(
    sources: Sequence[Sequence[pa.Field]], taken: set[str]
) -> tuple[dict[str, pa.DataType], tuple[Mapping[str, str], ...]]:
    """Name and type the union of the sources' columns, clear of the engine's own names."""
    names = {field.name for fields in sources for field in fields}
    types: dict[str, pa.DataType] = {}
    renames: dict[str, str] = {}
    for fields in sources:
        for field in fields:
            if field.name not in renames:
                renames[field.name] = _clear_of(field.name, taken, names)
            name = renames[field.name]
            kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
            if isinstance(kind, pa.BaseExtensionType):
                kind = pa.string()  # such as a UUID, which neither CSV nor every reader of Parquet knows
            types[name] = _common(types.get(name, kind), kind)
    return types, tuple({renames[f.name]: f.name for f in fields} for fields in sources)


def _common(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    """Return the type that holds the values of both as they are: text where no other does."""
    if one == other or pa.types.is_null(other):
        return one
    if pa.types.is_null(one):
        return other
    if pa.types.is_signed_integer(one) and pa.types.is_signed_integer(other):
        return one if one.bit_width > other.bit_width else other
    return pa.string()


def _clear_of(name: str, taken: set[str], names: set[str]) -> str:
    if name not in taken:
        return name
    free, count = f"{name}_source", 1
    while free in taken or free in names:
        count += 1
        free = f"{name}_source_{count}"
    return free


def assemble(verdicts: Verdicts, layout: Layout, times: CallTimes | None = None) -> Parts:
    """Lay a chunk's verdicts out as rows of the three outputs; pure.

    Args:
        verdicts: What is known about the chunk's rows.
        layout: The outputs' columns.
        times: When numbers may be called; None where nothing asks for it.
    """
    accepted = np.flatnonzero(verdicts.causes == 0)
    rejected = np.flatnonzero(verdicts.causes)
    facts = verdicts.phones.facts[accepted]
    called: Mapping[str, pa.Array] = {}
    zones: Mapping[int, int] = {}
    if times is not None:
        called, zones = times.columns(facts, verdicts.phones.keys[accepted])
    ours = {"lead_region": regions(facts), "lead_number_type": number_types(facts), **called}
    known: dict[str, Distinct] = {}
    return Parts(
        _accepted(verdicts, layout, Rows(accepted), ours, known),
        _rejected(verdicts, layout, Rows(rejected), known),
        _errors(verdicts),
        zones,
    )


def _accepted(
    verdicts: Verdicts, layout: Layout, rows: Rows, ours: Mapping[str, pa.Array], known: dict[str, Distinct]
) -> pa.Table:
    """Lay out the accepted rows.

    Args:
        verdicts: What is known about the chunk's rows.
        layout: The outputs' columns.
        rows: The accepted rows.
        ours: Columns of theirs that the engine makes.
        known: Receives the distinct cells of the source's columns that have few, by their names.
    """
    chunk, count = verdicts.chunk, len(rows.index)
    custom = layout.custom[chunk.file]
    filled = {PHONE: verdicts.phones.e164, **verdicts.fields}
    columns = []
    for field in layout.accepted:
        if field.name == "lead_file":
            columns.append(_repeated(chunk.name, count))
        elif field.name == "lead_row":
            columns.append(_numbers(chunk.rows, rows.index))
        elif field.name in ours:
            columns.append(ours[field.name])
        elif field.name in filled and field.name not in custom:
            column = filled[field.name]
            columns.append(_encoded(column, rows, _distinct(column, rows, verdicts.coded.get(field.name))))
        elif field.name in custom:
            source = custom[field.name]
            column = _typed(chunk.table.column(source), field.type)
            few = _distinct(column, rows, None if source in verdicts.fields else verdicts.coded.get(source))
            if few is not None:
                known[source] = few
            columns.append(_encoded(column, rows, few))
        else:
            columns.append(pa.nulls(count, field.type))
    # Encoded columns are not spelt out: what says one of a few things in each row costs a code a row.
    return pa.Table.from_arrays(columns, names=layout.accepted.names)


def _rejected(verdicts: Verdicts, layout: Layout, good: Rows, known: Mapping[str, Distinct]) -> pa.Table:
    """Lay out the rejected rows, of which `good` could be read; for `known` see `_accepted`."""
    chunk, index = verdicts.chunk, good.index
    bad = chunk.bad
    rows = pa.concat_arrays([_numbers(chunk.rows, index), _flat(bad.column("row"))])
    causes = np.concatenate([verdicts.causes[index], verdicts.bad_causes])
    first, every = _reasons(causes)
    engine = {
        "lead_file": _repeated(chunk.name, len(rows)),
        "lead_row": rows,
        "lead_line": pa.concat_arrays([_numbers(chunk.lines, index), _flat(bad.column("line"))]),
        "lead_raw": pa.concat_arrays([pa.nulls(len(index), pa.string()), _flat(bad.column("raw"))]),
        "reject_reason": first,
        "reject_reasons": every,
    }
    verbatim = layout.verbatim[chunk.file]
    columns = []
    for field in layout.rejected:
        if field.name in engine:
            columns.append(engine[field.name])
        elif field.name in verbatim:
            source = verbatim[field.name]
            column = _typed(chunk.table.column(source), field.type)
            few = known.get(source) if column.type == pa.string() and not bad.num_rows else None
            cells = _encoded(column, good, few)
            columns.append(pa.concat_arrays([cells, pa.nulls(bad.num_rows, field.type)]) if bad.num_rows else cells)
        else:
            columns.append(pa.nulls(len(rows), field.type))
    table = pa.Table.from_arrays(columns, names=layout.rejected.names)
    if not bad.num_rows:
        return table
    return table.take(pa.array(np.argsort(rows.to_numpy(), kind="stable")))


def _reasons(causes: npt.NDArray[np.uint64]) -> tuple[pa.Array, pa.Array]:
    """Spell out each mask of causes: the first code, and all of them."""
    masks, inverse = np.unique(causes, return_inverse=True)
    spelt = [[code for code in _CODES if int(mask) & int(REASONS[code].bit)] for mask in masks]
    return _coded([codes[0] for codes in spelt], inverse), _coded([";".join(codes) for codes in spelt], inverse)


@dataclass(frozen=True, slots=True)
class _Lines:
    """Lines of the errors output that say the same of several rows.

    Attributes:
        rows: Their row numbers.
        lines: Their physical lines.
        said: What all of them have in their columns.
        values: What each has as its value; None is null.
        collides: What each collides with; None is null.
        told: The message of each; None where all have the one of `said`.
    """

    rows: pa.Array
    lines: pa.Array
    said: Mapping[str, str | None]
    values: pa.Array | None = None
    collides: pa.Array | None = None
    told: pa.Array | None = None


def _errors(verdicts: Verdicts) -> pa.Table:
    """List every fault and warning of the chunk, by row and then in the order of the reasons table."""
    faults = dict.fromkeys(verdicts.chunk.bad.column("fault").to_pylist())
    pieces = [_bad_lines(verdicts, fault) for fault in faults]
    pieces += [_finding_lines(verdicts, finding) for finding in verdicts.findings]
    if not pieces:
        return ERRORS.empty_table()
    rows = pa.concat_arrays([piece.rows for piece in pieces])
    order = np.argsort(rows.to_numpy(), kind="stable")
    # Which piece each line is of: what all lines of a piece say costs a code a line, and no text.
    piece_of = np.repeat(np.arange(len(pieces)), [len(piece.rows) for piece in pieces])[order]
    pick = int64_array(order)
    columns = {
        "lead_file": _repeated(verdicts.chunk.name, len(rows)),
        "lead_row": _numbers(rows, order),
        "lead_line": _numbers(pa.concat_arrays([piece.lines for piece in pieces]), order),
        "value": pa.concat_arrays([_texts(piece.values, piece) for piece in pieces]).take(pick),
        "collides_with": pa.concat_arrays([_texts(piece.collides, piece) for piece in pieces]).take(pick),
    }
    for name in pieces[0].said:
        columns[name] = _coded([piece.said[name] for piece in pieces], piece_of)
    if any(piece.told is not None for piece in pieces):
        told = [_constant(p.said["message"], len(p.rows)) if p.told is None else p.told for p in pieces]
        columns["message"] = pa.concat_arrays(told).take(pick)
    return pa.Table.from_arrays([columns[name] for name in ERRORS.names], names=ERRORS.names)


def _bad_lines(verdicts: Verdicts, fault: str) -> _Lines:
    bad, (code, detail) = verdicts.chunk.bad, fault_reason(fault)
    rows = bad.filter(pa.array([other == fault for other in bad.column("fault").to_pylist()]))
    said = _saying(None, "reject", code, detail, message(code, detail))
    return _Lines(_flat(rows.column("row")), _flat(rows.column("line")), said, values=_flat(rows.column("raw")))


def _finding_lines(verdicts: Verdicts, finding: Finding) -> _Lines:
    told = message(finding.code, finding.detail)
    if finding.note is not None:
        told = f"{told}: {finding.note}"
    each = None
    if finding.after is not None:
        each = _said(f"{told}: read as ", finding.after)
    elif finding.perhaps is not None:
        each = _said(f"{told}: perhaps ", finding.perhaps)
    severity = "reject" if rejects(finding) else "warn"
    return _Lines(
        _numbers(verdicts.chunk.rows, finding.index),
        _numbers(verdicts.chunk.lines, finding.index),
        _saying(finding.column, severity, finding.code, finding.detail, told),
        values=finding.values,
        collides=finding.collides,
        told=each,
    )


def _saying(column: str | None, severity: str, code: str, detail: str | None, told: str) -> dict[str, str | None]:
    return {"column": column, "severity": severity, "code": code, "detail": detail, "message": told}


def _texts(texts: pa.Array | None, piece: _Lines) -> pa.Array:
    return pa.nulls(len(piece.rows), pa.string()) if texts is None else _flat(texts)


def _said(told: str, after: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(pa.scalar(told), after, "")


def _constant(value: str | None, count: int) -> pa.Array:
    return pa.nulls(count, pa.string()) if value is None else pa.repeat(pa.scalar(value, pa.string()), count)


def _rows(column: pa.Array, rows: Rows) -> pa.Array:
    """Return some rows of a column, in increasing order; the column itself where these are all."""
    if len(rows.index) == len(column):
        return column
    return rows.of(column) if column.type == pa.string() else column.take(int64_array(rows.index))


def _distinct(column: pa.Array, rows: Rows, known: Distinct | None) -> Distinct | None:
    """Find the distinct cells of a column of text, unless they are known; None where they are many or not worth it."""
    if column.type != pa.string() or not use_kernel(len(rows.index)):
        return None
    return distinct(column) if known is None else known


def _encoded(column: pa.Array, rows: Rows, few: Distinct | None) -> pa.Array:
    """Return some rows of a column: as codes where its distinct cells are known to be few."""
    if few is None:
        return _rows(column, rows)
    codes = few.codes if len(rows.index) == len(column) else few.codes.take(rows.index)
    indices = pa.Array.from_buffers(pa.int16(), len(codes), [None, pa.py_buffer(codes)])
    return pa.DictionaryArray.from_arrays(indices, few.cells, safe=False)


def _numbers(column: pa.Array, index: npt.NDArray[np.int64]) -> pa.Array:
    """Return some rows of a column of whole numbers."""
    return column.take(int64_array(index)) if column.null_count else int64_array(column.to_numpy().take(index))


def _coded(values: Sequence[str | None], places: npt.NDArray[np.int64]) -> pa.DictionaryArray:
    """Return for each place the value that stands there, as a dictionary of the different values."""
    known = {value: code for code, value in enumerate(dict.fromkeys(v for v in values if v is not None))}
    codes = np.array([-1 if value is None else known[value] for value in values], np.int32)
    some = codes.min(initial=0) < 0
    codes = codes.take(places)
    valid = pa.py_buffer(np.packbits(codes >= 0, bitorder="little")) if some else None
    indices = pa.Array.from_buffers(
        pa.int32(), len(codes), [valid, pa.py_buffer(np.maximum(codes, 0) if some else codes)]
    )
    return pa.DictionaryArray.from_arrays(indices, pa.array(list(known), pa.string()))


def _repeated(value: str, count: int) -> pa.DictionaryArray:
    """Return one value for so many rows, as a dictionary of one."""
    codes = pa.Array.from_buffers(pa.int32(), count, [None, pa.py_buffer(np.zeros(count, np.int32))])
    return pa.DictionaryArray.from_arrays(codes, pa.array([value], pa.string()))


def _flat(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    if not isinstance(column, pa.ChunkedArray):
        return column
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [pa.nulls(0, column.type)])


def _typed(column: pa.ChunkedArray, kind: pa.DataType) -> pa.Array:
    if column.type == kind:
        return _flat(column)
    return as_text(column) if kind == pa.string() else _flat(column.cast(kind))
