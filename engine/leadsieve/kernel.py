"""The kernel: one pure function from a chunk of a source to verdicts about its rows.

It maps columns to fields, judges the phone numbers and runs the field checks. It reads and writes nothing, keeps
nothing between calls, and takes and gives only picklable values, so it runs on threads, in processes, or on another
machine, in any order. What depends on other rows (duplicates) comes after it, in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve.numbers import NumberColumns, judge_numbers
from leadsieve.own_schema import with_schema_findings
from leadsieve.requests.row_limit import RowLimit
from leadsieve.suppression import Suppression
from leadsieve.text import as_text, is_text
from leadsieve_connectors.chunk import Chunk
from leadsieve_rules.cells.trimming import trim
from leadsieve_rules.columns import COUNTRY_CODE, ColumnMap
from leadsieve_rules.destination import destination_findings
from leadsieve_rules.fields.schedules import missing_code, schedule_findings
from leadsieve_rules.fields.suspects import suspect_findings
from leadsieve_rules.fields.values import value_findings
from leadsieve_rules.findings import Finding
from leadsieve_rules.phone import Phones
from leadsieve_rules.profiles import PHONE, Profile
from leadsieve_rules.profiles.model import Destinations
from leadsieve_rules.prompts import Filling
from leadsieve_rules.reasons import REASONS, reason_of_fault
from leadsieve_rules.schemas import CompiledSchema
from leadsieve_rules.schemas.distinct import Distinct

#: The reasons that say that a row has no acceptable number.
_PHONE_BITS = np.uint64(
    sum(int(reason.bit) for reason in REASONS.values() if reason.group in ("missing_phone", "invalid_phone"))
)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything the kernel needs to judge the chunks of a run, fixed before the first row.

    Attributes:
        profile: The target system's rules.
        region: Default region of numbers without a country code; None means none.
        maps: For each source, by ordinal, which of its columns fill which field.
        region_columns: For each source, by ordinal, the column with a region code for each row, or None.
        suppression: The numbers that must not be called; None where no list was given.
        now: When the run began: a call time before it is past. None judges none as past.
        own_schema: The user's schema, compiled; None where none was given.
        variables: For each source, by ordinal, what fills the variables of the prompt; empty where none was given.
        row_limit: How long a row may be in a request of the target system; None where it does not say.
    """

    profile: Profile
    region: str | None
    maps: Mapping[int, ColumnMap]
    region_columns: Mapping[int, str | None]
    suppression: Suppression | None = None
    now: datetime | None = None
    own_schema: CompiledSchema | None = None
    variables: Mapping[int, tuple[Filling, ...]] = field(default_factory=dict)
    row_limit: RowLimit | None = None


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What is known about the rows of one chunk.

    Attributes:
        chunk: The chunk that was judged.
        fields: The trimmed text of each mapped field but the phone: string arrays as long as the chunk's table.
        phones: The numbers, as long as the chunk's table.
        phone_columns: The source's phone columns, in order of preference.
        taken: int8, as long as the chunk's table: the position in `phone_columns` of the one each row took.
        findings: Faults and warnings on the rows that parsed, in the order of the reasons table.
        causes: uint64, as long as the chunk's table: the bits of the reasons that reject each row; 0 is accepted.
        bad_causes: uint64, as long as the chunk's bad records: likewise.
        coded: Fields, and columns of the source that are none, whose distinct cells are known, by their names.
    """

    chunk: Chunk
    fields: Mapping[str, pa.Array]
    phones: Phones
    phone_columns: tuple[str, ...]
    taken: npt.NDArray[np.int8]
    findings: tuple[Finding, ...]
    causes: npt.NDArray[np.uint64]
    bad_causes: npt.NDArray[np.uint64]
    coded: Mapping[str, Distinct] = field(default_factory=dict)

    def adding(self, findings: Iterable[Finding]) -> Verdicts:
        """Return these verdicts with more findings in them."""
        more = tuple(f for f in findings if len(f.index))
        if not more:
            return self
        causes = self.causes.copy()
        for finding in more:
            if rejects(finding):
                causes[finding.index] |= REASONS[finding.code].bit
        merged = sorted(self.findings + more, key=lambda f: REASONS[f.code].order)
        return replace(self, findings=tuple(merged), causes=causes)

    def phone_findings(
        self, code: str, index: npt.NDArray[np.int64], collides: pa.Array | None = None
    ) -> Iterator[Finding]:
        """Yield findings on rows' numbers, each under the column that the rows took it from, with its cells.

        Args:
            code: A reason code.
            index: int64 positions of rows, strictly increasing.
            collides: string array as long as `index`: what each collided with.
        """
        for position, column in enumerate(self.phone_columns):
            here = self.taken[index] == position
            if here.any():
                cells = _take(as_text(self.chunk.table.column(column)), index[here])
                hits = None if collides is None else collides.filter(pa.array(here))
                yield Finding(code, None, column, index[here], cells, hits)


def rejects(finding: Finding) -> bool:
    """Tell whether a finding rejects its rows, or only warns of them."""
    return (finding.severity or REASONS[finding.code].severity) == "reject"


def fault_reason(fault: str) -> tuple[str, str | None]:
    """Return the code and the detail that stand for a parse fault of the readers."""
    reason = reason_of_fault(fault)
    return reason.code, fault if fault in reason.details else None


def judge(chunk: Chunk, plan: Plan) -> Verdicts:
    """Judge every row of a chunk by itself.

    Args:
        chunk: Records of one source.
        plan: The run's rules.

    Returns:
        The verdicts; duplicates are not judged yet.
    """
    columns = plan.maps[chunk.file].columns
    fields: dict[str, pa.Array] = {}
    findings: list[Finding] = []
    for name, sources in columns.items():
        if name not in (PHONE, COUNTRY_CODE):
            fields[name], trimmed = _field(chunk.table, sources)
            findings += trimmed
    numbers = judge_numbers(chunk.table, _number_columns(chunk, plan))
    findings += numbers.findings
    findings += _checks(chunk.table, fields, columns, plan)
    findings += _absent(chunk.table.num_rows, columns, plan.profile)
    findings += _suspects(chunk.table, columns)
    findings += _blanks(chunk.table, fields, plan.variables.get(chunk.file, ()))
    none = np.zeros(chunk.table.num_rows, np.uint64)
    base = Verdicts(chunk, fields, numbers.phones, columns[PHONE], numbers.taken, (), none, _bad_causes(chunk.bad))
    base = base.adding([*findings, *_long(base, plan)])
    if plan.own_schema is not None:
        base = with_schema_findings(base, plan.own_schema, plan.maps[chunk.file])
    return _suppressed(_destinations(base, plan.profile), plan.suppression)


def _number_columns(chunk: Chunk, plan: Plan) -> NumberColumns:
    columns = plan.maps[chunk.file].columns
    return NumberColumns(
        phones=columns[PHONE],
        region=plan.region,
        region_column=plan.region_columns[chunk.file],
        country_code=next(iter(columns.get(COUNTRY_CODE, ())), None),
        check=plan.profile.phone.check,
    )


def _absent(rows: int, columns: Mapping[str, tuple[str, ...]], profile: Profile) -> list[Finding]:
    """Find every row at fault for a required field that no column fills."""
    absent = [rule for name, rule in profile.fields.items() if rule.required and name not in columns]
    return [Finding(missing_code(rule), None, rule.name, np.arange(rows)) for rule in absent]


def _suspects(table: pa.Table, columns: Mapping[str, tuple[str, ...]]) -> Iterator[Finding]:
    """Look for wrongly decoded text in every column of text, but for the numbers."""
    for name, column in zip(table.column_names, table.columns, strict=True):
        if is_text(column.type) and name not in columns[PHONE]:
            yield from suspect_findings(as_text(column), name)


def _blanks(table: pa.Table, fields: Mapping[str, pa.Array], fillings: Iterable[Filling]) -> Iterator[Finding]:
    """Find the rows that leave a variable of the prompt blank; a row without a number is no call, and is rejected."""
    names = set(table.column_names)
    for filling in fillings:
        if filling.field == PHONE:
            continue
        raw = as_text(table.column(filling.column)) if filling.column in names else None
        text = trim(raw).text if filling.field is None else fields[filling.field]
        index = _positions(pc.is_null(text))
        if len(index):
            values = None if raw is None else _take(raw, index)
            yield Finding("blank_variable", filling.variable, filling.column, index, values)


def _long(verdicts: Verdicts, plan: Plan) -> Iterator[Finding]:
    """Find the rows that no request can carry; each is told under the column in which it is longest."""
    if plan.row_limit is None:
        return
    chunk, file = verdicts.chunk, verdicts.chunk.file
    fields = {**verdicts.fields, PHONE: verdicts.phones.e164}
    for name, index in plan.row_limit.long_rows(file, chunk.table, fields):
        columns = plan.maps[file].columns
        source = plan.row_limit.custom[file].get(name, columns.get(name, (name,))[0])
        cells = _take(as_text(chunk.table.column(source)), index)
        yield Finding("field_too_large", "row_too_long", source, index, cells)


def _destinations(verdicts: Verdicts, profile: Profile) -> Verdicts:
    """Add the numbers that the campaign may not call, among those that no fault of the number rejects."""
    if profile.destination == Destinations():
        return verdicts
    good = (verdicts.causes & _PHONE_BITS) == 0
    found = destination_findings(verdicts.phones, good, profile.destination, PHONE)
    return verdicts.adding(each for f in found for each in verdicts.phone_findings(f.code, f.index))


def _suppressed(verdicts: Verdicts, suppression: Suppression | None) -> Verdicts:
    """Add the numbers that must not be called, whatever else is said of their rows."""
    if suppression is None:
        return verdicts
    at = suppression.find(verdicts.phones.keys)
    index = np.flatnonzero(at >= 0)
    return verdicts.adding(verdicts.phone_findings("suppressed", index, suppression.describe(at[index])))


def _field(table: pa.Table, sources: tuple[str, ...]) -> tuple[pa.Array, list[Finding]]:
    """Take a field from its columns: trimmed, the first column that is not empty."""
    taken: pa.Array | None = None
    findings: list[Finding] = []
    for source in sources:
        raw = as_text(table.column(source))
        trimmed = trim(raw)
        index = trimmed.changed
        if taken is not None:
            index = index[taken.is_null().to_numpy(zero_copy_only=False)[index]]
        if len(index):
            findings.append(Finding("trimmed_value", None, source, index, _take(raw, index)))
        taken = trimmed.text if taken is None else pc.coalesce(taken, trimmed.text)
    return taken, findings


def _placed(finding: Finding, source: str, raw: pa.Array) -> Finding:
    """Name the source column in a finding, and show the cells as they came."""
    return replace(finding, column=source, values=_take(raw, finding.index))


def _checks(
    table: pa.Table, fields: Mapping[str, pa.Array], columns: Mapping[str, tuple[str, ...]], plan: Plan
) -> list[Finding]:
    """Judge the values of the fields; findings name the source's column and show its cells."""
    if not fields:
        return []
    placed = []
    rules = plan.profile.fields
    for finding in (*value_findings(fields, rules), *schedule_findings(fields, rules, plan.now)):
        sources = columns.get(finding.column, ())
        if len(sources) == 1:
            placed.append(_placed(finding, sources[0], as_text(table.column(sources[0]))))
        else:
            placed.append(finding)
    return placed


def _bad_causes(bad: pa.Table) -> npt.NDArray[np.uint64]:
    return np.array([reason_of_fault(fault).bit for fault in bad.column("fault").to_pylist()], np.uint64)


def _positions(mask: pa.Array) -> npt.NDArray[np.int64]:
    return pc.indices_nonzero(mask).to_numpy().astype(np.int64)  # type: ignore[no-any-return]


def _take(array: pa.Array, index: npt.NDArray[np.int64]) -> pa.Array:
    return array.take(pa.array(index))
