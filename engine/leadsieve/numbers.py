"""Which number each row of a chunk has: its region, the order of several columns, and the damage step."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from leadsieve.text import as_text, phone_text
from leadsieve_rules.cells.trimming import trim
from leadsieve_rules.damage import Countries, phone_findings, read_countries, read_phones
from leadsieve_rules.findings import Finding
from leadsieve_rules.phone import Phones, concat
from leadsieve_rules.phone.regions import REGIONS
from leadsieve_rules.reasons import REASONS

_Taken = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberColumns:
    """Where the numbers of a source are, and how they are read.

    Attributes:
        phones: The columns with numbers, in order of preference.
        region: Default region of numbers without a country code; None means none.
        region_column: The column with a region code for each row, or None.
        country_code: The column with a country code for each row, or None.
        check: "valid" or "normalise", as in a profile.
    """

    phones: tuple[str, ...]
    region: str | None
    region_column: str | None
    country_code: str | None
    check: str


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of a chunk.

    Attributes:
        phones: The numbers, one a row.
        taken: int8, one a row: the position in `NumberColumns.phones` of the column that each row took.
        findings: What was found on the way.
    """

    phones: Phones
    taken: _Taken
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class _Column:
    """One column of numbers, judged."""

    name: str
    cells: pa.Array
    filled: npt.NDArray[np.bool_]
    phones: Phones
    findings: list[Finding]


def judge_numbers(table: pa.Table, columns: NumberColumns) -> Numbers:
    """Judge the numbers of a chunk; of several columns each row takes the first that is good, else the first filled.

    Args:
        table: The chunk's records.
        columns: Where the numbers are.

    Returns:
        The numbers. A finding names the source's column and shows its cells as they came.
    """
    region = row_regions(table, columns)
    countries = row_countries(table, columns, region)
    judged = [_judge(table, name, columns, region, countries) for name in columns.phones]
    if len(judged) == 1:
        only = judged[0]
        return Numbers(only.phones, np.zeros(len(only.cells), np.int8), [_placed(f, only) for f in only.findings])
    return _first_good(judged)


def row_regions(table: pa.Table, columns: NumberColumns) -> str | pa.Array | None:
    """Return the default region, one for all or one a row."""
    if columns.region_column is None:
        return columns.region
    codes = pc.utf8_upper(trim(as_text(table.column(columns.region_column))).text)
    # An empty cell takes the default; a code that is none must not be read as a number of the default's country.
    codes = pc.fill_null(codes, columns.region) if columns.region is not None else codes
    return pc.if_else(pc.is_in(codes, pa.array(sorted(REGIONS))), codes, pa.scalar(None, pa.string()))


def row_countries(table: pa.Table, columns: NumberColumns, region: str | pa.Array | None) -> Countries | None:
    """Return what the country-code column says of each row; None where there is none."""
    if columns.country_code is None:
        return None
    return read_countries(trim(as_text(table.column(columns.country_code))).text, region)


def _judge(
    table: pa.Table, name: str, columns: NumberColumns, region: str | pa.Array | None, countries: Countries | None
) -> _Column:
    cells = as_text(table.column(name))
    text = trim(phone_text(table.column(name))).text
    reading = read_phones(text, region, countries)
    given = region if countries is None else countries.region
    has_region = pc.is_valid(given).to_numpy(zero_copy_only=False) if isinstance(given, pa.Array) else given is not None
    findings = phone_findings(reading, text, column=name, has_region=has_region, check=columns.check)
    return _Column(name, cells, pc.is_valid(text).to_numpy(zero_copy_only=False), reading.phones, findings)


def _first_good(judged: list[_Column]) -> Numbers:
    count = len(judged[0].cells)
    good = np.ones((len(judged), count), bool)
    for position, column in enumerate(judged):
        for finding in column.findings:
            if REASONS[finding.code].rejects:
                good[position, finding.index] = False
    filled = np.stack([column.filled for column in judged])
    # The first position that holds, and 0 where none does: argmax finds the first of equals.
    taken = np.where(good.any(axis=0), good.argmax(axis=0), filled.argmax(axis=0))
    phones = concat([column.phones for column in judged]).take(taken * count + np.arange(count))
    findings = []
    for position, column in enumerate(judged):
        for finding in column.findings:
            at = taken[finding.index]
            findings.append(_placed(_part(finding, at == position), column))
            if REASONS[finding.code].rejects:
                # What was passed over is said, with what was taken in its place.
                for later in range(position + 1, len(judged)):
                    over = replace(_part(finding, at == later), severity="warn")
                    note = f"{judged[later].name} was taken instead"
                    findings.append(replace(_placed(over, column), note=note))
    return Numbers(phones, taken.astype(np.int8), findings)


def _part(finding: Finding, mask: npt.NDArray[np.bool_]) -> Finding:
    """Return a finding on some of its rows."""
    after = None if finding.after is None else finding.after.filter(pa.array(mask))
    return replace(finding, index=finding.index[mask], after=after)


def _placed(finding: Finding, column: _Column) -> Finding:
    """Show the column's cells as they came; an empty one has nothing to show."""
    values = None if finding.code == "missing_phone" else column.cells.take(pa.array(finding.index))
    return replace(finding, values=values)
