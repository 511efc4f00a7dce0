"""The kernel: one pure function from a chunk of a source to verdicts about its rows.

It maps columns to fields, judges the phone numbers and runs the field checks. It reads and writes nothing, keeps
nothing between calls, and takes and gives only picklable values, so it runs on threads, in processes, or on another
machine, in any order. What depends on other rows (duplicates) comes after it, in order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve.text import as_text
from leadsieve_connectors.chunk import Chunk
from leadsieve_rules import phone
from leadsieve_rules.columns import ColumnMap
from leadsieve_rules.findings import Finding
from leadsieve_rules.phone.acceptance import phone_findings
from leadsieve_rules.phone.regions import REGIONS
from leadsieve_rules.profiles import PHONE, Profile
from leadsieve_rules.reasons import REASONS, reason_of_fault
from leadsieve_rules.schemas import CompiledSchema


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything the kernel needs to judge the chunks of a run, fixed before the first row.

    Attributes:
        profile: The target system's rules.
        region: Default region of numbers without a country code; None means none.
        maps: For each source, by ordinal, which of its columns fill which field.
        region_columns: For each source, by ordinal, the column with a region code for each row, or None.
        schema: The compiled checks of the fields beside the phone.
    """

    profile: Profile
    region: str | None
    maps: Mapping[int, ColumnMap]
    region_columns: Mapping[int, str | None]
    schema: CompiledSchema


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What is known about the rows of one chunk.

    Attributes:
        chunk: The chunk that was judged.
        fields: The trimmed text of each mapped field but the phone: string arrays as long as the chunk's table.
        phones: The columns of `leadsieve_rules.phone.normalize`, as long as the chunk's table.
        findings: Faults and warnings on the rows that parsed, in the order of the reasons table.
        causes: uint64, as long as the chunk's table: the bits of the reasons that reject each row; 0 is accepted.
        bad_causes: uint64, as long as the chunk's bad records: likewise.
    """

    chunk: Chunk
    fields: Mapping[str, pa.Array]
    phones: pa.Table
    findings: tuple[Finding, ...]
    causes: npt.NDArray[np.uint64]
    bad_causes: npt.NDArray[np.uint64]

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
        return Verdicts(self.chunk, self.fields, self.phones, tuple(merged), causes, self.bad_causes)


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
        if name != PHONE:
            fields[name], trimmed = _field(chunk.table, sources)
            findings += trimmed
    phones, phone_findings = _phones(chunk, plan)
    findings += phone_findings
    findings += _checks(chunk.table, fields, columns, plan.schema)
    blank = np.zeros(chunk.table.num_rows, np.uint64)
    base = Verdicts(chunk, fields, phones, (), blank, _bad_causes(chunk.bad))
    return base.adding(findings)


def _field(table: pa.Table, sources: tuple[str, ...]) -> tuple[pa.Array, list[Finding]]:
    """Take a field from its columns: trimmed, the first column that is not empty."""
    taken: pa.Array | None = None
    findings: list[Finding] = []
    for source in sources:
        raw = as_text(table.column(source))
        clean = _trim(raw)
        changed = pc.fill_null(pc.not_equal(raw, pc.fill_null(clean, "")), False)
        used = changed if taken is None else pc.and_(changed, pc.is_null(taken))
        index = _positions(pc.and_(used, pc.is_valid(clean)))
        if len(index):
            findings.append(Finding("trimmed_value", None, source, index, _take(raw, index)))
        taken = clean if taken is None else pc.coalesce(taken, clean)
    return taken, findings


def _phones(chunk: Chunk, plan: Plan) -> tuple[pa.Table, list[Finding]]:
    """Judge the phone column; of several, each row takes the first that is accepted, else the first that is filled."""
    region, has_region = _regions(chunk, plan)
    sources = plan.maps[chunk.file].columns[PHONE]
    judged = []
    for source in sources:
        raw = as_text(chunk.table.column(source))
        text = _trim(raw)
        phones = phone.normalize(text, region)
        found = phone_findings(phones, text, column=source, has_region=has_region, check=plan.profile.phone.check)
        judged.append((source, raw, phones, found))
    if len(judged) == 1:
        source, raw, phones, found = judged[0]
        return phones, [_placed(f, source, raw) for f in found]
    return _first_good(judged)


def _regions(chunk: Chunk, plan: Plan) -> tuple[str | pa.Array | None, bool | npt.NDArray[np.bool_]]:
    """Return the default region, one for all or one a row, and whether there is one."""
    column = plan.region_columns[chunk.file]
    if column is None:
        return plan.region, plan.region is not None
    codes = pc.utf8_upper(_trim(as_text(chunk.table.column(column))))
    known = pc.fill_null(pc.is_in(codes, pa.array(sorted(REGIONS))), False)
    codes = pc.if_else(known, codes, pa.scalar(plan.region, pa.string()))
    return codes, pc.is_valid(codes).to_numpy(zero_copy_only=False)


def _first_good(judged: list[tuple[str, pa.Array, pa.Table, list[Finding]]]) -> tuple[pa.Table, list[Finding]]:
    count = len(judged[0][1])
    choice = np.full(count, -1, np.int64)
    for position, (_, _, _, found) in enumerate(judged):
        good = np.ones(count, bool)
        for finding in found:
            if rejects(finding):
                good[finding.index] = False
        choice[(choice < 0) & good] = position
    for position, (_, raw, _, _) in enumerate(judged):
        filled = pc.is_valid(_trim(raw)).to_numpy(zero_copy_only=False)
        choice[(choice < 0) & filled] = position
    choice[choice < 0] = 0
    pick = pa.array(choice * count + np.arange(count))
    phones = pa.concat_tables([phones for _, _, phones, _ in judged]).take(pick).combine_chunks()
    findings = []
    for position, (source, raw, _, found) in enumerate(judged):
        for finding in found:
            index = finding.index[choice[finding.index] == position]
            findings.append(_placed(Finding(finding.code, finding.detail, source, index), source, raw))
    return phones, findings


def _placed(finding: Finding, source: str, raw: pa.Array) -> Finding:
    """Name the source column in a finding, and show the cells as they came."""
    values = None if finding.code == "missing_phone" else _take(raw, finding.index)
    return Finding(finding.code, finding.detail, source, finding.index, values, finding.collides, finding.severity)


def _checks(
    table: pa.Table, fields: Mapping[str, pa.Array], columns: Mapping[str, tuple[str, ...]], schema: CompiledSchema
) -> list[Finding]:
    """Run the schema on the fields; findings name the source's column and show its cells."""
    if not fields:
        return []
    placed = []
    for finding in schema.findings(pa.table(dict(fields))):
        sources = columns.get(finding.column, ())
        if len(sources) == 1:
            placed.append(_placed(finding, sources[0], as_text(table.column(sources[0]))))
        else:
            placed.append(finding)
    return placed


def _bad_causes(bad: pa.Table) -> npt.NDArray[np.uint64]:
    return np.array([reason_of_fault(fault).bit for fault in bad.column("fault").to_pylist()], np.uint64)


def _trim(text: pa.Array) -> pa.Array:
    """Take outer white space off; what is empty then is null."""
    clean = pc.utf8_trim_whitespace(text)
    return pc.if_else(pc.equal(pc.binary_length(clean), 0), pa.scalar(None, pa.string()), clean)


def _positions(mask: pa.Array) -> npt.NDArray[np.int64]:
    return pc.indices_nonzero(mask).to_numpy().astype(np.int64)  # type: ignore[no-any-return]


def _take(array: pa.Array, index: npt.NDArray[np.int64]) -> pa.Array:
    return array.take(pa.array(index))
